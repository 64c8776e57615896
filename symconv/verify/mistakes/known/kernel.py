"""Kernels, channels, groups and axes the wrong way round."""

from __future__ import annotations

from symconv.verify.mistakes import index, numbers
from symconv.verify.mistakes.hypothesis import ALL, INDEX, LINEAR, READ_AT, H

HYPOTHESES: tuple[H, ...] = (
    H(
        "kernel-not-rotated",
        ("dx",),
        "the kernel is not rotated: a full correlation with it needs rot180(w)",
        "Eq. 20",
        "flip the kernel along both spatial axes",
        index.flipped(),
    ),
    H("kernel-rotated", ("dw",), "the weight gradient is rotated", "Eq. 13", "do not flip it", index.flipped()),
    H(
        "convolution-for-correlation",
        ("y",),
        "the kernel is flipped: a convolution (Eq. 2) where the layer is a cross-correlation",
        "Eq. 1",
        "do not flip the kernel",
        index.flipped(),
    ),
    *(
        H(code, (output,), f"the kernel is {wrong} along its {name}", equation, fix, index.flipped(axis))
        for axis, name in ((-1, "width"), (-2, "height"), (-3, "depth"))
        for code, output, wrong, equation, fix in (
            ("kernel-not-rotated", "dx", "not flipped", "Eq. 20", "flip every axis of the kernel"),
            ("kernel-rotated", "dw", "flipped", "Eq. 13", "do not flip it"),
            ("convolution-for-correlation", "y", "flipped", "Eq. 1", "do not flip the kernel"),
        )
    ),
    H(
        "kernel-transposed",
        LINEAR,
        "the kernel is transposed",
        "its index map",
        "keep its axes in order",
        index.kernel_transposed,
    ),
    *(
        H(
            "kernel-transposed",
            LINEAR,
            "the kernel is turned by 90 degrees",
            "its index map",
            "turn it by 180 degrees, np.rot90(w, 2), over its spatial axes",
            index.quarter_turned(axis),
            alone=True,
        )
        for axis in (-1, -2)
    ),
    H(
        "channels-swapped",
        LINEAR,
        "input and output channels of the weights are exchanged",
        "the index map of w",
        "index w[out, in]",
        index.channels_swapped,
    ),
    H(
        "axes-swapped",
        LINEAR,
        "height and width of the result are exchanged",
        "its index map",
        "keep the axes in order",
        index.result_transposed,
    ),
    *(
        H(
            "axes-swapped",
            LINEAR,
            f"height and width of {name} are exchanged",
            f"the index map of {name}",
            "keep the axes in order",
            index.operand_transposed(name),
            alone=True,
        )
        for name in ("x", "dy")
    ),
    *(
        H(
            "axes-swapped",
            ALL,
            f"the {name} of height and width are exchanged",
            INDEX,
            READ_AT,
            numbers.axes_exchanged(letters),
            alone=True,
        )
        for letters, name in (("s", "strides"), ("pq", "pads"), ("d", "dilations"), ("spqd", "attributes"))
    ),
    H(
        "axes-swapped",
        ("y", "dx"),
        "height and width of the window are exchanged",
        "the range of the taps",
        "keep the axes in order",
        numbers.window_exchanged,
    ),
    H(
        "groups-ignored",
        LINEAR,
        "every group takes the channels of the first",
        "the index map of x",
        "offset the channels by g C/G",
        index.first_group,
    ),
    H(
        "groups-ignored",
        LINEAR,
        "channel c is in group c mod G, where it is in c div (C/G)",
        "the index map of x",
        "split the channels into blocks",
        index.interleaved_groups("x"),
    ),
    H(
        "groups-ignored",
        ALL,
        "filter o is in group o mod G, where it is in o div (O/G)",
        "the index map of y",
        "split the filters into blocks",
        index.interleaved_groups("y"),
    ),
)

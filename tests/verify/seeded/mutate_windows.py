"""Mistakes with windows: strides, dilations, pads, left-over rows, and loops that assign where they should add."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from tests.verify.seeded import reference as layers
from tests.verify.seeded.kinds import CONVOLUTIONS, POOLS, TRANSPOSED, WINDOWED, Compute
from tests.verify.seeded.mutate_arrays import LAST_FILTER
from tests.verify.seeded.mutate_values import LAST_IMAGE
from tests.verify.seeded.mutation import Change, Mutation
from tests.verify.seeded.reference import Array, Call, Sizes
from tests.verify.seeded.reference_pools import SHARES, pool_dx_frame, windows

CONVOLVED = (*CONVOLUTIONS, *TRANSPOSED)
_READS = (*CONVOLUTIONS, *POOLS)


def on_call(change: Callable[[Call], Call]) -> Change:
    """A layer that is right is handed other attributes."""
    return lambda compute, call, output: compute(change(call), output)


def unstrided(call: Call) -> Call:
    return replace(call, strides=(1,) * call.rank)


def _undilated(call: Call) -> Call:
    return replace(call, dilations=(1,) * call.rank)


def _exchanged(call: Call) -> Call:
    return replace(call, strides=call.dilations, dilations=call.strides)


def _sized(change: Callable[[Call], Call], sizes: Callable[[Call], Sizes]) -> Callable[[Call], Call]:
    """The output has the size that it should have, and its windows are wrong."""
    return lambda call: replace(change(call), sizes=sizes(call))


def shifted_by(rows: int) -> Callable[[Call], Call]:
    """Pads one too large or small; the sizes of the output stay. Below 0 there is nothing to be wrong about."""

    def change(call: Call) -> Call:
        begins = tuple(max(p + rows, 0) for p in call.begins)
        moved = (before - after for before, after in zip(call.begins, begins, strict=True))
        return replace(call, begins=begins, ends=tuple(max(q + m, 0) for q, m in zip(call.ends, moved, strict=True)))

    return change


def _padded_more(call: Call) -> Call:
    return replace(call, begins=tuple(p + 1 for p in call.begins), ends=tuple(q + 1 for q in call.ends))


def _ends_exchanged(call: Call) -> Call:
    return replace(call, begins=call.ends, ends=call.begins)


def leftover(call: Call) -> Sizes:
    """Rows at the end of the padded image that no window reads."""
    return tuple((n - m) % s for n, m, s in zip(call.padded, call.spans, call.strides, strict=True))


def _leftover_first(call: Call) -> Call:
    """The windows are aligned with the end of the image."""
    return replace(call, begins=tuple(p - r for p, r in zip(call.begins, leftover(call), strict=True)))


def _rounded_up(call: Call) -> Call:
    """ceil where it should be floor: the last window hangs over the end."""
    sizes = layers.output_sizes(call)
    return replace(call, sizes=tuple(n + (r > 0) for n, r in zip(sizes, leftover(call), strict=True)))


def _frame(kind: str) -> Callable[[Call], Array]:
    """How dx of the padded image is computed."""
    return (lambda call: pool_dx_frame(call, kind)) if kind in POOLS else layers.conv_dx_frame


def _leftover_cut(kind: str) -> Change:
    """dx ends where the last window ends."""

    def change(compute: Compute, call: Call, output: str) -> Array:
        whole = compute(call, output)
        return whole[(..., *(slice(0, max(n - r, 0)) for n, r in zip(call.space, leftover(call), strict=True)))]

    return change


def uncropped(kind: str) -> Change:
    """dx with the rows and columns of the padding."""
    return lambda compute, call, output: _frame(kind)(call)


def _crop_to_nothing(kind: str) -> Change:
    """[p:-p], which is empty where p is 0."""

    def change(compute: Compute, call: Call, output: str) -> Array:
        return _frame(kind)(call)[(..., *(slice(p, -q) for p, q in zip(call.begins, call.ends, strict=True)))]

    return change


def _upstream_padded(same_size: bool) -> Change:
    """dy gets a border of p zeros, as the image did, before it is used."""

    def change(compute: Compute, call: Call, output: str) -> Array:
        dy = call.array("dy")
        more = zip(dy.shape[2:], call.begins, call.ends, strict=True)
        sizes = tuple(n if same_size else n + p + q for n, p, q in more)
        return compute(replace(call, dy=layers.framed(dy, call.begins, sizes)), output)

    return change


def _last_window_wins(kind: str) -> Change:
    """The loop over positions assigns its window of dx."""
    if kind in POOLS:
        return _last_pooling_window_wins(kind)

    def change(compute: Compute, call: Call, output: str) -> Array:
        dy, group = call.array("dy"), call.group
        whole = np.zeros_like(layers.conv_dx_frame(call))
        w = call.array("w").reshape(group, -1, *call.array("w").shape[1:])
        for at, place in layers.positions(call, dy.shape[2:]):
            part = dy[(..., *at)].reshape(len(dy), group, -1)
            whole[place] = np.einsum("ngo,goc...->ngc...", part, w).reshape(len(dy), -1, *call.kernel)
        return layers.cropped(whole, call)

    return change


def _last_pooling_window_wins(kind: str) -> Change:
    share, outside = SHARES[kind]

    def change(compute: Compute, call: Call, output: str) -> Array:
        dy = call.array("dy")
        whole = np.zeros_like(pool_dx_frame(call, kind))
        for at, place, window in windows(call, dy.shape[2:], outside):
            whole[place] = share(window, dy[(..., *at)][:, :, np.newaxis, np.newaxis])
        return layers.cropped(whole, call)

    return change


def _last_tap_wins(compute: Compute, call: Call, output: str) -> Array:
    """The loop over taps assigns: of dx every entry has what the last tap gave it."""
    dy, w = call.array("dy"), call.array("w")
    whole = np.zeros_like(layers.conv_dx_frame(call))
    for tap, place in layers.taps(call, dy.shape[2:]):
        one = replace(call.with_kernel(w[(..., *(slice(k, k + 1) for k in tap))]), strides=(1,) * call.rank)
        whole[place] = layers.conv_dx_frame(replace(one, x=dy, begins=(0,) * call.rank, ends=(0,) * call.rank))
    return layers.cropped(whole, call)


def _only_last_tap(compute: Compute, call: Call, output: str) -> Array:
    """The loop over taps assigns y."""
    w = np.zeros_like(call.array("w"))
    last = (..., *(-1,) * call.rank)
    w[last] = call.array("w")[last]
    return compute(replace(call, w=w), output)


def _only_last_channel(compute: Compute, call: Call, output: str) -> Array:
    """The loop over the channels of the image assigns y."""
    w = np.zeros_like(call.array("w"))
    w[:, -1] = call.array("w")[:, -1]
    return compute(replace(call, w=w), output)


def _only_last_position(compute: Compute, call: Call, output: str) -> Array:
    """The loop over positions assigns the gradient."""
    last = (..., *(-1,) * (call.array("dy").ndim - 2))
    dy = np.zeros_like(call.array("dy"))
    dy[last] = call.array("dy")[last]
    return compute(replace(call, dy=dy), output)


def _by_kind(
    name: str, codes: tuple[str, ...], outputs: tuple[str, ...], kinds: tuple[str, ...], of: Callable[[str], Change]
) -> tuple[Mutation, ...]:
    """A mutation whose change has to know the kind of layer."""
    return tuple(Mutation(name, codes, outputs, (kind,), of(kind)) for kind in kinds)


_ALL = ("y", "dx", "dw")
_SIZED = tuple(
    Mutation(f"{name}-in-windows", (code,), ("y",), kinds, on_call(_sized(change, layers.output_sizes)))
    for name, code, kinds, change in (
        ("stride-one", "stride-ignored", _READS, unstrided),
        ("dilation-one", "dilation-ignored", CONVOLUTIONS, _undilated),
        ("stride-for-dilation", "stride-dilation-swapped", CONVOLUTIONS, _exchanged),
    )
)
_ATTRIBUTES = (
    Mutation("stride-one", ("stride-ignored",), _ALL, WINDOWED, on_call(unstrided)),
    Mutation("dilation-one", ("dilation-ignored",), _ALL, CONVOLVED, on_call(_undilated)),
    Mutation("stride-for-dilation", ("stride-dilation-swapped",), _ALL, CONVOLVED, on_call(_exchanged)),
)
_LEFTOVER = (
    Mutation("windows-at-the-end", ("leftover-rows",), ("y", "dx", "dw"), _READS, on_call(_leftover_first)),
    Mutation("ceil", ("leftover-rows",), ("y",), _READS, on_call(_rounded_up)),
    *_by_kind("leftover-cut", ("leftover-rows",), ("dx",), _READS, _leftover_cut),
)
_PADS = (
    *_by_kind("not-cropped", ("padding-not-cropped",), ("dx",), _READS, uncropped),
    *_by_kind("crop-to-nothing", ("empty-crop",), ("dx",), _READS, _crop_to_nothing),
    Mutation("window-early", ("padding-off-by-one",), _ALL, WINDOWED, on_call(shifted_by(1))),
    Mutation("window-late", ("padding-off-by-one",), _ALL, WINDOWED, on_call(shifted_by(-1))),
    Mutation("padded-more", ("padding-off-by-one",), ("y",), WINDOWED, on_call(_padded_more)),
    Mutation("ends-exchanged", ("same-padding-mismatch",), _ALL, WINDOWED, on_call(_ends_exchanged)),
    Mutation("upstream-padded", ("upstream-padded",), ("dx", "dw"), CONVOLUTIONS, _upstream_padded(False)),
    Mutation("upstream-padded-and-cut", ("upstream-padded",), ("dx", "dw"), CONVOLUTIONS, _upstream_padded(True)),
)
_ASSIGNED = ("assigned-not-accumulated",)
_LAST_IMAGE = ("assigned-not-accumulated", "batch-last-only")
_LAST_POSITION = ("assigned-not-accumulated", "bias-gradient-not-summed")
_ASSIGNMENTS = (
    *_by_kind("assigned-by-position", _ASSIGNED, ("dx",), _READS, _last_window_wins),
    Mutation("assigned-by-tap", _ASSIGNED, ("dx",), CONVOLUTIONS, _last_tap_wins),
    Mutation("assigned-by-tap", _ASSIGNED, ("y",), CONVOLUTIONS, _only_last_tap),
    Mutation("assigned-by-channel", _ASSIGNED, ("y",), (*CONVOLUTIONS, "dense"), _only_last_channel),
    Mutation("assigned-by-position", _ASSIGNED, ("dw",), CONVOLVED, _only_last_position),
    Mutation("assigned-by-position", _LAST_POSITION, ("db",), CONVOLVED, _only_last_position),
    Mutation("assigned-by-image", _LAST_IMAGE, ("dw", "db"), (*CONVOLVED, "dense"), LAST_IMAGE),
    Mutation("assigned-by-filter", (*_ASSIGNED, "filter-last-only"), ("dx",), (*CONVOLUTIONS, "dense"), LAST_FILTER),
)
MUTATIONS = (*_ATTRIBUTES, *_SIZED, *_LEFTOVER, *_PADS, *_ASSIGNMENTS)

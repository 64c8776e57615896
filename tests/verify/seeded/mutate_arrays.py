"""Mistakes with the axes of arrays: flips, transposes, reshapes, channels and groups, sums that are not taken."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from tests.verify.seeded.kinds import CONVOLUTIONS, POINTWISE, POOLS, TRANSPOSED, WEIGHTED, WINDOWED, Compute
from tests.verify.seeded.mutate_values import on_result
from tests.verify.seeded.mutation import Change, Mutation
from tests.verify.seeded.reference import Array, Call, conv_y

CONVOLVED = (*CONVOLUTIONS, *TRANSPOSED)
_PLANE = tuple(k for k in CONVOLVED if k != "conv1d")
_FILTERS_FIRST = (*CONVOLUTIONS, "dense")


def on_weights(change: Callable[[Array], Array]) -> Change:
    """Other weights are handed to a layer that is right."""
    return lambda compute, call, output: compute(_weighted(call, change(call.array("w"))), output)


def _weighted(call: Call, w: Array) -> Call:
    return call.with_kernel(w) if call.kernel else replace(call, w=w)


def flipped(w: Array, axes: Sequence[int] = ()) -> Array:
    """Reversed along all spatial axes, or along these."""
    return np.flip(w, tuple(axes) or tuple(range(2, w.ndim)))


def planes_swapped(a: Array) -> Array:
    """The last two axes exchanged."""
    return a.swapaxes(-1, -2)


def _swap_heights(*fields: str) -> Change:
    """Attributes of the last two axes exchanged."""

    def change(compute: Compute, call: Call, output: str) -> Array:
        swapped = {f: (*getattr(call, f)[:-2], getattr(call, f)[-1], getattr(call, f)[-2]) for f in fields}
        return compute(replace(call, **swapped), output)

    return change


def _dy_swapped(compute: Compute, call: Call, output: str) -> Array:
    """Rows of dy read as columns."""
    return compute(replace(call, dy=planes_swapped(call.array("dy"))), output)


def _in_groups_swapped(a: Array, group: int) -> Array:
    """w[ic, oc] of every group."""
    apart = a.reshape(group, len(a) // group, *a.shape[1:]).swapaxes(1, 2)
    return apart.reshape(-1, *apart.shape[2:])


def _channels_swapped(compute: Compute, call: Call, output: str) -> Array:
    """w[ic, oc] where w[oc, ic] is meant."""
    if output == "dw":
        return _in_groups_swapped(compute(call, output), call.group)
    return compute(call.with_kernel(_in_groups_swapped(call.array("w"), call.group)), output)


def _first_groups_channels(compute: Compute, call: Call, output: str) -> Array:
    """Every group reads the channels of the first one, and writes to them in the backward pass."""
    n, c, g = len(call.x), call.x.shape[1], call.group
    if output == "dx":
        per_group = compute(call, output).reshape(n, g, c // g, *call.space)
        out = np.zeros_like(per_group)
        out[:, 0] = per_group.sum(axis=1)
        return out.reshape(call.x.shape)
    x = np.concatenate([call.x[:, : c // g]] * g, axis=1)
    return compute(replace(call, x=x), output)


def _interleaved_groups(compute: Compute, call: Call, output: str) -> Array:
    """Channel c is taken for one of group c % G."""
    c, g = call.x.shape[1], call.group
    order = np.arange(c).reshape(c // g, g).T.reshape(-1)
    if output == "dx":
        out = np.empty(call.x.shape)
        out[:, order] = compute(call, output)
        return out
    return compute(replace(call, x=call.x[:, order]), output)


def _one_filter(which: slice) -> Change:
    """Only one filter is used: the others might be zero."""

    def change(compute: Compute, call: Call, output: str) -> Array:
        if output == "y":
            found = compute(call, output)
            out = np.zeros_like(found)
            out[:, which] = found[:, which]
            return out
        dy = np.zeros_like(call.array("dy"))
        dy[:, which] = call.array("dy")[:, which]
        return compute(replace(call, dy=dy), output)

    return change


FIRST_FILTER, LAST_FILTER = _one_filter(slice(0, 1)), _one_filter(slice(-1, None))


def reshaped_from(order: Callable[[int], Sequence[int]]) -> Callable[[Array], Array]:
    """The numbers in the order of other axes, given the shape of the right ones."""
    return lambda a: np.ascontiguousarray(a.transpose(*order(a.ndim))).reshape(a.shape)


def _channels_first(ndim: int) -> Sequence[int]:
    return (1, 0, *range(2, ndim))


def _channels_last(ndim: int) -> Sequence[int]:
    return (0, *range(2, ndim), 1)


def _filters_last(ndim: int) -> Sequence[int]:
    return (*range(1, ndim), 0)


def _dy_reshaped(compute: Compute, call: Call, output: str) -> Array:
    """dy.reshape(O, -1), as if the filters were its first axis."""
    dy = call.array("dy")
    filters = dy.reshape(dy.shape[1], dy.shape[0], *dy.shape[2:])
    return compute(replace(call, dy=filters.swapaxes(0, 1)), output)


def _weights_reshaped(compute: Compute, call: Call, output: str) -> Array:
    """w.reshape(-1, O) where w.reshape(O, -1).T is meant."""
    w = call.array("w")
    return compute(_weighted(call, np.moveaxis(w.reshape(*w.shape[1:], w.shape[0]), -1, 0)), output)


def unsummed(reduce: Callable[[Array], Array]) -> Change:
    """The gradient of the bias with axes of dy that are not summed over."""
    return lambda compute, call, output: reduce(call.array("dy"))


def _no_bias(compute: Compute, call: Call, output: str) -> Array:
    return compute(replace(call, b=None), output)


def _bias_times(count: Callable[[Call], int]) -> Change:
    """The bias is added inside the loop."""
    return lambda compute, call, output: compute(replace(call, b=call.array("b") * count(call)), output)


def _per_group(call: Call) -> int:
    return int(call.x.shape[1] // call.group)


def _unactivated(compute: Compute, call: Call, output: str) -> Array:
    """dz = dy: the derivative of the activation is forgotten."""
    return compute(replace(call, dy=call.upstream), output)


_ROTATION = tuple(
    Mutation(f"{name}", (code,), (output,), kinds, change)
    for code, output in (("kernel-not-rotated", "dx"), ("convolution-for-correlation", "y"), ("kernel-rotated", "dw"))
    for name, kinds, flip in (
        ("flipped", CONVOLVED, lambda a: flipped(a)),
        ("flipped-first-axis", _PLANE, lambda a: flipped(a, (2,))),
        ("flipped-last-axis", _PLANE, lambda a: flipped(a, (-1,))),
    )
    for change in ((on_result if output == "dw" else on_weights)(flip),)
)
_LAYOUT = (
    Mutation("kernel-transposed", ("kernel-transposed",), ("y", "dx"), _PLANE, on_weights(planes_swapped)),
    Mutation("kernel-transposed", ("kernel-transposed",), ("dw",), _PLANE, on_result(planes_swapped)),
    Mutation("result-transposed", ("axes-swapped",), ("y", "dx"), (*_PLANE, *POOLS), on_result(planes_swapped)),
    Mutation("result-transposed", ("axes-swapped", "wrong-shape"), ("y", "dx"), POINTWISE, on_result(planes_swapped)),
    Mutation("upstream-transposed", ("axes-swapped",), ("dx", "dw"), _PLANE, _dy_swapped),
    Mutation("strides-exchanged", ("axes-swapped",), ("y", "dx", "dw"), (*_PLANE, *POOLS), _swap_heights("strides")),
    Mutation("pads-exchanged", ("axes-swapped",), ("y", "dx", "dw"), _PLANE, _swap_heights("begins", "ends")),
    Mutation("dilations-exchanged", ("axes-swapped",), ("y", "dx", "dw"), _PLANE, _swap_heights("dilations")),
    Mutation("window-exchanged", ("axes-swapped", "kernel-transposed"), ("y", "dx"), POOLS, _swap_heights("kernel")),
    Mutation("channels-swapped", ("channels-swapped",), ("y", "dx", "dw"), CONVOLVED, _channels_swapped),
    Mutation(
        "weights-transposed",
        ("channels-swapped", "kernel-transposed"),
        ("y", "dx"),
        ("dense",),
        on_weights(np.transpose),
    ),
    Mutation(
        "weights-transposed", ("channels-swapped", "kernel-transposed"), ("dw",), ("dense",), on_result(np.transpose)
    ),
)
_CHANNELS = (
    Mutation("first-groups-channels", ("groups-ignored",), ("y", "dx", "dw"), CONVOLUTIONS, _first_groups_channels),
    Mutation("interleaved-groups", ("groups-ignored",), ("y", "dx", "dw"), CONVOLUTIONS, _interleaved_groups),
    Mutation("first-filter", ("filter-first-only",), ("y", "dx"), _FILTERS_FIRST, FIRST_FILTER),
    Mutation("last-filter", ("filter-last-only",), ("y", "dx"), _FILTERS_FIRST, LAST_FILTER),
)
_RESHAPED = ("reshape-without-transpose",)
_RESHAPES = (
    Mutation("batch-after-channels", _RESHAPED, ("y", "dx"), WINDOWED, on_result(reshaped_from(_channels_first))),
    Mutation("channels-after-space", _RESHAPED, ("y", "dx"), WINDOWED, on_result(reshaped_from(_channels_last))),
    Mutation("filters-after-taps", _RESHAPED, ("dw",), WEIGHTED, on_result(reshaped_from(_filters_last))),
    Mutation("upstream-reshaped", _RESHAPED, ("dx", "dw"), WEIGHTED, _dy_reshaped),
    Mutation("weights-reshaped", _RESHAPED, ("y", "dx"), _FILTERS_FIRST, _weights_reshaped),
)
_UNSUMMED = ("bias-gradient-not-summed",)
_BIAS = (
    Mutation("bias-missing", ("bias-missing",), ("y",), WEIGHTED, _no_bias),
    Mutation("bias-per-channel", ("bias-repeated",), ("y",), WEIGHTED, _bias_times(_per_group)),
    Mutation(
        "bias-per-tap", ("bias-repeated",), ("y",), CONVOLVED, _bias_times(lambda call: int(np.prod(call.kernel)))
    ),
    Mutation("bias-per-position", _UNSUMMED, ("db",), CONVOLVED, unsummed(lambda dy: dy.sum(axis=0))),
    Mutation(
        "bias-per-image", _UNSUMMED, ("db",), CONVOLVED, unsummed(lambda dy: dy.sum(axis=tuple(range(2, dy.ndim))))
    ),
    Mutation("bias-everywhere", _UNSUMMED, ("db",), WEIGHTED, unsummed(np.copy)),
    Mutation(
        "bias-first-position",
        _UNSUMMED,
        ("db",),
        CONVOLVED,
        unsummed(lambda dy: dy.reshape(*dy.shape[:2], -1)[..., 0].sum(0)),
    ),
    Mutation(
        "bias-last-position",
        _UNSUMMED,
        ("db",),
        CONVOLVED,
        unsummed(lambda dy: dy.reshape(*dy.shape[:2], -1)[..., -1].sum(0)),
    ),
)
_DERIVATIVE = ("activation-derivative-missing",)
_NOT_APPLIED = ("activation-not-applied",)
_ACTIVATION = (
    Mutation("not-activated", _NOT_APPLIED, ("y",), ("conv2d_relu",), lambda compute, call, output: conv_y(call)),
    Mutation("derivative-forgotten", _DERIVATIVE, ("dx", "dw", "db"), ("conv2d_relu",), _unactivated),
    Mutation("not-activated", _NOT_APPLIED, ("y",), POINTWISE, lambda compute, call, output: call.x.copy()),
)
MUTATIONS = (*_ROTATION, *_LAYOUT, *_CHANNELS, *_RESHAPES, *_BIAS, *_ACTIVATION)

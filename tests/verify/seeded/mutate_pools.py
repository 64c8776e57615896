"""Mistakes that only pools invite: ties, divisors, and positions of the maximum."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tests.verify.seeded import reference_pools as pools
from tests.verify.seeded.kinds import Compute
from tests.verify.seeded.mutation import Change, Mutation
from tests.verify.seeded.reference import Array, Call, cropped, frame_sizes, output_sizes

_PLANE = (2, 3)


def _maxima(window: Array) -> Array:
    return window == window.max(axis=_PLANE, keepdims=True)


def shared_by(share: pools.Share, outside: float = -np.inf) -> Change:
    """Each window contributes something else to dx."""
    return lambda compute, call, output: cropped(pools.spread_frame(call, share, outside), call)


def tied_all(window: Array, dy: Array) -> Array:
    """Every entry that equals the maximum gets the gradient."""
    return _maxima(window) * dy


def _tied_parts(window: Array, dy: Array) -> Array:
    """Entries that equal the maximum get equal parts."""
    return _maxima(window) * dy / _maxima(window).sum(axis=_PLANE, keepdims=True)


def _last_maximum(window: Array, dy: Array) -> Array:
    """>= in the loop, where > would keep the first maximum."""
    flipped = pools.first_maximum(window[:, :, ::-1, ::-1])
    return flipped[:, :, ::-1, ::-1] * dy


def _largest_of(axes: tuple[int, ...]) -> Change:
    """The mask is x == x.max() of the whole image, or of all of x, in every window."""

    def change(compute: Compute, call: Call, output: str) -> Array:
        largest = call.x.max(axis=axes, keepdims=True)
        return shared_by(lambda window, dy: (window == largest) * dy)(compute, call, output)

    return change


def _without_offset(compute: Compute, call: Call, output: str) -> Array:
    """The index of argmax counts from the window's corner, and is used as if it did from the image's."""
    dy = call.array("dy")
    sizes = dy.shape[2:]
    whole = np.zeros((*dy.shape[:2], *frame_sizes(call, sizes)))
    for at, _, window in pools.windows(call, sizes, -np.inf):
        corner = whole[:, :, : window.shape[2], : window.shape[3]]
        corner += pools.first_maximum(window) * dy[(..., *at)][:, :, np.newaxis, np.newaxis]
    return cropped(whole, call)


def _divided(sums: Callable[[Array], Array], divisor: Callable[[Call, Array], float | Array]) -> Change:
    """y from other divisors: what sums over a window, and by what it is divided. Padding is NaN."""

    def change(compute: Compute, call: Call, output: str) -> Array:
        return pools.pooled(call, lambda window, axes: sums(window) / divisor(call, window), np.nan)

    return change


def _spread(divisor: Callable[[Call, Array], float]) -> Change:
    """dx of an average with another divisor."""

    def change(compute: Compute, call: Call, output: str) -> Array:
        return shared_by(lambda window, dy: ~np.isnan(window) * dy / divisor(call, window), np.nan)(
            compute, call, output
        )

    return change


def _sum(window: Array) -> Array:
    return np.asarray(np.nansum(window, axis=_PLANE))


def _squares(window: Array) -> Array:
    return np.asarray(np.nansum(window**2, axis=_PLANE))


def _whole(call: Call, window: Array) -> float:
    return float(np.prod(call.kernel))


def _height(call: Call, window: Array) -> float:
    return float(call.kernel[0])


def _strides(call: Call, window: Array) -> float:
    return float(np.prod(call.strides))


def _outputs(call: Call, window: Array) -> float:
    return float(np.prod(output_sizes(call)))


def _nothing(call: Call, window: Array) -> float:
    return 1.0


def _lp_undivided(window: Array, dy: Array) -> Array:
    """dy * x: the division by the norm is missing."""
    return window * dy


def _lp_mean(compute: Compute, call: Call, output: str) -> Array:
    """The root of the mean of squares, where their sum is meant."""
    return compute(call, output) / np.sqrt(_whole(call, call.x))


def _times_norm(window: Array, dy: Array) -> Array:
    """Divided by the sum of squares, without the root."""
    squares = (window**2).sum(axis=_PLANE, keepdims=True)
    return window * dy / np.where(squares == 0, 1.0, squares)


_DIVISORS = (
    ("padding-counted", _whole),
    ("not-divided", _nothing),
    ("divided-by-height", _height),
    ("divided-by-strides", _strides),
    ("divided-by-outputs", _outputs),
)
_MAX, _AVERAGE, _LP = ("max_pool2d",), ("average_pool2d",), ("lp_pool2d",)
_DIVISOR = ("pool-divisor",)
MUTATIONS = (
    Mutation("all-tied-maxima", ("ties-duplicated",), ("dx",), _MAX, shared_by(tied_all)),
    Mutation("tied-maxima-share", ("ties-split",), ("dx",), _MAX, shared_by(_tied_parts)),
    Mutation("last-tied-maximum", ("ties-split",), ("dx",), _MAX, shared_by(_last_maximum)),
    Mutation("largest-of-image", ("argmax-global",), ("dx",), _MAX, _largest_of(_PLANE)),
    Mutation("largest-of-all", ("argmax-global",), ("dx",), _MAX, _largest_of((0, 1, 2, 3))),
    Mutation("argmax-without-offset", ("argmax-global",), ("dx",), _MAX, _without_offset),
    *(Mutation(name, _DIVISOR, ("y",), _AVERAGE, _divided(_sum, by)) for name, by in _DIVISORS),
    *(Mutation(name, _DIVISOR, ("dx",), _AVERAGE, _spread(by)) for name, by in _DIVISORS),
    Mutation("root-missing", _DIVISOR, ("y",), _LP, _divided(_squares, _nothing)),
    Mutation("mean-of-squares", _DIVISOR, ("y", "dx"), _LP, _lp_mean),
    Mutation("not-divided", _DIVISOR, ("dx",), _LP, shared_by(_lp_undivided, 0.0)),
    Mutation("divided-without-root", _DIVISOR, ("dx",), _LP, shared_by(_times_norm, 0.0)),
)

"""Reference pools and activations in plain NumPy: loops over the positions of the output."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from tests.verify.seeded.reference import (
    Array,
    Call,
    Place,
    Sizes,
    cropped,
    frame_sizes,
    framed,
    output_sizes,
    positions,
)

# What one window contributes to the gradient: from the window and the incoming gradient, both of (N, C, ...).
Share = Callable[[Array, Array], Array]


def windows(call: Call, sizes: Sizes, outside: float) -> Iterator[tuple[Sizes, Place, Array]]:
    """Position, place and content of every window; `outside`: what the padding holds."""
    image = framed(call.x, call.begins, frame_sizes(call, sizes), outside)
    for at, place in positions(call, sizes):
        yield at, place, image[place]


def pooled(call: Call, reduce: Callable[[Array, tuple[int, ...]], Array], outside: float) -> Array:
    """reduce(window, its axes) at every position."""
    sizes = output_sizes(call)
    y = np.zeros((*call.x.shape[:2], *sizes))
    for at, _, window in windows(call, sizes, outside):
        y[(..., *at)] = reduce(window, tuple(range(2, window.ndim)))
    return y


def spread_frame(call: Call, share: Share, outside: float) -> Array:
    """The gradient of the padded image: what each window contributes, added up."""
    dy = call.array("dy")
    sizes = dy.shape[2:]
    whole = np.zeros((*dy.shape[:2], *frame_sizes(call, sizes)))
    for at, place, window in windows(call, sizes, outside):
        whole[place] += share(window, dy[(..., *at)].reshape(*dy.shape[:2], *[1] * len(sizes)))
    return whole


def first_maximum(window: Array) -> Array:
    """1 at the first largest entry in scan order, of each image and channel."""
    flat = window.reshape(*window.shape[:2], -1)
    mask = np.arange(flat.shape[2]) == flat.argmax(axis=2)[:, :, np.newaxis]
    return mask.reshape(window.shape).astype(float)


def _axes(window: Array) -> tuple[int, ...]:
    return tuple(range(2, window.ndim))


def counted(window: Array, axes: tuple[int, ...]) -> Array:
    """How many entries of a window are inside the image, at least 1."""
    return np.maximum((~np.isnan(window)).sum(axis=axes, keepdims=True), 1)


def max_share(window: Array, dy: Array) -> Array:
    return first_maximum(window) * dy


def average_share(window: Array, dy: Array) -> Array:
    """The padding holds NaN, and is not counted."""
    inside = ~np.isnan(window)
    return inside * dy / counted(window, _axes(window))


def lp_share(window: Array, dy: Array) -> Array:
    """Windows of zeros are left out: the derivative of the root at 0 is none."""
    norm = np.sqrt((window**2).sum(axis=_axes(window), keepdims=True))
    return np.where(norm == 0, 0.0, dy * window / np.where(norm == 0, 1.0, norm))


def max_y(call: Call) -> Array:
    return pooled(call, lambda window, axes: window.max(axis=axes), -np.inf)


def average_y(call: Call) -> Array:
    """The mean of the entries that are inside the image (count_include_pad = 0)."""
    return pooled(call, lambda w, axes: np.nansum(w, axis=axes) / counted(w, axes).reshape(w.shape[:2]), np.nan)


def lp_y(call: Call) -> Array:
    """p = 2: the root of the sum of squares."""
    return pooled(call, lambda window, axes: np.sqrt((window**2).sum(axis=axes)), 0.0)


SHARES: dict[str, tuple[Share, float]] = {
    "max_pool2d": (max_share, -np.inf),
    "average_pool2d": (average_share, np.nan),
    "lp_pool2d": (lp_share, 0.0),
}


def pool_dx_frame(call: Call, kind: str) -> Array:
    """dx of the padded image."""
    return spread_frame(call, *SHARES[kind])


def max_dx(call: Call) -> Array:
    return cropped(pool_dx_frame(call, "max_pool2d"), call)


def average_dx(call: Call) -> Array:
    return cropped(pool_dx_frame(call, "average_pool2d"), call)


def lp_dx(call: Call) -> Array:
    return cropped(pool_dx_frame(call, "lp_pool2d"), call)


def relu_y(call: Call) -> Array:
    return np.maximum(call.x, 0)


def relu_dx(call: Call) -> Array:
    return call.array("dy") * (call.x > 0)


def tanh_y(call: Call) -> Array:
    return np.tanh(call.x)


def tanh_dx(call: Call) -> Array:
    return call.array("dy") * (1 - np.tanh(call.x) ** 2)

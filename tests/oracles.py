"""Brute-force oracles: NumPy on Python-sized integers, one slice of a padded array a tap. Nothing here imports symconv.

The layer is the grouped convolution  y[n, g, a, o] = sum_{c, k} w[g, a, c, k] x[n, g, c, s o + d k - p] + b[g, a],
x zero outside, in any number of spatial dimensions. Its gradients are the adjoint of the same loop over taps.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.int64]
Point = tuple[int, ...]


@dataclass(frozen=True, order=True)
class Axis:
    """One spatial axis at numbers; `before` and `after` are the pads."""

    extent: int
    kernel: int
    stride: int
    dilation: int
    before: int
    after: int
    output: int

    @property
    def span(self) -> int:
        return self.dilation * (self.kernel - 1) + 1

    @property
    def leftover(self) -> int:
        """Padded rows at the end that no window reaches."""
        return self.extent + self.before + self.after - self.span - self.stride * (self.output - 1)

    @property
    def reached(self) -> int:
        """How many (output, tap) pairs read inside the image."""
        pairs = product(range(self.output), range(self.kernel))
        return sum(0 <= self.stride * o + self.dilation * k - self.before < self.extent for o, k in pairs)

    def window(self, tap: int) -> slice:
        """What one tap sees of the padded axis, over all outputs."""
        start = self.dilation * tap
        return slice(start, start + self.stride * (self.output - 1) + 1, self.stride)


@dataclass(frozen=True, order=True)
class Convolution:
    """A convolution layer at numbers."""

    batch: int
    groups: int
    outer: int
    inner: int
    axes: tuple[Axis, ...]

    def shape(self, name: str) -> Point:
        spatial = {
            "x": tuple(a.extent for a in self.axes),
            "w": tuple(a.kernel for a in self.axes),
            "b": (),
            "y": tuple(a.output for a in self.axes),
        }
        lead = {
            "x": (self.batch, self.groups, self.inner),
            "w": (self.groups, self.outer, self.inner),
            "b": (self.groups, self.outer),
            "y": (self.batch, self.groups, self.outer),
        }
        return lead[name] + spatial[name]

    def taps(self) -> Iterator[tuple[Point, tuple[slice, ...]]]:
        """Every tap, and what it sees of the padded image."""
        for k in product(*(range(a.kernel) for a in self.axes)):
            yield k, tuple(a.window(t) for a, t in zip(self.axes, k, strict=True))

    def padded(self, x: Array) -> Array:
        return np.pad(x, [(0, 0)] * 3 + [(a.before, a.after) for a in self.axes])

    def forward(self, x: Array, w: Array, b: Array) -> Array:
        image = self.padded(x)
        y = np.zeros(self.shape("y"), np.int64)
        for k, window in self.taps():
            y += np.einsum("gac,ngc...->nga...", w[(..., *k)], image[(..., *window)])
        return y + b.reshape(*b.shape, *[1] * len(self.axes))

    def input_gradient(self, dy: Array, w: Array) -> Array:
        image = self.padded(np.zeros(self.shape("x"), np.int64))
        for k, window in self.taps():
            image[(..., *window)] += np.einsum("gac,nga...->ngc...", w[(..., *k)], dy)
        inside = tuple(slice(a.before, a.before + a.extent) for a in self.axes)
        return image[(..., *inside)]

    def weight_gradient(self, dy: Array, x: Array) -> Array:
        image = self.padded(x)
        dw = np.zeros(self.shape("w"), np.int64)
        letters = "pqr"[: len(self.axes)]
        for k, window in self.taps():
            dw[(..., *k)] = np.einsum(f"nga{letters},ngc{letters}->gac", dy, image[(..., *window)])
        return dw

    def bias_gradient(self, dy: Array) -> Array:
        return dy.sum(axis=(0, *range(3, dy.ndim)))


def entries(a: Array) -> dict[Point, Any]:
    """The array as a mapping from index tuples to Python integers."""
    return dict(zip(np.ndindex(a.shape), a.ravel().tolist(), strict=True))

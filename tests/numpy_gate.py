"""What the tests of the NumPy target share: generated modules, and plain oracles for them."""

from __future__ import annotations

import types
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from symconv.emit.numpy import numpy_module
from symconv.layers.defaults import concrete
from symconv.layers.registry import build_layer
from tests.oracles import Axis, Convolution

Array = npt.NDArray[Any]
Point = tuple[int, ...]
HEADER = "# Generated for a test."


@cache
def source(name: str, attributes: tuple[tuple[str, Any], ...]) -> str:
    """The text of the module of a layer."""
    return numpy_module(concrete(build_layer(name, dict(attributes))), header=HEADER)


@cache
def _module(name: str, attributes: tuple[tuple[str, Any], ...]) -> types.ModuleType:
    module = types.ModuleType(name)
    exec(compile(source(name, attributes), name, "exec"), module.__dict__)
    return module


def load(name: str, **attributes: Any) -> Any:
    """The generated module of a layer, loaded."""
    return _module(name, tuple(attributes.items()))


def attributes_of(c: Convolution) -> dict[str, Any]:
    """The attributes of a convolution or its transpose."""
    before, after = tuple(a.before for a in c.axes), tuple(a.after for a in c.axes)
    return {
        "kernel_shape": tuple(a.kernel for a in c.axes),
        "strides": tuple(a.stride for a in c.axes),
        "dilations": tuple(a.dilation for a in c.axes),
        "pads": before + after,
        "group": c.groups,
        "in_channels": c.groups * c.inner,
        "out_channels": c.groups * c.outer,
    }


def joined(name: str, a: Array) -> Array:
    """The oracle's array with the groups and the channels of each on one axis."""
    lead = 1 if name in ("x", "y") else 0
    return a.reshape(*a.shape[:lead], a.shape[lead] * a.shape[lead + 1], *a.shape[lead + 2 :])


def nonzero(rng: np.random.Generator, shape: tuple[int, ...], most: int = 4) -> Array:
    """Integers from -most to most, none of them zero."""
    return rng.integers(1, most + 1, shape) * rng.choice([-1, 1], shape)


@dataclass(frozen=True)
class Transposed:
    """The transposed convolution whose input has the shape of the convolution's output; its weights are (in, out)."""

    base: Convolution

    def shape(self, name: str) -> Point:
        swapped = {"x": "y", "y": "x", "w": "w"}
        return (self.base.groups, self.base.inner) if name == "b" else self.base.shape(swapped[name])

    @property
    def attributes(self) -> dict[str, Any]:
        own = attributes_of(self.base)
        own["in_channels"], own["out_channels"] = own["out_channels"], own["in_channels"]
        return own | {"output_padding": tuple(a.leftover for a in self.base.axes)}

    def forward(self, x: Array, w: Array, b: Array) -> Array:
        return self.base.input_gradient(x, w) + b.reshape(*b.shape, *[1] * len(self.base.axes))

    def input_gradient(self, dy: Array, w: Array) -> Array:
        return self.base.forward(dy, w, np.zeros(self.base.shape("b"), np.int64))

    def weight_gradient(self, dy: Array, x: Array) -> Array:
        return self.base.weight_gradient(x, dy)

    def bias_gradient(self, dy: Array) -> Array:
        return dy.sum(axis=(0, *range(3, dy.ndim)))


@st.composite
def axes(draw: st.DrawFn, most: int) -> Axis:
    """The output size first, then the image that gives it: every draw is a layer."""
    output, stride = draw(st.integers(1, most)), draw(st.integers(1, 4))
    kernel, dilation = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    before, after = draw(st.integers(0, 3)), draw(st.integers(0, 3))
    leftover = draw(st.integers(0, stride - 1))
    extent = stride * (output - 1) + dilation * (kernel - 1) + 1 + leftover - before - after
    more = max(0, -((extent - 1) // stride))  # outputs that are missing until a pixel is left between the pads
    return Axis(extent + more * stride, kernel, stride, dilation, before, after, output + more)


@st.composite
def convolutions(draw: st.DrawFn) -> Convolution:
    rank = draw(st.sampled_from((1, 2, 3)))
    spatial = tuple(draw(axes(5 - rank)) for _ in range(rank))
    batch, group = draw(st.sampled_from((1, 2, 3, 0))), draw(st.sampled_from((1, 2, 3)))
    return Convolution(batch, group, draw(st.integers(1, 3)), draw(st.integers(1, 3)), spatial)


@dataclass(frozen=True)
class Line:
    """One axis of a pool."""

    extent: int
    kernel: int
    stride: int
    dilation: int
    before: int
    after: int
    ceil_mode: int

    def windows(self) -> list[list[int]]:
        """The positions under each window, in the padding or not, from the words of ONNX's MaxPool."""
        slack = self.extent + self.before + self.after - self.dilation * (self.kernel - 1) - 1
        count = 1
        while count * self.stride <= slack or (self.ceil_mode and count * self.stride < slack + self.stride):
            count += 1
        if self.ceil_mode and (count - 1) * self.stride >= self.extent + self.before:
            count -= 1
        return [[o * self.stride + k * self.dilation - self.before for k in range(self.kernel)] for o in range(count)]


@st.composite
def lines(draw: st.DrawFn, ceil_mode: int) -> Line:
    """An axis on which each window reaches the input."""
    kernel, stride, dilation = draw(st.integers(1, 3)), draw(st.integers(1, 3)), draw(st.integers(1, 2))
    before, after = draw(st.integers(0, kernel - 1)), draw(st.integers(0, kernel - 1))
    extent = max(1, dilation * (kernel - 1) + 1 - before - after) + draw(st.integers(0, 4))
    return Line(extent, kernel, stride, dilation, before, after, ceil_mode)


@dataclass(frozen=True)
class Pool:
    """A pool at numbers, as plain loops over outputs."""

    kind: str
    batch: int
    lines: tuple[Line, ...]
    include: int = 0

    @property
    def attributes(self) -> dict[str, Any]:
        def column(name: str) -> Point:
            return tuple(getattr(line, name) for line in self.lines)

        more = {"count_include_pad": self.include} if self.kind == "average" else {}
        pads = column("before") + column("after")
        window = {"kernel_shape": column("kernel"), "strides": column("stride"), "dilations": column("dilation")}
        return {**window, "pads": pads, "ceil_mode": self.lines[0].ceil_mode, **more}

    @property
    def input_shape(self) -> Point:
        return (self.batch, 2, *(line.extent for line in self.lines))

    def windows(self) -> Iterator[tuple[Point, list[Point], int]]:
        """Each output: its place, the positions inside the input in scan order, how many positions are counted."""
        columns = [line.windows() for line in self.lines]
        for o in np.ndindex(*map(len, columns)):
            places = list(product(*(c[i] for c, i in zip(columns, o, strict=True))))
            inside = [p for p in places if all(0 <= v < n.extent for v, n in zip(p, self.lines, strict=True))]
            padded = [
                p
                for p in places
                if all(-n.before <= v < n.extent + n.after for v, n in zip(p, self.lines, strict=True))
            ]
            yield o, inside, len(padded if self.include else inside)

    def forward(self, x: Array) -> Array:
        y = np.zeros((*x.shape[:2], *(len(line.windows()) for line in self.lines)), x.dtype)
        for n in np.ndindex(x.shape[:2]):
            for o, inside, count in self.windows():
                values = [x[(*n, *p)] for p in inside]
                if self.kind == "max":
                    y[(*n, *o)] = max(values, default=0)
                elif self.kind == "average":
                    y[(*n, *o)] = sum(values) // count
                else:
                    y[(*n, *o)] = np.sqrt(sum(v * v for v in values))
        return y

    def input_gradient(self, dy: Array, x: Array) -> Array:
        dx = np.zeros_like(x)
        y = self.forward(x)
        for n in np.ndindex(x.shape[:2]):
            for o, inside, count in self.windows():
                delta = dy[(*n, *o)]
                if self.kind == "max":
                    if inside:
                        dx[(*n, *max(inside, key=lambda p: x[(*n, *p)]))] += delta
                    continue
                for p in inside:
                    dx[(*n, *p)] += delta // count if self.kind == "average" else delta * x[(*n, *p)] / y[(*n, *o)]
        return dx

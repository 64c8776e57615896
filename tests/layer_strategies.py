"""Random layers for the kernel gates. The output size is drawn first and the image derived from it: no draw is lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.oracles import Array, Axis, Convolution

# Points that one layer may have: one tap of one channel at one output of one image is a point.
BUDGET = 20_000


@dataclass(frozen=True)
class Case:
    """A convolution, or a transposed one, at numbers; `seed` makes its tensors."""

    convolution: Convolution
    transposed: bool
    bias: bool
    seed: int

    @property
    def name(self) -> str:
        return f"conv{'_transpose' if self.transposed else ''}{len(self.convolution.axes)}d"

    @property
    def attributes(self) -> dict[str, Any]:
        c = self.convolution
        pads = [a.before for a in c.axes] + [a.after for a in c.axes]
        out: dict[str, Any] = {
            "kernel_shape": tuple(a.kernel for a in c.axes),
            "strides": tuple(a.stride for a in c.axes),
            "dilations": tuple(a.dilation for a in c.axes),
            "pads": tuple(pads),
            "group": c.groups,
            "in_channels": c.groups * (c.outer if self.transposed else c.inner),
            "out_channels": c.groups * (c.inner if self.transposed else c.outer),
            "bias": int(self.bias),
        }
        if self.transposed:
            out["output_padding"] = tuple(a.leftover for a in c.axes)
        return out

    def tensors(self) -> dict[str, Array]:
        """Integers without zero, in the layout of callers, by operand name; dy among them, and every expected answer.

        A transposed convolution is the adjoint of a convolution: its forward is the input gradient, and so on.
        """
        c, draw = self.convolution, np.random.default_rng(self.seed)
        x, w, b, y = (_nonzero(draw, c.shape(n)) for n in "xwby")
        if not self.transposed:
            dx, dw, db = c.input_gradient(y, w), c.weight_gradient(y, x), c.bias_gradient(y)
            out = {"x": x, "w": w, "b": b, "dy": y, "dx": dx, "dw": dw, "db": db}
            out["y"] = c.forward(x, w, b if self.bias else 0 * b)
        else:
            bias = _nonzero(draw, (c.groups, c.inner))
            wide = bias.reshape(*bias.shape, *[1] * len(c.axes))
            forward = c.input_gradient(y, w) + (wide if self.bias else 0)
            dx = c.forward(x, w, 0 * b)
            out = {"x": y, "w": w, "b": bias, "dy": x, "y": forward, "dx": dx, "dw": c.weight_gradient(y, x)}
            out["db"] = x.sum(axis=(0, *range(3, x.ndim)))
        return {name: _joined(name, a) for name, a in out.items()}


def _nonzero(draw: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return draw.integers(1, 5, shape) * draw.choice((-1, 1), shape)


def _joined(name: str, a: Array) -> Array:
    """The groups joined with the channels of each."""
    axis = 0 if name.removeprefix("d") in ("w", "b") else 1
    # Written out, for reshape cannot tell -1 where the batch is empty.
    return a.reshape(*a.shape[:axis], a.shape[axis] * a.shape[axis + 1], *a.shape[axis + 2 :])


@st.composite
def axes(draw: st.DrawFn, most: int) -> Axis:
    """One axis: the output size first, then the image that gives it."""
    output = draw(st.integers(1, most))
    kernel, stride, dilation = draw(st.integers(1, 4)), draw(st.integers(1, 4)), draw(st.integers(1, 3))
    before = draw(st.integers(0, 3))
    after = draw(st.one_of(st.just(before), st.integers(0, 3)))
    leftover = draw(st.integers(0, stride - 1))
    extent = stride * (output - 1) + dilation * (kernel - 1) + 1 + leftover - before - after
    more = max(0, -((extent - 1) // stride))  # outputs that are missing until a pixel is left between the pads
    return Axis(extent + more * stride, kernel, stride, dilation, before, after, output + more)


@st.composite
def cases(draw: st.DrawFn, rank: int, most: int | None = None) -> Case:
    """A layer of that many spatial axes. most: outputs an axis, at first."""
    spatial = tuple(draw(axes(most or (19 if rank == 1 else 5 if rank == 2 else 3))) for _ in range(rank))
    room = BUDGET
    for a in spatial:
        room //= a.output * a.kernel
    batch = draw(st.sampled_from((1, 2, 3, 4, 1, 2, 5, 0)))
    limits = []
    for largest in (3, 8, 4):
        limits.append(draw(st.integers(1, max(1, min(largest, room // max(1, batch))))))
        room //= limits[-1]
    groups, outer, inner = limits
    transposed = draw(st.booleans())
    made = Convolution(batch, groups, outer, inner, spatial)
    return Case(made, transposed and all(_within(a) for a in spatial), draw(st.booleans()), draw(st.integers(0, 2**16)))


def _within(a: Axis) -> bool:
    """May the pads be those of a transposed convolution, whose output they crop? It has to keep a row."""
    return a.stride * (a.output - 1) + a.span + a.leftover - a.before - a.after >= 1

"""Layouts: the order of the axes of a candidate's arrays, as letters.

N batch, C channels of x and y, O filters, I their channels, D H W space. A letter that a layout lacks stands for an
axis with one entry.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import permutations

import numpy as np

from symconv.ir import Context
from symconv.verify.dense import Array
from symconv.verify.names import LIKE

# Shapes of a bias: one entry a filter, axes of one entry beside it, a single number, or one at each output position.
BIASES = ("O", "O1", "111O", "1O11", "1O", "", "position")


@dataclass(frozen=True)
class Layout:
    """Axis letters of x, w, b and y."""

    x: str
    w: str = ""
    b: str = "O"
    y: str = ""

    def __str__(self) -> str:
        parts = [f"x {self.x}"] + ([f"w {self.w}"] if self.w else [])
        parts += [f"b {self.b or 'a number'}"] if self.b != "O" else []
        return ", ".join(parts + ([f"y {self.y}"] if self.y != self.x else []))

    def of(self, name: str) -> str:
        """The letters of an operand, or of its adjoint."""
        return str(getattr(self, LIKE[name]))


@dataclass(frozen=True)
class Axes:
    """The letters of a layer's own operands, groups joined with channels."""

    x: str
    w: str
    y: str

    @property
    def space(self) -> str:
        return "".join(letter for letter in self.x if letter not in "NC")

    def of(self, name: str) -> str:
        return str(getattr(self, LIKE[name]))


def axes_of(context: Context) -> Axes:
    """The letters of the operands as callers have them."""
    x, w, y = (_letters(context, name) for name in "xwy")
    return Axes(x.replace("I", "C"), w, y.replace("I", "C").replace("O", "C"))


def _letters(context: Context, name: str) -> str:
    if not context.has(name):
        return ""
    operand = context.operand(name)
    axes = [a for k, a in enumerate(operand.axes) if k not in operand.joined]
    # ic and oc are channels; ih, oh and kh are heights.
    return "".join((a[0] if a[-1:] == "c" and len(a) > 1 else a[-1]).upper() for a in axes)


@cache
def layouts(axes: Axes) -> tuple[Layout, ...]:
    """Every layout that is tried, the usual ones first."""
    return tuple(_layouts(axes))


def _layouts(axes: Axes) -> Iterator[Layout]:
    s = axes.space
    usual = [axes.x, f"N{s}C", f"C{s}", f"{s}C", s, f"N{s}"] if "C" in axes.x and s else [axes.x]
    usual += ["CN", "C"] if axes.x == "NC" else []
    for x in dict.fromkeys(usual):
        # One channel may still have many filters.
        results = [x, f"{x}C", f"C{x}"] if axes.w and "C" not in x else [x]
        for y in results:
            for w in _weights(axes) if axes.w else [""]:
                # Without channels there are none in the weights, and the other way round.
                if not axes.w or (("C" in x) == ("I" in w) and ("C" in y) == ("O" in w)):
                    yield Layout(x, w, "O", y)


def _weights(axes: Axes) -> list[str]:
    """Every order that keeps the spatial axes in theirs, with and without the channel axes."""
    s = axes.space
    usual = [axes.w, f"{s}IO"] if s else [axes.w]
    out = []
    for channels in ("OI", "O", "I", ""):
        for order in permutations(channels + s):
            if "".join(a for a in order if a in s) == s:
                out.append("".join(order))
    return list(dict.fromkeys([*usual, *out]))


def laid_out(a: Array, layout: str, canonical: str) -> Array:
    """A canonical array in a layout; of axes that the layout lacks the first entry is taken."""
    for letter in canonical:
        if letter not in layout:
            axis = canonical.index(letter)
            a, canonical = np.take(a, 0, axis=axis), canonical.replace(letter, "")
    return np.ascontiguousarray(np.transpose(a, [canonical.index(letter) for letter in layout]))


def canonical_of(a: Array, layout: str, canonical: str) -> Array:
    """The inverse of `laid_out`; an array with another number of axes never gets the right one."""
    if a.ndim != len(layout):
        return a[np.newaxis] if a.ndim == len(canonical) else a
    kept = [letter for letter in canonical if letter in layout]
    a = np.transpose(a, [layout.index(letter) for letter in kept])
    for axis, letter in enumerate(canonical):
        if letter not in layout:
            a = np.expand_dims(a, axis)
    return a


def arranged(name: str, a: Array, layout: Layout, axes: Axes, y_shape: tuple[int, ...] = ()) -> Array:
    """An operand or adjoint as the candidate has it. y_shape: canonical, for a bias at each position."""
    if LIKE[name] != "b":
        return laid_out(a, layout.of(name), axes.of(name))
    if layout.b != "position":
        return a.reshape([a.size if letter == "O" else 1 for letter in layout.b])
    whole = np.broadcast_to(a.reshape((1, -1) + (1,) * len(axes.space)), (1, *y_shape[1:]))
    return laid_out(whole, layout.y.replace("N", ""), axes.y)


def restored(name: str, a: Array, layout: Layout, axes: Axes) -> Array:
    """The inverse of `arranged`, groups joined. Gradients of a bias at each position are added up."""
    if LIKE[name] != "b":
        return canonical_of(a, layout.of(name), axes.of(name))
    if layout.b != "position":
        # A gradient that is not summed over the positions has the axes of y, with or without the batch.
        for left_out in ("", "N"):
            letters = layout.y.replace(left_out, "")
            if a.ndim == len(letters) > 2:
                return canonical_of(a, letters, axes.y.replace(left_out, ""))
        return a
    letters = layout.y.replace("N", "")
    return a.sum(axis=tuple(letters.index(s) for s in axes.space)).reshape(-1) if a.ndim == len(letters) else a

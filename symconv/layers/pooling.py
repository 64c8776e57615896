"""Pooling layers as formulas: maximum, average, L-p norm, over any window, stride, overlap, pads, in 1 to 3 dimensions.

Sources: the article's section "Pooling Layer"; ONNX's MaxPool, AveragePool and LpPool for attributes and padding.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import sympy as sp

from symconv.ir import (
    Access,
    Between,
    Context,
    FirstMaximum,
    IndexedSum,
    Layer,
    Operand,
    Range,
    Role,
    UserError,
    index,
)
from symconv.layers.attributes import canonical, flag, number
from symconv.layers.axes import Axis
from symconv.layers.window import WINDOW, image_shape, spatial_axes, symbols_of

MAX_POOL = (*WINDOW, "ceil_mode")
AVERAGE_POOL = (*MAX_POOL, "count_include_pad")
LP_POOL = (*MAX_POOL, "p")


@dataclass(frozen=True)
class _Pool:
    """What the pools share: x[n, c, s o + d k - p] under the window of y[n, c, o].

    parameters: numbers or symbols that a summand mentions besides sizes and indices.
    """

    axes: tuple[Axis, ...]
    relations: tuple[Between, ...]
    rows: sp.Expr
    channels: sp.Expr
    parameters: tuple[sp.Expr, ...] = ()

    @classmethod
    def of(cls, rank: int, given: Mapping[str, Any]) -> _Pool:
        axes, relations = spatial_axes(rank, given)
        return cls(axes, relations, *image_shape(rank, given)[:2])

    @property
    def lead(self) -> tuple[sp.Symbol, sp.Symbol]:
        return index("n"), index("c")

    @property
    def o(self) -> tuple[sp.Symbol, ...]:
        return tuple(a.o for a in self.axes)

    @property
    def k(self) -> tuple[sp.Symbol, ...]:
        return tuple(a.k for a in self.axes)

    @property
    def outputs(self) -> tuple[Range, ...]:
        n, c = self.lead
        return (Range.box(n, self.rows), Range.box(c, self.channels), *(Range.box(a.o, a.output) for a in self.axes))

    @property
    def taps(self) -> tuple[Range, ...]:
        return tuple(Range.box(a.k, a.kernel) for a in self.axes)

    @property
    def y(self) -> Access:
        return Access("y", *self.lead, *self.o)

    @property
    def x(self) -> Access:
        return Access("x", *self.lead, *(a.position for a in self.axes))

    @property
    def extended(self) -> frozenset[str]:
        return frozenset({"x"}) if any(a.padded for a in self.axes) else frozenset()

    @property
    def inside(self) -> tuple[Between, ...]:
        """The window's position is inside the input: padding never wins, and is not counted."""
        return tuple(a.inside() for a in self.axes if a.padded)

    def layer(self, name: str, given: Mapping[str, Any], statements: tuple[Any, ...], *intermediate: Operand) -> Layer:
        lead = (self.rows, self.channels)
        operands = (
            Operand("x", (*lead, *(a.extent for a in self.axes)), ("n", "c", *(a.i.name for a in self.axes))),
            *intermediate,
            Operand("y", (*lead, *(a.output for a in self.axes)), ("n", "c", *(a.o.name for a in self.axes))),
        )
        scales = symbols_of([v for a in self.axes for v in (a.stride, a.dilation)])
        pads = [v for a in self.axes for v in (a.before, a.after, a.kernel)]
        sizes = symbols_of([*(e for o in operands for e in o.shape), *pads, *self.parameters])
        context = Context(tuple(s for s in sizes if s not in scales), self.relations, operands, scales)
        return Layer(name, statements, context, ("x",), attributes=tuple(given.items()))


def max_pool(rank: int, /, **attributes: Any) -> Layer:
    """y[n, c, o] = sum_k sel[n, c, o, k] x[n, c, s o + d k - p],  sel = 1 at the winning unit, else 0

    The winning unit is the first largest one in scan order, noted in the forward pass; padding never wins. A window
    that lies in the padding altogether has no winner, and gives 0.
    """
    name = f"max_pool{rank}d"
    given = canonical(name, attributes, MAX_POOL, rank)
    pool = _Pool.of(rank, given)
    n, c = pool.lead
    sel = Access("sel", n, c, *pool.o, *pool.k)
    everywhere = (*pool.outputs, *pool.taps)
    winner = FirstMaximum(sel, pool.k, everywhere, pool.inside, pool.x)
    y = IndexedSum(pool.y, everywhere, (), sel * pool.x, pool.extended)
    shape = (pool.rows, pool.channels, *(a.output for a in pool.axes), *(a.kernel for a in pool.axes))
    axes = ("n", "c", *(v.name for v in (*pool.o, *pool.k)))
    return pool.layer(name, given, (winner, y), Operand("sel", shape, axes, role=Role.MASK))


def average_pool(rank: int, /, **attributes: Any) -> Layer:
    """y[n, c, o] = sum_k x[n, c, s o + d k - p] / count,  count = KH KW, or the positions that are counted

    count_include_pad = 0 (ONNX's default) counts positions inside the input; 1 counts those inside the padded input,
    which is every one unless ceil_mode lets the last window hang over its end. A window without any would give 0/0:
    numeric pads that let a window lie in the padding altogether are a `UserError`, as in ONNX.
    """
    name = f"average_pool{rank}d"
    given = canonical(name, attributes, AVERAGE_POOL, rank)
    pool = _Pool.of(rank, given)
    include = flag("count_include_pad", given.get("count_include_pad"))
    if not any(a.padded for a in pool.axes) or (include and not any(a.ceil_mode for a in pool.axes)):
        every = sp.Mul(*(a.kernel for a in pool.axes))
        y = IndexedSum(pool.y, (*pool.outputs, *pool.taps), (), pool.x / every, pool.extended)
        return pool.layer(name, given, (y,))
    counted = tuple(
        Between(-a.before, a.position, a.extent + a.after - 1) if include else a.inside() for a in pool.axes
    )
    if not include:
        _check_pads(pool.axes)
    count = Access("count", *pool.o)
    rows = tuple(Range.box(a.o, a.output) for a in pool.axes)
    units = IndexedSum(count, (*rows, *pool.taps), counted, sp.S.One)
    y = IndexedSum(pool.y, (*pool.outputs, *pool.taps), (), pool.x / count, pool.extended)
    shape = Operand("count", tuple(a.output for a in pool.axes), tuple(v.name for v in pool.o))
    return pool.layer(name, given, (units, y), shape)


def _check_pads(axes: tuple[Axis, ...]) -> None:
    """A window reaches the input where each pad is smaller than the window."""
    for a in axes:
        for pad in (a.before, a.after):
            if pad.is_Integer and a.span.is_Integer and pad >= a.span:
                raise UserError(
                    f"pads has {pad} on axis {a.letter}, where a window has {a.span} rows: the average over padding "
                    f"alone is 0/0; give pads below {a.span}, or count_include_pad = 1"
                )


def lp_pool(rank: int, /, **attributes: Any) -> Layer:
    """t[n, c, o] = sum_k |x[n, c, s o + d k - p]|^p,  y = t^(1/p)

    p = 2 is the article's L2-norm pooling. The gradient exists where t > 0.
    """
    name = f"lp_pool{rank}d"
    given = canonical(name, attributes, LP_POOL, rank)
    p = number("p", given.get("p"), sp.Integer(2))
    pool = replace(_Pool.of(rank, given), parameters=(p,))
    power = pool.x**p if p.is_even else sp.Abs(pool.x) ** p
    n, c = pool.lead
    total = Access("t", n, c, *pool.o)
    summed = IndexedSum(total, (*pool.outputs, *pool.taps), (), power, pool.extended)
    y = IndexedSum(pool.y, pool.outputs, (), total ** (sp.S.One / p))
    shape = (pool.rows, pool.channels, *(a.output for a in pool.axes))
    return pool.layer(name, given, (summed, y), Operand("t", shape, ("n", "c", *(v.name for v in pool.o))))

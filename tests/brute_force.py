"""Brute force on indexed sums: every small size, and both sides evaluated by the exact interpreter."""

from __future__ import annotations

import random
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import sympy as sp

from symconv.ir import (
    Access,
    Context,
    Equal,
    FirstMaximum,
    IndexedSum,
    Layer,
    Operand,
    Statement,
    UndefinedRead,
    evaluate,
)

Sizes = dict[str, int]
Tensor = dict[tuple[int, ...], Any]
# An opaque function: a cubic, so that the first three derivatives differ.
CUBIC = {name: lambda order, t: (t**3 + 2 * t, 3 * t**2 + 2, 6 * t, 6)[order] for name in ("f", "g")}


def small_sizes(context: Context, largest: int, most: int = 200, scales: Sequence[int] = (1, 2, 3)) -> list[Sizes]:
    """Sizes up to `largest` that the context admits, the smallest first: half of `most` of them, the rest at random.

    Sizes start at 1, pads at 0; strides and dilations take the values in `scales`.
    """
    symbols = (*context.sizes, *context.scales)
    starts = [range(1 if s.is_positive else 0, largest + 1) for s in context.sizes] + [scales] * len(context.scales)
    grid = dict(zip(symbols, np.meshgrid(*starts, indexing="ij", sparse=True), strict=True))
    holds = np.ones(tuple(map(len, starts)), bool)
    for a in context.assumptions:
        low, middle, high = (a.rhs, a.lhs, a.rhs) if isinstance(a, Equal) else (a.lo, a.e, a.hi)
        holds = holds & (_value(low, grid) <= _value(middle, grid)) & (_value(middle, grid) <= _value(high, grid))
    points = [tuple(starts[k][i] for k, i in enumerate(p)) for p in np.argwhere(holds).tolist()]
    points.sort(key=lambda p: (sum(p), p))
    first, rest = points[: most // 2], points[most // 2 :]
    chosen = first + random.Random(0).sample(rest, min(len(rest), most - len(first)))
    return [dict(zip([s.name for s in symbols], p, strict=True)) for p in chosen]


def _value(e: sp.Expr, at: Mapping[sp.Symbol, Any]) -> Any:
    """A polynomial with integer coefficients at arrays."""
    total: Any = 0
    for term in sp.Add.make_args(sp.expand(e)):
        value: Any = 1
        for f in sp.Mul.make_args(term):
            value = value * (int(f) if f.is_Integer else at[f])
        total = total + value
    return total


def box(context: Context, name: str, sizes: Sizes) -> tuple[int, ...]:
    """The shape of an operand at these sizes."""
    put = {s: sp.Integer(sizes[s.name]) for s in (*context.sizes, *context.scales)}
    return tuple(int(e.xreplace(put)) for e in context.shape(name))


def filled(context: Context, names: Iterable[str], sizes: Sizes) -> dict[str, Tensor]:
    """Small distinct-looking integers, none of them zero, the same in every run."""
    out = {}
    for name in sorted(names):
        draw = random.Random(name)
        out[name] = {p: Fraction(draw.randint(1, 999)) for p in product(*map(range, box(context, name, sizes)))}
    return out


def inputs(statements: Iterable[Statement]) -> set[str]:
    """Every operand that is read and not written."""
    done = list(statements)
    reads = {a.name for s in done for a in ((s.value,) if isinstance(s, FirstMaximum) else s.reads())}
    return reads - {s.result.name for s in done}


def value(sums: Sequence[Statement], context: Context, sizes: Sizes, tensors: Mapping[str, Tensor]) -> Tensor | None:
    """The operand that the last sum writes, None where a read or a quotient is undefined."""
    try:
        return evaluate(sums, context, sizes, tensors, CUBIC)[sums[-1].result.name]
    except (UndefinedRead, ArithmeticError):
        return None


class Noise:
    """An operand that need not be stored: an unlike number at every index."""

    def __init__(self, name: str) -> None:
        self.seed = zlib.crc32(name.encode())

    def __getitem__(self, p: tuple[int, ...]) -> int:
        # Python hashes tuples of integers the same way in every process.
        return hash((self.seed, *p)) & 0xFFFF_FFFF


SHIFT = 1000


def weighed(sums: Sequence[IndexedSum], context: Context) -> tuple[list[IndexedSum], Context]:
    """sum_p R[p] result[p] with R random: one number for the whole result, wherever its entries lie."""
    (rank,) = {len(s.result.indices) for s in sums}
    out = [s.with_(result=Access("total"), summand=s.summand * _weight(s.result)) for s in sums]
    weights = Operand("R", (sp.Integer(2 * SHIFT),) * rank, ("r",) * rank)
    return out, replace(context, operands=(*context.operands, Operand("total", (), ()), weights))


def _weight(a: Access) -> Access:
    return Access("R", *(e + SHIFT for e in a.indices))


class Weighed:
    """A list of sums as one number at each size; remembered, since many lists are compared with the same one."""

    def __init__(self, sums: Sequence[IndexedSum], context: Context) -> None:
        self.sums, self.context = weighed(sums, context) if sums else ([], context)
        self.tensors = {n: Noise(n) for n in inputs(self.sums)}
        self.known: dict[tuple[int, ...], Any] = {}

    def at(self, sizes: Sizes) -> Any:
        key = tuple(sizes.values())
        if key not in self.known:
            total = value(self.sums, self.context, sizes, self.tensors) if self.sums else {(): 0}
            self.known[key] = total and total[()]
        return self.known[key]


def first_difference(lhs: Weighed, rhs: Weighed, many: Iterable[Sizes]) -> Sizes | None:
    """The first sizes at which the two differ, or one is undefined; None where they agree at all of them."""
    return next((s for s in many if lhs.at(s) is None or lhs.at(s) != rhs.at(s)), None)


def adjoint(layer: Layer, wrt: str, sizes: Sizes, tensors: Mapping[str, Tensor], dy: Tensor) -> Tensor:
    """dE/d`wrt` for E = sum dy y, one entry at a time, by exact differences.

    The layer is a polynomial of degree at most 3 in one entry, of which the central difference
    (8 (E(h) - E(-h)) - (E(2h) - E(-2h))) / 12 h is the exact derivative.
    """

    def loss(entry: tuple[int, ...], shift: int) -> Any:
        moved = {**tensors[wrt], entry: tensors[wrt][entry] + shift}
        y = value(layer.statements, layer.context, sizes, {**tensors, wrt: moved})
        assert y is not None
        return sum(dy[p] * v for p, v in y.items())

    def slope(entry: tuple[int, ...]) -> Any:
        return Fraction(8 * (loss(entry, 1) - loss(entry, -1)) - (loss(entry, 2) - loss(entry, -2))) / 12

    return {entry: slope(entry) for entry in tensors[wrt]}

"""Slices: with short loops over taps, the domain of a sum is a box, and each operand is read through one slice an axis.

`result[slices] += summand(operand slices)` once a tap. It needs no padding: zero extension and guards narrow the box.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import prod

import sympy as sp

from symconv.ir import (
    Access,
    Between,
    CeilDiv,
    Context,
    FloorDiv,
    Guard,
    IndexedSum,
    NotApplicable,
    Range,
    accesses,
    symbols_in,
)
from symconv.ir.affine import AxisMap, axis_map, never_negative

# More runs of the loop body than this are no loop over taps any more.
MOST_TAPS = 20_000


@dataclass(frozen=True)
class SlicesPlan:
    """taps: looped over. boxes: the other indices, those of the result first, with bounds in taps and sizes.

    conditions: guards on taps alone. result, reads: one `AxisMap` an axis. winners: operands that name a winning unit.
    contracted: the summand is a number times a product of entries, and some index is summed within a tap.
    """

    sum: IndexedSum
    taps: tuple[Range, ...]
    boxes: tuple[Range, ...]
    conditions: tuple[Guard, ...]
    result: tuple[AxisMap, ...]
    reads: tuple[tuple[Access, tuple[AxisMap, ...]], ...]
    winners: tuple[tuple[str, int], ...]
    contracted: bool

    @property
    def summed(self) -> tuple[Range, ...]:
        """Boxes that the result does not keep."""
        kept = {r.index for r in self.result}
        return tuple(b for b in self.boxes if b.index not in kept)

    @property
    def once(self) -> bool:
        """Is every entry that the sum speaks of written, and written by one statement?"""
        kept = [b for b in self.boxes if b not in self.summed]
        return not self.taps and not self.conditions and all(b == self.sum.range_of(b.index) for b in kept)


def slices_plan(s: IndexedSum, context: Context, winners: Sequence[tuple[str, int]] = ()) -> SlicesPlan:
    """The plan with the fewest taps; `NotApplicable` where no choice of taps makes the domain a box.

    winners: operands given as a winning unit, and how many of their last axes that unit stands for.
    """
    numeric_ranges = [r for r in s.ranges if r.numeric]
    choices = [c for k in range(len(numeric_ranges) + 1) for c in combinations(numeric_ranges, k)]
    for chosen in sorted(choices, key=lambda c: (prod(r.count or 1 for r in c), len(c))):
        if prod(r.count or 1 for r in chosen) > MOST_TAPS:
            break
        try:
            return _with_taps(s, chosen, context, dict(winners))
        except NotApplicable:
            continue
    raise NotApplicable("no loops over taps make the domain a box")


def _with_taps(s: IndexedSum, taps: tuple[Range, ...], context: Context, winners: dict[str, int]) -> SlicesPlan:
    rest = {r.index for r in s.ranges} - {t.index for t in taps}
    result = tuple(axis_map(e, rest) for e in s.result.indices)
    reads = []
    for a in s.reads():
        inner = winners.get(a.name, 0)
        if any(symbols_in(e) & rest for e in a.indices[len(a.indices) - inner :]):
            raise NotApplicable(f"the winning unit of {a.name} is no tap")
        outer = a.indices[: len(a.indices) - inner]
        reads.append((a, tuple(axis_map(e, rest) for e in outer)))
    for reaches in (result, *(r for _, r in reads)):
        used = [r.index for r in reaches if r.index is not None]
        if len(set(used)) != len(used):
            raise NotApplicable("an index stands on two axes of one operand")
    boxes, conditions = _boxes(s, rest, taps, context, winners)
    order = {r.index: k for k, r in enumerate(result) if r.index is not None}
    boxes.sort(key=lambda b: order.get(b.index, len(order)))
    summed = any(b.index not in order for b in boxes)
    contracted = summed and is_product(s.summand) and not any(a.name in winners for a in s.reads())
    return SlicesPlan(
        s, taps, tuple(boxes), tuple(conditions), result, tuple(reads), tuple(winners.items()), contracted
    )


def is_product(e: sp.Expr) -> bool:
    """A number, sizes and at least one entry multiplied, each entry once?"""
    factors = sp.Mul.make_args(e)
    entries = [f for f in factors if isinstance(f, Access)]
    return bool(entries) and all(isinstance(f, Access) or not accesses(f) for f in factors)


def _boxes(
    s: IndexedSum, rest: set[sp.Symbol], taps: tuple[Range, ...], context: Context, winners: dict[str, int]
) -> tuple[list[Range], list[Guard]]:
    """The ranges of the indices that stay, narrowed by guards and zero extension; guards on taps alone."""
    boxes = {r.index: ([*r.lowers], [*r.uppers]) for r in s.ranges if r.index in rest}
    for r in s.ranges:
        if r.symbols & rest:
            raise NotApplicable(f"the range of {r.index} depends on another index")
    conditions: list[Guard] = []
    for g in (*s.guards, *_inside(s, context, winners)):
        if not g.symbols & rest:
            conditions.append(g)
            continue
        if not isinstance(g, Between):
            raise NotApplicable("a guard other than bounds speaks of an index that is no tap")
        _narrow(boxes, g, rest, taps, context)
    made = [Range(i, tuple(lo), tuple(hi)) for i, (lo, hi) in boxes.items()]
    return made, [g for g in conditions if not _holds(g, taps, context)]


def _inside(s: IndexedSum, context: Context, winners: dict[str, int]) -> Iterable[Between]:
    """Zero extension as guards: outside its box an operand makes the term vanish."""
    for a in s.reads():
        if a.name not in s.extended:
            continue
        if s.summand.xreplace({a: sp.S.Zero}) != 0:
            raise NotApplicable(f"{a.name} is zero outside its box, and the term is not")
        outer = len(a.indices) - winners.get(a.name, 0)
        for e, n in zip(a.indices[:outer], context.shape(a.name)[:outer], strict=True):
            yield Between(sp.S.Zero, e, n - 1)


def _narrow(
    boxes: dict[sp.Symbol, tuple[list[sp.Expr], list[sp.Expr]]],
    g: Between,
    rest: set[sp.Symbol],
    taps: tuple[Range, ...],
    context: Context,
) -> None:
    """lo <= a i + c <= hi  bounds i from both sides; a bound that its range already implies is left out."""
    if (symbols_in(g.lo) | symbols_in(g.hi)) & rest:
        raise NotApplicable("the bounds of a guard mention an index that is no tap")
    at = axis_map(g.e, rest)
    assert at.index is not None
    low, high, a = g.lo - at.offset, g.hi - at.offset, at.step
    if a < 0:
        low, high, a = -high, -low, -a
    lowers, uppers = boxes[at.index]
    if not any(never_negative(a * b - low, context.assumptions, taps) for b in lowers):
        lowers.append(CeilDiv(low, sp.Integer(a)))
    if not any(never_negative(high - a * b, context.assumptions, taps) for b in uppers):
        uppers.append(FloorDiv(high, sp.Integer(a)))


def _holds(g: Guard, taps: tuple[Range, ...], context: Context) -> bool:
    known = context.assumptions
    return isinstance(g, Between) and all(never_negative(e, known, taps) for e in (g.e - g.lo, g.hi - g.e))

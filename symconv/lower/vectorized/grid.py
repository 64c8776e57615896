"""Index grids: every point of a bounding box, with a mask for the domain. Right for every sum, and slower."""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from symconv.ir import Between, Guard, IndexedSum, NotApplicable, Range, UserError, symbols_in
from symconv.ir.affine import extremes


@dataclass(frozen=True)
class GridPlan:
    """boxes: ranges with bounds in sizes alone, in the order of the axes; guards: the mask. summed: indices summed.

    plain: the result is addressed by indices of its own, so that sums over the others are written at once.
    """

    sum: IndexedSum
    boxes: tuple[Range, ...]
    guards: tuple[Guard, ...]
    winners: tuple[tuple[str, int], ...]
    plain: bool

    @property
    def summed(self) -> tuple[sp.Symbol, ...]:
        return tuple(b.index for b in self.boxes if b.index not in symbols_in(self.sum.result))


def grid_plan(s: IndexedSum, winners: tuple[tuple[str, int], ...] = ()) -> GridPlan:
    """Bounds that mention other indices become guards, and their extremes bound the box."""
    boxes: dict[sp.Symbol, Range] = {}
    guards: list[Guard] = list(s.guards)
    for r in s.ranges:
        try:
            lowers = tuple(extremes(b, boxes)[0] for b in r.lowers)
            uppers = tuple(extremes(b, boxes)[1] for b in r.uppers)
        except NotApplicable as error:
            raise UserError(f"the range of {r.index} has no box: {error}") from None
        boxes[r.index] = Range(r.index, lowers, uppers)
        if r.symbols & set(boxes):
            guards += [Between(g.lo, g.e, g.hi) for g in r.guards()]
    indices = s.result.indices
    plain = all(i in boxes for i in indices) and len(set(indices)) == len(indices)
    ordered = [boxes[i] for i in indices] if plain else [b for i, b in boxes.items() if i in symbols_in(s.result)]
    rest = [b for b in boxes.values() if b not in ordered]
    return GridPlan(s, (*ordered, *rest), tuple(guards), winners, plain)

"""Equality of two lists of sums: their cells, taken apart until each point has one total, and every total zero."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import islpy as isl
import sympy as sp

from symconv.ir import Apply, Condition, Context, IndexedSum, Unknown
from symconv.ir.budget import MOST_CELLS
from symconv.prove.cells import Key, cells, hole
from symconv.prove.scalars import vanishes

Atom = tuple[sp.Expr, isl.Set]


@dataclass(frozen=True)
class Difference:
    """Points at which lhs - rhs is not shown to be zero. certain: it is not, for some values of the entries."""

    points: isl.Set
    certain: bool


def differences(
    lhs: Sequence[IndexedSum], rhs: Sequence[IndexedSum], context: Context, given: Sequence[Condition] = ()
) -> list[Difference]:
    """Where the two sides are not shown to be equal; none: they are.

    Terms are compared apart, so that x[i] + w[j] meets the two sums it may be split into, and then each summand as a
    whole, so that tanh u meets 2 s(2u) - 1.
    """
    apart = _differences(lhs, rhs, context, given, split=True)
    return apart and (_differences(lhs, rhs, context, given, split=False) and apart)


def _differences(
    lhs: Sequence[IndexedSum], rhs: Sequence[IndexedSum], context: Context, given: Sequence[Condition], split: bool
) -> list[Difference]:
    groups: dict[Key, list[Atom]] = {}
    for sign, side in ((1, lhs), (-1, rhs)):
        for cell in cells(side, context, split):
            groups.setdefault(cell.key, []).append((sign * cell.function, cell.points))
    out = []
    for (_, operands, extra), atoms in groups.items():
        for total, points in _disjoint(_joined(atoms)):
            if not _zero(total, given):
                out.append(Difference(points, extra == 0 and _free(total, len(operands))))
    return out


def _free(total: sp.Expr, count: int) -> bool:
    """A polynomial that is not zero, in entries and opaque functions of entries: it is zero at no size for all values."""
    opaque = {f: sp.Dummy(real=True) for f in total.atoms(Apply) if f.argument.is_Symbol}
    bare = sp.expand(total.xreplace(opaque))
    holes = {hole(k) for k in range(count)} | set(opaque.values())
    return bool(bare != 0 and bare.is_polynomial(*holes) and bare.free_symbols <= holes)


def _zero(total: sp.Expr, given: Sequence[Condition]) -> bool:
    try:
        return vanishes(total, given)
    except Unknown:
        return False


def _joined(atoms: Sequence[Atom]) -> list[Atom]:
    """Atoms of one function at disjoint points as one: the phases of a gradient are a single set."""
    out: dict[sp.Expr, list[isl.Set]] = {}
    for function, points in atoms:
        kept = out.setdefault(function, [])
        for k, old in enumerate(kept):
            if old.is_disjoint(points):
                kept[k] = old.union(points)
                break
        else:
            kept.append(points)
    return [(function, points) for function, kept in out.items() for points in kept]


def _disjoint(atoms: Sequence[Atom]) -> Iterator[Atom]:
    """Disjoint sets of points with the total of the functions there."""
    done: list[Atom] = []
    for function, new in atoms:
        split: list[Atom] = []
        for total, old in done:
            both = old.intersect(new)
            if both.is_empty():
                split.append((total, old))
                continue
            split += [(total + function, both), (total, old.subtract(new))]
            new = new.subtract(old)
        done = [(total, points) for total, points in (*split, (function, new)) if not points.is_empty()]
        if len(done) > MOST_CELLS:
            raise Unknown(f"the terms overlap in more than {MOST_CELLS} ways")
    yield from done

"""Equality of two lists of sums: their cells, taken apart until each point has one total, and every total zero."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import islpy as isl
import sympy as sp

from symconv.ir import Apply, Condition, Context, IndexedSum, Unknown, accesses, sort_key, symbols_in
from symconv.ir.budget import MOST_CELLS
from symconv.prove.cells import Key, cells, hole
from symconv.prove.scalars import vanishes
from symconv.prove.scalars.cases import rational_polynomial
from symconv.prove.support import entry_symbols

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

    Sums over one domain are taken together first, so that cosh^2 - sinh^2 meets 1. Then terms are compared apart, so
    that x[i] + w[j] meets the two sums it may be split into, and then each summand as a whole.
    """
    left = _together(lhs, rhs, given)
    if not left:
        return []
    apart = _differences(left, context, given, split=True)
    return apart and (_differences(left, context, given, split=False) and apart)


def _together(lhs: Sequence[IndexedSum], rhs: Sequence[IndexedSum], given: Sequence[Condition]) -> list[IndexedSum]:
    """lhs - rhs with sums over one domain as one sum, and without those that are zero."""
    groups: dict[tuple, list[IndexedSum]] = {}
    for sign, side in ((1, lhs), (-1, rhs)):
        for s in map(_renamed, side):
            signed = s.with_(summand=sign * s.summand)
            key = (s.result, frozenset(s.ranges), frozenset(s.guards))
            groups.setdefault(key, []).append(signed)
    out = []
    for sums in groups.values():
        extended = frozenset().union(*(s.extended for s in sums))
        # What one of them reads as zero outside and another one not at all is the same only if both say so.
        same = all(extended & {a.name for a in s.reads()} == s.extended for s in sums)
        joined = [sums[0].with_(summand=sp.Add(*(s.summand for s in sums)), extended=extended)] if same else sums
        out += [s for s in joined if not _zero(*_real(s.summand, given))]
    return out


def _renamed(s: IndexedSum) -> IndexedSum:
    """The sum with indices named by their place: those of the result first, then the others as they are ranged over."""
    first = [i for e in s.result.indices for i in sorted(symbols_in(e) & set(s.indices), key=sort_key)]
    order = list(dict.fromkeys([*first, *s.indices]))
    return s.rename({i: sp.Symbol(f"i@{k}", integer=True) for k, i in enumerate(order)})


def _real(e: sp.Expr, given: Sequence[Condition]) -> tuple[sp.Expr, list[Condition]]:
    """A real symbol for each entry, and what the conditions say of these."""
    symbols = entry_symbols(e)
    return e.xreplace(symbols), _said_of({v: a.name for a, v in symbols.items()}, given)


def _said_of(entries: Mapping[sp.Symbol, str], given: Sequence[Condition]) -> list[Condition]:
    """Conditions on every entry of one operand, for these entries. Those that join several entries are left out."""
    out = []
    for c in given:
        reads = accesses(c.expression)
        plain = len(reads) == 1 and len(set(reads[0].indices)) == len(reads[0].indices)
        if plain and all(i.is_Symbol for i in reads[0].indices):
            named = (v for v, name in entries.items() if name == reads[0].name)
            out += [Condition(c.expression.xreplace({reads[0]: v}), c.sign) for v in named]
    return [c for c in out if not any(v.is_nonnegative is None and v not in entries for v in c.expression.free_symbols)]


def _differences(
    sums: Sequence[IndexedSum], context: Context, given: Sequence[Condition], split: bool
) -> list[Difference]:
    groups: dict[Key, list[Atom]] = {}
    for cell in cells(sums, context, split):
        groups.setdefault(cell.key, []).append((cell.function, cell.points))
    out = []
    for (_, operands, extra), atoms in groups.items():
        for total, points in _disjoint(_joined(atoms)):
            holes = {hole(k): name for k, name in enumerate(operands)}
            if not _zero(total, _said_of(holes, given)):
                out.append(Difference(points, extra == 0 and _free(total, len(operands))))
    return out


def _free(total: sp.Expr, count: int) -> bool:
    """A polynomial that is not zero, in entries and opaque functions of them: at no size is it zero for all values."""
    opaque = {f: sp.Dummy(real=True) for f in total.atoms(Apply) if f.argument.is_Symbol}
    bare = sp.expand(total.xreplace(opaque))
    holes = {hole(k) for k in range(count)} | set(opaque.values())
    return bool(bare != 0 and rational_polynomial(bare) and bare.free_symbols <= holes)


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

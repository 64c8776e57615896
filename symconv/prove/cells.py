"""The meaning of a list of sums as cells: which function of which entries is added to which entry of the result.

A *cell* is a function F of holes h0, h1, .. and a set of points (result index, indices of the entries that fill the
holes). Two lists of sums are equal for all sizes and all values if, wherever the points of their cells meet, the
functions add up to zero. So that one term has one cell,

    x[a] x[b]             its entries of one operand are put in order, point by point, and equal ones are one hole
    A read as zero        is split into the part inside its array and the part where it is 0
    sum_{k=lo}^{hi} F     is (hi - lo + 1) F where F does not mention k
    F(x, i)               an index outside of an entry is a coordinate of the point as well

The argument needs iteration -> point to be injective. Where it is not, indices that tell iterations apart become
coordinates too: sums that agree in them are equal, and others are not shown to differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import islpy as isl
import sympy as sp

from symconv.ir import Access, Between, Context, IndexedSum, Quotient, Unknown, accesses, sort_key, symbols_in
from symconv.ir.budget import MOST_CELLS, expanded
from symconv.ir.presburger import Names, affine, all_names, box_text, domain_text, isl_map, isl_set

Key = tuple[str, tuple[str, ...], int]


@dataclass(frozen=True)
class Cell:
    """`function` of holes and coordinates at `points`; key: result, operands, and the number of extra coordinates."""

    key: Key
    function: sp.Expr
    points: isl.Set


@dataclass(frozen=True)
class _Part:
    """A term on a part of its domain: what is known there besides the sum's own conditions."""

    term: sp.Expr
    where: isl.Set


def hole(k: int) -> sp.Symbol:
    """The k-th entry that a function speaks of."""
    return sp.Symbol(f"h@{k}", real=True)


def coordinate(k: int) -> sp.Symbol:
    """The k-th coordinate of a point."""
    return sp.Symbol(f"c@{k}", integer=True)


def cells(sums: Iterable[IndexedSum], context: Context, split: bool) -> list[Cell]:
    """The cells of a list of sums. split: terms that speak of different entries apart; else each summand whole.

    Raises `Unknown` beyond linear integer arithmetic, or where they are too many.
    """
    out: list[Cell] = []
    for s in sums:
        for term in terms(s.summand) if split else (s.summand,):
            counted, number = without_idle_indices(s.with_(summand=term))
            out += _cells_of(counted, number, context)
            if len(out) > MOST_CELLS:
                raise Unknown(f"more than {MOST_CELLS} terms to compare")
    return out


def terms(summand: sp.Expr) -> list[sp.Expr]:
    """The summand multiplied out, terms that speak of the same entries taken together."""
    groups: dict[frozenset[Access], list[sp.Expr]] = {}
    for term in sp.Add.make_args(expanded(summand)):
        groups.setdefault(frozenset(accesses(term)), []).append(term)
    return [t for t in (sp.Add(*group) for group in groups.values()) if t != 0]


def without_idle_indices(s: IndexedSum) -> tuple[IndexedSum, sp.Expr]:
    """sum_{k=lo}^{hi} F = (hi - lo + 1) [lo <= hi] F where F does not mention k: the sum without k, and the number."""
    number = sp.S.One
    for r in reversed(s.ranges):
        others = [x.symbols for x in s.ranges if x is not r] + [g.symbols for g in s.guards]
        busy = symbols_in(s.result).union(symbols_in(s.summand), *others)
        plain = len(r.bounds) == 2 and not any(b.has(Quotient, sp.Max, sp.Min) for b in r.bounds)
        if r.index in busy or not plain:
            continue
        low, high = r.lowers[0], r.uppers[0]
        number *= high - low + 1
        left = tuple(x for x in s.ranges if x is not r)
        s = s.with_(ranges=left, guards=(*s.guards, Between(low, low, high)))
    return s, number


def _cells_of(s: IndexedSum, number: sp.Expr, context: Context) -> Iterator[Cell]:
    names = all_names(context, s.indices)
    where = isl_set(context, names, s.indices, domain_text(s, names))
    for part in _inside_or_zero(s, where, context, names):
        for term, points, entries in _ordered(part, s, context, names):
            yield _cell(s, term * number, points, entries, context, names)


def _inside_or_zero(s: IndexedSum, where: isl.Set, context: Context, names: Names) -> list[_Part]:
    """The domain split by which zero-extended entries are inside their arrays; outside they are 0."""
    parts = [_Part(s.summand, where)]
    for a in accesses(s.summand):
        if a.name not in s.extended:
            continue
        inside = isl_set(context, names, s.indices, " and ".join(box_text(a, names, context)) or "true")
        split = []
        for p in parts:
            if not p.term.has(a):
                split.append(p)
                continue
            split.append(_Part(p.term, p.where.intersect(inside)))
            split.append(_Part(p.term.xreplace({a: sp.S.Zero}), p.where.subtract(inside)))
        parts = [p for p in split if p.term != 0 and not p.where.is_empty()]
    if any(p.term.has(sp.nan, sp.zoo) for p in parts):
        raise Unknown("an entry that reads as zero outside its array is divided by there")
    return parts


def _ordered(
    part: _Part, s: IndexedSum, context: Context, names: Names
) -> Iterator[tuple[sp.Expr, isl.Set, tuple[Access, ...]]]:
    """(term, points, entries in order): parts on which the order of the entries of each operand is settled."""
    pending: list[tuple[sp.Expr, isl.Set, tuple[Access, ...], tuple[Access, ...]]] = [
        (part.term, part.where, (), accesses(part.term))
    ]
    made = 0
    while pending:
        term, where, placed, waiting = pending.pop()
        if not waiting:
            yield term, where, placed
            continue
        made += 1
        if made > MOST_CELLS:
            raise Unknown("the entries of one operand can coincide in too many ways")
        first, rest = waiting[0], waiting[1:]
        for position, twin, here in _places(first, placed, where, s, context, names):
            if twin is None:
                pending.append((term, here, (*placed[:position], first, *placed[position:]), rest))
            else:
                pending.append((term.xreplace({first: twin}), here, placed, rest))


def _places(
    a: Access, placed: Sequence[Access], where: isl.Set, s: IndexedSum, context: Context, names: Names
) -> Iterator[tuple[int, Access | None, isl.Set]]:
    """Where `a` goes among the placed entries: (position, the entry it equals, on which part of the domain)."""
    for k, b in enumerate(placed):
        if b.name < a.name:
            continue
        if b.name > a.name:
            yield k, None, where
            return
        before, equal = _compare(a, b, s, context, names)
        less, same = where.intersect(before), where.intersect(equal)
        if not less.is_empty():
            yield k, None, less
        if not same.is_empty():
            yield k, b, same
        where = where.subtract(before).subtract(equal)
        if where.is_empty():
            return
    yield len(placed), None, where


def _compare(a: Access, b: Access, s: IndexedSum, context: Context, names: Names) -> tuple[isl.Set, isl.Set]:
    """The iterations at which the indices of a come before those of b, in lexicographic order, and where they agree."""
    pairs = list(zip(a.indices, b.indices, strict=True))
    same = [f"{affine(e, names)} = {affine(f, names)}" for e, f in pairs]
    less = [" and ".join([*same[:k], f"{affine(e, names)} < {affine(f, names)}"]) for k, (e, f) in enumerate(pairs)]
    before = isl_set(context, names, s.indices, " or ".join(f"({c})" for c in less) or "false")
    return before, isl_set(context, names, s.indices, " and ".join(same) or "true")


def _cell(
    s: IndexedSum, term: sp.Expr, where: isl.Set, entries: Sequence[Access], context: Context, names: Names
) -> Cell:
    target = [*s.result.indices, *(e for a in entries for e in a.indices)]
    function = term.xreplace({a: hole(k) for k, a in enumerate(entries)})
    settled: dict[sp.Symbol, sp.Expr] = {}
    for i in sorted(symbols_in(function) & set(s.indices), key=sort_key):
        at = next((k for k, e in enumerate(target) if _equal_on(i, e, where, s, context, names)), None)
        if at is None:
            at = len(target)
            target.append(i)
        settled[i] = coordinate(at)
    extra = len(target) - len(s.result.indices) - sum(len(a.indices) for a in entries)
    points = isl_map(context, names, s.indices, target, "true").intersect_domain(where)
    if not points.is_injective():
        target, points = _told_apart(s, target, where, context, names)
        extra = len(target) - len(s.result.indices) - sum(len(a.indices) for a in entries)
    key = (s.result.name, tuple(a.name for a in entries), extra)
    return Cell(key, function.xreplace(settled), points.range())


def _equal_on(i: sp.Symbol, e: sp.Expr, where: isl.Set, s: IndexedSum, context: Context, names: Names) -> bool:
    if i == e:
        return True
    same = isl_set(context, names, s.indices, f"{affine(i, names)} = {affine(e, names)}")
    return bool(where.is_subset(same))


def _told_apart(
    s: IndexedSum, target: list[sp.Expr], where: isl.Set, context: Context, names: Names
) -> tuple[list[sp.Expr], isl.Map]:
    """The point with as few further indices as make different iterations different points."""

    def image(extra: Sequence[sp.Symbol]) -> isl.Map:
        return isl_map(context, names, s.indices, [*target, *extra], "true").intersect_domain(where)

    extra = [i for i in s.indices if i not in target]
    for i in list(extra):
        fewer = [x for x in extra if x != i]
        if image(fewer).is_injective():
            extra = fewer
    return [*target, *extra], image(extra)

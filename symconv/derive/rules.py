"""The rules. Each takes a sum to a `Move`: the pieces it becomes, and the change of index that the prover checks.

A rule's docstring is its equation. No rule calls SymPy's `Sum`, `KroneckerDelta`, `solve` or `simplify`: deltas are
solved over the integers here, with divisibility and range kept as visible guards until a rule discharges them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import sympy as sp

from symconv.ir import (
    Access,
    Between,
    CeilDiv,
    Context,
    Divides,
    Equal,
    FloorDiv,
    Guard,
    IndexedSum,
    Move,
    NotApplicable,
    Piece,
    Quot,
    Range,
    symbols_in,
)
from symconv.ir.affine import coefficient, extremes, positive
from symconv.ir.sums import normal

Rule = Callable[[IndexedSum], Move]


def solve(g: Equal, i: sp.Symbol) -> tuple[sp.Expr, sp.Expr]:
    """a i + c = q  <=>  i = (q - c)/a and a | q - c;  returns (q - c, a) with a > 0"""
    a, c = coefficient(g.lhs - g.rhs, i)
    if positive(-a):
        a, c = -a, -c
    if not positive(a):
        raise NotApplicable(f"{i} has coefficient {sp.sstr(a)} in the delta: its sign must be known and not zero")
    return sp.expand(-c), a


def sift(s: IndexedSum, g: Equal, i: sp.Symbol) -> Move:
    """sum_i [a i + c = q] F(i)  =  [a | q - c] [lo <= (q - c)/a <= hi] F((q - c)/a)"""
    num, den = solve(g, i)
    value = Quot(num, den)
    if any(b.has(i) for r in s.ranges for b in r.bounds if r.index != i):
        raise NotApplicable(f"another range depends on {i}")
    divides = (Divides(den, num),) if den != 1 else ()
    inside = tuple(b.map(lambda e: e.xreplace({i: value})) for b in s.range_of(i).guards())
    rest = s.with_(guards=tuple(x for x in s.guards if x != g)).substitute({i: value})
    after = normal(rest.with_(guards=divides + rest.guards + inside))
    return Move(s, (Piece(after, ((i, value),)),))


def sift_all(s: IndexedSum, prefer: Callable[[Sequence[sp.Symbol]], Sequence[sp.Symbol]]) -> Move:
    """Sift every delta that some summed index solves; `prefer` orders the candidates of each.

    A delta that no candidate solves stays where it is: a sum with a bracket is still a right sum.
    """
    move = Move.same(s)
    for _ in range(sum(isinstance(g, Equal) for g in s.guards)):
        move = then(move, partial(_sift_one, prefer=prefer))
    return move


def _sift_one(s: IndexedSum, prefer: Callable[[Sequence[sp.Symbol]], Sequence[sp.Symbol]]) -> Move:
    for g in (g for g in s.guards if isinstance(g, Equal)):
        difference = (g.lhs - g.rhs).free_symbols
        for i in prefer([i for i in s.indices if i in difference]):
            try:
                return sift(s, g, i)
            except NotApplicable:
                continue
    return Move.same(s)


def discharge(s: IndexedSum) -> Move:
    """[lo <= e <= hi] F = F where e stays within lo..hi while its indices range;  [e = e] = 1;  [a | a e] = 1"""
    ranges = {r.index: r for r in s.ranges}
    boxes = {i: r for i, r in ranges.items() if not r.symbols & set(ranges)}

    def trivial(g: Guard) -> bool:
        if isinstance(g, Equal):
            return bool(g.lhs == g.rhs)
        if isinstance(g, Divides):
            return not Quot(g.num, g.den).has(Quot) or g.den == 1
        if g.e in ranges and g.lo in ranges[g.e].lowers and g.hi in ranges[g.e].uppers:
            return True
        return _never_negative(g.e - g.lo, boxes) and _never_negative(g.hi - g.e, boxes)

    return Move(s, (Piece(s.with_(guards=tuple(g for g in s.guards if not trivial(g)))),))


def _never_negative(e: sp.Expr, boxes: Mapping[sp.Symbol, Range]) -> bool:
    """Is the least value of `e`, while its indices range over their boxes, known not to be negative?"""
    try:
        least, _ = extremes(e, {i: r for i, r in boxes.items() if e.has(i)})
    except NotApplicable:
        return False
    return least.is_nonnegative is True


def extend_by_zero(s: IndexedSum, name: str, context: Context) -> Move:
    """[0 <= e < n] A[e] = A[e], with A read as zero outside its box.

    Any other operand that was inside its box thanks to that guard is read as zero outside as well, where a zero of it
    makes the term vanish; where it does not (a divisor), the guard has to stay.
    """
    reads = [a for a in s.reads() if a.name == name]
    if len(reads) != 1:
        raise NotApplicable(f"{name} is not read exactly once")
    box = [Between(sp.S.Zero, i, n - 1) for i, n in zip(reads[0].indices, context.shape(name), strict=True)]
    dropped = [g for g in s.guards if g in box]
    if not dropped:
        raise NotApplicable(f"no guard keeps {name} inside its box")
    leaning = [a for a in s.reads() if a.name != name and _leans_on(a, dropped, s, context)]
    for a in leaning:
        if a.name not in s.extended and s.summand.xreplace({a: sp.S.Zero}) != 0:
            raise NotApplicable(f"{a.name} is kept inside its box by the guard too, and cannot be read as zero outside")
    kept = tuple(g for g in s.guards if g not in dropped)
    return Move(s, (Piece(s.with_(guards=kept, extended=s.extended | {name} | {a.name for a in leaning})),))


def _leans_on(a: Access, guards: Sequence[Guard], s: IndexedSum, context: Context) -> bool:
    """May the access leave its box without the guards? Not where its indices are free of them, or range over axes."""
    ranges = {r.index: r for r in s.ranges}
    held = frozenset().union(*(g.symbols for g in guards)) & set(s.indices)

    def safe(e: sp.Expr, n: sp.Expr) -> bool:
        if not symbols_in(e) & held:
            return True
        return e in ranges and sp.S.Zero in ranges[e].lowers and n - 1 in ranges[e].uppers

    return not all(safe(e, n) for e, n in zip(a.indices, context.shape(a.name), strict=True))


def reindex(s: IndexedSum, i: sp.Symbol) -> Move:
    """sum_{i=lo}^{hi} F(i)  =  sum_{i=lo}^{hi} F(lo + hi - i)"""
    r = s.range_of(i)
    if len(r.lowers) != 1 or len(r.uppers) != 1:
        raise NotApplicable(f"the range of {i} has more than one bound")
    mirrored = r.lowers[0] + r.uppers[0] - i
    inner = s.with_(ranges=tuple(x for x in s.ranges if x.index != i)).substitute({i: mirrored})
    after = inner.with_(ranges=tuple(r if x.index == i else x for x in s.ranges))
    return Move(s, (Piece(after, ((i, mirrored),), ((i, mirrored),)),))


def collapse(s: IndexedSum) -> Move:
    """sum_{i=c}^{c} F(i) = F(c)"""
    points = {r.index: r.lowers[0] for r in s.reduced if r.lowers == r.uppers and len(r.lowers) == 1}
    if not points:
        raise NotApplicable("no range is a single point")
    return Move(s, (Piece(normal(s.substitute(points)), tuple(points.items())),))


def tighten(s: IndexedSum, i: sp.Symbol) -> Move:
    """[lo <= (c + a i)/b <= hi], i in R  <=>  i in R with ceil((b lo - c)/a) <= i <= floor((b hi - c)/a),  a > 0"""
    r = s.range_of(i)
    lowers, uppers, kept = list(r.lowers), list(r.uppers), []
    earlier = set(s.indices[: s.indices.index(i)])
    for g in s.guards:
        bounds = _bounds(g, i) if isinstance(g, Between) and g.e.has(i) else None
        if bounds is None or not (bounds[0].free_symbols | bounds[1].free_symbols) & set(s.indices) <= earlier:
            kept.append(g)
            continue
        lowers.append(bounds[0])
        uppers.append(bounds[1])
    tight = Range(i, tuple(lowers), tuple(uppers))
    return Move(s, (Piece(s.with_(ranges=tuple(tight if x is r else x for x in s.ranges), guards=tuple(kept))),))


def _bounds(g: Between, i: sp.Symbol) -> tuple[sp.Expr, sp.Expr] | None:
    num, den = (g.e.num, g.e.den) if isinstance(g.e, Quot) else (g.e, sp.S.One)
    try:
        a, c = coefficient(num, i)
    except NotApplicable:
        return None
    low, high = den * g.lo - c, den * g.hi - c
    if positive(-a):
        a, low, high = -a, -high, -low
    return (CeilDiv(low, a), FloorDiv(high, a)) if positive(a) else None


def then(move: Move, rule: Rule) -> Move:
    """Apply `rule` to every piece that `move` ends in."""
    return replace(move, pieces=tuple(_moved_on(piece, rule) for piece in move.pieces))


def _moved_on(piece: Piece, rule: Rule) -> Piece:
    if piece.next is not None:
        return replace(piece, next=then(piece.next, rule))
    further = rule(piece.after)
    return piece if further.after == (piece.after,) else replace(piece, next=further)


def attempt(rule: Rule) -> Rule:
    """`rule` where it applies, otherwise the sum as it is."""

    def tried(s: IndexedSum) -> Move:
        try:
            return rule(s)
        except NotApplicable:
            return Move.same(s)

    return tried

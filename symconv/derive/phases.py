"""Splitting by residue: how a strided input gradient loses its divisibility conditions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from math import gcd

import sympy as sp

from symconv.derive.rules import attempt, collapse, then
from symconv.ir import CeilDiv, Divides, FloorDiv, IndexedSum, Move, NotApplicable, Piece, Range, fresh
from symconv.ir.affine import coefficient
from symconv.ir.sums import normal

# A layer has stride^rank phases; past this many a reader gains nothing from seeing them written out.
MOST_PHASES = 64


@dataclass(frozen=True)
class _Split:
    """[s | q + p - d m] with numeric s and d: q is a result index, m a summed one (None where d = 0)."""

    guard: Divides
    stride: int
    q: sp.Symbol
    p: sp.Expr
    m: sp.Symbol | None
    d: int


def residue_taps(stride: int, dilation: int, residue: int) -> tuple[int | None, int]:
    """(first, step) of the taps m >= 0 with d m = residue (mod s); first is None where gcd(s, d) does not divide it."""
    step = stride // gcd(stride, dilation)
    return next((m for m in range(step) if (residue - dilation * m) % stride == 0), None), step


def by_residue(s: IndexedSum) -> Move:
    """[s | q + p - d m] F(q, m)  =  the phases q = s t + r - p, m = (s/gcd(s, d)) u + m_r, for r = 0 .. s-1.

    A residue that no tap reaches is a phase whose gradient is zero; it is written as such.
    """
    move = Move.same(s)
    count = 1
    for guard in (g for g in s.guards if isinstance(g, Divides)):
        count *= int(guard.den) if guard.den.is_Integer else MOST_PHASES + 1
        if count > MOST_PHASES:
            raise NotApplicable("the stride is symbolic, or there are too many phases to write out")
        q = _read(guard, s).q
        move = then(move, partial(_split_one, q=q))
    if count == 1:
        raise NotApplicable("no divisibility condition")
    return then(move, attempt(collapse))


def _split_one(s: IndexedSum, q: sp.Symbol) -> Move:
    guard = next((g for g in s.guards if isinstance(g, Divides) and g.num.has(q)), None)
    if guard is None:
        return Move.same(s)
    split = _read(guard, s)
    return Move(s, tuple(_phase(s, split, r) for r in range(split.stride)))


def _read(guard: Divides, s: IndexedSum) -> _Split:
    if not guard.den.is_Integer:
        raise NotApplicable("phases need a numeric stride")
    results = [i for i in s.result.indices if i.is_Symbol and guard.num.has(i)]
    summed = [r.index for r in s.reduced if guard.num.has(r.index)]
    if len(results) != 1 or len(summed) > 1:
        raise NotApplicable(f"{sp.sstr(guard.num)} does not couple one result index with one summed index")
    one, rest = coefficient(guard.num, results[0])
    minus_d, p = coefficient(rest, summed[0]) if summed else (sp.S.Zero, rest)
    if abs(one) != 1 or not minus_d.is_Integer:
        raise NotApplicable(f"{sp.sstr(guard.num)} is not q + p - d m with numeric d")
    return _Split(guard, int(guard.den), results[0], one * p, summed[0] if summed else None, -int(one * minus_d))


def _phase(s: IndexedSum, split: _Split, residue: int) -> Piece:
    t = fresh(f"t_{split.q.name.rstrip(chr(39))}", s.names)
    q = split.stride * t + residue - split.p
    values, ranges = {split.q: q}, {split.q: _coarse(s.range_of(split.q), t, split.stride, residue - split.p)}
    inverse = {t: FloorDiv(split.q + split.p - residue, split.stride)}
    start, step = residue_taps(split.stride, split.d, residue)
    if start is None:
        return _empty_phase(s, split, values, ranges)
    if split.m is not None:
        u = fresh(f"u_{split.m.name.rstrip(chr(39))}", s.names | {t.name})
        values[split.m] = step * u + start
        ranges[split.m] = _coarse(s.range_of(split.m), u, step, sp.Integer(start))
        inverse[u] = FloorDiv(split.m - start, step)
    return Piece(_substituted(s, split, values, ranges), tuple(values.items()), tuple(inverse.items()))


def _empty_phase(
    s: IndexedSum, split: _Split, values: dict[sp.Symbol, sp.Expr], ranges: dict[sp.Symbol, Range]
) -> Piece:
    """The phase no tap reaches: dx[s t + r - p] += 0, over the parallel indices only."""
    bare = s.with_(ranges=s.parallel, guards=(), summand=sp.S.Zero)
    return Piece(_substituted(bare, split, values, ranges), tuple(values.items()))


def _coarse(r: Range, fine: sp.Symbol, step: int, shift: sp.Expr) -> Range:
    """The range of `fine` that makes step * fine + shift run through r."""
    lowers = tuple(CeilDiv(low - shift, sp.Integer(step)) for low in r.lowers)
    uppers = tuple(FloorDiv(high - shift, sp.Integer(step)) for high in r.uppers)
    return Range(fine, lowers, uppers)


def _substituted(
    s: IndexedSum, split: _Split, values: dict[sp.Symbol, sp.Expr], ranges: dict[sp.Symbol, Range]
) -> IndexedSum:
    def put(e: sp.Expr) -> sp.Expr:
        return e.xreplace(values)

    return normal(
        IndexedSum(
            put(s.result),
            tuple(ranges.get(r.index, r).map(put) for r in s.ranges),
            tuple(g.map(put) for g in s.guards if g != split.guard),
            put(s.summand),
            s.extended,
        )
    )

"""Integer arithmetic on index expressions: cancelling named quotients, and the extremes of an affine form on a box."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import sympy as sp

from symconv.ir import Access, IndexedSum, NotApplicable, Quot, Range, linear


@lru_cache(maxsize=1 << 13)
def _has_quotient(e: sp.Expr) -> bool:
    return bool(e.has(Quot))


@lru_cache(maxsize=1 << 12)
def cancel(e: sp.Expr) -> sp.Expr:
    """c Quot(a, b) = (c/b) a where b | c: the guard of the quotient makes this exact (s ((q-m)/s) + m = q)"""
    if not _has_quotient(e):
        return e
    accesses = e.atoms(Access)
    if accesses:
        return e.xreplace({a: Access(a.args[0], *map(_cancel_index, a.indices)) for a in accesses})
    return _cancel_index(e)


def _cancel_index(e: sp.Expr) -> sp.Expr:
    return sp.expand(sp.Add(*map(_cancel_term, sp.Add.make_args(sp.expand(e))))) if e.has(Quot) else e


def _cancel_term(term: sp.Expr) -> sp.Expr:
    quotient = next((f for f in sp.Mul.make_args(term) if isinstance(f, Quot)), None)
    if quotient is None:
        return term
    factor = Quot(term / quotient, quotient.den)
    return term if factor.has(Quot) else factor * quotient.num


def normal(s: IndexedSum) -> IndexedSum:
    """The sum with every cancelling quotient cancelled."""
    return s.map(cancel) if any(map(_has_quotient, s.expressions())) else s


def coefficient(e: sp.Expr, i: sp.Symbol) -> tuple[sp.Expr, sp.Expr]:
    """(a, c) with e = a i + c; `NotApplicable` where e is not affine in i."""
    parts = linear(e, i)
    if parts is None:
        raise NotApplicable(f"{sp.sstr(e)} is not affine in {i}")
    return parts


def positive(a: sp.Expr) -> bool:
    """Is `a` known to be positive?"""
    return a.is_positive is True


def extremes(e: sp.Expr, ranges: Mapping[sp.Symbol, Range]) -> tuple[sp.Expr, sp.Expr]:
    """(least, greatest) value of the affine `e` while the given indices run over their ranges, each non-empty.

    >>> from symconv.ir import index, size
    >>> m, k = index("m"), size("k")
    >>> extremes(3 - 2 * m, {m: Range.box(m, k)})
    (5 - 2*k, 3)
    """
    low = high = sp.expand(e)
    for i, r in ranges.items():
        a, _ = coefficient(e, i)
        if a == 0:
            continue
        if len(r.lowers) != 1 or len(r.uppers) != 1:
            raise NotApplicable(f"the range of {i} has more than one bound")
        first, last = (r.lowers[0], r.uppers[0]) if positive(a) else (r.uppers[0], r.lowers[0])
        if not positive(a) and not positive(-a):
            raise NotApplicable(f"the sign of {sp.sstr(a)} is not known")
        low, high = low.xreplace({i: first}), high.xreplace({i: last})
    return sp.expand(low), sp.expand(high)

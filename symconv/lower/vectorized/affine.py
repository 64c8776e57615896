"""Index expressions as `step * index + offset`, their bounds over boxes, and what is known to hold of sizes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Set
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import sympy as sp

from symconv.ir import Between, Context, Equal, FloorDiv, NotApplicable, Range, symbols_in


@dataclass(frozen=True)
class Reach:
    """What one axis of an operand sees of one index: step * index + offset; the entry `offset` where index is None."""

    index: sp.Symbol | None
    step: int
    offset: sp.Expr


def reach(e: sp.Expr, indices: Set[sp.Symbol]) -> Reach:
    """`e` in terms of the one index of `indices` that it mentions; `NotApplicable` where it mentions several."""
    if not symbols_in(e) & indices:
        return Reach(None, 0, e)
    steps, rest = moves(e, indices)
    if len(steps) > 1:
        raise NotApplicable(f"{sp.sstr(e)} couples {', '.join(sorted(map(str, steps)))}")
    ((i, step),) = steps.items()
    return Reach(i, step, rest)


def moves(e: sp.Expr, indices: Collection[sp.Symbol]) -> tuple[dict[sp.Symbol, int], sp.Expr]:
    """The numeric coefficient of each index that an affine expression mentions, and the rest."""
    if e in indices:
        return {e: 1}, sp.S.Zero
    if symbols_in(e).isdisjoint(indices):
        return {}, e
    steps, rest = {}, []
    for atom, k in linear_form(sp.expand(e)).items():
        if atom in indices and k.denominator == 1 and k:
            steps[atom] = int(k)
        elif atom is not None and not symbols_in(atom).isdisjoint(indices):
            raise NotApplicable(f"{sp.sstr(e)} is no sum of multiples of indices and a constant")
        else:
            rest.append(sp.Rational(k.numerator, k.denominator) * (sp.S.One if atom is None else atom))
    return steps, sp.Add(*rest)


def numeric(r: Range) -> bool:
    """Does the index run from one number to another?"""
    return all(b.is_Integer for b in r.bounds)


def count(r: Range) -> int | None:
    """How many values a numeric range has; None where its bounds are symbolic."""
    if not numeric(r):
        return None
    return max(0, int(min(r.uppers)) - int(max(r.lowers)) + 1)


def extent(r: Range) -> sp.Expr:
    """The number of values between the bounds; negative for some sizes where the range may be empty."""
    return sp.expand(r.upper - r.lower + 1)


def reaches_from(
    e: sp.Expr, ranges: Mapping[sp.Symbol, Range], indices: Collection[sp.Symbol]
) -> tuple[sp.Expr, sp.Expr]:
    """(least, greatest) of an affine expression while its indices run over ranges whose bounds mention sizes only."""
    steps, rest = moves(e, indices)
    low = high = rest
    for i, step in steps.items():
        first, last = ranges[i].lower, ranges[i].upper
        if step < 0:
            first, last = last, first
        low, high = low + step * first, high + step * last
    return sp.expand(low), sp.expand(high)


def never_negative(e: sp.Expr, context: Context, taps: Iterable[Range] = ()) -> bool:
    """Is `e` known not to be negative, at the worst taps, with the help of at most one assumption on the sizes?"""
    tapped = {r.index: r for r in taps if r.index in symbols_in(e)}
    try:
        least, _ = reaches_from(e, tapped, tapped)
    except NotApplicable:
        return False
    form = linear_form(least)
    return _plainly(form) or any(_plainly(_minus(form, slack)) for slack in _slacks(context.assumptions))


# A linear form: coefficients of symbols and quotients; the constant is that of None.
_Form = dict[sp.Expr | None, Fraction]


@lru_cache(maxsize=1 << 13)
def linear_form(e: sp.Expr) -> _Form:
    """The terms of an expression that is multiplied out."""
    out: _Form = {}
    for term in sp.Add.make_args(e):
        coefficient, atom = term.as_coeff_Mul()
        if not coefficient.is_Rational:
            coefficient, atom = sp.S.One, term
        key = None if atom == 1 else atom
        out[key] = out.get(key, Fraction(0)) + Fraction(int(coefficient.p), int(coefficient.q))
    return out


def _minus(a: _Form, b: _Form) -> _Form:
    return {key: a.get(key, Fraction(0)) - b.get(key, Fraction(0)) for key in {*a, *b}}


@lru_cache(maxsize=1 << 8)
def _slacks(assumptions: tuple[Between | Equal, ...]) -> tuple[_Form, ...]:
    """What the assumptions say is not negative."""
    pairs = [(a.hi - a.e, a.e - a.lo) for a in assumptions if isinstance(a, Between)]
    return tuple(linear_form(sp.expand(e)) for pair in pairs for e in pair)


def _plainly(form: _Form) -> bool:
    """Is it not negative with every symbol at its least value, and every quotient at its worst?"""
    least = Fraction(0)
    opened = dict(form)
    for atom, k in form.items():
        if isinstance(atom, FloorDiv) and atom.den.is_Integer:
            # (n - m + 1)/m <= floor(n/m) <= n/m
            del opened[atom]
            share, m = k / int(atom.den), int(atom.den)
            for inner, c in linear_form(atom.num).items():
                opened[inner] = opened.get(inner, Fraction(0)) + share * c
            opened[None] = opened.get(None, Fraction(0)) - (share * (m - 1) if k > 0 else 0)
    for atom, k in opened.items():
        if atom is not None and k and not (k > 0 and atom.is_Symbol and atom.is_nonnegative):
            return False
        least += k * (1 if atom is None or atom.is_positive else 0)
    return least >= 0

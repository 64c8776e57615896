"""Affine forms of index expressions: the only home of them.

Coefficients, extremes over boxes, what is known never to be negative, which entries an expression addresses, and named
quotients that cancel. Expressions are integer combinations of indices, sizes and quotients; a form that is not affine
in what is asked about raises `NotApplicable`, or is None where that is said.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import sympy as sp

from symconv.ir.domain import Between, Equal, Range, symbols_in
from symconv.ir.errors import NotApplicable
from symconv.ir.nodes import Access, FloorDiv, Quot, Quotient


class NotAffine(ValueError):
    """An index expression that is no integer combination of indices and sizes."""


def is_affine(e: sp.Expr, indices: Set[sp.Symbol]) -> bool:
    """Is `e` affine in `indices`, with coefficients free of them? Quotients of affine expressions count."""
    if e.is_Symbol or not symbols_in(e) & indices:
        return True
    if e.is_Add or isinstance(e, (sp.Max, sp.Min)):
        return all(is_affine(a, indices) for a in e.args)
    if e.is_Mul:
        inside = [a for a in e.args if symbols_in(a) & indices]
        return len(inside) == 1 and is_affine(inside[0], indices)
    if isinstance(e, Quotient):
        return not symbols_in(e.den) & indices and is_affine(e.num, indices)
    return False


def linear(e: sp.Expr, i: sp.Symbol) -> tuple[sp.Expr, sp.Expr] | None:
    """(a, c) with e = a i + c and both free of i; None where there is no such pair (i stands inside a quotient).

    >>> from symconv.ir.symbols import index, size
    >>> i, s = index("i"), size("s")
    >>> linear(s * i + 2 * i - 1, i), linear(FloorDiv(i, 2), i)
    ((s + 2, -1), None)
    """
    e = sp.expand(e)
    a = e.coeff(i, 1)
    c = sp.expand(e - a * i)
    return None if a.has(i) or c.has(i) else (a, c)


def coefficient(e: sp.Expr, i: sp.Symbol) -> tuple[sp.Expr, sp.Expr]:
    """(a, c) with e = a i + c; `NotApplicable` where e is not affine in i."""
    parts = linear(e, i)
    if parts is None:
        raise NotApplicable(f"{sp.sstr(e)} is not affine in {i}")
    return parts


def coefficients(e: sp.Expr, indices: Collection[sp.Symbol]) -> tuple[dict[sp.Symbol, int], sp.Expr]:
    """The numeric coefficient of each index that `e` mentions, by name, and the rest.

    >>> from symconv.ir.symbols import index, size
    >>> coefficients(2 * index("o") - index("k") + size("H"), {index("o"), index("k")})
    ({k: -1, o: 2}, H)
    """
    if e in indices:
        return {e: 1}, sp.S.Zero
    if symbols_in(e).isdisjoint(indices):
        return {}, e
    found: dict[sp.Symbol, int] = {}
    rest = []
    for atom, k in _form(sp.expand(e)).items():
        if atom in indices and k.denominator == 1 and k:
            found[atom] = int(k)
        elif atom is not None and not symbols_in(atom).isdisjoint(indices):
            raise NotApplicable(f"{sp.sstr(e)} is no sum of multiples of indices and a constant")
        else:
            rest.append(sp.Rational(k.numerator, k.denominator) * (sp.S.One if atom is None else atom))
    return {i: found[i] for i in sorted(found, key=lambda i: i.name)}, sp.Add(*rest)


@dataclass(frozen=True)
class AxisMap:
    """Which entry of an axis one index reads: step * index + offset; the entry `offset` where index is None."""

    index: sp.Symbol | None
    step: int
    offset: sp.Expr


def axis_map(e: sp.Expr, indices: Set[sp.Symbol]) -> AxisMap:
    """`e` in terms of the one index of `indices` that it mentions; `NotApplicable` where it mentions several."""
    steps, rest = coefficients(e, indices)
    if not steps:
        return AxisMap(None, 0, rest)
    if len(steps) > 1:
        raise NotApplicable(f"{sp.sstr(e)} couples {', '.join(sorted(map(str, steps)))}")
    ((i, step),) = steps.items()
    return AxisMap(i, step, rest)


def positive(a: sp.Expr) -> bool:
    """Is `a` known to be positive?"""
    return a.is_positive is True


def extremes(e: sp.Expr, ranges: Mapping[sp.Symbol, Range]) -> tuple[sp.Expr, sp.Expr]:
    """(least, greatest) value of the affine `e` while the given indices run over their ranges, each non-empty.

    >>> from symconv.ir.symbols import index, size
    >>> m, k = index("m"), size("k")
    >>> extremes(3 - 2 * m, {m: Range.box(m, k)})
    (5 - 2*k, 3)
    """
    low = high = sp.expand(e)
    for i, r in ranges.items():
        if i not in symbols_in(e):
            continue
        a, _ = coefficient(e, i)
        first, last = r.lower, r.upper
        if positive(-a):
            first, last = last, first
        elif not positive(a):
            raise NotApplicable(f"the sign of {sp.sstr(a)} is not known")
        low, high = low.xreplace({i: first}), high.xreplace({i: last})
    return sp.expand(low), sp.expand(high)


# The terms of an expression: coefficients of symbols and quotients; the constant is that of None.
_Form = dict[sp.Expr | None, Fraction]


@lru_cache(maxsize=1 << 13)
def _form(e: sp.Expr) -> _Form:
    """The terms of an expression that is multiplied out."""
    out: _Form = {}
    for term in sp.Add.make_args(e):
        number, atom = term.as_coeff_Mul()
        if not number.is_Rational:
            number, atom = sp.S.One, term
        key = None if atom == 1 else atom
        out[key] = out.get(key, Fraction(0)) + Fraction(int(number.p), int(number.q))
    return out


Known = tuple[Between | Equal, ...]


def never_negative(e: sp.Expr, known: Known = (), taps: Iterable[Range] = ()) -> bool:
    """Is `e` known not to be negative, at the worst taps, with the help of at most one assumption on the sizes?

    >>> from symconv.ir.symbols import index, size
    >>> H, K, m = size("H"), size("K"), index("m")
    >>> fits = (Between(sp.S.One, K, H),)
    >>> never_negative(H - 1 - m, fits, [Range.box(m, K)]), never_negative(H - 2, fits)
    (True, False)
    """
    try:
        least, _ = extremes(e, {r.index: r for r in taps})
    except NotApplicable:
        return False
    form = _form(least)
    return _plainly(form) or any(_plainly(_minus(form, slack)) for slack in _slacks(known))


def _minus(a: _Form, b: _Form) -> _Form:
    return {key: a.get(key, Fraction(0)) - b.get(key, Fraction(0)) for key in {*a, *b}}


@lru_cache(maxsize=1 << 8)
def _slacks(known: Known) -> tuple[_Form, ...]:
    """What the assumptions say is not negative."""
    pairs = [(a.hi - a.e, a.e - a.lo) for a in known if isinstance(a, Between)]
    return tuple(_form(sp.expand(e)) for pair in pairs for e in pair)


def _plainly(form: _Form) -> bool:
    """Is it not negative with every symbol at its least value, and every quotient at its worst?"""
    least = Fraction(0)
    opened = dict(form)
    for atom, k in form.items():
        if isinstance(atom, FloorDiv) and atom.den.is_Integer:
            # (n - m + 1)/m <= floor(n/m) <= n/m
            del opened[atom]
            share, m = k / int(atom.den), int(atom.den)
            for inner, c in _form(atom.num).items():
                opened[inner] = opened.get(inner, Fraction(0)) + share * c
            opened[None] = opened.get(None, Fraction(0)) - (share * (m - 1) if k > 0 else 0)
    for atom, k in opened.items():
        if atom is not None and k and not (k > 0 and atom.is_Symbol and atom.is_nonnegative):
            return False
        least += k * (1 if atom is None or atom.is_positive else 0)
    return least >= 0


def addresses_once(entry: Sequence[sp.Expr], indices: Collection[sp.Symbol]) -> bool:
    """Do different indices give different entries? Found by solving one index at a time.

    >>> from symconv.ir.symbols import index
    >>> i, m = index("i"), index("m")
    >>> addresses_once([i, i + m], [i, m]), addresses_once([2 * i + m], [i, m])
    (True, False)
    """
    unknown = set(indices)
    progress = True
    while unknown and progress:
        progress = False
        for e in entry:
            here = symbols_in(e) & unknown
            if len(here) == 1 and linear(e, next(iter(here))) is not None:
                unknown -= here
                progress = True
    return not unknown


def residues_differ(e: sp.Expr, f: sp.Expr, indices: Collection[sp.Symbol]) -> bool:
    """Are e and f never equal, whatever the indices of each, since they differ modulo what divides all their strides?

    >>> from symconv.ir.symbols import index
    >>> t = index("t")
    >>> residues_differ(2 * t, 4 * t - 1, [t]), residues_differ(2 * t, 2 * t + 2, [t])
    (True, False)
    """
    common = sp.S.Zero
    for x in (e, f):
        for i in symbols_in(x) & set(indices):
            parts = linear(x, i)
            if parts is None or not parts[0].is_Integer:
                return False
            common = sp.gcd(common, parts[0])
    apart = sp.expand(e - f).xreplace(dict.fromkeys(indices, sp.S.Zero))
    return bool(apart.is_Integer and (apart % common != 0 if common else apart != 0))


@lru_cache(maxsize=1 << 13)
def has_quotient(e: sp.Expr) -> bool:
    """Does an exact quotient stand in it?"""
    return bool(e.has(Quot))


@lru_cache(maxsize=1 << 12)
def cancel(e: sp.Expr) -> sp.Expr:
    """c Quot(a, b) = (c/b) a where b | c: the guard of the quotient makes this exact.

    >>> from symconv.ir.symbols import index, size
    >>> q, m, s = index("q"), index("m"), size("s")
    >>> cancel(s * Quot(q - m, s) + m)
    q
    """
    if not has_quotient(e):
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

"""The decision: an expression vanishes where it does in every combination of the signs that matter."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from fractions import Fraction

import sympy as sp

from symconv.ir import Condition, Select, Sign, Unknown
from symconv.ir.budget import MOST_CASES, MOST_ROWS, check_size
from symconv.prove.scalars.conditions import conditions
from symconv.prove.scalars.normal import Generators, Normal, Signs, Split, Undefined, factors

_ALLOWED = {Sign.POSITIVE: (1,), Sign.NONNEGATIVE: (1, 0), Sign.NONZERO: (1, -1)}
_MOST_PASSES = 6
_Product = tuple[int, list[tuple[sp.Expr, int]], tuple[int, ...]]  # way, factors with exponents, allowed signs
_Row = tuple[dict[sp.Expr, Fraction], Fraction, bool]


@dataclass
class _Search:
    """One question: what each factor's sign may be, whether 0 is a case of its own, and the cases left to look at.

    products: what the sign of a product of factors must be. shown: has some case been decided in which the expression
    has a value?
    """

    allowed: Mapping[sp.Expr, tuple[int, ...]]
    products: Sequence[_Product]
    strict: bool
    left: int = MOST_CASES
    shown: bool = False


def vanishes(e: sp.Expr, given: Sequence[Condition] = ()) -> bool:
    """Is `e` zero at every real point where it is defined and the conditions hold? False: it is not shown to be.

    Raises `Unknown` where that is too much work.
    """
    if e == 0:
        return True
    check_size(e)
    if rational_polynomial(e):
        return bool(sp.expand(e) == 0)
    # Where everything is continuous a value at 0 belongs to both sides; a step needs a case of its own.
    strict = e.has(Select, sp.sign)
    known = (*given, *conditions(e))
    search = _Search(_allowed(known), _products(known), strict)
    try:
        return _zero(e, {}, search) and search.shown
    except (sp.PolynomialError, ArithmeticError, NotImplementedError, TypeError, ValueError) as error:
        # SymPy refuses to compare or divide some numbers while it rebuilds an expression; its message may not print.
        raise Unknown(f"the algebra gave up ({type(error).__name__})") from None


def rational_polynomial(e: sp.Expr) -> bool:
    """Rational numbers and symbols, added, multiplied and raised to whole powers: multiplying out decides."""
    if e.is_Symbol or e.is_Rational:
        return True
    if e.is_Pow:
        return e.exp.is_Integer and e.exp > 0 and rational_polynomial(e.base)
    return (e.is_Add or e.is_Mul) and all(map(rational_polynomial, e.args))


def _allowed(given: Sequence[Condition]) -> dict[sp.Expr, tuple[int, ...]]:
    """What the conditions say of single irreducible factors."""
    out: dict[sp.Expr, tuple[int, ...]] = {}
    for c in given:
        u = c.expression
        if not u.free_symbols or not u.is_rational_function(*u.free_symbols):
            continue
        number, found = factors(u)
        if c.sign is Sign.NONZERO:
            for f, _ in found:
                out[f] = tuple(s for s in out.get(f, (1, -1, 0)) if s)
        elif len(found) == 1 and abs(found[0][1]) == 1:
            way = 1 if number > 0 else -1
            signs = tuple(way * s for s in _ALLOWED[c.sign])
            out[found[0][0]] = tuple(s for s in signs if s in out.get(found[0][0], (1, -1, 0)))
    return out


def _products(given: Sequence[Condition]) -> list[_Product]:
    """What the conditions say of several factors at once, such as b c >= 0."""
    out = []
    for c in given:
        u = c.expression
        if u.free_symbols and u.is_rational_function(*u.free_symbols):
            number, found = factors(u)
            if len(found) > 1 and number != 0:
                out.append((1 if number > 0 else -1, found, _ALLOWED[c.sign]))
    return out


def _excluded(signs: Signs, products: Sequence[_Product]) -> bool:
    """Do the signs contradict a condition on a product?"""
    for way, found, allowed in products:
        if all(f in signs for f, _ in found):
            side = way * math.prod(signs[f] if n % 2 else signs[f] ** 2 for f, n in found)
            if side not in allowed:
                return True
    return False


def _zero(e: sp.Expr, signs: Signs, search: _Search) -> bool:
    search.left -= 1
    if search.left < 0:
        raise Unknown(f"more than {MOST_CASES} combinations of signs")
    try:
        normal, value = _settled(e, signs, search.strict)
    except Split as split:
        return all(_case(e, signs, split.factor, side, search) for side in _sides(split.factor, search))
    except Undefined:
        return True
    zeros = [f for f, side in signs.items() if side == 0]
    try:
        zero = normal.is_zero(value) or any(normal.is_multiple(value, f) for f in zeros)
    except Undefined:
        return True
    search.shown = True
    return zero


def _sides(f: sp.Expr, search: _Search) -> tuple[int, ...]:
    sides = search.allowed.get(f, (1, -1, 0))
    return sides if search.strict else tuple(s for s in sides if s)


def _case(e: sp.Expr, signs: Signs, f: sp.Expr, side: int, search: _Search) -> bool:
    """The expression where f has that sign; a case that cannot be is one in which nothing is to be shown."""
    further = {**signs, f: side}
    if len(further) > 1 and (_excluded(further, search.products) or not feasible(further)):
        return True
    solved = _solved(f, e.free_symbols) if side == 0 else None
    if solved is None:
        return _zero(e, further, search)
    put = dict([solved])
    rest = _put_signs(signs, put)
    return rest is None or _zero(e.xreplace(put), rest, search)


def _solved(f: sp.Expr, known: Set[sp.Symbol]) -> tuple[sp.Symbol, sp.Expr] | None:
    """(v, value) with f = 0 exactly where v = value: v is no generator, and occurs linearly with a number before it."""
    if not f.free_symbols <= known:
        return None
    for v in sorted(f.free_symbols, key=lambda s: s.name):
        a = f.coeff(v, 1)
        rest = sp.expand(f - a * v)
        if a.is_Rational and a != 0 and not rest.has(v):
            return v, -rest / a
    return None


def _put_signs(signs: Signs, put: Mapping[sp.Symbol, sp.Expr]) -> dict[sp.Expr, int] | None:
    """The signs after a substitution; None where they cannot be."""
    out: dict[sp.Expr, int] = {}
    for f, side in signs.items():
        number, found = factors(sp.expand(f.xreplace(put)))
        way = 1 if number > 0 else -1 if number < 0 else 0
        if not found or way == 0:
            if way != side:
                return None
        elif len(found) == 1 and found[0][1] == 1:
            out[found[0][0]] = side * way
    return out


def _settled(e: sp.Expr, signs: Signs, strict: bool) -> tuple[Normal, sp.Expr]:
    """The normal form once the units of exponentials, roots and angles are fine enough."""
    generators = Generators()
    for _ in range(_MOST_PASSES):
        before = dict(generators.units)
        normal = Normal(signs, generators, strict)
        value = normal(e)
        if generators.units == before:
            return normal, value
    raise Unknown("the exponents of one expression have no common unit")


def feasible(signs: Signs) -> bool:
    """May the factors have these signs at once? No, if a linear combination shows it; a monomial is a variable."""
    rows: list[_Row] = []
    for f, side in signs.items():
        terms = dict(sp.expand(f).as_coefficients_dict())
        constant = Fraction(*_pair(terms.pop(sp.S.One, sp.S.Zero)))
        row = {m: Fraction(*_pair(c)) for m, c in terms.items()}
        flipped = {m: -c for m, c in row.items()}
        rows += [(row, constant, side != 0)] if side >= 0 else []
        rows += [(flipped, -constant, side != 0)] if side <= 0 else []
    for m in {m for row, _, _ in rows for m in row}:
        parts = [x.as_base_exp() for x in sp.Mul.make_args(m)]
        if all(b.is_positive or (n.is_Integer and n % 2 == 0) for b, n in parts):
            rows.append(({m: Fraction(1)}, Fraction(0), all(b.is_positive for b, _ in parts)))
    return _satisfiable(rows)


def _pair(c: sp.Rational) -> tuple[int, int]:
    return int(c.p), int(c.q)


def _satisfiable(rows: list[_Row]) -> bool:
    """Fourier-Motzkin: is there a rational point with every  row . m + constant  > 0 (strict) or >= 0?"""
    while True:
        left = next((m for row, _, _ in rows for m in row), None)
        if left is None:
            return all(c > 0 or (c == 0 and not strict) for _, c, strict in rows)
        up = [r for r in rows if r[0].get(left, 0) > 0]
        down = [r for r in rows if r[0].get(left, 0) < 0]
        rows = [r for r in rows if left not in r[0]]
        rows += [_eliminated(a, b, left) for a in up for b in down]
        if len(rows) > MOST_ROWS:
            return True


def _eliminated(a: _Row, b: _Row, m: sp.Expr) -> _Row:
    s, t = -b[0][m], a[0][m]
    sums = {x: s * a[0].get(x, 0) + t * b[0].get(x, 0) for x in {**a[0], **b[0]} if x != m}
    return {x: c for x, c in sums.items() if c}, s * a[1] + t * b[1], a[2] or b[2]

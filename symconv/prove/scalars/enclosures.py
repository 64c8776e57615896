"""Values at rational points: exact fractions while everything is rational, else balls that certainly hold the value."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from itertools import islice, product
from typing import Any

import flint
import sympy as sp

from symconv.ir import Apply, CeilDiv, Condition, FloorDiv, Quot, Select, Sign

Value = Any  # Fraction | flint.arb
Point = Mapping[sp.Symbol, Fraction]

BALLS: dict[str, Callable[[Any], Any]] = {
    name: (lambda x, name=name: getattr(x, name)())  # type: ignore[misc]
    for name in ("exp", "log", "tanh", "sinh", "cosh", "sin", "cos", "tan", "atan", "erf")
}
_NUMBERS = tuple(
    Fraction(*v) for v in ((1, 3), (-1, 3), (7, 5), (-7, 5), (3, 1), (-2, 1), (0, 1), (1, 100), (21, 2), (-40, 3))
)
_WHOLE = tuple(map(Fraction, (1, 2, 3, 5, 7, 4)))
_MOST_POINTS = 250
_LARGEST_BITS = 1 << 14
ALLOWED = {Sign.POSITIVE: (1,), Sign.NONNEGATIVE: (0, 1), Sign.NONZERO: (1, -1)}
PRECISIONS = (80, 400, 3000)


@contextmanager
def precision(bits: int) -> Iterator[None]:
    """Balls of that many bits."""
    before = flint.ctx.prec
    flint.ctx.prec = bits
    try:
        yield
    finally:
        flint.ctx.prec = before


def ball(value: Value) -> Any:
    """A fraction as a ball; a ball as it is."""
    if isinstance(value, (int, Fraction)):
        return flint.arb(flint.fmpq(value.numerator, value.denominator))
    return value


def differ(a: Value, b: Value) -> bool:
    """Are two values certainly not equal?"""
    if isinstance(a, (int, Fraction)) and isinstance(b, (int, Fraction)):
        return a != b
    a, b = ball(a), ball(b)
    return bool(a.is_finite() and b.is_finite() and not a.overlaps(b))


def sign_of(value: Value) -> int | None:
    """-1, 0 or 1; None where a ball does not tell."""
    if isinstance(value, (int, Fraction)):
        return (value > 0) - (value < 0)
    if not value.is_finite():
        return None
    return 1 if value > 0 else -1 if value < 0 else 0 if value.is_zero() else None


def enclose(e: sp.Expr, at: Point, bits: int = 80) -> Value | None:
    """The value of `e` at a point; None where it is not defined there, or the balls do not tell."""
    with precision(bits):
        try:
            value = _value(e, at)
        except (ArithmeticError, RecursionError, ValueError):
            return None
    if value is None or isinstance(value, Fraction):
        return value
    return value if value.is_finite() else None


def _value(e: sp.Expr, at: Point) -> Value | None:
    if e.is_Symbol:
        return at[e]
    if e.is_Rational:
        return Fraction(int(e.p), int(e.q))
    if e is sp.E:
        return flint.arb(1).exp()
    if e is sp.pi:
        return flint.arb.pi()
    if isinstance(e, Apply):
        u = _value(e.argument, at)
        return None if u is None else (u * u + u, 2 * u + 1, Fraction(2))[e.order] if e.order < 3 else Fraction(0)
    args = [_value(a, at) for a in e.args]
    if isinstance(e, Select):
        return _chosen(args)
    if any(a is None for a in args):
        return None
    return _combined(e, args)


def _chosen(args: Sequence[Value | None]) -> Value | None:
    lhs, rhs, above, below = args
    side = None if lhs is None or rhs is None else sign_of(added([lhs, -rhs]))
    return None if side is None else above if side > 0 else below


def added(values: Sequence[Value]) -> Value:
    """The sum: a fraction where all are."""
    if all(isinstance(v, Fraction) for v in values):
        return sum(values, Fraction(0))
    return sum(map(ball, values), flint.arb(0))


def multiplied(values: Sequence[Value]) -> Value:
    """The product: a fraction where all are."""
    out: Value = Fraction(1)
    for v in values:
        out = out * v if isinstance(out, Fraction) and isinstance(v, Fraction) else ball(out) * ball(v)
    return out


def _combined(e: sp.Expr, args: list[Value]) -> Value | None:
    if e.is_Add:
        return added(args)
    if e.is_Mul:
        return multiplied(args)
    if e.is_Pow:
        # A real exponent that happens to be whole at this point does not make b^p defined for a negative b.
        needs_sign = not e.exp.is_number and not e.exp.is_integer
        return None if needs_sign and sign_of(args[0]) != 1 else power(args[0], args[1])
    if isinstance(e, (sp.Max, sp.Min)):
        return _extreme(args, 1 if isinstance(e, sp.Max) else -1)
    if isinstance(e, sp.Abs):
        return abs(args[0])
    if isinstance(e, sp.sign):
        side = sign_of(args[0])
        return None if side is None else Fraction(side)
    if isinstance(e, (Quot, FloorDiv, CeilDiv)) and all(isinstance(a, Fraction) for a in args):
        exact = type(e).of(int(args[0]), int(args[1]))
        return None if exact is None else Fraction(exact)
    return function(type(e).__name__, args[0])


def function(name: str, u: Value) -> Value | None:
    """f(u) for a function of the table; exact at the few points where it is rational."""
    if name not in BALLS or (name == "log" and sign_of(u) != 1):
        return None
    if u == 0 and isinstance(u, Fraction):
        return Fraction(1) if name in ("exp", "cos", "cosh") else Fraction(0)
    if name == "log" and u == 1:
        return Fraction(0)
    return BALLS[name](ball(u))


def _extreme(args: list[Value], way: int) -> Value | None:
    best = args[0]
    for a in args[1:]:
        side = sign_of(added([a, -best]))
        if side is None:
            best = ball(best).max(ball(a)) if way > 0 else ball(best).min(ball(a))
        elif side == way:
            best = a
    return best


def power(base: Value, exponent: Value) -> Value | None:
    """base ** exponent over the reals: a whole exponent, or a base that is not negative."""
    side = sign_of(base)
    if isinstance(exponent, Fraction) and exponent.denominator == 1:
        n = int(exponent)
        if n < 0 and side in (0, None):
            return None
        if (
            isinstance(base, Fraction)
            and abs(n) * max(base.numerator.bit_length(), base.denominator.bit_length()) < _LARGEST_BITS
        ):
            return base**n
        return ball(base) ** n
    if side == 0:
        return Fraction(0) if sign_of(exponent) == 1 else None
    if side is None or side < 0:
        return None
    if isinstance(exponent, Fraction) and isinstance(base, Fraction):
        root = _exact_root(base, exponent.denominator)
        if root is not None:
            return power(root, Fraction(exponent.numerator))
    return ball(base) ** ball(exponent)


def _exact_root(value: Fraction, q: int) -> Fraction | None:
    if q > 64:
        return None
    parts = [_whole_root(n, q) for n in (value.numerator, value.denominator)]
    return None if parts[0] is None or parts[1] is None else Fraction(parts[0], parts[1])


def _whole_root(n: int, q: int) -> int | None:
    root, exact = sp.integer_nthroot(n, q)
    return int(root) if exact else None


def satisfied(given: Sequence[Condition], at: Point) -> bool:
    """Do the conditions certainly hold at the point?"""
    for c in given:
        value = enclose(c.expression, at)
        if value is None or sign_of(value) not in ALLOWED[c.sign]:
            return False
    return True


def points(symbols: Sequence[sp.Symbol]) -> Iterator[Point]:
    """Rational points of both signs, small and large, those with few equal coordinates first; sizes are whole."""
    choices = [_WHOLE if s.is_integer else tuple(v for v in _NUMBERS if v > 0 or not s.is_positive) for s in symbols]
    for shift in range(len(_NUMBERS)):
        yield {s: c[(shift + 3 * k) % len(c)] for k, (s, c) in enumerate(zip(symbols, choices, strict=True))}
    for values in islice(product(*choices), _MOST_POINTS):
        yield dict(zip(symbols, values, strict=True))


def refutation(lhs: sp.Expr, rhs: sp.Expr, given: Sequence[Condition] = ()) -> dict[sp.Symbol, Fraction] | None:
    """A point where both sides are defined, `given` holds, and the two values certainly differ."""
    mentioned = (lhs.free_symbols | rhs.free_symbols).union(*(c.expression.free_symbols for c in given))
    symbols = sorted(mentioned, key=lambda s: s.name)
    for bits in PRECISIONS:
        for at in points(symbols):
            a, b = enclose(lhs, at, bits), enclose(rhs, at, bits)
            if a is not None and b is not None and differ(a, b) and satisfied(given, at):
                return dict(at)
    return None

"""An evaluator and a generator of random scalar expressions that share no code with the product.

Values are mpmath numbers of 60 digits at dyadic points, so ties and zeros are exact where they matter. None stands for
"undefined here": a zero divisor, the logarithm of what is not positive, the root of what is negative.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import mpmath
import sympy as sp

from symconv.ir import Apply, Select

SYMBOLS = sp.symbols("x y z", real=True)
HALF = sp.Rational(1, 2)
TINY = mpmath.mpf(10) ** -35
_NAMED = ("exp", "tanh", "sinh", "cosh", "sin", "cos", "tan", "atan", "erf")


# What `Apply` may stand for: the product's own choice, and one that is bounded and changes its sign.
FUNCTIONS: tuple[Callable[[int, Any], Any], ...] = (
    lambda n, t: (t * t + t, 2 * t + 1, mpmath.mpf(2), mpmath.mpf(0))[min(n, 3)],
    lambda n, t: mpmath.sin(t + 1 + n * mpmath.pi / 2),
)


class _Undefined(Exception):
    pass


def value(e: sp.Expr, at: dict[Any, Any]) -> Any:
    """The value at a point, None where it is undefined or too large to be of use. A branch not taken does not count."""
    with mpmath.workdps(60):
        try:
            v = _value(e, at)
        except (_Undefined, ZeroDivisionError, OverflowError):
            return None
        return v if mpmath.isfinite(v) and abs(v) < mpmath.mpf(10) ** 12 else None


def _value(e: sp.Expr, at: dict[Any, Any]) -> Any:
    if e.is_Symbol:
        return mpmath.mpf(at[e].numerator) / at[e].denominator
    if e.is_Rational:
        return mpmath.mpf(int(e.p)) / int(e.q)
    if e is sp.pi or e is sp.E:
        return +mpmath.pi if e is sp.pi else +mpmath.e
    if isinstance(e, Select):
        above = _value(e.lhs, at) > _value(e.rhs, at) + TINY
        return _value(e.above if above else e.below, at)
    if isinstance(e, Apply):
        t = _value(e.argument, at)
        return FUNCTIONS[at.get("f", 0)](e.order, t)
    return _function(e, [_value(a, at) for a in e.args])


def _function(e: sp.Expr, a: list[Any]) -> Any:
    if any(abs(v) > 10**6 for v in a):
        raise _Undefined
    if e.is_Add or e.is_Mul:
        return mpmath.fsum(a) if e.is_Add else mpmath.fprod(a)
    if e.is_Pow:
        return _power(e, *a)
    if isinstance(e, sp.log):
        if a[0] < TINY:
            raise _Undefined
        return mpmath.log(a[0])
    if isinstance(e, sp.sign):
        return mpmath.mpf(0) if abs(a[0]) < TINY else mpmath.sign(a[0])
    special: dict[Any, Callable[..., Any]] = {sp.Abs: abs, sp.Max: max, sp.Min: min}
    if e.func in special:
        return special[e.func](*a)
    if e.func.__name__ not in _NAMED or abs(a[0]) > 200:
        raise _Undefined
    return getattr(mpmath, e.func.__name__)(a[0])


def _power(e: sp.Pow, base: Any, exponent: Any) -> Any:
    """b**n for an integer n, else b > 0, or b = 0 with a positive exponent."""
    if abs(base) < TINY:
        if exponent <= 0:
            raise _Undefined
        return mpmath.mpf(0)
    whole = e.exp.is_Integer or (e.exp.is_integer and exponent == int(exponent))
    if base < 0 and not whole:
        raise _Undefined
    return base ** int(exponent) if whole else mpmath.exp(exponent * mpmath.log(base))


def points(rng: random.Random, symbols: Any, count: int) -> list[dict[sp.Symbol, Any]]:
    """Dyadic points: both signs, zeros, ties, and numbers that no formula knows."""
    from fractions import Fraction

    out = []
    for i in range(count):
        coarse = (1, 2, 4, 1024)[i % 4]
        scale = (1, 3, 8)[i % 3]
        chosen = [Fraction(rng.randint(-scale * coarse, scale * coarse), coarse) for _ in symbols]
        if i % 5 == 4:
            chosen = [chosen[0]] * len(chosen)
        allowed = [abs(v) + Fraction(1, 4) if s.is_positive else v for s, v in zip(symbols, chosen, strict=True)]
        whole = [Fraction(-(-v // 1)) if s.is_integer else v for s, v in zip(symbols, allowed, strict=True)]
        out.append(dict(zip(symbols, whole, strict=True)))
    return out


def same_at(a: sp.Expr, b: sp.Expr, at: dict[Any, Any]) -> bool | None:
    """Whether both have the same value there; None where one is undefined."""
    left, right = value(a, at), value(b, at)
    if left is None or right is None:
        return None
    return bool(abs(left - right) <= TINY * (1 + abs(left)) * mpmath.mpf(10) ** 8)


def expression(rng: random.Random, depth: int) -> sp.Expr:
    """A random expression that SymPy has not touched where that is possible."""
    if depth == 0 or rng.random() < 0.1:
        return rng.choice([*SYMBOLS, *SYMBOLS, *map(sp.Rational, ("1", "2", "-1", "1/2", "-3", "2/3"))])
    a, b = expression(rng, depth - 1), expression(rng, depth - 1)
    c = expression(rng, max(depth - 2, 0))
    kind = rng.randrange(22)
    if kind < 5:
        return sp.Add(a, b, evaluate=False)
    if kind < 10:
        return sp.Mul(a, b, evaluate=False)
    if kind < 13:
        return _unary(rng, a)
    simple = {
        13: lambda: sp.Pow(a, rng.choice([2, 3, -1, -2]), evaluate=False),
        14: lambda: sp.Pow(a, sp.Rational(rng.choice(["1/2", "1/3", "-1/2", "3/2", "2/3"])), evaluate=False),
        15: lambda: sp.Abs(a, evaluate=False),
        16: lambda: sp.sign(a, evaluate=False),
        17: lambda: sp.Max(a, b, evaluate=False),
        18: lambda: sp.Min(a, b, evaluate=False),
        19: lambda: Select(a, b, c, expression(rng, max(depth - 2, 0))),
        20: lambda: Select(a, 0, a, 0),
        21: lambda: Apply("f", rng.randrange(3), a),
    }
    return simple[kind]()


def _unary(rng: random.Random, a: sp.Expr) -> sp.Expr:
    return rng.choice([sp.exp, sp.log, sp.tanh, sp.sinh, sp.cosh, sp.sin, sp.cos, sp.atan, sp.erf, sp.log])(
        a, evaluate=False
    )


# What is rewritten into what; "?" marks rules that hold on part of the real numbers only.
def _rules(e: sp.Expr) -> list[sp.Expr]:
    n: Callable[..., dict[str, bool]] = lambda: {"evaluate": False}  # noqa: E731
    out: list[sp.Expr] = [sp.Add(e, e, sp.Mul(-1, e, **n()), **n()), sp.Mul(e, sp.Pow(e, -1, **n()), e, **n())]
    out += [sp.log(sp.exp(e, **n()), **n()), sp.exp(sp.log(e, **n()), **n())]
    out += [sp.Pow(sp.Pow(e, 2, **n()), HALF, **n()), sp.Pow(sp.Pow(e, HALF, **n()), 2, **n()), sp.Abs(e, **n())]
    out += [sp.Mul(sp.sign(e, **n()), sp.Abs(e, **n()), **n()), Select(e, 0, e, 0) - Select(-e, 0, -e, 0)]
    out += [Select(e, 0, e, 0), Select(0, e, 0, e), sp.Max(e, sp.Mul(-1, e, **n()), **n()), sp.Max(e, 0, **n())]
    if e.is_Add and len(e.args) == 2:
        a, b = e.args
        out += [sp.Max(a, b, **n()) + sp.Min(a, b, **n()), sp.Add(b, a, **n())]
    if e.is_Mul and len(e.args) == 2:
        a, b = e.args
        out += [((a + b) ** 2 - (a - b) ** 2) / 4, sp.exp(sp.log(a, **n()) + sp.log(b, **n()))]
    if isinstance(e, sp.Max):
        a, b = e.args[0], e.args[-1]
        out += [Select(a, b, a, b), Select(b, a, b, a), (a + b + abs(a - b)) / 2, -sp.Min(-a, -b, **n())]
    if isinstance(e, (sp.exp, sp.tanh, sp.sin, sp.cos, sp.log, sp.Abs)):
        out += _function_rules(e, e.args[0])
    if isinstance(e, Select):
        out += [Select(-e.lhs, -e.rhs, e.below, e.above), Select(e.rhs, e.lhs, e.below, e.above)]
    return out


def _function_rules(e: sp.Expr, u: sp.Expr) -> list[sp.Expr]:
    table: dict[Any, list[sp.Expr]] = {
        sp.exp: [sp.cosh(u) + sp.sinh(u), sp.exp(u / 2) ** 2, 1 / sp.exp(-u)],
        sp.tanh: [1 - 2 / (1 + sp.exp(2 * u)), sp.sinh(u) / sp.cosh(u), -sp.tanh(-u)],
        sp.sin: [2 * sp.sin(u / 2) * sp.cos(u / 2), sp.sqrt(1 - sp.cos(u) ** 2), -sp.sin(-u)],
        sp.cos: [1 - 2 * sp.sin(u / 2) ** 2, sp.sqrt(1 - sp.sin(u) ** 2), 2 * sp.cos(u / 2) ** 2 - 1],
        sp.log: [sp.log(u**2) / 2, 2 * sp.log(sp.sqrt(u)), -sp.log(1 / u)],
        sp.Abs: [u, sp.sqrt(u**2), sp.Max(u, -u, evaluate=False), u * sp.sign(u)],
    }
    return table[e.func]


def rewritten(rng: random.Random, e: sp.Expr) -> sp.Expr:
    """e with one part replaced by something that is equal, or nearly."""
    if e.args and rng.random() < 0.6 and not isinstance(e, Apply):
        i = rng.randrange(len(e.args))
        parts = list(e.args)
        if isinstance(parts[i], sp.Expr) and not (e.is_Pow and i == 1):
            parts[i] = rewritten(rng, parts[i])
            if isinstance(e, Select):
                return Select(*parts)
            return e.func(*parts, evaluate=False)
    return rng.choice(_rules(e))

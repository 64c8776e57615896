"""Arithmetic of real expressions: every operation notes where it is defined before SymPy simplifies x/x to 1.

What a text or a SymPy expression says is built up from here, one operation at a time. Each is exact and of bounded
size; one that is not raises `Refused`, whose message is the reason.
"""

from __future__ import annotations

from collections.abc import Callable

import sympy as sp

from symconv.ir import Condition, Select, Sign
from symconv.layers.conditions import holds

_BITS = 1000  # so that every number is one in double precision, too
_LARGEST_ARGUMENT = 690
_LARGEST_EXPONENT = 64
_NODES = 5000
_DEPTH = 60
_UNREAL = (sp.zoo, sp.nan, sp.oo, sp.S.NegativeInfinity, sp.I)
_GROWING = ("exp", "sinh", "cosh")


class Refused(ValueError):
    """An operation whose result is not a real number, or not one of bounded size."""


class Arithmetic:
    """The operations, and the conditions under which all of them so far are defined."""

    def __init__(self) -> None:
        self.conditions: list[Condition] = []
        self._sizes: dict[sp.Expr, tuple[int, int]] = {}

    def add(self, a: sp.Expr, b: sp.Expr) -> sp.Expr:
        return self._checked(a + b)

    def subtract(self, a: sp.Expr, b: sp.Expr) -> sp.Expr:
        return self._checked(a - b)

    def multiply(self, a: sp.Expr, b: sp.Expr) -> sp.Expr:
        return self._checked(a * b)

    def divide(self, a: sp.Expr, b: sp.Expr) -> sp.Expr:
        """a/b, defined where b != 0."""
        if b.is_zero:
            raise Refused("it divides by zero")
        self._note(b, Sign.NONZERO)
        return self._checked(a / b)

    def power(self, base: sp.Expr, exponent: sp.Expr) -> sp.Expr:
        """base^(p/q), defined where base >= 0 unless q = 1, and where base != 0 if p < 0."""
        if not (exponent.is_Rational and abs(exponent) <= _LARGEST_EXPONENT):
            raise Refused(f"an exponent is a number between -{_LARGEST_EXPONENT} and {_LARGEST_EXPONENT}")
        if base.is_Rational and max(abs(base.p), base.q).bit_length() * abs(exponent) > 2 * _BITS:
            raise Refused(f"a number may have {_BITS} bits at most")
        if not exponent.is_Integer:
            self._note(base, Sign.POSITIVE if exponent < 0 else Sign.NONNEGATIVE)
        elif exponent < 0:
            self._note(base, Sign.NONZERO)
        return self._checked(base**exponent)

    def call(self, name: str, *arguments: sp.Expr) -> sp.Expr:
        """One of the functions of `CALLS`."""
        if name in _GROWING:
            (argument,) = arguments
            if argument.is_number and not abs(argument.evalf(15)) <= _LARGEST_ARGUMENT:
                raise Refused(f"a number as the argument of {name} is at most {_LARGEST_ARGUMENT}")
        return self._checked(_FUNCTIONS[name](self, *arguments))

    def logarithm(self, u: sp.Expr) -> sp.Expr:
        """log u, defined where u > 0."""
        self._note(u, Sign.POSITIVE)
        return sp.log(u)

    def sigmoid(self, u: sp.Expr) -> sp.Expr:
        return self.divide(sp.S.One, 1 + self.call("exp", -u))

    def tangent(self, u: sp.Expr) -> sp.Expr:
        """tan u, defined where cos u != 0."""
        self._note(sp.cos(u), Sign.NONZERO)
        return sp.tan(u)

    def _note(self, e: sp.Expr, sign: Sign) -> None:
        known = holds(Condition(e, sign))
        if known is False:
            raise Refused("it is no real number anywhere")
        if sign is Sign.NONNEGATIVE and e.is_nonpositive and not e.is_zero:
            raise Refused("what stands under the root is never above zero")
        if known is None and e.is_number:
            raise Refused("it cannot be told whether it is a real number")
        if not e.is_number:
            self.conditions.append(Condition(e, sign))

    def _checked(self, e: sp.Expr) -> sp.Expr:
        nodes, depth = self._size(e)
        if nodes > _NODES or depth > _DEPTH:
            limit = f"has more than {_NODES} parts" if nodes > _NODES else f"is nested more than {_DEPTH} deep"
            raise Refused(f"it {limit} when written out: write a part of it to an operand of its own first")
        if e.is_extended_real is False or e.has(*_UNREAL):
            raise Refused("it is no real number anywhere")
        for number in (a for a in (e, *(e.args if e.is_Add or e.is_Mul else ())) if a.is_number):
            self._check_number(number)
        return e

    @staticmethod
    def _check_number(e: sp.Expr) -> None:
        if e.is_Rational:
            if max(abs(e.p), e.q).bit_length() > _BITS:
                raise Refused(f"a number may have {_BITS} bits at most")
        elif e.is_extended_real is not True:
            raise Refused("it is no real number anywhere")
        else:
            value = abs(e.evalf(15))
            if value and not -_BITS <= sp.log(value, 2) <= _BITS:
                raise Refused(f"a number may have {_BITS} bits at most")

    def _size(self, e: sp.Expr) -> tuple[int, int]:
        """(parts of the tree, shared ones counted each time, its depth)"""
        if not e.args:
            return 1, 1
        if e not in self._sizes:
            parts = [self._size(a) for a in e.args]
            self._sizes[e] = 1 + sum(n for n, _ in parts), 1 + max(d for _, d in parts)
        return self._sizes[e]


def maximum(a: sp.Expr, b: sp.Expr) -> sp.Expr:
    """max(a, b), with the slope of b where both are equal."""
    return _select(a, b, a, b)


def minimum(a: sp.Expr, b: sp.Expr) -> sp.Expr:
    """min(a, b), with the slope of b where both are equal."""
    return _select(b, a, a, b)


def _select(lhs: sp.Expr, rhs: sp.Expr, above: sp.Expr, below: sp.Expr) -> sp.Expr:
    """The branch that is taken, where both sides are numbers."""
    if not (lhs.is_number and rhs.is_number):
        return Select(lhs, rhs, above, below)
    positive = (lhs - rhs).is_positive
    if positive is None:
        raise Refused("it cannot be told which of two numbers is larger")
    return above if positive else below


_FUNCTIONS: dict[str, Callable[..., sp.Expr]] = {
    **{
        f.__name__: lambda _, u, f=f: f(u) for f in (sp.exp, sp.tanh, sp.sinh, sp.cosh, sp.sin, sp.cos, sp.atan, sp.erf)
    },
    "log": Arithmetic.logarithm,
    "sqrt": lambda a, u: a.power(u, sp.S.Half),
    "abs": lambda _, u: sp.Abs(u),
    "relu": lambda _, u: maximum(u, sp.S.Zero),
    "sigmoid": Arithmetic.sigmoid,
    "max": lambda _, a, b: maximum(a, b),
    "min": lambda _, a, b: minimum(a, b),
}
# The functions that a text may call, with the number of their arguments.
CALLS = {name: 2 if name in ("max", "min") else 1 for name in _FUNCTIONS}

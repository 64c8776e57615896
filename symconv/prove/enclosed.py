"""Numbers for the interpreter: fractions, or balls that hold the value; what a ball does not tell is an error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy as sp

from symconv.ir.interpret import Arithmetic
from symconv.prove.scalars.enclosures import BALLS, Value, added, enclose, function, multiplied, power, sign_of


class Undecided(ArithmeticError):
    """A value is not defined there, or a ball does not tell on which side of a border it lies."""


@dataclass(frozen=True, slots=True)
class Enclosed:
    """A real number: a fraction, or a ball."""

    value: Value

    def __add__(self, other: Any) -> Enclosed:
        return Enclosed(added([self.value, plain(other)]))

    def __mul__(self, other: Any) -> Enclosed:
        return Enclosed(multiplied([self.value, plain(other)]))

    __radd__, __rmul__ = __add__, __mul__

    def __sub__(self, other: Any) -> Enclosed:
        return Enclosed(added([self.value, -plain(other)]))

    def __abs__(self) -> Enclosed:
        return Enclosed(abs(self.value))

    def __gt__(self, other: Any) -> bool:
        return self._side(other) > 0

    def __lt__(self, other: Any) -> bool:
        return self._side(other) < 0

    def __eq__(self, other: object) -> bool:
        return self._side(other) == 0

    __hash__ = None  # type: ignore[assignment]

    def _side(self, other: Any) -> int:
        side = sign_of(added([self.value, -plain(other)]))
        if side is None:
            raise Undecided("two values are too close to be told apart")
        return side


def plain(number: Any) -> Value:
    """The fraction or the ball of a number."""
    return number.value if isinstance(number, Enclosed) else Fraction(number)


def _certain(value: Value | None) -> Enclosed:
    if value is None:
        raise Undecided("a value is not defined")
    return Enclosed(value)


def _elementary(name: str) -> Callable[[Any], Enclosed]:
    return lambda u: _certain(function(name, plain(u)))


ENCLOSED = Arithmetic(
    {name: _elementary(name) for name in BALLS},
    lambda base, exponent: _certain(power(plain(base), plain(exponent))),
    lambda e: _certain(enclose(sp.sympify(e), {})),
)

"""Integer expressions as Python: sizes, bounds, positions. Quotients are floor divisions."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

import sympy as sp

from symconv.emit.numpy.names import Names
from symconv.ir import CeilDiv, FloorDiv, Quot


class Level(IntEnum):
    """What may stand unparenthesised where."""

    SUM = 0
    QUOTIENT = 1
    PRODUCT = 2
    POWER = 3
    ATOM = 4


class Integers:
    """Prints an integer expression with the names of a scope."""

    def __init__(self, names: Names) -> None:
        self.names = names

    def text(self, e: sp.Expr) -> str:
        return self._printed(sp.sympify(e))[0]

    def atom(self, e: sp.Expr) -> str:
        return self.at_least(sp.sympify(e), Level.ATOM)

    def at_least(self, e: sp.Expr, level: Level) -> str:
        text, own = self._printed(e)
        return text if own >= level else f"({text})"

    def tuple_(self, entries: Sequence[sp.Expr]) -> str:
        return tuple_text([self.text(e) for e in entries])

    def _printed(self, e: sp.Expr) -> tuple[str, Level]:
        if e.is_Symbol:
            return self.names.symbol(e), Level.ATOM
        if e.is_Integer:
            return str(e), Level.ATOM if e >= 0 else Level.SUM
        if e.is_Add:
            return self._sum(e), Level.SUM
        if e.is_Mul:
            return self._product(e)
        if isinstance(e, CeilDiv):
            return f"-({self.at_least(sp.expand(-e.num), Level.QUOTIENT)} // {self.atom(e.den)})", Level.SUM
        if isinstance(e, (FloorDiv, Quot)):
            return f"{self.at_least(e.num, Level.QUOTIENT)} // {self.atom(e.den)}", Level.QUOTIENT
        if isinstance(e, (sp.Max, sp.Min)):
            name = "max" if isinstance(e, sp.Max) else "min"
            return f"{name}({', '.join(sorted((self.text(a) for a in e.args), key=_numbers_first))})", Level.ATOM
        if e.is_Pow and e.exp.is_Integer and e.exp > 0:
            return f"{self.atom(e.base)}**{e.exp}", Level.PRODUCT
        raise TypeError(f"{sp.sstr(e)} is no integer expression")

    def _sum(self, e: sp.Expr) -> str:
        terms = [self.at_least(t, Level.QUOTIENT) if not _negative(t) else self.text(t) for t in e.args]
        terms.sort(key=lambda t: (t.startswith("-"), t.lstrip("-").isdigit(), "*" not in t))
        return terms[0] + "".join(f" - {t[1:]}" if t.startswith("-") else f" + {t}" for t in terms[1:])

    def _product(self, e: sp.Expr) -> tuple[str, Level]:
        coefficient, rest = e.as_coeff_Mul()
        if coefficient == -1:
            return f"-{self.at_least(rest, Level.PRODUCT)}", Level.SUM
        if coefficient < 0:
            return f"-{self._product(-e)[0]}", Level.SUM
        return "*".join(self.at_least(f, Level.ATOM) for f in e.as_ordered_factors()), Level.PRODUCT


def slice_text(start: str, stop: str, step: int = 1) -> str:
    """start:stop, with blanks around the colons where a bound is more than a name or a number."""
    colon = ":" if all(t.replace("_", "").isalnum() for t in (start, stop)) else " : "
    return f"{start}{colon}{stop}" + (f"{colon}{step}" if step > 1 else "")


def tuple_text(entries: Sequence[str]) -> str:
    return f"({', '.join(entries)}{',' * (len(entries) == 1)})"


def _negative(e: sp.Expr) -> bool:
    return bool(e.as_coeff_Mul()[0].is_negative) or isinstance(e, CeilDiv)


def _numbers_first(text: str) -> tuple[bool, str]:
    return not text.lstrip("-").isdigit(), text

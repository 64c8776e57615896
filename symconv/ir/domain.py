"""Iteration domains: ranges with tuples of bounds, and guards (Iverson brackets).

A range is the conjunction of its bounds, `max(lowers) <= index <= min(uppers)`; where no integer lies between
them it is empty. Nothing here is simplified beyond `expand`: conditions stay visible until a rule discharges them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from functools import cached_property, lru_cache
from typing import Any

import sympy as sp

from symconv.ir.nodes import Access
from symconv.ir.symbols import integer


@lru_cache(maxsize=1 << 14)
def symbols_in(e: sp.Expr) -> frozenset[sp.Symbol]:
    """The free symbols of an expression; remembered, since the same small expressions come up again and again."""
    return frozenset(e.free_symbols)


class _Mapped:
    """A record of expressions that can be rewritten field by field."""

    def map(self, f: Callable[[sp.Expr], sp.Expr]) -> Any:
        return type(self)(*(f(getattr(self, field.name)) for field in fields(self)))  # type: ignore[arg-type]

    def expressions(self) -> tuple[sp.Expr, ...]:
        return tuple(getattr(self, field.name) for field in fields(self))  # type: ignore[arg-type]

    @cached_property
    def symbols(self) -> frozenset[sp.Symbol]:
        """Indices and sizes that it speaks of."""
        return frozenset().union(*map(symbols_in, self.expressions()))


@dataclass(frozen=True)
class Equal(_Mapped):
    """[lhs = rhs], a Kronecker delta."""

    lhs: sp.Expr
    rhs: sp.Expr

    def __post_init__(self) -> None:
        _expand_fields(self)


@dataclass(frozen=True)
class Divides(_Mapped):
    """[den | num]"""

    den: sp.Expr
    num: sp.Expr

    def __post_init__(self) -> None:
        _expand_fields(self)


@dataclass(frozen=True)
class Between(_Mapped):
    """[lo <= e <= hi]"""

    lo: sp.Expr
    e: sp.Expr
    hi: sp.Expr

    def __post_init__(self) -> None:
        _expand_fields(self)


Guard = Equal | Divides | Between


@lru_cache(maxsize=1 << 14)
def _normal(e: Any) -> sp.Expr:
    """An index expression multiplied out."""
    return sp.expand(integer(e))


def _expand_fields(guard: Any) -> None:
    for field in fields(guard):
        object.__setattr__(guard, field.name, _normal(getattr(guard, field.name)))


@dataclass(frozen=True)
class Range:
    """max(lowers) <= index <= min(uppers); bounds are inclusive, an upper below a lower is the empty range."""

    index: sp.Symbol
    lowers: tuple[sp.Expr, ...]
    uppers: tuple[sp.Expr, ...]

    def __post_init__(self) -> None:
        if not self.lowers or not self.uppers:
            raise ValueError(f"the range of {self.index} needs a lower and an upper bound")
        object.__setattr__(self, "lowers", tuple(dict.fromkeys(map(_normal, self.lowers))))
        object.__setattr__(self, "uppers", tuple(dict.fromkeys(map(_normal, self.uppers))))

    @classmethod
    def box(cls, index: sp.Symbol, extent: Any) -> Range:
        """0 <= index <= extent - 1"""
        return cls(index, (sp.S.Zero,), (integer(extent) - 1,))

    @property
    def bounds(self) -> tuple[sp.Expr, ...]:
        return self.lowers + self.uppers

    @cached_property
    def lower(self) -> sp.Expr:
        """The greatest of the lower bounds."""
        return self.lowers[0] if len(self.lowers) == 1 else sp.Max(*self.lowers)

    @cached_property
    def upper(self) -> sp.Expr:
        """The least of the upper bounds."""
        return self.uppers[0] if len(self.uppers) == 1 else sp.Min(*self.uppers)

    @cached_property
    def symbols(self) -> frozenset[sp.Symbol]:
        """Indices and sizes that its bounds speak of."""
        return frozenset().union(*map(symbols_in, self.bounds))

    @property
    def numeric(self) -> bool:
        """Does the index run from one number to another?"""
        return all(b.is_Integer for b in self.bounds)

    @property
    def count(self) -> int | None:
        """How many values a numeric range has; None where its bounds are symbolic."""
        return max(0, int(min(self.uppers)) - int(max(self.lowers)) + 1) if self.numeric else None

    @property
    def extent(self) -> sp.Expr:
        """The number of values between the bounds; negative for some sizes where the range may be empty."""
        return sp.expand(self.upper - self.lower + 1)

    def map(self, f: Callable[[sp.Expr], sp.Expr]) -> Range:
        """The bounds rewritten; the index stays."""
        return Range(self.index, tuple(map(f, self.lowers)), tuple(map(f, self.uppers)))

    def guards(self) -> Iterator[Between]:
        """The range as Iverson brackets, one for each pair of bounds."""
        for k in range(max(len(self.lowers), len(self.uppers))):
            yield Between(
                self.lowers[min(k, len(self.lowers) - 1)], self.index, self.uppers[min(k, len(self.uppers) - 1)]
            )


sort_key = lru_cache(maxsize=1 << 14)(sp.default_sort_key)
"""SymPy's key for a fixed order of expressions, remembered."""


@lru_cache(maxsize=1 << 12)
def accesses(e: sp.Expr) -> tuple[Access, ...]:
    """The distinct accesses in an expression, in a fixed order."""
    return tuple(sorted(e.atoms(Access), key=sort_key))

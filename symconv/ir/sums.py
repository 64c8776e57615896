"""The central noun: an indexed sum.

    result[f(I)]  +=  sum over I in the domain of  summand(I)

Its meaning is a weighted relation between entries of the result and entries of the operands. A tensor is the sum of
**all** IndexedSums that write to it, and zero elsewhere: bias, product rule, repeated use and phases are the same
thing. An index is *parallel* when the result mentions it and *reduced* otherwise; that is derived, never stored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import sympy as sp

from symconv.ir.affine import NotAffine, cancel, has_quotient, is_affine
from symconv.ir.domain import Guard, Range, accesses, symbols_in
from symconv.ir.nodes import Access, Quot


def _in_order(guards: Iterable[Guard]) -> tuple[Guard, ...]:
    """Each guard once, by how deep its quotients are nested: an exact quotient is taken under its divisibility."""
    return tuple(sorted(dict.fromkeys(guards), key=lambda g: max(map(quotient_depth, g.expressions()))))


def quotient_depth(e: sp.Expr) -> int:
    """0 without an exact quotient, 1 with one of something plain, 2 with one of such a quotient .."""
    return max((1 + quotient_depth(q.num) for q in e.atoms(Quot)), default=0) if e.has(Quot) else 0


@dataclass(frozen=True)
class IndexedSum:
    """`result += sum over ranges [guards] summand`.

    ranges: ordered; a bound may mention indices of earlier ranges only.
    extended: names of the operands that are read as zero outside their box; any other read outside is an error.
    """

    result: Access
    ranges: tuple[Range, ...]
    guards: tuple[Guard, ...]
    summand: sp.Expr
    extended: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        object.__setattr__(self, "summand", sp.sympify(self.summand, strict=True))
        object.__setattr__(self, "guards", _in_order(self.guards))
        object.__setattr__(self, "extended", self.extended & {a.name for a in accesses(self.summand)})
        seen: set[sp.Symbol] = set()
        every = set(self.indices)
        for r in self.ranges:
            late = r.symbols & every - seen
            if r.index in seen or late:
                raise ValueError(f"range of {r.index}: bound twice, or its bounds mention a later index {late or ''}")
            seen.add(r.index)
        self._check_affine(every)
        self._check_names()

    def _check_affine(self, every: set[sp.Symbol]) -> None:
        entries = [i for a in (self.result, *accesses(self.summand)) for i in a.indices]
        conditions = [e for g in self.guards for e in g.expressions()] + [b for r in self.ranges for b in r.bounds]
        for e in entries + conditions:
            if not is_affine(e, every):
                raise NotAffine(f"index expression {sp.sstr(e)} is not affine in {', '.join(map(str, self.indices))}")

    def _check_names(self) -> None:
        names: dict[str, sp.Symbol] = {}
        for symbol in self.free_symbols:
            if names.setdefault(symbol.name, symbol) != symbol:
                raise ValueError(f"two different symbols are both called {symbol.name}")

    @cached_property
    def indices(self) -> tuple[sp.Symbol, ...]:
        return tuple(r.index for r in self.ranges)

    @cached_property
    def parallel(self) -> tuple[Range, ...]:
        """Ranges of the indices that the result mentions."""
        return tuple(r for r in self.ranges if r.index in symbols_in(self.result))

    @cached_property
    def reduced(self) -> tuple[Range, ...]:
        """Ranges of the indices that are summed away."""
        return tuple(r for r in self.ranges if r.index not in symbols_in(self.result))

    @cached_property
    def free_symbols(self) -> frozenset[sp.Symbol]:
        """Indices, sizes and parameters, wherever they stand."""
        own = symbols_in(self.result) | symbols_in(self.summand) | set(self.indices)
        return own.union(*(r.symbols for r in self.ranges), *(g.symbols for g in self.guards))

    @cached_property
    def names(self) -> set[str]:
        """Names of the indices in use: what a fresh index must avoid."""
        return {i.name for i in self.indices}

    def range_of(self, index: sp.Symbol) -> Range:
        return next(r for r in self.ranges if r.index == index)

    def expressions(self) -> tuple[sp.Expr, ...]:
        """Every expression that the sum is made of."""
        conditions = [e for g in self.guards for e in g.expressions()] + [b for r in self.ranges for b in r.bounds]
        return (self.result, self.summand, *conditions)

    def reads(self) -> tuple[Access, ...]:
        return accesses(self.summand)

    def with_(self, **changes: object) -> IndexedSum:
        return replace(self, **changes)  # type: ignore[arg-type]

    def map(self, f: Callable[[sp.Expr], sp.Expr]) -> IndexedSum:
        """Every expression rewritten by `f`; the indices that are ranged over stay."""
        ranges, guards = tuple(r.map(f) for r in self.ranges), tuple(g.map(f) for g in self.guards)
        return IndexedSum(f(self.result), ranges, guards, f(self.summand), self.extended)

    def substitute(self, values: Mapping[sp.Symbol, sp.Expr]) -> IndexedSum:
        """Put expressions for indices or sizes; a substituted index loses its range (the caller keeps its bounds)."""
        mapping = dict(values)
        if not mapping:
            return self
        ranges = tuple(r for r in self.ranges if r.index not in mapping)
        return replace(self, ranges=ranges).map(lambda e: e.xreplace(mapping))

    def rename(self, names: Mapping[sp.Symbol, sp.Symbol]) -> IndexedSum:
        """The same sum with other names for its indices, all at once."""
        moved = self.with_(ranges=()).substitute(names)
        ranges = tuple(
            replace(r.map(lambda e: e.xreplace(dict(names))), index=names.get(r.index, r.index)) for r in self.ranges
        )
        return moved.with_(ranges=ranges)


def normal(s: IndexedSum) -> IndexedSum:
    """The sum with every cancelling quotient cancelled."""
    return s.map(cancel) if any(map(has_quotient, s.expressions())) else s

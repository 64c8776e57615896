"""The index classes of a product of two operands, as in matrix multiplication and tensor contraction.

rows      in the result and in the first operand only      (M)
columns   in the result and in the second operand only     (N)
summed    in both operands and not in the result           (K)
batch     in all three: one product for each
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from symconv.ir import Access, IndexedSum, NotApplicable, Quotient, Range, linear, symbols_in


@dataclass(frozen=True)
class Product:
    """result[..] = sum over summed of first[..] * second[..], every index expression affine with integer coefficients.

    The second operand is the one that shares the last axis of the result, so that neighbouring columns are neighbours
    in memory.
    """

    result: Access
    first: Access
    second: Access
    rows: tuple[Range, ...]
    columns: tuple[Range, ...]
    summed: tuple[Range, ...]
    batch: tuple[Range, ...]


def product_of(s: IndexedSum) -> Product:
    """The index classes of a sum; `NotApplicable` where it is no product of two operands over a box."""
    factors = sp.Mul.make_args(s.summand)
    if len(factors) != 2 or not all(isinstance(f, Access) for f in factors):
        raise NotApplicable("the summand is not a product of two operands")
    if s.guards or any(r.symbols & set(s.indices) for r in s.ranges):
        raise NotApplicable("the domain is not a box")
    for access in (s.result, *factors):
        for e in access.indices:
            _check_affine(e, s)
    last = symbols_in(s.result.indices[-1]) & set(s.indices) if s.result.indices else frozenset()
    first, second = sorted(factors, key=lambda f: (bool(symbols_in(f) & last), sp.default_sort_key(f)))
    return _classified(s, first, second)


def _check_affine(e: sp.Expr, s: IndexedSum) -> None:
    for q in e.atoms(Quotient):
        if symbols_in(q) & set(s.indices):
            raise NotApplicable(f"{sp.sstr(e)} divides an index")
    for i in symbols_in(e) & set(s.indices):
        parts = linear(e, i)
        if parts is None or not parts[0].is_Integer:
            raise NotApplicable(f"{sp.sstr(e)} is not affine in {i} with a number before it")


def _classified(s: IndexedSum, first: Access, second: Access) -> Product:
    classes: dict[tuple[bool, bool, bool], list[Range]] = {}
    for r in s.ranges:
        where = tuple(r.index in symbols_in(a) for a in (s.result, first, second))
        classes.setdefault(where, []).append(r)  # type: ignore[arg-type]
    rows, columns = classes.pop((True, True, False), []), classes.pop((True, False, True), [])
    summed, batch = classes.pop((False, True, True), []), classes.pop((True, True, True), [])
    if classes:
        raise NotApplicable("an index is in one of the three operands only")
    if not columns or not summed:
        raise NotApplicable("no index is summed over, or none is a column")
    return Product(s.result, first, second, *map(tuple, (rows, columns, summed, batch)))


def by_index(ranges: tuple[Range, ...]) -> dict[sp.Symbol, Range]:
    return {r.index: r for r in ranges}

"""The fast plan: a product of two operands as packed matrix products, every entry addressed through tables.

    result[r(m) + c(n)]  =  sum_k  first[f(m) + g(k)] * second[h(n) + j(k)]          for each batch entry

The six maps are tables that short loops fill from the access maps; panels of both operands are gathered through them
into contiguous memory, and a register tile multiplies the panels. This is the block-scatter matrix of D. Matthews,
"High-performance tensor contraction without transposition" (2016). Forward, input gradient by phase, weight gradient,
transposed, grouped and dilated convolutions, dense layers and formulas of users differ in nothing but the tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import sympy as sp

from symconv.ir import Context, IndexedSum, Range
from symconv.lower.addresses import Placed, Roles, addresses, in_place
from symconv.lower.classes import by_index, product_of
from symconv.lower.sizes import Sizes, resolved

LARGEST_TILE = 6


@dataclass(frozen=True)
class Tile:
    """Rows and vectors of the register tile: rows * vectors accumulators."""

    rows: int
    vectors: int


@dataclass(frozen=True)
class Contraction(Placed):
    """A placed product, and the tile that its number of rows suggests."""

    tile: Tile


def contraction(s: IndexedSum, context: Context, sizes: Sizes, add: bool) -> Contraction:
    """The plan for one sum; `NotApplicable` where it has not the index classes of a contraction."""
    p = product_of(s)
    resolve = partial(resolved, sizes=sizes)
    rows, columns, summed, batch = map(by_index, (p.rows, p.columns, p.summed, p.batch))
    first, second = (
        addresses(access, context.shape(access.name), roles, access.name in s.extended, resolve, prefix, vectors)
        for access, roles, prefix, vectors in (
            (p.first, Roles(batch, rows, summed), "first", False),
            (p.second, Roles(batch, columns, summed), "second", True),
        )
    )
    # The result plays the part of an operand whose free indices are the rows and whose summed ones are the columns.
    result = in_place(p.result, context.shape(p.result.name), Roles(batch, rows, columns), "result")
    return Contraction(p, first, second, result, add, tile_for(p.rows))


def count(ranges: tuple[Range, ...]) -> sp.Expr:
    """Points of a box; 0 where a range is empty."""
    out: sp.Expr = sp.S.One
    for r in ranges:
        extent = sp.expand(r.upper - r.lower + 1)
        out *= extent if extent.is_nonnegative else sp.Max(0, extent, evaluate=False)
    return out


def tile_for(rows: tuple[Range, ...]) -> Tile:
    """The tile that wastes least of its rows, the tallest of those; few rows leave room for more vectors."""
    m = count(rows)
    if not m.is_Integer:
        return Tile(LARGEST_TILE, 2)
    heights = range(1, LARGEST_TILE + 1)
    height = min(heights, key=lambda h: (-(-int(m) // h) * h * (1 + 0.5 / h), -h))
    return Tile(height, 2 if height > 3 else 4)

"""Short ways to write the article's sums down as data."""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp

from symconv.article.symbols import IMAGE, KERNEL, OUTPUT, H, W, i, i1, j, j1, k1, k2, m, m1, n, n1
from symconv.ir import Access, Between, Context, Guard, IndexedSum, Operand, Range, Role

Bounds = tuple[sp.Symbol, object, object]
FITS = (Between(sp.S.One, k1, H), Between(sp.S.One, k2, W))


def at(name: str, *indices: object) -> Access:
    """One entry."""
    return Access(name, *(sp.sympify(e, strict=True) for e in indices))


def total(
    result: Access,
    over: Sequence[Bounds],
    summand: sp.Expr,
    guards: Sequence[Guard] = (),
    zero_outside: Sequence[str] = (),
) -> IndexedSum:
    """result += sum over the bounds (inclusive) of the summand; the result's own indices are bounds like the others."""
    ranges = tuple(Range(v, (sp.sympify(lo),), (sp.sympify(hi),)) for v, lo, hi in over)
    return IndexedSum(result, ranges, tuple(guards), summand, frozenset(zero_outside))


def grid(rows: sp.Symbol, columns: sp.Symbol, height: object, width: object) -> list[Bounds]:
    """0 <= rows < height, 0 <= columns < width"""
    return [(rows, 0, sp.sympify(height) - 1), (columns, 0, sp.sympify(width) - 1)]


def operand(name: str, shape: tuple[object, ...], role: Role = Role.DATA, of: tuple[str, ...] = ()) -> Operand:
    """An operand whose axes have no names of their own."""
    return Operand(name, tuple(map(sp.sympify, shape)), tuple(f"a{k}" for k in range(len(shape))), role=role, of=of)


def weight(name: str, shape: tuple[object, ...] = ()) -> Operand:
    """A kernel or a bias."""
    return operand(name, shape, Role.PARAMETER)


def context(*operands: Operand, sizes: Sequence[sp.Symbol] = (H, W, k1, k2), fits: bool = True) -> Context:
    """A context of the given operands; `fits`: the kernel is no larger than the image."""
    return Context(tuple(sizes), FITS if fits else (), operands)


OUTPUTS, PIXELS = grid(i, j, *OUTPUT), grid(i1, j1, *IMAGE)
TAPS, OTHER_TAPS = grid(m, n, *KERNEL), grid(m1, n1, *KERNEL)
"""Every output (i, j), every pixel (i', j'), every tap (m, n), and once more as (m', n')."""

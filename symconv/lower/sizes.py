"""Which sizes a caller of a kernel gives, and how the others follow from them."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass

import sympy as sp

from symconv.ir import Between, Context, Equal, FloorDiv, UserError, linear


@dataclass(frozen=True)
class Sizes:
    """given: in the order of a kernel's arguments. derived: (symbol, what it is), each of sizes before it."""

    given: tuple[sp.Symbol, ...]
    derived: tuple[tuple[sp.Symbol, sp.Expr], ...]


def sizes_of(context: Context, operands: Sequence[str], adjoints: Sequence[str], used: Set[sp.Symbol]) -> Sizes:
    """How a kernel comes to know the sizes that it uses.

    Those that are an axis of an operand at hand are given. Any other is the largest that its relations to the known
    ones allow: the output of a sliding window is O = floor((H + p + q - span)/s) + 1, the most windows that fit. What
    does not follow is given too, and read off an adjoint. Raises `UserError` for a size that nothing tells.
    """
    given = [s for s in context.sizes if s in used and s in axis_symbols(context, operands)]
    derived: list[tuple[sp.Symbol, sp.Expr]] = []
    missing = [s for s in context.sizes if s in used and s not in given]
    told = axis_symbols(context, adjoints)
    while missing:
        known = {*given, *(s for s, _ in derived)}
        follows = next(((s, e) for s in missing if (e := _largest(s, known, context)) is not None), None)
        if follows is not None:
            derived.append(follows)
        elif any(s in told for s in missing):
            given.append(next(s for s in missing if s in told))
        else:
            names = ", ".join((*operands, *adjoints))
            raise UserError(f"{missing[0]} does not follow from the shapes of {names}: give it a number")
        missing = [s for s in missing if s not in given and all(s != d for d, _ in derived)]
    return Sizes(tuple(s for s in context.sizes if s in given), tuple(derived))


def axis_symbols(context: Context, names: Sequence[str]) -> set[sp.Symbol]:
    """The sizes that an array of one of these operands tells: n = a size + c is an axis of it."""
    return {s for name in names for e in context.operand(name).outer_shape if (s := axis_symbol(e)) is not None}


def axis_symbol(e: sp.Expr) -> sp.Symbol | None:
    """The size that an axis of `e` entries tells; None where it tells none or mixes several."""
    symbols = e.free_symbols
    if len(symbols) != 1:
        return None
    (symbol,) = symbols
    parts = linear(e, symbol)
    return symbol if parts is not None and parts[0].is_Integer and parts[0] > 0 else None


def _largest(size: sp.Symbol, known: set[sp.Symbol], context: Context) -> sp.Expr | None:
    """The largest value of `size` that the assumptions allow, None where they do not bound it by known sizes."""
    bounds = [b for a in context.assumptions for b in _upper_bounds(a, size) if b.free_symbols <= known]
    return (bounds[0] if len(bounds) == 1 else sp.Min(*bounds)) if bounds else None


def _upper_bounds(a: Between | Equal, size: sp.Symbol) -> list[sp.Expr]:
    """size <= (e - c)/k from k size + c <= e, and size = (e - c)/k from an equality, k > 0."""
    pairs = [(a.lhs, a.rhs), (a.rhs, a.lhs)] if isinstance(a, Equal) else [(a.lo, a.e), (a.e, a.hi)]
    out = []
    for less, more in pairs:
        parts = linear(less - more, size)
        if parts is not None and parts[0].is_Integer and parts[0] > 0:
            out.append(FloorDiv(sp.expand(-parts[1]), parts[0]))
    return out


def shape_values(context: Context, sizes: Sizes, name: str) -> tuple[sp.Expr, ...]:
    """The shape of an operand in terms of the given sizes."""
    return tuple(resolved(e, sizes) for e in context.shape(name))


def resolved(e: sp.Expr, sizes: Sizes) -> sp.Expr:
    """`e` in terms of the given sizes."""
    for symbol, value in reversed(sizes.derived):
        e = e.xreplace({symbol: value})
    return e

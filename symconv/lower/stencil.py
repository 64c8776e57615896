"""The plan for products with a single row: a short list of taps slides along memory, as in a depthwise convolution.

    sliding   result[.., i] = sum over taps t of  first[t] * second[.., i + a(t)]       the taps are summed over
    dotting   result[t] = sum over .., i of  first[.., i] * second[.., i + a(t)]        the taps are the columns

The taps are numbers, and are written out one by one. A packed product would pack each panel to use it once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import product as box_points

import sympy as sp

from symconv.ir import Access, Context, Divides, IndexedSum, NotApplicable, Quot, Range
from symconv.lower.addresses import Addresses, Placed, Roles, addresses, in_place
from symconv.lower.classes import Product, by_index, product_of
from symconv.lower.contraction import count
from symconv.lower.sizes import Sizes, resolved

MOST_TAPS = 64
# Beyond this stride, spreading an operand with zeros costs more than splitting the result by residue.
WIDEST_SPREAD = 2


@dataclass(frozen=True)
class Stencil(Placed):
    """taps: (address in the first operand or the result, address in the second) of each tap, without the stream.

    stream: the range that runs along memory in every operand that is not indexed by taps. outer: the other ranges of
    its kind. dotting: the taps are columns of the result, and the stream is summed over.
    """

    stream: Range
    outer: tuple[Range, ...]
    taps: tuple[tuple[sp.Expr, sp.Expr], ...]
    dotting: bool


def stencil(s: IndexedSum, context: Context, sizes: Sizes, add: bool) -> Stencil:
    """The plan for one gathered sum; `NotApplicable` where it has more than one row, or no short list of taps."""
    flat, spreads = _spread(s)
    p = product_of(flat)
    if count(p.rows) != 1:
        raise NotApplicable("more than one row")
    taps, running = (p.summed, p.columns) if _short(p.summed) else (p.columns, p.summed)
    if not _short(taps) or not running:
        raise NotApplicable("no short list of taps")
    dotting = taps is p.columns
    rows, columns, summed, batch = map(by_index, (p.rows, p.columns, p.summed, p.batch))
    first = in_place(p.first, context.shape(p.first.name), Roles(batch, rows, summed), "first")
    second = addresses(
        p.second,
        context.shape(p.second.name),
        Roles(batch, columns, summed),
        p.second.name in s.extended,
        partial(resolved, sizes=sizes),
        "second",
        True,
        spreads.get(p.second, {}),
    )
    result = in_place(p.result, context.shape(p.result.name), Roles(batch, rows, columns), "result")
    stream = running[-1]
    along = (first.summed, second.summed) if dotting else (second.free, result.summed)
    if p.first.name in s.extended or any(sp.expand(e).coeff(stream.index, 1) != 1 for e in along):
        raise NotApplicable("the stream is not next to itself in memory")
    places = tuple(_at_tap(tap, first, second, result, p, dotting) for tap in _points(taps))
    return Stencil(p, first, second, result, add, stream, running[:-1], places, dotting)


def _short(ranges: tuple[Range, ...]) -> bool:
    n = count(ranges)
    return bool(n.is_Integer and 0 < n <= MOST_TAPS)


def _points(ranges: tuple[Range, ...]) -> list[dict[sp.Symbol, sp.Expr]]:
    spans = [range(int(r.lower), int(r.upper) + 1) for r in ranges]
    return [{r.index: sp.Integer(v) for r, v in zip(ranges, values, strict=True)} for values in box_points(*spans)]


def _at_tap(
    tap: Mapping[sp.Symbol, sp.Expr], first: Addresses, second: Addresses, result: Addresses, p: Product, dotting: bool
) -> tuple[sp.Expr, sp.Expr]:
    """The addresses that a tap adds; rows have one entry, whose index is its lower bound."""
    row = {r.index: r.lower for r in p.rows}
    at = {**tap, **row}
    if dotting:
        return (result.free + result.summed).xreplace(at), second.free.xreplace(at)
    return (first.free + first.summed).xreplace(at), second.summed.xreplace(at)


def _spread(s: IndexedSum) -> tuple[IndexedSum, dict[Access, dict[int, int]]]:
    """[a | e] A[e/a] F  =  A'[e] F,  where A' is A with a - 1 zeros put between its entries: no condition is left.

    The second value tells, for each such access, the spread of its axes.
    """
    dens = {g.num: int(g.den) for g in s.guards if isinstance(g, Divides) and g.den.is_Integer}
    if not dens:
        return s, {}
    if len(dens) != len(s.guards) or max(dens.values()) > WIDEST_SPREAD:
        raise NotApplicable("other conditions than a short stride")
    change: dict[sp.Expr, sp.Expr] = {}
    spreads: dict[Access, dict[int, int]] = {}
    for a in s.reads():
        quotients = {k: e for k, e in enumerate(a.indices) if e.has(Quot)}
        if not quotients:
            continue
        if any(not isinstance(e, Quot) or dens.get(e.num) != e.den for e in quotients.values()):
            raise NotApplicable("an index is no plain quotient")
        plain = Access(a.args[0], *(e.num if isinstance(e, Quot) else e for e in a.indices))
        change[a] = plain
        spreads[plain] = {k: int(e.den) for k, e in quotients.items()}
    used = {d for spread in spreads.values() for d in spread.values()}
    if len(spreads) != 1 or used != set(dens.values()) or len(next(iter(spreads.values()))) != len(dens):
        raise NotApplicable("a condition that no read depends on")
    return replace(s, guards=(), summand=s.summand.xreplace(change)), spreads

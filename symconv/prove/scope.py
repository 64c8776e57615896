"""What a verdict covers, in words: sizes, what is assumed of them, strides looked at, where values are defined."""

from __future__ import annotations

from collections.abc import Iterable

import sympy as sp

from symconv.ir import Access, Between, Condition, Context, Divides, Equal, Guard
from symconv.prove.obligations import LARGEST_SCALE

IMPOSSIBLE = "no sizes satisfy the layer's size relations, so that any statement would hold"


def scope_of(context: Context, scales: Iterable[sp.Symbol] = (), domain: Iterable[Condition] = ()) -> str:
    """all H, W >= 1, P >= 0 with K <= H; s in 1..4; where x > 0"""
    sizes = [s.name for s in context.sizes if s.is_positive]
    pads = [s.name for s in context.sizes if not s.is_positive]
    parts = ([f"{', '.join(sizes)} >= 1"] if sizes else []) + ([f"{', '.join(pads)} >= 0"] if pads else [])
    assumed = ", ".join(map(_relation, context.assumptions))
    out = "all " + ", ".join(parts) if parts else "the given sizes"
    out += f" with {assumed}" if assumed else ""
    looked_at = ", ".join(sorted(s.name for s in scales))
    out += f"; {looked_at} in 1..{LARGEST_SCALE}" if looked_at else ""
    where = ", ".join(dict.fromkeys(map(condition_words, domain)))
    return f"{out}; where {where}" if where else out


def _relation(g: Guard) -> str:
    """A relation between sizes as short as it can be said."""
    if isinstance(g, Equal):
        return f"{sp.sstr(g.lhs)} = {sp.sstr(g.rhs)}"
    if isinstance(g, Divides):
        return f"{sp.sstr(g.den)} | {sp.sstr(g.num)}"
    assert isinstance(g, Between)
    if g.lo == g.hi:
        return f"{sp.sstr(g.e)} = {sp.sstr(g.lo)}"
    if g.lo == g.e:
        return f"{sp.sstr(g.e)} <= {sp.sstr(g.hi)}"
    if g.e == g.hi:
        return f"{sp.sstr(g.e)} >= {sp.sstr(g.lo)}"
    if (g.lo == 1 and g.e.is_positive) or (g.lo == 0 and g.e.is_nonnegative):
        return f"{sp.sstr(g.e)} <= {sp.sstr(g.hi)}"
    return f"{sp.sstr(g.lo)} <= {sp.sstr(g.e)} <= {sp.sstr(g.hi)}"


def condition_words(c: Condition) -> str:
    """x != 0: an operand that is read plainly goes by its name alone."""
    e = c.expression
    return f"{e.name if isinstance(e, Access) else sp.sstr(e)} {c.sign.value} 0"

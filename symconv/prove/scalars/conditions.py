"""Where an expression is defined: divisors, logarithms, roots; without what always holds."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import sympy as sp

from symconv.ir import Condition, Select, Sign


@lru_cache(maxsize=1 << 12)
def conditions(e: sp.Expr) -> tuple[Condition, ...]:
    """What must hold of real symbols for `e` to be defined, each once, the stronger of two about one expression.

    What stands in a branch of a choice is asked for only where that branch is taken, and so not here.
    """
    found: dict[sp.Expr, Sign] = {}
    for node in _always_evaluated(e):
        for condition in _own(node):
            u, sign = condition.expression, condition.sign
            if not _always(u, sign):
                found[u] = Sign.POSITIVE if u in found and found[u] is not sign else sign
    return tuple(Condition(u, sign) for u, sign in found.items())


def _always_evaluated(e: sp.Basic) -> Iterator[sp.Basic]:
    """The nodes of an expression without the branches of choices, of which one or the other is not."""
    yield e
    for part in (e.lhs, e.rhs) if isinstance(e, Select) else e.args:
        yield from _always_evaluated(part)


def _own(node: sp.Basic) -> tuple[Condition, ...]:
    if isinstance(node, sp.log):
        return (Condition(node.args[0], Sign.POSITIVE),)
    if isinstance(node, sp.tan):
        return (Condition(sp.cos(node.args[0]), Sign.NONZERO),)
    if not isinstance(node, sp.Pow) or node.base is sp.E:
        return ()
    if node.exp.is_Integer:
        return (Condition(node.base, Sign.NONZERO),) if node.exp < 0 else ()
    if node.exp.is_Rational and node.exp > 0:
        return (Condition(node.base, Sign.NONNEGATIVE),)
    if node.exp.is_integer and not never_negative(node.base):
        # b^n is defined for a negative b too: nothing may be concluded about its sign.
        return () if node.exp.is_positive else (Condition(node.base, Sign.NONZERO),)
    return (Condition(node.base, Sign.POSITIVE),)


def _always(u: sp.Expr, sign: Sign) -> bool:
    return never_negative(u) if sign is Sign.NONNEGATIVE else positive(u)


def positive(e: sp.Expr) -> bool:
    """Is `e` positive by its form: a positive number, exp, a sum of what is never negative with something positive?"""
    if e.is_number or e.is_Symbol:
        return e.is_positive is True
    if e.is_Add:
        return all(map(never_negative, e.args)) and any(map(positive, e.args))
    if e.is_Mul:
        return all(map(positive, e.args))
    if e.is_Pow:
        return positive(e.base)
    return isinstance(e, (sp.exp, sp.cosh))


def never_negative(e: sp.Expr) -> bool:
    """Is `e` zero or positive by its form?"""
    if e.is_number or e.is_Symbol:
        return e.is_nonnegative is True
    if e.is_Add or e.is_Mul:
        return all(map(never_negative, e.args))
    if e.is_Pow:
        # A power that is no whole one is defined for bases that are not negative, and then it is not negative either.
        return never_negative(e.base) or e.exp.is_even is True or not e.exp.is_integer
    return isinstance(e, (sp.exp, sp.cosh, sp.Abs))

"""Where a formula is defined: conditions as they were noted, made into what a reader is told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import sympy as sp

from symconv.ir import Condition, Sign, UserError


def holds(c: Condition) -> bool | None:
    """Does the condition hold always (True) or never (False)? None where that depends, or is not known."""
    e = c.expression
    if c.sign is Sign.NONZERO:
        return None if e.is_zero is None else not e.is_zero
    known: bool | None = e.is_positive if c.sign is Sign.POSITIVE else e.is_nonnegative
    return known


def settled(conditions: Iterable[Condition], what: str) -> tuple[Condition, ...]:
    """What is left to say: each expression once, its conditions as one, none that always holds.

    Raises `UserError` where one never holds: `what` is then defined nowhere.
    """
    signs: dict[sp.Expr, set[Sign]] = {}
    for given in conditions:
        for c in _plain(given):
            known = holds(c)
            if known is False:
                raise UserError(f"{what} is defined nowhere: it needs {c.expression} {c.sign.value} 0")
            if known is None:
                signs.setdefault(c.expression, set()).add(c.sign)
    return tuple(Condition(e, _joined(asked)) for e, asked in signs.items())


def _joined(signs: set[Sign]) -> Sign:
    """v >= 0 and v != 0 is v > 0; v > 0 is both."""
    return next(iter(signs)) if len(signs) == 1 else Sign.POSITIVE


def _plain(c: Condition) -> Iterator[Condition]:
    """Without what does not matter: 2 u > 0 is u > 0, u v != 0 is u != 0 and v != 0, u^2 > 0 and √u != 0 are u != 0.

    That √u has a value is another condition, which stands beside this one.
    """
    number, rest = c.expression.as_coeff_Mul()
    if rest == 1:
        yield c
    elif c.sign is Sign.NONZERO:
        for factor in sp.Mul.make_args(rest):
            raised = factor.is_Pow and factor.exp.is_Rational and factor.exp > 0
            yield Condition(factor.base if raised else factor, Sign.NONZERO)
    elif c.sign is Sign.POSITIVE and number > 0 and rest.is_Pow and rest.is_nonnegative and rest.exp.is_Rational:
        yield from _plain(Condition(rest, Sign.NONZERO))
    else:
        yield Condition(rest if number > 0 else -rest, c.sign)

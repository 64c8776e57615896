"""Symbolic strides and dilations: the numeric instances at which Presburger arithmetic can look."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import sympy as sp

from symconv.ir import Context

LIMIT = 4
# Steps with a symbolic stride rest on their rule's lemma; the witness is looked at for these (stride, dilation)-like
# values as well: equal ones, coprime ones, and a common factor.
SAMPLE = ((1, 1), (2, 3), (4, 2))


def at_scales(context: Context, values: tuple[int, ...]) -> tuple[Context, dict[sp.Symbol, sp.Expr]]:
    """The context with its scales set to `values`, repeated in turn, and the substitution that does so."""
    at = {s: values[k % len(values)] for k, s in enumerate(context.scales)}
    return context.substitute(at), {s: sp.Integer(v) for s, v in at.items()}


def every_instance(scales: tuple[sp.Symbol, ...]) -> Iterator[dict[sp.Symbol, int]]:
    """All assignments of 1..LIMIT to the given scales."""
    for values in product(range(1, LIMIT + 1), repeat=len(scales)):
        yield dict(zip(scales, values, strict=True))


def scales_scope(context: Context) -> str:
    return f"{', '.join(s.name for s in context.scales)} in 1..{LIMIT}"

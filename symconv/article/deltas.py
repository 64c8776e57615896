"""What Eqs. 15-22 share: pixels x[i', j'], taps, the deltas dE/dz of the layer above, and its true gradient."""

from __future__ import annotations

from functools import cache

import sympy as sp

from symconv.article.layers import deltas_layer
from symconv.article.vocabulary import (
    IMAGE,
    KERNEL,
    O1,
    O2,
    OUTPUT,
    Bounds,
    H,
    W,
    at,
    context,
    grid,
    i1,
    j1,
    k1,
    k2,
    m,
    n,
    operand,
    weight,
)
from symconv.derive import gradient_form
from symconv.ir import Apply, Between, IndexedSum, Role
from symconv.prove.reading import Reading

PIXELS = grid(i1, j1, H, W)
TAPS: list[Bounds] = [(m, 0, k1 - 1), (n, 0, k2 - 1)]
SLOPE = Apply("f", 1, at("x", i1, j1))
CONTEXT = context(
    operand("x", IMAGE),
    weight("w", KERNEL),
    weight("b"),
    operand("z", OUTPUT),
    # dz[i' - m, j' - n]/dx[i', j'], by pixel and tap.
    operand("dz/dx", (*IMAGE, *KERNEL), Role.DERIVATIVE, ("z", "x")),
    operand("T", (*IMAGE, *KERNEL)),
    operand("Q", (*IMAGE, *OUTPUT)),
)
DELTA = CONTEXT.adjoint("z")
DX = at(CONTEXT.adjoint("x"), i1, j1)
INSIDE = (Between(k1 - 1, i1, H - k1), Between(k2 - 1, j1, W - k2))
EXISTS = (Between(sp.S.Zero, i1 - m, O1 - 1), Between(sp.S.Zero, j1 - n, O2 - 1))


@cache
def gradient() -> tuple[IndexedSum, ...]:
    """dE/dx of the layer of Eq. 18 as the chain rule gives it."""
    return gradient_form(deltas_layer(), "x", "scatter")


def three_borders(body: IndexedSum, limited: IndexedSum, lhs_inside: tuple[IndexedSum, ...]) -> tuple[Reading, ...]:
    """The border readings of a sum over taps: arrays as they are, zero outside, inner pixels only."""
    return (
        Reading("every pixel, arrays as they are", gradient(), (body,), CONTEXT),
        Reading("every pixel, δ zero outside", gradient(), (body.with_(extended=frozenset({DELTA})),), CONTEXT),
        Reading("pixels at least k - 1 away from the border", lhs_inside, (limited,), CONTEXT),
    )


def gradient_inside() -> tuple[IndexedSum, ...]:
    """The gradient of the inner pixels only: the scatter form where it lands there."""

    def inner(s: IndexedSum) -> IndexedSum:
        row, column = s.result.indices
        return s.with_(guards=(*s.guards, Between(k1 - 1, row, H - k1), Between(k2 - 1, column, W - k2)))

    return tuple(map(inner, gradient()))

"""What Eqs. 15-22 share: pixels x[i', j'], taps, the deltas dE/dz of the layer above, and its true gradient."""

from __future__ import annotations

from functools import cache

import sympy as sp

from symconv.article.layers import deltas_layer
from symconv.article.symbols import IMAGE, KERNEL, O1, O2, OUTPUT, H, W, i1, j1, k1, k2, m, n
from symconv.article.vocabulary import at, context, operand, weight
from symconv.derive import gradient_form
from symconv.ir import Apply, Between, IndexedSum, Role
from symconv.prove.reading import Reading

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


def zero_outside(body: IndexedSum) -> tuple[IndexedSum, ...]:
    """The sum with the deltas zero outside the output."""
    return (body.with_(extended=frozenset({DELTA})),)


def three_borders(body: IndexedSum) -> tuple[Reading, ...]:
    """The border readings of a sum over taps: arrays as they are, zero outside, inner pixels only."""
    limited = (body.with_(guards=(*body.guards, *INSIDE)),)
    return (
        Reading("every pixel, arrays as they are", gradient(), (body,), CONTEXT),
        Reading("every pixel, δ zero outside", gradient(), zero_outside(body), CONTEXT),
        Reading("pixels at least k - 1 away from the border", tuple(map(_inside, gradient())), limited, CONTEXT),
    )


def with_zeros(body: IndexedSum) -> Reading:
    """The form of a sum over taps that holds."""
    return Reading("the same with `δˡ⁺¹` zero outside the output", gradient(), zero_outside(body), CONTEXT)


def _inside(s: IndexedSum) -> IndexedSum:
    """The scatter form of the gradient where it lands on an inner pixel."""
    row, column = s.result.indices
    return s.with_(guards=(*s.guards, Between(k1 - 1, row, H - k1), Between(k2 - 1, column, W - k2)))

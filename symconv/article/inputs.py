"""Eqs. 20-22: the gradient of the input, and its two forms with rot180."""

from __future__ import annotations

from collections.abc import Callable

import sympy as sp

from symconv.article.claims import Claim
from symconv.article.deltas import (
    CONTEXT,
    DELTA,
    DX,
    INSIDE,
    PIXELS,
    SLOPE,
    TAPS,
    gradient,
    gradient_inside,
    three_borders,
)
from symconv.article.readings import Star, starred, stars
from symconv.article.vocabulary import KERNEL, H, W, at, i1, j1, k1, k2, m, n, total
from symconv.ir import IndexedSum
from symconv.prove.reading import Reading


def _eq_20() -> IndexedSum:
    return total(DX, [*PIXELS, *TAPS], at(DELTA, i1 - m, j1 - n) * at("w", m, n) * SLOPE)


def _zero_extended_20() -> tuple[IndexedSum, ...]:
    return (_eq_20().with_(extended=frozenset({DELTA})),)


def equation_20() -> Claim:
    body = _eq_20()
    return Claim(
        "20",
        "gradient of the input",
        "`∂E/∂xˡ[i′, j′] = Σ_{m=0}^{k₁−1} Σ_{n=0}^{k₂−1} δˡ⁺¹[i′−m, j′−n] wˡ⁺¹[m, n] f′(xˡ[i′, j′])`",
        three_borders(body, body.with_(guards=INSIDE), gradient_inside()),
        Reading("the same with `δˡ⁺¹` zero outside the output", gradient(), _zero_extended_20(), CONTEXT),
    )


def equation_21() -> Claim:
    lhs = _zero_extended_20()

    def rotated_map(row: sp.Expr, column: sp.Expr) -> IndexedSum:
        read = at(DELTA, row + m, column + n)
        return total(DX, [*PIXELS, *TAPS], read * at("w", m, n) * SLOPE, zero_outside=(DELTA,))

    maps = {
        "rot180 turns the summed map about the centre of the H x W array": (H - 1 - i1, W - 1 - j1),
        "rot180 turns the summed map about the centre, full alignment": (H - k1 - i1, W - k2 - j1),
        "rot180 turns the summed map about the origin": (-i1, -j1),
    }
    kernel = [s for s in stars() if s.correlate and s.zero_outside]
    return Claim(
        "21",
        "Eq. 20 = Eq. 21: the same with rot180 around the sum",
        "`= rot180{Σ_{m=0}^{k₁−1} Σ_{n=0}^{k₂−1} δˡ⁺¹[i′+m, j′+n] wˡ⁺¹[m, n]} f′(xˡ[i′, j′])`",
        (
            *(Reading(f"{label}, δ zero outside", lhs, (rotated_map(*p),), CONTEXT) for label, p in maps.items()),
            *(
                Reading(
                    f"rot180 turns the kernel inside the sum ({s.label})",
                    lhs,
                    (starred(s, DX, PIXELS, DELTA, "w", KERNEL, SLOPE),),
                    CONTEXT,
                )
                for s in kernel
            ),
        ),
        Reading(
            "`= Σ_{m=0}^{k₁−1} Σ_{n=0}^{k₂−1} δˡ⁺¹[i′+m−k₁+1, j′+n−k₂+1] rot180{wˡ⁺¹}[m, n] f′(xˡ[i′, j′])`, "
            "`δ` zero outside",
            lhs,
            _full_correlation(),
            CONTEXT,
        ),
    )


def _full_correlation() -> tuple[IndexedSum, ...]:
    star = Star(correlate=True, rotation="centre", shifted=True, zero_outside=True)
    return (starred(star, DX, PIXELS, DELTA, "w", KERNEL, SLOPE),)


def equation_22() -> Claim:
    lhs = _zero_extended_20()
    readings = [Reading(s.label, lhs, (starred(s, DX, PIXELS, DELTA, "w", KERNEL, SLOPE),), CONTEXT) for s in stars()]
    true_convolution = Star(correlate=False, rotation="none", shifted=False, zero_outside=True)
    return Claim(
        "22",
        "Eq. 20 = Eq. 22: the same as a convolution of the deltas with the rotated kernel",
        "`= δˡ⁺¹[i′, j′] ∗ rot180{wˡ⁺¹[m, n]} f′(xˡ[i′, j′])`",
        tuple(readings),
        Reading(
            "`= (δˡ⁺¹ ∗ wˡ⁺¹)[i′, j′] f′(xˡ[i′, j′])`: a true convolution (Eq. 2) with the unrotated kernel, "
            "`δ` zero outside",
            lhs,
            (starred(true_convolution, DX, PIXELS, DELTA, "w", KERNEL, SLOPE),),
            CONTEXT,
        ),
    )


CLAIMS: dict[str, Callable[[], Claim]] = {
    "20": equation_20,
    "21": equation_21,
    "22": equation_22,
}

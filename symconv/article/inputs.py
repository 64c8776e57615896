"""Eqs. 20-22: the gradient of the input, and its two forms with rot180."""

from __future__ import annotations

from collections.abc import Callable

import sympy as sp

from symconv.article.claims import Claim, equalities
from symconv.article.deltas import CONTEXT, DELTA, DX, SLOPE, three_borders, with_zeros, zero_outside
from symconv.article.star import Star, starred, stars
from symconv.article.symbols import KERNEL, H, W, i1, j1, k1, k2, m, n
from symconv.article.vocabulary import PIXELS, TAPS, at, total
from symconv.ir import IndexedSum
from symconv.prove.reading import Reading


def _eq_20() -> IndexedSum:
    return total(DX, [*PIXELS, *TAPS], at(DELTA, i1 - m, j1 - n) * at("w", m, n) * SLOPE)


def _over(star: Star) -> tuple[IndexedSum, ...]:
    """(δ * rot180{w}) f'(x) under one reading."""
    return (starred(star, DX, PIXELS, DELTA, "w", KERNEL, SLOPE),)


def equation_20() -> Claim:
    body = _eq_20()
    return Claim(
        "20",
        "gradient of the input",
        "`∂E/∂xˡ[i′, j′] = Σ_{m=0}^{k₁−1} Σ_{n=0}^{k₂−1} δˡ⁺¹[i′−m, j′−n] wˡ⁺¹[m, n] f′(xˡ[i′, j′])`",
        three_borders(body),
        with_zeros(body),
    )


def equation_21() -> Claim:
    lhs = zero_outside(_eq_20())

    def rotated_map(row: sp.Expr, column: sp.Expr) -> tuple[IndexedSum, ...]:
        return zero_outside(total(DX, [*PIXELS, *TAPS], at(DELTA, row + m, column + n) * at("w", m, n) * SLOPE))

    centre = "rot180 turns the summed map about the centre"
    rights = {
        f"{centre} of the H x W array, δ zero outside": rotated_map(H - 1 - i1, W - 1 - j1),
        f"{centre}, full alignment, δ zero outside": rotated_map(H - k1 - i1, W - k2 - j1),
        "rot180 turns the summed map about the origin, δ zero outside": rotated_map(-i1, -j1),
    }
    kernels = (s for s in stars() if s.correlate and s.zero_outside)
    rights |= {f"rot180 turns the kernel inside the sum ({s.label})": _over(s) for s in kernels}
    return Claim(
        "21",
        "Eq. 20 = Eq. 21: the same with rot180 around the sum",
        "`= rot180{Σ_{m=0}^{k₁−1} Σ_{n=0}^{k₂−1} δˡ⁺¹[i′+m, j′+n] wˡ⁺¹[m, n]} f′(xˡ[i′, j′])`",
        equalities(lhs, CONTEXT, rights),
        Reading(
            "`= Σ_{m=0}^{k₁−1} Σ_{n=0}^{k₂−1} δˡ⁺¹[i′+m−k₁+1, j′+n−k₂+1] rot180{wˡ⁺¹}[m, n] f′(xˡ[i′, j′])`, "
            "`δ` zero outside",
            lhs,
            _over(Star(correlate=True, rotation="centre", shifted=True, zero_outside=True)),
            CONTEXT,
        ),
    )


def equation_22() -> Claim:
    lhs = zero_outside(_eq_20())
    return Claim(
        "22",
        "Eq. 20 = Eq. 22: the same as a convolution of the deltas with the rotated kernel",
        "`= δˡ⁺¹[i′, j′] ∗ rot180{wˡ⁺¹[m, n]} f′(xˡ[i′, j′])`",
        equalities(lhs, CONTEXT, {s.label: _over(s) for s in stars()}),
        Reading(
            "`= (δˡ⁺¹ ∗ wˡ⁺¹)[i′, j′] f′(xˡ[i′, j′])`: a true convolution (Eq. 2) with the unrotated kernel, "
            "`δ` zero outside",
            lhs,
            _over(Star(correlate=False, rotation="none", shifted=False, zero_outside=True)),
            CONTEXT,
        ),
    )


CLAIMS: dict[str, Callable[[], Claim]] = {
    "20": equation_20,
    "21": equation_21,
    "22": equation_22,
}

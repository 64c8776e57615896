"""Eqs. 15-17: the deltas, the region Q of outputs that a pixel reaches, and Q as a sum over the taps."""

from __future__ import annotations

from collections.abc import Callable

import sympy as sp

from symconv.article.claims import Claim, equalities
from symconv.article.deltas import CONTEXT, DELTA, DX, INSIDE, SLOPE, gradient, three_borders, with_zeros, zero_outside
from symconv.article.symbols import O1, O2, H, W, i, i1, j, j1, k1, k2, m, m1, n, n1
from symconv.article.vocabulary import OTHER_TAPS, OUTPUTS, PIXELS, TAPS, Bounds, at, total
from symconv.ir import Access, Between, Equal, IndexedSum, Range
from symconv.prove.reading import Reading

_RECTANGLE: list[Bounds] = [*PIXELS, (i, i1 - k1 + 1, i1), (j, j1 - k2 + 1, j1)]
_TERM = at(DELTA, i, j) * at("w", i1 - i, j1 - j) * SLOPE


def equation_15() -> Claim:
    named = (total(at("T", i, j, 0, 0), OUTPUTS, at(DELTA, i, j)),)
    return Claim(
        "15",
        "the deltas",
        "`δˡ[i, j] = ∂E/∂xˡ[i, j]`",
        (Reading("a name for the derivative by every output", named, (), CONTEXT, definition=True),),
    )


def region() -> Claim:
    """Which outputs does x[i', j'] reach? Q as a set of pairs (pixel, output), every pair counted once."""
    pair = at("Q", i1, j1, i, j)
    reached = total(at("Q", i + m, j + n, i, j), [*OUTPUTS, *TAPS], sp.S.One)
    inner = reached.with_(guards=(Between(k1 - 1, i + m, H - k1), Between(k2 - 1, j + n, W - k2)))
    exists = (Between(sp.S.Zero, i, O1 - 1), Between(sp.S.Zero, j, O2 - 1))
    return Claim(
        "Q",
        "the region Q: the outputs that x[i', j'] reaches, by its corners",
        "`Q`: from `(i′−k₁+1, j′−k₂+1)` to `(i′, j′)`",
        (
            Reading(
                "every pixel, every entry of the rectangle is an output",
                gradient(),
                (total(DX, _RECTANGLE, _TERM),),
                CONTEXT,
            ),
            Reading(
                "pixels at least k - 1 away from the border",
                (inner,),
                (total(pair, _RECTANGLE, sp.S.One, INSIDE),),
                CONTEXT,
            ),
            Reading(
                "every pixel, the rectangle cut to the outputs that exist",
                (reached,),
                (total(pair, _RECTANGLE, sp.S.One, exists),),
                CONTEXT,
            ),
        ),
        Reading(
            "`Q = {(i, j): max(0, i′−k₁+1) ≤ i ≤ min(H−k₁, i′), max(0, j′−k₂+1) ≤ j ≤ min(W−k₂, j′)}`",
            (reached,),
            (_clipped(pair, sp.S.One),),
            CONTEXT,
        ),
    )


def _clipped(result: Access, summand: sp.Expr) -> IndexedSum:
    """A sum over the region Q with its tight bounds."""
    rows = Range(i, (sp.S.Zero, i1 - k1 + 1), (O1 - 1, i1))
    columns = Range(j, (sp.S.Zero, j1 - k2 + 1), (O2 - 1, j1))
    return IndexedSum(result, (Range.box(i1, H), Range.box(j1, W), rows, columns), (), summand)


def equation_16() -> Claim:
    rectangle = total(DX, _RECTANGLE, _TERM)
    rights = {
        "Q the outputs that the pixel reaches": (_clipped(DX, _TERM),),
        "Q the rectangle by its corners, arrays as they are": (rectangle,),
        "Q the rectangle by its corners, δ zero outside": zero_outside(rectangle),
    }
    return Claim(
        "16",
        "chain rule over the region Q",
        "`∂E/∂xˡ[i′, j′] = Σ_{i,j ∈ Q} δˡ⁺¹[Q] ∂xˡ⁺¹[Q]/∂xˡ[i′, j′]`",
        equalities(gradient(), CONTEXT, rights),
    )


def equation_17() -> Claim:
    term = at(DELTA, i1 - m, j1 - n) * at("w", m1, n1) * SLOPE
    body = total(DX, [*PIXELS, *TAPS, *OTHER_TAPS], term, (Equal(m1, m), Equal(n1, n)))
    return Claim(
        "17",
        "the region Q as a sum over the taps",
        "`∂E/∂xˡ[i′, j′] = Σ_{m=0}^{k₁−1} Σ_{n=0}^{k₂−1} δˡ⁺¹[i′−m, j′−n] ∂xˡ⁺¹[i′−m, j′−n]/∂xˡ[i′, j′]`",
        three_borders(body),
        with_zeros(body),
    )


CLAIMS: dict[str, Callable[[], Claim]] = {
    "15": equation_15,
    "Q": region,
    "16": equation_16,
    "17": equation_17,
}

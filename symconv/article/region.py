"""Eqs. 15-17: the deltas, the region Q of outputs that a pixel reaches, and Q as a sum over the taps."""

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
from symconv.article.vocabulary import O1, O2, Bounds, H, W, at, grid, i, i1, j, j1, k1, k2, m, m1, n, n1, total
from symconv.ir import Access, Between, Equal, IndexedSum, Range
from symconv.prove.reading import Reading


def equation_15() -> Claim:
    over = grid(i, j, O1, O2)
    return Claim(
        "15",
        "the deltas",
        "`δˡ[i, j] = ∂E/∂xˡ[i, j]`",
        (
            Reading(
                "a name for the derivative by every output",
                (total(at("T", i, j, 0, 0), over, at(DELTA, i, j)),),
                (),
                CONTEXT,
                definition=True,
            ),
        ),
    )


def region() -> Claim:
    """Which outputs does x[i', j'] reach? Q as a set of pairs (pixel, output), every pair counted once."""
    pair = at("Q", i1, j1, i, j)
    reached = (total(at("Q", i + m, j + n, i, j), [*grid(i, j, O1, O2), *TAPS], sp.S.One),)
    corners: list[Bounds] = [(i, i1 - k1 + 1, i1), (j, j1 - k2 + 1, j1)]
    exists = (Between(sp.S.Zero, i, O1 - 1), Between(sp.S.Zero, j, O2 - 1))
    inner_pairs = total(
        at("Q", i + m, j + n, i, j),
        [*grid(i, j, O1, O2), *TAPS],
        sp.S.One,
        [Between(k1 - 1, i + m, H - k1), Between(k2 - 1, j + n, W - k2)],
    )
    delta = at(DELTA, i, j) * at("w", i1 - i, j1 - j) * SLOPE
    return Claim(
        "Q",
        "the region Q: the outputs that x[i', j'] reaches, by its corners",
        "`Q`: from `(i′−k₁+1, j′−k₂+1)` to `(i′, j′)`",
        (
            Reading(
                "every pixel, every entry of the rectangle is an output",
                gradient(),
                (total(DX, [*PIXELS, *corners], delta),),
                CONTEXT,
            ),
            Reading(
                "pixels at least k - 1 away from the border",
                (inner_pairs,),
                (total(pair, [*PIXELS, *corners], sp.S.One, INSIDE),),
                CONTEXT,
            ),
            Reading(
                "every pixel, the rectangle cut to the outputs that exist",
                reached,
                (total(pair, [*PIXELS, *corners], sp.S.One, exists),),
                CONTEXT,
            ),
        ),
        Reading(
            "`Q = {(i, j): max(0, i′−k₁+1) ≤ i ≤ min(H−k₁, i′), max(0, j′−k₂+1) ≤ j ≤ min(W−k₂, j′)}`",
            reached,
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
    delta = at(DELTA, i, j) * at("w", i1 - i, j1 - j) * SLOPE
    corners: list[Bounds] = [(i, i1 - k1 + 1, i1), (j, j1 - k2 + 1, j1)]
    rectangle = total(DX, [*PIXELS, *corners], delta)
    return Claim(
        "16",
        "chain rule over the region Q",
        "`∂E/∂xˡ[i′, j′] = Σ_{i,j ∈ Q} δˡ⁺¹[Q] ∂xˡ⁺¹[Q]/∂xˡ[i′, j′]`",
        (
            Reading("Q the outputs that the pixel reaches", gradient(), (_clipped(DX, delta),), CONTEXT),
            Reading("Q the rectangle by its corners, arrays as they are", gradient(), (rectangle,), CONTEXT),
            Reading(
                "Q the rectangle by its corners, δ zero outside",
                gradient(),
                (rectangle.with_(extended=frozenset({DELTA})),),
                CONTEXT,
            ),
        ),
    )


def equation_17() -> Claim:
    deltas = (Equal(m1, m), Equal(n1, n))
    inner_taps: list[Bounds] = [(m1, 0, k1 - 1), (n1, 0, k2 - 1)]
    body = total(DX, [*PIXELS, *TAPS, *inner_taps], at(DELTA, i1 - m, j1 - n) * at("w", m1, n1) * SLOPE, deltas)
    return Claim(
        "17",
        "the region Q as a sum over the taps",
        "`∂E/∂xˡ[i′, j′] = Σ_{m=0}^{k₁−1} Σ_{n=0}^{k₂−1} δˡ⁺¹[i′−m, j′−n] ∂xˡ⁺¹[i′−m, j′−n]/∂xˡ[i′, j′]`",
        three_borders(body, body.with_(guards=(*deltas, *INSIDE)), gradient_inside()),
        Reading(
            "the same with `δˡ⁺¹` zero outside the output",
            gradient(),
            (body.with_(extended=frozenset({DELTA})),),
            CONTEXT,
        ),
    )


CLAIMS: dict[str, Callable[[], Claim]] = {
    "15": equation_15,
    "Q": region,
    "16": equation_16,
    "17": equation_17,
}

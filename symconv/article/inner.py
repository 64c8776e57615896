"""Eqs. 18-19: the derivative of one output by one pixel, and the border cases that the text passes over."""

from __future__ import annotations

from collections.abc import Callable

import sympy as sp

from symconv.article.claims import Claim
from symconv.article.deltas import CONTEXT, EXISTS, SLOPE
from symconv.article.layers import deltas_layer
from symconv.article.symbols import i1, j1, k1, k2, m, m1, n, n1
from symconv.article.vocabulary import OTHER_TAPS, PIXELS, TAPS, at, total
from symconv.derive import unfold
from symconv.ir import Apply, Equal, IndexedSum, Partial, Range
from symconv.prove.reading import Reading

_TERM = at("T", i1, j1, m, n)
_WHERE_IT_EXISTS = "the same for `0 ≤ i′ − m ≤ H − k₁` and `0 ≤ j′ − n ≤ W − k₂`"


def equation_18() -> Claim:
    """What stands in the brackets, for every pixel i' and tap m, against the output i' - m of the layer."""
    free = [*PIXELS, *TAPS]
    term = at("w", m1, n1) * Apply("f", 0, at("x", i1 - m + m1, j1 - n + n1))
    brackets = (total(_TERM, [*free, *OTHER_TAPS], term), total(_TERM, free, at("b")))
    existing = tuple(s.with_(guards=EXISTS) for s in brackets)
    named = (total(_TERM, free, at("z", i1 - m, j1 - n)),)
    layer = tuple(_output_as_term(s) for s in deltas_layer().sums)
    return Claim(
        "18",
        "the forward formula inserted at the output i' - m, j' - n",
        "`∂xˡ⁺¹[i′−m, j′−n]/∂xˡ[i′, j′] = ∂/∂xˡ[i′, j′] (Σ_m′ Σ_n′ wˡ⁺¹[m′, n′] f(xˡ[i′−m+m′, j′−n+n′]) + bˡ⁺¹)`",
        (
            Reading("every pixel and tap, arrays as they are", named, brackets, CONTEXT),
            Reading("where the output i' - m, j' - n exists", layer, existing, CONTEXT),
        ),
        Reading(_WHERE_IT_EXISTS, layer, existing, CONTEXT),
    )


def _output_as_term(s: IndexedSum) -> IndexedSum:
    """z[i, j] of the layer, filed under every (pixel, tap) with i' - m = i: T[i + m, j + n, m, n] += z[i, j]."""
    inner = s.rename({m: m1, n: n1}) if m in s.indices else s
    row, column = inner.result.indices
    return inner.with_(
        result=at("T", row + m, column + n, m, n),
        ranges=(*inner.ranges, Range.box(m, k1), Range.box(n, k2)),
    )


def equation_19() -> Claim:
    free = [*PIXELS, *TAPS]
    result = at(CONTEXT.derivative("z", "x"), i1, j1, m, n)
    partial = Partial(at("z", i1 - m, j1 - n), at("x", i1, j1))
    opened = unfold(total(result, free, partial, EXISTS), deltas_layer())
    closed = total(result, free, at("w", m, n) * SLOPE)
    existing = (closed.with_(guards=EXISTS),)
    zeroth = total(_TERM, free, at("w", 0, 0) * Apply("f", 0, at("x", i1 - m, j1 - n)), EXISTS)
    first = at("w", m1, n1) * Apply("f", 0, at("x", m1 - m, n1 - n))
    printed = total(_TERM, [*free, *OTHER_TAPS], first, (*EXISTS, Equal(m1, sp.S.Zero), Equal(n1, sp.S.Zero)))
    label = "the first term of the expanded sum, x at 0 - m + m', 0 - n + n', is the term m' = n' = 0"
    return Claim(
        "19",
        "only the term m' = m, n' = n is left",
        "`∂xˡ⁺¹[i′−m, j′−n]/∂xˡ[i′, j′] = wˡ⁺¹[m, n] f′(xˡ[i′, j′])`",
        (
            Reading("every pixel and tap, an output outside the map counted as constant", opened, (closed,), CONTEXT),
            Reading("where the output i' - m, j' - n exists", opened, existing, CONTEXT),
            Reading(label, (zeroth,), (printed,), CONTEXT),
        ),
        Reading(_WHERE_IT_EXISTS, opened, existing, CONTEXT),
    )


CLAIMS: dict[str, Callable[[], Claim]] = {
    "18": equation_18,
    "19": equation_19,
}

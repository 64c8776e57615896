"""Eqs. 6-14: the forward pass of a layer, the loss, and the gradient of the weights and of the bias."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from symconv.article.claims import Claim, equalities
from symconv.article.layers import weights_layer
from symconv.article.star import Star, starred, stars
from symconv.article.symbols import IMAGE, KERNEL, O1, O2, OUTPUT, i, i1, j, j1, m, m1, n, n1
from symconv.article.vocabulary import OTHER_TAPS, OUTPUTS, TAPS, at, context, grid, operand, total, weight
from symconv.derive import gradient_form, unfold
from symconv.ir import Apply, IndexedSum, Partial, index, size
from symconv.layers.pointwise import squared_error
from symconv.prove.reading import Reading

_X = at("x", i, j)
_CONTEXT = context(weight("w", KERNEL), operand("o", IMAGE), weight("b"), operand("x", OUTPUT))
_DELTA = _CONTEXT.adjoint("x")
_GRADIENT = at(_CONTEXT.adjoint("w"), m1, n1)
_BIAS = total(_X, OUTPUTS, at("b"))
# Cross-correlation (Eq. 1) with the kernel as it is, offsets at zero.
_UNTURNED = Star(correlate=True, rotation="none", shifted=False, zero_outside=False)


@cache
def gradient(wrt: str) -> tuple[IndexedSum, ...]:
    """dE/d`wrt` of the layer of Eq. 7 as the chain rule gives it."""
    return gradient_form(weights_layer(), wrt, "scatter")


def _eq_7() -> tuple[IndexedSum, ...]:
    return (total(_X, [*OUTPUTS, *TAPS], at("w", m, n) * at("o", i + m, j + n)), _BIAS)


def _eq_13() -> tuple[IndexedSum, ...]:
    return (total(_GRADIENT, [*OTHER_TAPS, *OUTPUTS], at(_DELTA, i, j) * at("o", i + m1, j + n1)),)


def equation_6() -> Claim:
    lhs = _eq_7()
    rights = {s.label: (starred(s, _X, OUTPUTS, "o", "w", KERNEL), _BIAS) for s in stars()}
    return Claim(
        "6",
        "Eq. 6 = Eq. 7: the forward pass as a convolution with the rotated kernel",
        "`xˡ[i, j] = rot180{wˡ[m, n]} ∗ oˡ⁻¹[i, j] + bˡ[i, j]`",
        equalities(lhs, _CONTEXT, rights),
        Reading(
            "`xˡ[i, j] = (oˡ⁻¹ ⊗ wˡ)[i, j] + bˡ`: cross-correlation (Eq. 1) with the unrotated kernel",
            lhs,
            (starred(_UNTURNED, _X, OUTPUTS, "o", "w", KERNEL), _BIAS),
            _CONTEXT,
        ),
    )


def equation_7() -> Claim:
    every_pixel = [*grid(i, j, *IMAGE), *TAPS]
    wide = context(weight("w", KERNEL), operand("o", IMAGE), weight("b"), operand("x", IMAGE))
    padded = total(_X, every_pixel, at("w", m, n) * at("o", i + m, j + n))
    return Claim(
        "7",
        "the forward pass as a sum",
        "`xˡ[i, j] = Σ_m Σ_n wˡ[m, n] oˡ⁻¹[i+m, j+n] + bˡ[i, j]`",
        (
            Reading("outputs where the kernel fits, 0 <= i <= H - k1", _eq_7(), (), _CONTEXT, definition=True),
            Reading("one output for every pixel, arrays as they are", (padded,), (), wide, definition=True),
        ),
    )


def equation_8() -> Claim:
    ctx = context(operand("x", OUTPUT), operand("o", OUTPUT))
    rhs = (total(at("o", i, j), OUTPUTS, Apply("f", 0, _X)),)
    return Claim(
        "8",
        "activation",
        "`oˡ[i, j] = f(xˡ[i, j])`",
        (Reading("for every output", rhs, (), ctx, definition=True),),
    )


def equation_9() -> Claim:
    p, count = index("p"), size("P")
    ctx = context(operand("y", (count,)), operand("t", (count,)), operand("E", ()), sizes=(count,), fits=False)
    error = at("t", p) - at("y", p)
    loss = (total(at("E"), [(p, 0, count - 1)], error**2 / 2),)
    slope = gradient_form(squared_error(), "y", "scatter")
    q = slope[0].result.indices[0]
    closed = (total(at(ctx.adjoint("y"), q), [(q, 0, count - 1)], at(ctx.adjoint("E")) * (at("y", q) - at("t", q))),)
    return Claim(
        "9",
        "squared error",
        "`E = ½ Σ_p (t[p] − y[p])²`",
        (Reading("for every number of predictions", loss, (), ctx, definition=True),),
        Reading("`∂E/∂y[p] = y[p] − t[p]`", slope, closed, ctx),
    )


def equation_10() -> Claim:
    body = total(_GRADIENT, [*OTHER_TAPS, *OUTPUTS], at(_DELTA, i, j) * Partial(_X, at("w", m1, n1)))
    opened = unfold(body, weights_layer())
    return Claim(
        "10",
        "chain rule over the outputs 0 <= i <= H - k1, 0 <= j <= W - k2",
        "`∂E/∂wˡ[m′, n′] = Σ_{i=0}^{H−k₁} Σ_{j=0}^{W−k₂} δˡ[i, j] ∂xˡ[i, j]/∂wˡ[m′, n′]`",
        equalities(gradient("w"), _CONTEXT, {"with the inner derivative opened as a sum over deltas": opened}),
    )


_INNER = at(_CONTEXT.derivative("x", "w"), i, j, m1, n1)
_EVERY_PAIR = [*OUTPUTS, *OTHER_TAPS]


def equation_11() -> Claim:
    return Claim(
        "11",
        "the forward formula inserted",
        "`∂xˡ[i, j]/∂wˡ[m′, n′] = ∂/∂wˡ[m′, n′] (Σ_m Σ_n wˡ[m, n] oˡ⁻¹[i+m, j+n] + bˡ)`",
        (Reading("what stands in the brackets is the layer's output", weights_layer().sums, _eq_7(), _CONTEXT),),
    )


def equation_12() -> Claim:
    derivative = unfold(total(_INNER, _EVERY_PAIR, Partial(_X, at("w", m1, n1))), weights_layer())
    closed = (total(_INNER, _EVERY_PAIR, at("o", i + m1, j + n1)),)
    return Claim(
        "12",
        "only the term m = m', n = n' is left",
        "`∂xˡ[i, j]/∂wˡ[m′, n′] = oˡ⁻¹[i+m′, j+n′]`",
        (Reading("for every output and weight", derivative, closed, _CONTEXT),),
    )


def equation_13() -> Claim:
    return Claim(
        "13",
        "gradient of the weights",
        "`∂E/∂wˡ[m′, n′] = Σ_{i=0}^{H−k₁} Σ_{j=0}^{W−k₂} δˡ[i, j] oˡ⁻¹[i+m′, j+n′]`",
        (Reading("for every weight", gradient("w"), _eq_13(), _CONTEXT),),
    )


def equation_14() -> Claim:
    lhs = _eq_13()
    rights = {s.label: (starred(s, _GRADIENT, OTHER_TAPS, "o", _DELTA, OUTPUT),) for s in stars()}
    return Claim(
        "14",
        "Eq. 13 = Eq. 14: the same as a convolution with the rotated deltas",
        "`= rot180{δˡ[i, j]} ∗ oˡ⁻¹[m′, n′]`",
        equalities(lhs, _CONTEXT, rights),
        Reading(
            "`∂E/∂wˡ = oˡ⁻¹ ⊗ δˡ`: cross-correlation (Eq. 1) with the unrotated deltas",
            lhs,
            (starred(_UNTURNED, _GRADIENT, OTHER_TAPS, "o", _DELTA, OUTPUT),),
            _CONTEXT,
        ),
    )


def bias_gradient() -> Claim:
    own = context(operand("x", OUTPUT), weight("b", OUTPUT))
    db = own.adjoint("b")
    shared = (total(at(db), OUTPUTS, at(_DELTA, i, j)),)
    per_position = (total(at(db, i1, j1), grid(i1, j1, O1, O2), at(_DELTA, i1, j1)),)
    summed = (total(at(db, i1, j1), [*grid(i1, j1, O1, O2), *OUTPUTS], at(_DELTA, i, j)),)
    return Claim(
        "bias",
        "the gradient of the bias, which the comments ask for",
        "`∂E/∂bˡ = Σ_{i=0}^{H−k₁} Σ_{j=0}^{W−k₂} δˡ[i, j]`",
        (
            Reading("one bias for the whole map (Notation 5)", gradient("b"), shared, _CONTEXT),
            Reading(
                "a bias of its own at every position (b with indices i, j in Eqs. 6 and 7)", per_position, summed, own
            ),
        ),
    )


CLAIMS: dict[str, Callable[[], Claim]] = {
    "6": equation_6,
    "7": equation_7,
    "8": equation_8,
    "9": equation_9,
    "10": equation_10,
    "11": equation_11,
    "12": equation_12,
    "13": equation_13,
    "14": equation_14,
    "bias": bias_gradient,
}

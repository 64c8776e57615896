"""Eqs. 1-5: cross-correlation, convolution, and the layer that is called by the name of either."""

from __future__ import annotations

from collections.abc import Callable

import sympy as sp

from symconv.article.claims import Claim, equalities
from symconv.article.star import Star, starred
from symconv.article.symbols import IMAGE, KERNEL, OUTPUT, H, W, i, j, k1, k2, m, n
from symconv.article.vocabulary import OUTPUTS, TAPS, at, context, grid, operand, total, weight
from symconv.ir import Access, Context, IndexedSum, Range, index, size
from symconv.prove.reading import Reading

_OUT = at("S", i, j)
_FULL = (H + k1 - 1, W + k2 - 1)


def _images(out: tuple[sp.Expr, sp.Expr]) -> Context:
    return context(operand("I", IMAGE), weight("K", KERNEL), operand("S", out))


def _over(
    out: tuple[sp.Expr, sp.Expr], correlate: bool, zero: bool, rotation: str = "none", shifted: bool = False
) -> tuple[IndexedSum, ...]:
    star = Star(correlate, rotation, shifted, zero)
    return (starred(star, _OUT, grid(i, j, *out), "I", "K", KERNEL),)


def equation_1() -> Claim:
    shapes = {
        "outputs where the kernel fits, 0 <= i <= H - k1": (OUTPUT, False),
        "one output for every pixel, arrays as they are": (IMAGE, False),
        "one output for every pixel, I zero outside": (IMAGE, True),
    }
    return Claim(
        "1",
        "cross-correlation",
        "`(I ⊗ K)[i, j] = Σ_{m=0}^{k₁−1} Σ_{n=0}^{k₂−1} I(i+m, j+n) K(m, n)`",
        tuple(
            Reading(label, _over(out, True, zero), (), _images(out), definition=True)
            for label, (out, zero) in shapes.items()
        ),
    )


def equation_2() -> Claim:
    where_it_fits = [(i, k1 - 1, H - 1), (j, k2 - 1, W - 1)]
    inside = (total(_OUT, [*where_it_fits, *TAPS], at("I", i - m, j - n) * at("K", m, n)),)
    shapes = {
        "outputs where the kernel fits, k1 - 1 <= i <= H - 1": (IMAGE, inside),
        "outputs 0 <= i <= H - k1, arrays as they are": (OUTPUT, _over(OUTPUT, False, False)),
        "all H + k1 - 1 outputs, I zero outside": (_FULL, _over(_FULL, False, True)),
    }
    return Claim(
        "2",
        "convolution",
        "`(I ∗ K)[i, j] = Σ_{m=0}^{k₁−1} Σ_{n=0}^{k₂−1} I(i−m, j−n) K(m, n)`",
        tuple(Reading(label, sums, (), _images(out), definition=True) for label, (out, sums) in shapes.items()),
    )


def equation_3() -> Claim:
    """Eq. 2 = Eq. 3, with I zero outside on both sides, so that only the kernel's ranges are in question."""
    ctx = _images(_FULL)
    lhs = _over(_FULL, False, True)
    free = grid(i, j, *_FULL)
    product = at("I", i + m, j + n) * at("K", -m, -n)
    right = (total(_OUT, [*free, (m, 1 - k1, 0), (n, 1 - k2, 0)], product, zero_outside=("I",)),)
    turned = "ranges as printed, K(-m, -n) as the kernel rotated about its centre, offsets at zero"
    rights = {
        "ranges as printed, K as it is": (total(_OUT, [*free, *TAPS], product, zero_outside=("I",)),),
        "ranges as printed, K zero outside": (total(_OUT, [*free, *TAPS], product, zero_outside=("I", "K")),),
        turned: _over(_FULL, True, True, "centre"),
        "ranges as printed, K rotated about its centre, full alignment": _turned_in_full_alignment(),
        "ranges that follow the indices, 1 - k1 <= m <= 0": right,
    }
    return Claim(
        "3",
        "convolution as cross-correlation with K(-m, -n)",
        "`= Σ_{m=0}^{k₁−1} Σ_{n=0}^{k₂−1} I(i+m, j+n) K(−m, −n)`",
        equalities(lhs, ctx, rights),
        Reading("`(I ∗ K)[i, j] = Σ_{m=1−k₁}^{0} Σ_{n=1−k₂}^{0} I(i+m, j+n) K(−m, −n)`", lhs, right, ctx),
    )


def _turned_in_full_alignment() -> tuple[IndexedSum, ...]:
    """I (x) rot180{K}, which is I * K."""
    return _over(_FULL, True, True, "centre", shifted=True)


def flipped_kernel() -> Claim:
    """The sentence "convolution is the same as cross-correlation with a flipped kernel", for K(-m, -n) == K(m, n)."""
    ctx = context(operand("I", IMAGE), weight("K", KERNEL), operand("S", _FULL), weight("G", KERNEL))

    def kernel(row: sp.Expr, column: sp.Expr) -> tuple[IndexedSum, ...]:
        return (total(at("G", i, j), grid(i, j, *KERNEL), at("K", row, column)),)

    turned = {
        "every kernel equals its rotation about the origin": kernel(-i, -j),
        "every kernel equals its rotation about the centre": kernel(k1 - 1 - i, k2 - 1 - j),
    }
    correlations = {
        "for kernels that do, convolution is cross-correlation, offsets at zero": _symmetric(True, False),
        "for kernels that do, convolution is cross-correlation, full alignment": _symmetric(True, True),
    }
    return Claim(
        "K(-m,-n)",
        "the sentence below Eq. 3: a kernel with K(-m, -n) == K(m, n)",
        "`K(−m, −n) == K(m, n)`",
        (
            *(Reading(label, sums, kernel(i, j), ctx) for label, sums in turned.items()),
            *equalities(_symmetric(False, False), ctx, correlations),
        ),
        Reading(
            "`I ∗ K = I ⊗ rot180{K}` for every kernel, in full alignment",
            _over(_FULL, False, True),
            _turned_in_full_alignment(),
            ctx,
        ),
    )


def _symmetric(correlate: bool, shifted: bool) -> tuple[IndexedSum, ...]:
    """With a kernel that equals its rotation, written G + rot180{G}: every such kernel is of this form."""
    stars_ = (Star(correlate, rotation, shifted, True) for rotation in ("none", "centre"))
    return tuple(starred(s, _OUT, grid(i, j, *_FULL), "I", "G", KERNEL) for s in stars_)


_C = size("C")


def equation_4() -> Claim:
    return _layer_claim(
        "4",
        "a filter bank over C channels",
        "`(I ∗ K)[i, j] = Σ_{m=0}^{k₁−1} Σ_{n=0}^{k₂−1} Σ_{c=1}^{C} K[m, n, c] · I[i+m, j+n, c] + b`",
        channels=True,
    )


def equation_5() -> Claim:
    return _layer_claim(
        "5",
        "the same for one channel",
        "`(I ∗ K)[i, j] = Σ_{m=0}^{k₁−1} Σ_{n=0}^{k₂−1} K[m, n] · I[i+m, j+n] + b`",
        channels=False,
    )


def _layer_claim(number: str, title: str, printed: str, channels: bool) -> Claim:
    """Eqs. 4 and 5 as a definition of the layer's output, and as a statement on `*`."""
    extra = (_C,) if channels else ()
    inputs = (operand("I", (*IMAGE, *extra)), weight("K", (*KERNEL, *extra)), weight("b"))
    ctx = context(*inputs, operand("S", OUTPUT), sizes=(H, W, k1, k2, *extra))
    bias = total(_OUT, OUTPUTS, at("b"))
    layer = (_printed_layer(channels, 0, _C - 1), bias)
    definitions = {"as the definition of the layer's output": layer}
    if channels:
        definitions["the same, c = 1 .. C as printed on arrays that start at 0"] = (_printed_layer(True, 1, _C), bias)
    stars = {
        "* as Eq. 2, offsets at zero": Star(False, "none", False, False),
        "* as Eq. 2, valid alignment": Star(False, "none", True, False),
        "* as Eq. 1, without the bias on the left": Star(True, "none", False, False),
    }
    readings = [Reading(label, sums, (), ctx, definition=True) for label, sums in definitions.items()]
    readings += [Reading(label, (_star_over_channels(s, channels),), layer, ctx) for label, s in stars.items()]
    correlation = _star_over_channels(Star(True, "none", False, False), channels)
    statement = "`x = I ⊗ K + b`: cross-correlation (Eq. 1), the kernel not flipped, plus the bias"
    return Claim(number, title, printed, tuple(readings), Reading(statement, (correlation, bias), layer, ctx))


_CHANNEL = index("c")


def _printed_layer(channels: bool, first: int, last: sp.Expr) -> IndexedSum:
    """The sum of Eqs. 4 and 5 as it stands there, the bias left out; c = first .. last."""
    c = (_CHANNEL,) if channels else ()
    over = [*OUTPUTS, *TAPS, *((v, first, last) for v in c)]
    return total(_OUT, over, at("K", m, n, *c) * at("I", i + m, j + n, *c))


def _star_over_channels(star: Star, channels: bool) -> IndexedSum:
    """(I * K)[i, j] under a reading of `*`, summed over channels."""
    one = starred(star, _OUT, OUTPUTS, "I", "K", KERNEL)
    if not channels:
        return one
    each = {a: Access(a.args[0], *a.indices, _CHANNEL) for a in one.reads()}
    return one.with_(ranges=(*one.ranges, Range.box(_CHANNEL, _C)), summand=one.summand.xreplace(each))


CLAIMS: dict[str, Callable[[], Claim]] = {
    "1": equation_1,
    "2": equation_2,
    "3": equation_3,
    "K(-m,-n)": flipped_kernel,
    "4": equation_4,
    "5": equation_5,
}

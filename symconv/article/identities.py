"""The two identities behind rot180, and what the article does with pooling layers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import sympy as sp

from symconv.article.claims import Claim, equalities
from symconv.article.star import Star, starred, stars
from symconv.article.symbols import IMAGE, KERNEL, H, W, i, j, k1, k2, m, n
from symconv.article.vocabulary import TAPS, Bounds, at, context, grid, operand, total, weight
from symconv.derive import gradient_form
from symconv.ir import Context, FirstMaximum, IndexedSum, Layer, Operand, Range, Role, index, size
from symconv.prove.reading import Reading

_FULL = (H + k1 - 1, W + k2 - 1)
_OUT = at("S", i, j)


def rotated_kernel() -> Claim:
    """A * K = A (x) rot180{K}."""
    ctx = context(operand("A", IMAGE), weight("K", KERNEL), operand("S", _FULL))
    free = grid(i, j, *_FULL)
    lhs = (starred(Star(False, "none", False, True), _OUT, free, "A", "K", KERNEL),)
    correlations = (s for s in stars() if s.correlate and s.zero_outside)
    rights = {s.label.replace("* as Eq. 1, ", ""): (starred(s, _OUT, free, "A", "K", KERNEL),) for s in correlations}
    return Claim(
        "rot180 (i)",
        "convolution is cross-correlation with the rotated kernel",
        "`A ∗ K = A ⊗ rot180{K}`",
        equalities(lhs, ctx, rights),
    )


def rotated_map() -> Claim:
    """rot180{A (x) K} = rot180{A} (x) rot180{K}: turning the result is turning both, never the kernel alone."""
    ctx = context(operand("A", IMAGE), weight("K", KERNEL), operand("S", _FULL))
    free = grid(i, j, *_FULL)

    def full(row: sp.Expr, column: sp.Expr, kernel: Sequence[sp.Expr], turned: bool) -> IndexedSum:
        """Cross-correlation in full alignment, read at (row, column) of its own map."""
        p, q = row - k1 + 1 + m, column - k2 + 1 + n
        image = at("A", H - 1 - p, W - 1 - q) if turned else at("A", p, q)
        return total(_OUT, [*free, *TAPS], image * at("K", *kernel), zero_outside=("A",))

    lhs = (full(_FULL[0] - 1 - i, _FULL[1] - 1 - j, (m, n), turned=False),)
    both = (full(i, j, (k1 - 1 - m, k2 - 1 - n), turned=True),)
    return Claim(
        "rot180 (ii)",
        "turning the summed map turns both factors",
        "`rot180{A ⊗ K} = rot180{A} ⊗ rot180{K}`",
        equalities(
            lhs,
            ctx,
            {
                "every array about its centre, full alignment, A zero outside": both,
                "the kernel alone turned: rot180{A ⊗ K} = A ⊗ rot180{K}": (
                    full(i, j, (k1 - 1 - m, k2 - 1 - n), turned=False),
                ),
            },
        ),
        Reading("`rot180{A ⊗ K} = rot180{A} ⊗ rot180{K}`, each about its own centre, full alignment", lhs, both, ctx),
    )


_BLOCK = size("N")
_ROWS, _COLUMNS = size("R"), size("C")


def _pool_context(image: tuple[sp.Expr, ...], window: sp.Expr) -> Context:
    """Outputs R x C; x and its gradient of shape `image`; sel marks the winning unit of every window."""
    operands = (
        Operand("x", image, tuple(f"a{k}" for k in range(len(image)))),
        Operand("y", (_ROWS, _COLUMNS), ("i", "j")),
        Operand("sel", (_ROWS, _COLUMNS, window, window), ("i", "j", "m", "n"), role=Role.MASK),
    )
    return Context((_ROWS, _COLUMNS, *sorted(window.free_symbols, key=str)), (), operands)


def _windows(window: sp.Expr) -> list[Bounds]:
    return [*grid(i, j, _ROWS, _COLUMNS), (m, 0, window - 1), (n, 0, window - 1)]


def _maximum(ctx: Context, window: sp.Expr, unit: tuple[sp.Expr, ...]) -> Layer:
    """y[i, j] = the largest x[unit] of the window, through the mask of the winning unit."""
    ranges = tuple(Range(v, (sp.sympify(lo),), (sp.sympify(hi),)) for v, lo, hi in _windows(window))
    winner = FirstMaximum(at("sel", i, j, m, n), (m, n), ranges, (), at("x", *unit))
    y = total(at("y", i, j), _windows(window), at("sel", i, j, m, n) * at("x", *unit))
    return Layer("max pool", (winner, y), ctx, ("x",))


def _average(ctx: Context, window: sp.Expr, unit: tuple[sp.Expr, ...]) -> Layer:
    y = total(at("y", i, j), _windows(window), at("x", *unit) / window**2)
    return Layer("average pool", (y,), ctx, ("x",))


def _pooling(
    number: str,
    title: str,
    statement: str,
    make: Callable[[Context, sp.Expr, tuple[sp.Expr, ...]], Layer],
    share: Callable[..., sp.Expr],
) -> Claim:
    """Blocks that do not overlap, for every N (x cut into N x N blocks), and 2 x 2 windows that overlap."""
    blocks = _pool_context((_ROWS, _BLOCK, _COLUMNS, _BLOCK), _BLOCK)
    sliding = _pool_context((_ROWS + 1, _COLUMNS + 1), sp.Integer(2))
    apart = make(blocks, _BLOCK, (i, m, j, n))
    overlap = make(sliding, sp.Integer(2), (i + m, j + n))
    dx, error = blocks.adjoint("x"), at(blocks.adjoint("y"), i, j)
    assigned = (total(at(dx, i, m, j, n), _windows(_BLOCK), error * share(i, j, m, n, _BLOCK)),)
    p, q = index("p"), index("q")
    pixels = grid(p, q, _ROWS, _COLUMNS)
    once = (total(at(dx, p, q), pixels, error.xreplace({i: p, j: q}) * share(p, q, sp.S.Zero, sp.S.Zero, 2)),)
    added = (total(at(dx, i + m, j + n), _windows(sp.Integer(2)), error * share(i, j, m, n, 2)),)
    masks = [tuple(s for s in layer.statements if isinstance(s, FirstMaximum)) for layer in (apart, overlap)]
    slopes = [gradient_form(layer, "x", "scatter") for layer in (apart, overlap)]
    return Claim(
        number,
        title,
        statement,
        (
            Reading("N x N blocks that do not overlap", slopes[0], assigned, blocks, prelude=masks[0]),
            Reading(
                "2 x 2 windows that overlap, each unit assigned the error of one window",
                slopes[1],
                once,
                sliding,
                prelude=masks[1],
            ),
            Reading(
                "2 x 2 windows that overlap, each unit given the sum over its windows",
                slopes[1],
                added,
                sliding,
                prelude=masks[1],
            ),
        ),
    )


def max_pooling() -> Claim:
    return _pooling(
        "max pooling",
        "the error is assigned to the winning unit, the others get zero",
        "`∂E/∂x = δ` at the winning unit of the block, `0` elsewhere",
        _maximum,
        lambda a, b, c, d, window: at("sel", a, b, c, d),
    )


def average_pooling() -> Claim:
    return _pooling(
        "average pooling",
        "every unit of the block gets the error times 1/(N x N)",
        "`∂E/∂x = δ / (N × N)` for every unit of the block",
        _average,
        lambda a, b, c, d, window: sp.S.One / sp.sympify(window) ** 2,
    )


CLAIMS: dict[str, Callable[[], Claim]] = {
    "rot180 (i)": rotated_kernel,
    "rot180 (ii)": rotated_map,
    "max pooling": max_pooling,
    "average pooling": average_pooling,
}

"""The article's own layers, in the article's letters: one channel, stride 1, no padding.

Source: Jefkine, "Backpropagation In Convolutional Neural Networks" (2016), Eqs. 7 and 18.
"""

from __future__ import annotations

from functools import cache

import sympy as sp

from symconv.article.symbols import IMAGE, KERNEL, OUTPUT, H, W, i, j, k1, k2, m, n
from symconv.article.vocabulary import FITS, OUTPUTS, TAPS, at, total
from symconv.ir import Apply, Context, Label, Layer, Notation, Operand, Role


def _correlation(name: str, read: sp.Expr, result: str, image: Operand, labels: tuple[tuple[str, Label], ...]) -> Layer:
    """result[i, j] = sum_{m, n} w[m, n] read + b; the adjoint of the result is δ, of the result's own layer."""
    y, outputs = at(result, i, j), OUTPUTS
    sums = (total(y, [*outputs, *TAPS], at("w", m, n) * read), total(y, outputs, at("b")))
    w = Operand("w", KERNEL, ("m'", "n'"), role=Role.PARAMETER)
    b = Operand("b", (), (), role=Role.PARAMETER)
    context = Context((H, W, k1, k2), FITS, (w, b, Operand(result, OUTPUT, ("i", "j")), image))
    notation = Notation(labels, adjoints=((result, Label("δ", dict(labels)[result].layer)),))
    return Layer(name, sums, context, ("w", "b", image.name), result, notation)


@cache
def weights_layer() -> Layer:
    """Eq. 7: x^l[i, j] = sum_{m, n} w^l[m, n] o^{l-1}[i + m, j + n] + b^l, of shape (H - k1 + 1, W - k2 + 1)."""
    labels = (("x", Label("x", "l")), ("w", Label("w", "l")), ("o", Label("o", "l-1")), ("b", Label("b", "l")))
    image = Operand("o", IMAGE, ("i'", "j'"))
    read = at("o", i + m, j + n)
    return _correlation("the convolutional layer l", read, "x", image, labels)


@cache
def deltas_layer() -> Layer:
    """Eq. 18: x^{l+1}[i, j] = sum_{m, n} w^{l+1}[m, n] f(x^l[i + m, j + n]) + b^{l+1}; the operand z is x^{l+1}."""
    labels = (("x", Label("x", "l")), ("z", Label("x", "l+1")), ("w", Label("w", "l+1")), ("b", Label("b", "l+1")))
    image = Operand("x", IMAGE, ("i'", "j'"))
    read = Apply("f", 0, at("x", i + m, j + n))
    return _correlation("the convolutional layer l+1 after f", read, "z", image, labels)

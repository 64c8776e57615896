"""The article's own layers, in the article's letters: one channel, stride 1, no padding.

Source: Jefkine, "Backpropagation In Convolutional Neural Networks" (2016), Eqs. 7 and 18.
"""

from __future__ import annotations

from functools import cache

import sympy as sp

from symconv.ir import (
    Access,
    Apply,
    Between,
    Context,
    IndexedSum,
    Label,
    Layer,
    Notation,
    Operand,
    Range,
    Role,
    index,
    size,
)

_i, _j, _m, _n = map(index, "ijmn")
_H, _W, _K1, _K2 = map(size, ("H", "W", "k1", "k2"))
_OUTPUT = (_H - _K1 + 1, _W - _K2 + 1)


def _correlation(name: str, read: sp.Expr, result: str, operands: tuple[Operand, ...], labels: Notation) -> Layer:
    """result[i, j] = sum_{m, n} w[m, n] read + b"""
    outputs = tuple(Range.box(v, n) for v, n in zip((_i, _j), _OUTPUT, strict=True))
    taps = (Range.box(_m, _K1), Range.box(_n, _K2))
    y = Access(result, _i, _j)
    sums = (IndexedSum(y, outputs + taps, (), Access("w", _m, _n) * read), IndexedSum(y, outputs, (), Access("b")))
    fits = (Between(sp.S.One, _K1, _H), Between(sp.S.One, _K2, _W))
    shared = (
        Operand("w", (_K1, _K2), ("m'", "n'"), role=Role.PARAMETER),
        Operand("b", (), (), role=Role.PARAMETER),
        Operand(result, _OUTPUT, ("i", "j")),
    )
    context = Context((_H, _W, _K1, _K2), fits, (*shared, *operands))
    return Layer(name, sums, context, ("w", "b", *(o.name for o in operands)), result, labels)


@cache
def weights_layer() -> Layer:
    """Eq. 7: x^l[i, j] = sum_{m, n} w^l[m, n] o^{l-1}[i + m, j + n] + b^l, of shape (H - k1 + 1, W - k2 + 1)."""
    labels = (("x", Label("x", "l")), ("w", Label("w", "l")), ("o", Label("o", "l-1")), ("b", Label("b", "l")))
    image = Operand("o", (_H, _W), ("i'", "j'"))
    read = Access("o", _i + _m, _j + _n)
    notation = Notation((*labels, ("dx", Label("δ", "l"))))
    return _correlation("the convolutional layer l", read, "x", (image,), notation)


@cache
def deltas_layer() -> Layer:
    """Eq. 18: x^{l+1}[i, j] = sum_{m, n} w^{l+1}[m, n] f(x^l[i + m, j + n]) + b^{l+1}; the operand z is x^{l+1}."""
    labels = (("x", Label("x", "l")), ("z", Label("x", "l+1")), ("w", Label("w", "l+1")), ("b", Label("b", "l+1")))
    image = Operand("x", (_H, _W), ("i'", "j'"))
    read = Apply("f", 0, Access("x", _i + _m, _j + _n))
    notation = Notation((*labels, ("dz", Label("δ", "l+1"))))
    return _correlation("the convolutional layer l+1 after f", read, "z", (image,), notation)

"""Cross-correlation (Eq. 1) and convolution (Eq. 2) of one image with one kernel, where the kernel fits."""

from __future__ import annotations

from typing import Any

import sympy as sp

from symconv.ir import Access, Between, Context, IndexedSum, Label, Layer, Notation, Operand, Range, Role, index, size
from symconv.layers.attributes import canonical

_NOTATION = Notation((("x", Label("I")), ("w", Label("K")), ("y", Label("S"))), adjoints=(("y", Label("δ")),))


def _image_layer(name: str, sign: int, attributes: dict[str, Any]) -> Layer:
    """S[i, j] = sum_{m, n} I[i + m, j + n] K[m, n], or with both indices of I run backwards from i + k - 1."""
    canonical(name, attributes, ())
    i, j, m, n = map(index, "ijmn")
    height, width, k1, k2 = map(size, ("H", "W", "k1", "k2"))
    shape = (height - k1 + 1, width - k2 + 1)
    ranges = tuple(Range.box(v, e) for v, e in zip((i, j, m, n), (*shape, k1, k2), strict=True))
    rows, columns = (i + m, j + n) if sign > 0 else (i + k1 - 1 - m, j + k2 - 1 - n)
    y = IndexedSum(Access("y", i, j), ranges, (), Access("x", rows, columns) * Access("w", m, n))
    operands = (
        Operand("x", (height, width), ("i'", "j'")),
        Operand("w", (k1, k2), ("m'", "n'"), role=Role.PARAMETER),
        Operand("y", shape, ("i", "j")),
    )
    fits = (Between(sp.S.One, k1, height), Between(sp.S.One, k2, width))
    context = Context((height, width, k1, k2), fits, operands)
    return Layer(name, (y,), context, ("x", "w"), notation=_NOTATION)


def cross_correlation(**attributes: Any) -> Layer:
    """(I (x) K)[i, j] = sum_{m, n} I[i + m, j + n] K[m, n] for 0 <= i <= H - k1 (Eq. 1)"""
    return _image_layer("cross_correlation", 1, attributes)


def convolution(**attributes: Any) -> Layer:
    """(I * K)[i + k1 - 1, j + k2 - 1] = sum_{m, n} I[i + k1 - 1 - m, j + k2 - 1 - n] K[m, n] (Eq. 2, where it fits)"""
    return _image_layer("convolution", -1, attributes)

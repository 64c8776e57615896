"""max, min, relu and their nests: one value and one slope in every evaluator, and a printed form in every language."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp

import symconv as sc
from symconv.ir import IndexedSum, Layer, Select, evaluate
from symconv.layers import build_layer
from symconv.verify import dense
from tests.build.compilers import COMPILERS

Function = Callable[[Fraction], Fraction]
HALF = Fraction(1, 2)
# The text of a function, its value, and its slope: below where the two sides of a comparison are equal.
FUNCTIONS: dict[str, tuple[Function, Function]] = {
    "relu(x)": (lambda x: max(x, Fraction(0)), lambda x: Fraction(x > 0)),
    "relu(relu(x))": (lambda x: max(x, Fraction(0)), lambda x: Fraction(x > 0)),
    "max(min(x, 6), 0)": (lambda x: max(min(x, Fraction(6)), Fraction(0)), lambda x: Fraction(0 < x < 6)),
    "max(0, min(1, x/6 + 1/2))": (
        lambda x: max(Fraction(0), min(Fraction(1), x / 6 + HALF)),
        lambda x: Fraction(-3 <= x <= 3) / 6,
    ),
    "x*max(0, min(1, x/6 + 1/2))": (
        lambda x: x * max(Fraction(0), min(Fraction(1), x / 6 + HALF)),
        lambda x: x / 3 + HALF if -3 <= x <= 3 else Fraction(x > 3),
    ),
    "max(x, x**2)*relu(x)": (
        lambda x: max(x, x * x) * max(x, Fraction(0)),
        lambda x: (3 * x * x if x >= 1 else 2 * x) if x > 0 else Fraction(0),
    ),
    "relu(x) - relu(-x)": (lambda x: x, lambda x: Fraction(x > 0) + Fraction(x < 0)),
    "max(max(x, 1), max(-x, 2))": (lambda x: max(abs(x), Fraction(2)), lambda x: Fraction(x > 2) - Fraction(x < -2)),
    "abs(min(x, 1))": (
        lambda x: abs(min(x, Fraction(1))),
        lambda x: Fraction(0 < x < 1) - Fraction(x < 0),
    ),
}
POINTS = [Fraction(v, 2) for v in range(-14, 15)]


def _layer(text: str) -> Layer:
    return build_layer("elementwise", {"function": text, "rank": 1})


@pytest.mark.parametrize("text", FUNCTIONS)
def test_value_and_slope(text: str, count_cases: Callable[[str, int], None]) -> None:
    """The exact interpreter and the evaluator of arrays agree with Python, on both sides of every border and on it."""
    value, slope = FUNCTIONS[text]
    layer = _layer(text)
    gradient = sc.derive(layer, wrt="x").result
    delta = {(k,): 1 for k in range(len(POINTS))}
    x = {(k,): v for k, v in enumerate(POINTS)}
    _compare(layer, layer.statements, "y", {"x": x}, [value(v) for v in POINTS])
    _compare(layer, gradient, "dx", {"x": x, "dy": delta}, [slope(v) for v in POINTS])
    count_cases("values and slopes of choices", 4 * len(POINTS))


def _compare(layer: Layer, sums: tuple[IndexedSum, ...], name: str, tensors: dict, expected: list[Fraction]) -> None:
    (size,) = layer.context.sizes
    exact = evaluate(sums, layer.context, {size.name: len(POINTS)}, tensors)[name]
    assert [exact[k,] for k in range(len(POINTS))] == expected
    arrays = {n: np.array([float(v) for v in t.values()]) for n, t in tensors.items()}
    found = dense.evaluate(sums, {name: (len(POINTS),)}, {size: len(POINTS)}, arrays)[name]
    np.testing.assert_allclose(found, [float(v) for v in expected], rtol=1e-15)


@pytest.mark.parametrize("target", ["numpy", *(["c"] if COMPILERS else [])])
@pytest.mark.parametrize("text", FUNCTIONS)
def test_kernels(text: str, target: str) -> None:
    """In NumPy and in C, in both precisions."""
    value, slope = FUNCTIONS[text]
    for dtype in ("float32", "float64"):
        kernel = sc.build(sc.Elementwise(function=text, rank=1), target=target, dtype=dtype)
        x = np.array([float(v) for v in POINTS], dtype)
        y, dx = kernel.forward(x), kernel.grad_input(np.ones_like(x), x)
        assert y.dtype == dx.dtype == x.dtype
        np.testing.assert_allclose(y, [float(value(v)) for v in POINTS], rtol=1e-6, atol=1e-7)
        np.testing.assert_allclose(dx, [float(slope(v)) for v in POINTS], rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("text", FUNCTIONS)
def test_printed_forms(text: str) -> None:
    """Text, ASCII, LaTeX and Markdown have a form for it, without a word of SymPy's."""
    derived = sc.derive(_layer(text), wrt="x")
    for printed in (derived.text(), derived.text(ascii=True), derived.latex(), derived.markdown()):
        assert not any(word in printed for word in ("Piecewise", "Select", "ITE", "Heaviside"))
        assert "max" in printed or "min" in printed


def test_no_piecewise_is_left() -> None:
    """Choices are one node, so that no walker has to know another."""
    for text in FUNCTIONS:
        (y,) = _layer(text).sums
        assert y.summand.has(Select)
        assert not y.summand.has(sp.Piecewise, sp.Max, sp.Min, sp.Heaviside)

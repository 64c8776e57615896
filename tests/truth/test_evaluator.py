"""The evaluator itself, on cases worked out by hand: a judge has to be right first."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest

from tests.truth.evaluator import REAL, Undefined, gradient, result
from tests.truth.world import draw_sizes, world


def numbers(*values: int) -> dict[tuple[int, ...], Fraction]:
    return {(k,): Fraction(v) for k, v in enumerate(values)}


def test_a_strided_window() -> None:
    w = world("y[i] = sum(k) w[k]*x[2*i + k]")
    sizes = {w.root["i"]: 2, w.root["k"]: 2, w.root["x", 0]: 4}
    assert result(w, 0, sizes, {"w": numbers(1, 10), "x": numbers(1, 2, 3, 4)}) == numbers(21, 43)


def test_terms_are_summed_one_by_one() -> None:
    w = world("y = sum(k) a[k]*b[k] - 2*c + sum(k) a[k]/K")
    tensors = {"a": numbers(1, 2, 3), "b": numbers(4, 5, 6), "c": {(): Fraction(7)}}
    assert result(w, 0, {w.root["k"]: 3}, tensors) == {(): 32 - 14 + 2}


def test_letters_alone_on_one_axis_are_one_size() -> None:
    w = world("h[i] = w[i]*x[i]; y[j] = sum(k) v[j,k]*tanh(h[k])")
    assert w.root["i"] == w.root["k"] != w.root["j"]
    assert w.inputs() == ("w", "x", "v")


def test_a_padded_read_is_zero_outside() -> None:
    w = world("y[i] = x[i - 1] + 10*x[i] + x[i + 1]")
    assert result(w, 0, {w.root["i"]: 3}, {"x": numbers(1, 2, 4)}) == numbers(12, 25, 42)


def test_sizes_fit() -> None:
    w = world("y[2*i + k] = w[k]*x[i]", "y[i + m] = x[i]*z[3*i + 2*m + 1]*v[m]")
    rng = random.Random(0)
    for _ in range(100):
        sizes = draw_sizes(w, rng)
        i, k, m = (sizes[w.root[v]] for v in "ikm")
        assert w.shape("y", sizes)[0] >= max(2 * i + k - 2, i + m - 1)
        assert w.shape("z", sizes)[0] >= 3 * i + 2 * m - 3


def test_functions_and_precedence() -> None:
    w = world("y = -x**2 + 8**(1/3)*abs(-3) - max(2, x)/min(2, x) + sqrt(9/4) + relu(x - 5) + sigmoid(0) + 2**-1")
    value = result(w, 0, {}, {"x": {(): Fraction(4)}})[()]
    assert abs(value - (-16 + 6 - 2 + 1.5 + 0 + 0.5 + 0.5)) < REAL.mpf(10) ** -50


def test_a_gradient_by_differences() -> None:
    w = world("y[i] = x[i]**3*log(x[i])")
    at = Fraction(3, 2)
    (found,) = gradient(w, 0, "x", {w.root["i"]: 1}, {"x": {(0,): at}}, {(0,): Fraction(1)}).values()
    x = REAL.mpf(3) / 2
    assert abs(found - (3 * x**2 * REAL.log(x) + x**2)) < REAL.mpf(10) ** -30


@pytest.mark.parametrize("text", ["y = 1/(x - x)", "y = log(-x)", "y = sqrt(-x)", "y = (-x)**(1/3)", "y = 0**-1*x"])
def test_what_is_not_defined(text: str) -> None:
    with pytest.raises(Undefined):
        result(world(text), 0, {}, {"x": {(): Fraction(2)}})

"""The gradient of a gradient: derived, proved, and equal to exact differences of the first one."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import product
from typing import Any

import pytest
import sympy as sp

import symconv as sc
from symconv.ir import Layer, evaluate
from symconv.layers import build_layer
from symconv.layers.stack import stack
from symconv.prove.concrete import StandIn, shown
from symconv.prove.enclosed import ENCLOSED, Enclosed
from symconv.prove.scalars.enclosures import precision

_PLAIN = {"strides": (1,), "pads": (0, 0), "dilations": (1,), "group": 1}
_STRIDED = {"kernel_shape": (3,), "strides": (2,), "pads": (1, 1), "dilations": (1,), "group": 1}


def formula(text: str) -> Layer:
    return build_layer("formula", {"formula": text})


LAYERS: dict[str, tuple[Callable[[], Layer], str, str]] = {
    "cube": (lambda: formula("y[i] = x[i]**3"), "x", "x"),
    "product": (lambda: formula("y[i] = x[i]*w[i]"), "x", "w"),
    "neighbours": (lambda: formula("y[i] = x[i]*x[i+1]"), "x", "x"),
    "quadratic form": (lambda: formula("E = sum(i,j) a[i,j]*x[i]*x[j]"), "x", "x"),
    "quadratic form by a": (lambda: formula("E = sum(i,j) a[i,j]*x[i]*x[j]"), "x", "a"),
    "exp of products": (lambda: formula("y[i] = sum(j) exp(x[i]*w[j])"), "x", "w"),
    "x log x": (lambda: formula("y[i] = x[i]*log(x[i])"), "x", "x"),
    "tanh": (lambda: build_layer("tanh", {"rank": 1}), "x", "x"),
    "sigmoid": (lambda: build_layer("sigmoid", {"rank": 1}), "x", "x"),
    "opaque f": (lambda: build_layer("elementwise", {"rank": 1}), "x", "x"),
    "dense by w, then x": (lambda: build_layer("dense", {}), "w", "x"),
    "dense by x, then w": (lambda: build_layer("dense", {}), "x", "w"),
    "dense by x, then dy": (lambda: build_layer("dense", {}), "x", "dy"),
    "convolution by x, then w": (lambda: build_layer("conv1d", _PLAIN), "x", "w"),
    "convolution by w, then x": (lambda: build_layer("conv1d", _PLAIN), "w", "x"),
    "strided convolution by x, then w": (lambda: build_layer("conv1d", _STRIDED), "x", "w"),
    "strided convolution by x, then dy": (lambda: build_layer("conv1d", _STRIDED), "x", "dy"),
    "squared error": (lambda: build_layer("squared_error", {}), "y", "t"),
    "maximum of windows": (lambda: build_layer("max_pool1d", _STRIDED_POOL), "x", "dy"),
    "two layers": (lambda: formula("h[i] = sum(k) w[k]*x[i+k]; y[i] = tanh(h[i])"), "w", "x"),
    "two layers by w twice": (lambda: formula("h[i] = sum(k) w[k]*x[i+k]; y[i] = tanh(h[i])"), "w", "w"),
    "a stack": (lambda: stack([build_layer("conv1d", _PLAIN), build_layer("tanh", {"rank": 3})]), "x", "w1"),
}
_STRIDED_POOL = {"kernel_shape": (2,), "strides": (2,), "pads": (0, 0), "dilations": (1,)}
_SIZES = {"C": 1, "N": 1, "IC": 2, "OC": 1, "G": 1}


def sizes_of(layer: Layer) -> dict[str, int]:
    """Small sizes that satisfy the layer's relations."""
    symbols = layer.context.sizes
    for values in product(*(([_SIZES[s.name]] if s.name in _SIZES else [2, 3, 4, 1]) for s in symbols)):
        at = dict(zip(symbols, map(sp.Integer, values), strict=True))
        if all(a.lo.xreplace(at) <= a.e.xreplace(at) <= a.hi.xreplace(at) for a in layer.context.assumptions):
            return {s.name: int(v) for s, v in at.items()}
    raise AssertionError("no sizes found")


def filled(layer: Layer, names: list[str], sizes: dict[str, int]) -> dict[str, Any]:
    put = {s: sizes[s.name] for s in layer.context.sizes}
    out = {}
    for k, name in enumerate(names):
        shape = [int(e.xreplace(put)) for e in layer.context.shape(name)]
        points = product(*map(range, shape))
        out[name] = {p: Enclosed(Fraction(3 + 2 * j + 5 * k, 7 + j % 3)) for j, p in enumerate(points)}
    return out


@pytest.mark.parametrize("name", LAYERS)
def test_the_gradient_of_a_gradient(name: str, count_cases: Callable[[str, int], None]) -> None:
    """Proved; and sum v . ddx/dB[q] is what a central difference of the first gradient gives, to twelve digits."""
    build, first, second = LAYERS[name]
    layer = sc.gradient(build(), first)
    again = sc.derive(layer, wrt=second)
    assert again.verdict == "proved", (again.scope, again.proved.gradient.reason)
    context, derivation = layer.context, again.derivation
    sizes = sizes_of(layer)
    v = context.adjoint(layer.result)
    operands = filled(layer, [*layer.inputs, v], sizes)

    def total(tensors: dict[str, Any]) -> Any:
        """sum v . dE/dA"""
        out = evaluate(layer.statements, context, sizes, tensors, StandIn(), ENCLOSED)
        return sum((out[layer.result][p] * w for p, w in operands[v].items()), Enclosed(Fraction(0)))

    with precision(400):
        sums = [s for section in derivation.sections for s in section.result]
        got = evaluate((*layer.statements, *sums), context, sizes, operands, StandIn(), ENCLOSED)[sums[-1].result.name]
        h = Fraction(1, 2**40)
        for p in operands[second]:
            moved = [{**operands, second: {**operands[second], p: operands[second][p] + d}} for d in (h, -h)]
            slope = (total(moved[0]) - total(moved[1])) * (1 / (2 * h))
            distance = Enclosed(Fraction(0)) + slope - got[p]
            assert abs(float(shown(distance))) < 1e-12 * (1 + abs(float(shown(slope)))), p
        count_cases("entries of second derivatives", len(operands[second]))

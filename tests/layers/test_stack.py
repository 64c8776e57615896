"""Stacks: layers in a row compute what they do one after the other, under names that do not clash."""

from __future__ import annotations

import pytest

from symconv.ir import Layer, UserError, evaluate
from symconv.layers import build_layer
from symconv.layers.stack import stack, two_stacked_layers


def formula(text: str) -> Layer:
    return build_layer("formula", {"formula": text})


def test_two_stacked_layers() -> None:
    """conv, relu, pool, conv: the statements in a row compute what the layers do one after the other."""
    layer = two_stacked_layers()
    sizes = {"N": 1, "IC": 1, "H": 4, "W": 4, "OC1": 1, "KH1": 1, "KW1": 1, "OH1": 4, "OW1": 4,
             "OC2": 1, "KH2": 2, "KW2": 2, "OH2": 1, "OW2": 1}  # fmt: skip
    named = {s.name for s in layer.context.sizes}
    pooled = dict.fromkeys(named - set(sizes), 2)
    x = {(0, 0, i, j): (-1) ** (i + j) * (4 * i + j) for i in range(4) for j in range(4)}
    ones = dict.fromkeys(((0, 0, i, j) for i in (0, 1) for j in (0, 1)), 1)
    tensors = {"x": x, "w1": {(0, 0, 0, 0): 2}, "b1": {(0,): 1}, "w2": ones, "b2": {(0,): 100}}
    z2 = evaluate(layer.statements, layer.context, {**sizes, **pooled}, tensors)["z2"]
    relu = {p[2:]: max(0, 2 * v + 1) for p, v in x.items()}
    expected = 100 + sum(
        max(relu[2 * a + i, 2 * b + j] for i in (0, 1) for j in (0, 1)) for a in (0, 1) for b in (0, 1)
    )
    assert list(z2.values()) == [expected]


def test_a_stack_by_numbers() -> None:
    """Own operands are numbered, the result of each layer is the x of the next, strides may be symbols."""
    layer = stack([build_layer("conv1d", {"group": 1, "pads": 0}), build_layer("relu", {"rank": 3}),
                   build_layer("conv1d", {"group": 1, "strides": 1, "dilations": 1, "pads": 0})], "net")  # fmt: skip
    assert layer.inputs == ("x", "w1", "b1", "w3", "b3")
    assert layer.result == "y3"
    assert {s.name for s in layer.context.scales} == {"d_w1", "s_w1"}
    x = {(0, 0, i): i - 3 for i in range(6)}
    tensors = {"x": x, "w1": {(0, 0, 0): 1, (0, 0, 1): 2}, "b1": {(0,): 1},
               "w3": {(0, 0, 0): 5, (0, 0, 1): 7}, "b3": {(0,): 9}}  # fmt: skip
    sizes = {"N": 1, "IC": 1, "W": 6, "OC1": 1, "KW1": 2, "OW1": 3, "s_w1": 2, "d_w1": 1, "OC3": 1, "KW3": 2, "OW3": 2}
    assert {s.name for s in (*layer.context.sizes, *layer.context.scales)} == set(sizes)
    y1 = [x[0, 0, 2 * o] + 2 * x[0, 0, 2 * o + 1] + 1 for o in range(3)]
    y2 = [max(0, v) for v in y1]
    y3 = evaluate(layer.statements, layer.context, sizes, tensors)["y3"]
    assert y3 == {(0, 0, o): 5 * y2[o] + 7 * y2[o + 1] + 9 for o in range(2)}


def test_a_formula_in_a_stack_is_fed_through_x() -> None:
    """Its first operand need not be its input."""
    layer = stack([formula("y[i] = w[i]*x[i]"), formula("y[i] = w[i]*x[i]")])
    assert layer.inputs == ("w1", "x", "w2")
    tensors = {"x": {(0,): 2}, "w1": {(0,): 3}, "w2": {(0,): 5}}
    assert evaluate(layer.statements, layer.context, {"I": 1}, tensors)["y2"] == {(0,): 30}


def test_layers_that_do_not_fit() -> None:
    """Nothing to stack, another rank, another size."""
    dense = build_layer("dense", {"in_channels": 3, "out_channels": 4})
    for layers, message in (
        ([], "no layers"),
        ([dense, dense], "size 3, and y1 has 4"),
        ([dense, build_layer("relu", {})], "rank"),
    ):
        with pytest.raises(UserError, match=message):
            stack(layers)
    with pytest.raises(UserError, match="I = A, and y1 has B there"):
        stack([formula("y[a,b] = x[a,b]"), formula("y[i] = x[i,i]")])

"""A proof about no sizes at all is no proof."""

from __future__ import annotations

from dataclasses import replace

from symconv.derive import derive
from symconv.ir import Between, size
from symconv.layers import build_layer
from symconv.prove.prover import prove_derivation, prove_equal


def test_contradicting_size_relations_prove_nothing() -> None:
    """H <= 3 and H >= 5: every verdict is unknown."""
    layer = build_layer("conv1d", {"strides": 1, "dilations": 1, "pads": 0, "group": 1})
    width = size("W")
    none = (*layer.context.assumptions, Between(width, width, 3), Between(5, width, width))
    empty = replace(layer, context=replace(layer.context, assumptions=none))
    proved = prove_derivation(derive(empty, "x"))
    assert proved.gradient.verdict == "unknown"
    assert {p.verdict for p in proved.steps} == {"definition", "unknown"}
    assert prove_equal(layer.sums, layer.sums, empty.context).verdict == "unknown"
    assert prove_equal(layer.sums, layer.sums, layer.context).verdict == "proved"

"""Sums as arrays agree with the exact interpreter, entry by entry."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from symconv.ir import interpret
from symconv.layers import build_layer
from symconv.verify.cases import WINDOW, Maker
from symconv.verify.dense import Undefined, evaluate
from symconv.verify.model import Model
from symconv.verify.truth import truth_of

LAYERS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("conv1d", {}),
    ("conv2d", {}),
    ("conv2d", {"activation": "relu"}),
    ("conv_transpose2d", {}),
    ("dense", {}),
    ("max_pool2d", {}),
    ("average_pool2d", {}),
    ("average_pool2d", {"count_include_pad": 1}),
    ("relu", {}),
)
# The interpreter visits every point of a domain one by one.
_MOST_ENTRIES = 110


@pytest.mark.parametrize(("kind", "attributes"), LAYERS, ids=str)
def test_arrays_agree_with_the_interpreter(
    kind: str, attributes: dict[str, Any], count_cases: Callable[[str, int], None]
) -> None:
    truth = truth_of(build_layer(kind, attributes))
    maker = Maker(truth, frozenset(WINDOW), {}, int(kind[-2]) if kind[-1] == "d" else 0)
    cases = [c for c in maker.cases() if c.size <= _MOST_ENTRIES and c.plan.values == "integers"]
    assert cases
    for case in cases:
        sizes = {s.name: v for s, v in case.env.items()}
        tensors = {n: {at: int(v) for at, v in np.ndenumerate(a)} for n, a in case.tensors.items()}
        for name, output in truth.outputs.items():
            exact = interpret.evaluate(output.statements, truth.context, sizes, tensors)[name]
            value = Model(truth, output, case.env, case.tensors).apart_value
            assert value.shape == truth.shape(name, case.env)
            for at, v in np.ndenumerate(value):
                assert v == pytest.approx(float(exact[at]), rel=1e-12), (case.name, name, at)
        count_cases("outputs of a layer as arrays and by the interpreter", len(truth.outputs))


def test_a_read_outside_is_an_error() -> None:
    truth = truth_of(build_layer("conv1d", {"strides": (1,), "pads": (0, 0), "dilations": (1,), "group": 1, "bias": 0}))
    case = next(Maker(truth, frozenset(), {}, 1).cases())
    wrong = {s: v + 1 if s.name == "OW" else v for s, v in case.env.items()}
    with pytest.raises(Undefined, match="x is read outside"):
        evaluate(truth.layer.statements, {"y": truth.shape("y", wrong)}, wrong, case.tensors)

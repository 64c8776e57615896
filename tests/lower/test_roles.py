"""Kernels of a layer do not hang on how its operands are called."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from symconv.build.kernels import build
from symconv.build.library import Function
from symconv.lower.kernel import forward_kernel, gradient_kernel, kernels_of
from tests.build.compilers import needs_compiler
from tests.renamed import PLAIN, SPELLINGS, layer_named

ROWS, TAPS = 6, 3
Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


def arrays(names: tuple[str, ...]) -> dict[str, Array]:
    """The same numbers for the same operand, whatever its name; the last one is the adjoint of the result."""
    draw = np.random.default_rng(7)
    shapes = (ROWS + TAPS - 1, TAPS, *(5 * (ROWS,)))
    return {name: draw.random(n) for name, n in zip((*names[:-1], "of the result"), shapes, strict=True)}


@pytest.mark.parametrize("names", SPELLINGS, ids=" ".join)
def test_arguments_and_results_by_role(names: tuple[str, ...]) -> None:
    layer = layer_named(names)
    x, k, u, v, s, t, y = names
    assert forward_kernel(layer).inputs == names[:-1]
    dy = layer.context.adjoint(y)
    expected = {x: (dy, k), k: (dy, x), u: (dy, v), v: (dy, u), s: (dy, s, t), t: (dy, s)}
    for wrt, inputs in expected.items():
        kernel = gradient_kernel(layer, wrt)
        assert kernel.inputs == inputs
        assert kernel.result == layer.context.adjoint(wrt)
        assert kernel.shaped == ("" if wrt == s else wrt)
    assert len({k.name for k in kernels_of(layer)}) == len(names)


@needs_compiler
@pytest.mark.parametrize("names", SPELLINGS[1:], ids=" ".join)
def test_other_names_give_the_same_numbers(
    names: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count_cases: Callable[[str, int], None]
) -> None:
    monkeypatch.setenv("SYMCONV_CACHE_DIR", str(tmp_path))
    plain = build(layer_named(PLAIN), "numpy", dtype="float64")
    known, given = arrays(PLAIN), arrays(names)
    for target in ("numpy", "c"):
        other = build(layer_named(names), target, dtype="float64")
        for ours, theirs in zip(plain.functions.values(), other.functions.values(), strict=True):
            results = [_called(ours, known), _called(theirs, given)]
            assert np.allclose(*results, rtol=1e-13, atol=0), (target, theirs.kernel.result)
            count_cases("kernels under other names", 1)


def _called(function: Function, of: dict[str, Array]) -> Array:
    kernel = function.kernel
    inputs = [of.get(name, of["of the result"]) for name in kernel.inputs]
    return function(*inputs, *([of[kernel.shaped].shape] if kernel.shaped else []))


def test_usual_names_give_way_to_operands() -> None:
    """grad_input is the gradient by an operand called input where there is one."""
    layer = layer_named(("x", "w", "input", "b", "bias", "t", "y"))
    names = {wrt: gradient_kernel(layer, wrt).name for wrt in layer.inputs}
    assert names == {
        "x": "grad_x", "w": "grad_weight", "input": "grad_input", "b": "grad_b", "bias": "grad_bias", "t": "grad_t",
    }  # fmt: skip

"""Every layer that there is becomes C and NumPy, and both give the same numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from symconv.build.kernels import build
from symconv.layers import REGISTRY, build_layer
from symconv.lower.binding import binding_of
from symconv.lower.kernel import Kernel
from tests.build.compilers import needs_compiler

GIVEN: dict[str, dict[str, Any]] = {
    "formula": {"formula": "h[i] = sum(k) w[k]*x[2*i + k]; y[i] = h[i]*h[i]"},
    "elementwise": {"function": "x*exp(-x) + abs(x)*log(x) + sqrt(x)*erf(x)"},
}


def arguments(kernel: Kernel) -> list[Any]:
    """Positive numbers in shapes that fit; the shape of the operand where it is wanted."""
    # Windows of 3 on axes of 8 and more.
    sizes = {s: 3 if s.name.lower().startswith("k") else 8 + k for k, s in enumerate(kernel.sizes.given)}
    shapes = {n: tuple(int(e.xreplace(sizes)) for e in shape) for n, shape in binding_of(kernel).shapes}
    draw = np.random.default_rng(3)
    return [np.asarray(draw.random(shapes[n]) + 0.5) for n in kernel.inputs] + (
        [shapes[kernel.shaped]] if kernel.shaped else []
    )


@needs_compiler
@pytest.mark.parametrize("name", REGISTRY)
def test_both_targets_agree(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYMCONV_CACHE_DIR", str(tmp_path))
    rank = REGISTRY[name].rank
    layer = build_layer(name, GIVEN.get(name, {"kernel_shape": (2,) * rank} if rank else {}))
    c, numpy = (build(layer, target, dtype="float64") for target in ("c", "numpy"))
    assert list(c.functions) == list(numpy.functions)
    for function in c.functions:
        given = arguments(c.functions[function].kernel)
        expected = numpy.functions[function](*given)
        assert np.allclose(c.functions[function](*given), expected, rtol=1e-12, atol=1e-12), function

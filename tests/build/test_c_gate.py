"""The gate of the C target: random layers, every answer bit-equal to int64.

Compiling costs most, so most layers are compiled at -O0; some are compiled as a user's would be, at -O3 for this
machine, and some with every index checked by its dimension.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, seed, settings

from symconv.api.kernels import prepared
from symconv.build.library import Function, load
from symconv.emit.c.file import c_source
from symconv.layers import build_layer
from symconv.lower.kernel import kernels_of
from symconv.lower.plans import plan_kernel
from tests.build.compilers import needs_compiler
from tests.gates import gated
from tests.layer_strategies import Case, cases

Count = Callable[[str, int], None]
GROUPS = 20
EACH = {1: 10, 2: 14, 3: 6}  # layers of a rank in one group: 600 in all
# Flags by position in a group: most at -O0, some as users compile, some with every index checked by its dimension.
QUICK, FULL, CHECKED = ("-O0",), ("-O3",), ("-O1", "-DSYMCONV_CHECK")


def functions(case: Case, algorithm: str, baked: bool, flags: tuple[str, ...]) -> dict[str, Function]:
    layer = build_layer(case.name, case.attributes)
    shape = case.tensors()["x"].shape if baked else None
    kernels = kernels_of(prepared(layer, shape))
    source = c_source([plan_kernel(k, algorithm) for k in kernels], "k", "float32", ["gate"])
    return {f.kernel.name: f for f in load(kernels, source, "k", "float32", flags=flags)}


def check(case: Case, run: dict[str, Function]) -> None:
    """Every function of the layer against the oracle, into arrays filled with something else before."""
    t: dict[str, Any] = case.tensors()
    given_ = {name: a.astype(np.float32) for name, a in t.items()}
    calls = {"forward": ("x", "w", "b"), "grad_input": ("dy", "w"), "grad_weight": ("dy", "x"), "grad_bias": ("dy",)}
    for name, f in run.items():
        arguments = [given_[n] for n in calls[name] if n in f.kernel.inputs]
        arguments += [t[f.kernel.shaped].shape] if f.kernel.shaped else []
        expected = t[f.kernel.result]
        out = np.full(expected.shape, np.nan, np.float32)
        f(*arguments, out=out)
        assert np.array_equal(out, expected), f"{name} of {case.name} {case.attributes}, {f.kernel.result}"


def gate(rank: int, number: int, start: int) -> list[Case]:
    """That many random layers of a rank, checked; returns them."""
    ran: list[Case] = []

    @seed(start)
    @settings(max_examples=number, database=None, phases=(Phase.generate,), derandomize=False)
    @given(cases(rank))
    def one(case: Case) -> None:
        position = len(ran)
        ran.append(case)
        flags = FULL if position % 18 == 1 else CHECKED if position % 12 == 2 else QUICK
        algorithm = "direct" if position % 3 == 2 else "auto"
        baked = case.convolution.batch > 0 and position % 4 == 3
        check(case, functions(case, algorithm, baked, flags))

    one()
    return ran


@needs_compiler
@pytest.mark.parametrize("group", gated(GROUPS))
def test_random_layers(group: int, count_cases: Count, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYMCONV_CACHE_DIR", str(tmp_path))
    for rank, number in EACH.items():
        ran = gate(rank, number, 1000 * group + rank)
        assert len(ran) >= number
        count_cases(f"C kernels, {rank}-D layers, bit-equal to int64", len(ran))
        assert 2 * sum(bool(case.convolution.batch) for case in ran) >= len(ran), "too many layers without an image"

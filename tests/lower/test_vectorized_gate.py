"""The gate of the NumPy target: 2,000 random convolutions and 300 random pools, bit-equal to integer arithmetic."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from math import lcm, prod
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, seed, settings
from hypothesis import strategies as st

from tests.gates import gated
from tests.numpy_gate import Array, Pool, Transposed, attributes_of, convolutions, joined, lines, load, nonzero
from tests.oracles import Convolution

CHUNKS, EXAMPLES = 20, 100
POOLS = 100  # of each kind

Count = Callable[[str, int], None]


def check(c: Convolution, transposed: bool) -> None:
    """y with and without bias, dx, dw, db of one layer: equal to the oracle in every bit."""
    layer: Any = Transposed(c) if transposed else c
    attributes = layer.attributes if transposed else attributes_of(c)
    rng = np.random.default_rng([c.batch, c.groups, c.outer, c.inner, *(v for a in c.axes for v in vars(a).values())])
    x, w, b, dy = (nonzero(rng, layer.shape(name)) for name in "xwby")
    module = load(f"{'conv_transpose' if transposed else 'conv'}{len(c.axes)}d", **attributes)

    def given_as(name: str, a: Array) -> Array:
        return joined(name, a).astype(np.float32)

    fx, fw, fb, fdy = given_as("x", x), given_as("w", w), given_as("b", b), given_as("y", dy)
    same("y", module.forward(fx, fw, fb), layer.forward(x, w, b))
    same("y", module.forward(fx, fw), layer.forward(x, w, 0 * b))
    same("x", module.grad_input(fdy, fw, fx.shape), layer.input_gradient(dy, w))
    same("w", module.grad_weight(fdy, fx), layer.weight_gradient(dy, x))
    same("b", module.grad_bias(fdy), layer.bias_gradient(dy))


def same(name: str, got: Array, wanted: Array) -> None:
    assert got.dtype == np.float32
    assert np.array_equal(got, joined(name, wanted)), name


def classes_of(c: Convolution) -> list[str]:
    found = {
        "N = 0": c.batch == 0,
        "groups > 1": c.groups > 1,
        "dilation > 1": any(a.dilation > 1 and a.kernel > 1 for a in c.axes),
        "stride > 1": any(a.stride > 1 for a in c.axes),
        "stride > kernel": any(a.stride > a.kernel for a in c.axes),
        "pad >= kernel": any(max(a.before, a.after) >= a.kernel for a in c.axes),
        "pads differ": any(a.before != a.after for a in c.axes),
        "leftover rows": any(a.leftover for a in c.axes),
    }
    return [name for name, holds in found.items() if holds]


@pytest.mark.parametrize("chunk", gated(CHUNKS))
def test_random_convolutions_are_exact(chunk: int, count_cases: Count) -> None:
    seen: list[tuple[Convolution, bool]] = []
    classes: Counter[str] = Counter()

    @seed(chunk)
    @settings(max_examples=EXAMPLES, database=None, phases=(Phase.generate, Phase.shrink))
    @given(convolutions(), st.booleans())
    def run(c: Convolution, transposed: bool) -> None:
        check(c, transposed)
        seen.append((c, transposed))
        classes.update([*classes_of(c), f"rank {len(c.axes)}", "transposed" if transposed else "forward"])

    run()
    assert len(seen) == EXAMPLES
    assert len(set(seen)) >= EXAMPLES * 9 // 10
    for name in ("N = 0", "groups > 1", "dilation > 1", "stride > kernel", "pad >= kernel", "leftover rows"):
        assert classes[name] >= 1, f"too few layers with {name}: {dict(classes)}"
    for name in ("rank 1", "rank 2", "rank 3", "transposed", "forward"):
        assert classes[name] >= 10, f"too few layers with {name}: {dict(classes)}"
    count_cases("NumPy modules of random convolutions, bit-equal", len(seen))
    count_cases("NumPy modules of random convolutions, distinct", len(set(seen)))


@st.composite
def pools(draw: st.DrawFn, kind: str) -> Pool:
    rank = draw(st.sampled_from((1, 2, 3)))
    ceil_mode = draw(st.integers(0, 1))
    spatial = tuple(draw(lines(ceil_mode)) for _ in range(rank))
    return Pool(kind, draw(st.sampled_from((1, 2, 0))), spatial, draw(st.integers(0, 1)) if kind == "average" else 0)


@pytest.mark.parametrize("kind", ["max", "average", "lp"])
def test_random_pools(kind: str, count_cases: Count) -> None:
    """Maximum with many ties and average are exact; the L2 norm is right to rounding."""
    seen: list[Pool] = []

    @seed(len(kind))
    @settings(max_examples=POOLS, database=None, phases=(Phase.generate, Phase.shrink))
    @given(pools(kind))
    def run(p: Pool) -> None:
        module = load(f"{kind}_pool{len(p.lines)}d", **p.attributes)
        rng = np.random.default_rng([p.batch, *(v for line in p.lines for v in vars(line).values())])
        if kind == "max":
            x = rng.integers(-1, 2, p.input_shape)
        else:
            # Every count divides these, so that averages are integers.
            unit = lcm(*range(1, prod(line.kernel for line in p.lines) + 1)) if kind == "average" else 1
            x = nonzero(rng, p.input_shape).astype(np.float64 if kind == "lp" else np.int64) * unit
        y = p.forward(x)
        dy = nonzero(rng, y.shape).astype(x.dtype) * (unit if kind == "average" else 1)
        dtype = np.float32 if kind == "max" else np.float64
        gradient = [dy.astype(dtype), x.shape if kind == "average" else x.astype(dtype)]
        pairs = [(module.forward(x.astype(dtype)), y), (module.grad_input(*gradient), p.input_gradient(dy, x))]
        for got, wanted in pairs:
            assert got.dtype == dtype
            assert np.allclose(got, wanted, rtol=1e-13, atol=1e-13) if kind == "lp" else np.array_equal(got, wanted)
        seen.append(p)

    run()
    assert len(seen) == POOLS
    count_cases("NumPy modules of random pools", len(seen))

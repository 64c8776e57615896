"""The gate: 2,000 random convolution layers; what `derive` says, evaluated exactly, equals a brute-force adjoint.

The gradients are derived with symbolic sizes and pads, once for every stride and dilation (phases) or once for all of
them (the other forms), and evaluated at each layer's numbers. The output size of a layer is drawn first and its image
derived from that, so that every draw is a layer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, seed, settings
from hypothesis import strategies as st

from symconv.derive import derive, gradient_form
from symconv.ir import IndexedSum, Layer, evaluate
from symconv.layers.convolution import conv
from tests.oracles import Axis, Convolution, entries

EXAMPLES = 275  # for each of the four strides, in 1-D and in 2-D; a few repeat another
# Points of the slowest form that one layer may take; wide windows go with few channels.
BUDGET = {1: 6_000, 2: 6_000}
LETTERS = {1: "w", 2: "hw"}

Count = Callable[[str, int], None]
Sums = tuple[IndexedSum, ...]


@st.composite
def axes(draw: st.DrawFn, stride: int, most: int) -> Axis:
    """One axis of the given stride: the output size first, then the image that gives it."""
    output = draw(st.integers(1, most))
    kernel, dilation = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    before, after = draw(st.integers(0, 3)), draw(st.integers(0, 3))
    leftover = draw(st.integers(0, stride - 1))
    extent = stride * (output - 1) + dilation * (kernel - 1) + 1 + leftover - before - after
    more = max(0, -((extent - 1) // stride))  # outputs that are missing until a pixel is left between the pads
    return Axis(extent + more * stride, kernel, stride, dilation, before, after, output + more)


@st.composite
def layers(draw: st.DrawFn, rank: int, stride: int, started: list[int]) -> Convolution:
    """A convolution layer whose first spatial axis has the given stride. `started` counts the draws."""
    started.append(1)
    strides = [stride, *(draw(st.integers(1, 4)) for _ in range(rank - 1))]
    spatial = tuple(draw(axes(s, most=4 if rank == 1 else 3)) for s in strides)
    room = BUDGET[rank]
    for a in spatial:
        room //= a.extent * a.kernel
    batch = draw(st.sampled_from((1, 2, 1, 2, 0)))
    limits = []
    for _ in range(3):
        limits.append(draw(st.integers(1, max(1, min(3, room // max(1, batch))))))
        room //= limits[-1]
    groups, outer, inner = limits
    return Convolution(batch, groups, outer, inner, spatial)


def sizes_of(c: Convolution) -> dict[str, int]:
    """Every symbol of the layer's formula, by name."""
    out = {"N": c.batch, "G": c.groups, "OC": c.outer, "IC": c.inner}
    for letter, a in zip(LETTERS[len(c.axes)], c.axes, strict=True):
        upper = letter.upper()
        out |= {upper: a.extent, f"K{upper}": a.kernel, f"O{upper}": a.output}
        out |= {f"s_{letter}": a.stride, f"d_{letter}": a.dilation, f"p_{letter}": a.before, f"q_{letter}": a.after}
    return out


@cache
def symbolic(rank: int) -> Layer:
    """Everything symbolic, strides and dilations too."""
    return conv(rank)


@cache
def general_forms(rank: int) -> dict[str, Sums]:
    """Gradients that hold for every stride and dilation: three forms of dx, and dw and db as derived."""
    layer = symbolic(rank)
    forms = {f"dx {form}": gradient_form(layer, "x", form) for form in ("scatter", "taps", "region")}
    return forms | {"dx derived": derive(layer, "x").result} | {f"d{v}": derive(layer, v).result for v in "wb"}


@cache
def phases(strides: tuple[int, ...], dilations: tuple[int, ...]) -> tuple[Layer, Sums]:
    """The last line of the derivation of dx at these strides and dilations; sizes and pads are symbolic."""
    layer = conv(len(strides), strides=strides, dilations=dilations)
    return layer, derive(layer, "x").result


def check(c: Convolution, classes: Counter[str]) -> None:
    """Every derived quantity of one layer against the oracle."""
    rank = len(c.axes)
    layer, sizes = symbolic(rank), sizes_of(c)
    rng = np.random.default_rng([c.batch, c.groups, c.outer, c.inner, *(v for a in c.axes for v in vars(a).values())])
    # Positive entries: no sum is zero by accident, so that a zero gradient says that nothing was read.
    x, w, b, dy = (rng.integers(1, 100, c.shape(name)) for name in "xwby")
    y, dx = c.forward(x, w, b), c.input_gradient(dy, w)
    dw, db = c.weight_gradient(dy, x), c.bias_gradient(dy)
    bias = (dy * b.reshape(*b.shape, *[1] * rank)).sum()
    assert (dy * y).sum() - bias == (dx * x).sum() == (dw * w).sum(), "the oracle is no adjoint"
    tensors = {"x": entries(x), "w": entries(w), "b": entries(b), "dy": entries(dy)}

    def value(sums: Sums, of: Layer, name: str) -> Mapping[Any, int]:
        return evaluate(sums, of.context, sizes, tensors)[name]

    assert value(layer.sums, layer, "y") == entries(y)
    for name, sums in general_forms(rank).items():
        target = name.split()[0]
        assert value(sums, layer, target) == entries({"dx": dx, "dw": dw, "db": db}[target]), name
    numeric, final = phases(tuple(a.stride for a in c.axes), tuple(a.dilation for a in c.axes))
    assert value(final, numeric, "dx") == entries(dx), "phases"
    classes.update(classes_of(c, final, dx))


def classes_of(c: Convolution, final: Sums, dx: Any) -> list[str]:
    """What makes this layer special."""
    reached = bool(c.batch) and all(a.reached for a in c.axes)
    assert bool(dx.any()) is reached, "the input gradient is zero without a reason"
    found = {
        "non-zero dx": bool(dx.any()),
        "N = 0": c.batch == 0,
        "groups > 1": c.groups > 1,
        "channels > 1": c.outer > 1 and c.inner > 1,
        "dilation > 1": any(a.dilation > 1 and a.kernel > 1 for a in c.axes),
        "stride > 1": any(a.stride > 1 for a in c.axes),
        "stride > kernel": any(a.stride > a.kernel for a in c.axes),
        "pad >= kernel": any(max(a.before, a.after) >= a.kernel for a in c.axes),
        "pads differ": any(a.before != a.after for a in c.axes),
        "leftover rows": any(a.leftover for a in c.axes),
        "entries no window reads": any(a.extent > len(_read(a)) for a in c.axes),
        "residues no tap reaches": any(s.summand == 0 for s in final),
    }
    return [name for name, holds in found.items() if holds]


def _read(a: Axis) -> set[int]:
    reads = {a.stride * o + a.dilation * k - a.before for o in range(a.output) for k in range(a.kernel)}
    return reads & set(range(a.extent))


@pytest.mark.parametrize("stride", [1, 2, 3, 4])
@pytest.mark.parametrize("rank", [2, 1])
def test_derived_gradients_equal_the_brute_force_adjoint(rank: int, stride: int, count_cases: Count) -> None:
    """y, dx in every form, dw and db of random layers are exact; no draw is rejected and every kind of layer occurs."""
    started: list[int] = []
    seen: list[Convolution] = []
    classes: Counter[str] = Counter()

    @seed(10 * rank + stride)
    @settings(max_examples=EXAMPLES, database=None, phases=(Phase.generate, Phase.shrink))
    @given(layers(rank, stride, started))
    def run(c: Convolution) -> None:
        for a in c.axes:
            assert a.extent >= 1
            assert (a.extent + a.before + a.after - a.span) // a.stride + 1 == a.output
        check(c, classes)
        seen.append(c)

    run()
    assert len(started) == len(seen) == EXAMPLES
    assert len(set(seen)) >= EXAMPLES * 9 // 10
    for name in _expected(rank, stride):
        assert classes[name] >= 5, f"too few layers with {name}: {dict(classes)}"
    assert classes["non-zero dx"] >= EXAMPLES // 3
    count_cases(f"random {rank}-D layers against the brute-force adjoint", len(seen))
    count_cases(f"random {rank}-D layers, distinct", len(set(seen)))
    for name, n in classes.items():
        count_cases(f"random {rank}-D layers with {name}", n)


def _expected(rank: int, stride: int) -> list[str]:
    """The classes that must occur at this stride; a second axis draws its own."""
    every = ["N = 0", "groups > 1", "channels > 1", "dilation > 1", "pad >= kernel", "pads differ"]
    strided = ["stride > 1", "stride > kernel", "leftover rows", "entries no window reads"]
    shared = ["residues no tap reaches"] if stride > 1 or rank == 2 else []
    return every + (strided if stride > 1 or rank == 2 else []) + shared

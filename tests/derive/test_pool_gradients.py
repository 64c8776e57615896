"""The derived gradients of pools, evaluated exactly, equal what routing and sharing by plain loops give."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cache
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symconv.derive import derive
from symconv.ir import Layer, evaluate
from symconv.layers import build_layer

Axis = tuple[int, int, int, int, int, int, int]  # extent, kernel, stride, dilation, pad before, pad after, outputs


@st.composite
def axes(draw: st.DrawFn) -> Axis:
    """One axis; the output size is drawn first, and the input made to fit it."""
    k, s, d = draw(st.integers(1, 3)), draw(st.integers(1, 3)), draw(st.integers(1, 2))
    before, after = draw(st.integers(0, 2)), draw(st.integers(0, 2))
    outputs, rest = draw(st.integers(1, 3)), draw(st.integers(0, s - 1))
    extent = (outputs - 1) * s + d * (k - 1) + 1 + rest - before - after
    while extent < 1:
        extent, outputs = extent + s, outputs + 1
    return extent, k, s, d, before, after, outputs


@cache
def pool(name: str, strides: tuple[int, ...], dilations: tuple[int, ...], counted: int) -> Layer:
    """A pool with symbolic kernel, pads and sizes."""
    more = {"count_include_pad": counted} if name.startswith("average") else {}
    return build_layer(name, {"strides": strides, "dilations": dilations, **more})


@cache
def gradient(name: str, strides: tuple[int, ...], dilations: tuple[int, ...], counted: int) -> tuple:
    return derive(pool(name, strides, dilations, counted), "x").result


def sizes_of(found: list[Axis]) -> dict[str, int]:
    out = {"N": 1, "C": 1}
    for letter, (extent, k, _, _, before, after, outputs) in zip("hw" if len(found) == 2 else "w", found, strict=True):
        capital = letter.upper()
        out |= {capital: extent, f"K{capital}": k, f"O{capital}": outputs, f"p_{letter}": before, f"q_{letter}": after}
    return out


def windows(found: list[Axis], inside: bool) -> dict[tuple[int, ...], list[tuple[int, ...]]]:
    """Positions under the window of each output, in scan order; those in the padding too, or not."""
    lines = []
    for extent, k, s, d, before, _, outputs in found:
        every = [[o * s + d * t - before for t in range(k)] for o in range(outputs)]
        lines.append([[p for p in row if 0 <= p < extent or not inside] for row in every])
    shape = [range(len(line)) for line in lines]
    return {o: list(product(*(line[i] for line, i in zip(lines, o, strict=True)))) for o in product(*shape)}


@pytest.mark.parametrize("rank", [1, 2])
@pytest.mark.parametrize("kind", ["max", "average", "average, padding counted"])
def test_a_pool_gradient_is_exact(rank: int, kind: str, count_cases: Callable[[str, int], None]) -> None:
    """Overlap, gaps, padding and ties; few distinct values, so that maxima tie."""
    name, counted = f"{kind.split(',')[0]}_pool{rank}d", int("counted" in kind)

    @settings(max_examples=60)
    @given(st.lists(axes(), min_size=rank, max_size=rank), st.randoms(use_true_random=False))
    def check(found: list[Axis], random) -> None:
        signature = tuple(a[2] for a in found), tuple(a[3] for a in found)
        layer, sums = pool(name, *signature, counted), gradient(name, *signature, counted)
        points = list(product(*(range(a[0]) for a in found)))
        x = {(0, 0, *p): random.randint(1, 3) for p in points}
        dy = {(0, 0, *o): random.randint(-9, 9) for o in windows(found, True)}
        expected: dict[tuple[int, ...], Fraction] = dict.fromkeys(x, Fraction(0))
        for o, under in windows(found, True).items():
            if not under:
                continue
            if kind == "max":
                best = max(under, key=lambda p: x[0, 0, *p])  # the first of equal ones
                expected[0, 0, *best] += dy[0, 0, *o]
            for p in under if kind != "max" else []:
                share = len(windows(found, not counted)[o])
                expected[0, 0, *p] += Fraction(dy[0, 0, *o], share)
        if kind == "average" and any(not under for under in windows(found, True).values()):
            return  # 0/0: a window in the padding alone has no mean
        sizes = sizes_of(found)
        forward = evaluate(layer.statements, layer.context, sizes, {"x": x})
        got = evaluate(sums, layer.context, sizes, {**forward, "dy": dy})["dx"]
        assert got == expected
        count_cases(f"{name} gradients against loops", 1)

    check()

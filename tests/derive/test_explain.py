"""The answers of `--explain`, done as they say: every number is taken from the printed words and tried with NumPy.

The expected gradients come from an oracle that imports nothing of the product, or from the forward formula itself,
scattered by the exact interpreter.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from itertools import product
from typing import Any

import numpy as np
import pytest
import sympy as sp

from symconv.derive import gradient_form
from symconv.derive.explain import Explanation, explain
from symconv.emit.document import Formulas
from symconv.emit.explain import explanation_parts
from symconv.ir import Layer, Quot, UserError, evaluate
from symconv.layers import build_layer
from tests.derive.recipes import Numbers, correlated, padded, paragraphs
from tests.oracles import Axis, Convolution, entries

Count = Callable[[str, int], None]

LETTERS = {1: "w", 2: "hw", 3: "dhw"}


def random_axis(draw: np.random.Generator, leftover: bool) -> Axis:
    """The output size first; pads up to 4 on either side, whatever the kernel, and rows that no window reaches."""
    while True:
        output, kernel, stride, dilation = (int(draw.integers(1, top + 1)) for top in (4, 4, 4, 3))
        before, after = (int(v) for v in draw.integers(0, 5, 2))
        rest = int(draw.integers(0, stride)) if leftover else 0
        extent = stride * (output - 1) + dilation * (kernel - 1) + 1 + rest - before - after
        if extent >= 1:
            return Axis(extent, kernel, stride, dilation, before, after, output)


def random_convolution(draw: np.random.Generator, rank: int, leftover: bool = True) -> Convolution:
    batch, groups, outer, inner = (int(v) for v in draw.integers(1, 3, 4))
    return Convolution(batch, groups, outer, inner, tuple(random_axis(draw, leftover) for _ in range(rank)))


def attributes(c: Convolution) -> dict[str, Any]:
    return {
        "kernel_shape": tuple(a.kernel for a in c.axes),
        "strides": tuple(a.stride for a in c.axes),
        "dilations": tuple(a.dilation for a in c.axes),
        "pads": tuple(a.before for a in c.axes) + tuple(a.after for a in c.axes),
    }


def sizes(c: Convolution) -> dict[str, int]:
    """Every symbol of a convolution or a pool, by name."""
    out = {"N": c.batch, "G": c.groups, "OC": c.outer, "IC": c.inner, "C": c.inner}
    for letter, a in zip(LETTERS[len(c.axes)], c.axes, strict=True):
        upper = letter.upper()
        out |= {upper: a.extent, f"K{upper}": a.kernel, f"O{upper}": a.output}
        out |= {f"s_{letter}": a.stride, f"d_{letter}": a.dilation, f"p_{letter}": a.before, f"q_{letter}": a.after}
    return out


def at_numbers(layer: Layer, numbers: Numbers) -> Layer:
    known = {*layer.context.sizes, *layer.context.scales}
    return layer.substitute({s: numbers[s.name] for s in known})


def marks(c: Convolution, answer: Explanation) -> Iterator[str]:
    """What is special about this layer."""
    (g,) = answer.gathers
    yield f"{len(c.axes)}-D"
    for a, axis in zip(g.axes, c.axes, strict=True):
        spread = axis.stride * (axis.output - 1) + 1
        found = {
            "crop before": a.pad_before < 0,
            "crop after": a.pad_after < 0,
            "crop of all there is": min(a.pad_before, a.pad_after) <= -spread,
            "leftover rows": axis.leftover > 0,
            "stride above 1": axis.stride > 1,
            "dilation above 1": axis.dilation > 1 and axis.kernel > 1,
        }
        yield from (name for name, holds in found.items() if holds)


# Every window lies in the padding, and all entries of dy are cropped: extent, kernel, stride, dilation, pads, outputs.
UNREACHED = [Axis(1, 1, 4, 1, 1, 0, 1), Axis(1, 1, 4, 1, 2, 0, 1), Axis(1, 1, 4, 1, 3, 0, 1), Axis(1, 2, 4, 1, 3, 0, 1)]


def test_the_recipe_of_a_convolution_gives_the_gradient(count_cases: Count) -> None:
    """dy dilated, padded or cropped, and cross-correlated with the kernel as the printed words say, at numbers."""
    draw, seen = np.random.default_rng(1), Counter[str]()
    layers = [random_convolution(draw, rank) for rank in [1] * 120 + [2] * 70 + [3] * 10]
    layers += [Convolution(1, 1, 1, 1, (axis,)) for axis in UNREACHED]
    for c in layers:
        rank = len(c.axes)
        layer = at_numbers(build_layer(f"conv{rank}d", attributes(c)), sizes(c))
        answer = explain(layer, "padding")
        w, dy = (draw.integers(1, 9, c.shape(v)) for v in "wy")
        taps = {f"k{v}": k - rank for k, v in enumerate(LETTERS[rank])}
        got = correlated(answer, dy, w, {}, "nga...,gac->ngc...", taps)
        expected = c.input_gradient(dy, w)
        assert got.shape == expected.shape
        assert (got == expected).all(), (c, paragraphs(answer))
        if rank == 1:
            tensors = {"dy": entries(dy), "w": entries(w)}
            assert evaluate(gradient_form(layer, "x", "scatter"), layer.context, {}, tensors)["dx"] == entries(got)
        seen.update(marks(c, answer))
    for mark in ("crop before", "crop after", "leftover rows", "stride above 1", "dilation above 1"):
        assert seen[mark] >= 20, seen
    assert seen["crop of all there is"] >= len(UNREACHED), seen
    count_cases("explain padding: convolutions built by the printed recipe", len(layers))


def test_the_recipe_of_a_transposed_convolution_gives_the_gradient(count_cases: Count) -> None:
    """It is an ordinary convolution of dy: with the stride of the layer, and with no flip."""
    draw = np.random.default_rng(2)
    for rank in [1] * 40 + [2] * 20:
        c = random_convolution(draw, rank, leftover=False)
        numbers = sizes(c) | {"OC": c.inner, "IC": c.outer}
        numbers |= {v.upper(): a.output for v, a in zip(LETTERS[rank], c.axes, strict=True)}
        answer = explain(at_numbers(build_layer(f"conv_transpose{rank}d", attributes(c)), numbers), "padding")
        w, dy = (draw.integers(1, 9, c.shape(v)) for v in "wx")
        taps = {f"k{v}": k - rank for k, v in enumerate(LETTERS[rank])}
        got = correlated(answer, dy, w, {}, "ngc...,gac->nga...", taps)
        assert (got == c.forward(dy, w, np.zeros(c.shape("b"), np.int64))).all(), (c, paragraphs(answer))
        assert not answer.gathers[0].kernels[0].turned
    count_cases("explain padding: transposed convolutions built by the printed recipe", 60)


FORMULAS = 100


def random_formula(draw: np.random.Generator) -> tuple[Layer, dict[str, int]]:
    """y[i] = sum(m) k[m] data[a i + b m + c], in any direction, and sizes at which it reads inside."""
    a, b = (int(draw.choice([-1, 1]) * draw.integers(1, 4)) for _ in "ab")
    outputs, taps = int(draw.integers(1, 6)), int(draw.integers(1, 5))
    reached = [a * i + b * m for i in range(outputs) for m in range(taps)]
    c = int(draw.integers(0, 3)) - min(reached)
    kernel = "k[m]" if draw.random() < 0.5 else f"k[{taps - 1}-m]"
    shape = max(reached) + c + 1 + int(draw.integers(0, 4))
    text = f"y[i] = sum(m) {kernel}*data[{a}*i + {b}*m + {c}]"
    numbers = {"I": outputs, "M": taps, "DATA0": shape, "K0": taps}
    return at_numbers(build_layer("formula", {"formula": text}), numbers), numbers


def test_the_recipe_of_a_formula_gives_the_gradient(count_cases: Count) -> None:
    """Whatever the operands are called, and whichever way the windows and the kernel run."""
    draw, turned, mirrored = np.random.default_rng(3), 0, 0
    for _ in range(FORMULAS):
        layer, numbers = random_formula(draw)
        answer = explain(layer, "padding")
        assert answer.wrt == "data"
        dy, w = draw.integers(1, 9, numbers["I"]), draw.integers(1, 9, numbers["M"])
        got = correlated(answer, dy, w, {}, "...,->...", {"m": -1})
        expected = evaluate(
            gradient_form(layer, "data", "scatter"), layer.context, {}, {"dy": entries(dy), "k": entries(w)}
        )
        assert entries(got) == expected["ddata"], (layer.attributes, paragraphs(answer))
        turned += bool(answer.gathers[0].kernels[0].turned)
        mirrored += answer.gathers[0].axes[0].mirrored
    assert FORMULAS // 4 < turned < FORMULAS * 3 // 4
    assert mirrored > FORMULAS // 4
    count_cases("explain padding: formulas built by the printed recipe", FORMULAS)


def reads_of(answer: Explanation) -> Iterator[tuple[Any, sp.Expr, list[dict[sp.Symbol, int]]]]:
    """Every described axis of an answer at numbers, the index of the adjoint along it, and all points it is read at."""
    for g in answer.gathers:
        (read,) = (a for a in g.sum.reads() if a.name == g.adjoint)
        for axis in g.axes:
            (index,) = (e for e in read.indices if e.has(axis.q))
            symbols = [axis.q, *(t.index for t in axis.taps)]
            ends = [range(int(r.lower), int(r.upper) + 1) for r in map(g.sum.range_of, symbols)]
            yield axis, index, [dict(zip(symbols, at, strict=True)) for at in product(*ends)]


def entry_at(index: sp.Expr, at: Mapping[sp.Symbol, int], entries_of: list[int]) -> int:
    """What the derived sum reads along one axis: nothing where it is not divisible, and zero outside the box."""
    num, den = (index.num, index.den) if isinstance(index, Quot) else (index, sp.S.One)
    position, stride = int(num.xreplace(at)), int(den)
    inside = position % stride == 0 and 0 <= position // stride < len(entries_of)
    return entries_of[position // stride] if inside else 0


def test_positions_of_pools_and_convolutions(count_cases: Count) -> None:
    """Every read lies in the padded adjoint and finds what the sum reads; the first and the last entry are needed."""
    draw, cases = np.random.default_rng(4), 0
    for name in ["max_pool", "average_pool", "lp_pool", "conv"] * 20:
        rank = int(draw.integers(1, 3))
        c = random_convolution(draw, rank)
        if name == "average_pool" and any(max(a.before, a.after) >= a.span for a in c.axes):
            continue
        answer = explain(at_numbers(build_layer(f"{name}{rank}d", attributes(c)), sizes(c)), "padding")
        assert len(answer.gathers) == len(answer.sums) == 1
        windows = padded(answer, {})
        for axis, index, points in reads_of(answer):
            window, labels = windows[str(axis.q)], list(range(1, int(axis.outputs) + 1))
            line = window.of(np.array(labels), 0)
            found = [int(axis.position.xreplace(at)) + window.before for at in points]
            assert (min(found), max(found)) == (0, len(line) - 1)
            assert (window.first, window.last) == (-window.before, len(line) - 1 - window.before)
            assert [line[p] for p in found] == [entry_at(index, at, labels) for at in points]
        cases += 1
    count_cases("explain padding: layers whose reads were all looked up", cases)


def test_remainders_without_a_tap(count_cases: Count) -> None:
    """The printed taps of every remainder are those that meet it, and where there is none the gradient is zero."""
    empty = 0
    for s, d, k, p in product(range(2, 7), range(1, 5), (1, 2, 4), (0, 1)):
        answer = explain(
            build_layer("conv1d", {"strides": s, "dilations": d, "kernel_shape": k, "pads": (p, 0)}), "stride"
        )
        (axis,), words = answer.gathers[0].axes, paragraphs(answer)
        for r in range(s):
            met = [m for m in range(k) if (r - d * m) % s == 0]
            said = f"kw = {', '.join(map(str, met))}" if met else "no tap, the gradient is zero there"
            assert f"Remainder {r}: {said}." in words
            assert axis.place == axis.q + p
            empty += not met
        assert any("have the common divisor" in line for line in words) is bool(np.gcd(s, d) > 1)
    assert empty > 100
    count_cases("explain stride: remainders without a tap", empty)


def test_symbolic_answers_are_right_at_numbers(count_cases: Count) -> None:
    """Everything symbolic: the printed formulas, evaluated, are the ends that brute force finds."""
    draw, cases = np.random.default_rng(5), 0
    for name in ("conv1d", "max_pool1d", "average_pool1d", "lp_pool1d"):
        layer = build_layer(name, {})
        answer = explain(layer, "padding")
        assert "W + p_w + s_w − s_w·OW − 1 zeros" in " ".join(paragraphs(answer))
        for _ in range(60):
            c = random_convolution(draw, 1)
            (a,) = c.axes
            window = padded(answer, sizes(c))["iw"]
            positions = [q + a.before - a.dilation * m for q in range(a.extent) for m in range(a.kernel)]
            assert (window.first, window.last) == (min(positions), max(positions)) == (-window.before, window.last)
            assert window.last == a.stride * (a.output - 1) + window.after
            cases += 1
    count_cases("explain padding: symbolic answers at numbers", cases)


def test_the_flip_is_said_entry_by_entry() -> None:
    words = paragraphs(explain(build_layer("conv2d", {"kernel_shape": (2, 2), "strides": (2, 1)}), "flip"))
    assert "reversed[0, 0] = w[1, 1]; reversed[0, 1] = w[1, 0]" in " ".join(words)
    assert "put s_h" not in " ".join(words)
    assert "The gradient of w needs no flip: every index in it moves forwards." in words


def test_answers_for_one_axis_only() -> None:
    """A kernel that is turned along one of its axes; a gradient of two sums, of which one moves."""
    (kernel,) = explain(of("y[i,j] = sum(m,n) x[i+m,j-n]*w[m,n]"), "flip").gathers[0].kernels
    assert [str(a.tap) for a in kernel.turned] == ["m"]
    answer = explain(of("y[i] = data[i] + sum(m) data[i+m]*k[m]"), "flip")
    assert (len(answer.sums), len(answer.gathers)) == (2, 1)
    assert paragraphs(answer)[2].startswith("Sum 1 of 2: Forward, no: data and k are read in the same direction")


def of(formula: str) -> Layer:
    return build_layer("formula", {"formula": formula})


@pytest.mark.parametrize(
    ("formula", "operand"),
    [
        ("y[i] = sum(m) x[i+m]*w[m]", "x"),
        ("y[i] = sum(m) w[i+m]*x[m]", "w"),
        ("dist[i] = sum(m) a[m]*data[2*i+m]", "data"),
        ("y[i] = sum(m) x[i+m]*w[m] + v[2*i]", "x"),
        ("y[i] = v[2*i]", "v"),
    ],
)
def test_the_operand_with_a_window_is_found_by_its_index_map(formula: str, operand: str) -> None:
    """Names are for readers: the windowed operand is the one that is read along outputs and taps together."""
    assert explain(of(formula), "padding").wrt == operand


def test_any_operand_can_be_asked_about() -> None:
    """dw of a transposed convolution reads dy along dilated windows, with x as its kernel."""
    answer = explain(build_layer("conv_transpose1d", {}), "flip", "w")
    assert answer.wrt == "w"
    assert [k.name for k in answer.gathers[0].kernels] == ["x"]
    with pytest.raises(UserError, match="gradient with respect to x, w, b only"):
        explain(build_layer("conv1d", {}), "flip", "q")


@pytest.mark.parametrize(
    ("name", "topic", "why"),
    [
        ("max_pool2d", "flip", "has no kernel"),
        ("average_pool1d", "flip", "has no kernel"),
        ("lp_pool1d", "flip", "has no kernel"),
        ("dense", "flip", "reads no adjoint at places that move"),
        ("dense", "padding", "reads no adjoint at places that move"),
        ("relu", "stride", "reads no adjoint at places that move"),
        ("conv1d", "colour", "the topics are flip, padding, stride"),
    ],
)
def test_questions_without_sense_are_refused_in_one_line(name: str, topic: str, why: str) -> None:
    with pytest.raises(UserError, match=why) as caught:
        explain(build_layer(name, {}), topic)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("topic", ["padding", "stride"])
@pytest.mark.parametrize("name", ["max_pool2d", "average_pool2d", "lp_pool2d"])
def test_nothing_is_said_of_a_kernel_that_is_not_there(name: str, topic: str) -> None:
    answer = explain(build_layer(name, {"kernel_shape": (3, 3), "strides": (2, 2), "pads": (1, 1, 1, 1)}), topic)
    assert not any(g.kernels or g.correlates for g in answer.gathers)
    assert not re.search(r"kernel|flip|\bw\b", " ".join(paragraphs(answer)))
    assert any(isinstance(p, Formulas) for p in explanation_parts(answer, None, None))  # type: ignore[arg-type]


@pytest.mark.parametrize("formula", ["y[i] = sum(m) x[i+m]*w[i,m]", "y[i] = sum(m) x[i+m]/u[i]"])
def test_what_differs_at_every_place_is_not_a_kernel(formula: str) -> None:
    with pytest.raises(UserError, match="has no kernel"):
        explain(of(formula), "flip")

"""Every window layer's formula, evaluated exactly, equals ONNX's reference evaluator on integers."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

from symconv.ir import evaluate
from symconv.layers import build_layer

SPATIAL = {1: "W", 2: "HW", 3: "DHW"}


@st.composite
def windows(draw: st.DrawFn, rank: int, pool: bool = False) -> dict:
    """Attributes of a window and an input size that it fits; the output size is drawn first, so that none is
    rejected.
    """
    axes = []
    for _ in range(rank):
        k, s, d = draw(st.integers(1, 3)), draw(st.integers(1, 3)), draw(st.integers(1, 2))
        # ONNX allows pads below the kernel only for pools: a window must not lie in the padding altogether.
        before, after = draw(st.integers(0, k - 1 if pool else 3)), draw(st.integers(0, k - 1 if pool else 3))
        outputs, rest = draw(st.integers(1, 3)), draw(st.integers(0, s - 1))
        extent = (outputs - 1) * s + d * (k - 1) + 1 + rest - before - after
        while extent < 1:
            extent += s
        axes.append((extent, k, s, d, before, after))
    extents, kernel, strides, dilations, before, after = map(list, zip(*axes, strict=True))
    return {
        "extents": extents,
        "kernel_shape": kernel,
        "strides": strides,
        "dilations": dilations,
        "pads": before + after,
    }


def onnx_result(op: str, arrays: list[np.ndarray], **attributes: object) -> np.ndarray:
    """What the reference evaluator gives for one node."""
    names = ["x", "w", "b"][: len(arrays)]
    node = helper.make_node(op, names, ["y"], **attributes)
    inputs = [helper.make_tensor_value_info(n, TensorProto.DOUBLE, a.shape) for n, a in zip(names, arrays, strict=True)]
    output = helper.make_tensor_value_info("y", TensorProto.DOUBLE, None)
    model = helper.make_model(
        helper.make_graph([node], "one", inputs, [output]), opset_imports=[helper.make_opsetid("", 18)]
    )
    return ReferenceEvaluator(model).run(None, dict(zip(names, arrays, strict=True)))[0]


def integers(shape: tuple[int, ...], seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(-4, 5, shape).astype(np.float64)


def as_tensor(array: np.ndarray) -> dict[tuple[int, ...], int]:
    return {p: int(array[p]) for p in product(*map(range, array.shape))}


def value(name: str, attributes: dict, arrays: dict[str, np.ndarray], functions: object = None) -> np.ndarray:
    """The layer's output by the exact interpreter."""
    layer = build_layer(name, attributes)
    sizes = {s.name: _size(s.name, layer, arrays) for s in layer.context.sizes}
    out = evaluate(layer.statements, layer.context, sizes, {k: as_tensor(v) for k, v in arrays.items()})["y"]
    shape = tuple(1 + max((p[k] for p in out), default=-1) for k in range(len(next(iter(out)))))
    result = np.zeros(shape)
    for p, v in out.items():
        result[p] = float(v)
    return result


def _size(name: str, layer: object, arrays: dict[str, np.ndarray]) -> int:
    """The value that an input's shape gives a size symbol."""
    for operand, array in arrays.items():
        for symbol, extent in zip(layer.context.shape(operand), array.shape, strict=True):
            if getattr(symbol, "name", "") == name:
                return extent
    raise KeyError(name)


def shared(w: dict) -> dict:
    return {k: tuple(v) for k, v in w.items() if k != "extents"}


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_convolutions(rank: int, count_cases: Callable[[str, int], None]) -> None:
    """Strides, dilations, asymmetric pads, groups, bias."""

    @settings(max_examples=40)
    @given(windows(rank), st.integers(1, 2), st.integers(1, 2), st.integers(1, 2), st.integers(0, 99))
    def check(w: dict, group: int, inner: int, outer: int, seed: int) -> None:
        x = integers((1, group * inner, *w["extents"]), seed)
        k = integers((group * outer, inner, *w["kernel_shape"]), seed + 1)
        b = integers((group * outer,), seed + 2)
        expected = onnx_result("Conv", [x, k, b], group=group, **{n: v for n, v in w.items() if n != "extents"})
        split = {"x": x, "w": k, "b": b}
        if group > 1:
            split = {
                "x": x.reshape(1, group, inner, *w["extents"]),
                "w": k.reshape(group, outer, inner, *w["kernel_shape"]),
                "b": b.reshape(group, outer),
            }
        attributes = {**shared(w), "group": group, "input_shape": (1, group * inner, *w["extents"]),
                      "out_channels": group * outer}  # fmt: skip
        got = value(f"conv{rank}d", attributes, split)
        assert np.array_equal(got.reshape(expected.shape), expected)
        count_cases(f"conv{rank}d against onnx", 1)

    check()


@pytest.mark.parametrize("rank", [1, 2])
def test_transposed_convolutions(rank: int, count_cases: Callable[[str, int], None]) -> None:
    """The scatter form, with pads that crop."""

    @settings(max_examples=30)
    @given(windows(rank), st.integers(0, 99))
    def check(w: dict, seed: int) -> None:
        pads = [0] * (2 * rank)
        x = integers((2, 2, *w["extents"]), seed)
        k = integers((2, 3, *w["kernel_shape"]), seed + 1)
        chosen = {**{n: v for n, v in w.items() if n != "extents"}, "pads": pads}
        expected = onnx_result("ConvTranspose", [x, k], **chosen)
        attributes = {
            **{n: tuple(v) for n, v in chosen.items()},
            "group": 1,
            "in_channels": 2,
            "out_channels": 3,
            "bias": 0,
        }
        assert np.array_equal(value(f"conv_transpose{rank}d", attributes, {"x": x, "w": k}), expected)
        count_cases(f"conv_transpose{rank}d against onnx", 1)

    check()


def axis_windows(extent: int, k: int, s: int, d: int, before: int, after: int, ceil_mode: int) -> list[list[int]]:
    """The positions inside the input under each window of one axis, by the text of ONNX's MaxPool."""
    slack = extent + before + after - d * (k - 1) - 1
    outputs = (-(-slack // s) if ceil_mode else slack // s) + 1
    if ceil_mode and (outputs - 1) * s >= extent + before:
        outputs -= 1
    return [[p for t in range(k) if 0 <= (p := o * s + d * t - before) < extent] for o in range(outputs)]


def naive_maximum(x: np.ndarray, w: dict, ceil_mode: int) -> np.ndarray:
    """Maximum over windows. The reference evaluator is no oracle here: it mixes up the axes of asymmetric pads."""
    rank = x.ndim - 2
    pads = zip(w["pads"][:rank], w["pads"][rank:], strict=True)
    axes = [
        axis_windows(*axis, *pad, ceil_mode)
        for *axis, pad in zip(x.shape[2:], w["kernel_shape"], w["strides"], w["dilations"], pads, strict=True)
    ]
    out = np.zeros((*x.shape[:2], *map(len, axes)))
    for p in product(*(range(n) for n in out.shape)):
        under = [x[(*p[:2], *q)] for q in product(*(axis[o] for axis, o in zip(axes, p[2:], strict=True)))]
        out[p] = max(under, default=0)
    return out


@pytest.mark.parametrize("rank", [1, 2])
@pytest.mark.parametrize("ceil_mode", [0, 1])
def test_pools(rank: int, ceil_mode: int, count_cases: Callable[[str, int], None]) -> None:
    """Maxima, with windows that hang over the end; values tie often."""

    @settings(max_examples=30)
    @given(windows(rank, pool=True), st.integers(0, 99))
    def check(w: dict, seed: int) -> None:
        x = np.abs(integers((1, 2, *w["extents"]), seed)) + 1
        attributes = {**shared(w), "ceil_mode": ceil_mode, "input_shape": x.shape}
        got = value(f"max_pool{rank}d", attributes, {"x": x})
        assert np.array_equal(got, naive_maximum(x, w, ceil_mode))
        count_cases(f"max_pool{rank}d against loops", 1)

    check()


@pytest.mark.parametrize("rank", [1, 2])
@pytest.mark.parametrize("include", [0, 1])
def test_average_pools(rank: int, include: int, count_cases: Callable[[str, int], None]) -> None:
    """The divisor with and without padding."""

    @settings(max_examples=30)
    @given(windows(rank, pool=True), st.integers(0, 99))
    def check(w: dict, seed: int) -> None:
        w = {**w, "dilations": [1] * rank}
        w["extents"] = [max(e, k) for e, k in zip(w["extents"], w["kernel_shape"], strict=True)]
        plain = {n: v for n, v in w.items() if n not in ("extents", "dilations")}
        x = integers((1, 2, *w["extents"]), seed)
        attributes = {**shared(w), "count_include_pad": include, "input_shape": x.shape}
        got = value(f"average_pool{rank}d", attributes, {"x": x})
        assert np.allclose(got, onnx_result("AveragePool", [x], count_include_pad=include, **plain), rtol=1e-12)
        count_cases(f"average_pool{rank}d against onnx", 1)

    check()


def test_l2_pool() -> None:
    """The root of the sum of squares, exact where it is a whole number."""
    x = np.array([[[3.0, 4.0, 6.0, 8.0, 5.0]]])
    attributes = {"kernel_shape": 2, "strides": 2, "pads": (0, 0), "dilations": 1}
    layer = build_layer("lp_pool1d", attributes)
    y = evaluate(layer.statements, layer.context, {"N": 1, "C": 1, "W": 5, "OW": 2}, {"x": as_tensor(x)})["y"]
    assert y == {(0, 0, 0): 5, (0, 0, 1): 10}


def test_the_first_of_equal_maxima_wins() -> None:
    """In scan order; a window in the padding alone has no winner and gives 0."""
    attributes = {"kernel_shape": (2, 2), "strides": (2, 2), "pads": (2, 2, 0, 0), "dilations": (1, 1)}
    layer = build_layer("max_pool2d", attributes)
    x = {(0, 0, i, j): 7 for i, j in product(range(2), range(2))}
    out = evaluate(layer.statements, layer.context, {"N": 1, "C": 1, "H": 2, "W": 2, "OH": 2, "OW": 2}, {"x": x})
    assert {p for p, v in out["sel"].items() if v} == {(0, 0, 1, 1, 0, 0)}
    assert out["y"] == {(0, 0, 0, 0): 0, (0, 0, 0, 1): 0, (0, 0, 1, 0): 0, (0, 0, 1, 1): 7}

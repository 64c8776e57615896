"""Layers that ONNX's evaluator does not cover, or gets wrong, against plain loops on small integers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import product
from math import prod

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from symconv.article.layers import deltas_layer, weights_layer
from symconv.ir import Access, Context, IndexedSum, Layer, Operand, Range, evaluate, index, size
from symconv.layers import build_layer

Point = tuple[int, ...]
Tensor = dict[Point, int]


def box(*shape: int) -> Iterator[Point]:
    return product(*map(range, shape))


def filled(random, *shape: int, least: int = -4, most: int = 4) -> Tensor:
    return {p: random.randint(least, most) for p in box(*shape)}


def value(layer: Layer, tensors: dict[str, Tensor], sizes: dict[str, int] | None = None, functions=None) -> Tensor:
    """The layer's result by the exact interpreter; every size must be used, and none may be missing."""
    sizes = sizes or {}
    assert {s.name for s in (*layer.context.sizes, *layer.context.scales)} == set(sizes)
    return evaluate(layer.statements, layer.context, sizes, tensors, functions)[layer.result]


@st.composite
def axes(draw: st.DrawFn, rank: int) -> list[dict[str, int]]:
    """Spatial axes on which a window fits and reaches the input."""
    found = []
    for _ in range(rank):
        k, s, d = draw(st.integers(1, 3)), draw(st.integers(1, 3)), draw(st.integers(1, 2))
        p, q = draw(st.integers(0, k - 1)), draw(st.integers(0, k - 1))
        extent = max(1, d * (k - 1) + 1 - p - q) + draw(st.integers(0, 3))
        found.append({"extent": extent, "k": k, "s": s, "d": d, "p": p, "q": q})
    return found


def attributes(found: list[dict[str, int]], shape: Point) -> dict[str, object]:
    def column(name: str) -> tuple[int, ...]:
        return tuple(a[name] for a in found)

    return {"kernel_shape": column("k"), "strides": column("s"), "dilations": column("d"),
            "pads": column("p") + column("q"), "input_shape": shape}  # fmt: skip


def windows(a: dict[str, int], ceil_mode: int) -> list[list[int]]:
    """The positions under each window of one axis, in the padding or not, from the words of ONNX's MaxPool."""
    slack = a["extent"] + a["p"] + a["q"] - a["d"] * (a["k"] - 1) - 1
    count = 1
    while count * a["s"] <= slack or (ceil_mode and count * a["s"] < slack + a["s"]):
        count += 1
    if ceil_mode and (count - 1) * a["s"] >= a["extent"] + a["p"]:
        count -= 1
    return [[o * a["s"] + t * a["d"] - a["p"] for t in range(a["k"])] for o in range(count)]


def under(found: list[dict[str, int]], ceil_mode: int) -> dict[Point, list[Point]]:
    lines = [windows(a, ceil_mode) for a in found]
    return {o: list(product(*(line[i] for line, i in zip(lines, o, strict=True)))) for o in box(*map(len, lines))}


@pytest.mark.parametrize("ceil_mode", [0, 1])
@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize(
    ("name", "more"),
    [("max", {}), ("average", {"count_include_pad": 0}), ("average", {"count_include_pad": 1}),
     ("lp", {"p": 1}), ("lp", {"p": 2}), ("lp", {"p": 3})],
)  # fmt: skip
def test_pools(name: str, more: dict[str, int], rank: int, ceil_mode: int, count_cases: Callable) -> None:
    """Padding, overlap, gaps, windows that hang over the end, ties, either divisor, odd and even powers."""

    @settings(max_examples=25 if rank < 3 else 6)
    @given(axes(rank), st.randoms(use_true_random=False))
    def check(found: list[dict[str, int]], random) -> None:
        shape = (2, 1, *(a["extent"] for a in found))
        x = filled(random, *shape, least=-2, most=2)
        layer = build_layer(f"{name}_pool{rank}d", {**attributes(found, shape), "ceil_mode": ceil_mode, **more})
        expected = {}
        for lead, (o, positions) in product(box(2, 1), under(found, ceil_mode).items()):
            inside = [x[lead + p] for p in positions if lead + p in x]
            # A dilated window may step over the whole input: no maximum, no average.
            if not inside:
                return
            padded = [p for p in positions if all(i < a["extent"] + a["q"] for i, a in zip(p, found, strict=True))]
            expected[lead + o] = {
                "max": max(inside),
                "average": Fraction(sum(inside), len(padded) if more.get("count_include_pad") else len(inside)),
                "lp": sum(abs(v) ** more.get("p", 1) for v in inside) ** (1 / more.get("p", 1)),
            }[name]
        found_value = value(layer, {"x": x})
        assert found_value == (pytest.approx(expected, rel=1e-12) if name == "lp" else expected)
        count_cases(f"{name}_pool{rank}d against loops, all modes", 1)

    check()


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_transposed_convolutions(rank: int, count_cases: Callable) -> None:
    """Pads that crop, extra rows, groups, bias."""

    @settings(max_examples=40 if rank < 3 else 10)
    @given(axes(rank), st.integers(1, 2), st.integers(0, 2), st.randoms(use_true_random=False))
    def check(found: list[dict[str, int]], groups: int, extra: int, random) -> None:
        ins, outs = 2, 1
        rows = [a["s"] * (a["extent"] - 1) + a["d"] * (a["k"] - 1) + 1 + extra - a["p"] - a["q"] for a in found]
        if min(rows) < 1:
            return
        extents, kernel = [a["extent"] for a in found], [a["k"] for a in found]
        x, b = filled(random, 1, groups, ins, *extents), filled(random, groups, outs)
        w = filled(random, groups, ins, outs, *kernel)
        expected = {(0, g, o, *p): b[g, o] for g, o, p in product(range(groups), range(outs), box(*rows))}
        for (_, g, c, *i), (h, d, o, *k) in product(x, w):
            at = tuple(a["s"] * j + a["d"] * t - a["p"] for a, j, t in zip(found, i, k, strict=True))
            if (g, c) == (h, d) and (0, g, o, *at) in expected:
                expected[0, g, o, *at] += x[0, g, c, *i] * w[g, c, o, *k]
        layer = build_layer(f"conv_transpose{rank}d", {
            **attributes(found, (1, groups * ins, *extents)),
            "group": groups, "out_channels": groups * outs, "output_padding": extra,
        })  # fmt: skip
        if groups == 1:
            x, w, b, expected = ({tuple(q for k, q in enumerate(p) if k != axis): v for p, v in t.items()}
                                 for t, axis in ((x, 1), (w, 0), (b, 0), (expected, 1)))  # fmt: skip
        assert value(layer, {"x": x, "w": w, "b": b}) == expected
        count_cases(f"conv_transpose{rank}d against loops", 1)

    check()


@st.composite
def images(draw: st.DrawFn) -> tuple[dict[str, int], Tensor, Tensor]:
    """Sizes H, W, k1, k2 where the kernel fits, an image and a kernel."""
    k1, k2 = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    sizes = {"H": k1 + draw(st.integers(0, 2)), "W": k2 + draw(st.integers(0, 2)), "k1": k1, "k2": k2}
    random = draw(st.randoms(use_true_random=False))
    return sizes, filled(random, sizes["H"], sizes["W"]), filled(random, k1, k2)


@given(images())
@settings(max_examples=30)
def test_images_and_article(case: tuple[dict[str, int], Tensor, Tensor]) -> None:
    """Eqs. 1, 2, 7 and 18, entry by entry; Eq. 2 where the kernel lies inside the image."""
    sizes, image, kernel = case
    k1, k2 = sizes["k1"], sizes["k2"]
    shape = sizes["H"] - k1 + 1, sizes["W"] - k2 + 1
    correlated = {(i, j): sum(w * image[i + m, j + n] for (m, n), w in kernel.items()) for i, j in box(*shape)}
    convolved = {
        (i, j): sum(w * image[i + k1 - 1 - m, j + k2 - 1 - n] for (m, n), w in kernel.items()) for i, j in box(*shape)
    }
    both = {"x": image, "w": kernel}
    assert value(build_layer("cross_correlation", {}), both, sizes) == correlated
    assert value(build_layer("convolution", {}), both, sizes) == convolved
    biased = {p: v + 7 for p, v in correlated.items()}
    assert value(weights_layer(), {"o": image, "w": kernel, "b": {(): 7}}, sizes) == biased
    activated = {
        (i, j): 7 + sum(w * (image[i + m, j + n] ** 2 + 1) for (m, n), w in kernel.items()) for i, j in box(*shape)
    }
    squares = {"f": lambda order, t: t * t + 1}
    assert value(deltas_layer(), {"x": image, "w": kernel, "b": {(): 7}}, sizes, squares) == activated


@pytest.mark.parametrize("rank", range(6))
def test_activations(rank: int) -> None:
    """Any rank; the slope below 0 is exact."""
    shape = (2, 1, 3, 1, 2)[:rank]
    x = {p: k - 2 for k, p in enumerate(box(*shape))}
    for name, more, f in (
        ("relu", {}, lambda v: max(0, v)),
        ("leaky_relu", {}, lambda v: v if v > 0 else Fraction(v, 100)),
        ("leaky_relu", {"alpha": 0.25}, lambda v: v if v > 0 else Fraction(v, 4)),
        ("leaky_relu", {"alpha": "1/3"}, lambda v: v if v > 0 else Fraction(v, 3)),
        ("elementwise", {"function": "x**3 - max(x, 1)/2"}, lambda v: v**3 - Fraction(max(v, 1), 2)),
    ):
        layer = build_layer(name, {"rank": rank, **more})
        sizes = {s.name: n for s, n in zip(layer.context.shape("x"), shape, strict=True)}
        assert value(layer, {"x": x}, sizes) == {p: f(v) for p, v in x.items()}
    opaque = build_layer("elementwise", {"rank": rank})
    assert value(opaque, {"x": x}, sizes, {"f": lambda order, v: 5 * v + order}) == {p: 5 * v for p, v in x.items()}


def test_dense_and_squared_error() -> None:
    """y = W x + b row by row, and Eq. 9."""
    x, w, b = {(0, 0): 1, (0, 1): 2, (1, 0): 3, (1, 1): 4}, {(0, 0): 5, (0, 1): 6}, {(0,): 100}
    layer = build_layer("dense", {"out_channels": 1})
    assert value(layer, {"x": x, "w": w, "b": b}, {"N": 2, "I": 2}) == {(0, 0): 117, (1, 0): 139}
    loss = build_layer("squared_error", {})
    assert value(loss, {"t": {(0,): 1, (1,): 5}, "y": {(0,): 4, (1,): 3}}, {"P": 2}) == {(): Fraction(13, 2)}


@pytest.mark.parametrize("ceil_mode", [0, 1])
def test_size_relations_leave_one_output_size(ceil_mode: int) -> None:
    """The relations between symbolic sizes hold for the output that loops count, and for no other."""
    layer = build_layer("max_pool1d", {"ceil_mode": ceil_mode})
    # [the relations hold at the output size o], for o in a range: the interpreter decides them like any other guard.
    o = index("o")
    relations = tuple(g.map(lambda e: e.xreplace({size("OW"): o})) for g in layer.context.assumptions)
    holds = IndexedSum(Access("ok", o), (Range(o, (sp.S.One,), (sp.Integer(11),)),), relations, sp.S.One)
    context = Context((), (), (Operand("ok", (sp.Integer(12),), ("o",)),))
    checked = 0
    for extent, k, s, d, p, q in product(range(1, 6), range(1, 4), range(1, 4), (1, 2), range(3), range(3)):
        if max(p, q) >= d * (k - 1) + 1 or extent + p + q < d * (k - 1) + 1:
            continue
        a = {"extent": extent, "k": k, "s": s, "d": d, "p": p, "q": q}
        names = {"W": extent, "KW": k, "s_w": s, "d_w": d, "p_w": p, "q_w": q}
        allowed = evaluate((holds,), context, names, {})["ok"]
        assert [p for p, held in allowed.items() if held] == [(len(windows(a, ceil_mode)),)]
        checked += 1
    assert checked > 400


@pytest.mark.parametrize("group", [1, 2])
def test_numeric_shapes_leave_no_symbols(group: int) -> None:
    """With everything given, sizes are numbers, and the operands have the shapes of ONNX with the group split off."""
    given_ = {"kernel_shape": 3, "strides": 2, "pads": 1, "dilations": 1, "group": group, "out_channels": 6}
    context = build_layer("conv2d", {**given_, "input_shape": (2, 4, 7, 8)}).context
    assert context.sizes == context.scales == context.assumptions == ()
    assert prod(map(int, context.shape("w"))) == 6 * (4 // group) * 9
    assert tuple(map(int, context.shape("y")))[-2:] == (4, 4)

"""Generated NumPy modules on floating-point numbers: rounding, derivatives, and values at the edges."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from itertools import product
from math import prod
from typing import Any

import numpy as np
import pytest

from tests.numpy_gate import Array, attributes_of, joined, load
from tests.oracles import Axis, Convolution

Count = Callable[[str, int], None]
UNIT = {np.float32: 2.0**-24, np.float64: 2.0**-53}


def random_convolution(rng: np.random.Generator) -> Convolution:
    axes = []
    for _ in range(rng.integers(1, 3)):
        kernel, stride, dilation = (int(rng.integers(1, n)) for n in (5, 4, 3))
        before, after, output = int(rng.integers(0, 3)), int(rng.integers(0, 3)), int(rng.integers(2, 9))
        extent = stride * (output - 1) + dilation * (kernel - 1) + 1 - before - after
        more = max(0, -((extent - 1) // stride))
        axes.append(Axis(extent + more * stride, kernel, stride, dilation, before, after, output + more))
    batch, groups, outer, inner = (int(rng.integers(1, n)) for n in (4, 3, 5, 5))
    return Convolution(batch, groups, outer, inner, tuple(axes))


def long_results(c: Convolution, x: Array, w: Array, b: Array, dy: Array) -> dict[str, tuple[Array, int]]:
    """y, dx, dw, db in extended precision, and how many terms each of their entries sums at most."""
    x, w, b, dy = (a.astype(np.longdouble) for a in (x, w, b, dy))
    pads = [(0, 0)] * 3 + [(a.before, a.after) for a in c.axes]
    image = np.pad(x, pads)
    back = np.zeros_like(image)
    y, dw = np.zeros(c.shape("y"), np.longdouble), np.zeros(c.shape("w"), np.longdouble)
    for k, window in c.taps():
        y += np.einsum("gac,ngc...->nga...", w[(..., *k)], image[(..., *window)])
        back[(..., *window)] += np.einsum("gac,nga...->ngc...", w[(..., *k)], dy)
        for g, a, i in product(range(c.groups), range(c.outer), range(c.inner)):
            dw[(g, a, i, *k)] = (dy[:, g, a] * image[(slice(None), g, i, *window)]).sum()
    inside = tuple(slice(a.before, a.before + a.extent) for a in c.axes)
    taps, pixels = prod(a.kernel for a in c.axes), c.batch * prod(a.output for a in c.axes)
    y += b.reshape(*b.shape, *[1] * len(c.axes))
    return {
        "y": (y, c.inner * taps + 1),
        "x": (back[(..., *inside)], c.outer * taps),
        "w": (dw, pixels),
        "b": (dy.sum(axis=(0, *range(3, dy.ndim))), pixels),
    }


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rounding_stays_within_its_bound(
    dtype: Any, count_cases: Count, record_property: Callable[[str, object], None]
) -> None:
    """|y - exact| <= (n + 2) u S, entry by entry: n terms, S the same sum over absolute values."""
    rng, worst = np.random.default_rng(7), 0.0
    for _ in range(40):
        c = random_convolution(rng)
        a = {name: rng.standard_normal(c.shape(name)).astype(dtype) for name in "xwby"}
        exact = long_results(c, *(a[n] for n in "xwby"))
        sizes = long_results(c, *(np.abs(a[n]) for n in "xwby"))
        module = load(f"conv{len(c.axes)}d", **attributes_of(c))
        x, w, b, dy = (joined(n, a[n]) for n in "xwby")
        got = {
            "y": module.forward(x, w, b),
            "x": module.grad_input(dy, w, x.shape),
            "w": module.grad_weight(dy, x),
            "b": module.grad_bias(dy),
        }
        for name, (value, terms) in exact.items():
            error = np.abs(got[name].astype(np.longdouble) - joined(name, value))
            size = joined(name, sizes[name][0]) * UNIT[dtype]
            assert (error <= (terms + 2) * size).all(), (name, c)
            worst = max(worst, float((error[size > 0] / size[size > 0]).max(initial=0)))
    record_property("largest error in units of u S", worst)
    count_cases(f"float layers within (n + 2) u S, {np.dtype(dtype)}; worst {worst:.1f} u S", 40)


def test_bilinear_layers_have_exact_derivatives() -> None:
    """Central differences of step 1 are exact on integers, along any direction; and <J v, u> = <v, J' u>."""
    rng = np.random.default_rng(11)
    for _ in range(20):
        c = random_convolution(rng)
        module = load(f"conv{len(c.axes)}d", **attributes_of(c))
        x, w, b, dy, vx, vw = (
            joined(n, rng.integers(-9, 10, c.shape(n)).astype(np.float64)) for n in ("x", "w", "b", "y", "x", "w")
        )
        along_x = (module.forward(x + vx, w, b) - module.forward(x - vx, w, b)) / 2
        along_w = (module.forward(x, w + vw, b) - module.forward(x, w - vw, b)) / 2
        assert (along_x * dy).sum() == (vx * module.grad_input(dy, w, x.shape)).sum()
        assert (along_w * dy).sum() == (vw * module.grad_weight(dy, x)).sum()


SMOOTH: list[tuple[str, dict[str, Any]]] = [
    ("tanh", {"rank": 2}),
    ("sigmoid", {"rank": 2}),
    ("elementwise", {"function": "x*exp(-x)", "rank": 2}),
    ("elementwise", {"function": "x/2*(1 + erf(x/sqrt(2)))", "rank": 2}),
    ("elementwise", {"function": "log(1 + exp(x)) + atan(x)*cosh(x/3) - sin(x)*sqrt(1 + x**2)", "rank": 2}),
    ("lp_pool1d", {"kernel_shape": (3,), "strides": (2,), "pads": (1, 1)}),
    ("lp_pool1d", {"kernel_shape": (2,), "p": 3}),
]


@pytest.mark.parametrize(("name", "attributes"), SMOOTH)
def test_smooth_layers_have_the_derivatives_of_their_differences(name: str, attributes: dict[str, Any]) -> None:
    """Along a random direction, two step sizes and their extrapolation to step 0."""
    module, rng = load(name, **attributes), np.random.default_rng(5)
    x = rng.standard_normal((2, 3, 9) if "pool" in name else (4, 5))
    v, dy = rng.standard_normal(x.shape), rng.standard_normal(module.forward(x).shape)

    def difference(h: float) -> float:
        return float((dy * (module.forward(x + h * v) - module.forward(x - h * v))).sum() / (2 * h))

    coarse, fine = difference(2e-3), difference(1e-3)
    extrapolated = (4 * fine - coarse) / 3
    derivative = float((v * module.grad_input(dy, x)).sum())
    assert abs(coarse - fine) < 1e-3 * (1 + abs(fine)), "the two steps must agree before either says anything"
    assert derivative == pytest.approx(extrapolated, rel=1e-7, abs=1e-8)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_saturation_is_silent_and_finite(dtype: Any) -> None:
    """Where exp overflows on the way the result is finite all the same, and nothing is warned of."""
    x = np.array([-1000, -100, 0, 100, 1000], dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sigmoid = load("sigmoid", rank=1)
        assert np.allclose(sigmoid.forward(x), [0, 0, 0.5, 1, 1])
        assert np.allclose(sigmoid.grad_input(np.ones_like(x), x), [0, 0, 0.25, 0, 0])
        for name in ("relu", "leaky_relu", "tanh"):
            module = load(name, rank=1)
            assert module.forward(x).dtype == module.grad_input(x, x).dtype == dtype


def test_relu_passes_no_infinity_on() -> None:
    """A case that is 0 is 0 whatever the other factor is."""
    dy, x = np.array([np.inf, np.nan, np.inf]), np.array([-1.0, 0.0, 1.0])
    assert load("relu", rank=1).grad_input(dy, x).tolist() == [0, 0, np.inf]


def test_the_winning_unit() -> None:
    """Ties go to the first; padding never wins; no winner gives 0; the first NaN wins; nothing else reaches dx."""
    pool = load("max_pool1d", kernel_shape=(3,), strides=(3,))
    x = np.array([[[2.0, 2, 1, -np.inf, -np.inf, -np.inf, 5, np.nan, np.nan]]])
    y, dx = pool.forward(x), pool.grad_input(np.array([[[np.inf, 2.0, 3.0]]]), x)
    assert np.array_equal(y, [[[2, -np.inf, np.nan]]], equal_nan=True)
    assert np.array_equal(dx, [[[np.inf, 0, 0, 2, 0, 0, 0, 3, 0]]])
    padded = load("max_pool1d", kernel_shape=(2,), pads=(2, 2))
    x = np.array([[[-3.0, -4.0]]])
    assert np.array_equal(padded.forward(x), [[[0, -3, -3, -4, 0]]])
    assert np.array_equal(padded.grad_input(np.ones((1, 1, 5)), x), [[[2, 1]]])


def test_large_windows_have_positions_that_fit() -> None:
    """More than 127 places in a window need more than a byte."""
    x = np.arange(400.0, dtype=np.float32).reshape(1, 1, 20, 20)
    module = load("max_pool2d", kernel_shape=(20, 20))
    assert module.forward(x) == 399
    assert module.grad_input(np.ones((1, 1, 1, 1), np.float32), x)[0, 0, 19, 19] == 1


def test_erf_is_right_to_the_last_digits() -> None:
    x = np.linspace(-8, 8, 20_001)
    wanted = np.array([math.erf(v) for v in x])
    module = load("elementwise", function="erf(x)", rank=1)
    assert np.abs(module.forward(x) - wanted).max() <= 4e-16
    single = module.forward(x.astype(np.float32))
    assert single.dtype == np.float32
    assert np.abs(single - wanted).max() <= 3e-7


def test_averages_divide() -> None:
    """x/9 is a division: nine ninths are one, which nine times 0.111 is not."""
    module = load("average_pool2d", kernel_shape=(3, 3))
    x = np.full((1, 1, 3, 3), 9, np.float32)
    assert module.forward(x) == 9


FORMULAS: list[tuple[str, Callable[..., Any], dict[str, tuple[int, ...]]]] = [
    ("y[i] = sum(j) a[i, j]*x[j]*z[i]", lambda a, x, z: (a @ x) * z, {"a": (3, 4), "x": (4,), "z": (3,)}),
    ("y[i, j] = x[j, i]*w[i, i]", lambda x, w: x.T * np.diag(w)[:, None], {"x": (4, 3), "w": (3, 3)}),
    ("y[i] = sum(j, k) a[i, j]*b[j, k]*x[k]", lambda a, b, x: a @ b @ x, {"a": (2, 3), "b": (3, 4), "x": (4,)}),
    ("y[i] = x[i]*x[i+1]", lambda x: x * np.append(x[1:], 0), {"x": (5,)}),
    ("y[i] = sum(k) w[K-1-k]*x[i+k]", lambda w, x: np.convolve(x, w, "valid"), {"w": (3,), "x": (7,)}),
    ("y[i] = sum(k) 3*a[i, k]*b[k]/8", lambda a, b: 3 * (a @ b) / 8, {"a": (2, 3), "b": (3,)}),
    ("y[j, i] = sum(k) a[i, k]*b[k, j]", lambda a, b: (a @ b).T, {"a": (2, 3), "b": (3, 4)}),
    ("y[i] = sum(j) x[i]*w[j]", lambda x, w: x * w.sum(), {"x": (3,), "w": (4,)}),
]


@pytest.mark.parametrize(("formula", "wanted", "shapes"), FORMULAS, ids=[f[0] for f in FORMULAS])
def test_formulas(formula: str, wanted: Callable[..., Any], shapes: dict[str, tuple[int, ...]]) -> None:
    """Forward is what NumPy says; the gradients are those of exact central differences (degree 2 in each operand)."""
    module, rng = load("formula", formula=formula), np.random.default_rng(2)
    a = {name: rng.integers(1, 5, shape).astype(np.float64) for name, shape in shapes.items()}

    def arguments(function: Any, given: dict[str, Any]) -> list[Any]:
        names = function.__code__.co_varnames[: function.__code__.co_argcount]
        return [given[n.removesuffix("_shape")] for n in names]

    def forward(given: dict[str, Any]) -> Any:
        return module.forward(*arguments(module.forward, given))

    y = forward(a)
    assert np.array_equal(y, wanted(**a))
    dy = rng.integers(1, 5, y.shape).astype(np.float64)
    for name, shape in shapes.items():
        v = rng.integers(-4, 5, shape).astype(np.float64)
        change = (forward(a | {name: a[name] + v}) - forward(a | {name: a[name] - v})) / 2
        function = getattr(module, {"x": "grad_input", "w": "grad_weight", "b": "grad_bias"}.get(name, f"grad_{name}"))
        gradient = function(*arguments(function, a | {"dy": dy}))
        assert gradient.shape == shape
        assert (change * dy).sum() == (gradient * v).sum(), name

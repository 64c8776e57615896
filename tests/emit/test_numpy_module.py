"""Generated NumPy modules as text and as programs: what they need, what they refuse, what they loop over."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from symconv.emit.numpy import explain
from symconv.layers.defaults import concrete
from symconv.layers.registry import build_layer
from tests.numpy_gate import load, source

ROOT = Path(__file__).resolve().parents[2]
CONV = {
    "kernel_shape": (3, 2),
    "strides": (2, 1),
    "pads": (1, 0, 1, 1),
    "group": 2,
    "in_channels": 4,
    "out_channels": 6,
}
POOL = {"kernel_shape": (3, 3), "strides": (2, 2), "pads": (1, 1, 1, 1)}
LAYERS: list[tuple[str, dict[str, Any]]] = [
    ("conv2d", CONV),
    ("conv2d", {"kernel_shape": (3, 3), "pads": (1, 1, 1, 1), "input_shape": (2, 3, 8, 8), "out_channels": 4}),
    ("conv1d", {"kernel_shape": (3,), "strides": (2,)}),
    ("conv3d", {"kernel_shape": (2, 2, 2), "pads": (1, 1, 1, 0, 0, 0)}),
    ("conv_transpose2d", {"kernel_shape": (3, 3), "strides": (2, 2), "pads": (1, 1, 1, 1)}),
    ("max_pool2d", POOL),
    ("average_pool2d", POOL),
    ("lp_pool2d", POOL | {"p": 3}),
    ("dense", {}),
    ("squared_error", {}),
    ("relu", {}),
    ("sigmoid", {"rank": 2}),
    ("elementwise", {"function": "x/2*(1 + erf(x))"}),
    ("cross_correlation", {}),
    ("convolution", {}),
    ("formula", {"formula": "y[i] = sum(k) w[k]*x[2*i + k]"}),
    ("formula", {"formula": "y[i] = x[i]*x[i+1]"}),
    ("formula", {"formula": "y[i, j] = x[j, i]*w[i, i]"}),
    ("formula", {"formula": "h[i] = sum(k) w[k]*x[i+k]; y[i] = tanh(h[i])"}),
]


def text_of(name: str, attributes: dict[str, Any]) -> str:
    return source(name, tuple(attributes.items()))


@pytest.mark.parametrize(("name", "attributes"), LAYERS)
def test_a_module_is_tidy(name: str, attributes: dict[str, Any]) -> None:
    """Header first, a docstring everywhere, no long lines, no blanks at line ends, and the same text every time."""
    text = text_of(name, attributes)
    assert text.startswith("# Generated for a test.\n")
    assert max(map(len, text.splitlines())) <= 120
    assert all(line == line.rstrip() for line in text.splitlines())
    assert text.endswith("\n")
    assert "\n\n\n\n" not in text
    tree = ast.parse(text)
    assert ast.get_docstring(tree)
    public = [f for f in tree.body if isinstance(f, ast.FunctionDef) and not f.name.startswith("_")]
    assert public[0].name == "forward"
    assert all(ast.get_docstring(f) for f in public)
    names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
    defined = {f.name for f in tree.body if isinstance(f, ast.FunctionDef)}
    assert {f for f in defined if f.startswith("_")} <= names, "a helper that nothing uses"


@pytest.mark.parametrize(("name", "attributes"), LAYERS)
def test_python_loops_run_over_taps_and_blocks_alone(name: str, attributes: dict[str, Any]) -> None:
    """Every loop of a public function counts from number to number, or over an extent in steps of a block."""
    public = [
        f
        for f in ast.parse(text_of(name, attributes)).body
        if isinstance(f, ast.FunctionDef) and not f.name.startswith("_")
    ]
    for node in (n for f in public for n in ast.walk(f)):
        assert not isinstance(node, (ast.While, ast.comprehension))
        if isinstance(node, ast.For):
            assert isinstance(node.iter, ast.Call)
            assert ast.unparse(node.iter.func) == "range"
            arguments = node.iter.args
            numbers = all(isinstance(a, ast.Constant) for a in arguments)
            blocks = len(arguments) == 3 and ast.unparse(arguments[2]) == "block"
            assert numbers or blocks, ast.unparse(node.iter)


@pytest.mark.parametrize(("name", "attributes"), LAYERS)
def test_every_function_has_its_explanation(name: str, attributes: dict[str, Any]) -> None:
    lines = explain(concrete(build_layer(name, attributes)))
    public = [n for n in vars(load(name, **attributes)) if n == "forward" or n.startswith("grad_")]
    assert [line.split(":")[0] for line in lines] == public
    assert all("\n" not in line and " by " in line for line in lines)


def test_plans_follow_from_the_sums() -> None:
    """The same sum under other names gets the same plan."""
    named = concrete(build_layer("dense", {"bias": 0}))
    formula = concrete(build_layer("formula", {"formula": "r[a, b] = sum(c) q[b, c]*p[a, c]"}))
    assert explain(named)[0].split(" by ")[1].replace(" i:", " c:") == explain(formula)[0].split(" by ")[1]
    strided = explain(concrete(build_layer("conv2d", CONV)))
    assert "matrix product over ic, kh, kw" in strided[0]
    assert strided[1].count("matrix product over") == 2, "a residue class of the stride each"
    tiny = {"kernel_shape": (3, 3), "pads": (1, 1, 1, 1), "input_shape": (2, 64, 4, 4), "out_channels": 64}
    assert "the whole batch in one product" in explain(concrete(build_layer("conv2d", tiny)))[0]


def test_a_module_needs_numpy_alone(tmp_path: Path) -> None:
    """It runs isolated, where nothing but the standard library and NumPy can be imported."""
    path = tmp_path / "layer.py"
    path.write_text(text_of("conv2d", CONV), encoding="utf-8")
    program = f"""
import importlib.util, sys
class Refuse:
    def find_spec(self, name, *rest):
        if name.split(".")[0] not in sys.stdlib_module_names | {{"numpy"}}:
            raise ImportError(name)
sys.meta_path.insert(0, Refuse())
spec = importlib.util.spec_from_file_location("layer", {str(path)!r})
layer = importlib.util.module_from_spec(spec)
spec.loader.exec_module(layer)
import numpy as np
x, w = np.ones((1, 4, 5, 5), np.float32), np.ones((6, 2, 3, 2), np.float32)
print(layer.forward(x, w).sum())
"""
    done = subprocess.run(
        [sys.executable, "-I", "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert float(done.stdout) > 0


def arrays(dtype: Any = np.float32, batch: int = 2) -> dict[str, Any]:
    rng = np.random.default_rng(3)
    shapes = {"x": (batch, 4, 6, 7), "w": (6, 2, 3, 2), "b": (6,), "dy": (batch, 6, 3, 7)}
    return {name: rng.integers(-4, 5, shape).astype(dtype) for name, shape in shapes.items()}


def outputs(module: Any, a: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "y": module.forward(a["x"], a["w"], a["b"], **more),
        "dx": module.grad_input(a["dy"], a["w"], a["x"].shape, **more),
        "dw": module.grad_weight(a["dy"], a["x"], **more),
        "db": module.grad_bias(a["dy"], **more),
    }


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_arrays_that_are_not_contiguous(dtype: Any) -> None:
    module, a = load("conv2d", **CONV), arrays(dtype)
    wanted = outputs(module, a)
    reversed_ = {name: np.ascontiguousarray(v[..., ::-1])[..., ::-1] for name, v in a.items()}
    padded = {name: np.pad(v, [(1, 1)] * v.ndim)[(slice(1, -1),) * v.ndim] for name, v in a.items()}
    turned = {name: np.asfortranarray(v) for name, v in a.items()}
    for other in (reversed_, padded, turned):
        for name, got in outputs(module, other).items():
            assert got.dtype == dtype
            assert np.array_equal(got, wanted[name])
    for v in a.values():
        v.flags.writeable = False
    assert np.array_equal(outputs(module, a)["y"], wanted["y"])


def test_out_is_filled_wherever_it_lies() -> None:
    """Contiguous, a slice of something larger, reversed, or sharing memory with an input: the result is the same."""
    module, a = load("conv2d", **CONV), arrays()
    wanted = outputs(module, a)
    calls = {
        "y": lambda out: module.forward(a["x"], a["w"], a["b"], out=out),
        "dx": lambda out: module.grad_input(a["dy"], a["w"], a["x"], out=out),
        "dw": lambda out: module.grad_weight(a["dy"], a["x"], a["w"], out=out),
        "db": lambda out: module.grad_bias(a["dy"], a["b"], out=out),
    }
    for name, call in calls.items():
        shape = wanted[name].shape
        whole = np.full([n + 2 for n in shape], np.nan, np.float32)
        inner = whole[(slice(1, -1),) * len(shape)]
        for out in (np.full(shape, np.nan, np.float32), inner, np.full(shape, np.nan, np.float32)[::-1]):
            assert call(out) is out
            assert np.array_equal(out, wanted[name])
        assert np.isnan(whole).sum() == whole.size - inner.size
    same = {"kernel_shape": (3,), "pads": (1, 1)}
    module, x, w = load("conv1d", **same), np.arange(12.0).reshape(1, 2, 6), np.arange(12.0).reshape(2, 2, 3)
    expected = module.forward(x, w)
    assert module.forward(x, w, out=x) is x
    assert np.array_equal(x, expected)


def test_an_empty_batch() -> None:
    for name, attributes in (("conv2d", CONV), ("conv2d", {k: v for k, v in CONV.items() if k != "strides"})):
        module, a = load(name, **attributes), arrays(batch=0)
        y = module.forward(a["x"], a["w"], a["b"])
        assert y.shape[0] == 0
        dy = np.empty(y.shape, np.float32)
        assert module.grad_input(dy, a["w"], a["x"].shape).shape == a["x"].shape
        assert not module.grad_weight(dy, a["x"]).any()
        assert not module.grad_bias(dy).any()
    empty = np.empty((0, 2, 6, 6), np.float32)
    for name in ("max_pool2d", "average_pool2d", "lp_pool2d"):
        assert load(name, **POOL).forward(empty).shape == (0, 2, 3, 3)
    module = load("dense")
    assert not module.grad_weight(np.empty((0, 3)), np.empty((0, 4))).any()


REFUSED: list[tuple[str, Any, type[Exception], str]] = [
    ("a list", lambda m, a: m.forward([[1.0]], a["w"]), TypeError, r"x is a list: give a NumPy array"),
    ("integers", lambda m, a: m.forward(a["x"].astype(int), a["w"]), TypeError, r"x has dtype int64"),
    ("half", lambda m, a: m.forward(a["x"], a["w"].astype(np.float16)), TypeError, r"w has dtype float16"),
    ("swapped", lambda m, a: m.forward(a["x"].astype(">f4"), a["w"]), TypeError, r"x has dtype >f4"),
    ("two dtypes", lambda m, a: m.forward(a["x"], a["w"].astype(np.float64)), TypeError, r"w has dtype float64, and x"),
    ("rank", lambda m, a: m.forward(a["x"][0], a["w"]), ValueError, r"x has 3 axes, shape \(4, 6, 7\): give 4"),
    ("channels", lambda m, a: m.forward(a["x"][:, :3], a["w"]), ValueError, r"x has shape \(2, 3, 6, 7\): expected"),
    ("weights", lambda m, a: m.forward(a["x"], a["w"][:5]), ValueError, r"w has shape \(5, 2, 3, 2\): expected \(6,"),
    ("bias", lambda m, a: m.forward(a["x"], a["w"], a["b"][:5]), ValueError, r"b has shape \(5,\): expected \(6,\)"),
    ("no bias", lambda m, a: m.forward(a["x"], None), TypeError, r"w is a NoneType"),
    ("too small", lambda m, a: m.forward(a["x"][:, :, :, :0], a["w"]), ValueError, r"OW would be 0: the input is too"),
    ("dy", lambda m, a: m.grad_weight(a["dy"][:, :, 1:], a["x"]), ValueError, r"dy has shape .*: expected \(2, 6, 3"),
    ("shape", lambda m, a: m.grad_input(a["dy"], a["w"], (2, 4, 8, 7)), ValueError, r"dy has shape"),
    ("no shape", lambda m, a: m.grad_input(a["dy"], a["w"], 7), TypeError, r"x_shape is 7: give a shape"),
    ("short", lambda m, a: m.grad_input(a["dy"], a["w"], (2, 4)), ValueError, r"x_shape is \(2, 4\): give 4 sizes"),
    ("w_shape", lambda m, a: m.grad_weight(a["dy"], a["x"], (6, 2, 3, 3)), ValueError, r"w_shape has shape"),
    ("out list", lambda m, a: m.forward(a["x"], a["w"], out=[]), TypeError, r"out is a list"),
    (
        "out dtype",
        lambda m, a: m.forward(a["x"], a["w"], out=np.ones((2, 6, 3, 7))),
        TypeError,
        r"out has dtype float64",
    ),
    ("out shape", lambda m, a: m.forward(a["x"], a["w"], out=a["x"]), ValueError, r"out has shape .*: expected \(2, 6"),
]


@pytest.mark.parametrize(("call", "error", "words"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_what_is_refused(call: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words) as caught:
        call(load("conv2d", **CONV), arrays())
    assert "\n" not in str(caught.value)


def test_out_is_left_alone_where_something_is_refused() -> None:
    module, a = load("conv2d", **CONV), arrays()
    out = np.full((2, 6, 3, 7), 7, np.float32)
    with pytest.raises(ValueError, match="b has shape"):
        module.forward(a["x"], a["w"], a["b"][:1], out=out)
    frozen = out.view()
    frozen.flags.writeable = False
    with pytest.raises(ValueError, match="out is read-only"):
        module.forward(a["x"], a["w"], out=frozen)
    assert (out == 7).all()


def test_sizes_that_do_not_fit_are_refused() -> None:
    """Two inputs give the two sizes that the formula relates: reading outside x is an error, not a wild read."""
    module = load("formula", formula="y[i] = sum(k) w[k]*x[2*i + k]*z[i]")
    with pytest.raises(ValueError, match="the sizes do not fit"):
        module.forward(np.ones(3), np.ones(5), np.ones(4))
    with pytest.raises(ValueError, match="would be"):
        load("cross_correlation").forward(np.ones((2, 5)), np.ones((3, 3)))


def test_names_that_the_module_uses_itself() -> None:
    module = load("formula", formula="out[i] = sum(k) np[k, i]*dtype[k]*result[i]")
    a, b, c = np.arange(6.0).reshape(2, 3), np.arange(2.0), np.arange(3.0)
    arguments = {"np": a, "dtype": b, "result": c}
    order = [n.rstrip("_2") for n in module.forward.__code__.co_varnames[:3]]
    assert np.array_equal(module.forward(*(arguments[n] for n in order)), (a * b[:, None]).sum(axis=0) * c)

"""Building, calling and generating: what is refused and how it is said, options, files that are never overwritten."""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pytest

import symconv as sc
from symconv.build import compiler
from symconv.build.kernels import Kernels
from symconv.cli import run
from tests.build.compilers import needs_compiler

Count = Callable[[str, int], None]
Array = np.ndarray[Any, Any]
F = np.float32
CONV = sc.Conv2d(kernel_shape=(3, 3))


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SYMCONV_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture(scope="module")
def conv(tmp_path_factory: pytest.TempPathFactory) -> Kernels:
    """A convolution of a 3 x 3 window, built once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SYMCONV_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        return sc.build(CONV)


def integers(*shape: int, dtype: Any = F) -> Array:
    return np.random.default_rng(sum(shape)).integers(-4, 5, shape).astype(dtype)


X, W, B, DY = integers(2, 2, 5, 5), integers(3, 2, 3, 3), integers(3), integers(2, 3, 3, 3)
BUFFER = integers(200)
LOCKED = np.empty((2, 3, 3, 3), F)
LOCKED.flags.writeable = False
LINES = np.empty((2, 3, 3, 6), F)[..., ::2]
HUGE = 2**31
CALLS: dict[str, tuple[str, tuple[Any, ...], dict[str, Any], tuple[str, ...]]] = {
    "dtype": ("forward", (X.astype(float), W), {}, ("forward", "x", "float64", "float32")),
    "byte order": ("forward", (X.astype(">f4"), W), {}, ("x", ">f4", "float32")),
    "integers": ("forward", (X, W.astype(int)), {}, ("w", "int64", "float32")),
    "a list": ("forward", ([1.0], W), {}, ("x", "list")),
    "a number": ("forward", (X, W, 1.0), {}, ("b", "float")),
    "left out": ("forward", (X,), {}, ("w", "NoneType")),
    "nothing": ("forward", (), {}, ("x", "NoneType")),
    "rank of x": ("forward", (X[0], W), {}, ("x", "3 axes", "(2, 5, 5)", "4")),
    "rank of b": ("forward", (X, W, B.reshape(1, 3)), {}, ("b", "2 axes", "1")),
    "channels of w": ("forward", (X, integers(3, 4, 3, 3)), {}, ("w", "(3, 4, 3, 3)", "(3, 2, 3, 3)")),
    "window of w": ("forward", (X, integers(3, 2, 3, 2)), {}, ("w", "(3, 2, 3, 2)", "(3, 2, 3, 3)")),
    "shape of b": ("forward", (X, W, integers(2)), {}, ("b", "(2,)", "(3,)")),
    "shape of dy": ("grad_weight", (integers(2, 3, 3, 4), X), {}, ("dy", "(2, 3, 3, 4)", "(2, 3, 3, 3)")),
    "batch of dy": ("grad_weight", (integers(1, 3, 3, 3), X), {}, ("x", "(2, 2, 5, 5)", "(1, 2, 5, 5)")),
    "reversed": ("forward", (X[..., ::-1], W), {}, ("x", "contiguous")),
    "columns": ("forward", (np.asfortranarray(X), W), {}, ("x", "contiguous")),
    "too small": ("forward", (integers(1, 2, 2, 5), W), {}, ("x", "(1, 2, 2, 5)", "too small")),
    "empty axis": ("forward", (np.zeros((1, 2, 0, 5), F), W), {}, ("x", "(1, 2, 0, 5)", "too small")),
    "too many": ("forward", (X, W, B, B), {}, ("forward", "x, w, b", "4")),
    "unknown": ("forward", (X, W), {"bias": B}, ("bias", "x, w, b")),
    "twice": ("forward", (X, W), {"w": W}, ("w", "twice")),
    "no shape": ("grad_input", (DY, W), {}, ("grad_input", "x.shape")),
    "shape is a number": ("grad_input", (DY, W, 5), {}, ("x", "5", "x.shape")),
    "shape of 3 axes": ("grad_input", (DY, W, (2, 2, 5)), {}, ("x", "3 axes", "4")),
    "shape of floats": ("grad_input", (DY, W, (2, 2, 5, 5.0)), {}, ("x", "5.0")),
    "shape of text": ("grad_input", (DY, W, "2255"), {}, ("x", "2255")),
    "negative shape": ("grad_input", (DY, W, (2, 2, 5, -5)), {}, ("x", "-5")),
    "another shape": ("grad_input", (DY, W, (2, 2, 5, 6)), {}, ("(2, 3, 3, 3)", "(2, 3, 3, 4)")),
    "too small a shape": ("grad_input", (DY, W, (2, 2, 2, 5)), {}, ("x", "(2, 2, 2, 5)", "too small")),
    "too many bytes": (
        "grad_input", (np.empty((HUGE, 0, 2, 2), F), np.empty((0, HUGE, 3, 3), F), (HUGE, HUGE, 4, 4)), {},
        ("dx", str(HUGE), "bytes"),
    ),
    "too many bytes of weights": (
        "grad_weight", (np.empty((0, HUGE, 3, 3), F), np.empty((0, HUGE, 5, 5), F)), {}, ("dw", str(HUGE), "bytes"),
    ),
    "no memory": (
        "grad_input", (np.empty((2**22, 0, 2, 2), F), np.empty((0, 2**22, 3, 3), F), (2**22, 2**22, 4, 4)), {},
        ("dx", str(2**22), "memory"),
    ),
    "shape of out": ("forward", (X, W), {"out": np.empty((2, 3, 3, 4), F)}, ("out", "(2, 3, 3, 4)", "(2, 3, 3, 3)")),
    "dtype of out": ("forward", (X, W), {"out": np.empty((2, 3, 3, 3))}, ("float64", "float32")),
    "rank of out": ("forward", (X, W), {"out": np.empty((2, 3, 9), F)}, ("3 axes", "4")),
    "out is a list": ("forward", (X, W), {"out": []}, ("list",)),
    "lines of out": ("forward", (X, W), {"out": LINES}, ("contiguous",)),
    "read-only out": ("forward", (X, W), {"out": LOCKED}, ("out", "read-only")),
    "out over x": (
        "forward", (BUFFER[:100].reshape(2, 2, 5, 5), W), {"out": BUFFER[99:153].reshape(2, 3, 3, 3)},
        ("out", "overlaps"),
    ),
    "out over w": (
        "forward", (X, BUFFER[:54].reshape(3, 2, 3, 3)), {"out": BUFFER[:54].reshape(2, 3, 3, 3)}, ("out", "overlaps"),
    ),
}  # fmt: skip


def one_line(error: pytest.ExceptionInfo[BaseException], words: tuple[str, ...]) -> None:
    text = str(error.value)
    assert "\n" not in text
    assert len(text) < 400
    for word in words:
        assert word in text, text


@needs_compiler
@pytest.mark.parametrize("name", CALLS)
def test_a_wrong_call_is_one_line(name: str, conv: Kernels) -> None:
    function, arrays, named, words = CALLS[name]
    out = named.get("out")
    before = out.copy() if isinstance(out, np.ndarray) else None
    with pytest.raises(sc.UserError) as error:
        conv.functions[function](*arrays, **named)
    one_line(error, words)
    if before is not None:
        assert np.array_equal(out, before, equal_nan=True), "the result was touched"


BUILDS: dict[str, tuple[Any, dict[str, Any], tuple[str, ...]]] = {
    "target": (CONV, {"target": "rust"}, ("target", "rust", "c, numpy")),
    "target is a number": (CONV, {"target": 3}, ("target", "3")),
    "dtype": (CONV, {"dtype": "float16"}, ("dtype", "float16", "float32, float64")),
    "algorithm": (CONV, {"algorithm": "fast"}, ("algorithm", "fast", "auto, direct")),
    "no thread": (CONV, {"threads": 0}, ("threads", "0")),
    "negative threads": (CONV, {"threads": -1}, ("threads", "-1")),
    "threads as text": (CONV, {"threads": "2"}, ("threads", "'2'")),
    "threads as a flag": (CONV, {"threads": True}, ("threads", "True")),
    "negative size": (CONV, {"input_shape": (1, 2, -5, 5)}, ("input_shape", "-5")),
    "size 0": (CONV, {"input_shape": (1, 2, 0, 5)}, ("input_shape", "0")),
    "size as a flag": (CONV, {"input_shape": (1, 2, True, 5)}, ("input_shape", "True")),
    "size as text": (CONV, {"input_shape": "1,2,5,5"}, ("input_shape", "'1'")),
    "fraction": (CONV, {"input_shape": (1, 2, 5.0, 5)}, ("input_shape", "5.0")),
    "one number": (CONV, {"input_shape": 5}, ("input_shape", "5")),
    "rank": (CONV, {"input_shape": (1, 2, 5)}, ("input_shape", "(1, 2, 5)", "4")),
    "rank of an activation": (sc.Relu(), {"input_shape": (1, 2, 5)}, ("input_shape", "(1, 2, 5)", "4")),
    "too small": (CONV, {"input_shape": (1, 2, 2, 5)}, ("kernel_shape", "3", "2")),
    "too large": (CONV, {"input_shape": (1, 2**70, 5, 5)}, ("input_shape", str(2**70))),
    "symbolic stride": (sc.Conv2d(kernel_shape=(3, 3), strides=("s", 1)), {}, ("strides", "s", "number")),
    "symbolic window": (sc.MaxPool2d(kernel_shape=("K", 3)), {}, ("kernel_shape", "K", "number")),
    "no window": (sc.Conv2d(), {}, ("conv2d", "kernel_shape", "missing")),
    "no function": (sc.Elementwise(), {}, ("f", "tanh(x)")),
    "not a layer": ("conv2d", {}, ("conv2d", "layer")),
}


@pytest.mark.parametrize("name", BUILDS)
def test_a_wrong_build_is_one_line(name: str, cache: Path) -> None:
    layer, options, words = BUILDS[name]
    with pytest.raises(sc.UserError) as error:
        sc.build(layer, **options)
    one_line(error, words)
    assert not cache.exists(), "something was compiled"


@pytest.fixture
def no_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A PATH without programs, no variables, no wheel with a compiler in it."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    for variable in compiler.VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda n, p=None: None if n == "ziglang" else real(n, p))


@pytest.mark.usefixtures("no_compiler")
def test_no_compiler() -> None:
    with pytest.raises(sc.ToolError) as error:
        sc.build(CONV)
    one_line(error, ("no C compiler", "gcc", "pip install"))
    y = sc.build(CONV, target="numpy").forward(X, W, B)
    assert y.shape == DY.shape


def test_no_compiler_on_the_command_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 3 where something is compiled; generating needs no compiler."""
    monkeypatch.setenv("SYMCONV_CC", "no-such-compiler")
    assert run(["generate", "conv2d", "--kernel-shape", "3,3", "-o", str(tmp_path / "out")]) == 0
    if importlib.util.find_spec("torch") is None:
        pytest.skip("NO TORCH HERE: the one command that compiles compares with it")
    capsys.readouterr()
    assert run(["bench", "--shapes", "small", "--only", "one image"]) == 3
    err = capsys.readouterr().err
    assert err.startswith("symconv: error: ")
    assert "no-such-compiler" in err
    assert err.count("\n") == 1


# What works.


@needs_compiler
def test_out_is_filled_and_returned(conv: Kernels) -> None:
    t = {"x": X, "w": W, "b": B, "dy": DY}
    for f in conv.functions.values():
        arguments = [t[n] for n in f.kernel.inputs] + ([t[f.kernel.shaped]] if f.kernel.shaped else [])
        expected = f(*arguments)
        out = np.full_like(expected, np.nan)
        assert f(*arguments, out=out) is out
        assert np.array_equal(out, expected)
        assert expected.flags.c_contiguous
        assert expected.dtype == F
    assert np.array_equal(conv.grad_input(DY, W, X.shape), conv.grad_input(dy=DY, w=W, x_shape=X))


@needs_compiler
def test_without_a_bias(conv: Kernels) -> None:
    plain = conv.forward(X, W)
    assert np.array_equal(conv.forward(X, W, None), plain)
    assert np.array_equal(conv.forward(X, W, b=None), plain)
    assert np.array_equal(conv.forward(x=X, w=W, b=B), plain + B[:, None, None])


@needs_compiler
def test_two_builds_share_one_entry(cache: Path) -> None:
    first = sc.build(sc.Sigmoid())
    (entry,) = cache.iterdir()
    made = (entry / "kernel.c").stat().st_mtime_ns
    second = sc.build(sc.Sigmoid())
    assert list(cache.iterdir()) == [entry]
    assert (entry / "kernel.c").stat().st_mtime_ns == made
    assert np.array_equal(first.forward(X), second.forward(X))
    sc.build(sc.Sigmoid(), dtype="float64")
    assert len(list(cache.iterdir())) == 2


@needs_compiler
@pytest.mark.parametrize("algorithm", ["auto", "direct"])
def test_threads_change_nothing(algorithm: str) -> None:
    """Batches that the threads do not divide, of one image and of none."""
    layer = sc.Conv2d(kernel_shape=(3, 3), strides=(2, 2), pads=(1, 1, 1, 1))
    one, two = (sc.build(layer, threads=n, algorithm=algorithm) for n in (1, 2))
    three = sc.build(layer, threads=3, algorithm=algorithm)
    w = integers(5, 3, 3, 3)
    for batch in (5, 1, 0, 4):
        x = integers(batch, 3, 9, 8)
        y = one.forward(x, w, integers(5))
        for many in (two, three):
            assert np.array_equal(many.forward(x, w, integers(5)), y)
            assert np.array_equal(many.forward(x, w, None), one.forward(x, w))
            assert np.array_equal(many.grad_input(y, w, x.shape), one.grad_input(y, w, x.shape))
            assert np.array_equal(many.grad_weight(y, x), one.grad_weight(y, x))
            assert np.array_equal(many.grad_bias(y), one.grad_bias(y))


@needs_compiler
def test_double_precision() -> None:
    k = sc.build(CONV, dtype="float64")
    x, w = X.astype(float) * (1 + 2**-40), W.astype(float)
    y = k.forward(x, w)
    assert y.dtype == np.float64
    assert np.array_equal(y, sc.build(CONV, dtype="float64", target="numpy").forward(x, w))
    with pytest.raises(sc.UserError, match="float32"):
        k.forward(X, W)


@needs_compiler
def test_sizes_of_0(conv: Kernels) -> None:
    """No image, no channel in, no channel out: nothing to add is 0, and results may be empty."""
    none = np.zeros((0, 2, 5, 5), F)
    assert conv.forward(none, W, B).shape == (0, 3, 3, 3)
    assert conv.grad_input(np.zeros((0, 3, 3, 3), F), W, none.shape).shape == none.shape
    out = np.full(W.shape, np.nan, F)
    assert np.array_equal(conv.grad_weight(np.zeros((0, 3, 3, 3), F), none, out=out), np.zeros(W.shape))
    assert np.array_equal(conv.grad_bias(np.zeros((0, 3, 3, 3), F)), np.zeros(3))
    y = conv.forward(np.zeros((2, 0, 5, 5), F), np.zeros((3, 0, 3, 3), F), B)
    assert np.array_equal(y, np.broadcast_to(B[:, None, None], (2, 3, 3, 3)))
    assert conv.forward(X, np.zeros((0, 2, 3, 3), F)).shape == (2, 0, 3, 3)
    x = np.full(X.shape, np.nan, F)
    assert np.array_equal(conv.grad_input(np.zeros((2, 0, 3, 3), F), np.zeros((0, 2, 3, 3), F), X, out=x), 0 * X)
    pool = sc.build(sc.MaxPool2d(kernel_shape=(2, 2)))
    assert pool.forward(np.zeros((2, 0, 4, 4), F)).shape == (2, 0, 3, 3)


@needs_compiler
def test_baked_sizes() -> None:
    k = sc.build(CONV, input_shape=X.shape)
    assert np.array_equal(k.forward(X, W, B), sc.build(CONV).forward(X, W, B))
    with pytest.raises(sc.UserError, match=re.escape("(2, 2, 5, 5)")):
        k.forward(integers(1, 2, 5, 5), W)
    assert sc.build(sc.Relu(), input_shape=(3, 2, 1, 4)).forward(-abs(integers(3, 2, 1, 4))).shape == (3, 2, 1, 4)


@needs_compiler
def test_what_there_is_to_see(conv: Kernels) -> None:
    names = ["forward", "grad_input", "grad_weight", "grad_bias"]
    assert list(conv.functions) == names
    assert repr(conv) == f"<c kernels of conv2d: {', '.join(names)}>"
    assert set(names) <= set(dir(conv))
    assert repr(conv.grad_input) == "<dx = grad_input(dy, w, x_shape, *, out=None)>"
    assert "kernel_grad_weight" in conv.source
    with pytest.raises(AttributeError, match="forward, grad_input, grad_weight, grad_bias"):
        _ = conv.grad_nothing


# The command line.

GENERATE = ("generate", "conv2d", "--kernel-shape", "3,3", "--strides", "2,2", "-o")


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def refused(arguments: list[str], capsys: pytest.CaptureFixture[str], *words: str) -> None:
    capsys.readouterr()
    assert run(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    for word in words:
        assert word in err, err


def test_files_are_written_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "some" / "out"
    assert run([*GENERATE, str(folder)]) == 0
    assert capsys.readouterr().out.split() == [str(folder / "conv2d.c"), str(folder / "conv2d.h")]
    made = {p: p.stat() for p in folder.iterdir()}
    assert sorted(p.name for p in made) == ["conv2d.c", "conv2d.h"]
    assert run([*GENERATE, str(folder)]) == 0
    assert {p: p.stat().st_mtime_ns for p in folder.iterdir()} == {p: s.st_mtime_ns for p, s in made.items()}
    assert {p: p.stat().st_ino for p in folder.iterdir()} == {p: s.st_ino for p, s in made.items()}


def test_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [*GENERATE, str(tmp_path / "out"), "--check"]
    assert run(arguments) == 1
    assert not (tmp_path / "out").exists()
    assert run(arguments[:-1]) == 0
    capsys.readouterr()
    assert run(arguments) == 0
    assert capsys.readouterr().out == ""
    path = tmp_path / "out" / "conv2d.h"
    path.write_text(path.read_text() + "\n")
    before = contents(tmp_path / "out")
    assert run(arguments) == 1
    out = capsys.readouterr().out
    assert str(path) in out
    assert "conv2d.c" not in out
    assert contents(tmp_path / "out") == before
    path.unlink()
    assert run(arguments) == 1


FOREIGN = {
    "edited": lambda text: text.replace("int64_t", "int32_t", 1).encode(),
    "longer": lambda text: (text + "/* mine */\n").encode(),
    "mine": lambda text: b"int answer(void);\n",
    "empty": lambda text: b"",
    "not text": lambda text: b"\xff\xfe\x00",
    "digest gone": lambda text: re.sub("digest: [0-9a-f]+", "", text).encode(),
}


@pytest.mark.parametrize("what", FOREIGN)
def test_what_a_person_wrote_stays(what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*GENERATE, str(tmp_path / "out")]) == 0
    right = contents(tmp_path / "out")
    header = tmp_path / "out" / "conv2d.h"
    header.write_bytes(FOREIGN[what](header.read_text()))
    before = contents(tmp_path / "out")
    other = ["--pads", "1,1,1,1"]
    for more in ([], other):
        refused([*GENERATE, str(tmp_path / "out"), *more], capsys, "conv2d.h", "--force")
        assert contents(tmp_path / "out") == before, "all of the files or none"
    assert run([*GENERATE, str(tmp_path / "out"), "--force"]) == 0
    assert contents(tmp_path / "out") == right
    assert run([*GENERATE, str(tmp_path / "out"), *other]) == 0, "what nobody edited is replaced"
    assert contents(tmp_path / "out") != right


@pytest.mark.parametrize(
    "name", ["", "a b", "1a", "_a", "a-b", "a/b", "../a", "a*/", "class", "é", "a\nb", "a'", "x" * 80]
)
def test_a_bad_name(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    refused([*GENERATE, str(tmp_path / "out"), "--name", name], capsys, "name")
    assert not (tmp_path / "out").exists()


@needs_compiler
@pytest.mark.parametrize("name", ["int", "main", "sc", "sum", "k2", "x" * 63])
def test_a_name_is_a_prefix(name: str, tmp_path: Path) -> None:
    """Even of names that mean something in C."""
    arguments = ["generate", "max_pool1d", "--kernel-shape", "3", "--name", name, "-o", str(tmp_path), "--self-test"]
    assert run(arguments) == 0
    command = [*compiler.find_compiler().command, "-std=c11", "-Wall", "-Wextra", "-Werror", "-DSYMCONV_SELF_TEST"]
    subprocess.run([*command, str(tmp_path / f"{name}.c"), "-o", str(tmp_path / "run")], check=True)
    assert subprocess.run([tmp_path / "run"], check=False).returncode == 0


def test_a_file_in_place_of_the_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "out").write_text("mine")
    for place in ("out", "out/deeper"):
        for force in ([], ["--force"]):
            refused([*GENERATE, str(tmp_path / place), *force], capsys, str(tmp_path / "out"))
    assert contents(tmp_path) == {"out": b"mine"}


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="NOT TESTED: this user may write anywhere")
def test_a_folder_without_permission(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "out").mkdir(mode=0o555)
    refused([*GENERATE, str(tmp_path / "out")], capsys, str(tmp_path / "out"), "Permission")
    assert contents(tmp_path) == {}


def test_a_file_that_cannot_be_replaced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder of the header's name: neither file is written."""
    (tmp_path / "out" / "conv2d.h").mkdir(parents=True)
    refused([*GENERATE, str(tmp_path / "out")], capsys, "conv2d.h")
    assert contents(tmp_path) == {}


def test_explain(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*GENERATE, str(tmp_path / "out"), "--explain"]) == 0
    out = capsys.readouterr().out
    for name in ("forward", "grad_input", "grad_weight", "grad_bias"):
        assert f"{name}: " in out
    assert "packed products" in out
    assert not (tmp_path / "out").exists()
    assert run([*GENERATE, str(tmp_path / "out"), "--explain", "--algorithm", "direct"]) == 0
    out = capsys.readouterr().out
    assert "exact loops" in out
    assert "packed" not in out


SPEC = 'layer = "max_pool2d"\nkernel_shape = [3, 2]\nstrides = [2, 1]\n'
FORMULA = "a[n, i] = sum(k) w[k]*x[n, 2*i + k - 1] + b[i]"
AGAIN = {
    "conv2d": ["conv2d", "--kernel-shape", "3,3", "--strides", "2,2", "--pads", "1,1,1,1"],
    "options": ["conv2d", "--kernel-shape", "3,3", "--dtype", "float64", "--algorithm", "direct", "--name", "other"],
    "baked": ["conv2d", "--kernel-shape", "3,3", "--out-channels", "2", "--input-shape", "1,2,4,5", "--self-test"],
    "relu": ["relu", "--input-shape", "2,3,4,5"],
    "one axis": ["tanh", "--rank", "1", "--input-shape", "7"],
    "pytorch's words": ["conv1d", "--kernel-size", "3", "--stride", "2", "--padding", "1", "--groups", "2"],
    "function": ["elementwise", "--function", "x*exp(-x)"],
    "formula": ["formula", "--formula", FORMULA],
    "two statements": ["formula", "--formula", "s[i] = sum(k) w[k]*x[i + k]**2; y[i] = z[i]*sqrt(s[i])"],
    "two lines": ["formula", "--formula", "s[i] = sum(k) w[k]*x[i + k]**2\ny[i] = z[i]*sqrt(s[i])"],
    "spec": ["--spec", "layer.toml"],
    "numpy": ["max_pool2d", "--kernel-shape", "2,2", "--target", "numpy"],
}


@pytest.mark.parametrize("name", AGAIN)
def test_the_command_in_the_file_makes_it_again(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count_cases: Count
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "layer.toml").write_text(SPEC)
    assert run(["generate", *AGAIN[name], "-o", "a folder"]) == 0
    made = contents(tmp_path / "a folder")
    assert made
    commands = {re.search(r"again: (.*)", text.decode())[1] for text in made.values()}  # type: ignore[index]
    (command,) = commands
    shutil.rmtree(tmp_path / "a folder")
    program, *arguments = shlex.split(command)
    assert program == "symconv"
    assert run(arguments) == 0
    assert contents(tmp_path / "a folder") == made
    count_cases("commands in generated files that make them again", 1)


def test_baked_sizes_are_no_arguments(tmp_path: Path) -> None:
    for words in (AGAIN["baked"], AGAIN["relu"]):
        assert run(["generate", *words, "--name", "k", "-o", str(tmp_path), "--force"]) == 0
        declared = re.search(r"int k_forward\(([^)]*)\)", (tmp_path / "k.h").read_text())
        assert declared is not None
        assert "int64_t" not in declared[1]


# Texts of a user that would end a C comment, or join it with the next line.
HOSTILE = ["a*/b", "a/*b", "a\\", "a??/", "a\nint b;", "??/\n#error"]


@needs_compiler
@pytest.mark.skipif(os.name == "nt", reason="no such folders there")
@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_breaks_out_of_the_comment(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name of the folder, and of the spec, stand in it; a formula cannot: its parser knows none of these."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / text
    folder.mkdir(parents=True)
    (folder / "layer.toml").write_text(SPEC)
    assert run(["generate", "--spec", f"{text}/layer.toml", "-o", text, "--name", "k"]) == 0
    for standard in ("-std=c11", "-std=gnu11"):
        command = [*compiler.find_compiler().command, standard, "-Wall", "-Wextra", "-Werror", "-c", "k.c"]
        done = subprocess.run([*command, "-o", str(tmp_path / "k.o")], cwd=folder, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()


@pytest.mark.parametrize("text", ["y[i] = x[i] */ 2", "y[i] = x[i] /* 2", "y[i] = x\\[i]", "y[i] = x[i] ??/ 2"])
def test_a_formula_with_a_comment(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    refused(["generate", "formula", "--formula", text, "-o", str(tmp_path / "out")], capsys, "formula")
    assert not (tmp_path / "out").exists()


def test_generation_is_quick(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    """A layer takes under 100 ms once everything is imported; three times as much is allowed here."""
    seconds = []
    for number in range(6):
        arguments = [*GENERATE, str(tmp_path / str(number))]
        began = time.perf_counter()
        assert run(arguments) == 0
        seconds.append(time.perf_counter() - began)
    record_property("ms of a generation", 1000 * median(seconds[1:]))
    print(f"generation: {1000 * median(seconds[1:]):.0f} ms", file=sys.stderr)
    assert median(seconds[1:]) < 0.3


@pytest.mark.parametrize(
    "more",
    [["--target", "rust"], ["--dtype", "float16"], ["--algorithm", "fast"], ["--input-shape", "1,2,2,2"],
     ["--input-shape", "1,2,-3,9"], ["--input-shape", "7"], ["--strides", "s,1"], ["--showcase"]],
)  # fmt: skip
def test_options_that_are_refused(more: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["generate", "conv2d", "--kernel-shape", "3,3", "-o", str(tmp_path / "out"), *more]
    refused(arguments, capsys, more[0].removeprefix("--").partition("-")[0] if more[0] != "--input-shape" else "")
    assert not (tmp_path / "out").exists()

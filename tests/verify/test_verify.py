"""Hand-written layers get the verdict, the cause and the place that are theirs."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import symconv as sc
from symconv.cli import run
from symconv.layers import build_layer
from symconv.verify.isolation import Limits, Session
from symconv.verify.report import Report
from symconv.verify.verify import Options, verify
from tests.verify import layers

FILE = str(Path(layers.__file__))
Count = Callable[[str, int], None]
# Function: the layer, and of every output its verdict and, where it is not correct, its first cause.
RIGHT: dict[str, tuple[str, dict]] = {
    "forward_loops": ("conv2d", {}),
    "forward_float32": ("conv2d", {}),
    "forward_nhwc": ("conv2d", {}),
    "forward_one_image": ("conv2d", {}),
    "backward_right": ("conv2d", {}),
    "backward_named": ("conv2d", {}),
    "relu_right": ("relu", {}),
    "dense_right": ("dense", {}),
}
WRONG = {
    "forward_flipped": ("conv2d", {"y": "convolution-for-correlation"}),
    "forward_without_bias": ("conv2d", {"y": "bias-missing"}),
    "backward_batch_mean": ("conv2d", {"dx": "", "dw": "batch-mean", "db": "batch-mean"}),
    "backward_empty_crop": ("conv2d", {"dx": "empty-crop", "dw": "", "db": ""}),
    "backward_not_rotated": ("conv2d", {"dx": "kernel-not-rotated", "dw": "", "db": ""}),
    "backward_first_image": ("conv2d", {"dx": "", "dw": "batch-first-only", "db": ""}),
    "backward_last_filter": ("conv2d", {"dx": "filter-last-only", "dw": "", "db": ""}),
    "backward_negative": ("conv2d", {"dx": "", "dw": "sign", "db": ""}),
    "backward_overwrites": ("conv2d", {"dx": "assigned-not-accumulated", "dw": "", "db": ""}),
    "backward_accumulates": ("conv2d", {"dx": "", "dw": "accumulated-over-calls", "db": ""}),
    "backward_zero": ("conv2d", {"dx": "all-zero", "dw": "all-zero", "db": "all-zero"}),
    "backward_strange": ("conv2d", {"dx": "unexplained", "dw": "", "db": ""}),
    "max_pool_ties": ("max_pool2d", {"dx": "ties-duplicated"}),
    "max_pool_shared": ("max_pool2d", {"dx": "ties-split"}),
    "relu_forgets": ("relu", {"dx": "incoming-gradient-returned"}),
}
CONVENTIONS = ("max_pool_shared", "backward_batch_mean")


def report(function: str, kind: str, **attributes: object) -> Report:
    return verify(f"{FILE}:{function}", build_layer(kind, attributes))


@pytest.mark.parametrize("function", RIGHT)
def test_a_right_layer_is_correct(function: str, count_cases: Count) -> None:
    kind, attributes = RIGHT[function]
    found = report(function, kind, **attributes)
    assert found.verdict == "correct", found.text()
    assert all(o.passed > 0 for o in found.outputs.values())
    count_cases("right candidates without an alarm", 1)


@pytest.mark.parametrize("function", WRONG)
def test_a_mistake_is_named(function: str, count_cases: Count) -> None:
    kind, causes = WRONG[function]
    found = report(function, kind)
    assert {name: o.cause for name, o in found.outputs.items()} == causes, found.text()
    assert found.verdict == ("correct-with-conventions" if function in CONVENTIONS else "wrong")
    for o in found.outputs.values():
        assert (o.counterexample is not None) == (o.failed > 0)
        assert o.confirmed == (o.verdict != "correct" and o.cause != "unexplained")
    count_cases("wrong candidates with the right cause", 1)


def test_a_function_at_hand() -> None:
    found = sc.verify(layers.relu_right, sc.Relu())
    assert found.verdict == "correct"
    assert found.outputs["dx"].passed >= 3
    assert sc.verify(layers.relu_forgets, sc.Relu()).outputs["dx"].cause == "incoming-gradient-returned"


def test_in_a_test_suite() -> None:
    sc.testing.check_layer(layers.relu_right, sc.Relu())
    mean = f"{FILE}:backward_batch_mean"
    sc.testing.check_layer(mean, sc.Conv2d())
    with pytest.raises(AssertionError, match="batch-mean"):
        sc.testing.check_layer(mean, sc.Conv2d(), strict=True)
    with pytest.raises(AssertionError, match="incoming-gradient-returned"):
        sc.testing.check_layer(layers.relu_forgets, sc.Relu())


def test_an_attribute_of_the_layer_is_kept() -> None:
    """A candidate that cannot be told the stride is held against the layer's own."""
    found = report("forward_flipped", "conv2d", strides=(2, 2))
    assert found.verdict == "wrong"
    assert report("forward_loops", "conv2d", strides=(2, 2), pads=(1, 1, 1, 1)).verdict == "correct"


@pytest.mark.parametrize(
    ("function", "status"), [("loops_forever", "timeout"), ("dies", "crash"), ("raises", "raised")]
)
def test_what_cannot_be_run(function: str, status: str) -> None:
    start = time.monotonic()
    found = verify(f"{FILE}:{function}", build_layer("conv2d", {}), Options(limits=Limits(seconds=1.5)))
    assert found.verdict == ("unsupported" if status == "raised" else "crashed")
    assert any(status in note for note in found.notes), found.notes
    if status != "raised":  # which is tried in every layout
        assert time.monotonic() - start < 15


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="processes are found in /proc only")
def test_nobody_is_left_behind() -> None:
    """A child that leaves its session is found by its mark."""
    arrays = {"x": np.ones((1, 1, 3, 3)), "w": np.ones((1, 1, 2, 2)), "b": np.ones(1)}
    call = {"name": "call", "target": f"{FILE}:forks", "arguments": [{"array": n} for n in "xwb"]}
    with Session(Limits(seconds=5)) as session:
        answer = session.ask({"calls": [call]}, arrays)
    assert answer.status == "returned"
    child = int(answer.arrays["call/child"])
    deadline = time.monotonic() + 5
    while _alive(child) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not _alive(child)


def _alive(pid: int) -> bool:
    """Is there such a process, other than as an entry that nobody has collected?"""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_an_overwritten_input_is_noted() -> None:
    assert any(n.startswith("input-mutated") for n in report("mutates", "conv2d").notes)


def test_mistakes_of_the_user_are_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, word in (
        (["verify", f"{FILE}:unknown_parameter", "conv2d"], "--bind q=ROLE"),
        (["verify", FILE, "conv2d"], "FILE.py:NAME"),
        (["verify", f"{FILE}:forward_loops"], "name the layer"),
        (["verify", f"{FILE}:forward_loops", "conv2d", "--bind", "q"], "NAME=ROLE"),
    ):
        assert run(arguments) == 2
        error = capsys.readouterr().err
        assert word in error
        assert len(error.splitlines()) == 1


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["verify", f"{FILE}:forward_loops", "conv2d"]) == 0
    assert "correct" in capsys.readouterr().out
    assert run(["verify", f"{FILE}:backward_batch_mean", "conv2d"]) == 0
    assert run(["verify", f"{FILE}:backward_batch_mean", "conv2d", "--strict"]) == 1
    capsys.readouterr()
    assert run(["verify", f"{FILE}:backward_not_rotated", "conv2d", "--format", "json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["schema"] == 1
    assert found["outputs"]["dx"]["causes"][0] == "kernel-not-rotated"
    assert found["outputs"]["dx"]["cases"]["failed"] > 0
    assert run(["verify", f"{FILE}:no_such_function", "conv2d"]) == 3


@pytest.mark.parametrize(
    ("layer", "word"),
    [
        (["formula", "--formula", "y[i] = sum(k) w[k]*x[2*i+k]"], "formula: verify takes convolutions"),
        (["squared_error"], "squared_error: verify takes"),
        (["cross_correlation"], "cross_correlation: verify takes"),
        (["tanh", "--rank", "0"], "tanh: verify takes"),
        (["elementwise"], "say which function"),
    ],
)
def test_layers_that_cannot_be_verified(layer: list[str], word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["verify", f"{FILE}:relu_right", *layer]) == 2
    error = capsys.readouterr().err
    assert word in error
    assert len(error.splitlines()) == 1

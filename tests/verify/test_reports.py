"""What is said about a candidate: to people, to programs, to GitHub, and in SARIF."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import symconv as sc
from symconv.cli import run
from symconv.verify.render import picture
from symconv.verify.report import Report
from tests.verify import layers

FILE = str(Path(layers.__file__))


@pytest.fixture(name="wrong", scope="module")
def a_wrong_layer() -> Report:
    return sc.verify(f"{FILE}:backward_not_rotated", sc.Conv2d())


@pytest.fixture(name="strange", scope="module")
def a_layer_with_a_mistake_that_has_no_name() -> Report:
    return sc.verify(f"{FILE}:backward_strange", sc.Conv2d())


def test_the_smallest_case_is_small(wrong: Report) -> None:
    """One image, one channel, one filter, one output; a kernel of two taps shows that it is not rotated."""
    example = wrong.outputs["dx"].counterexample
    assert example is not None
    assert example.shapes["dy"] == [1, 1, 1, 1]
    assert sorted(example.shapes["w"][2:]) in ([1, 2], [2, 2])
    assert example.expected != example.actual
    assert len(example.index) == 4


def test_the_formula_and_what_it_violates(wrong: Report) -> None:
    dx = wrong.outputs["dx"]
    assert dx.formula.startswith("∂E/∂x[n, ic, ih, iw] = Σ")
    assert dx.causes[0].violates == "Eq. 20"
    assert wrong.outputs["dw"].formula == ""


def test_which_cases_ran(wrong: Report) -> None:
    ran = dict(wrong.outputs["dx"].ran)
    assert ran["smallest"] == "failed"
    assert ran["one entry"] == "passed"
    assert ran["stride per axis"] == "unsupported"
    counts = wrong.json()["outputs"]["dx"]["cases"]
    assert counts == {kind: list(ran.values()).count(kind) for kind in ("passed", "failed", "unsupported")}


def test_the_text(wrong: Report) -> None:
    text = wrong.text()
    for words in ("as conv2d: wrong", "kernel-not-rotated", "fix: flip", "Eq. 20", "wrong in:", "not supported:"):
        assert words in text


def test_json_is_json(wrong: Report, strange: Report) -> None:
    for report in (wrong, strange):
        told = json.loads(json.dumps(report.json(), allow_nan=False))
        assert told["schema"] == 1
        dx = told["outputs"]["dx"]
        assert {"verdict", "causes", "confirmed", "cases", "counterexample"} <= set(dx)
        assert dx["verdict"] == "wrong"
    assert told["outputs"]["dx"]["causes"] == ["unexplained"]
    assert told["outputs"]["dx"]["confirmed"] is False


def test_an_impulse_shows_what_has_no_name(strange: Report) -> None:
    impulse = strange.outputs["dx"].impulse
    assert impulse is not None
    assert impulse.operand == "dy"
    assert impulse.expected != impulse.actual
    drawn = picture(impulse)
    assert "expected" in drawn[1]
    assert "actual" in drawn[1]


def test_github(wrong: Report) -> None:
    from symconv.verify.render import github

    (line,) = github(wrong).splitlines()
    assert line.startswith("::error file=")
    assert "title=symconv conv2d%3A kernel-not-rotated::dx: " in line
    assert f"line={wrong.line}," in line
    assert Path(FILE).read_text().splitlines()[wrong.line - 1].startswith("def backward_not_rotated")


def test_sarif(wrong: Report) -> None:
    from symconv.verify.render import sarif

    log: dict[str, Any] = json.loads(json.dumps(sarif(wrong)))
    assert log["version"] == "2.1.0"
    (result,) = log["runs"][0]["results"]
    assert result["ruleId"] == "kernel-not-rotated"
    assert result["level"] == "error"
    assert result["locations"][0]["physicalLocation"]["region"]["startLine"] == wrong.line
    assert [r["id"] for r in log["runs"][0]["tool"]["driver"]["rules"]] == ["kernel-not-rotated"]


def test_conventions_are_errors_on_request() -> None:
    mean = f"{FILE}:backward_batch_mean"
    assert sc.verify(mean, sc.Conv2d()).verdict == "correct-with-conventions"
    strict = sc.verify(mean, sc.Conv2d(), strict=True)
    assert strict.verdict == "wrong"
    assert strict.outputs["dw"].verdict == "wrong"
    assert strict.outputs["dw"].cause == "batch-mean"


def test_a_gradient_that_fits_its_own_forward(tmp_path: Path) -> None:
    """A convolution where a correlation is asked for: wrong, and consistent in itself."""
    path = tmp_path / "flipped.py"
    path.write_text(
        "from tests.verify import layers\n"
        "def forward(x, w, b):\n    return layers.forward_flipped(x, w, b)\n"
        "def backward(dy, x, w):\n"
        "    dx, dw, db = layers._backward(dy, x, w[:, :, ::-1, ::-1], 1, 0)\n"
        "    return dx, dw[:, :, ::-1, ::-1], db\n"
    )
    import sys

    sys.path.insert(0, str(Path(FILE).parents[2]))
    names: dict[str, Any] = {}
    exec(path.read_text(), names)
    found = sc.verify((names["forward"], names["backward"]), sc.Conv2d())
    assert found.verdict == "wrong"
    assert found.outputs["y"].cause == "convolution-for-correlation"
    assert found.outputs["dx"].cause == "kernel-not-rotated"
    assert found.outputs["dx"].consistent is True
    assert found.outputs["dw"].consistent is True


def test_a_pair_on_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    passes = ["--forward", f"{FILE}:forward_loops", "--backward", f"{FILE}:backward_named"]
    assert run(["verify", *passes, "conv2d"]) == 0
    told = capsys.readouterr().out
    assert "y   correct" in told
    assert "dw  correct" in told
    assert run(["verify", *passes[:2], "conv2d"]) == 2
    assert "--forward and --backward go together" in capsys.readouterr().err
    assert run(["verify", f"{FILE}:forward_loops", "conv2d", *passes]) == 2
    assert run(["verify", *passes]) == 2


def test_formats_on_the_command_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    wrong = [f"{FILE}:relu_forgets", "relu"]
    assert run(["verify", *wrong, "--format", "sarif"]) == 1
    assert json.loads(capsys.readouterr().out)["version"] == "2.1.0"
    assert run(["verify", *wrong, "--format", "github"]) == 1
    assert capsys.readouterr().out.startswith("::error ")
    kept = tmp_path / "report.json"
    assert run(["verify", *wrong, "--format", "json", "-o", str(kept)]) == 1
    assert json.loads(kept.read_text())["verdict"] == "wrong"
    assert run(["verify", *wrong, "--format", "json", "-o", str(kept)]) == 2
    assert run(["verify", *wrong, "--seconds", "0"]) == 2
    assert run(["verify", *wrong, "--bind", "x=nonsense"]) == 2
    assert run(["verify", "nowhere.py:f", "relu"]) == 2

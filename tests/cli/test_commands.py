"""The commands' results: exit codes, formats, and that the same input gives the same output."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from symconv.article import claims
from symconv.cli import run
from symconv.prove.verdict import Proof, Verdict


def output(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert run(list(arguments)) == code
    out, err = capsys.readouterr()
    assert err == ""
    return out


def test_prove_json(capsys: pytest.CaptureFixture[str]) -> None:
    """The schema that outside programs read, for every equation."""
    found = json.loads(output(capsys, "prove", "--format", "json"))
    assert found["schema"] == 1
    table = {e["number"]: e for e in found["equations"]}
    assert {str(n) for n in range(1, 23)} <= set(table)
    for equation in found["equations"]:
        assert set(equation) == {"number", "as_printed", "corrected"}
        for reading in equation["as_printed"]:
            assert set(reading) == {"reading", "verdict", "scope", "counterexample"}
            refuted = reading["verdict"] in ("refuted", "undefined")
            assert (reading["counterexample"] is not None) == refuted
        if equation["corrected"]:
            assert set(equation["corrected"]) == {"statement", "verdict", "scope"}
            assert equation["corrected"]["verdict"] == "proved"
    example = next(r for r in table["22"]["as_printed"] if r["verdict"] == "refuted")["counterexample"]
    assert set(example) == {"sizes", "at", "lhs", "rhs"}
    assert example["lhs"] != example["rhs"]


@pytest.mark.parametrize("style", ["text", "latex", "markdown", "json"])
def test_every_format(style: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A derivation and a claim in each; the same twice."""
    arguments = ("derive", "conv1d", "--wrt", "x", "--strides", "2", "--dilations", "1", "--format", style)
    first = output(capsys, *arguments)
    assert first == output(capsys, *arguments)
    assert "refuted" in output(capsys, "prove", "--equation", "14", "--format", style)
    if style == "json":
        json.loads(first)


def test_latex_fragment(capsys: pytest.CaptureFixture[str]) -> None:
    """The body alone, and the whole document."""
    arguments = ("derive", "conv1d", "--wrt", "b", "--format", "latex")
    assert r"\documentclass" in output(capsys, *arguments)
    assert r"\documentclass" not in output(capsys, *arguments, "--fragment")


def test_exit_code_of_a_refuted_claim(capsys: pytest.CaptureFixture[str]) -> None:
    """1 when every reading is refuted, 0 when one holds."""
    assert "K = 2" in output(
        capsys, "prove", "--equal", "y[i] = sum(k) w[k]*x[i+k]", "y[i] = sum(k) w[K-1-k]*x[i+k]", code=1
    )
    assert "proved" in output(capsys, "prove", "--equal", "y[i] = a[i] + b[i]", "y[i] = b[i] + a[i]")


@pytest.mark.parametrize("verdict", ["unknown", "refuted", "undefined"])
def test_anything_but_proved_is_1(
    verdict: Verdict, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two formulas, one equation, all equations: 1 where a claim neither is proved nor defines anything."""
    monkeypatch.setattr(claims, "judge_reading", lambda reading: Proof(verdict, "all sizes"))
    assert verdict in output(capsys, "prove", "--equal", "y[i] = x[i]", "y[i] = x[i]", code=1)
    assert verdict in output(capsys, "prove", "--equation", "8", code=1)
    assert verdict in output(capsys, "prove", code=1)


def test_a_broken_pipe_is_quiet() -> None:
    """`symconv derive | head` says nothing on stderr."""
    command = [sys.executable, "-c", "from symconv.cli import main; main()", "prove", "--equation", "22"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""


def test_a_derivation_is_independent_of_sizes(capsys: pytest.CaptureFixture[str]) -> None:
    """k = 3 and k = 10**9 give the same lines but for the number."""
    lines = [
        output(capsys, "derive", "conv1d", "--wrt", "w", "--kernel-shape", k, "--strides", "2", "--dilations", "1")
        for k in ("3", "1000000000")
    ]
    assert lines[0].count("proved") == lines[1].count("proved") > 3

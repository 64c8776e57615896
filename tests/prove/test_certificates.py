"""A second solver answers the obligations of more than fifty derivations again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import symconv as sc
from symconv.cli import run
from symconv.layers import build_layer
from symconv.prove.certificate import replay, write_certificate

_ONE = {"kernel_shape": (3,), "strides": (2,), "pads": (1, 1), "dilations": (1,)}
_TWO = {"kernel_shape": (3, 2), "strides": (2, 1), "pads": (1, 0, 1, 1), "dilations": (1, 2)}
_FORMULAS = (
    "y[i] = x[i]*log(x[i])",
    "y[i] = sum(j) exp(x[i]*x[j])",
    "y[i] = sum(k) w[k]*x[2*i+k]",
    "h[i] = sum(k) w[k]*x[i+k]; y[i] = tanh(h[i])",
    "s[i,j] = sum(c) q[i,c]*k[j,c]; e[i,j] = exp(s[i,j]); z[i] = sum(j) e[i,j]; y[i,o] = sum(j) e[i,j]*v[j,o]/z[i]",
    "y[2*i+k] = w[k]*x[i]",
    "E = sum(i,j) a[i,j]*x[i]*x[j]",
    "y[i] = x[i+1]*x[i]",
)
LAYERS = [
    *[("formula", {"formula": f}) for f in _FORMULAS],
    *[(name, _ONE) for name in ("conv1d", "conv_transpose1d", "max_pool1d", "average_pool1d", "lp_pool1d")],
    *[(name, _TWO) for name in ("conv2d", "conv_transpose2d", "max_pool2d", "average_pool2d", "lp_pool2d")],
    *[("conv1d", {**_ONE, "strides": (stride,), "dilations": (d,)}) for stride in (1, 3, 4) for d in (1, 2)],
    ("conv2d", {"strides": (1, 1), "dilations": (1, 1)}),
    ("conv2d", {**_TWO, "activation": "relu"}),
    ("dense", {}),
    ("dense", {"activation": "sigmoid"}),
    ("conv1d", {}),
    ("squared_error", {}),
]


@pytest.mark.gate
def test_a_second_solver_agrees(tmp_path: Path, count_cases: Callable[[str, int], None]) -> None:
    pytest.importorskip("z3", reason="the extra certify is not installed")
    derivations = statements = 0
    for name, attributes in LAYERS:
        layer = build_layer(name, attributes)
        for wrt in layer.inputs:
            proved = sc.derive(layer, wrt).proved
            assert proved.gradient.proved
            folder = tmp_path / f"{derivations}"
            write_certificate(proved.obligations, folder)
            answer = replay(folder)
            assert not answer.refuted, (name, wrt, answer.refuted)
            assert not answer.undecided, (name, wrt, answer.undecided)
            statements += answer.confirmed
            derivations += 1
    assert derivations >= 50
    count_cases("derivations whose certificate z3 confirms", derivations)
    count_cases("statements that z3 confirms", statements)


def test_the_command_writes_and_replays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("z3", reason="the extra certify is not installed")
    folder = str(tmp_path / "certificate")
    assert run(["derive", "formula", "--formula", "y[i] = x[i]*x[i+1]", "--certificate", folder]) == 0
    capsys.readouterr()
    assert run(["prove", "--replay", folder]) == 0
    assert " 0 refuted, 0 undecided" in capsys.readouterr().out
    assert run(["prove", "--replay", str(tmp_path / "nothing")]) == 2

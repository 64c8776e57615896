"""A convolution or a dense layer with an activation after it: one layer, derived, proved and built like any other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import symconv as sc
from symconv.cli import run
from symconv.ir import UserError
from symconv.layers import build_layer
from tests.build.compilers import COMPILERS, NONE

WINDOW: dict[str, Any] = {"strides": (2, 1), "pads": (1, 0, 0, 1), "dilations": (1, 1), "group": 1}
FUNCTIONS = {
    "relu": (lambda z: np.maximum(z, 0), lambda z: (z > 0) * 1.0),
    "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "sigmoid": (lambda z: 1 / (1 + np.exp(-z)), lambda z: np.exp(-z) / (1 + np.exp(-z)) ** 2),
    "leaky_relu": (lambda z: np.where(z > 0, z, 0.01 * z), lambda z: np.where(z > 0, 1, 0.01)),
}


@pytest.mark.parametrize("wrt", ["x", "w", "b"])
@pytest.mark.parametrize(
    ("kind", "given"), [("conv2d", WINDOW), ("dense", {}), ("conv_transpose1d", {"strides": (1,)})]
)
def test_the_gradient_is_derived(kind: str, given: dict[str, Any], wrt: str) -> None:
    derived = sc.derive(build_layer(kind, {**given, "activation": "relu"}), wrt=wrt)
    assert derived.result
    assert all(proof.verdict in ("proved", "definition") for proof in derived.proofs)


@pytest.mark.parametrize("target", ["numpy", "c"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_kernels(target: str, name: str) -> None:
    """They are those of the plain layer, and the function and its derivative between."""
    if target == "c" and not COMPILERS:
        pytest.skip(NONE)
    f, derivative = FUNCTIONS[name]
    draw = np.random.default_rng(1)
    x, w, b = draw.standard_normal((2, 3, 7, 6)), draw.standard_normal((4, 3, 3, 2)), draw.standard_normal(4)
    window = {**WINDOW, "kernel_shape": (3, 2)}
    plain = sc.build(sc.Conv2d(**window), target=target, dtype="float64")
    whole = sc.build(sc.Conv2d(**window, activation=name), target=target, dtype="float64")
    z = plain.forward(x, w, b)
    np.testing.assert_allclose(whole.forward(x, w, b), f(z), rtol=1e-12, atol=1e-12)
    dy = draw.standard_normal(z.shape)
    dz = dy * derivative(z)
    np.testing.assert_allclose(
        whole.grad_weight(dy=dy, x=x, w=w, b=b), plain.grad_weight(dz, x, w.shape), rtol=1e-10, atol=1e-10
    )


def test_an_unknown_activation_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UserError, match="activation = 'swish' of conv2d: give one of relu"):
        sc.Conv2d(activation="swish")
    assert run(["derive", "dense", "--activation", "nothing"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    with pytest.raises(UserError, match="activation"):
        sc.MaxPool2d(activation="relu")


def test_on_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["derive", "dense", "--activation", "tanh", "--wrt", "w"]) == 0
    assert "tanh(z[n, o])" in capsys.readouterr().out


def test_without_one_the_layer_is_the_plain_one() -> None:
    assert sc.Dense().layer == build_layer("dense", {})
    assert sc.Dense(activation="relu") != sc.Dense()

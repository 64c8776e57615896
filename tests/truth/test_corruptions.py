"""At least 250 corrupted derivations over a dozen layers: each is caught, or all of its lines are true all the same.

A few of each layer belong to every run, the others to `pytest -m truth`.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

import symconv as sc
from symconv.ir import Derivation, NotApplicable
from symconv.layers.stack import stack
from symconv.prove.prover import prove_derivation
from tests.truth.corruptions import corruptions
from tests.truth.line_values import harmless

Count = Callable[[str, int], None]
FEW, MANY = 6, 40
_PLAIN = {"dilations": 1, "group": 1, "in_channels": 1, "out_channels": 1, "bias": 0}


def _stacked() -> Any:
    plain = sc.Conv1d(**_PLAIN, kernel_shape=2, strides=1, pads=(0, 0)).layer
    return stack([plain, sc.Tanh(rank=3).layer, plain])


LAYERS: dict[str, tuple[Callable[[], Any], str]] = {
    "stride 1 by x": (lambda: sc.Conv1d(**_PLAIN, strides=1, pads=(1, 1)), "x"),
    "stride 2 by x": (lambda: sc.Conv1d(**_PLAIN, kernel_shape=3, strides=2, pads=(1, 1)), "x"),
    "stride 2 by w": (lambda: sc.Conv1d(**_PLAIN, kernel_shape=3, strides=2, pads=(1, 1)), "w"),
    "bias": (lambda: sc.Conv1d(kernel_shape=3, strides=2, pads=(1, 1), dilations=1, group=1), "b"),
    "two dimensions by x": (lambda: sc.Conv2d(**_PLAIN, strides=(1, 2), pads=(1, 1, 1, 1)), "x"),
    "any stride by x": (lambda: sc.Conv1d(bias=0, group=1, in_channels=1, out_channels=1), "x"),
    "transposed by x": (lambda: sc.ConvTranspose1d(**_PLAIN, kernel_shape=3, strides=2, pads=(1, 1)), "x"),
    "average pool": (lambda: sc.AveragePool1d(kernel_shape=3, strides=2, pads=(1, 1), dilations=1), "x"),
    "L2 pool": (lambda: sc.LpPool1d(kernel_shape=2, strides=2, pads=(0, 0), dilations=1), "x"),
    "maximum pool": (lambda: sc.MaxPool1d(kernel_shape=3, strides=2, pads=(0, 0), dilations=1), "x"),
    "dense with tanh by w": (lambda: sc.Dense(activation="tanh"), "w"),
    "softmax": (lambda: sc.Formula("s = sum(i) exp(x[i]); y[i] = exp(x[i])/s"), "x"),
    "network by w": (lambda: sc.Formula("h[i] = sum(k) w[k]*x[i + k]; y[j] = sum(m) v[m]*tanh(h[j + m])"), "w"),
    "two uses": (lambda: sc.Formula("y[i] = sum(k) w[k]*x[i + k]*x[i]"), "x"),
    "scatter by x": (lambda: sc.Formula("y[2*i + k] = w[k]*x[i]**2"), "x"),
    "stack by x": (_stacked, "x"),
}


@cache
def derivation(name: str) -> Derivation:
    make, wrt = LAYERS[name]
    return sc.derive(make(), wrt).derivation


@cache
def chosen(name: str) -> tuple[tuple[str, Derivation], ...]:
    """At most `MANY` corruptions of the layer, different kinds first, in an order that the name decides."""
    found = list(corruptions(derivation(name)))
    random.Random(name).shuffle(found)
    firsts = list({kind: (kind, d) for kind, d in found}.values())
    rest = [x for x in found if not any(x is y for y in firsts)]
    return tuple((firsts + rest)[:MANY])


def parts() -> list[Any]:
    few = [pytest.param(name, slice(0, FEW), id=f"{name}, a few") for name in LAYERS]
    return few + [
        pytest.param(name, slice(FEW, None), id=f"{name}, the others", marks=pytest.mark.truth) for name in LAYERS
    ]


def proved(d: Derivation) -> bool:
    """Does the checker let the derivation pass, every line of it? Records that it cannot read at all it may refuse."""
    try:
        found = prove_derivation(d)
    except (KeyError, NotApplicable, ValueError, IndexError):
        return False
    return found.gradient.verdict == "proved" and all(p.verdict in ("proved", "definition") for p in found.steps)


@pytest.mark.parametrize("name", LAYERS)
def test_the_right_ones_are_proved(name: str) -> None:
    right = derivation(name)
    assert proved(right)
    assert harmless(right, right)


@pytest.mark.parametrize(("name", "part"), parts())
def test_corruptions(name: str, part: slice, count_cases: Count) -> None:
    right = derivation(name)
    missed, survivors = [], 0
    for kind, changed in chosen(name)[part]:
        if proved(changed):
            survivors += 1
            if not harmless(right, changed):
                missed.append(kind)
    count_cases("corrupted derivations", len(chosen(name)[part]))
    count_cases("corrupted derivations that are harmless", survivors - len(missed))
    assert not missed

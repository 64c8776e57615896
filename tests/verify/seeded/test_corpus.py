"""The corpus can be trusted: its reference layers are right, its mutants differ from them, and its variants do not."""

from __future__ import annotations

import inspect
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest

from tests.verify.seeded.corpus import Mutant, mutants, variants
from tests.verify.seeded.kinds import KINDS, Kind, activated, told
from tests.verify.seeded.reference import Array, Call
from tests.verify.seeded.samples import calls_of

_STEP = 1e-5


def _brute_conv(call: Call) -> Array:
    """Every product of the definition, one by one, for two spatial axes."""
    x, w, b, dy = (call.array(n) for n in ("x", "w", "b", "dy"))
    y = np.zeros(dy.shape)
    per_group = len(w) // call.group
    for n, o, i, j in np.ndindex(*y.shape):
        y[n, o, i, j] = b[o]
        for c, u, v in product(*map(range, w.shape[1:])):
            h = call.strides[0] * i + call.dilations[0] * u - call.begins[0]
            k = call.strides[1] * j + call.dilations[1] * v - call.begins[1]
            if 0 <= h < x.shape[2] and 0 <= k < x.shape[3]:
                y[n, o, i, j] += w[o, c, u, v] * x[n, o // per_group * w.shape[1] + c, h, k]
    return y


@pytest.mark.parametrize("kind", ["conv2d", "grouped", "depthwise"])
def test_convolutions_are_the_definition(kind: str) -> None:
    for call in calls_of(kind):
        np.testing.assert_allclose(KINDS[kind].compute(call, "y"), _brute_conv(call), atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_are_differences(kind: str) -> None:
    for call in calls_of(kind):
        if KINDS[kind].family == "pool" and kind != "average_pool2d" and not np.any(call.x % 1):
            continue  # No derivative at a tie, nor at 0.
        for name in ("x", "w", "b"):
            if getattr(call, name) is not None:
                _check_gradient(KINDS[kind], call, name)


def _check_gradient(kind: Kind, call: Call, name: str) -> None:
    """<dy, dy/d(operand)> along some directions is the central difference."""
    before = activated(call) if kind.family == "activated" else call
    gradient = kind.compute(before, f"d{name}")
    draw = np.random.default_rng(5)
    assert gradient.shape == call.array(name).shape
    for _ in range(3):
        step = _STEP * draw.standard_normal(gradient.shape)
        up, down = (replace(call, **{name: call.array(name) + s}) for s in (step, -step))
        change = ((kind.compute(up, "y") - kind.compute(down, "y")) * call.array("dy")).sum() / 2
        assert change == pytest.approx((gradient * step).sum(), rel=1e-5, abs=1e-8)


# Mutations that change nothing of a kind: without groups, and where a group has one channel.
_WITHOUT_GROUPS = ("first-groups-channels", "interleaved-groups")
_ONE_CHANNEL = ("interleaved-groups", "bias-per-channel", "assigned-by-channel", "channels-swapped")


def _changes_nothing(mutant: Mutant) -> bool:
    mutation = mutant.name.split(".")[2]
    if mutant.kind == "depthwise":
        return mutation in _ONE_CHANNEL
    return mutant.kind != "grouped" and mutation in _WITHOUT_GROUPS


def test_the_corpus_is_large() -> None:
    found = mutants()
    assert len({m.name for m in found}) == len(found) >= 450
    assert len({m.name.split(".")[2] for m in found}) >= 40
    assert len({m.kind for m in found}) >= 10
    assert len({v.name for v in variants()}) == len(variants()) >= 200


@pytest.mark.parametrize("kind", KINDS)
def test_mutants_are_wrong(kind: str) -> None:
    calls = calls_of(kind)
    same = {m.name for m in mutants() if m.kind == kind and not any(_differs(m, c) for c in calls)}
    assert same <= {m.name for m in mutants() if _changes_nothing(m)}


@pytest.mark.parametrize("kind", KINDS)
def test_only_the_named_output_is_wrong(kind: str) -> None:
    call = calls_of(kind)[0]
    for mutant in mutants():
        if mutant.kind != kind or mutant.output == "y" or "overwrites" in mutant.name:
            continue
        returned = _returned(mutant, call)
        assert set(returned) == {"dx", "dw", "db"} & set(KINDS[kind].outputs)
        for name in set(returned) - {mutant.output}:
            np.testing.assert_allclose(returned[name], _exact(kind, name, call), atol=1e-10)


def _returned(mutant: Mutant, call: Call) -> dict[str, Array]:
    try:
        with np.errstate(all="ignore"):
            return dict(mutant.function(**_given(mutant, call)))
    except (ValueError, IndexError):  # Shapes that do not fit: the mistake shows without a number.
        return {n: _exact(mutant.kind, n, call) for n in KINDS[mutant.kind].outputs if n != "y"}


def _given(mutant: Mutant, call: Call) -> dict[str, Any]:
    names = inspect.signature(mutant.function).parameters
    arguments = told(KINDS[mutant.kind], call)
    return {n: v.copy() if isinstance(v, np.ndarray) else v for n, v in arguments.items() if n in names}


def _differs(mutant: Mutant, call: Call) -> bool:
    """Is its answer another one, the second time at the latest, or an operand another one afterwards?"""
    exact = _exact(mutant.kind, mutant.output, call)
    for _ in range(2):
        given, before = _given(mutant, call), _given(mutant, call)
        try:
            with np.errstate(all="ignore"):
                returned = mutant.function(**given)
        except (ValueError, IndexError):
            return False
        found = returned if mutant.output == "y" else returned[mutant.output]
        if found.shape != exact.shape or not np.allclose(found, exact):
            return True
        if any(not np.array_equal(before[n], given[n]) for n in given):
            return True
    return False


def _exact(kind: str, output: str, call: Call) -> Array:
    backward = output != "y" and KINDS[kind].family == "activated"
    return KINDS[kind].compute(activated(call) if backward else call, output)

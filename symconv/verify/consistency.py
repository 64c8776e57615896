"""Is a gradient at least that of the candidate's own forward pass? Differences of that pass tell."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from symconv.verify.arguments import Reading
from symconv.verify.cases import Case
from symconv.verify.dense import Array
from symconv.verify.names import LIKE
from symconv.verify.trial import Trial

_STEP = 2.0**-10
_MOST_ENTRIES = 24
_TOLERANCE = 1e-3
# Where the differences to the left and to the right are that far apart, there is a kink, and no gradient to compare.
_KINK = 0.1


def consistent(trial: Trial, reading: Reading, case: Case, name: str) -> bool | None:
    """Do differences of the candidate's y, times dy, give its gradient? None where they cannot tell."""
    operand = LIKE[name]
    if name == "y" or "y" not in trial.outputs or operand not in case.tensors:
        return None
    given = trial.observed(case, trial.ask(case, reading), reading)
    gradient, y = given[name].actual, given["y"].actual
    whole = trial.truth.shape(operand, case.env)
    if gradient is None or y is None or gradient.size != int(np.prod(whole)):
        return None
    kinks = 0
    for at in _entries(whole):
        right, left = (_moved(trial, reading, case, operand, at, step, y) for step in (_STEP, -_STEP))
        if right is None or left is None:
            return None
        if abs(right - left) > _KINK * max(abs(right), abs(left), 1.0):
            kinks += 1
            continue
        value = float(gradient.reshape(whole)[at])
        if abs(value - (right + left) / 2) > _TOLERANCE * max(abs(value), abs(right), 1.0):
            return False
    return None if kinks else True


def _entries(shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    """All entries of a small array, or some that are spread evenly."""
    size = int(np.prod(shape))
    chosen = np.unique(np.linspace(0, size - 1, min(size, _MOST_ENTRIES)).astype(int))
    return [tuple(int(i) for i in np.unravel_index(k, shape)) for k in chosen]


def _moved(
    trial: Trial, reading: Reading, case: Case, operand: str, at: tuple[int, ...], step: float, y: Array
) -> float | None:
    """<dy, y(operand + step at one entry) - y> / step."""
    tensor = case.tensors[operand].copy()
    tensor[at] += step
    other = replace(case, tensors={**case.tensors, operand: tensor})
    moved = trial.observed(other, trial.ask(other, reading), reading)["y"].actual
    dy = case.tensors["dy"]
    if moved is None or moved.shape != y.shape or moved.size != dy.size:
        return None
    return float(((moved.astype(float) - y.astype(float)).reshape(dy.shape) * dy).sum() / step)

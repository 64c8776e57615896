"""At least 170 gradients: none wrong, none ends in a traceback, at most 2 % unknown."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

import symconv as sc
from tests.truth.gradients import Case, formula_cases, gradient_outcome
from tests.truth.layer_table import layer_cases
from tests.truth.outcome import Outcome, passes, summary

Count = Callable[[str, int], None]
CASES = (*formula_cases(), *layer_cases())
TOPICS = tuple(dict.fromkeys(c.topic for c in CASES))


@cache
def outcomes_of(topic: str) -> tuple[Outcome, ...]:
    return tuple(gradient_outcome(c) for c in CASES if c.topic == topic)


def test_there_are_enough() -> None:
    assert len(CASES) >= 170
    assert len({str(c) for c in CASES}) == len(CASES)


@pytest.mark.parametrize("other", ["y[i] = 2.001*x[i]**2", "y[i] = 2*x[i]**2 + x[I-1-i]", "y[i] = 2*x[i]*abs(x[i])"])
def test_the_check_can_fail(other: str) -> None:
    """The gradient of one formula is not that of another."""
    right = "y[i] = 2*x[i]**2"
    assert gradient_outcome(Case("", right, "x", lambda: sc.Formula(right), right)).kind == "right"
    assert gradient_outcome(Case("", right, "x", lambda: sc.Formula(right), other)).kind == "wrong"


@pytest.mark.parametrize("topic", TOPICS)
def test_gradients(topic: str, count_cases: Count, capsys: pytest.CaptureFixture[str]) -> None:
    outcomes = outcomes_of(topic)
    count_cases(f"gradients, {topic}", len(outcomes))
    with capsys.disabled():
        print(f"\n{topic}: {summary(outcomes)}")
    assert passes(outcomes, 0.05), summary(outcomes)


@pytest.mark.truth
def test_all(capsys: pytest.CaptureFixture[str]) -> None:
    """The whole table: at most 2 % unknown."""
    outcomes = [o for topic in TOPICS for o in outcomes_of(topic)]
    with capsys.disabled():
        print(f"\n{summary(outcomes)}")
    assert passes(outcomes), summary(outcomes)

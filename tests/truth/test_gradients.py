"""At least 170 gradients: none wrong, none ends in a traceback, at most 2 % unknown."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

from tests.truth.gradients import formula_cases, gradient_outcome
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


@pytest.mark.parametrize("topic", TOPICS)
def test_gradients(topic: str, count_cases: Count, capsys: pytest.CaptureFixture[str]) -> None:
    outcomes = outcomes_of(topic)
    count_cases(f"gradients, {topic}", len(outcomes))
    with capsys.disabled():
        print(f"\n{topic}: {summary(outcomes)}")
    assert passes(outcomes, 0.05), summary(outcomes)


@pytest.mark.gate
def test_all(capsys: pytest.CaptureFixture[str]) -> None:
    """The whole table: at most 2 % unknown."""
    outcomes = [o for topic in TOPICS for o in outcomes_of(topic)]
    with capsys.disabled():
        print(f"\n{summary(outcomes)}")
    assert passes(outcomes), summary(outcomes)

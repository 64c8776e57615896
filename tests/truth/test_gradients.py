"""At least 170 gradients: none wrong, none ends in a traceback, at most 2 % unknown."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.truth.gradients import formula_cases, gradient_outcome
from tests.truth.layer_table import layer_cases
from tests.truth.outcome import summary

Count = Callable[[str, int], None]
CASES = (*formula_cases(), *layer_cases())
TOPICS = tuple(dict.fromkeys(c.topic for c in CASES))


def test_there_are_enough() -> None:
    assert len(CASES) >= 170
    assert len({str(c) for c in CASES}) == len(CASES)


@pytest.mark.parametrize("topic", TOPICS)
def test_gradients(topic: str, count_cases: Count, capsys: pytest.CaptureFixture[str]) -> None:
    """Each gradient of a topic; a topic of few cases may have one unknown."""
    outcomes = [gradient_outcome(c) for c in CASES if c.topic == topic]
    count_cases(f"gradients, {topic}", len(outcomes))
    with capsys.disabled():
        print(f"\n{topic}: {summary(outcomes)}")
    assert all(o.kind in ("right", "unknown") for o in outcomes), summary(outcomes)

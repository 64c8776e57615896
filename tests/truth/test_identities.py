"""At least 240 identities, true, false and on a domain: no wrong verdict, no traceback, at most 2 % unknown."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

from tests.truth.identities import Identity, identities, identity_outcome, label_error, names
from tests.truth.outcome import Outcome, passes, summary

Count = Callable[[str, int], None]
TOPICS = tuple(dict.fromkeys(i.topic for i in identities()))


@cache
def outcomes_of(topic: str) -> tuple[Outcome, ...]:
    return tuple(identity_outcome(i) for i in identities() if i.topic == topic)


def test_there_are_enough() -> None:
    found = identities()
    assert len(found) >= 240
    assert len(set(found)) == len(found)
    assert all(i.domain for i in found if i.topic == "domain")


@pytest.mark.parametrize("topic", TOPICS)
def test_the_labels_are_right(topic: str) -> None:
    """The evaluator says of every identity what the table says."""
    wrong = {str(i): label_error(i) for i in identities() if i.topic == topic}
    assert not {k: v for k, v in wrong.items() if v}


@pytest.mark.parametrize(("rhs", "holds"), [("2*x[i]", False), ("x[i] + x[i]/10**12", True), ("x[I-1-i]", True)])
def test_a_wrong_label_is_noticed(rhs: str, holds: bool) -> None:
    lhs = "y[i] = x[i] + x[i]" if not holds else "y[i] = x[i]"
    assert label_error(Identity("", lhs, f"y[i] = {rhs}", holds))
    assert identity_outcome(Identity("", lhs, f"y[i] = {rhs}", holds)).kind == "wrong"


@pytest.mark.parametrize("topic", TOPICS)
def test_identities(topic: str, count_cases: Count, capsys: pytest.CaptureFixture[str]) -> None:
    outcomes = outcomes_of(topic)
    count_cases(f"identities, {topic}", len(outcomes))
    with capsys.disabled():
        print(f"\n{topic}: {summary(outcomes)}")
    assert passes(outcomes, 0.05), summary(outcomes)


def test_a_scope_that_states_a_condition() -> None:
    assert names("all I >= 1, where x[i] != 0", "x != 0")
    assert names("all I >= 1; z[i] - x[i] ≠ 0", "x - z != 0")
    assert names("all I >= 1; where x > 0, z > 0", "z > 0")
    assert names("all I >= 1; where x**2 > 0", "x != 0 or x**2 > 0")
    assert not names("all I >= 1", "x != 0")
    assert not names("all I >= 1, x[i] > 0", "x != 0")


@pytest.mark.truth
def test_all(capsys: pytest.CaptureFixture[str]) -> None:
    """The whole table: at most 2 % unknown."""
    outcomes = [o for topic in TOPICS for o in outcomes_of(topic)]
    with capsys.disabled():
        print(f"\n{summary(outcomes)}")
    assert passes(outcomes), summary(outcomes)

"""2,000 random pairs through `prove`, 500 random formulas through `derive`: none wrong, at most 2 % unknown.

The first hundred pairs and fifty formulas belong to every run, the rest to `pytest -m truth`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from tests.truth.outcome import passes, summary
from tests.truth.random_pairs import formula_outcomes, pair, pair_outcome

Count = Callable[[str, int], None]
PAIRS, FORMULAS, BLOCKS = 2000, 500, 20


def blocks(total: int) -> list[object]:
    """Ranges of equal length; all but the first run with the gates."""
    each = total // BLOCKS
    parts = [range(k * each, (k + 1) * each) for k in range(BLOCKS)]
    return [p if k == 0 else pytest.param(p, marks=pytest.mark.truth) for k, p in enumerate(parts)]


@pytest.mark.parametrize("numbers", blocks(PAIRS), ids=str)
def test_pairs(numbers: range, count_cases: Count, capsys: pytest.CaptureFixture[str]) -> None:
    found = [pair(n) for n in numbers]
    kinds = Counter(p.same for p in found)
    outcomes = [pair_outcome(p) for p in found]
    count_cases("random pairs", len(outcomes))
    with capsys.disabled():
        print(f"\n{kinds[True]} equal, {kinds[False]} not; {summary(outcomes)}")
    assert min(kinds.values()) >= len(found) // 5
    assert passes(outcomes), summary(outcomes)


@pytest.mark.parametrize("numbers", blocks(FORMULAS), ids=str)
def test_formulas(numbers: range, count_cases: Count, capsys: pytest.CaptureFixture[str]) -> None:
    outcomes = [o for n in numbers for o in formula_outcomes(n)]
    count_cases("gradients of random formulas", len(outcomes))
    with capsys.disabled():
        print(f"\n{summary(outcomes)}")
    assert passes(outcomes), summary(outcomes)

"""How many seeded bugs are found and named, and how many right layers raise a false alarm.

A twentieth runs with every test run, more in `pytest -m gate`, and everything in `pytest -m seeded`, which prints the
rates in its last lines.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

import symconv as sc
from symconv.verify.layouts import axes_of
from symconv.verify.report import CONVENTIONS, CORRECT, Report
from tests.verify.seeded.corpus import Mutant, mutants, variants
from tests.verify.seeded.equivalence import equivalent

Count = Callable[[str, int], None]
# Of every part, how many of the detected bugs must get their right name. The whole is asked for 95 in 100.
_NAMED = 0.93
_MOST_CAUSES = 3


def _parts(first: int, step: int, parts: int) -> list[tuple[int, int]]:
    """(start, step) of slices that together are every step-th item from the first on."""
    return [(first + k * step, step * parts) for k in range(parts)]


FAST = _parts(0, 20, 4)
GATE = [pytest.param(part, marks=pytest.mark.gate) for part in _parts(5, 10, 8)]
ALL = [pytest.param(part, marks=pytest.mark.seeded) for part in _parts(0, 1, 24)]


@pytest.mark.parametrize("part", [*FAST, *GATE, *ALL], ids=str)
def test_bugs_are_found_and_named(part: tuple[int, int], count_cases: Count) -> None:
    start, step = part
    detected = named = 0
    missed, misnamed = [], []
    for mutant in mutants()[start::step]:
        report = sc.verify(mutant.function, mutant.layer)
        output = report.outputs.get(mutant.output)
        codes = [c.code for c in output.causes] if output is not None else []
        assert len(codes) <= _MOST_CAUSES
        if output is None or output.verdict == CORRECT:
            missed += [] if _no_mistake(mutant, report, count_cases) else [mutant.name]
            continue
        detected += 1
        if set(codes) & set(mutant.codes):
            named += 1
        else:
            misnamed.append(f"{mutant.name}: {', '.join(codes) or 'unexplained'}")
    count_cases("seeded bugs found", detected)
    count_cases("seeded bugs found and named rightly", named)
    count_cases("seeded bugs missed", len(missed))
    assert not missed
    assert named >= _NAMED * detected, misnamed


def _no_mistake(mutant: Mutant, report: Report, count_cases: Count) -> bool:
    """Is the mutant right after all: in another layout of the weights, or proved to be the same formula?"""
    axes = axes_of(mutant.layer.layer.context)
    if f"w {axes.w}" not in report.layout and axes.w:
        count_cases("seeded bugs that are another layout of the weights, and are right in it", 1)
        return True
    proved = equivalent(mutant)
    count_cases("seeded bugs proved to change nothing", int(proved))
    return proved


@pytest.mark.parametrize("part", [*FAST, *GATE, *ALL], ids=str)
def test_right_layers_raise_no_alarm(part: tuple[int, int], count_cases: Count) -> None:
    start, step = part
    alarms = []
    for variant in variants()[start::step]:
        report = sc.verify(variant.function, variant.layer)
        count_cases("right variants without an alarm", int(report.right))
        if report.verdict not in (CORRECT, CONVENTIONS):
            alarms.append(f"{variant.name}: {report.text()}")
    count_cases("right variants with a false alarm", len(alarms))
    assert not alarms, alarms

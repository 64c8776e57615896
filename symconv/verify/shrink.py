"""The smallest failing case: sizes are made smaller one by one for as long as the output stays wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from symconv.verify.arguments import Reading
from symconv.verify.cases import Case, Plan
from symconv.verify.compare import Observed
from symconv.verify.diagnose import example
from symconv.verify.report import Counterexample
from symconv.verify.trial import Trial

_MOST_TRIES = 60


@dataclass(frozen=True)
class Smallest:
    case: Case
    example: Counterexample


def shrunk(trial: Trial, reading: Reading, failing: Observed) -> Smallest:
    """A case in which the output is wrong, and in no case that is smaller in one number."""
    current, tries = failing, 0
    moved = True
    while moved and tries < _MOST_TRIES:
        moved = False
        for plan in smaller(current.setting.case.plan, trial.maker.rank):
            tries += 1
            found = _failing(trial, reading, plan, current)
            if found is not None:
                current, moved = found, True
                break
            if tries >= _MOST_TRIES:
                break
    return Smallest(current.setting.case, example(current))


def _failing(trial: Trial, reading: Reading, plan: Plan, current: Observed) -> Observed | None:
    """The output in the case of the plan, if it is smaller and wrong."""
    name, case = current.setting.output.name, current.setting.case
    changed = {f for f in ("strides", "pads", "dilations", "group") if getattr(plan, f) != getattr(case.plan, f)}
    if any(f in trial.maker.fixed for f in changed):
        return None
    made = trial.maker.case(f"{case.name.removesuffix(', made smaller')}, made smaller", plan)
    if made is None or made.size >= case.size:
        return None
    o = trial.observed(made, trial.ask(made, reading), reading)[name]
    return o if o.actual is not None and not o.agrees else None


def smaller(plan: Plan, rank: int) -> Iterator[Plan]:
    """Plans with one number smaller, the largest steps first."""
    for field in ("N", "C", "O", "group"):
        n = getattr(plan, field)
        for value in dict.fromkeys((1, n // 2, n - 1)):
            if 1 <= value < n:
                yield _with(plan, field, value)
    for field in ("outputs", "kernel"):
        for axis in range(rank):
            n = getattr(plan, field)[axis]
            for value in dict.fromkeys((1, n - 1)):
                if 1 <= value < n:
                    yield _with(plan, field, _put(getattr(plan, field), axis, value))
    for field, least in (("dilations", 1), ("strides", 1), ("pads", 0)):
        if getattr(plan, field) != least and not isinstance(getattr(plan, field), str):
            yield _with(plan, field, least)
    if plan.more:
        yield replace(plan, more=plan.more - 1)


def _with(plan: Plan, field: str, value: Any) -> Plan:
    return replace(plan, **{field: value})


def _put(values: tuple[Any, ...], axis: int, value: Any) -> tuple[Any, ...]:
    return (*values[:axis], value, *values[axis + 1 :])

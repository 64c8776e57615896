"""The candidate's numbers beside the truth's, and the hypotheses that explain the difference on every failing case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from symconv.verify.dense import Array
from symconv.verify.hypotheses import Setting
from symconv.verify.report import CONVENTIONS, CORRECT, UNSUPPORTED, WRONG, Cause, Counterexample, OutputReport

_MOST_CAUSES = 3


@dataclass(frozen=True)
class Observed:
    """What the candidate gave for one output in one case; None where it refused the case, with its message."""

    setting: Setting
    actual: Array | None
    message: str = ""


def judged(observed: Sequence[Observed]) -> OutputReport:
    """The report on one output from all cases."""
    answered = [o for o in observed if o.actual is not None]
    refused = len(observed) - len(answered)
    if not answered:
        return OutputReport(UNSUPPORTED, unsupported=refused, message=observed[0].message if observed else "")
    failing = [o for o in answered if not agrees(o)]
    passed = len(answered) - len(failing)
    message = next((o.message for o in observed if o.actual is None), "")
    message = f"not supported: {message}" if message else ""
    if not failing:
        return OutputReport(CORRECT, (), passed, 0, refused, None, message)
    causes = _causes(failing)
    usage = bool(causes) and all(c.convention for c in causes)
    smallest = min(failing, key=lambda o: o.setting.case.size)
    verdict = CONVENTIONS if usage else WRONG
    return OutputReport(verdict, causes, passed, len(failing), refused, _example(smallest), message)


def agrees(o: Observed) -> bool:
    return _close(o, o.setting.exact)


def _close(o: Observed, expected: Array) -> bool:
    """|a - e| <= (n + 2) u S entry by entry, u by the candidate's own precision; never a tolerance for the whole."""
    actual = o.actual
    assert actual is not None
    if actual.shape != expected.shape or not np.isfinite(actual).all():
        return False
    unit = np.finfo(np.float32 if actual.dtype == np.float32 else np.float64).eps
    bound = np.maximum(o.setting.magnitude, np.abs(expected))
    return bool((np.abs(actual.astype(float) - expected) <= unit * bound).all())


def _causes(failing: Sequence[Observed]) -> tuple[Cause, ...]:
    """The hypotheses that give the candidate's numbers in every failing case in which they apply, and in one at least.

    One that changes nothing in a failing case cannot explain it, and is rejected.
    """
    broken = [o for o in failing if o.actual is not None and o.actual.shape != o.setting.exact.shape]
    if broken:
        return (_shape_cause(broken[0]),)
    if any(not np.isfinite(np.asarray(o.actual)).all() for o in failing):
        return (
            Cause("nan", "it holds NaN or infinity where the exact answer is finite", "look for a division by zero"),
        )
    found: dict[tuple[str, str], tuple[Cause, int]] = {}
    for o in failing:
        for h, value in o.setting.guesses:
            if _close(o, value):
                cause = Cause(h.code, h.what, h.fix, h.convention)
                _, count = found.get((h.code, h.what), (cause, 0))
                found[(h.code, h.what)] = (cause, count + 1)
    full = [cause for cause, count in found.values() if count == len(failing)]
    return tuple(full[:_MOST_CAUSES])


def _shape_cause(o: Observed) -> Cause:
    assert o.actual is not None
    expected = o.setting.exact.shape
    if o.actual.size == 0:
        return Cause(
            "empty-crop", "it is empty: a crop such as [p:-p] takes everything away at p = 0", "crop to [p:p + H]"
        )
    return Cause("wrong-shape", f"it has shape {o.actual.shape}, expected {expected}", "compute the shape from x")


def _example(o: Observed) -> Counterexample:
    expected, actual = o.setting.exact, o.actual
    assert actual is not None
    case = o.setting.case
    if actual.shape != expected.shape or not expected.size:
        return Counterexample(case.name, case.words(), (), float(expected.size), float(actual.size))
    worst = np.unravel_index(int(np.argmax(np.nan_to_num(np.abs(actual - expected), nan=np.inf))), expected.shape)
    index = tuple(int(i) for i in worst)
    return Counterexample(case.name, case.words(), index, float(expected[index]), float(actual[index]))

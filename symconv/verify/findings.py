"""What is found beside the numbers of the cases: state, overwritten arguments, calls that end the process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from symconv.verify.compare import Observed
from symconv.verify.isolation import Answer
from symconv.verify.report import CONVENTIONS, CORRECT, CRASHED, UNSUPPORTED, WRONG, Cause, OutputReport


def mutated(given: Sequence[Answer]) -> list[str]:
    """The arguments that any call overwrote."""
    return sorted({name for a in given for name in a.mutated})


def first_end(given: Sequence[Answer]) -> Answer | None:
    """The first call that ended the process, or had to be ended."""
    return next((a for a in given if a.ended), None)


def with_repeats(
    outputs: Mapping[str, OutputReport], changed: Mapping[str, tuple[Any, Any]]
) -> dict[str, OutputReport]:
    """An output that changes from call to call is wrong, whatever the cases say."""
    out = dict(outputs)
    for n, (before, after) in changed.items():
        if n not in out:
            continue
        doubled = before.shape == after.shape and np.any(before) and np.allclose(after, 2 * before)
        out[n] = replace(out[n], verdict=WRONG, causes=(_ACCUMULATED if doubled else _NONDETERMINISTIC,))
    return out


_ACCUMULATED = Cause(
    "accumulated-over-calls", "each call adds to what the last one left", "start from zeros", False, "the whole sum"
)
_NONDETERMINISTIC = Cause(
    "nondeterministic",
    "the same call gives other numbers the second time",
    "keep no state, read nothing outside",
    False,
)


def with_same_padding(
    outputs: Mapping[str, OutputReport], observed: Mapping[str, Sequence[Observed]]
) -> dict[str, OutputReport]:
    """'same' puts the larger pad before or after: a convention, where y and its gradients agree on it."""

    def other_side(name: str) -> bool:
        o = outputs[name]
        words = all(
            "auto_pad" in s.setting.case.attributes for s in observed[name] if s.actual is not None and not s.agrees
        )
        return o.failed > 0 and words and [c.code for c in o.causes[:1]] == [_SAME_MISMATCH]

    padded = [n for n in outputs if n != "db"]
    agreed = [n for n in padded if other_side(n)]
    if not agreed or ("y" in outputs and "y" not in agreed) or ("y" not in outputs and len(agreed) < len(padded)):
        return dict(outputs)
    out = dict(outputs)
    for n in padded:
        o = outputs[n]
        if n in agreed:
            causes = tuple(replace(c, convention=True) for c in o.causes)
            out[n] = replace(o, verdict=CONVENTIONS, causes=causes)
        elif o.verdict == CORRECT:
            what = "the forward pass pads the other side more"
            cause = Cause(_SAME_MISMATCH, what, "pad as the forward pass does", False, "the index s i + d m - p")
            out[n] = replace(o, verdict=WRONG, causes=(cause,))
    return out


_SAME_MISMATCH = "same-padding-mismatch"


def with_mutations(outputs: Mapping[str, OutputReport], given: Sequence[Answer]) -> dict[str, OutputReport]:
    """Right numbers from a candidate that overwrites its arguments: right by a convention that callers must know."""
    changed = mutated(given)
    if not changed:
        return dict(outputs)
    spoiled = ("dx", "dw", "db") if changed == ["dy"] else tuple(outputs)
    what = f"it overwrites {', '.join(changed)}"
    cause = Cause("input-mutated", what, "work on a copy", True, "the operands, which others still need")
    return {
        n: replace(o, verdict=CONVENTIONS, causes=(cause,)) if o.verdict == CORRECT and n in spoiled else o
        for n, o in outputs.items()
    }


def ending(answer: Answer) -> Cause:
    fix = {"timeout": "look for a loop that does not end", "out-of-memory": "look at the size of what it allocates"}
    return Cause(answer.status, answer.message, fix.get(answer.status, "look for a write outside an array"))


def with_endings(
    outputs: Mapping[str, OutputReport], given: Sequence[Answer], names: Sequence[str]
) -> dict[str, OutputReport]:
    """Outputs of a candidate of which a call ended the process."""
    ended = first_end(given)
    if ended is None:
        return dict(outputs)
    whole = {n: outputs.get(n) or OutputReport(UNSUPPORTED, message=ended.message) for n in names}
    return {
        n: o if o.verdict == WRONG else replace(o, verdict=CRASHED, causes=(ending(ended), *o.causes))
        for n, o in whole.items()
    }

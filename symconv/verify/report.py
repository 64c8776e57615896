"""What was found, for programs; `render` says it to people."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

CORRECT, CONVENTIONS, WRONG, UNSUPPORTED, CRASHED = (
    "correct",
    "correct-with-conventions",
    "wrong",
    "unsupported",
    "crashed",
)


@dataclass(frozen=True)
class Cause:
    """A mistake that gives the candidate's numbers: its code, what it is, what to do, what it violates."""

    code: str
    what: str
    fix: str
    convention: bool = False
    violates: str = ""

    def json(self) -> dict[str, Any]:
        return dict(vars(self))


@dataclass(frozen=True)
class Counterexample:
    """The smallest failing case: its shapes, and one entry; without index and values where the shape is wrong."""

    case: str
    shapes: Mapping[str, list[int]]
    attributes: Mapping[str, Any]
    index: tuple[int, ...]
    expected: float | None
    actual: float | None
    expected_shape: tuple[int, ...]
    actual_shape: tuple[int, ...]

    def json(self) -> dict[str, Any]:
        out = {**vars(self), "index": list(self.index)}
        out |= {"expected_shape": list(self.expected_shape), "actual_shape": list(self.actual_shape)}
        # JSON has no NaN.
        return {k: str(v) if isinstance(v, float) and not math.isfinite(v) else v for k, v in out.items()}

    @property
    def words(self) -> str:
        shapes = ", ".join(f"{n} {'x'.join(map(str, s))}" for n, s in self.shapes.items())
        attributes = ", ".join(f"{n} {_plain(v)}" for n, v in self.attributes.items())
        return f"{shapes}; {attributes}" if attributes else shapes


def _plain(v: Any) -> str:
    return ",".join(map(str, v)) if isinstance(v, list) else str(v)


@dataclass(frozen=True)
class Impulse:
    """What a single one reaches: `at` its place in `operand`; expected and actual rows of the output."""

    operand: str
    at: tuple[int, ...]
    output: str
    expected: tuple[tuple[float, ...], ...]
    actual: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class OutputReport:
    """passed, failed, unsupported: numbers of cases. ran: each case and what became of it.

    alternatives: does each cause alone give the numbers, or all of them together? formula: what the output should be.
    consistent: is it the gradient of the candidate's own forward pass?
    """

    verdict: str
    causes: tuple[Cause, ...] = ()
    passed: int = 0
    failed: int = 0
    unsupported: int = 0
    counterexample: Counterexample | None = None
    message: str = ""
    ran: tuple[tuple[str, str], ...] = ()
    alternatives: bool = True
    formula: str = ""
    consistent: bool | None = None
    impulse: Impulse | None = None

    @property
    def confirmed(self) -> bool:
        """Do the causes reproduce the numbers of every failing case?"""
        return bool(self.causes)

    @property
    def cause(self) -> str:
        """The code of the first cause, "unexplained" for a failure without one, "" where nothing is wrong."""
        return self.causes[0].code if self.causes else "unexplained" if self.verdict == WRONG else ""

    def json(self) -> dict[str, Any]:
        example = self.counterexample
        return {
            "verdict": self.verdict,
            "causes": [c.code for c in self.causes] or ([self.cause] if self.cause else []),
            "confirmed": self.confirmed,
            "cases": {"passed": self.passed, "failed": self.failed, "unsupported": self.unsupported},
            "counterexample": None if example is None else example.json(),
            "alternatives": self.alternatives,
            "details": [c.json() for c in self.causes],
            "consistent_with_forward": self.consistent,
            "formula": self.formula,
            "impulse": None if self.impulse is None else vars(self.impulse),
            "ran": dict(self.ran),
            "message": self.message,
        }


@dataclass(frozen=True)
class Report:
    """The verdict on a candidate. path, line: where it is defined, "" and 1 where that is not known."""

    candidate: str
    layer: str
    verdict: str
    outputs: Mapping[str, OutputReport]
    layout: str = ""
    notes: tuple[str, ...] = ()
    path: str = ""
    line: int = 1

    @property
    def right(self) -> bool:
        return self.verdict in (CORRECT, CONVENTIONS)

    def json(self) -> dict[str, Any]:
        outputs = {name: o.json() for name, o in self.outputs.items()}
        base = {"schema": 1, "candidate": self.candidate, "layer": self.layer, "verdict": self.verdict}
        return {**base, "layout": self.layout, "outputs": outputs, "notes": list(self.notes)}

    def text(self) -> str:
        from symconv.verify.render import text

        return text(self)

"""What was found, for people and for programs."""

from __future__ import annotations

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
    """A mistake that reproduces the candidate's numbers: its code, what it is, and what to do."""

    code: str
    what: str
    fix: str
    convention: bool = False


@dataclass(frozen=True)
class Counterexample:
    """The smallest failing case: what it is about, its shapes, and one entry."""

    case: str
    words: str
    index: tuple[int, ...]
    expected: float
    actual: float


@dataclass(frozen=True)
class OutputReport:
    """passed, failed, unsupported: numbers of cases. confirmed: the causes reproduce every failing case."""

    verdict: str
    causes: tuple[Cause, ...] = ()
    passed: int = 0
    failed: int = 0
    unsupported: int = 0
    counterexample: Counterexample | None = None
    message: str = ""

    @property
    def confirmed(self) -> bool:
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
            "counterexample": None if example is None else vars(example),
        }


@dataclass(frozen=True)
class Report:
    """The verdict on a candidate."""

    candidate: str
    layer: str
    verdict: str
    outputs: Mapping[str, OutputReport]
    layout: str = ""
    notes: tuple[str, ...] = ()

    @property
    def right(self) -> bool:
        return self.verdict in (CORRECT, CONVENTIONS)

    def json(self) -> dict[str, Any]:
        outputs = {name: o.json() for name, o in self.outputs.items()}
        base = {"schema": 1, "candidate": self.candidate, "layer": self.layer, "verdict": self.verdict}
        return {**base, "layout": self.layout, "outputs": outputs, "notes": list(self.notes)}

    def text(self) -> str:
        """Readable at a glance: the verdict, a line an output, and for each failure its cause, place and fix."""
        lines = [f"{self.candidate} as {self.layer}: {self.verdict}"]
        lines += [f"  layout: {self.layout}"] if self.layout else []
        for name, o in self.outputs.items():
            counts = f"{o.passed} cases passed, {o.failed} failed"
            counts += f", {o.unsupported} not supported" if o.unsupported else ""
            lines.append(f"  {name:<3} {o.verdict:<26} {counts}")
            lines += [f"      {c.code}: {c.what}; {c.fix}" for c in o.causes]
            if o.verdict == WRONG and not o.causes:
                lines.append("      unexplained: no known mistake gives these numbers")
            lines += [f"      {o.message}"] if o.message else []
            if o.counterexample is not None:
                e = o.counterexample
                lines.append(
                    f"      at {name}{list(e.index)}: expected {e.expected:g}, is {e.actual:g}; case: {e.case}"
                )
                lines.append(f"      {e.words}")
        return "\n".join([*lines, *(f"  note: {n}" for n in self.notes)])

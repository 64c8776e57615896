"""What a single one reaches: the picture of a mistake that has no name."""

from __future__ import annotations

from symconv.verify.arguments import Reading
from symconv.verify.cases import Case
from symconv.verify.report import Impulse
from symconv.verify.trial import Trial


def impulse_of(trial: Trial, reading: Reading, case: Case, name: str) -> Impulse | None:
    return None

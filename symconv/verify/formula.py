"""What an output should be, as a line of text."""

from __future__ import annotations

from symconv.verify.truth import Truth


def formula_of(truth: Truth, name: str) -> str:
    return ""

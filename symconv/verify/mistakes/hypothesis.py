"""One mistake: its code, its words, and the change of the derived sums that it is."""

from __future__ import annotations

from dataclasses import dataclass

from symconv.verify.mistakes.index import Change

GRADIENTS = ("dx", "dw", "db")
LINEAR = ("y", "dx", "dw")
ALL = ("y", *GRADIENTS)
# What an index of x should be, as advice and as what is violated.
READ_AT = "read and write at s i + d m - p"
INDEX = "the index s i + d m - p"


@dataclass(frozen=True)
class Hypothesis:
    """outputs: that it may explain. what, fix: a sentence each. violates: an equation of the article, or a step.

    convention: a usage, no error. alone: not tried in pairs.
    """

    code: str
    outputs: tuple[str, ...]
    what: str
    violates: str
    fix: str
    change: Change
    convention: bool = False
    alone: bool = False


H = Hypothesis

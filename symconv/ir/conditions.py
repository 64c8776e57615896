"""Conditions on values: where a formula is defined. Not to be confused with guards, which are about indices."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import sympy as sp


class Sign(Enum):
    """What is asked of a value."""

    NONZERO = "!="
    POSITIVE = ">"
    NONNEGATIVE = ">="


@dataclass(frozen=True)
class Condition:
    """expression != 0, > 0 or >= 0: a divisor, the argument of a logarithm, what stands under a root.

    The expression speaks of entries of operands (`Access`), with the indices of the statement that it comes from.
    """

    expression: sp.Expr
    sign: Sign

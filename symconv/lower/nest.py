"""Loop nests: what exact loops are made of. A printer writes them down as they stand and decides nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sympy as sp

from symconv.ir import Access


@dataclass(frozen=True)
class For:
    """index = lower, lower + step, .. <= upper"""

    index: sp.Symbol
    lower: sp.Expr
    upper: sp.Expr
    step: int
    body: tuple[Node, ...]


@dataclass(frozen=True)
class If:
    """The body where the condition, a relation or an And/Or of relations, holds."""

    condition: sp.Basic
    body: tuple[Node, ...]


@dataclass(frozen=True)
class Term:
    """sum += value, where every `won` (winner access, window position) is equal.

    guarded: accesses of operands that are zero-extended and may be outside their boxes here: they are tested.
    """

    value: sp.Expr
    won: tuple[tuple[Access, sp.Expr], ...] = ()
    guarded: tuple[Access, ...] = ()


@dataclass(frozen=True)
class Cell:
    """entry = or += the sum of the terms in the body."""

    entry: Access
    body: tuple[Node, ...]
    add: bool


@dataclass(frozen=True)
class Candidate:
    """One entry that may be the largest of its window; `position` counts through the window in scan order."""

    value: Access
    position: sp.Expr


@dataclass(frozen=True)
class Winner:
    """entry = position of the first largest candidate in the body, -1 where there is none; a NaN is the largest."""

    entry: Access
    body: tuple[Node, ...]


Node = For | If | Term | Cell | Candidate | Winner


def flat(indices: Sequence[sp.Expr], sizes: Sequence[sp.Expr | int]) -> sp.Expr:
    """The row-major position of indices in a box: the place of a unit in its window, in scan order."""
    position: sp.Expr = sp.S.Zero
    for i, n in zip(indices, sizes, strict=True):
        position = position * n + i
    return sp.expand(position)

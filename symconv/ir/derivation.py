"""Records of a derivation: moves with their witnesses, steps, sections. Nothing here computes or prints.

A *move* turns one sum into pieces. Its *witness* gives, for each piece, the old indices as expressions over the new
ones. The prover checks that this change of index is injective, that the pieces are disjoint and together onto the
old domain, and that the summands agree: a derivation is a checked proof.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from symconv.ir.layer import Layer
from symconv.ir.sums import IndexedSum

Witness = tuple[tuple[sp.Symbol, sp.Expr], ...]


@dataclass(frozen=True)
class Piece:
    """One sum after a move, and the old indices over its indices; an index left out of `witness` keeps its name."""

    after: IndexedSum
    witness: Witness = ()


@dataclass(frozen=True)
class Move:
    """before = sum of the pieces."""

    before: IndexedSum
    pieces: tuple[Piece, ...]

    @classmethod
    def same(cls, s: IndexedSum) -> Move:
        return cls(s, (Piece(s),))

    @property
    def after(self) -> tuple[IndexedSum, ...]:
        return tuple(p.after for p in self.pieces)


@dataclass(frozen=True)
class Step:
    """One line of a derivation.

    rule: its name. reason: why, in words. moves: what it did, sum by sum. condition: what it rests on.
    equation: the article's number where the line is one. definition: the line introduces a name, nothing is claimed.
    given: the formula that the line inserts, written for the entry at hand.
    """

    rule: str
    reason: str
    moves: tuple[Move, ...]
    condition: str = ""
    equation: str = ""
    definition: bool = False
    given: tuple[IndexedSum, ...] = ()

    @property
    def before(self) -> tuple[IndexedSum, ...]:
        return tuple(m.before for m in self.moves)

    @property
    def after(self) -> tuple[IndexedSum, ...]:
        return tuple(s for m in self.moves for s in m.after)


@dataclass(frozen=True)
class Section:
    """The steps that lead to one adjoint `dA`; an inner derivative is opened in lines of its own among them."""

    target: str
    steps: tuple[Step, ...]

    @property
    def result(self) -> tuple[IndexedSum, ...]:
        return self.steps[-1].after


@dataclass(frozen=True)
class Derivation:
    """All sections that lead from a layer to the gradient with respect to `wrt`; the last one is the gradient."""

    layer: Layer
    wrt: str
    sections: tuple[Section, ...]

    @property
    def steps(self) -> tuple[Step, ...]:
        return tuple(step for section in self.sections for step in section.steps)

    @property
    def result(self) -> tuple[IndexedSum, ...]:
        return self.sections[-1].result

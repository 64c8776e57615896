"""Records of a derivation: moves with their witnesses, steps, sections. Nothing here computes or prints.

A *move* turns one sum into pieces. Its *witness* gives, for each piece, the old indices as expressions over the new
ones, and its *inverse* the new indices over the old. The checker finds that the two are inverse to each other on the
domains, that the pieces are disjoint and together onto the old domain, and that the summands agree: a derivation is a
checked proof. A piece may be moved on (`next`): a line of a derivation is a tree of elementary moves, each checked
for itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import sympy as sp

from symconv.ir.layer import Layer
from symconv.ir.nodes import Access
from symconv.ir.sums import IndexedSum

Witness = tuple[tuple[sp.Symbol, sp.Expr], ...]


@dataclass(frozen=True)
class Use:
    """Where an operand is read: statement `position` of the layer reads it as `access`."""

    position: int
    access: Access


def forward_index(position: int, index: sp.Symbol) -> sp.Symbol:
    """The index of statement `position` as witnesses call it; no index of a sum has an @ in its name."""
    return sp.Symbol(f"{index.name}@{position}", integer=True)


@dataclass(frozen=True)
class Piece:
    """One sum after a move. An index left out of `witness` or `inverse` keeps its name.

    witness: old indices over the new ones. inverse: new indices over the old ones. use: the piece is what the partial
    derivative of `before` becomes at this use of the operand; the indices of the forward formula are old ones then,
    under their names of `forward_index`. next: how the piece is moved on within the same line.
    """

    after: IndexedSum
    witness: Witness = ()
    inverse: Witness = ()
    use: Use | None = None
    next: Move | None = field(default=None)


@dataclass(frozen=True)
class Move:
    """before = sum of the pieces."""

    before: IndexedSum
    pieces: tuple[Piece, ...]

    @classmethod
    def same(cls, s: IndexedSum) -> Move:
        return cls(s, (Piece(s),))

    @property
    def leaves(self) -> Iterator[Piece]:
        """The pieces that are not moved on, in order."""
        for piece in self.pieces:
            if piece.next is None:
                yield piece
            else:
                yield from piece.next.leaves

    @property
    def after(self) -> tuple[IndexedSum, ...]:
        """What the sum has become at the end of the line."""
        return tuple(p.after for p in self.leaves)


@dataclass(frozen=True)
class Given:
    """The formula that a line inserts: statement `use.position`, read at the entry that is differentiated.

    domain: the indices at which that entry is read. `piece.after` is the formula as printed, its witness as in a move
    from the forward formula.
    """

    domain: IndexedSum
    piece: Piece

    @property
    def formula(self) -> IndexedSum:
        return self.piece.after


@dataclass(frozen=True)
class Step:
    """One line of a derivation.

    rule: its name. reason: why, in words. moves: what it did, sum by sum. condition: what it rests on.
    equation: the article's number where the line is one. definition: the line introduces a name, nothing is claimed.
    given: the formulas that the line inserts. lemmas: inner derivatives that are opened before the line uses them.
    """

    rule: str
    reason: str
    moves: tuple[Move, ...]
    condition: str = ""
    equation: str = ""
    definition: bool = False
    given: tuple[Given, ...] = ()
    lemmas: tuple[Section, ...] = ()

    @property
    def before(self) -> tuple[IndexedSum, ...]:
        return tuple(m.before for m in self.moves)

    @property
    def after(self) -> tuple[IndexedSum, ...]:
        return tuple(s for m in self.moves for s in m.after)


@dataclass(frozen=True)
class Section:
    """The steps that lead to the operand `target`, an adjoint or an inner derivative; the first one defines it."""

    target: str
    steps: tuple[Step, ...]

    @property
    def result(self) -> tuple[IndexedSum, ...]:
        return self.steps[-1].after

    @property
    def lines(self) -> tuple[Step, ...]:
        """The steps as they are read: the lines of a lemma stand before the step that uses it."""
        return tuple(line for step in self.steps for line in (*(x for s in step.lemmas for x in s.lines), step))


@dataclass(frozen=True)
class Derivation:
    """All sections that lead from a layer to the gradient with respect to `wrt`; the last one is the gradient."""

    layer: Layer
    wrt: str
    sections: tuple[Section, ...]

    @property
    def steps(self) -> tuple[Step, ...]:
        """Every line, in the order in which they are read."""
        return tuple(line for section in self.sections for line in section.lines)

    @property
    def result(self) -> tuple[IndexedSum, ...]:
        return self.sections[-1].result

"""How operands are called in print: data that a derivation carries along, read by the printers only."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Label:
    """A base letter and the layer it belongs to: Label("w", "l+1") prints as w with superscript l+1."""

    base: str
    layer: str = ""


@dataclass(frozen=True)
class Notation:
    """Labels by operand name; an operand that is not listed prints under its own name.

    labels: of operands. error: the letter of the loss in dE/dA, the form in which an adjoint without a letter prints.
    adjoints: letters of adjoints, by the operand that they are the adjoint of (("y", Label("δ", "l")) ...).
    """

    labels: tuple[tuple[str, Label], ...] = ()
    error: str = "E"
    adjoints: tuple[tuple[str, Label], ...] = ()

    def label(self, name: str) -> Label | None:
        return dict(self.labels).get(name)

    def adjoint_label(self, name: str) -> Label | None:
        """The letter of the adjoint of operand `name`."""
        return dict(self.adjoints).get(name)

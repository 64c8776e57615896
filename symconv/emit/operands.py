"""What an operand is in print: data, a parameter, an adjoint, an inner derivative; and in which order they go."""

from __future__ import annotations

from dataclasses import dataclass, field

from symconv.ir import Context, Label, Notation, Operand, Role


@dataclass(frozen=True)
class Operands:
    """The operands of a layer: labels from the notation; roles, ranks and order of statement from the context.

    Without a context every name is that of an operand as it stands.
    """

    notation: Notation = field(default_factory=Notation)
    context: Context | None = None

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(o.name for o in self.context.operands) if self.context else ()

    def find(self, name: str) -> Operand | None:
        return self.context.find(name) if self.context else None

    def role(self, name: str) -> Role:
        found = self.find(name)
        return found.role if found else Role.DATA

    def label(self, name: str) -> Label | None:
        """The letter that an operand or an adjoint goes by."""
        of = self.adjoint_of(name)
        return self.notation.label(name) if of is None else self.notation.adjoint_label(of)

    def adjoint_of(self, name: str) -> str | None:
        """The operand A where `name` is that of dE/dA."""
        found = self.find(name)
        return found.of[0] if found and found.role is Role.ADJOINT else None

    def derivative_of(self, name: str) -> tuple[str, str] | None:
        """(y, A) where `name` is that of dy/dA."""
        found = self.find(name)
        return (found.of[0], found.of[1]) if found and found.role is Role.DERIVATIVE else None

    def is_extent(self, size: object) -> bool:
        """Is it the size of an axis or a pad, and no stride or dilation?"""
        return self.context is not None and size in self.context.sizes

    def rank(self, name: str) -> int:
        return len(self.context.shape(name)) if self.context else 0

    def position(self, name: str) -> int:
        """Place in the order of statement; names unknown to the context come last."""
        return self.names.index(name) if name in self.names else len(self.names)

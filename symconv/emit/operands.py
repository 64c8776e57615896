"""What an operand's name stands for in print: a weight, an adjoint, an inner derivative; and in which order they go."""

from __future__ import annotations

from dataclasses import dataclass, field

from symconv.ir import Context, Label, Notation


@dataclass(frozen=True)
class Operands:
    """The names of a layer: labels from the notation; ranks, adjoints and order of statement from the context."""

    notation: Notation = field(default_factory=Notation)
    context: Context | None = None

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(o.name for o in self.context.operands) if self.context else ()

    def label(self, name: str) -> Label | None:
        return self.notation.label(name)

    def is_adjoint(self, name: str) -> bool:
        """dA, unless dA is an operand in its own right and A is none."""
        if name[:1] != "d" or len(name) == 1 or "/" in name:
            return False
        return not self.names or name[1:] in self.names or name not in self.names

    def is_weight(self, name: str) -> bool:
        label = self.label(name)
        return (label.base if label else name).startswith("w")

    def position(self, name: str) -> int:
        """Place in the order of statement; names unknown to the context come last."""
        return self.names.index(name) if name in self.names else len(self.names)

    def inner(self, name: str) -> tuple[str, str, int]:
        """ "dy/dx" is (y, x, rank of y)."""
        out, inn = (part[1:] for part in name.split("/"))
        if self.context is None:
            raise ValueError(f"{name}: a context is needed to tell the indices of {out} from those of {inn}")
        return out, inn, len(self.context.shape(out))

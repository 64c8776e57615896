"""The corpus as two lists: functions with one known mistake, and right functions in many styles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.verify.seeded.kinds import KINDS
from tests.verify.seeded.mutations import ALL
from tests.verify.seeded.variants import Variant, variants

__all__ = ["Mutant", "Variant", "mutants", "variants"]


@dataclass(frozen=True)
class Mutant:
    """A function that is wrong in one output. codes: of these causes the verifier should name one."""

    name: str
    kind: str
    function: Callable[..., Any]
    output: str
    codes: tuple[str, ...]

    @property
    def layer(self) -> Any:
        """What symconv is told that the function is."""
        return KINDS[self.kind].spec()

    @property
    def is_pair(self) -> bool:
        """Two mistakes at once?"""
        return "+" in self.name


def mutants() -> list[Mutant]:
    """Every mutation of every output of every kind of layer that it applies to."""
    out = []
    for kind in KINDS.values():
        for mutation in ALL:
            for output in kind.outputs:
                if mutation.applies_to(kind, output):
                    function = mutation.function(kind, output)
                    name = f"{kind.name}.{output}.{mutation.name}"
                    out.append(Mutant(name, kind.name, function, output, mutation.codes))
    return out

"""What a mutation is, and how two of them make a third."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.verify.seeded.kinds import KINDS, Body, Compute, Kind
from tests.verify.seeded.reference import Array, Call
from tests.verify.seeded.signatures import Function, function_of

# The mistaken output, from how the layer is computed rightly, the call, and the output's name.
Change = Callable[[Compute, Call, str], Array]


@dataclass(frozen=True)
class Mutation:
    """One mistake. codes: the answers that are right, several only where they cannot be told apart.

    fresh: makes the change anew for every candidate; for those that remember their last call.
    """

    name: str
    codes: tuple[str, ...]
    outputs: tuple[str, ...]
    kinds: tuple[str, ...]
    change: Change | None = None
    fresh: Callable[[], Change] | None = None
    bias: bool = False

    def applies_to(self, kind: Kind, output: str) -> bool:
        return kind.name in self.kinds and output in self.outputs and output in kind.outputs

    def made(self) -> Change:
        change = self.fresh() if self.fresh is not None else self.change
        assert change is not None
        return change

    def function(self, kind: Kind, output: str) -> Function:
        """A candidate for the kind that makes this mistake in one output, and in no other."""
        candidate = function_of(kind, output == "y", body_of(kind, output, self.made()), self.bias)
        candidate.__name__ = candidate.__qualname__ = f"{kind.name}_{output}_{self.name}".replace("-", "_")
        return candidate


def body_of(kind: Kind, output: str, change: Change) -> Body:
    """All outputs of a pass, one of them changed; that one is computed last, since it may overwrite operands."""

    def body(call: Call) -> dict[str, Array]:
        others = () if output == "y" else tuple(n for n in kind.outputs if n not in ("y", output))
        out = {n: kind.compute(call, n) for n in others}
        out[output] = change(kind.compute, call, output)
        return out

    return body


def both(inner: Change, outer: Change) -> Change:
    """Two mistakes at once: the outer one is made around a layer that makes the inner one already."""

    def change(compute: Compute, call: Call, output: str) -> Array:
        return outer(lambda c, o: inner(compute, c, o), call, output)

    return change


def right(name: str, output: str) -> Function:
    """The right candidate, with the parameters of the mutants."""
    kind = KINDS[name]
    return function_of(kind, output == "y", body_of(kind, output, lambda compute, call, o: compute(call, o)))

"""The ledger of a proof: asks for obligations, remembers them, and says what failed.

Everything that a checker of moves and chains believes about integers goes through here, so that a certificate can list
it and a second solver can answer it again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import sympy as sp

from symconv.ir import Context, Divides, Guard, IndexedSum
from symconv.prove.obligations import Alternatives, Obligation, holds


class Failed(Exception):
    """A condition of a step does not hold; the message names it. Not yet a refutation: the values may agree."""


class OutOfBounds(Failed):
    """An entry outside its operand is read or written, or an exact quotient is not exact."""


@dataclass
class Ledger:
    """The obligations of one proof, in order. `where`: the line of the derivation that is being checked, in words."""

    context: Context
    where: str = ""
    asked: list[Obligation] = field(default_factory=list)

    def scales(self, since: int = 0) -> frozenset[sp.Symbol]:
        """The strides and dilations that the obligations speak of, those before number `since` left out."""
        guards = (g for o in self.asked[since:] for conjunction in (o.given, *o.shown) for g in conjunction)
        return frozenset().union(*(g.symbols for g in guards)) & set(self.context.scales)

    def proves(self, about: str, s: IndexedSum, given: Iterable[Guard], shown: Alternatives) -> bool:
        """Do the conditions `given` on the indices of `s` imply one of `shown`? Recorded where they do."""
        premises = tuple(given)
        if any(all(g in premises or trivial(g) for g in conjunction) for conjunction in shown):
            return True
        obligation = Obligation(f"{self.where}: {about}", self.context, s.indices, premises, shown)
        if not holds(obligation):
            return False
        self.asked.append(obligation)
        return True

    def require(self, about: str, s: IndexedSum, given: Iterable[Guard], shown: Alternatives, why: str) -> None:
        """As `proves`; `Failed` with the reason `why` where they do not."""
        if not self.proves(about, s, given, shown):
            raise Failed(why)


def trivial(g: Guard) -> bool:
    """Is the condition true by its form alone: e = e, e <= e <= e, 1 | e?"""
    if isinstance(g, Divides):
        return bool(g.den == 1)
    return len(set(g.expressions())) == 1

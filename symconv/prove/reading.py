"""A reading: the statement lhs = rhs in a context, which is what the prover judges. Neither side is trusted."""

from __future__ import annotations

from dataclasses import dataclass

from symconv.ir import Condition, Context, IndexedSum, Statement
from symconv.prove.definedness import first_misread
from symconv.prove.prover import prove_equal, undefined_read
from symconv.prove.scope import scope_of
from symconv.prove.verdict import Proof


@dataclass(frozen=True)
class Reading:
    """lhs = rhs in a context. With `definition` set, lhs is all there is.

    label: what it says, in words. prelude: statements that compute what both sides speak of, such as the mask of a
    maximum. domain: where both sides are defined, as they were written.
    """

    label: str
    lhs: tuple[IndexedSum, ...]
    rhs: tuple[IndexedSum, ...]
    context: Context
    definition: bool = False
    prelude: tuple[Statement, ...] = ()
    domain: tuple[Condition, ...] = ()


def judge_reading(reading: Reading) -> Proof:
    """A definition is judged by its reads alone; an equality by the prover."""
    if not reading.definition:
        return prove_equal(reading.lhs, reading.rhs, reading.context, reading.prelude, reading.domain)
    misread = first_misread(reading.lhs, reading.context)
    scope = scope_of(reading.context)
    if misread:
        return undefined_read(reading.lhs, misread, reading.context, scope)
    return Proof("definition", scope, "every read is inside its array")

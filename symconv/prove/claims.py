"""Claims: statements as printed, the readings their text leaves open, and the judgement of each reading.

A claim is data: two lists of sums a reading. No verdict is written by hand; every one comes out of the prover.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from symconv.ir import Context, IndexedSum, Notation, Statement
from symconv.prove.definedness import first_misread
from symconv.prove.prover import prove_equal, scope_of, undefined_read
from symconv.prove.verdict import Proof


@dataclass(frozen=True)
class Reading:
    """One way to read a claim: lhs = rhs in a context. With `definition` set, lhs is all there is.

    prelude: statements that compute what both sides speak of, such as the mask of a maximum.
    """

    label: str
    lhs: tuple[IndexedSum, ...]
    rhs: tuple[IndexedSum, ...]
    context: Context
    definition: bool = False
    prelude: tuple[Statement, ...] = ()


@dataclass(frozen=True)
class Claim:
    """A statement of the article.

    number: its equation number, or a short name. title: what it says, in words. printed: LaTeX as printed.
    text: the same on one line. readings: what the words may mean. corrected: the form that holds, its label being the
    statement, where the printed one needs one. notation: the letters of the layer that it speaks of.
    """

    number: str
    title: str
    printed: str
    text: str
    readings: tuple[Reading, ...]
    corrected: Reading | None = None
    notation: Notation = field(default_factory=Notation)


@dataclass(frozen=True)
class Judgement:
    """A claim and the proof of each of its readings, in order."""

    claim: Claim
    proofs: tuple[Proof, ...]
    corrected: Proof | None = None

    @property
    def readings(self) -> tuple[tuple[Reading, Proof], ...]:
        return tuple(zip(self.claim.readings, self.proofs, strict=True))

    @property
    def holds(self) -> bool:
        """Is some reading proved, or a definition?"""
        return any(p.verdict in ("proved", "definition") for p in self.proofs)

    @property
    def refuted(self) -> bool:
        """Is every reading refuted or undefined?"""
        return all(p.verdict in ("refuted", "undefined") for p in self.proofs)


def judge_reading(reading: Reading) -> Proof:
    """A definition is judged by its reads alone; an equality by the prover."""
    if not reading.definition:
        return prove_equal(reading.lhs, reading.rhs, reading.context, reading.prelude)
    misread = first_misread(reading.lhs, reading.context)
    scope = scope_of(reading.context)
    if misread:
        return undefined_read(reading.lhs, misread, reading.context, scope)
    return Proof("definition", scope, "every read is inside its array")


def judge(claims: Iterable[Claim]) -> tuple[Judgement, ...]:
    """Every reading of every claim."""
    return tuple(
        Judgement(
            claim,
            tuple(map(judge_reading, claim.readings)),
            judge_reading(claim.corrected) if claim.corrected else None,
        )
        for claim in claims
    )

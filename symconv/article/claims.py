"""Claims: statements as printed, the readings their text leaves open, and the judgement of each reading.

A claim is data: two lists of sums a reading. No verdict is written by hand; every one comes out of the prover.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from symconv.ir import Context, IndexedSum, Notation
from symconv.prove.reading import Reading, judge_reading
from symconv.prove.verdict import Proof

Sums = tuple[IndexedSum, ...]


@dataclass(frozen=True)
class Claim:
    """A statement of the article.

    number: its equation number, or a short name. title: what it says, in words. statement: what is printed, words and
    formulas, each formula between backticks and on one line: `oˡ[i, j] = f(xˡ[i, j])`. readings: what it may mean.
    corrected: the form that holds, its label being the statement, where the printed one needs one. notation: the
    letters of the layer that it speaks of.
    """

    number: str
    title: str
    statement: str
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
        """Is some reading, or the corrected form, proved or a definition?"""
        proofs = (*self.proofs, self.corrected)
        return any(p is not None and p.verdict in ("proved", "definition") for p in proofs)


def equalities(lhs: Sums, context: Context, rights: Mapping[str, Sums]) -> tuple[Reading, ...]:
    """One reading for each label: the same left side against its right side."""
    return tuple(Reading(label, lhs, rhs, context) for label, rhs in rights.items())


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

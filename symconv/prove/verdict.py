"""What the prover answers: a verdict, its scope, and the smallest counterexample where there is one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from symconv.ir import Derivation
from symconv.prove.obligations import Obligation

Verdict = Literal["proved", "refuted", "undefined", "unknown", "definition"]


@dataclass(frozen=True)
class Table:
    """One concrete tensor of a counterexample: nested lists of numbers, as deep as its rank (a number at rank 0)."""

    name: str
    entries: Any


@dataclass(frozen=True)
class Counterexample:
    """Both sides at the smallest sizes at which they differ.

    sizes: (name, value) of every symbolic size. operand, at: the entry of the result where they differ (or, for a
    read outside an array, the operand and the index read). lhs, rhs: the two values there (None where undefined).
    operands: the inputs. sides: the whole result as the left and as the right side give it. note: what an opaque
    function stands for.
    """

    sizes: tuple[tuple[str, int], ...]
    operand: str
    at: tuple[int, ...]
    lhs: Any = None
    rhs: Any = None
    operands: tuple[Table, ...] = ()
    sides: tuple[Table, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Proof:
    """A verdict and what it covers.

    scope: for which sizes, strides and dilations the verdict holds, in words; always shown.
    reason: why it is not `proved` (which condition failed, what the method cannot decide), or which lemma carries it.
    """

    verdict: Verdict
    scope: str = ""
    reason: str = ""
    counterexample: Counterexample | None = None

    @property
    def proved(self) -> bool:
        return self.verdict == "proved"


@dataclass(frozen=True)
class ProvedDerivation:
    """A derivation with a proof for each step (in the order of `derivation.steps`) and one for the whole gradient.

    obligations: the statements about integers that the proofs rest on, for a certificate.
    """

    derivation: Derivation
    steps: tuple[Proof, ...]
    gradient: Proof
    seconds: float = 0.0
    obligations: tuple[Obligation, ...] = ()

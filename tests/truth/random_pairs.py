"""Random pairs of formulas, and random formulas to differentiate, each from its number; judged by the evaluator."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass

import symconv as sc
from tests.truth.gradients import Case, gradient_outcome
from tests.truth.identities import differences
from tests.truth.mutations import mutated
from tests.truth.outcome import Outcome, judged
from tests.truth.random_formulas import SCHEMAS, random_statement, statement_text
from tests.truth.rewrites import REWRITES
from tests.truth.world import world

DRAWS, MORE_DRAWS = 16, 300


@dataclass(frozen=True)
class Pair:
    """Two formulas; same: does no drawn point tell them apart; at: one that does."""

    number: int
    lhs: str
    rhs: str
    same: bool
    at: str

    def __str__(self) -> str:
        return f"{self.number}: {self.lhs}  ==  {self.rhs}"


def pair(number: int) -> Pair:
    """A formula and one to three rewrites of it; every second one is mutated too."""
    for attempt in range(100):
        rng = random.Random(f"pair {number} {attempt}")
        left = random_statement(rng, rng.choice(SCHEMAS))
        right = left
        for _ in range(rng.choice((1, 1, 2, 3))):
            right = rng.choice(REWRITES)(right, rng)
        right = mutated(right, rng) if number % 2 else right
        lhs, rhs = statement_text(left), statement_text(right)
        if lhs == rhs or max(len(lhs), len(rhs)) > 240:
            continue
        found = _told_apart(lhs, rhs, DRAWS, number)
        if found is not None:
            return Pair(number, lhs, rhs, not found, found)
    raise AssertionError(f"no pair {number}")


def _told_apart(lhs: str, rhs: str, draws: int, number: int) -> str | None:
    """Where the sides differ, empty where they do not, None where they are defined together nowhere or not always."""
    kinds = Counter[str]()
    for kind, at in differences(world(lhs, rhs), f"{number}", draws):
        if kind == "differ":
            return at
        kinds[kind] += 1
    return None if kinds["undefined"] or kinds["same"] < draws / 2 else ""


def pair_outcome(p: Pair) -> Outcome:
    return judged(str(p), lambda: _judge(p))


def _judge(p: Pair) -> tuple[str, str]:
    proof = sc.prove(sc.equal(p.lhs, p.rhs))
    reason = f"{proof.verdict}: {getattr(proof, 'reason', '')}"
    if proof.verdict == "unknown":
        return "unknown", reason
    same = p.same
    if same and proof.verdict == "refuted":
        # The difference may be rare: look much harder before the verdict is called wrong.
        same = not _told_apart(p.lhs, p.rhs, MORE_DRAWS, p.number)
    if proof.verdict != ("proved" if same else "refuted"):
        return "wrong", f"{reason}; {p.at or 'no difference at any point'}"
    return "right", ""


def formula(number: int) -> str:
    """A random formula; every third one has a second statement on top."""
    rng = random.Random(f"formula {number}")
    first = random_statement(rng, rng.choice(SCHEMAS))
    text = statement_text(first)
    if number % 3 or "2*i + k]" in text.split(" = ")[0]:
        return text
    target, body = text.split(" = ", 1)
    inner = target.replace("y", "h", 1)
    top = rng.choice(("tanh({0})", "{0}**2", "exp({0})*{0}", "relu({0})", "{0}/(1 + {0}**2)", "{0}*sigmoid({0})"))
    return f"{inner} = {body}; {target} = {top.format(inner)}"


def formula_cases(number: int) -> list[Case]:
    text = formula(number)
    make = lambda: sc.Formula(text)  # noqa: E731
    return [Case("random", f"{number}: {text}", wrt, make, text) for wrt in world(text).inputs()]


def formula_outcomes(number: int) -> list[Outcome]:
    """One for each operand."""
    return [gradient_outcome(c) for c in formula_cases(number)]

"""Identities, true, false and true on a domain: each is first held against the evaluator, then put to the prover."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

import symconv as sc
from tests.truth.evaluator import REAL, Undefined, real, result
from tests.truth.outcome import Outcome, judged
from tests.truth.tables import as_formula, rows
from tests.truth.world import Tensor, World, draw_sizes, draw_values, world

EQUAL = real(Fraction(1, 10**40))
MORE_DIGITS = 1000
# Values at which near misses show: both signs, 0, thirds, small, large; and their neighbours.
VALUES = tuple(
    Fraction(n, d) * sign
    for n, d in ((1, 3), (7, 5), (3, 1), (2, 1), (1, 100), (21, 2), (1, 1), (5, 1), (1, 2), (13, 1), (0, 1))
    for sign in (1, -1)
)
LARGE = tuple(Fraction(sign * n) for n in (200, 2000, 20000) for sign in (1, -1))


@dataclass(frozen=True)
class Identity:
    """lhs = rhs as formulas; holds: is that so; domain: conditions that the scope of a proof names, as written."""

    topic: str
    lhs: str
    rhs: str
    holds: bool
    domain: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.lhs}  ==  {self.rhs}"


@cache
def identities() -> tuple[Identity, ...]:
    out = []
    for topic, line in rows("identities.txt"):
        claim, _, domain = line.partition(" | ")
        lhs, rhs = map(as_formula, claim.split(" == "))
        names = tuple(name.strip() for name in domain.split(",") if name.strip())
        out.append(Identity(topic, lhs, rhs, not topic.startswith("false"), names))
    return tuple(out)


def differences(w: World, seed: str, draws: int, large: bool = False) -> Iterator[tuple[str, str]]:
    """For each drawn point "same", "differ", "unsure" or "undefined" (on one of the sides), and where that is."""
    rng = random.Random(seed)
    for attempt in range(draws):
        sizes = draw_sizes(w, rng, 1 if attempt % 7 == 0 else 4)
        tensors = draw_values(w, sizes, rng, lambda r, k=attempt: _value(r, k, large))
        yield _compared(w, sizes, tensors), f"{ {str(k): v for k, v in sizes.items()} }, {_shown(tensors)}"


def _value(rng: random.Random, attempt: int, large: bool) -> Fraction:
    if large and attempt % 4 == 3:
        return rng.choice(LARGE)
    if attempt % 3 == 2:
        return abs(rng.choice(VALUES)) + Fraction(1, 7)
    return rng.choice(VALUES) if attempt % 2 else Fraction(rng.randint(-400, 400), 101)


def _shown(tensors: dict[str, Tensor]) -> str:
    entries = [f"{name}{list(p)}={v}" for name, t in tensors.items() for p, v in t.items()]
    return " ".join(entries[:6])


def _compared(w: World, sizes: Any, tensors: dict[str, Tensor]) -> str:
    """A difference that more digits change is rounding, where large terms cancel; then nothing is known: "unsure"."""
    try:
        few = _gaps(w, sizes, tensors)
        if not any(few):
            return "same"
        with REAL.workdps(MORE_DIGITS):
            many = _gaps(w, sizes, tensors)
    except Undefined:
        return "undefined"
    except OverflowError:
        return "unsure"
    stays = any(b and abs(a - b) <= abs(b) / 1000 for a, b in zip(few, many, strict=True))
    return "differ" if stays else "unsure" if any(many) else "same"


def _gaps(w: World, sizes: Any, tensors: dict[str, Tensor]) -> list[Any]:
    """lhs - rhs at each entry, 0 where the two agree to 40 digits; fractions exactly."""
    left, right = (result(w, k, sizes, tensors) for k in (0, 1))
    return [_gap(left[p], right[p]) for p in left]


def _gap(a: Any, b: Any) -> Any:
    if isinstance(a, Fraction) and isinstance(b, Fraction):
        return real(a - b)
    a, b = real(a), real(b)
    return a - b if abs(a - b) > EQUAL * max(abs(a), abs(b), 1) else real(Fraction(0))


def label_error(identity: Identity, draws: int = 160) -> str:
    """Empty where the evaluator agrees that the identity is true, or false."""
    w = world(identity.lhs, identity.rhs)
    found = list(differences(w, str(identity), draws, large=not identity.holds))
    kinds = [kind for kind, _ in found]
    if identity.holds and ("differ" in kinds or "same" not in kinds):
        return next((f"differs at {at}" for kind, at in found if kind == "differ"), "defined nowhere")
    if not identity.holds and "differ" not in kinds:
        return "no difference found"
    if identity.topic.startswith("true") and "undefined" in kinds:
        return "not defined everywhere: it belongs under domain"
    return ""


def identity_outcome(identity: Identity) -> Outcome:
    return judged(str(identity), lambda: _judge(identity))


def _judge(identity: Identity) -> tuple[str, str]:
    proof = sc.prove(sc.equal(identity.lhs, identity.rhs))
    reason = f"{proof.verdict}: {getattr(proof, 'reason', '')}"
    if proof.verdict == "unknown":
        return "unknown", reason
    if proof.verdict != ("proved" if identity.holds else "refuted"):
        return "wrong", reason
    if proof.verdict == "refuted" and proof.counterexample is None:
        return "wrong", "refuted without a counterexample"
    missing = [c for c in identity.domain if not names(proof.scope, c)]
    return ("wrong", f"the scope does not say {', '.join(missing)}: {proof.scope}") if missing else ("right", "")


def names(scope: str, condition: str) -> bool:
    """Does a scope state the condition? "a or b": one of the two, where they mean the same.

    An entry may have its indices; a sum may be in another order, or moved over: its names and its sign count.
    """
    plain = re.sub(r"\[[^\]]*\]", "", scope.replace("≠", "!=").replace("≥", ">="))
    clauses = [c.replace(" ", "") for c in re.split(r"[,;]|\b(?:where|with|and|for)\b", plain)]
    return any(_states(clause, one) for one in condition.split(" or ") for clause in clauses)


def _states(clause: str, condition: str) -> bool:
    expression, sign, _ = condition.rsplit(" ", 2)
    if clause == condition.replace(" ", ""):
        return True
    words = re.findall(r"[a-z]+", expression)
    compound = len(words) > 1 or any(c in expression for c in "+-")
    return compound and sign in clause and all(re.search(rf"\b{word}\b", clause) for word in words)

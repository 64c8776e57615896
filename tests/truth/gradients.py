"""Gradients that have to be proved, and to be right: each is held against differences of 120 digits.

A derived gradient is evaluated by the product's exact interpreter: the layer, then every adjoint that leads to it.
The layer itself is evaluated a second time from its formula by `evaluator`.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from typing import Any

import symconv as sc
from symconv.ir import evaluate
from symconv.prove.enclosed import ENCLOSED, Enclosed, plain
from symconv.prove.scalars.enclosures import precision
from tests.truth.evaluator import REAL, Undefined, gradient, real, result
from tests.truth.outcome import Outcome, judged
from tests.truth.sizes import SizesDisagree, as_drawn, draw_for_layer
from tests.truth.tables import as_formula, rows
from tests.truth.world import Tensor, World, draw_sizes, draw_values, world

DRAWS = 2
TOLERANCE = real(Fraction(1, 10**12))
# Of the enclosures in which derived gradients are evaluated.
BITS = 600


@dataclass(frozen=True)
class Case:
    """A layer and the operand that it is differentiated by.

    formula: what the layer computes, for the evaluator; empty where the language cannot say it (only the verdict is
    judged then). letters: sizes of letters that stand alone on no axis. ones: operands that are 1 everywhere, with the
    axis (operand, position) whose size they have. named: sizes are drawn as the layer relates them, not the formula.
    """

    topic: str
    label: str
    wrt: str
    make: Callable[[], Any]
    formula: str = ""
    letters: Mapping[str, str | int] = field(default_factory=dict)
    ones: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    named: bool = False

    def __str__(self) -> str:
        return f"{self.label} by {self.wrt}"


@cache
def formula_cases() -> tuple[Case, ...]:
    """One case for each input of each formula of the table."""
    out = []
    for topic, line in rows("gradients.txt"):
        text = as_formula(line)
        out += [Case(topic, text, wrt, lambda text=text: sc.Formula(text), text) for wrt in world(text).inputs()]
    return tuple(out)


def gradient_outcome(case: Case) -> Outcome:
    """Derived, proved, and the same as differences."""
    return judged(str(case), lambda: _judge(case))


def _judge(case: Case) -> tuple[str, str]:
    derived = sc.derive(case.make(), case.wrt)
    reason = getattr(derived, "reason", "") or getattr(derived.proved.gradient, "reason", "")
    if derived.verdict not in ("proved", "unknown"):
        return "wrong", f"{derived.verdict}: {reason}"
    error = numerical_error(case, derived) if case.formula else ""
    if error:
        return "wrong", f"{derived.verdict}, and {error}"
    if derived.verdict == "proved" and not derived.scope:
        return "wrong", "proved without a scope"
    return ("right", "") if derived.verdict == "proved" else ("unknown", reason)


def numerical_error(case: Case, derived: Any) -> str:
    """Empty where the derived gradient is the right one at some sizes and values."""
    w = world(case.formula)
    rng = random.Random(str(case))
    layer = derived.derivation.layer
    done = 0
    for attempt in range(60):
        sizes = None if case.named else draw_sizes(w, rng, 3)
        try:
            known, sizes = _bound(case, w, layer.context, sizes, rng)
        except SizesDisagree as why:
            return str(why)
        tensors = draw_values(w, sizes, rng, pool(attempt))
        tensors |= {name: dict.fromkeys(t, Fraction(1)) for name, t in tensors.items() if name in case.ones}
        try:
            forward = result(w, 0, sizes, tensors)
        except (Undefined, OverflowError):
            continue
        weights = {p: signed(rng) for p in forward}
        want = gradient(w, 0, case.wrt, sizes, tensors, weights)
        try:
            why = _difference(case, derived, known, tensors, weights, forward, want)
        except OverflowError:  # the product's interpreter has double precision
            continue
        if why:
            return f"{why} at {known}"
        done += 1
        if done == DRAWS:
            return ""
    return "the formula is defined at none of the points tried" if not done else ""


# A prime: no two of the values drawn are equal, as at a tie the gradient is that of one side and differences see both.
_PRIME = 100003


def signed(rng: random.Random) -> Fraction:
    return rng.choice((-1, 1)) * _between(1, 2)(rng)


def _between(low: int, high: int) -> Callable[[random.Random], Fraction]:
    """Values from `low`/100 to `high`."""
    return lambda rng: Fraction(rng.randint(low * _PRIME // 100, high * _PRIME), _PRIME)


def pool(attempt: int) -> Callable[[random.Random], Fraction]:
    """Of both signs at first; then positive; then above 1; then below 1; then small."""
    if attempt < 5:
        return signed
    kinds = (_between(1, 3), _between(101, 3), _between(1, 1), lambda rng: _between(1, 1)(rng) / 10)
    return kinds[min(attempt // 5, len(kinds)) - 1]


def _difference(
    case: Case,
    derived: Any,
    known: Mapping[str, int],
    tensors: Mapping[str, Tensor],
    weights: Tensor,
    forward: Tensor,
    want: Tensor,
) -> str:
    layer = derived.derivation.layer
    statements = [*layer.statements, *(s for section in derived.derivation.sections for s in section.result)]
    given = {**tensors, layer.context.adjoint(layer.result): weights}
    # In doubles a gradient that cancels may lose half its digits: fractions and enclosures have them all.
    enclosed = {name: {p: Enclosed(Fraction(_exact(v))) for p, v in tensor.items()} for name, tensor in given.items()}
    with precision(BITS):
        values = evaluate(statements, layer.context, known, enclosed, arithmetic=ENCLOSED)
    # A gradient of no terms is zero.
    values.setdefault(layer.context.adjoint(case.wrt), dict.fromkeys(want, 0))
    for name, expected in ((layer.result, forward), (layer.context.adjoint(case.wrt), want)):
        found = values[name]
        if set(found) != set(expected):
            return f"{name} has another shape"
        for p, v in expected.items():
            error = abs(real(_exact(found[p])) - real(v))
            if error > TOLERANCE * max(1, abs(real(v))):
                return f"{name}{list(p)} is {float(real(_exact(found[p])))}, not {float(v)},"
    return ""


def _exact(value: Any) -> Any:
    """A fraction where the number is one, else the middle of its enclosure, which is known to all the digits used."""
    if isinstance(value, Enclosed):
        inner = plain(value)
        return inner if isinstance(inner, Fraction) else REAL.mpf(inner.mid().str(120, radius=False))
    return Fraction(value) if isinstance(value, (int, float, Fraction)) else value


def _bound(case: Case, w: World, context: Any, sizes: Any, rng: random.Random) -> tuple[dict[str, int], dict[Any, int]]:
    """Values of the product's sizes by name, and the evaluator's sizes: one is drawn, the other follows."""
    if sizes is not None:
        return as_drawn(w, context, sizes), sizes
    return draw_for_layer(w, context, case.letters, case.ones, rng)

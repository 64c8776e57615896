"""The mistakes that give the candidate's numbers: one, a factor, or two together, confirmed on every failing case."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from symconv.verify.compare import Observed
from symconv.verify.dense import Array, Undefined
from symconv.verify.mistakes.factors import fitted, named_factor
from symconv.verify.mistakes.hypothesis import Hypothesis
from symconv.verify.mistakes.table import HYPOTHESES
from symconv.verify.model import Model, NoDifference, joined
from symconv.verify.report import CONVENTIONS, CORRECT, UNSUPPORTED, WRONG, Cause, Counterexample, OutputReport

_MOST_CAUSES = 3
_MOST_PAIRS = 3000


@dataclass(frozen=True)
class Explanation:
    """Causes that together give the numbers of every failing case; passing: do they leave the passing ones right?"""

    causes: tuple[Cause, ...]
    passing: bool


def judged(observed: Sequence[Observed], explain: bool = True) -> OutputReport:
    """The report on one output from all cases, without an example; explain: look for the causes of what is wrong."""
    answered = [o for o in observed if o.actual is not None]
    refused = [o for o in observed if o.actual is None]
    ran = tuple((o.setting.case.name, _status(o)) for o in observed)
    message = refused[0].message if refused else ""
    if not answered:
        return OutputReport(UNSUPPORTED, unsupported=len(refused), message=message, ran=ran)
    failing = [o for o in answered if not o.agrees]
    passed = len(answered) - len(failing)
    if not failing:
        return OutputReport(CORRECT, (), passed, 0, len(refused), None, message, ran)
    causes, alternatives = causes_of(failing, [o for o in answered if o.agrees]) if explain else ((), True)
    usage = bool(causes) and all(c.convention for c in causes)
    verdict = CONVENTIONS if usage else WRONG
    return OutputReport(verdict, causes, passed, len(failing), len(refused), None, message, ran, alternatives)


def _status(o: Observed) -> str:
    return "unsupported" if o.actual is None else "passed" if o.agrees else "failed"


def causes_of(failing: Sequence[Observed], passing: Sequence[Observed]) -> tuple[tuple[Cause, ...], bool]:
    """Up to three causes, each of which alone gives the numbers (True); otherwise two that do so together (False)."""
    failing = sorted(failing, key=lambda o: o.setting.case.size)
    known = [h for h in HYPOTHESES if failing[0].setting.output.name in h.outputs]
    single = list(_singles(known, failing, passing)) or list(_factors(Mistakes(()), failing))
    best = [e for e in single if e.passing] or single
    if best and len(best[0].causes) == 1:
        distinct = {e.causes[0].code: e.causes[0] for e in reversed(best)}
        return tuple(reversed(distinct.values()))[:_MOST_CAUSES], True
    together = best[0] if best else _first(_pairs(known, failing, passing))
    return (_by_sight(failing), True) if together is None else (together.causes, False)


def _first(explanations: Iterator[Explanation]) -> Explanation | None:
    """The first that leaves the passing cases right, else the first."""
    other = None
    for e in explanations:
        if e.passing:
            return e
        other = other or e
    return other


def _by_sight(failing: Sequence[Observed]) -> tuple[Cause, ...]:
    """What can be said without an explanation of the numbers."""
    odd = next((o for o in failing if o.actual is not None and not np.isfinite(o.actual).all()), None)
    if odd is not None:
        what = "it holds NaN or infinity where the exact answer is finite"
        return (Cause("nan", what, "look for a division by zero, or a read outside an array"),)
    broken = next((o for o in failing if o.actual is not None and o.actual.shape != o.setting.exact.shape), None)
    if broken is None or broken.actual is None:
        return ()
    what = f"it has shape {broken.actual.shape}, expected {broken.setting.exact.shape}"
    return (Cause("wrong-shape", what, "compute the shape from that of x"),)


@dataclass(frozen=True)
class Mistakes:
    """Some mistakes together. place: in the whole computation, in the backward pass alone, or in its last sums."""

    changes: tuple[Hypothesis, ...]
    place: str = "whole"

    def value(self, o: Observed) -> Array | None:
        """What they would give; None where none of them applies."""
        m = _model(o, self.place)
        applied = not self.changes
        try:
            for h in self.changes:
                try:
                    m, applied = h.change(m), True
                except NoDifference:
                    continue
            with np.errstate(all="ignore"):
                return m.value if applied else None
        except (NoDifference, Undefined, IndexError, ValueError):
            return None

    def explain(self, failing: Sequence[Observed]) -> bool:
        """Do they give the candidate's numbers in every failing case?"""
        for o in failing:
            value = self.value(o)
            if value is None or not o.explained_by(value):
                return False
        return True

    def leave(self, passing: Sequence[Observed]) -> bool:
        """Would a candidate with these mistakes have passed the cases that this one passed?"""
        for o in passing:
            value = self.value(o)
            if value is not None and not o.explained_by(value):
                return False
        return True

    @property
    def causes(self) -> tuple[Cause, ...]:
        return tuple(Cause(h.code, h.what, h.fix, h.convention, h.violates) for h in self.changes)


def _model(o: Observed, place: str) -> Model:
    """Where mistakes are made."""
    whole = o.setting.model
    return whole if place == "whole" else whole.backward if place == "backward" else whole.last


def _places(o: Observed) -> list[str]:
    """Those that differ: a backward pass may compute the forward pass again, and have sums before its last."""
    places = {id(_model(o, place)): place for place in ("last", "backward", "whole")}
    return list(reversed(places.values()))


def _singles(
    known: Sequence[Hypothesis], failing: Sequence[Observed], passing: Sequence[Observed]
) -> Iterator[Explanation]:
    for h in known:
        for place in _places(failing[0]):
            mistakes = Mistakes((h,), place)
            if mistakes.explain(failing):
                yield Explanation(mistakes.causes, mistakes.leave(passing))


def _factors(mistakes: Mistakes, failing: Sequence[Observed]) -> Iterator[Explanation]:
    """A factor that fits in every failing case and has one name in all of them; weights minus a multiple of dw."""
    factors = []
    for o in failing:
        value = mistakes.value(o)
        factor = None if o.actual is None else fitted(o.actual, o.setting.exact if value is None else value)
        if factor is None:
            break
        factors.append(factor)
    else:
        name = named_factor(factors, [o.setting.model for o in failing])
        if name is not None:
            yield Explanation((*mistakes.causes, *scaled(name, failing[0])), True)
    if failing[0].setting.output.name in ("dw", "db"):
        yield from _updates(mistakes, failing)


def scaled(factor: str, o: Observed) -> tuple[Cause, ...]:
    """The causes for a factor: a sign, a mean, a pool's divisor, or a factor by its name."""
    sign = (Cause("sign", "the sign is wrong", "change the sign", False, "the chain rule"),)
    if factor == "-1":
        return sign
    return (*sign, _scaled(factor[1:], o)) if factor.startswith("-") else (_scaled(factor, o),)


def _scaled(factor: str, o: Observed) -> Cause:
    name = o.setting.output.name
    if factor == "1/N" and name != "y":
        what = "it is the mean over the batch, where the gradient is the sum over images"
        return Cause("batch-mean", what, "sum over n; divide where the loss is a mean", True, "the sum over n")
    pool = not o.setting.truth.context.has("w") and o.setting.model.rank > 0
    divides = pool and any(size in factor for size in ("KH", "OH", "H W", "s"))
    code = "pool-divisor" if divides else "scaled"
    return Cause(code, f"it is {factor} times what it should be", "leave the factor out", False, "the summand")


def _updates(mistakes: Mistakes, failing: Sequence[Observed]) -> Iterator[Explanation]:
    """The operand itself, minus a multiple of its gradient: a step of training."""
    rates = []
    for o in failing:
        (name,) = o.setting.truth.context.operand(o.setting.output.name).of
        w = joined(o.setting.case.tensors[name], o.setting.truth.context.operand(name))
        if o.actual is None or o.actual.shape != w.shape:
            return
        value = mistakes.value(o)
        rates.append(fitted(w - o.actual, o.setting.exact if value is None else value))
    known = [r for r in rates if r is not None and not np.isnan(r)]
    if known and None not in rates and min(known) > 0 and np.allclose(known, known[0]):
        what = f"it is the updated operand, with a learning rate of {known[0]:.4g}"
        cause = Cause("weight-update-returned", what, "return the gradient itself", False, "the gradient, not a step")
        yield Explanation((*mistakes.causes, cause), True)


def _pairs(
    known: Sequence[Hypothesis], failing: Sequence[Observed], passing: Sequence[Observed]
) -> Iterator[Explanation]:
    """One mistake with a factor, and two mistakes together."""
    for place in _places(failing[0]):
        for h in known:
            if not h.alone:
                yield from _factors(Mistakes((h,), place), failing)
        for one, other in _likely(known, place, failing):
            mistakes = Mistakes((one, other), place)
            if mistakes.explain(failing):
                yield Explanation(mistakes.causes, mistakes.leave(passing))


def _likely(
    known: Sequence[Hypothesis], place: str, failing: Sequence[Observed]
) -> Iterator[tuple[Hypothesis, Hypothesis]]:
    """Pairs that may explain the smallest failing case; where one of them changes nothing there, the other must do."""
    first = failing[0]
    if first.actual is None:
        return
    values = {h: Mistakes((h,), place).value(first) for h in known if not h.alone}
    if first.actual.shape not in {first.setting.exact.shape} | {v.shape for v in values.values() if v is not None}:
        return
    explain = {h for h, v in values.items() if v is not None and first.explained_by(v)}
    pairs = 0
    for one, other in combinations(values, 2):
        if one.code == other.code:
            continue
        both = values[one] is not None and values[other] is not None
        pairs += both
        if (both and pairs <= _MOST_PAIRS) or one in explain or other in explain:
            yield one, other


def example(o: Observed) -> Counterexample:
    """The worst entry of a failing case."""
    expected, actual = o.setting.exact, o.actual
    assert actual is not None
    case = o.setting.case
    shapes = {n: joined(a, o.setting.truth.context.operand(n)).shape for n, a in case.tensors.items()}
    sizes = {n: list(s) for n, s in shapes.items()}
    attributes = {n: list(v) if isinstance(v, tuple) else v for n, v in case.attributes.items()}
    base = (case.name, sizes, attributes)
    if actual.shape != expected.shape or not expected.size:
        return Counterexample(*base, (), None, None, tuple(expected.shape), tuple(actual.shape))
    off = np.abs(actual.astype(float) - expected)
    off = np.where(np.isfinite(expected), np.nan_to_num(off, nan=np.inf), 0)
    index = tuple(int(i) for i in np.unravel_index(int(np.argmax(off)), expected.shape))
    return Counterexample(
        *base, index, float(expected[index]), float(actual[index]), tuple(expected.shape), tuple(actual.shape)
    )

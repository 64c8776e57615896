"""`verify`: bind, run the cases in a child, compare, diagnose."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from symconv.ir import Layer, UserError
from symconv.layers.registry import REGISTRY, build_layer
from symconv.verify.binding import Binding, Layout, arranged, bind, call_of, layouts, outputs_of, restored
from symconv.verify.cases import WINDOW, Case, cases_of
from symconv.verify.dense import Array
from symconv.verify.diagnose import Observed, agrees, judged
from symconv.verify.hypotheses import Setting
from symconv.verify.isolation import Answer, Limits, Source, describe, run_calls
from symconv.verify.report import CONVENTIONS, CORRECT, CRASHED, UNSUPPORTED, WRONG, Cause, OutputReport, Report
from symconv.verify.truth import Truth, truth_of

ACCUMULATED = Cause("accumulated-over-calls", "each call adds to what the last one left", "start from zeros")
NONDETERMINISTIC = Cause("nondeterministic", "the same call gives other numbers the second time", "keep no state")
# An image with so many different sizes tells its axes apart.
_DISTINCT = 3
_COUNTS = ("in_channels", "out_channels", "input_shape")


def verify(
    candidate: str | Callable[..., Any],
    layer: Layer,
    returns: Sequence[str] = (),
    roles: Mapping[str, str] | None = None,
    limits: Limits | None = None,
) -> Report:
    """The verdict on a candidate: "FILE.py:FUNCTION", or a function at hand.

    Raises `UserError` where the candidate or a parameter of it cannot be understood.
    """
    limits = limits or Limits()
    source = _source(candidate)
    found = describe(source, limits)
    if isinstance(found, str):
        return Report(source.name, layer.name, CRASHED, {}, notes=(found,))
    binding = bind(found, roles or {})
    rank = REGISTRY[layer.name].rank or 0 if layer.name in REGISTRY else 0
    truth, fixed = _symbolic(layer, binding)
    names = [n for n in truth.outputs if (n == "y") != binding.backward]
    cases = list(cases_of(truth, binding, fixed, rank))
    if not cases or not names:
        raise UserError(f"{source.name}: none of the cases for {layer.name} can be put to it")
    trial = Trial(source, binding, truth, tuple(cases), rank, tuple(names), tuple(returns), limits)
    layout, answers = trial.first_fit()
    if layout is None:
        return _unfit(source, layer, answers)
    observed = trial.observed(answers, layout)
    outputs = {n: judged(o) for n, o in observed.items() if any(x.actual is not None for x in o) or n in returns}
    outputs = _with_repeats(outputs, trial.repeated(layout))
    notes = _notes(answers, binding)
    return Report(source.name, layer.name, _overall(outputs, answers), outputs, str(layout), notes)


def _source(candidate: str | Callable[..., Any]) -> Source:
    if callable(candidate):
        return Source(callable=candidate)
    path, colon, function = str(candidate).rpartition(":")
    if not colon or not path or not function.isidentifier():
        raise UserError(f"candidate {candidate!r}: give FILE.py:FUNCTION, such as layers.py:conv_backward")
    return Source(path, function)


def _symbolic(layer: Layer, binding: Binding) -> tuple[Truth, dict[str, Any]]:
    """The layer with symbols for its window, and the numbers that were given for it.

    A forward pass that takes no bias is held against the layer without one.
    """
    given = dict(layer.attributes)
    if given.get("auto_pad") not in (None, "NOTSET"):
        raise UserError(f"auto_pad = {given['auto_pad']}: give pads, which say where the padding goes")
    fixed = {n: v for n, v in given.items() if n in WINDOW and not isinstance(v, str)}
    kept = {n: v for n, v in given.items() if n not in (*WINDOW, *_COUNTS, "auto_pad")}
    if layer.name in REGISTRY and "bias" in REGISTRY[layer.name].attributes and not binding.backward:
        kept = {"bias": int(binding.takes("b")), **kept}
    return truth_of(build_layer(layer.name, kept) if layer.name != "formula" else layer), fixed


def _canonical(case: Case, truth: Truth) -> dict[str, Array]:
    """The tensors as callers have them: groups joined."""
    return {n: joined(n, a, truth) for n, a in case.tensors.items()}


def joined(name: str, a: Array, truth: Truth) -> Array:
    """An array of an operand, or of its adjoint, as callers have it."""
    operand = replace(truth.context.operand(name), shape=a.shape)
    return a.reshape([int(n) for n in operand.outer_shape])


@dataclass(frozen=True)
class Trial:
    """A candidate, the cases that are put to it, and the outputs that are expected of it."""

    source: Source
    binding: Binding
    truth: Truth
    cases: tuple[Case, ...]
    rank: int
    names: tuple[str, ...]
    returns: tuple[str, ...]
    limits: Limits

    @cached_property
    def settings(self) -> dict[tuple[str, str], Setting]:
        """By output and case; they remember what was computed for them."""
        return {(n, c.name): Setting(self.truth, self.truth.outputs[n], c) for n in self.names for c in self.cases}

    def first_fit(self) -> tuple[Layout | None, list[Answer]]:
        """The first layout in which everything is right, else the first in which the shapes fit."""
        fitting: tuple[Layout, list[Answer]] | None = None
        last: list[Answer] = []
        tried = layouts(self.rank, "w" in self.truth.layer.inputs) if self.rank else [Layout("", "")]
        for layout in tried:
            answers = self._answers(layout)
            last = last or answers
            seen = [o for group in self.observed(answers, layout).values() for o in group if o.actual is not None]
            whole = [o for o in seen if o.actual is not None and o.actual.shape == o.setting.exact.shape]
            if whole and all(map(agrees, seen)):
                return layout, answers
            if fitting is None and whole:
                fitting = layout, answers
            # Sizes that differ pairwise fit no second layout.
            if any(len(set(o.setting.case.tensors["x"].shape)) > _DISTINCT for o in whole):
                break
            if any(a.ended for a in answers):
                break
        return fitting or (None, last)

    def _answers(self, layout: Layout) -> list[Answer]:
        """An answer for every case; a case that the layout cannot say is refused."""
        usable = [c for c in self.cases if _told(c, layout)]
        calls = [call_of(self.binding, layout, c.attributes, _canonical(c, self.truth), self.rank) for c in usable]
        answers = run_calls(self.source, calls, self.limits) if calls else []
        by_name = {c.name: a for c, a in zip(usable, answers, strict=True)}
        return [by_name.get(c.name, Answer("raised", "the layout has no axis for this case")) for c in self.cases]

    def _wanted(self, case: Case, layout: Layout) -> dict[str, tuple[int, ...]]:
        """The shapes of the outputs as the candidate should give them."""
        whole = {n: joined(n, np.empty(self.truth.shape(n, case.env)), self.truth) for n in self.names}
        return {n: arranged(n, a, layout, self.rank).shape for n, a in whole.items()}

    def repeated(self, layout: Layout) -> dict[str, Cause]:
        """The outputs that differ when the same call is made twice in one process, with what that tells."""
        case = next(c for c in self.cases if _told(c, layout))
        call = call_of(self.binding, layout, case.attributes, _canonical(case, self.truth), self.rank)
        first, second = run_calls(self.source, [call, call], self.limits)
        if first.status != "returned" or second.status != "returned":
            return {}
        wanted = self._wanted(case, layout)
        before, after = (outputs_of(a.arrays, wanted, self.returns) or {} for a in (first, second))
        out = {}
        for n in before.keys() & after.keys():
            if np.array_equal(before[n], after[n], equal_nan=True):
                continue
            doubled = before[n].shape == after[n].shape and np.any(before[n]) and np.allclose(after[n], 2 * before[n])
            out[n] = ACCUMULATED if doubled else NONDETERMINISTIC
        return out

    def observed(self, answers: Sequence[Answer], layout: Layout) -> dict[str, list[Observed]]:
        """What the candidate gave for each output, case by case, in the order of the formula."""
        out: dict[str, list[Observed]] = {n: [] for n in self.names}
        for case, answer in zip(self.cases, answers, strict=True):
            wanted = self._wanted(case, layout)
            returned = answer.status == "returned"
            named = (outputs_of(answer.arrays, wanted, self.returns) if returned else None) or {}
            for n in self.names:
                actual = named.get(n)
                if actual is not None and (actual.shape == wanted[n] or n == "db"):
                    actual = restored(n, actual, self.truth.shape(n, case.env), layout, self.rank)
                out[n].append(Observed(self.settings[n, case.name], actual, answer.message))
        return out


def _with_repeats(outputs: Mapping[str, OutputReport], causes: Mapping[str, Cause]) -> dict[str, OutputReport]:
    """An output that changes from call to call is wrong, whatever the cases say."""
    return {n: replace(o, verdict=WRONG, causes=(causes[n],)) if n in causes else o for n, o in outputs.items()}


def _told(case: Case, layout: Layout) -> bool:
    """Does the layout say everything about the case? One without a batch axis holds one image."""
    shape = {n: a.shape for n, a in case.tensors.items()}
    batch, channels = shape["x"][0], int(np.prod(shape["x"][1 : len(shape["x"]) - _spatial(case)]))
    filters = int(np.prod(shape["dy"][1 : len(shape["dy"]) - _spatial(case)]))
    if layout.x and "N" not in layout.x and batch > 1:
        return False
    return not (layout.x and "C" not in layout.x and (channels > 1 or filters > 1))


def _spatial(case: Case) -> int:
    return len(case.attributes.get("kernel_shape", ()))


def _unfit(source: Source, layer: Layer, answers: Sequence[Answer]) -> Report:
    """No layout gave arrays of the right shapes: the message of the first call says why."""
    first = answers[0] if answers else Answer("raised", "it was never called")
    verdict = CRASHED if first.ended else UNSUPPORTED
    shapes = ", ".join(str(a.shape) for a in first.arrays.values())
    note = first.message or f"what it returns fits no layout: shapes {shapes}; --returns says which is which"
    return Report(source.name, layer.name, verdict, {}, notes=(f"{first.status}: {note}",))


def _overall(outputs: Mapping[str, OutputReport], answers: Sequence[Answer]) -> str:
    if any(a.ended for a in answers):
        return CRASHED
    verdicts = {o.verdict for o in outputs.values()}
    return next((v for v in (WRONG, UNSUPPORTED, CONVENTIONS) if v in verdicts), CORRECT)


def _notes(answers: Sequence[Answer], binding: Binding) -> tuple[str, ...]:
    changed = sorted({name for a in answers for name in a.mutated})
    out = [f"input-mutated: it overwrites {', '.join(changed)}"] if changed else []
    ended = next((a for a in answers if a.ended), None)
    out += [f"{ended.status}: {ended.message}"] if ended is not None else []
    read = ", ".join(f"{name} is {role}" for name, role in binding.roles if name != role)
    return tuple(out + ([f"read as: {read}"] if read else []))

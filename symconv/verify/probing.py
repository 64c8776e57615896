"""How a candidate wants to be spoken to: layouts, biases, attributes that it cannot be told, found by trying."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from symconv.verify.arguments import Reading, Unsayable
from symconv.verify.cases import PROBES, Case, Plan
from symconv.verify.compare import Observed
from symconv.verify.isolation import Answer
from symconv.verify.layouts import BIASES, Layout, layouts
from symconv.verify.trial import Trial

_MOST_PROBES = 2500
# Orders of the weights that are tried with every shape of a bias.
_USUAL_WEIGHTS = 5


@dataclass(frozen=True)
class Fit:
    """How well a reading fits: its outputs with the right number of axes, the right shape, the right values.

    near: outputs with the right number of axes, or with the right values in another shape.
    """

    reading: Reading
    fixed: Mapping[str, Any]
    near: int
    fits: int
    agrees: int
    outputs: int
    answer: Answer

    @property
    def key(self) -> tuple[bool, int, int]:
        return (self.shaped, self.fits, self.agrees)

    @property
    def usual(self) -> bool:
        """Is this the layer's own layout, or channels last? Then a wrong shape is a mistake, and no other layout."""
        layout, axes = self.reading.layout, self.reading.axes
        return (layout.x, layout.w) in ((axes.x, axes.w), (f"N{axes.space}C", f"{axes.space}IO"))

    @property
    def shaped(self) -> bool:
        """Has every output the right shape?"""
        return self.outputs > 0 and self.fits == self.outputs

    @property
    def whole(self) -> bool:
        return self.outputs > 0 and self.agrees == self.outputs


def fitting(trial: Trial, progress: Callable[[str], None]) -> Fit | None:
    """The reading in which everything is right, else that in which most shapes are; None where it never answers.

    Sizes that differ pairwise tell layouts apart; a candidate that refuses them is asked ever plainer cases.
    """
    best: Fit | None = None
    refused: Fit | None = None
    asked = 0
    # Layouts in which it answers with other shapes need not be tried in plainer cases.
    dead: set[tuple[str, bool]] = set()
    for level, plan in PROBES:
        for fit in _fits(trial, level, plan, dead):
            asked += 1
            if fit.whole:
                return fit
            if fit.answer.status != "returned":
                refused = refused or fit
                if fit.answer.ended and trial.session.exhausted:
                    return refused
                continue
            if not fit.fits:
                dead.add((str(fit.reading.layout), fit.reading.lists))
            if best is None or fit.key > best.key:
                best = fit
        if best is not None and (best.shaped or (best.usual and (best.agrees or best.near == best.outputs))):
            return best
        progress(f"{level}: {asked} ways of calling it tried")
        if asked > _MOST_PROBES:
            break
    # Arrays of other shapes in an unusual layout tell less than why the usual one is refused.
    return best if best is not None and (best.fits or best.usual or refused is None) else refused


def _fits(trial: Trial, name: str, plan: Plan, dead: set[tuple[str, bool]]) -> Iterator[Fit]:
    """Every way of speaking to the candidate, in one probe."""
    for fixed in _untold(trial):
        maker = replace(trial.maker, fixed={**trial.maker.fixed, **fixed})
        case = maker.case(name, plan)
        if case is None:
            continue
        for base in _bases(trial):
            if (str(base.layout), base.lists) in dead:
                continue
            yield from _asked(trial, case, base, fixed)


def _untold(trial: Trial) -> Iterator[dict[str, Any]]:
    """What an attribute may be that the candidate cannot be told and the layer does not say."""
    names = ("strides", "pads", "kernel_shape")
    free = [a for a in names if a not in trial.maker.fixed and a not in trial.maker.told]
    rank = trial.maker.rank
    if rank and not trial.axes.w and "kernel_shape" in free:
        for k, s in ((2, 2), (3, 3), (3, 2), (2, 1), (3, 1)):
            yield {"kernel_shape": (k,) * rank} | ({"strides": s} if "strides" in free else {})
        return
    yield {}
    if rank and "strides" in free and not trial.axes.w:
        yield {"strides": "kernel"}
    if rank and "pads" in free and trial.axes.w:
        yield {"pads": "same"}


def _bases(trial: Trial) -> Iterator[Reading]:
    axes = trial.axes
    for layout in layouts(axes):
        yield Reading(layout, axes)
    if trial.driver.takes("b") and axes.space:
        usual = list(dict.fromkeys(layout.w for layout in layouts(axes)))[:_USUAL_WEIGHTS]
        for form in BIASES[1:]:
            for layout in layouts(axes):
                if layout.w in usual or "O" not in layout.w:
                    yield Reading(replace(layout, b=form), axes)
    yield Reading(Layout(axes.x, axes.w, "O", axes.y), axes, lists=True)
    if axes.space:
        yield Reading(Layout(axes.space, axes.space if axes.w else "", "O", axes.space), axes, lists=True)


def _asked(trial: Trial, case: Case, base: Reading, fixed: Mapping[str, Any]) -> Iterator[Fit]:
    try:
        inputs = trial.inputs(case, base)
        readings = list(trial.driver.readings(base, inputs, trial.session))
    except Unsayable:
        return
    for reading in readings:
        answer = trial.ask(case, reading)
        reading = replace(reading, order=_order(trial, case, answer, reading))
        seen = [o for o in trial.observed(case, answer, reading).values() if o.actual is not None]
        fits = sum(o.actual is not None and o.actual.shape == o.setting.exact.shape for o in seen)
        # An object that makes its own weights and cannot be told the size of the kernel has one size.
        made = reading.paths and trial.maker.rank and not trial.driver.takes("kernel_shape")
        own = {"kernel_shape": case.attributes["kernel_shape"]} if made else {}
        near = sum(_near(o) for o in seen)
        yield Fit(reading, {**fixed, **own}, near, fits, sum(o.agrees for o in seen), len(seen), answer)


def _near(o: Observed) -> bool:
    exact, actual = o.setting.exact, o.actual
    if actual is None or actual.ndim == exact.ndim:
        return actual is not None
    return actual.size == exact.size and replace(o, actual=actual.reshape(exact.shape)).agrees


def _order(trial: Trial, case: Case, answer: Answer, reading: Reading) -> tuple[str, ...]:
    """What each place of a returned tuple holds, which sizes that differ tell; "" where that is not known."""
    found = trial.driver.outputs(answer, trial.wanted(case, reading), reading) if answer.arrays else None
    places = sorted(k for k in answer.arrays if k.startswith("call0/") and k.rpartition("/")[2].isdigit())
    names = {id(a): n for n, a in (found or {}).items()}
    return tuple(names.get(id(answer.arrays[k]), "") for k in places)

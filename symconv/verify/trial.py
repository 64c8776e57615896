"""Putting cases to a candidate: what it answers, and what that is for each output."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from symconv.verify.arguments import Inputs, Reading, Unsayable, inputs_of
from symconv.verify.cases import Case, Maker
from symconv.verify.compare import Observed
from symconv.verify.dense import Array
from symconv.verify.drivers import Driver
from symconv.verify.isolation import Answer, Session
from symconv.verify.layouts import Axes, arranged, axes_of, restored
from symconv.verify.model import Setting, joined
from symconv.verify.truth import Truth


@dataclass(frozen=True)
class Trial:
    """A candidate, the layer that it is held against, and the cases that can be put to it."""

    driver: Driver
    truth: Truth
    maker: Maker
    outputs: tuple[str, ...]
    session: Session
    settings: dict[tuple[str, str], Setting] = field(default_factory=dict, compare=False)

    @property
    def axes(self) -> Axes:
        return axes_of(self.truth.context)

    def setting(self, name: str, case: Case) -> Setting:
        """An output in a case; what was computed for it is kept."""
        key = (name, case.name)
        if key not in self.settings or self.settings[key].case is not case:
            self.settings[key] = Setting(self.truth, self.truth.outputs[name], case)
        return self.settings[key]

    def inputs(self, case: Case, reading: Reading) -> Inputs:
        """Raises `Unsayable` where the layout, or the candidate, has no way to be told the case."""
        tensors = {n: joined(a, self.truth.context.operand(n)) for n, a in case.tensors.items()}
        if self.driver.takes("y"):
            tensors["y"] = self.setting("y", case).exact
        return inputs_of(case, tensors, reading)

    def ask(self, case: Case, reading: Reading, times: int = 1) -> Answer:
        """The answer to one case, called that many times in a row."""
        try:
            request, arrays = self.driver.request(self.inputs(case, reading), reading, times)
        except Unsayable as error:
            return Answer("raised", str(error))
        return self.session.ask(request, arrays)

    def observed(self, case: Case, answer: Answer, reading: Reading, time: int = 0) -> dict[str, Observed]:
        """What the candidate gave for each output in a case."""
        wanted = self.wanted(case, reading)
        found = self.driver.outputs(answer, wanted, reading, time) if answer.status == "returned" else None
        out = {}
        for n in self.outputs:
            actual = (found or {}).get(n)
            if actual is not None:
                actual = restored(n, actual, reading.layout, self.axes)
                if n == "db" and actual.size == int(np.prod(self.truth.shape("b", case.env))):
                    actual = actual.reshape(-1)
            message = answer.message or ("" if found else "what it returns fits no output")
            out[n] = Observed(self.setting(n, case), actual, message)
        return out

    def wanted(self, case: Case, reading: Reading) -> dict[str, tuple[int, ...]]:
        """The shapes of the outputs as the candidate should give them."""
        shapes = {n: self.setting(n, case).truth.shape(n, case.env) for n in self.outputs}
        whole = {n: joined(np.empty(s), self.truth.context.operand(n)) for n, s in shapes.items()}
        dy = joined(case.tensors["dy"], self.truth.context.operand("y")).shape
        return {n: arranged(n, a, reading.layout, self.axes, dy).shape for n, a in whole.items()}


def answers(trial: Trial, cases: Sequence[Case], reading: Reading, progress: Callable[[str], None]) -> list[Answer]:
    """An answer for every case, from a candidate that has not been asked before."""
    trial.session.restart()
    out = []
    for k, case in enumerate(cases, 1):
        out.append(trial.ask(case, reading))
        progress(f"case {k} of {len(cases)}: {case.name}")
    return out


def gathered(
    trial: Trial, cases: Sequence[Case], given: Sequence[Answer], reading: Reading
) -> dict[str, list[Observed]]:
    """What the candidate gave for each output, case by case; outputs that never came are left out."""
    rows = [trial.observed(c, a, reading) for c, a in zip(cases, given, strict=True)]
    return {n: [row[n] for row in rows] for n in trial.outputs if any(row[n].actual is not None for row in rows)}


def repeated(trial: Trial, cases: Sequence[Case], reading: Reading) -> dict[str, tuple[Array, Array]]:
    """The outputs that differ when the same call is made twice in one process: before and after."""
    trial.session.restart()
    for case in cases:
        answer = trial.ask(case, reading, times=2)
        if answer.status != "returned":
            continue
        first, second = (trial.observed(case, answer, reading, time) for time in (0, 1))
        pairs = {n: (first[n].actual, second[n].actual) for n in trial.outputs}
        return {
            n: (a, b)
            for n, (a, b) in pairs.items()
            if a is not None and b is not None and not np.array_equal(a, b, equal_nan=True)
        }
    return {}

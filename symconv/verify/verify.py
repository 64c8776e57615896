"""`verify`: bind, run the cases in a child, compare, diagnose."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from symconv.ir import Apply, Layer, UserError
from symconv.layers.registry import REGISTRY
from symconv.verify.arguments import asked
from symconv.verify.cases import WINDOW, Case, Maker
from symconv.verify.compare import Observed
from symconv.verify.consistency import consistent
from symconv.verify.diagnose import judged
from symconv.verify.drivers import Driver, Function, Pair, function_driver
from symconv.verify.findings import (
    ending,
    first_end,
    mutated,
    with_endings,
    with_mutations,
    with_repeats,
    with_same_padding,
)
from symconv.verify.formula import formula_of
from symconv.verify.impulse import impulse_of
from symconv.verify.instances import Instance, instance_driver
from symconv.verify.isolation import Answer, Limits, Session
from symconv.verify.layouts import Axes, axes_of
from symconv.verify.native import is_native, native_driver
from symconv.verify.probing import Fit, fitting
from symconv.verify.report import CONVENTIONS, CORRECT, CRASHED, UNSUPPORTED, WRONG, OutputReport, Report
from symconv.verify.shrink import shrunk
from symconv.verify.trial import Trial, answers, gathered, repeated
from symconv.verify.truth import Truth, truth_by_name, truth_of

Candidate = str | Callable[..., Any]
Progress = Callable[[str], None]
_SAME = {"SAME_UPPER": "same", "SAME_LOWER": "same-lower", "VALID": 0}
_COUNTS = ("in_channels", "out_channels", "input_shape", "auto_pad")


@dataclass(frozen=True)
class Options:
    """returns: what a tuple holds. roles: of parameters, where their names do not tell. strict: conventions are wrong.

    progress: told what is being done. signature: of a function in a shared library.
    """

    returns: tuple[str, ...] = ()
    roles: Mapping[str, str] | None = None
    limits: Limits = field(default_factory=Limits)
    strict: bool = False
    progress: Progress = lambda _: None
    signature: str | None = None


def verify(candidate: Candidate | tuple[Candidate, Candidate], layer: Layer, options: Options | None = None) -> Report:
    """The verdict on a candidate: "FILE.py:NAME", a function or class at hand, or a forward and a backward pass.

    Raises `UserError` where the candidate or a parameter of it cannot be understood.
    """
    options = options or Options()
    given: dict[str, Callable[..., Any]] = {}
    targets = [_target(c, given) for c in (candidate if isinstance(candidate, tuple) else (candidate,))]
    loaded = [t for t in targets if not is_native(t)]
    _check_layer(layer)
    with Session(options.limits, given, loaded) as session:
        return _Examination(targets, layer, options, session).report()


def _check_layer(layer: Layer) -> None:
    """`UserError` for a layer whose operands have no usual names and axes, or whose function is not given."""
    named = layer.context.has("x") and layer.result == "y"
    axes = axes_of(layer.context) if named else Axes("", "", "")
    usual = axes.x != "" and all(len(set(a)) == len(a) and set(a) <= _LETTERS for a in (axes.x, axes.w, axes.y))
    if not usual or not set(layer.inputs) <= {"x", "w", "b"}:
        kinds = "convolutions, pools, dense layers and activations of at least one axis"
        raise UserError(f"{layer.name}: verify takes {kinds}")
    if any(e.atoms(Apply) for s in layer.sums for e in s.expressions()):
        raise UserError(f"{layer.name}: say which function, such as --function 'x/(1+exp(-x))'")


_LETTERS = set("NCOIDHW")


def _target(candidate: Candidate, given: dict[str, Callable[..., Any]]) -> str:
    """ "path:name" of a candidate; one at hand is noted in `given`."""
    if callable(candidate):
        target = f":{getattr(candidate, '__name__', 'candidate')}"
        target += "'" * sum(t.rstrip("'") == target for t in given)
        given[target] = candidate
        return target
    path, colon, name = str(candidate).rpartition(":")
    if not colon or not path or not name.isidentifier():
        raise UserError(f"candidate {candidate!r}: give FILE.py:NAME, such as layers.py:conv_backward")
    if not Path(path).is_file():
        raise UserError(f"candidate {candidate!r}: there is no file {path}")
    return f"{Path(path).resolve()}:{name}"


class _Examination:
    """One candidate from its description to the report."""

    def __init__(self, targets: Sequence[str], layer: Layer, options: Options, session: Session) -> None:
        self.targets, self.layer, self.options, self.session = targets, layer, options, session
        self.line = 1

    def report(self) -> Report:
        if is_native(self.targets[0]):
            driver: Driver = native_driver(self.targets[0], self.options.signature, self.options.roles or {})
        else:
            described = [self.session.ask({"describe": t}) for t in self.targets]
            lost = next((a for a in described if a.status != "returned"), None)
            if lost is not None:
                return self._report(CRASHED, {}, notes=(f"{lost.status}: {lost.message}, while it was loaded",))
            driver = self._driver([a.described for a in described])
        self.line = driver.line
        trial, fit = self._fitted(driver)
        if fit is None or fit.answer.status != "returned":
            return self._refused(trial, fit)
        fixed = {**trial.maker.fixed, **fit.fixed}
        forced = {**trial.maker.forced, **dict.fromkeys(fit.reading.missing, 1)}
        told = frozenset(a for a in trial.maker.told if not driver.asks(a) or asked(a, fit.answer.asked))
        maker = replace(trial.maker, told=told, fixed=fixed, forced=forced)
        return self._examined(replace(trial, maker=maker), fit)

    def _driver(self, described: Sequence[Mapping[str, Any]]) -> Driver:
        roles, returns = self.options.roles or {}, self.options.returns
        if len(described) == 2:
            functions = [function_driver(t, d, roles, ()) for t, d in zip(self.targets, described, strict=True)]
            return Pair(functions[0], replace(functions[1], returns=returns))
        (target,), (found,) = self.targets, described
        make = instance_driver if found["kind"] == "class" else function_driver
        return make(target, found, roles, returns)

    def _fitted(self, driver: Driver) -> tuple[Trial, Fit | None]:
        """A class says by its attributes whether it has a bias: without one it is held against the layer without."""
        trial = self._trial(driver, _has_bias(driver))
        fit = fitting(trial, self.options.progress)
        if not isinstance(driver, Instance) or fit is None or "b" not in trial.truth.layer.inputs:
            return trial, fit
        if "b" in fit.reading.paths or driver.takes("b"):
            return trial, fit
        without = self._trial(driver, False)
        return without, fitting(without, self.options.progress)

    def _trial(self, driver: Driver, bias: bool) -> Trial:
        truth, fixed = symbolic(self.layer, bias)
        rank = (REGISTRY[self.layer.name].rank or 0) if self.layer.name in REGISTRY else 0
        told = frozenset(a for a in WINDOW if driver.takes(a))
        # A pool has as many channels after as before it.
        ones = driver.ones if truth.context.has("w") else driver.ones - {"O"}
        outputs = tuple(driver.gives(list(truth.outputs)))
        forced = {**_counts(self.layer), **dict.fromkeys(ones, 1)}
        return Trial(driver, truth, Maker(truth, told, fixed, rank, forced), outputs, self.session)

    def _examined(self, trial: Trial, fit: Fit) -> Report:
        self.session.crashes = 0
        cases = _distinct(trial.maker.cases())
        given = answers(trial, cases, fit.reading, self.options.progress)
        observed = gathered(trial, cases, given, fit.reading)
        passing = [c for c, a in zip(cases, given, strict=True) if a.status == "returned"]
        changing = repeated(trial, passing[:1], fit.reading)
        outputs = {n: judged(o, explain=n not in changing) for n, o in observed.items()}
        outputs = with_repeats(outputs, changing)
        outputs = with_mutations(with_same_padding(outputs, observed), given)
        outputs = {n: self._completed(n, o, observed[n], trial, fit) for n, o in outputs.items()}
        outputs = with_endings(outputs, given, trial.outputs)
        if self.options.strict:
            outputs = {n: replace(o, verdict=WRONG) if o.verdict == CONVENTIONS else o for n, o in outputs.items()}
        return self._report(_overall(outputs, given), outputs, str(fit.reading), _notes(given, observed, trial, fit))

    def _completed(self, name: str, o: OutputReport, seen: Sequence[Observed], trial: Trial, fit: Fit) -> OutputReport:
        """What is worth the time only where something is wrong: the smallest case, the formula, a picture."""
        failing = [s for s in seen if s.actual is not None and not s.agrees]
        if not failing:
            return o
        self.options.progress(f"looking for the smallest case in which {name} is wrong")
        first = min(failing, key=lambda s: s.setting.case.size)
        smallest = shrunk(trial, fit.reading, first)
        o = replace(
            o,
            counterexample=smallest.example,
            formula=formula_of(trial.truth.layer, name, smallest.case.attributes),
            consistent=consistent(trial, fit.reading, smallest.case, name),
        )
        return replace(o, impulse=impulse_of(trial, fit.reading, first.setting.case, name)) if not o.causes else o

    def _refused(self, trial: Trial, fit: Fit | None) -> Report:
        """It never returned: the first message says why."""
        answer = fit.answer if fit is not None else Answer("raised", "none of the cases fits it")
        verdict = CRASHED if answer.ended else UNSUPPORTED
        outputs = {n: OutputReport(verdict, unsupported=1, message=answer.message) for n in trial.outputs}
        if answer.ended:
            outputs = {n: replace(o, causes=(ending(answer),)) for n, o in outputs.items()}
        hint = "" if answer.ended else f" ({_UNFIT})"
        words = trial.driver.words()
        read = (f"read as: {words}",) if words else ()
        return self._report(verdict, outputs, notes=(f"{answer.status}: {answer.message}{hint}", *read))

    def _report(
        self, verdict: str, outputs: Mapping[str, OutputReport], layout: str = "", notes: tuple[str, ...] = ()
    ) -> Report:
        path, _, name = self.targets[-1].rpartition(":")
        names = " and ".join(t.rpartition(":")[2] for t in self.targets)
        shown = f"{_near(path)}:{names}" if path else name
        return Report(shown, self.layer.name, verdict, outputs, layout, notes, _near(path), self.line)


_UNFIT = (
    "a size of its own is settled by --kernel-shape, --strides, --in-channels or --out-channels, a parameter that was "
    "misread by --bind NAME=ROLE"
)


def _counts(layer: Layer) -> dict[str, int]:
    """Channels and filters of one group, where the layer says their number."""
    given = dict(layer.attributes)
    group = given.get("group", 1)
    counts = {"C": given.get("in_channels"), "O": given.get("out_channels")}
    if not isinstance(group, int):
        return {}
    return {n: v // group for n, v in counts.items() if isinstance(v, int) and not isinstance(v, bool)}


def _near(path: str) -> str:
    """A path from where we are, if it lies below."""
    here = Path.cwd()
    return str(Path(path).relative_to(here)) if path and Path(path).is_relative_to(here) else path


def _has_bias(driver: Driver) -> bool:
    """A forward pass that takes no bias is held against the layer without one."""
    if isinstance(driver, Function):
        return driver.takes("b") or driver.binding.backward
    if isinstance(driver, Pair):
        return driver.forward.takes("b")
    return True


def symbolic(layer: Layer, bias: bool) -> tuple[Truth, dict[str, Any]]:
    """The layer with symbols for its window, and the numbers that were given for it."""
    given = dict(layer.attributes)
    fixed = {n: v for n, v in given.items() if n in WINDOW and not isinstance(v, str)}
    mode = str(given.get("auto_pad") or "NOTSET").upper()
    if mode in _SAME:
        fixed["pads"] = _SAME[mode]
    kept = {n: v for n, v in given.items() if n not in (*WINDOW, *_COUNTS)}
    entry = REGISTRY.get(layer.name)
    if entry is None:
        return truth_of(layer), fixed
    if "bias" in entry.attributes:
        kept = {"bias": int(bias), **kept}
    if "p" in entry.attributes:
        kept = {"p": 2, **kept}
    return truth_by_name(layer.name, tuple(kept.items())), fixed


def _distinct(cases: Any) -> list[Case]:
    """Without those that are the same in every number."""
    seen: dict[Any, Case] = {}
    for c in cases:
        seen.setdefault((tuple(sorted((s.name, v) for s, v in c.env.items())), c.plan.values), c)
    return list(seen.values())


def _overall(outputs: Mapping[str, OutputReport], given: Sequence[Answer]) -> str:
    if first_end(given) is not None:
        return CRASHED
    verdicts = {o.verdict for o in outputs.values()}
    return next((v for v in (WRONG, UNSUPPORTED, CONVENTIONS) if v in verdicts), CORRECT if outputs else UNSUPPORTED)


def _notes(
    given: Sequence[Answer], observed: Mapping[str, Sequence[Observed]], trial: Trial, fit: Fit
) -> tuple[str, ...]:
    changed, ended = mutated(given), first_end(given)
    out = [f"input-mutated: it overwrites {', '.join(changed)}"] if changed else []
    out += [f"{ended.status}: {ended.message}"] if ended is not None else []
    words = trial.driver.words()
    out += [f"read as: {words}"] if words else []
    out += [f"{name} taken to be {value}" for name, value in fit.fixed.items()]
    out += [f"{path} holds {name}" for name, path in fit.reading.paths.items() if path != name]
    single = any(o.precision is not None and o.precision > 1e-10 for row in observed.values() for o in row)
    out += ["it computes in single precision"] if single else []
    return tuple(out)

"""The strategy: which rule when, so that the lines come out in the article's order.

    input gradient   chain rule, region Q, outputs to taps, [inner derivative], substitute, discharge, zero extension,
                     phases (stride > 1) or reindex (stride 1)                                   Eqs. 16-20, 22
    weight gradient  chain rule, [inner derivative], substitute, discharge                       Eqs. 10-13

Both are the same list; a step that changes nothing is left out. Nothing here knows what kind of layer it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import sympy as sp

from symconv.derive.differentiate import chain_rule, forward_at, inner_partial, no_gradient, open_partial
from symconv.derive.phases import by_residue
from symconv.derive.rules import Rule, attempt, discharge, extend_by_zero, reindex, sift_all, then
from symconv.derive.support import outputs_to_taps, restrict
from symconv.ir import (
    Context,
    Derivation,
    Divides,
    Equal,
    Given,
    IndexedSum,
    Layer,
    Move,
    NotApplicable,
    Partial,
    Quot,
    Role,
    Section,
    Step,
)
from symconv.ir.affine import coefficient

Numbers = Mapping[str, str]


def derive(layer: Layer, wrt: str, numbers: Numbers | None = None) -> Derivation:
    """The gradient of a layer with respect to operand `wrt`, step by step.

    numbers: the article's equation number of a step, by rule name, where the layer is the article's own.
    Raises `UserError` where the layer has no such gradient. Every adjoint that stands between the result and
    `wrt` is derived first, in reverse order of evaluation: this is the delta recursion.
    """
    layer.check_input(wrt)
    targets = adjoint_order(layer, wrt)
    return Derivation(layer, wrt, tuple(section_for(layer, target, numbers or {}) for target in targets))


def adjoint_order(layer: Layer, wrt: str) -> tuple[str, ...]:
    """The operands whose adjoints are needed, the result's own excepted, last one `wrt`."""
    reached = _depend_on(layer, wrt)
    written = [s.result.name for s in layer.sums]
    order = [n for n in dict.fromkeys(reversed(written)) if n in reached and n not in (layer.result, wrt)]
    return (*order, wrt)


def _depend_on(layer: Layer, name: str) -> set[str]:
    """Operands through which the result depends on `name`."""
    reached = {name}
    for s in layer.sums:
        if reached & {a.name for a in s.reads()}:
            reached.add(s.result.name)
    return reached


def consumers(layer: Layer, name: str) -> tuple[str, ...]:
    """The operands that are computed from `name` directly, last one first."""
    found = [s.result.name for s in layer.sums if any(a.name == name for a in s.reads())]
    return tuple(dict.fromkeys(reversed(found)))


def section_for(layer: Layer, target: str, numbers: Numbers) -> Section:
    """The lines that lead to the adjoint of `target`, inner derivatives among them."""
    line = _Lines(numbers)
    outputs = consumers(layer, target)
    if not outputs:
        line.define("chain rule", f"E does not depend on {target}", [no_gradient(layer, target)])
        return Section(layer.context.adjoint(target), tuple(line.steps))
    starts = [chain_rule(layer, output, target) for output in outputs]
    line.define("chain rule", f"E depends on {target} through every entry of {_names(outputs)}", starts)
    line.apply(
        "region",
        "outside the region Q the derivative is zero: no tap joins that output to this entry",
        lambda s: restrict(s, layer),
        condition="strides and dilations are at least 1",
    )
    line.apply(
        "outputs to taps",
        "each output in Q is met by exactly one tap: sum over taps instead of outputs",
        lambda s: outputs_to_taps(s, layer),
    )
    lemmas = tuple(lemma for s in line.sums for lemma in inner_derivative(layer, s, numbers))
    line.apply("substitute", "put the inner derivative into the sum", lambda s: _open_and_sift(s, layer), lemmas=lemmas)
    line.apply("discharge", "these conditions hold wherever the indices range", discharge)
    for output in outputs:
        line.apply(
            "zero extension",
            f"read {layer.context.adjoint(output)} as zero outside its box: its range condition can go",
            partial(extend_by_zero, name=layer.context.adjoint(output), context=layer.context),
        )
    line.apply("phases", "split by remainder: within one residue class no divisibility is left", by_residue)
    if all(not _strided(s) for s in line.sums):
        line.apply(
            "reindex",
            "run through the taps backwards: a cross-correlation with the rotated kernel",
            partial(flip_taps, context=layer.context),
        )
    return Section(layer.context.adjoint(target), tuple(line.steps))


def _names(names: Sequence[str]) -> str:
    return " and ".join(names)


def inner_derivative(layer: Layer, s: IndexedSum, numbers: Numbers) -> tuple[Section, ...]:
    """dy[..]/dA[..] on its own: insert the forward formula, differentiate to deltas, sift (Eqs. 11-12, 18-19)."""
    if not s.summand.atoms(Partial):
        return ()
    lemma = inner_partial(s, layer.context)
    line = _Lines({rule[6:]: n for rule, n in numbers.items() if rule.startswith("inner ")})
    line.define("derivative", "one output by one entry", [lemma])
    line.apply(
        "forward formula",
        "insert the forward formula; the derivative of an entry by an entry is a delta",
        lambda x: open_partial(x, layer),
        given=forward_at(lemma, layer),
    )
    line.apply("sift", "the deltas leave one term of the sum", lambda x: sift_all(x, _taps_first(x)))
    line.apply("discharge", "these conditions hold wherever the indices range", discharge)
    return (Section(lemma.result.name, tuple(line.steps)),)


def _open_and_sift(s: IndexedSum, layer: Layer) -> Move:
    """What the lemma showed, inside the sum; the ranges of the sifted indices were discharged there already."""
    return then(open_partial(s, layer), lambda x: then(sift_all(x, _outputs_first(s)), discharge))


def _outputs_first(outer: IndexedSum) -> Callable[[Sequence[sp.Symbol]], Sequence[sp.Symbol]]:
    """Solve a delta for an output that is summed over as such, else for an index of the forward formula."""
    results, outer_indices = outer.result.free_symbols, set(outer.indices)
    outputs = {e for a in outer.reads() for e in a.indices}

    def rank(i: sp.Symbol) -> int:
        return 0 if i in outputs else 2 if i in outer_indices else 1

    return lambda candidates: sorted((i for i in candidates if i not in results), key=rank)


def _taps_first(lemma: IndexedSum) -> Callable[[Sequence[sp.Symbol]], Sequence[sp.Symbol]]:
    """In the lemma the outputs are given, so that only summed indices can be solved for."""
    results = lemma.result.free_symbols
    return lambda candidates: [i for i in candidates if i not in results]


def flip_taps(s: IndexedSum, context: Context) -> Move:
    """m -> lo + hi - m for every summed index that an adjoint is read with coefficient -a < 0 in"""
    move = Move.same(s)
    for i in flipped(s, context):
        move = then(move, attempt(partial(reindex, i=i)))
    if move.after == (s,):
        raise NotApplicable("no tap runs backwards")
    return move


def flipped(s: IndexedSum, context: Context) -> tuple[sp.Symbol, ...]:
    """The summed indices along which some adjoint is read backwards: why a kernel is flipped."""
    reads = [e for a in s.reads() if context.operand(a.name).role is Role.ADJOINT for e in a.indices]
    return tuple(r.index for r in s.reduced if any(_runs_backwards(e, r.index) for e in reads))


def _runs_backwards(e: sp.Expr, i: sp.Symbol) -> bool:
    try:
        a, _ = coefficient(e.num if isinstance(e, Quot) else e, i)
    except NotApplicable:
        return False
    return (-a).is_positive is True


def _strided(s: IndexedSum) -> bool:
    return any(isinstance(g, (Divides, Equal)) for g in s.guards) or not all(i.is_Symbol for i in s.result.indices)


@dataclass
class _Lines:
    """The lines of one section while it is being written: the current sums and the steps so far."""

    numbers: Numbers
    sums: list[IndexedSum] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)

    def define(self, rule: str, reason: str, sums: list[IndexedSum]) -> None:
        """The first line: it says what is to be found, and claims nothing."""
        self.sums = sums
        moves = tuple(map(Move.same, sums))
        self.steps.append(Step(rule, reason, moves, equation=self.numbers.get(rule, ""), definition=True))

    def apply(
        self,
        name: str,
        reason: str,
        rule: Rule,
        condition: str = "",
        given: tuple[Given, ...] = (),
        lemmas: tuple[Section, ...] = (),
    ) -> None:
        """Rewrite every current sum; a line that changes nothing is not written."""
        moves = tuple(attempt(rule)(s) for s in self.sums)
        after = [s for m in moves for s in m.after]
        if after != self.sums:
            number = self.numbers.get(name, "")
            self.steps.append(Step(name, reason, moves, condition, number, given=given, lemmas=lemmas))
            self.sums = after

"""Is a corrupted derivation harmless all the same? Every line is evaluated, at several sizes, by the exact interpreter.

Partial derivatives are read from tables of differences of the layer's own statements, adjoints from differences of the
whole layer: no rule is asked.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import product
from typing import Any

from symconv.ir import Access, Derivation, IndexedSum, Partial, Section, UndefinedRead, evaluate
from tests.truth.sizes import admitted, value

H = Fraction(1, 1000)
POINTS = 5
Tensors = dict[str, Any]


def harmless(right: Derivation, changed: Derivation) -> bool:
    """All lines are equal to the line before, inserted formulas are as they were, and the last line is the gradient.

    Where the layer was changed, it is the gradient of that layer.
    """
    shown = {g for x in right.sections for s in x.steps for g in s.given}
    if not all(g in shown for x in changed.sections for s in x.steps for g in s.given):
        return False
    if not changed.sections or not all(s.steps for s in changed.sections):
        return False
    rng = random.Random(0)
    return all(_harmless_at(changed, admitted(changed.layer.context, rng), rng) for _ in range(POINTS))


def _harmless_at(d: Derivation, sizes: dict[str, int], rng: random.Random) -> bool:
    layer = d.layer
    tensors = _operands(d, sizes, rng)
    state = evaluate(layer.statements, layer.context, sizes, tensors)
    state |= _adjoints(d, sizes, tensors, state, rng)
    state |= {
        layer.context.derivative(out, inn): _partials(d, sizes, state, out, inn)
        for out, inn in {(p.out.name, p.inn.name) for s in _all_sums(d) for p in s.summand.atoms(Partial)}
    }
    wanted = layer.context.adjoint(d.wrt)
    if d.sections[-1].target != wanted or d.result[0].result.name != wanted:
        return False
    return all(_true_section(s, d, sizes, state) for s in d.sections)


def _true_section(section: Section, d: Derivation, sizes: dict[str, int], state: Tensors) -> bool:
    """Are all lines equal to the first one, and that to the operand that the section is about?"""
    lines = [line for step in section.steps for line in (step.before, step.after)]
    known = state.get(section.target)
    for line in lines:
        found = _value(line, d, sizes, state, section.target)
        if found is None:
            return False
        if known is None:
            known = found
        if set(found) != set(known) or any(not _near(found[p], known[p]) for p in known):
            return False
    return all(_true_lemma(x, d, sizes, state) for s in section.steps for x in s.lemmas)


def _true_lemma(lemma: Section, d: Derivation, sizes: dict[str, int], state: Tensors) -> bool:
    """A lemma's lines are equal to each other, and start from the derivative itself."""
    if not lemma.steps or not all(s.summand.atoms(Partial) for s in lemma.steps[0].before):
        return False
    return _true_section(lemma, d, sizes, {k: v for k, v in state.items() if k != lemma.target} | {"": state})


def _value(line: Sequence[IndexedSum], d: Derivation, sizes: dict[str, int], state: Tensors, target: str) -> Any:
    """The line as a table of the target; None where it is not defined, or writes something else."""
    context = d.layer.context
    whole = state.get("", state)
    opened = [s.with_(summand=s.summand.xreplace(_opened(s, context)), result=_out(s.result)) for s in line]
    if not line or any(s.result.name != target for s in line):
        return None
    try:
        tensors = {k: v for k, v in whole.items() if k}
        return evaluate(opened, _with_out(context, target), sizes, tensors)[_OUT]
    except (UndefinedRead, ArithmeticError, KeyError, TypeError, ValueError):
        return None


_OUT = "out"


def _out(a: Access) -> Access:
    return Access(_OUT, *a.indices)


def _with_out(context: Any, target: str) -> Any:
    from dataclasses import replace

    o = replace(context.operand(target), name=_OUT)
    return replace(context, operands=(*context.operands, o))


def _opened(s: IndexedSum, context: Any) -> dict[Any, Access]:
    return {
        p: Access(context.derivative(p.out.name, p.inn.name), *p.out.indices, *p.inn.indices)
        for p in s.summand.atoms(Partial)
    }


def _all_sums(d: Derivation) -> list[IndexedSum]:
    steps = [s for x in d.sections for s in (*x.steps, *(y for t in x.steps for z in t.lemmas for y in z.steps))]
    return [s for step in steps for s in (*step.before, *step.after)]


def _box(context: Any, name: str, sizes: Mapping[str, int]) -> list[tuple[int, ...]]:
    return list(product(*(range(value(e, sizes)) for e in context.shape(name))))


def _operands(d: Derivation, sizes: dict[str, int], rng: random.Random) -> Tensors:
    """Distinct values, positive so that roots and logarithms are defined."""
    written = {s.result.name for s in d.layer.statements}
    names = [o.name for o in d.layer.context.operands if o.name not in written]
    return {n: {p: Fraction(rng.randint(20, 2000), 211) for p in _box(d.layer.context, n, sizes)} for n in names}


def _adjoints(d: Derivation, sizes: dict[str, int], tensors: Tensors, state: Tensors, rng: random.Random) -> Tensors:
    """dE/dA of every operand, E = sum_p R[p] y[p], by differences."""
    layer, context = d.layer, d.layer.context
    weights = {p: Fraction(rng.choice((-1, 1)) * rng.randint(1, 99), 7) for p in state[layer.result]}
    out = {context.adjoint(layer.result): weights}

    def error(name: str, point: tuple[int, ...], step: Fraction) -> Any:
        moved = {**state, name: {**state[name], point: state[name][point] + step}}
        later = [s for s in layer.statements if s.result.name != name]
        given = {k: v for k, v in moved.items() if k in tensors or k == name}
        y = evaluate(later, context, sizes, given)[layer.result]
        return sum(weights[p] * y[p] for p in y)

    for name in (o.name for o in context.operands if o.name != layer.result and o.name in state):
        out[context.adjoint(name)] = {p: (error(name, p, H) - error(name, p, -H)) / (2 * H) for p in state[name]}
    return out


def _partials(d: Derivation, sizes: dict[str, int], state: Tensors, out: str, inn: str) -> Any:
    """d out / d inn through the statements that write `out`, everything else being fixed."""
    layer, context = d.layer, d.layer.context
    own = [s for s in layer.statements if s.result.name == out]

    def at(point: tuple[int, ...], step: Fraction) -> Any:
        moved = {k: v for k, v in state.items() if k != out}
        moved[inn] = {**state[inn], point: state[inn][point] + step}
        return evaluate(own, context, sizes, moved)[out]

    table = {}
    for q in state[inn]:
        up, down = at(q, H), at(q, -H)
        table |= {(*p, *q): (up[p] - down[p]) / (2 * H) for p in up}
    return table


def _near(a: Any, b: Any) -> bool:
    return bool(abs(float(a) - float(b)) <= 1e-3 * max(1.0, abs(float(a)), abs(float(b))))

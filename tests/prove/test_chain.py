"""Derivations whose lines are each fine by themselves and do not hang together: the whole is never called proved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache, partial

import pytest
import sympy as sp

from symconv.derive import derive
from symconv.ir import Derivation, IndexedSum, Layer, Move, Partial, Step
from symconv.layers import build_layer
from symconv.layers.convolution import conv
from symconv.layers.stack import stack
from symconv.prove.chain import check_order
from symconv.prove.ledger import Failed
from symconv.prove.prover import prove_derivation
from symconv.prove.verdict import ProvedDerivation

Count = Callable[[str, int], None]
Edit = Callable[[IndexedSum], IndexedSum]
ONE = {"group": 1, "in_channels": 1, "out_channels": 1, "bias": 0}


def stacked() -> Layer:
    padded = conv(1, kernel_shape=3, strides=1, dilations=1, pads=(1, 1), **ONE)
    strided = conv(1, kernel_shape=2, strides=2, dilations=1, pads=(0, 0), **ONE)
    return stack([padded, build_layer("tanh", {"rank": 3}), strided])


LAYERS: dict[str, tuple[Callable[[], Layer], str]] = {
    "stride 1 by x": (partial(conv, 1, strides=1, dilations=1, pads=(1, 1), **ONE), "x"),
    "stride 1 by w": (partial(conv, 1, strides=1, dilations=1, pads=(1, 1), **ONE), "w"),
    "stride 2 by x": (partial(conv, 1, kernel_shape=3, strides=2, dilations=1, pads=(1, 1), **ONE), "x"),
    "network by w": (
        partial(build_layer, "formula", {"formula": "h[i] = sum(k) w[k]*x[i + k]; y[j] = sum(m) v[m]*h[j + m]**2"}),
        "w",
    ),
    "stack by x": (stacked, "x"),
}


@cache
def derivation(name: str) -> Derivation:
    make, wrt = LAYERS[name]
    return derive(make(), wrt)


def edited(move: Move, f: Edit) -> Move:
    """Every sum of a move, of what follows it, and of its beginning."""
    pieces = (replace(p, after=f(p.after), next=p.next and edited(p.next, f)) for p in move.pieces)
    return Move(f(move.before), tuple(pieces))


def ended(move: Move, f: Edit) -> Move:
    """What a move ends in."""
    pieces = (
        replace(p, next=ended(p.next, f)) if p.next is not None else replace(p, after=f(p.after)) for p in move.pieces
    )
    return Move(move.before, tuple(pieces))


def begun(move: Move, f: Edit) -> Move:
    """What a move begins with."""
    return replace(move, before=f(move.before))


def step_with(step: Step, change: Callable[[Move, Edit], Move], f: Edit) -> Step:
    return replace(step, moves=tuple(change(m, f) for m in step.moves))


def times(factor: sp.Expr | int) -> Edit:
    return lambda s: s.with_(summand=factor * s.summand)


def with_steps(d: Derivation, k: int, *steps: Step) -> Derivation:
    return replace(d, sections=(*d.sections[:k], replace(d.sections[k], steps=steps), *d.sections[k + 1 :]))


def every_line(d: Derivation) -> Iterator[tuple[int, int, tuple[Step, ...]]]:
    """(section, position, the steps of the section)"""
    for k, section in enumerate(d.sections):
        for n in range(len(section.steps)):
            yield k, n, section.steps


# The corruptions. Each yields derivations that claim something wrong, or that do not show what they claim.


def a_line_left_out(d: Derivation) -> Iterator[Derivation]:
    """Without the last line of a section what is left is a derivation, of another form of the gradient."""
    for k, n, steps in every_line(d):
        if n + 1 < len(steps):
            yield with_steps(d, k, *steps[:n], *steps[n + 1 :])


def lines_reversed(d: Derivation) -> Iterator[Derivation]:
    for k, section in enumerate(d.sections):
        yield with_steps(d, k, *section.steps[::-1])
        yield with_steps(d, k, section.steps[0], *section.steps[:0:-1])


def only_the_last_line(d: Derivation) -> Iterator[Derivation]:
    for k, section in enumerate(d.sections):
        last = section.steps[-1]
        yield with_steps(d, k, last)
        yield with_steps(d, k, section.steps[0], last)
        for definition in (False, True):
            granted = replace(last, moves=tuple(map(Move.same, last.after)), definition=definition, given=(), lemmas=())
            yield with_steps(d, k, granted)


def a_line_of_another_sum(d: Derivation) -> Iterator[Derivation]:
    """A middle line is a true step, of -7 times the sum."""
    for k, n, steps in every_line(d):
        if 0 < n < len(steps) - 1:
            yield with_steps(d, k, *steps[:n], step_with(steps[n], edited, times(-7)), *steps[n + 1 :])


def the_chain_rule_five_times(d: Derivation) -> Iterator[Derivation]:
    """In the first line, up to every later one, and from every line on."""
    for k, n, steps in every_line(d):
        many = tuple(step_with(s, edited, times(5)) for s in steps)
        yield with_steps(d, k, *many[: n + 1], *steps[n + 1 :])
        yield with_steps(d, k, *steps[:n], *many[n:])
        if n + 1 < len(steps):
            yield with_steps(d, k, *many[:n], step_with(many[n], ended, times(sp.Rational(1, 5))), *steps[n + 1 :])


def an_inserted_formula_three_times(d: Derivation) -> Iterator[Derivation]:
    """In the section itself, and in its lemmas."""
    for k, n, steps in every_line(d):
        for changed in tripled(steps[n]):
            yield with_steps(d, k, *steps[:n], changed, *steps[n + 1 :])


def tripled(step: Step) -> Iterator[Step]:
    for i, given in enumerate(step.given):
        piece = replace(given.piece, after=times(3)(given.piece.after))
        yield replace(step, given=(*step.given[:i], replace(given, piece=piece), *step.given[i + 1 :]))
    for i, lemma in enumerate(step.lemmas):
        for n, line in enumerate(lemma.steps):
            for changed in tripled(line):
                new = replace(lemma, steps=(*lemma.steps[:n], changed, *lemma.steps[n + 1 :]))
                yield replace(step, lemmas=(*step.lemmas[:i], new, *step.lemmas[i + 1 :]))


def a_section_dropped(d: Derivation) -> Iterator[Derivation]:
    for k in range(len(d.sections)):
        yield replace(d, sections=(*d.sections[:k], *d.sections[k + 1 :]))
    if len(d.sections) > 1:
        yield replace(d, sections=d.sections[::-1])


def a_boundary_dropped(d: Derivation) -> Iterator[Derivation]:
    """A condition, a bound or a zero outside is gone between two lines: in the next line alone, or from there on."""
    for k, n, steps in every_line(d):
        for m, move in enumerate(steps[n].moves if n else ()):
            for lost in without_a_boundary(move.before):
                now = replace(steps[n], moves=(*steps[n].moves[:m], begun(move, lost), *steps[n].moves[m + 1 :]))
                yield with_steps(d, k, *steps[:n], now, *steps[n + 1 :])
                late = tuple(step_with(s, edited, lost) for s in steps[n:])
                if late != steps[n:]:
                    yield with_steps(d, k, *steps[:n], *late)


def without_a_boundary(s: IndexedSum) -> Iterator[Edit]:
    for g in s.guards:
        yield lambda x, g=g: x.with_(guards=tuple(h for h in x.guards if h != g))
    for name in s.extended:
        yield lambda x, name=name: x.with_(extended=x.extended - {name})
    for r in s.ranges:
        wide = replace(r, uppers=(*r.uppers[:-1], r.uppers[-1] + 1))
        yield lambda x, r=r, wide=wide: x.with_(ranges=tuple(wide if y == r else y for y in x.ranges))


def the_derivative_not_a_factor(d: Derivation) -> Iterator[Derivation]:
    """dE/dy (dy/dA)^2 is no sum of terms of the chain rule, nor dE/dy (2 - dy/dA)."""
    for k, n, steps in every_line(d):
        if n and n + 1 < len(steps) and any(s.summand.has(Partial) for s in steps[n].after):
            for f in (lambda p: p**2, lambda p: 2 - p, lambda p: (1 + p) * (2 - p) / 2):
                lines = step_with(steps[n], ended, on_partials(f)), step_with(steps[n + 1], begun, on_partials(f))
                yield with_steps(d, k, *steps[:n], *lines, *steps[n + 2 :])


def on_partials(f: Callable[[sp.Expr], sp.Expr]) -> Edit:
    return lambda s: s.with_(summand=s.summand.xreplace({p: f(p) for p in s.summand.atoms(Partial)}))


CORRUPTIONS = [
    a_line_left_out,
    lines_reversed,
    only_the_last_line,
    a_line_of_another_sum,
    the_chain_rule_five_times,
    an_inserted_formula_three_times,
    a_section_dropped,
    a_boundary_dropped,
    the_derivative_not_a_factor,
]


def proved(found: ProvedDerivation) -> bool:
    return found.gradient.proved and all(p.verdict in ("proved", "definition") for p in found.steps)


@pytest.mark.parametrize("name", LAYERS)
def test_the_right_derivation_is_proved(name: str) -> None:
    """So that what is caught below is caught for its corruption."""
    d = derivation(name)
    assert proved(prove_derivation(d))
    assert all(len(s.steps) >= 2 for s in d.sections)
    assert (len(d.sections) > 1) is (name in ("network by w", "stack by x"))


@pytest.mark.parametrize("corrupt", CORRUPTIONS, ids=lambda f: f.__name__)
def test_a_corrupted_chain_is_never_proved(
    corrupt: Callable[[Derivation], Iterator[Derivation]], count_cases: Count
) -> None:
    """The verdict on the gradient is another one, and a line, or the order of the sections, is what is blamed."""
    tally: Counter[str] = Counter()
    for name in LAYERS:
        right = derivation(name)
        for d in corrupt(right):
            if d == right:
                continue
            found = prove_derivation(d)
            assert not found.gradient.proved, name
            assert found.gradient.reason or found.gradient.counterexample, name
            assert not all(p.verdict in ("proved", "definition") for p in found.steps) or out_of_order(d), name
            tally["corrupted chains"] += 1
            tally[f"corrupted chains {found.gradient.verdict}"] += 1
    assert tally["corrupted chains"] >= 3
    for what, n in tally.items():
        count_cases(what, n)


def out_of_order(d: Derivation) -> bool:
    try:
        check_order(d)
    except Failed:
        return True
    return False

"""Thousands of planted mistakes in the moves of real derivations: none of them is ever called proved.

A corrupted move that is still right (an equivalent mutant, such as a bound that another bound implies) may be proved;
then both sides must agree by brute force at all small sizes.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cache, partial

import pytest
import sympy as sp

from symconv.article import layers as article
from symconv.derive import derive
from symconv.ir import (
    Access,
    Between,
    Derivation,
    Divides,
    Equal,
    Guard,
    IndexedSum,
    Layer,
    Move,
    Piece,
    Range,
    Section,
    Unknown,
)
from symconv.layers.convolution import conv, conv_transpose
from symconv.prove.chain import lines_of
from symconv.prove.ledger import Ledger
from symconv.prove.prover import opened, prove_gradient, prove_line
from symconv.prove.verdict import Proof
from tests.brute_force import Sizes, Weighed, first_difference, small_sizes

Count = Callable[[str, int], None]
Mutant = tuple[str, Move]
ONE = {"group": 1, "out_channels": 1, "bias": 0}
LINE = {**ONE, "input_shape": (1, 1, "W")}
# Mistakes of one line's move that are tried, every kind of them at least once.
MOST = 20

LAYERS: dict[str, Callable[[], Layer]] = {
    "stride 1": partial(conv, 1, strides=1, dilations=1, **LINE),
    "stride 1, no pads": partial(conv, 1, strides=1, dilations=1, pads=0, **LINE),
    "stride 2": partial(conv, 1, strides=2, dilations=1, **LINE),
    "stride 3, kernel 2": partial(conv, 1, strides=3, dilations=1, kernel_shape=2, **LINE),
    "dilation 2": partial(conv, 1, strides=1, dilations=2, pads=1, **LINE),
    "stride 2, dilation 2": partial(conv, 1, strides=2, dilations=2, **LINE),
    "stride 3, dilation 2, groups": partial(
        conv, 1, strides=3, dilations=2, pads=(1, 2), bias=0, group=2, out_channels=4, input_shape=("N", 2, "W")
    ),
    "stride 1 x 2": partial(conv, 2, strides=(1, 2), dilations=1, pads=1, **ONE, input_shape=(1, 1, "H", "W")),
    "any stride and dilation": partial(conv, 1, **LINE),
    "transposed, stride 2": partial(
        conv_transpose, 1, strides=2, dilations=1, pads=1, kernel_shape=3, in_channels=1, **ONE
    ),
    "Eq. 18": article.deltas_layer,
}


@cache
def derivation(name: str, wrt: str) -> Derivation:
    return derive(LAYERS[name](), wrt)


def mutants(move: Move) -> Iterator[Mutant]:
    """Every single mistake in one move, each with its name."""
    for k, piece in enumerate(move.pieces):
        for name, changed in (*_changed_sums(piece), *_changed_witnesses(piece)):
            yield name, Move(move.before, (*move.pieces[:k], changed, *move.pieces[k + 1 :]))
        yield "a piece dropped", Move(move.before, (*move.pieces[:k], *move.pieces[k + 1 :]))
        yield "a piece twice", Move(move.before, (*move.pieces, piece))


def some(all_of_them: Iterable[Mutant], seed: str) -> list[Mutant]:
    """At most `MOST` mutants, and one of every kind."""
    shuffled = sorted(all_of_them, key=lambda m: m[0])
    random.Random(seed).shuffle(shuffled)
    one_each = list({name: (name, move) for name, move in shuffled}.values())
    rest = [m for m in shuffled if all(m is not o for o in one_each)]
    return one_each + rest[: max(0, MOST - len(one_each))]


def _changed_sums(piece: Piece) -> Iterator[tuple[str, Piece]]:
    s = piece.after
    if s.summand == 0:
        return
    for name, build in _edits(s):
        try:
            changed = build()
        except ValueError:  # the nouns refuse it already
            continue
        if changed != s:
            yield name, _carried_on(replace(piece, after=changed))
    for r in s.reduced:  # the same wrong shift everywhere: in the sum, in its witness and in its inverse
        moved = {r.index: r.index + 1}
        bare = s.with_(ranges=tuple(x for x in s.ranges if x.index != r.index)).substitute(moved)
        old = {r.index: r.index + 1, **{i: e.xreplace(moved) for i, e in piece.witness}}
        back = dict(piece.inverse)
        new = {**back, r.index: back.get(r.index, r.index) - 1}
        shifted = replace(piece, after=bare.with_(ranges=s.ranges), witness=tuple(old.items()))
        yield "a change of index off by one", _carried_on(replace(shifted, inverse=tuple(new.items())))


def _carried_on(piece: Piece) -> Piece:
    """What follows begins with the sum of the piece, so that nothing but that one move, or the next, is wrong."""
    return piece if piece.next is None else replace(piece, next=replace(piece.next, before=piece.after))


def _edits(s: IndexedSum) -> Iterator[tuple[str, Callable[[], IndexedSum]]]:
    for k, g in enumerate(s.guards):
        rest = (s.guards[:k], s.guards[k + 1 :])
        yield f"{type(g).__name__} dropped", partial(s.with_, guards=rest[0] + rest[1])
        for wrong in _wrong_guards(g):
            yield f"{type(g).__name__} off by one", partial(s.with_, guards=(*rest[0], wrong, *rest[1]))
    for k, r in enumerate(s.ranges):
        for name, wrong_range in _wrong_ranges(r):
            yield name, partial(s.with_, ranges=(*s.ranges[:k], wrong_range, *s.ranges[k + 1 :]))
    for a in s.reads():
        for name, wrong_access in _wrong_accesses(a, s):
            yield name, partial(s.with_, summand=s.summand.xreplace({a: wrong_access}))
    for name, wrong_access in _wrong_accesses(s.result, s):
        yield f"{name}, of the result", partial(s.with_, result=wrong_access)
    for name in s.extended:
        yield "zero extension dropped", partial(s.with_, extended=s.extended - {name})
    for factor in (2, -1, sp.Rational(1, 2)):
        yield "a coefficient changed", partial(s.with_, summand=factor * s.summand)
    yield "a term added", partial(s.with_, summand=s.summand + s.reads()[0])


def _wrong_guards(g: Guard) -> Iterator[Guard]:
    if isinstance(g, Divides):
        yield Divides(g.den, g.num + 1)
        yield Divides(g.den + 1, g.num)
    elif isinstance(g, Equal):
        yield Equal(g.lhs, g.rhs + 1)
    else:
        for step in (1, -1):
            yield Between(g.lo + step, g.e, g.hi)
            yield Between(g.lo, g.e, g.hi + step)


def _wrong_ranges(r: Range) -> Iterator[tuple[str, Range]]:
    for k, low in enumerate(r.lowers):
        others = (r.lowers[:k], r.lowers[k + 1 :])
        for step in (1, -1):
            yield "a lower bound off by one", replace(r, lowers=(*others[0], low + step, *others[1]))
        if len(r.lowers) > 1:
            yield "a bound dropped", replace(r, lowers=others[0] + others[1])
    for k, high in enumerate(r.uppers):
        others = (r.uppers[:k], r.uppers[k + 1 :])
        for step in (1, -1):
            yield "an upper bound off by one", replace(r, uppers=(*others[0], high + step, *others[1]))
        if len(r.uppers) > 1:
            yield "a bound dropped", replace(r, uppers=others[0] + others[1])


def _wrong_accesses(a: Access, s: IndexedSum) -> Iterator[tuple[str, Access]]:
    for k, e in enumerate(a.indices):
        for wrong in (e + 1, e - 1):
            yield "an index off by one", _put(a, k, wrong)
        for r in s.reduced:
            yield "a coefficient of an index changed", _put(a, k, e + r.index)
        for j in range(k):
            swapped = _put(_put(a, k, a.indices[j]), j, e)
            yield "two indices swapped", swapped


def _put(a: Access, k: int, e: sp.Expr) -> Access:
    return Access(a.args[0], *a.indices[:k], e, *a.indices[k + 1 :])


def _changed_witnesses(piece: Piece) -> Iterator[tuple[str, Piece]]:
    for k, (i, e) in enumerate(piece.inverse):
        rest = (piece.inverse[:k], piece.inverse[k + 1 :])
        yield "the inverse off by one", replace(piece, inverse=(*rest[0], (i, e + 1), *rest[1]))
        yield "the inverse dropped", replace(piece, inverse=rest[0] + rest[1])
    for k, (i, e) in enumerate(piece.witness):
        rest = (piece.witness[:k], piece.witness[k + 1 :])
        yield "the witness off by one", replace(piece, witness=(*rest[0], (i, e + 1), *rest[1]))
        yield "the witness dropped", replace(piece, witness=rest[0] + rest[1])
        for j in range(k):
            swapped = list(piece.witness)
            swapped[k], swapped[j] = (i, swapped[j][1]), (swapped[j][0], e)
            yield "the witness swapped", replace(piece, witness=tuple(swapped))


@cache
def sizes_of(name: str) -> list[Sizes]:
    context = LAYERS[name]().context
    many = small_sizes(context, {1: 9, 2: 7, 3: 6, 4: 5, 5: 4}.get(len(context.sizes), 3), most=24)
    assert len(many) >= 9
    return many


def elementary(move: Move) -> Iterator[tuple[Move, Callable[[Move], Move]]]:
    """Every move of the tree, and how to put another one in its place."""
    yield move, lambda other: other
    for k, piece in enumerate(move.pieces):
        for inner, put in elementary(piece.next) if piece.next is not None else ():
            yield inner, partial(_put_back, move, k, put)


def _put_back(move: Move, k: int, put: Callable[[Move], Move], other: Move) -> Move:
    changed = replace(move.pieces[k], next=put(other))
    return replace(move, pieces=(*move.pieces[:k], changed, *move.pieces[k + 1 :]))


def corrupted(section: Section, k: int, move: Move, other: Move) -> Section:
    """The section with another move in line k; what follows is cut off."""
    step = section.steps[k]
    moves = tuple(other if m is move else m for m in step.moves)
    return replace(section, steps=(*section.steps[:k], replace(step, moves=moves)))


@pytest.mark.parametrize(("name", "wrt"), [(n, w) for n in LAYERS for w in ("x", "w")])
def test_no_corrupted_step_is_proved(name: str, wrt: str, count_cases: Count) -> None:
    """Each line of the derivation is proved as it is, and with a single mistake it is not, unless it is still true."""
    d = derivation(name, wrt)
    layer, tally = d.layer, Counter[str]()

    def proof_of(section: Section, k: int) -> Proof:
        return prove_line(section, k, layer, Ledger(layer.context))

    for section, k in (line for s in d.sections for line in lines_of(s)):
        step = section.steps[k]
        assert proof_of(section, k).verdict == ("definition" if k == 0 else "proved"), step.rule
        for move in (m for m in step.moves if k > 0 and m.after != (m.before,)):
            right = Weighed(opened(move.before, layer), layer.context)
            changes = ((what, put(m)) for inner, put in elementary(move) for what, m in mutants(inner))
            for mistake, whole in some(changes, name + wrt + step.rule):
                proof = proof_of(corrupted(section, k, move, whole), k)
                try:
                    wrong = Weighed([x for s in whole.after for x in opened(s, layer)], layer.context)
                except Unknown:  # a partial derivative that is no factor has no values here, and is never proved
                    assert proof.verdict != "proved", (step.rule, mistake, whole)
                    tally["corrupted moves that cannot be opened"] += 1
                    continue
                differs = first_difference(right, wrong, sizes_of(name)) is not None
                allowed = ("refuted", "undefined", "unknown") + (() if differs else ("proved",))
                assert proof.verdict in allowed, (step.rule, mistake, whole)
                outside = mistake.endswith("of the result")
                where = "written elsewhere" if outside else "with other values"
                tally["corrupted moves"] += 1
                tally[f"corrupted moves {where if differs else 'with the same small values'}, {proof.verdict}"] += 1
    assert tally["corrupted moves"] >= 20
    # Only values refute: a true line with a wrong witness is "unknown", and so is one that writes outside its array.
    other = {v: tally[f"corrupted moves with other values, {v}"] for v in ("refuted", "undefined", "unknown")}
    assert other["refuted"] + other["undefined"] >= 0.7 * sum(other.values()), tally
    assert sum(other.values()) >= 10, tally
    for what, n in tally.items():
        count_cases(what, n)


@pytest.mark.parametrize(("name", "wrt"), [(n, w) for n in LAYERS for w in ("x", "w")])
def test_no_corrupted_gradient_is_proved(name: str, wrt: str, count_cases: Count) -> None:
    """The last line with any single mistake in it is not proved equal to the adjoint relation, unless it still is."""
    d = derivation(name, wrt)
    assert prove_gradient(d.result, d.layer, wrt).proved
    whole = Move(d.result[0], tuple(map(Piece, d.result)))
    tally: Counter[str] = Counter()
    right = Weighed(d.result, d.layer.context)
    for mistake, mutant in some(mutants(whole), name + wrt):
        if not mutant.after:
            continue
        tally["corrupted gradients"] += 1
        proof = prove_gradient(mutant.after, d.layer, wrt)
        if proof.proved:
            tally["corrupted gradients that are still right"] += 1
            wrong = Weighed(mutant.after, d.layer.context)
            assert first_difference(right, wrong, sizes_of(name)) is None, (mistake, mutant)
        else:
            tally[f"corrupted gradients {proof.verdict}"] += 1
    for what, n in tally.items():
        count_cases(what, n)

"""Corrupted derivations: each function takes a right derivation and yields wrong ones, with the kind of the mistake.

Written on the frozen records alone: nothing here calls a rule or the checker.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import sympy as sp

from symconv.ir import Access, Derivation, IndexedSum, Move, Piece, Section, Step
from tests.truth.changed_sums import changed_sums

Corrupted = tuple[str, Derivation]


def corruptions(d: Derivation) -> Iterator[Corrupted]:
    """Every corruption of the derivation, by all functions below."""
    for corrupt in (_chains, _factors, _lines, _definitions, _sections, _lemmas, _pieces):
        for kind, changed in corrupt(d):
            if changed != d:
                yield kind, changed


# Edits of one part, seen from the whole


def with_section(d: Derivation, k: int, *new: Section) -> Derivation:
    return replace(d, sections=(*d.sections[:k], *new, *d.sections[k + 1 :]))


def with_steps(d: Derivation, k: int, steps: tuple[Step, ...]) -> Derivation:
    return with_section(d, k, replace(d.sections[k], steps=steps))


def with_step(d: Derivation, k: int, n: int, *new: Step) -> Derivation:
    steps = d.sections[k].steps
    return with_steps(d, k, (*steps[:n], *new, *steps[n + 1 :]))


def every_step(d: Derivation) -> Iterator[tuple[int, int, Step]]:
    for k, section in enumerate(d.sections):
        for n, step in enumerate(section.steps):
            yield k, n, step


def _map_sums(move: Move, f: Callable[[IndexedSum], IndexedSum]) -> Move:
    """Every sum of a move and of what follows it."""
    pieces = tuple(
        replace(p, after=f(p.after), next=None if p.next is None else _map_sums(p.next, f)) for p in move.pieces
    )
    return replace(move, before=f(move.before), pieces=pieces)


def _map_step(step: Step, f: Callable[[IndexedSum], IndexedSum]) -> Step:
    return replace(step, moves=tuple(_map_sums(m, f) for m in step.moves))


def _times(factor: Any) -> Callable[[IndexedSum], IndexedSum]:
    return lambda s: s.with_(summand=factor * s.summand)


# Chains: lines that are true steps, of something else, or missing


def _chains(d: Derivation) -> Iterator[Corrupted]:
    for k, n, step in every_step(d):
        steps = d.sections[k].steps
        if 0 < n < len(steps) - 1:
            yield "a middle line on -7 times the sum", with_step(d, k, n, _map_step(step, _times(-7)))
        if len(steps) > 1:
            yield "a line left out", with_step(d, k, n)
        for factor in (5, -1):
            late = tuple(_map_step(s, _times(factor)) for s in steps[n:])
            yield f"{factor} times the sum from a line on", with_steps(d, k, (*steps[:n], *late))
        if n + 1 < len(steps):
            yield "two lines exchanged", with_steps(d, k, (*steps[:n], steps[n + 1], step, *steps[n + 2 :]))
    for k, section in enumerate(d.sections):
        yield "the lines reversed", with_steps(d, k, section.steps[::-1])
        yield "only the last line", with_steps(d, k, section.steps[-1:])
        yield "only the first line", with_steps(d, k, section.steps[:1])
        yield "the first and the last line", with_steps(d, k, (section.steps[0], section.steps[-1]))
        yield "no definition", with_steps(d, k, section.steps[1:])
        yield "no lines at all", with_steps(d, k, ())
        bare = replace(section.steps[-1], moves=tuple(map(Move.same, section.result)), given=(), lemmas=())
        yield "the result for granted", with_steps(d, k, (bare,))
        yield "the result as a definition", with_steps(d, k, (replace(bare, definition=True),))


def _factors(d: Derivation) -> Iterator[Corrupted]:
    for k, n, step in every_step(d):
        if n == 0:
            for factor in (5, -1, sp.Rational(1, 2)):
                yield f"the chain rule with {factor} times", with_step(d, k, n, _map_step(step, _times(factor)))
        for i, given in enumerate(step.given):
            for change in (_times(3), _shifted):
                piece = replace(given.piece, after=change(given.piece.after))
                new = (*step.given[:i], replace(given, piece=piece), *step.given[i + 1 :])
                yield "the inserted formula changed", with_step(d, k, n, replace(step, given=new))


def _shifted(s: IndexedSum) -> IndexedSum:
    """The first read that has an index, moved by one."""
    read = next((a for a in s.reads() if a.indices), None)
    if read is None:
        return s.with_(summand=2 * s.summand)
    return s.with_(summand=s.summand.xreplace({read: Access(read.name, *read.indices[:-1], read.indices[-1] + 1)}))


# Lines: one thing wrong in what a step leads to; alone, or carried on to the next line


def _lines(d: Derivation) -> Iterator[Corrupted]:
    for k, n, step in every_step(d):
        for m, move in enumerate(step.moves):
            for kind, changed in _changed_leaves(move):
                alone = replace(step, moves=(*step.moves[:m], changed, *step.moves[m + 1 :]))
                yield kind, with_step(d, k, n, alone)
                steps = d.sections[k].steps
                if n + 1 < len(steps):
                    swap = dict(zip(step.after, alone.after, strict=False))
                    later = replace(steps[n + 1], moves=tuple(_with_before(x, swap) for x in steps[n + 1].moves))
                    both = (*steps[:n], alone, later, *steps[n + 2 :])
                    yield f"{kind}, carried on", with_steps(d, k, both)


def _with_before(move: Move, swap: dict[IndexedSum, IndexedSum]) -> Move:
    return replace(move, before=swap.get(move.before, move.before))


def _changed_leaves(move: Move) -> Iterator[tuple[str, Move]]:
    for p, piece in enumerate(move.pieces):
        if piece.next is not None:
            inner = ((kind, replace(piece, next=new)) for kind, new in _changed_leaves(piece.next))
        else:
            inner = ((kind, replace(piece, after=s)) for kind, s in changed_sums(piece.after))
        for kind, new_piece in inner:
            yield kind, replace(move, pieces=(*move.pieces[:p], new_piece, *move.pieces[p + 1 :]))


# Definitions: the layer, the operand, what a section is about


def _definitions(d: Derivation) -> Iterator[Corrupted]:
    layer = d.layer
    for k, s in enumerate(layer.statements):
        if isinstance(s, IndexedSum):
            for kind, wrong in (("twice", _times(2)(s)), ("with a read moved", _shifted(s))):
                statements = (*layer.statements[:k], wrong, *layer.statements[k + 1 :])
                yield (
                    f"the derivation of another layer: a statement {kind}",
                    replace(d, layer=replace(layer, statements=statements)),
                )
    for name in layer.inputs:
        yield "another operand", replace(d, wrt=name)


def _sections(d: Derivation) -> Iterator[Corrupted]:
    for k, section in enumerate(d.sections):
        yield "a section left out", with_section(d, k)
        for other in d.layer.context.operands:
            target = d.layer.context.adjoint(other.name)
            yield "a section about another operand", with_section(d, k, replace(section, target=target))
            moved = tuple(_map_step(s, lambda x, name=target: _about(x, name)) for s in section.steps)
            yield "every line about another operand", with_section(d, k, Section(target, moved))
    yield "the sections reversed", replace(d, sections=d.sections[::-1])
    yield "the last section alone", replace(d, sections=d.sections[-1:])
    yield "the last section twice", replace(d, sections=(*d.sections, d.sections[-1]))


def _about(s: IndexedSum, name: str) -> IndexedSum:
    return s.with_(result=Access(name, *s.result.indices))


def _lemmas(d: Derivation) -> Iterator[Corrupted]:
    for k, n, step in every_step(d):
        for i, lemma in enumerate(step.lemmas):

            def put(*new: Section, i: int = i, step: Step = step, k: int = k, n: int = n) -> Derivation:
                return with_step(d, k, n, replace(step, lemmas=(*step.lemmas[:i], *new, *step.lemmas[i + 1 :])))

            yield "a lemma left out", put()
            last = lemma.steps[-1]
            for factor in (2, -1):
                late = _map_step(last, _times(factor))
                yield "a lemma's last line changed", put(replace(lemma, steps=(*lemma.steps[:-1], late)))
            whole = tuple(_map_step(s, _times(3)) for s in lemma.steps)
            yield "a lemma three times", put(replace(lemma, steps=whole))
            yield "only the last line of a lemma", put(replace(lemma, steps=lemma.steps[-1:]))
            yield "a lemma backwards", put(replace(lemma, steps=lemma.steps[::-1]))
            for m, line in enumerate(lemma.steps):
                rest = (*lemma.steps[:m], *lemma.steps[m + 1 :])
                yield "a line of a lemma left out", put(replace(lemma, steps=rest))
                for kind, move in (x for y in line.moves[:1] for x in _changed_leaves(y)):
                    steps = (*lemma.steps[:m], replace(line, moves=(move, *line.moves[1:])), *lemma.steps[m + 1 :])
                    yield f"{kind}, in a lemma", put(replace(lemma, steps=steps))


# Pieces: the witness, the use, the number of pieces


def _pieces(d: Derivation) -> Iterator[Corrupted]:
    for k, n, step in every_step(d):
        for m, move in enumerate(step.moves):
            for kind, changed in _changed_pieces(move):
                yield kind, with_step(d, k, n, replace(step, moves=(*step.moves[:m], changed, *step.moves[m + 1 :])))
        if len(step.moves) > 1:
            yield "a term of the line dropped", with_step(d, k, n, replace(step, moves=step.moves[1:]))


def _changed_pieces(move: Move) -> Iterator[tuple[str, Move]]:
    for p, piece in enumerate(move.pieces):
        yield "a piece dropped", replace(move, pieces=(*move.pieces[:p], *move.pieces[p + 1 :]))
        yield "a piece twice", replace(move, pieces=(*move.pieces, piece))
        changed = [*_changed_witnesses(piece)]
        if piece.next is not None:
            changed += [(kind, replace(piece, next=new)) for kind, new in _changed_pieces(piece.next)]
            changed.append(("the rest of a line dropped", replace(piece, next=None)))
        for kind, new_piece in changed:
            yield kind, replace(move, pieces=(*move.pieces[:p], new_piece, *move.pieces[p + 1 :]))


def _changed_witnesses(piece: Piece) -> Iterator[tuple[str, Piece]]:
    for field in ("witness", "inverse"):
        pairs = getattr(piece, field)
        for k, (i, e) in enumerate(pairs):
            off = (*pairs[:k], (i, e + 1), *pairs[k + 1 :])
            yield f"a {field} off by one", replace(piece, **{field: off})
            yield f"a {field} left out", replace(piece, **{field: (*pairs[:k], *pairs[k + 1 :])})
    if piece.use is not None:
        moved = Access(piece.use.access.name, *(e + 1 for e in piece.use.access.indices))
        yield "another use of the operand", replace(piece, use=replace(piece.use, access=moved))
        yield "the use in another statement", replace(piece, use=replace(piece.use, position=piece.use.position + 1))
        yield "no use", replace(piece, use=None)

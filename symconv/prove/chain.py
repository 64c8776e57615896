"""The checker: is a derivation a proof? It takes the layer and the chain of lines, and trusts no rule and no name.

    1. the sections end in dE/d(wrt), and each speaks of adjoints that a section before it derives, or of dE/d(result)
    2. a section begins with the chain rule, which is compared with what the layer's statements say
    3. each line begins with the very sums that the line before it ends in
    4. each elementary move of a line is proved by its witness (`witness`), partial derivatives opened by `opening`
    5. each line reads and writes inside its arrays
    6. lemmas and inserted formulas are checked like lines

What is trusted: isl and the text that is handed to it (`ir.presburger`), the algebra of `scalars`, `opening`, and this.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import sympy as sp

from symconv.ir import (
    Access,
    Derivation,
    Given,
    IndexedSum,
    Layer,
    Move,
    Partial,
    Piece,
    Range,
    Role,
    Section,
    Step,
    accesses,
)
from symconv.prove.ledger import Failed, Ledger
from symconv.prove.opening import at_entry, openings, partial_of
from symconv.prove.witness import check_defined, check_pieces

Sums = tuple[IndexedSum, ...]


def consumers(layer: Layer, name: str) -> set[str]:
    """The operands that are computed from `name` directly."""
    return {s.result.name for s in layer.sums if any(a.name == name for a in accesses(s.summand))}


def check_order(derivation: Derivation) -> None:
    """Point 1: every adjoint that a section uses has been derived before, and the last one is the gradient."""
    layer, done = derivation.layer, {derivation.layer.result}
    for section in derivation.sections:
        target = layer.context.find(section.target)
        if not section.steps:
            raise Failed(f"the section on {section.target} has no lines")
        if target is None or target.role is not Role.ADJOINT:
            raise Failed(f"a section derives {section.target}, which is not an adjoint")
        missing = sorted(consumers(layer, target.of[0]) - done)
        if missing:
            raise Failed(f"{section.target} rests on the adjoint of {missing[0]}, which no section before it derives")
        done.add(target.of[0])
    if not derivation.sections or derivation.sections[-1].target != layer.context.adjoint(derivation.wrt):
        raise Failed(f"the last section does not derive {layer.context.adjoint(derivation.wrt)}")


def lines_of(section: Section) -> Iterator[tuple[Section, int]]:
    """(section, position) of every line in the order of `Section.lines`, lemmas included."""
    for k, step in enumerate(section.steps):
        for lemma in step.lemmas:
            yield from lines_of(lemma)
        yield section, k


def check_line(section: Section, k: int, layer: Layer, ledger: Ledger) -> None:
    """One line of a section: it begins where the line before it ends, and each of its moves is proved."""
    step = section.steps[k]
    if k == 0:
        _check_definition(section, step, layer)
    else:
        if step.definition:
            raise Failed("a definition stands in the middle of a chain")
        if step.before != section.steps[k - 1].after:
            raise Failed("the line does not begin with what the line before it ends in")
    for given in step.given:
        check_given(given, layer, ledger)
    for move in step.moves:
        check_move(move, layer, ledger)
    for s in step.after:
        check_defined(s, ledger)
        if s.result.name != section.target:
            raise Failed(f"the line is about {s.result.name}, its section about {section.target}")


def _check_definition(section: Section, step: Step, layer: Layer) -> None:
    """Point 2: the chain rule for an adjoint, the derivative itself for a lemma."""
    if not step.definition or any(m.after != (m.before,) for m in step.moves):
        raise Failed("the first line does not define what the section derives")
    target = layer.context.operand(section.target)
    if target.role is Role.DERIVATIVE:
        if not all(_is_derivative(s, target.of, section.target) for s in step.before):
            raise Failed(f"the first line does not define {section.target}")
        return
    (wrt,) = target.of
    stated = [s for s in step.before if s.summand != 0]
    if not step.before:
        raise Failed(f"the first line says nothing of {section.target}")
    outputs = [_chain_rule_output(s, wrt, section.target, layer) for s in stated]
    if sorted(outputs) != sorted(consumers(layer, wrt)):
        raise Failed(f"the chain rule goes through {', '.join(outputs)}, and {wrt} is read by other operands")


def _is_derivative(s: IndexedSum, of: tuple[str, ...], name: str) -> bool:
    partial = s.summand
    return (
        isinstance(partial, Partial)
        and (partial.out.name, partial.inn.name) == of
        and s.result == Access(name, *partial.out.indices, *partial.inn.indices)
        and not s.reduced
    )


def _chain_rule_output(s: IndexedSum, wrt: str, target: str, layer: Layer) -> str:
    """The operand y of  dE/dA[q] = sum_I dE/dy[I] dy[I]/dA[q],  q and I over all of A and y"""
    partial = partial_of(s)
    if partial is None or partial.inn.name != wrt:
        raise Failed(f"the first line is not the chain rule for {wrt}")
    y, q, context = partial.out, partial.inn.indices, layer.context
    boxes = {*_boxes(q, context.shape(wrt)), *_boxes(y.indices, context.shape(y.name))}
    exact = (
        s.result == Access(target, *q)
        and s.summand == Access(context.adjoint(y.name), *y.indices) * partial
        and set(s.ranges) == boxes
        and len({*q, *y.indices}) == len(q) + len(y.indices)
        and not s.guards
        and not s.extended
    )
    if not exact:
        raise Failed(f"the first line is not the chain rule for {wrt}: a factor, a range or an index is wrong")
    return y.name


def _boxes(indices: Sequence[sp.Expr], shape: Sequence[sp.Expr]) -> list[Range]:
    return [Range.box(i, n) for i, n in zip(indices, shape, strict=True) if i.is_Symbol]


def check_move(move: Move, layer: Layer, ledger: Ledger) -> None:
    """Point 4: a move and what its pieces are moved on to. Partial derivatives are opened, use by use."""
    if not (move.after == (move.before,) and all(p.next is None for p in move.pieces)):
        if partial_of(move.before) is None:
            check_pieces(move.before, move.pieces, ledger)
        else:
            _check_opened(move, layer, ledger)
    for piece in move.pieces:
        if piece.next is not None:
            if piece.next.before != piece.after:
                raise Failed("a move does not begin with what the move before it ends in")
            check_move(piece.next, layer, ledger)


def _check_opened(move: Move, layer: Layer, ledger: Ledger) -> None:
    """before, opened at a use = the pieces opened at that use, and those that are its openings"""
    before = openings(move.before, layer)
    uses = {p.use for p in move.pieces if p.use is not None}
    if not uses <= set(before):
        raise Failed("a piece opens a derivative at a place where the operand is not read")
    closed = [p for p in move.pieces if p.use is None and p.after.summand != 0]
    opened = [openings(p.after, layer) for p in closed]
    for use, s in before.items():
        own = [p for p in move.pieces if p.use == use]
        own += [Piece(o[use], p.witness, p.inverse) for p, o in zip(closed, opened, strict=True) if use in o]
        check_pieces(s, own, ledger)
    if any(set(o) != set(before) for o in opened):
        raise Failed("a piece is about the derivative of something else")


def check_given(given: Given, layer: Layer, ledger: Ledger) -> None:
    """Point 6: the inserted formula is the statement of the layer, where it writes that entry."""
    use = given.piece.use
    if use is None or given.domain.summand != 1 or given.domain.reduced:
        raise Failed("an inserted formula does not say of which statement it is")
    forward = layer.sum_at(use.position)
    if forward.result.name != given.domain.result.name:
        raise Failed(f"the inserted formula is about {given.domain.result.name}, the statement about others")
    moved = at_entry(forward, use.position, given.domain.result)
    before = moved.with_(
        ranges=given.domain.ranges + moved.ranges, guards=given.domain.guards + moved.guards, extended=forward.extended
    )
    held = given.formula.with_(guards=given.domain.guards + given.formula.guards)
    check_pieces(before, (Piece(held, given.piece.witness, given.piece.inverse),), ledger)

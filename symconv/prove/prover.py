"""The prover's questions: are two lists of sums equal, does a step hold, is a gradient the adjoint, can a form run?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from time import perf_counter

import sympy as sp

from symconv.derive import unfold
from symconv.ir import (
    Between,
    Context,
    Derivation,
    IndexedSum,
    Layer,
    Move,
    Partial,
    Piece,
    Section,
    Statement,
    Step,
    symbols_in,
)
from symconv.ir.errors import Unknown
from symconv.ir.presburger import possible
from symconv.prove.adjoint import adjoint_relation
from symconv.prove.axes import independent
from symconv.prove.concrete import confirm, undefined_by_brute_force
from symconv.prove.definedness import Misread, covers, first_misread, single_writer
from symconv.prove.instances import SAMPLE, at_scales, every_instance, scales_scope
from symconv.prove.relation import Cell, difference, is_free, relation
from symconv.prove.smallest import equal_where, smallest_points
from symconv.prove.verdict import Counterexample, Proof, ProvedDerivation
from symconv.prove.witness import failure

Sums = Sequence[IndexedSum]
IMPOSSIBLE = "no sizes satisfy the layer's size relations, so that any statement would hold"


def scope_of(context: Context) -> str:
    """The sizes a proof covers, in words."""
    sizes = [s.name for s in context.sizes if s.is_positive]
    pads = [s.name for s in context.sizes if not s.is_positive]
    parts = ([f"{', '.join(sizes)} >= 1"] if sizes else []) + ([f"{', '.join(pads)} >= 0"] if pads else [])
    if not parts:
        return "the given sizes"
    return "all " + ", ".join(parts) + _relations(context)


def _relations(context: Context) -> str:
    """Relations between sizes: spelled out where they are short (k1 <= H), named where they define output sizes."""
    short = [a for a in context.assumptions if isinstance(a, Between) and a.lo == 1 and a.e.is_Symbol]
    spelled = [f"{a.e} <= {sp.sstr(a.hi)}" for a in short]
    return (" with " + ", ".join(spelled) if spelled else "") + (
        ", output sizes as they follow" if len(short) < len(context.assumptions) else ""
    )


def prove_equal(lhs: Sums, rhs: Sums, context: Context, prelude: Sequence[Statement] = ()) -> Proof:
    """lhs = rhs for all sizes and all operand values: proved, refuted, undefined or unknown.

    prelude: statements that compute operands which are not free, such as a mask; a refutation must survive them.
    A refutation and an undefined read carry the smallest counterexample, which the interpreter has confirmed.
    """
    scope = scope_of(context)
    try:
        if not possible(context):
            return Proof("unknown", scope, IMPOSSIBLE)
        for side in (lhs, rhs):
            misread = first_misread(side, context)
            if misread:
                return undefined_read(side, misread, context, scope)
        cells = list(difference(relation(lhs, context), relation(rhs, context)))
        smallest = _smallest_difference(cells, context)
    except Unknown as why:
        return Proof("unknown", scope, str(why))
    if smallest is None:
        return Proof("proved", scope)
    example = confirm(lhs, rhs, context, smallest, prelude)
    if example is None:
        return Proof("unknown", scope, "the terms differ, but brute force shows no difference of values")
    return Proof("refuted", scope, equal_where([points for _, _, points in cells], context), example)


def undefined_read(side: Sums, misread: Misread, context: Context, scope: str) -> Proof:
    if not undefined_by_brute_force(side, context, misread.sizes):
        return Proof("unknown", scope, "the interpreter does not confirm the undefined read")
    sizes = tuple((s.name, v) for s, v in zip(context.sizes, misread.sizes, strict=True))
    example = Counterexample(sizes, misread.operand, misread.at)
    return Proof("undefined", scope, f"{misread.operand}{list(misread.at)} is read outside its array", example)


def _smallest_difference(cells: Iterable[Cell], context: Context) -> tuple[int, ...] | None:
    """The smallest sizes at which the coefficient of some cell of lhs - rhs is not zero; None where there are none."""
    found = []
    for _, coefficient, points in cells:
        for sizes, _ in smallest_points(points, context):
            if coefficient.xreplace(dict(zip(context.sizes, sizes, strict=True))) != 0:
                found.append(sizes)
                break
        else:
            raise Unknown(f"the coefficient {coefficient} vanishes at all of the smallest sizes")
    return min(found, key=lambda v: (sum(v), v), default=None)


def prove_step(step: Step, layer: Layer) -> Proof:
    """A step of a derivation: every move checked by its witness, partial derivatives unfolded first."""
    if step.definition:
        return Proof("definition")
    scope = scope_of(layer.context)
    moves = [m for move in step.moves if move.after != (move.before,) for m in opened(move, layer)]
    try:
        if not possible(layer.context):
            return Proof("unknown", scope, IMPOSSIBLE)
        if layer.context.scales:
            return _by_lemma(moves, step, layer, scope)
        return _by_witness(moves, layer.context, scope)
    except Unknown as why:
        return Proof("unknown", scope, str(why))


def _by_witness(moves: Sequence[Move], context: Context, scope: str) -> Proof:
    for move in moves:
        here = relevant(context, move.before, *move.after)
        why = failure(move, here) and failure(move, context)
        if why:
            return Proof("refuted", scope, why)
        # Without a zero extension the new reads are the old ones at the old indices, as the witness has just shown.
        extended = [s for s in move.after if s.extended]
        if first_misread(extended, here) and (misread := first_misread(extended, context)):
            return Proof("undefined", scope, f"{misread.operand}{list(misread.at)} is read outside its array")
    return Proof("proved", scope)


def _by_lemma(moves: Sequence[Move], step: Step, layer: Layer, scope: str) -> Proof:
    """With a symbolic stride or dilation the rule's own lemma carries the step; its witness is checked at samples."""
    for values in SAMPLE:
        context, at = at_scales(layer.context, values)
        proof = _by_witness([_move_at(m, at) for m in moves], context, scope)
        if not proof.proved:
            return replace(proof, reason=f"{proof.reason} (at strides and dilations {values})")
    return Proof("proved", f"{scope}; any stride and dilation", f"lemma of the rule {step.rule!r}")


def _move_at(move: Move, at: dict) -> Move:
    pieces = tuple(Piece(p.after.substitute(at), tuple((i, e.xreplace(at)) for i, e in p.witness)) for p in move.pieces)
    return Move(move.before.substitute(at), pieces)


def opened(move: Move, layer: Layer) -> list[Move]:
    """The move with its partial derivatives unfolded: one move a use of the operand."""
    sums = (move.before, *move.after)
    if not any(s.summand.atoms(Partial) for s in sums):
        return [move]
    closed = all(s.summand.atoms(Partial) for s in sums)
    taken = frozenset().union(*(s.names for s in sums)) if closed else frozenset()
    before = unfold(move.before, layer, taken)
    if not closed and len(before) == len(move.pieces):
        return [Move(b, (p,)) for b, p in zip(before, move.pieces, strict=True)]
    if len(before) != 1:
        raise Unknown("an operand that is used more than once changes its index while still closed")
    pieces = tuple(Piece(s, p.witness) for p in move.pieces for s in unfold(p.after, layer, taken))
    return [Move(before[0], pieces)]


def prove_section(section: Section, layer: Layer) -> Proof:
    """The derived adjoint equals the adjoint relation of the forward sums."""
    return prove_gradient(section.result, layer, section.target[1:])


def prove_gradient(gradient: Sums, layer: Layer, wrt: str) -> Proof:
    """A gradient, in whatever form, equals the adjoint relation, which is built without any rule.

    With symbolic strides or dilations it is proved for each of their values up to a limit, which the scope names.
    """
    context = layer.context
    if not possible(context):
        return Proof("unknown", scope_of(context), IMPOSSIBLE)
    forward = [s for s in layer.sums if any(a.name == wrt for a in s.reads())]
    groups = independent(gradient, forward, context) or []
    split = len(groups) > 1 or (groups and context.scales)
    if split and all(_part_proved(g.lhs, g.rhs, g.context, wrt) for g in groups):
        return Proof("proved", _scales_scope(context))
    if not context.scales:
        proof = _against_adjoint(gradient, forward, wrt, relevant(context, *gradient, *forward))
        return (
            replace(proof, scope=scope_of(context))
            if proof.proved
            else _against_adjoint(gradient, forward, wrt, context)
        )
    if len(context.scales) > 2:
        return Proof("unknown", scope_of(context), "too many strides and dilations that depend on each other")
    return _at_every_scale(gradient, forward, wrt, context)


def _at_every_scale(gradient: Sums, forward: Sums, wrt: str, context: Context) -> Proof:
    for at in every_instance(context.scales):
        put = {s: sp.Integer(v) for s, v in at.items()}
        derived, original = ([s.substitute(put) for s in side] for side in (gradient, forward))
        proof = _against_adjoint(derived, original, wrt, context.substitute(at))
        if not proof.proved:
            return replace(proof, reason=f"{proof.reason} (at {', '.join(f'{s} = {v}' for s, v in at.items())})")
    return Proof("proved", _scales_scope(context))


def _part_proved(lhs: IndexedSum, rhs: IndexedSum, context: Context, wrt: str) -> bool:
    """One group of axes, at every instance of the strides and dilations it mentions."""
    mentioned = tuple(s for s in context.scales if s in lhs.free_symbols | rhs.free_symbols)
    rest = dict.fromkeys((s for s in context.scales if s not in mentioned), 1)
    for at in every_instance(mentioned):
        put = {s: sp.Integer(v) for s, v in at.items()}
        left, right = lhs.substitute(put), rhs.substitute(put)
        here = relevant(context.substitute({**at, **rest}), left, right)
        if not _against_adjoint([left], [right], wrt, here).proved:
            return False
    return True


def relevant(context: Context, *sums: IndexedSum) -> Context:
    """The context without the sizes and operands that these sums do not speak of.

    It assumes less, so that what is proved in it is proved; what is not has to be asked again in the whole context.
    """
    named = {a.name for s in sums for a in (s.result, *s.reads())}
    operands = tuple(o for o in context.operands if o.name in named or f"d{o.name}" in named)
    shapes = (symbols_in(e) for o in operands for e in o.shape)
    used = frozenset().union(*(s.free_symbols for s in sums), *shapes)
    kept = tuple(a for a in context.assumptions if a.symbols & used)
    used = used.union(*(a.symbols for a in kept))
    return Context(tuple(s for s in context.sizes if s in used), kept, operands, context.scales)


def _scales_scope(context: Context) -> str:
    return scope_of(context) + (f"; {scales_scope(context)}" if context.scales else "")


def _against_adjoint(gradient: Sums, forward: Sums, wrt: str, context: Context) -> Proof:
    scope = scope_of(context)
    try:
        for side in (forward, gradient):
            misread = first_misread(side, context)
            if misread:
                return undefined_read(side, misread, context, scope)
        for key, coefficient, points in difference(
            relation(gradient, context), adjoint_relation(forward, wrt, context)
        ):
            sizes, at = next(smallest_points(points, context))
            named = tuple((s.name, v) for s, v in zip(context.sizes, sizes, strict=True))
            terms = " ".join(key[1])
            if not all(map(is_free, key[1])):
                return Proof("unknown", scope, f"the terms in {terms} differ in form, and may be equal all the same")
            why = f"the coefficient of {terms} is wrong by {coefficient}"
            return Proof("refuted", scope, why, Counterexample(named, key[0], at[: len(context.shape(key[0]))]))
    except Unknown as why:
        return Proof("unknown", scope, str(why))
    return Proof("proved", scope)


def prove_derivation(derivation: Derivation) -> ProvedDerivation:
    """Every step of a derivation, and each adjoint it derives against the adjoint relation."""
    start = perf_counter()
    steps = tuple(prove_step(step, derivation.layer) for step in derivation.steps)
    adjoints = [prove_section(section, derivation.layer) for section in derivation.sections]
    worst = next((p for p in adjoints if not p.proved), adjoints[-1])
    return ProvedDerivation(derivation, steps, worst, perf_counter() - start)


def fit_to_run(sums: Sums, context: Context) -> str:
    """Empty when every entry of the result has one writer and none is left out; otherwise what is wrong."""
    if not single_writer(sums, context):
        return "an entry is written twice"
    return "" if covers(sums, context) else "an entry is never written"

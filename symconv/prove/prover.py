"""The prover's questions: are two lists of sums equal, is a gradient right, is a derivation a proof, can a form run?

Each is answered in the same order: proved by algebra and integer arithmetic; refuted by values that certainly differ;
"unknown" otherwise, with the reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice, product
from time import perf_counter

import sympy as sp

from symconv.ir import (
    Access,
    Condition,
    Context,
    Derivation,
    IndexedSum,
    Layer,
    NotApplicable,
    Partial,
    Range,
    Role,
    Section,
    Statement,
    Unknown,
    index,
    symbols_in,
)
from symconv.ir.presburger import known_sizes, limited, possible
from symconv.prove.axes import independent
from symconv.prove.chain import check_line, check_order, consumers, lines_of
from symconv.prove.concrete import confirm, undefined_by_brute_force
from symconv.prove.definedness import Misread, covers, first_misread, single_writer
from symconv.prove.equality import Difference, differences
from symconv.prove.ledger import Failed, Ledger, OutOfBounds
from symconv.prove.obligations import LARGEST_SCALE
from symconv.prove.opening import openings, partial_of
from symconv.prove.scope import IMPOSSIBLE, scope_of
from symconv.prove.smallest import equal_where, smallest_points
from symconv.prove.verdict import Counterexample, Proof, ProvedDerivation

Sums = Sequence[IndexedSum]
# Sizes at which two sides are evaluated where no proof says where to look; the smallest ones.
_SIZES_TRIED = 12
_MOST_SCALES = 2
_SCALES_TRIED = ((1, 1), (2, 1), (2, 3), (3, 2), (4, 2))


def prove_equal(
    lhs: Sums, rhs: Sums, context: Context, prelude: Sequence[Statement] = (), domain: Sequence[Condition] = ()
) -> Proof:
    """lhs = rhs for all sizes and all operand values: proved, refuted, undefined or unknown.

    prelude: statements that compute operands which are not free, such as a mask; a refutation must survive them.
    domain: where both sides are defined; the scope says it. A refutation and an undefined read carry the smallest
    counterexample, which the interpreter has confirmed.
    """
    scope = scope_of(context, domain=domain)
    try:
        with limited():
            if not possible(context):
                return Proof("unknown", scope, IMPOSSIBLE)
            for side in (lhs, rhs):
                misread = first_misread(side, context)
                if misread:
                    return undefined_read(side, misread, context, scope)
    except Unknown as why:
        return Proof("unknown", scope, str(why))
    left, reason = _left_over(lhs, rhs, context, domain)
    if left == []:
        return Proof("proved", scope)
    return _refuted(lhs, rhs, context, prelude, left or [], domain) or Proof("unknown", scope, reason)


def _left_over(
    lhs: Sums, rhs: Sums, context: Context, domain: Sequence[Condition] = ()
) -> tuple[list[Difference] | None, str]:
    """The points at which the sides are not shown to agree, and why; None where that cannot be said."""
    if tuple(lhs) == tuple(rhs):
        return [], ""
    try:
        with limited():
            return differences(lhs, rhs, context, domain), "the terms differ, but no values were found that do"
    except Unknown as why:
        return None, str(why)


def _refuted(
    lhs: Sums,
    rhs: Sums,
    context: Context,
    prelude: Sequence[Statement],
    left: Sequence[Difference],
    domain: Sequence[Condition],
) -> Proof | None:
    """A counterexample at the smallest sizes: where the proof left something over, then anywhere."""
    if not (*lhs, *rhs):
        return None
    for sizes in dict.fromkeys(_sizes_to_try(context, left)):
        example = confirm(lhs, rhs, context, sizes, prelude, domain)
        if example is not None:
            certain = not prelude and all(d.certain for d in left)
            reason = equal_where([d.points for d in left], context, certain) if left else ""
            return Proof("refuted", scope_of(context), reason, example)
    return None


def _sizes_to_try(context: Context, left: Sequence[Difference]) -> list[tuple[int, ...]]:
    """Smallest sizes at which something is left over, then the smallest of all; as many as isl finds in its limit."""
    found: list[tuple[int, ...]] = []
    try:
        with limited():
            for d in left:
                found += [sizes for sizes, _ in islice(smallest_points(d.points, context), 3)]
            found.sort(key=lambda v: (sum(v), v))
            found += [sizes for sizes, _ in islice(smallest_points(known_sizes(context), context), _SIZES_TRIED)]
    except Unknown:
        pass
    return found


def undefined_read(side: Sums, misread: Misread, context: Context, scope: str) -> Proof:
    """The verdict on a read outside an array, if the interpreter meets it too."""
    if not undefined_by_brute_force(side, context, misread.sizes):
        return Proof("unknown", scope, "the interpreter does not confirm the undefined read")
    sizes = tuple((s.name, v) for s, v in zip(context.sizes, misread.sizes, strict=True))
    example = Counterexample(sizes, misread.operand, misread.at)
    return Proof("undefined", scope, f"{misread.operand}{list(misread.at)} is read outside its array", example)


def instances(context: Context) -> Iterator[dict[sp.Symbol, int]]:
    """Values of the scales to look at: every one in 1..LARGEST_SCALE where there are few, else some."""
    scales = context.scales
    choices: Iterable[tuple[int, ...]] = product(range(1, LARGEST_SCALE + 1), repeat=len(scales))
    if len(scales) > _MOST_SCALES:
        choices = (tuple(v[k % 2] for k in range(len(scales))) for v in _SCALES_TRIED)
    for values in choices:
        yield dict(zip(scales, values, strict=True))


def _at(sums: Sums, at: dict[sp.Symbol, int]) -> list[IndexedSum]:
    put = {s: sp.Integer(v) for s, v in at.items()}
    return [s.substitute(put) for s in sums]


def by_value(lhs: Sums, rhs: Sums, layer: Layer) -> Proof:
    """lhs = rhs by the cells of both, or refuted by values at some sizes: the answer where a witness fails."""
    lhs, rhs = (tuple(x for s in side for x in opened(s, layer)) for side in (lhs, rhs))
    context, proofs = layer.context, []
    for at in instances(context):
        here = layer.substitute(at) if at else layer
        proof = prove_equal(_at(lhs, at), _at(rhs, at), here.context, here.statements, layer.domain)
        if proof.verdict != "proved":
            if at and proof.verdict in ("refuted", "undefined"):
                proof = replace(proof, reason=f"at {_at_words(at)}" + (f": {proof.reason}" if proof.reason else ""))
            if proof.verdict != "unknown":
                return proof
        proofs.append(proof)
    unknown = next((p for p in proofs if p.verdict == "unknown"), None)
    if unknown is None and len(context.scales) > _MOST_SCALES:
        unknown = Proof("unknown", reason="too many strides and dilations that depend on each other")
    return replace(unknown or proofs[0], scope=scope_of(context, context.scales, layer.domain))


def _at_words(at: dict[sp.Symbol, int]) -> str:
    return ", ".join(f"{s} = {v}" for s, v in at.items())


def opened(s: IndexedSum, layer: Layer) -> Sums:
    """The sum with its partial derivative opened by the layer's statements; itself where it holds none."""
    return tuple(openings(s, layer).values()) if partial_of(s) is not None else (s,)


def definition(layer: Layer, wrt: str) -> Sums:
    """dE/dA[q] = sum_y sum_I dE/dy[I] dy[I]/dA[q] over the operands y that are computed from A: what a gradient is."""
    return tuple(_chain_rule(layer, y, wrt) for y in sorted(consumers(layer, wrt)))


def _chain_rule(layer: Layer, y: str, wrt: str) -> IndexedSum:
    context = layer.context
    q = [index(f"q{k}") for k in range(len(context.shape(wrt)))]
    i = [index(f"i{k}") for k in range(len(context.shape(y)))]
    ranges = [Range.box(v, n) for v, n in zip((*q, *i), (*context.shape(wrt), *context.shape(y)), strict=True)]
    factor = Access(context.adjoint(y), *i)
    return IndexedSum(
        Access(context.adjoint(wrt), *q), tuple(ranges), (), factor * Partial(Access(y, *i), Access(wrt, *q))
    )


def prove_gradient(gradient: Sums, layer: Layer, wrt: str) -> Proof:
    """A gradient, in whatever form, equals its definition, opened without any rule.

    With symbolic strides or dilations it is proved for each of their values up to a limit, which the scope names.
    """
    context = layer.context
    scope = scope_of(context, context.scales, layer.domain)
    try:
        with limited():
            if not possible(context):
                return Proof("unknown", scope_of(context), IMPOSSIBLE)
        meant = tuple(x for s in definition(layer, wrt) for x in opened(s, layer))
        groups = independent(gradient, meant, context) or []
        if len(groups) > 1 and all(_part_proved(g.lhs, g.rhs, g.context) for g in groups):
            return Proof("proved", scope)
    except Unknown as why:
        return Proof("unknown", scope, str(why))
    return by_value(gradient, meant, layer)


def _part_proved(lhs: IndexedSum, rhs: IndexedSum, context: Context) -> bool:
    """One group of axes, at every value of the strides and dilations that it mentions."""
    mentioned = tuple(s for s in context.scales if s in lhs.free_symbols | rhs.free_symbols)
    rest = dict.fromkeys((s for s in context.scales if s not in mentioned), 1)
    for values in product(range(1, LARGEST_SCALE + 1), repeat=len(mentioned)):
        at = {**dict(zip(mentioned, values, strict=True)), **rest}
        left, right = _at([lhs], at), _at([rhs], at)
        here = relevant(context.substitute(at), *left, *right)
        with limited():
            if first_misread(left, here) or first_misread(right, here):
                return False
        if _left_over(left, right, here)[0] != []:
            return False
    return True


def relevant(context: Context, *sums: IndexedSum) -> Context:
    """The context without the sizes and operands that these sums do not speak of.

    It assumes less, so that what is proved in it is proved; what is not has to be asked again in the whole context.
    """
    named = dict.fromkeys(a.name for s in sums for a in (s.result, *s.reads()))
    operands = tuple(replace(context.operand(n), of=(), role=Role.DATA) for n in named)
    shapes = (symbols_in(e) for o in operands for e in o.shape)
    used = frozenset().union(*(s.free_symbols for s in sums), *shapes)
    kept = tuple(a for a in context.assumptions if a.symbols & used)
    used = used.union(*(a.symbols for a in kept))
    return Context(tuple(s for s in context.sizes if s in used), kept, operands, context.scales)


def prove_derivation(derivation: Derivation) -> ProvedDerivation:
    """Every line of a derivation as a link of a chain, and with them the gradient."""
    start = perf_counter()
    layer, ledger = derivation.layer, Ledger(derivation.layer.context)
    with limited():
        sizes_exist = possible(layer.context)
    lines = [line for section in derivation.sections for line in lines_of(section)]
    if not sizes_exist:
        unknown = Proof("unknown", scope_of(layer.context), IMPOSSIBLE)
        proofs = tuple(Proof("definition") if s.steps[k].definition else unknown for s, k in lines)
        return ProvedDerivation(derivation, proofs, unknown, perf_counter() - start)
    proofs = tuple(prove_line(section, k, layer, ledger) for section, k in lines)
    whole = _whole(derivation, proofs, ledger)
    return ProvedDerivation(derivation, proofs, whole, perf_counter() - start, tuple(ledger.asked))


def prove_line(section: Section, k: int, layer: Layer, ledger: Ledger) -> Proof:
    """One line: proved by its witness, else by value, else refuted by value, else unknown with what failed."""
    step = section.steps[k]
    ledger.where = f"{section.target}, {step.rule}"
    start = len(ledger.asked)
    try:
        check_line(section, k, layer, ledger)
        scope = scope_of(layer.context, ledger.scales(start), layer.domain)
        return Proof("definition" if step.definition else "proved", scope)
    except (Failed, Unknown, NotApplicable, KeyError, ValueError, IndexError) as why:
        # A line that does not even fit together (an operand of another rank, an unknown name) is not proved either.
        return _failed(section, k, layer, why)


def _failed(section: Section, k: int, layer: Layer, why: Exception) -> Proof:
    """What is to be said of a line whose check failed: it is refuted where values show it, and only there."""
    scope = scope_of(layer.context, layer.context.scales, layer.domain)
    try:
        return _failed_by_value(section, k, layer, why)
    except (Unknown, NotApplicable, KeyError, ValueError, IndexError) as error:
        return Proof("unknown", scope, f"{why}; {error}" if str(error) != str(why) else str(why))


def _failed_by_value(section: Section, k: int, layer: Layer, why: Exception) -> Proof:
    step, scope = section.steps[k], scope_of(layer.context, layer.context.scales, layer.domain)
    if isinstance(why, OutOfBounds):
        for at in instances(layer.context):
            here = layer.context.substitute(at)
            side = [x for s in _at(step.after, at) for x in opened(s, layer.substitute(at) if at else layer)]
            with limited():
                misread = first_misread(side, here)
            if misread:
                return undefined_read(side, misread, here, scope)
    target = layer.context.find(section.target)
    if k > 0:
        start: Sums = section.steps[k - 1].after
    elif target is not None and len(target.of) == 1:
        start = definition(layer, target.of[0])
    else:
        return Proof("unknown", scope, str(why))
    proof = by_value(start, step.after, layer)
    if proof.verdict == "proved":
        # The line follows from the one before it, and still what it says of itself does not hold.
        return Proof("unknown", scope, str(why))
    return replace(proof, reason=f"{why}" + (f"; {proof.reason}" if proof.reason else ""))


def _whole(derivation: Derivation, proofs: Sequence[Proof], ledger: Ledger) -> Proof:
    """The gradient: proved by the chain, refuted by its own values alone, and otherwise unknown.

    A line that is wrong leaves the derivation unproved; its verdict stays with the line, since the result may be right.
    """
    layer, scope = derivation.layer, scope_of(derivation.layer.context, ledger.scales(), derivation.layer.domain)
    try:
        check_order(derivation)
    except Failed as why:
        return Proof("unknown", scope, str(why))
    bad = next((p for p in proofs if p.verdict not in ("proved", "definition")), None)
    if bad is None:
        return Proof("proved", scope)
    unknown = Proof("unknown", scope, f"a line of the derivation is {bad.verdict}: {bad.reason}")
    (wrt,) = layer.context.operand(derivation.sections[-1].target).of
    try:
        result = prove_gradient(derivation.result, layer, wrt)
    except (Unknown, NotApplicable, KeyError, ValueError, IndexError):
        return unknown
    return result if result.verdict in ("refuted", "undefined") else unknown


def fit_to_run(sums: Sums, context: Context) -> str:
    """Empty when every entry of the result has one writer and none is left out; otherwise what is wrong."""
    if not single_writer(sums, context):
        return "an entry is written twice"
    return "" if covers(sums, context) else "an entry is never written"

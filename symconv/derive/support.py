"""The region Q and the change from outputs to taps: the two steps in which the article passes from Eq. 16 to Eq. 17.

Both speak of a sum over outputs that still holds an unevaluated dy[I]/dA[q]. They read the forward formula only
through its index map f(I, J) = q, whatever layer it belongs to.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import sympy as sp

from symconv.derive.differentiate import match_result, the_partial, uses
from symconv.derive.rules import discharge, sift, solve, then
from symconv.ir import (
    CeilDiv,
    Divides,
    Equal,
    FloorDiv,
    IndexedSum,
    Layer,
    Move,
    NotApplicable,
    Piece,
    Quot,
    Range,
    forward_index,
)
from symconv.ir.affine import extremes
from symconv.ir.sums import normal


@dataclass(frozen=True)
class Coupling:
    """One axis of the index map: f = q, with the summed outputs and the taps that occur in f.

    Indices are those of the sum (outputs) and of the forward formula under fresh names (taps); `tap_names` are the
    latter as witnesses call them.
    """

    f: sp.Expr
    q: sp.Expr
    outputs: tuple[sp.Symbol, ...]
    taps: tuple[Range, ...]
    tap_names: tuple[sp.Symbol, ...]


def couplings(s: IndexedSum, layer: Layer) -> tuple[Coupling, ...]:
    """The index map between the outputs that `s` sums over and the entry it differentiates by.

    `NotApplicable` where the operand is used more than once: then no single map exists.
    """
    partial = the_partial(s)
    found = list(uses(layer, partial))
    if len(found) != 1:
        raise NotApplicable(f"{partial.inn.name} is used {len(found)} times")
    forward, use = layer.sum_at(found[0].position), found[0].access
    values, ranges, guards = match_result(forward, partial.out, s.names)
    if any(isinstance(g, Equal) for g in guards):
        raise NotApplicable("the result of the forward formula is not addressed by plain indices")
    summed = {r.index for r in s.reduced}
    named = {values[i]: forward_index(found[0].position, i) for i in forward.indices}
    out = []
    for f, q in zip(use.indices, partial.inn.indices, strict=True):
        at = f.xreplace(values)
        outputs = tuple(i for i in s.indices if i in summed and at.has(i))
        taps = tuple(r for r in ranges if at.has(r.index))
        out.append(Coupling(at, q, outputs, taps, tuple(named[r.index] for r in taps)))
    return tuple(out)


def restrict(s: IndexedSum, layer: Layer) -> Move:
    """sum_I dy[I] dy[I]/dA[q] = sum_{I in Q} dy[I] dy[I]/dA[q]:  outside Q = {I : f(I, J) = q for some J} it is zero.

    Where f = i + c the output is i = q - c; where f = a i + b k + c it lies between ceil((q - c - max b k)/a) and
    floor((q - c - min b k)/a).
    """
    move = Move.same(s)
    for c in couplings(s, layer):
        if len(c.outputs) == 1:
            move = then(move, partial(_restrict_axis, c=c))
    if move.after == (s,):
        raise NotApplicable("every output sees every entry")
    return then(move, discharge)


def _restrict_axis(s: IndexedSum, c: Coupling) -> Move:
    (i,) = c.outputs
    if i not in s.indices:  # another axis has settled this output already
        return Move.same(s)
    if not c.taps:
        delta = Equal(c.f, c.q)
        return then(Move(s, (Piece(s.with_(guards=(*s.guards, delta))),)), lambda x: sift(x, delta, i))
    low, high = output_bounds(c, i)
    r = s.range_of(i)
    tight = Range(i, (*r.lowers, low), (*r.uppers, high))
    return Move(s, (Piece(s.with_(ranges=tuple(tight if x is r else x for x in s.ranges))),))


def output_bounds(c: Coupling, i: sp.Symbol) -> tuple[sp.Expr, sp.Expr]:
    """(ceil, floor) of the outputs i that some tap joins to q."""
    num, a = solve(Equal(c.f, c.q), i)
    least, greatest = extremes(num, {r.index: r for r in c.taps})
    return CeilDiv(least, a), FloorDiv(greatest, a)


def outputs_to_taps(s: IndexedSum, layer: Layer) -> Move:
    """sum_{i in Q} F(i) = sum_k [a | q - c - b k] [lo <= i <= hi] F(i),  i = (q - c - b k)/a

    Each output of Q with a derivative that is not zero is met by exactly one tap, so that taps can be summed over
    in place of outputs. It needs one output and one tap on an axis, each on no other.
    """
    pairs = [c for c in couplings(s, layer) if c.outputs and c.taps]
    used = [v for c in pairs for v in (*c.outputs, *(r.index for r in c.taps))]
    if not pairs or any(len(c.outputs) != 1 or len(c.taps) != 1 for c in pairs) or len(set(used)) != len(used):
        raise NotApplicable("outputs and taps do not pair off one to one")
    move = Move.same(s)
    for c in pairs:
        move = then(move, partial(_swap, c=c))
    return move


def _swap(s: IndexedSum, c: Coupling) -> Move:
    (i,), (tap,) = c.outputs, c.taps
    num, a = solve(Equal(c.f, c.q), i)
    output = Quot(num, a)
    old = s.range_of(i)
    low, high = output_bounds(c, i)
    kept = Range(
        i,
        tuple(b for b in old.lowers if b != low) or old.lowers,
        tuple(b for b in old.uppers if b != high) or old.uppers,
    )
    inside = tuple(g.map(lambda e: e.xreplace({i: output})) for g in kept.guards())
    divides = (Divides(a, num),) if a != 1 else ()
    position = s.indices.index(i)
    bare = s.with_(ranges=(*s.ranges[:position], tap, *s.ranges[position + 1 :]))
    moved = bare.substitute({i: output})
    after = normal(moved.with_(guards=divides + moved.guards + inside))
    return Move(s, (Piece(after, ((i, output),), ((tap.index, c.tap_names[0]),)),))

"""What a partial derivative of a statement means, read off the statement itself: the definition that steps are held to.

    dy[I]/dA[q]  =  sum over the statements that write y, and over the entries A[f_t] that they read,
                    sum_J [result(J) = I] [f_t(J) = q] dS/dA[f_t]

It shares no code with the rules that derive it: the indices J keep names of their own, nothing is solved for, and the
slope dS/dA comes from the table of derivatives of `scalars`.
"""

from __future__ import annotations

import sympy as sp

from symconv.ir import (
    Equal,
    IndexedSum,
    Layer,
    NotApplicable,
    Partial,
    Range,
    Unknown,
    Use,
    forward_index,
)
from symconv.prove.scalars import derivative


def partial_of(s: IndexedSum) -> Partial | None:
    """The unevaluated partial derivative that is a factor of the summand, None where there is none."""
    found = s.summand.atoms(Partial)
    if len(found) > 1:
        raise Unknown(f"a sum holds {len(found)} partial derivatives, and one at a time is opened")
    if [f for f in sp.Mul.make_args(s.summand) if f.has(Partial)] != list(found):
        # Opened as a sum of terms it would be something else: (2 - p) and p^2 are not p.
        raise Unknown("a partial derivative is opened only where it is a factor of the summand")
    return next(iter(found), None)


def openings(s: IndexedSum, layer: Layer) -> dict[Use, IndexedSum]:
    """The sum with its partial derivative opened, one for each use of the operand that has a slope."""
    partial = partial_of(s)
    if partial is None:
        raise NotApplicable("the summand holds no partial derivative")
    out = {}
    for position, forward in enumerate(layer.statements):
        if not isinstance(forward, IndexedSum) or forward.result.name != partial.out.name:
            continue
        for access in forward.reads():
            slope = _slope(forward.summand, access) if access.name == partial.inn.name else sp.S.Zero
            if slope != 0:
                use = Use(position, access)
                out[use] = _opened(s, partial, forward.with_(summand=slope), use)
    return out


def _slope(summand: sp.Expr, access: sp.Expr) -> sp.Expr:
    """dS/du by one of its entries u, all others held constant."""
    hole = sp.Symbol("u@", real=True)
    return derivative(summand.xreplace({access: hole}), hole).xreplace({hole: access})


def _opened(s: IndexedSum, partial: Partial, forward: IndexedSum, use: Use) -> IndexedSum:
    """sum over I and J of the rest of the summand times the slope, J under its names of `forward_index`"""
    names = {i: forward_index(use.position, i) for i in forward.indices}
    moved = at_entry(forward, use.position, partial.out)
    found = (e.xreplace(names) for e in use.access.indices)
    deltas = tuple(Equal(f, q) for f, q in zip(found, partial.inn.indices, strict=True))
    return s.with_(
        ranges=s.ranges + moved.ranges,
        guards=s.guards + moved.guards + deltas,
        summand=s.summand.xreplace({partial: sp.S.One}) * moved.summand,
        extended=s.extended | forward.extended,
    )


def at_entry(forward: IndexedSum, position: int, out: sp.Expr) -> IndexedSum:
    """The statement where it writes the entry `out`: its indices renamed, with [result = out]; no ranges of `out`."""
    names = {i: forward_index(position, i) for i in forward.indices}

    def put(e: sp.Expr) -> sp.Expr:
        return e.xreplace(names)

    ranges = tuple(Range(names[r.index], tuple(map(put, r.lowers)), tuple(map(put, r.uppers))) for r in forward.ranges)
    meets = tuple(Equal(put(f), e) for f, e in zip(forward.result.indices, out.indices, strict=True))
    guards = tuple(g.map(put) for g in forward.guards) + meets
    return IndexedSum(out, ranges, guards, put(forward.summand), forward.extended)

"""Differentiation of indexed sums: the chain rule, and what an unevaluated partial derivative unfolds to."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import sympy as sp

from symconv.ir import (
    Access,
    Between,
    Context,
    Equal,
    Guard,
    IndexedSum,
    Layer,
    NotApplicable,
    Partial,
    Range,
    fresh,
)
from symconv.ir.sums import normal


def axis_indices(context: Context, name: str, taken: set[str]) -> tuple[sp.Symbol, ...]:
    """Fresh indices for the axes of operand `name`, named after them."""
    names, out = set(taken), []
    for axis in context.operand(name).axes:
        out.append(fresh(axis, names))
        names.add(out[-1].name)
    return tuple(out)


def box(context: Context, name: str, indices: Iterable[sp.Symbol]) -> tuple[Range, ...]:
    return tuple(Range.box(i, n) for i, n in zip(indices, context.shape(name), strict=True))


def chain_rule(layer: Layer, output: str, wrt: str) -> IndexedSum:
    """dE/dA[q] = sum_I dE/dy[I] * dy[I]/dA[q], over every entry of y"""
    q = axis_indices(layer.context, wrt, set())
    i = axis_indices(layer.context, output, {v.name for v in q})
    return IndexedSum(
        Access(layer.context.adjoint(wrt), *q),
        box(layer.context, wrt, q) + box(layer.context, output, i),
        (),
        Access(layer.context.adjoint(output), *i) * Partial(Access(output, *i), Access(wrt, *q)),
    )


def inner_partial(s: IndexedSum) -> IndexedSum:
    """dy[..]/dA[..] alone, for every index of the sum it stands in: the lemma that opens it."""
    partial = the_partial(s)
    name = f"d{partial.out.name}/d{partial.inn.name}"
    result = Access(name, *partial.out.indices, *partial.inn.indices)
    needed = result.free_symbols
    guards = tuple(g for g in s.guards if g.symbols & needed)
    return IndexedSum(result, tuple(r for r in s.ranges if r.index in needed), guards, partial)


def the_partial(s: IndexedSum) -> Partial:
    """The one unevaluated partial derivative of the summand."""
    found = s.summand.atoms(Partial)
    if len(found) != 1:
        raise NotApplicable(f"the summand holds {len(found)} partial derivatives")
    return next(iter(found))


def unfold(s: IndexedSum, layer: Layer, taken: frozenset[str] = frozenset()) -> tuple[IndexedSum, ...]:
    """d/dA[q] sum_J S(A[f_1], A[f_2], ..) = sum_t sum_J [f_t = q] dS/dA[f_t], one sum a use t of A.

    `taken`: names that the forward formula's indices must avoid besides those of `s`. A sum without a partial
    derivative is returned as it is.
    """
    if not s.summand.atoms(Partial):
        return (s,)
    partial = the_partial(s)
    avoid = s.names | taken
    uses = [
        (forward, use)
        for forward in layer.writers(partial.out.name)
        for use in forward.reads()
        if use.name == partial.inn.name
    ]
    opened = (_open(s, partial, forward, use, avoid) for forward, use in uses)
    return tuple(x for x in opened if x is not None)


def _open(s: IndexedSum, partial: Partial, forward: IndexedSum, use: Access, avoid: set[str]) -> IndexedSum | None:
    derivative = derivative_by(forward.summand, use)
    if derivative == 0:
        return None
    at, ranges, guards = match_result(forward, partial.out, avoid)

    def put(e: sp.Expr) -> sp.Expr:
        return e.xreplace(at)

    pairs = [(sp.expand(put(f)), q) for f, q in zip(use.indices, partial.inn.indices, strict=True)]
    deltas = tuple(Equal(f, q) for f, q in pairs if f != q)
    known = set(s.guards) | {g for r in s.ranges for g in r.guards()}
    new = tuple(g for g in guards + tuple(g.map(put) for g in forward.guards) if g not in known)
    opened = s.with_(
        ranges=s.ranges + ranges,
        guards=s.guards + new + deltas,
        summand=s.summand.xreplace({partial: sp.S.One}) * put(derivative),
        extended=s.extended | forward.extended,
    )
    return normal(opened)


@lru_cache(maxsize=256)
def derivative_by(e: sp.Expr, use: Access) -> sp.Expr:
    """de/du of a summand by one of its entries u, all other entries held constant."""
    hole = sp.Dummy("use", real=True)
    return sp.diff(e.xreplace({use: hole}), hole).xreplace({hole: use})


def match_result(
    forward: IndexedSum, out: Access, avoid: set[str]
) -> tuple[dict[sp.Symbol, sp.Expr], tuple[Range, ...], tuple[Guard, ...]]:
    """How the forward formula speaks about y[out]: (values of its indices, fresh ranges, guards).

    A result index that stands alone takes the value asked for, and its range becomes a guard; a result such as
    y[2i + m] keeps its indices, and a delta says which entry is meant.
    """
    values: dict[sp.Symbol, sp.Expr] = {}
    names = set(avoid) | {i.name for i in out.free_symbols}
    pairs = list(zip(forward.result.indices, out.indices, strict=True))
    plain = {f: u for f, u in pairs if _stands_alone(f, forward)}
    values.update(plain)
    for r in forward.ranges:
        if r.index not in plain:
            values[r.index] = fresh(r.index.name, names)
            names.add(values[r.index].name)
    guards: list[Guard] = []
    ranges: list[Range] = []
    for r in forward.ranges:
        moved = r.map(lambda e: e.xreplace(values))
        if r.index in plain:
            guards += [Between(b.lo, values[r.index], b.hi) for b in moved.guards()]
        else:
            ranges.append(Range(values[r.index], moved.lowers, moved.uppers))
    guards += [Equal(f.xreplace(values), u) for f, u in pairs if f not in plain]
    return values, tuple(ranges), tuple(guards)


def _stands_alone(f: sp.Expr, forward: IndexedSum) -> bool:
    """Is f an index that names one axis of the result, and that no other range depends on?"""
    return (
        f in forward.indices
        and sum(g.has(f) for g in forward.result.indices) == 1
        and not any(b.has(f) for r in forward.ranges for b in r.bounds)
    )


def forward_at(s: IndexedSum, layer: Layer) -> tuple[IndexedSum, ...]:
    """The forward formula of the entry that `s` differentiates: what a reader sees inserted (Eqs. 11, 18)."""
    partial = the_partial(s)
    out = []
    for forward in layer.writers(partial.out.name):
        values, ranges, guards = match_result(forward, partial.out, s.names)
        conditions = [g for g in guards if isinstance(g, Equal)]
        conditions += [g.map(lambda e, at=values: e.xreplace(at)) for g in forward.guards]  # type: ignore[misc]
        summand = forward.summand.xreplace(values)
        needed = [r for r in s.ranges if r.index in partial.out.free_symbols]
        out.append(IndexedSum(partial.out, (*needed, *ranges), tuple(conditions), summand, forward.extended))
    return tuple(map(normal, out))

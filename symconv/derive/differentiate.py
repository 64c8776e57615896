"""Differentiation of indexed sums: the chain rule, and what an unevaluated partial derivative unfolds to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

import sympy as sp

from symconv.ir import (
    Access,
    Between,
    Context,
    Equal,
    Given,
    Guard,
    IndexedSum,
    Layer,
    Move,
    NotApplicable,
    Partial,
    Piece,
    Range,
    Use,
    forward_index,
    fresh,
)
from symconv.ir.derivation import Witness
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


def no_gradient(layer: Layer, wrt: str) -> IndexedSum:
    """dE/dA[q] = 0 where nothing is computed from A"""
    q = axis_indices(layer.context, wrt, set())
    return IndexedSum(Access(layer.context.adjoint(wrt), *q), box(layer.context, wrt, q), (), sp.S.Zero)


def inner_partial(s: IndexedSum, context: Context) -> IndexedSum:
    """dy[..]/dA[..] alone, for every index of the sum it stands in: the lemma that opens it."""
    partial = the_partial(s)
    result = Access(context.derivative(partial.out.name, partial.inn.name), *partial.out.indices, *partial.inn.indices)
    needed = result.free_symbols
    guards = tuple(g for g in s.guards if g.symbols & needed)
    return IndexedSum(result, tuple(r for r in s.ranges if r.index in needed), guards, partial)


def the_partial(s: IndexedSum) -> Partial:
    """The one unevaluated partial derivative of the summand."""
    found = s.summand.atoms(Partial)
    if len(found) != 1:
        raise NotApplicable(f"the summand holds {len(found)} partial derivatives")
    return next(iter(found))


def open_partial(s: IndexedSum, layer: Layer) -> Move:
    """d/dA[q] sum_J S(A[f_1], A[f_2], ..) = sum_t sum_J [f_t = q] dS/dA[f_t], one piece a use t of A

    A use by which the derivative is zero gives no piece, none at all the piece 0; a sum without a partial derivative
    stays as it is.
    """
    if not s.summand.atoms(Partial):
        return Move.same(s)
    partial = the_partial(s)
    opened = (_open(s, partial, layer, use) for use in uses(layer, partial))
    pieces = tuple(x for x in opened if x is not None)
    return Move(s, pieces or (Piece(nothing(s)),))


def nothing(s: IndexedSum) -> IndexedSum:
    """The zero that is added where a sum has no term."""
    return s.with_(ranges=s.parallel, guards=(), summand=sp.S.Zero)


def unfold(s: IndexedSum, layer: Layer) -> tuple[IndexedSum, ...]:
    """What `open_partial` makes of the sum."""
    return open_partial(s, layer).after


def uses(layer: Layer, partial: Partial) -> Iterator[Use]:
    """Every place at which a statement that writes `out` reads `inn`."""
    for position, forward in enumerate(layer.statements):
        if isinstance(forward, IndexedSum) and forward.result.name == partial.out.name:
            yield from (Use(position, a) for a in forward.reads() if a.name == partial.inn.name)


def _open(s: IndexedSum, partial: Partial, layer: Layer, use: Use) -> Piece | None:
    forward = layer.sum_at(use.position)
    derivative = derivative_by(forward.summand, use.access)
    if derivative == 0:
        return None
    at, ranges, guards = match_result(forward, partial.out, s.names)

    def put(e: sp.Expr) -> sp.Expr:
        return e.xreplace(at)

    pairs = [(sp.expand(put(f)), q) for f, q in zip(use.access.indices, partial.inn.indices, strict=True)]
    deltas = tuple(Equal(f, q) for f, q in pairs if f != q)
    known = set(s.guards) | {g for r in s.ranges for g in r.guards()}
    new = tuple(g for g in guards + tuple(g.map(put) for g in forward.guards) if g not in known)
    opened = s.with_(
        ranges=s.ranges + ranges,
        guards=s.guards + new + deltas,
        summand=s.summand.xreplace({partial: sp.S.One}) * put(derivative),
        extended=s.extended | forward.extended,
    )
    return Piece(normal(opened), *forward_witness(use.position, forward, at), use)


def forward_witness(position: int, forward: IndexedSum, at: Mapping[sp.Symbol, sp.Expr]) -> tuple[Witness, Witness]:
    """The indices of the forward formula over those of the sum it was put into, and the fresh ones of these over it."""
    named = [(forward_index(position, i), at[i]) for i in forward.indices]
    return tuple(named), tuple((e, i) for i, e in named if e.is_Symbol and e not in _given_indices(forward, at))


def _given_indices(forward: IndexedSum, at: Mapping[sp.Symbol, sp.Expr]) -> set[sp.Expr]:
    return {at[f] for f in forward.result.indices if _stands_alone(f, forward)}


@lru_cache(maxsize=256)
def derivative_by(e: sp.Expr, use: Access) -> sp.Expr:
    """de/du of a summand by one of its entries u, all other entries held constant."""
    hole = sp.Dummy("use", real=True)
    derivative = sp.diff(e.xreplace({use: hole}), hole)
    # SymPy's derivative of a step is a Dirac delta: it stands on the kink alone, where a layer takes a one-sided slope.
    flat = dict.fromkeys(derivative.atoms(sp.DiracDelta), sp.S.Zero)
    return derivative.xreplace(flat).xreplace({hole: use})


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


def forward_at(s: IndexedSum, layer: Layer) -> tuple[Given, ...]:
    """The forward formula of the entry that `s` differentiates: what a reader sees inserted (Eqs. 11, 18)."""
    partial = the_partial(s)
    out = []
    for position, forward in enumerate(layer.statements):
        if not isinstance(forward, IndexedSum) or forward.result.name != partial.out.name:
            continue
        values, ranges, guards = match_result(forward, partial.out, s.names)
        needed = _ranges_alone(r for r in s.ranges if r.index in partial.out.free_symbols)
        held = tuple(g for g in s.guards if g.symbols & set(s.indices) <= {r.index for r in needed})
        domain = IndexedSum(partial.out, needed, held, sp.S.One)
        conditions = [g for g in guards if isinstance(g, Equal)]
        conditions += [g.map(lambda e, at=values: e.xreplace(at)) for g in forward.guards]  # type: ignore[misc]
        summand = forward.summand.xreplace(values)
        formula = IndexedSum(partial.out, (*needed, *ranges), tuple(conditions), summand, forward.extended)
        witness, inverse = forward_witness(position, forward, values)
        use = Use(position, forward.result)
        out.append(Given(domain, Piece(normal(formula), witness, inverse, use)))
    return tuple(out)


def _ranges_alone(ranges: Iterable[Range]) -> tuple[Range, ...]:
    """The ranges without the bounds that speak of other indices: what is inserted holds at every entry of its box."""
    kept = tuple(ranges)
    own = {r.index for r in kept}

    def alone(bounds: Sequence[sp.Expr]) -> tuple[sp.Expr, ...]:
        return tuple(b for b in bounds if all(v in own or v.is_nonnegative for v in b.free_symbols)) or tuple(bounds)

    return tuple(Range(r.index, alone(r.lowers), alone(r.uppers)) for r in kept)

"""The exact plan, for every statement: a loop nest that visits the non-zero terms and nothing else.

The outer loops run through the entries of the result, each of which is written once; the inner ones, scanned by isl,
through the terms of its sum. Zero extension, divisibility and borders all end up in loop bounds and steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sympy as sp

from symconv.ir import Access, Context, FirstMaximum, Guard, IndexedSum, Range, Statement, sort_key
from symconv.ir.presburger import all_names, box_text, constraint, range_text, vanishing
from symconv.lower.nest import Candidate, Cell, For, Node, Term, Winner, flat
from symconv.lower.scan import Leaf, scan


@dataclass(frozen=True)
class Loops:
    """A nest that writes `target`; reads: the operands it needs."""

    target: str
    nodes: tuple[Node, ...]
    reads: frozenset[str]


@dataclass(frozen=True)
class Winners:
    """The masks that `FirstMaximum` statements write, by name; kept as the position of the winner in its window.

    sizes: of the window's axes, for each mask.
    """

    sizes: dict[str, tuple[sp.Expr, ...]]

    def entry(self, access: Access) -> tuple[Access, sp.Expr]:
        """(the stored position, the position that the access asks about)"""
        sizes = self.sizes[access.name]
        cut = len(access.indices) - len(sizes)
        return Access(access.args[0], *access.indices[:cut]), flat(access.indices[cut:], sizes)


def winners_of(statements: Sequence[Statement], context: Context) -> Winners:
    return Winners(
        {
            s.result.name: context.shape(s.result.name)[-len(s.window) :]
            for s in statements
            if isinstance(s, FirstMaximum)
        }
    )


def loops(s: Statement, context: Context, winners: Winners, add: bool) -> Loops:
    """The loop nest of one gathered statement. add: onto what the target holds already."""
    if isinstance(s, FirstMaximum):
        return _maximum_loops(s, context)
    outer = s.parallel

    def leaf(at: dict[sp.Symbol, sp.Expr]) -> Node:
        return _term(s.summand.xreplace(at), s, winners)

    vanish = vanishing(s, s.summand)
    body = _inner(context, outer, s.reduced, s.guards, vanish, leaf)
    nodes = _around(outer, (Cell(s.result, body, add),))
    return Loops(s.result.name, nodes, frozenset(a.name for a in s.reads()))


def _maximum_loops(s: FirstMaximum, context: Context) -> Loops:
    window = set(s.window)
    outer = tuple(r for r in s.ranges if r.index not in window)
    sizes = context.shape(s.result.name)[-len(s.window) :]

    def leaf(at: dict[sp.Symbol, sp.Expr]) -> Node:
        return Candidate(s.value.xreplace(at), flat(s.window, sizes).xreplace(at))

    body = _inner(context, outer, [r for r in s.ranges if r.index in window], s.guards, [s.value], leaf)
    entry = Access(s.result.args[0], *s.result.indices[: -len(s.window)])
    return Loops(s.result.name, _around(outer, (Winner(entry, body),)), frozenset({s.value.name}))


def _inner(
    context: Context,
    outer: Sequence[Range],
    reduced: Sequence[Range],
    guards: Sequence[Guard],
    inside: Sequence[Access],
    leaf: Leaf,
) -> tuple[Node, ...]:
    """The loops over the terms of one entry."""
    names = all_names(context, (r.index for r in (*outer, *reduced)))
    known = " and ".join(range_text(r, names) for r in outer) or "true"
    conditions = [range_text(r, names) for r in reduced] + [constraint(g, names) for g in guards]
    for a in inside:
        conditions += box_text(a, names, context)
    domain = " and ".join(conditions) or "true"
    return scan(context, [r.index for r in outer], known, [r.index for r in reduced], domain, leaf)


def _around(ranges: Sequence[Range], body: tuple[Node, ...]) -> tuple[Node, ...]:
    """Loops over the entries of a result, outermost first."""
    for r in reversed(ranges):
        body = (For(r.index, r.lower, r.upper, 1, body),)
    return body


def _term(value: sp.Expr, s: IndexedSum, winners: Winners) -> Term:
    """The summand at a point: factors that are masks become comparisons, the rest stays as it is."""
    factors = sp.Mul.make_args(value)
    masks = [f for f in factors if isinstance(f, Access) and f.name in winners.sizes]
    rest = sp.Mul(*(f for f in factors if f not in masks)) if masks else value
    free = {a.name for a in vanishing(s, s.summand)}
    reads = sorted(value.atoms(Access), key=sort_key)
    guarded = tuple(a for a in reads if a.name in s.extended and a.name not in free)
    return Term(rest, tuple(winners.entry(m) for m in masks), guarded)

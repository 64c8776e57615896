"""Independent axes: a sum whose relation is a product of relations, one a group of axes that speak of each other.

In  y[n, i, j] += w[m, k] x[n, i + m, j + k]  the height (i, m), the width (j, k) and the batch (n) never meet in one
index expression or condition. The relation of the whole is then the product of the three, and it is enough that the
factors are equal (and injective) one by one. This is what keeps 3-D proofs, and proofs over all strides and
dilations in a range, small. It can only prove: where a factor differs the caller asks about the whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import sympy as sp

from symconv.ir import Access, Context, IndexedSum, Operand, sort_key

_Node = Any  # an index (sp.Symbol), or an axis of an operand (name, position)


@dataclass(frozen=True)
class Group:
    """One group of axes: the two sums restricted to it, and the context in which operands keep only these axes."""

    lhs: IndexedSum
    rhs: IndexedSum
    context: Context


def independent(lhs: Sequence[IndexedSum], rhs: Sequence[IndexedSum], context: Context) -> list[Group] | None:
    """The groups of axes of two single-term sums, None where they do not split."""
    if len(lhs) != 1 or len(rhs) != 1 or not all(_single_term(s) for s in (*lhs, *rhs)):
        return None
    left, right = lhs[0], rhs[0]
    if set(left.indices) & set(right.indices):
        right = right.rename({i: sp.Dummy(i.name, integer=True) for i in right.indices})
    groups = _Groups()
    for s in (left, right):
        _join(s, groups)
    names = dict.fromkeys(a.name for s in (left, right) for a in (s.result, *s.reads()))
    roots = list(dict.fromkeys(groups.find(n) for n in groups.parent))
    return [
        Group(
            _restrict(left, groups, root, first=k == 0),
            _restrict(right, groups, root, first=k == 0),
            _sub_context(context, groups, root, names),
        )
        for k, root in enumerate(roots)
    ]


class _Groups:
    """Union-find over indices and operand axes."""

    def __init__(self) -> None:
        self.parent: dict[_Node, _Node] = {}

    def find(self, node: _Node) -> _Node:
        self.parent.setdefault(node, node)
        while self.parent[node] != node:
            node = self.parent[node]
        return node

    def join(self, nodes: Sequence[_Node]) -> None:
        for a, b in pairwise(nodes):
            self.parent[self.find(a)] = self.find(b)
        for node in nodes[:1]:
            self.find(node)


def _single_term(s: IndexedSum) -> bool:
    """A number times entries of operands, none of them read twice."""
    reads = [f for f in sp.Mul.make_args(s.summand) if isinstance(f, Access)]
    rest = sp.Mul(*(f for f in sp.Mul.make_args(s.summand) if not isinstance(f, Access)))
    return (
        not rest.has(Access) and not rest.free_symbols & set(s.indices) and len({a.name for a in reads}) == len(reads)
    )


def _join(s: IndexedSum, groups: _Groups) -> None:
    every = set(s.indices)
    for a in (s.result, *s.reads()):
        for k, e in enumerate(a.indices):
            groups.join([(a.name, k), *_sorted(e.free_symbols & every)])
    for g in s.guards:
        groups.join(_sorted(g.symbols & every))
    for r in s.ranges:
        groups.join([r.index, *_sorted(r.symbols & every)])


def _sorted(symbols: Set[sp.Symbol]) -> list[_Node]:
    return sorted(symbols, key=sort_key)


def _keeps(groups: _Groups, root: _Node) -> Iterator[tuple[str, int]]:
    return (n for n in groups.parent if isinstance(n, tuple) and groups.find(n) == root)


def _restrict(s: IndexedSum, groups: _Groups, root: _Node, first: bool) -> IndexedSum:
    """The sum over the indices of one group; the coefficient goes with the first group."""
    kept = set(_keeps(groups, root))

    def cut(a: Access) -> Access:
        return Access(a.args[0], *(e for k, e in enumerate(a.indices) if (a.name, k) in kept))

    indices = {i for i in s.indices if groups.find(i) == root}
    summand = sp.Mul(
        *(cut(f) if isinstance(f, Access) else f for f in sp.Mul.make_args(s.summand) if first or f.has(Access))
    )
    guards = tuple(g for g in s.guards if g.symbols & indices or (first and not g.symbols & set(s.indices)))
    ranges = tuple(r for r in s.ranges if r.index in indices)
    return IndexedSum(cut(s.result), ranges, guards, summand, s.extended)


def _sub_context(context: Context, groups: _Groups, root: _Node, names: Iterable[str]) -> Context:
    kept = set(_keeps(groups, root))
    operands = []
    for o in map(context.operand, names):
        axes = [k for k in range(len(o.shape)) if (o.name, k) in kept]
        shape, names_of = tuple(o.shape[k] for k in axes), tuple(o.axes[k] for k in axes)
        operands.append(Operand(o.name, shape, names_of))
    return Context(context.sizes, context.assumptions, tuple(operands), context.scales)

"""Sizes of letters and axes: letters that stand alone on one axis of one operand run over one size.

It is the axis that has a size, in whatever statements it is spoken of; a letter is bound in its statement. A size is
called after the first of its letters, and two that would be called the same are the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import count
from typing import NamedTuple

import sympy as sp

from symconv.ir import UserError, size
from symconv.layers.formula import ParsedStatement

Open = Mapping[str, Sequence[sp.Expr | None]]


class Letter(NamedTuple):
    """An index in the statement of that number."""

    statement: int
    name: str


class Axis(NamedTuple):
    operand: str
    position: int


Node = Letter | Axis


class _Groups:
    """A union-find; a group is known by the node in it that comes first."""

    def __init__(self, nodes: Iterable[Node]) -> None:
        self.order = {node: k for k, node in enumerate(nodes)}
        self.parent = {node: node for node in self.order}

    def first(self, node: Node) -> Node:
        while self.parent[node] != node:
            node = self.parent[node]
        return node

    def join(self, a: Node, b: Node) -> None:
        early, late = sorted((self.first(a), self.first(b)), key=self.order.__getitem__)
        self.parent[late] = early


def unified(
    statements: Sequence[ParsedStatement], indices: Sequence[str], operands: Open, given: Open, taken: set[str]
) -> dict[Node, sp.Expr]:
    """The size of every letter of every statement, and of every axis.

    operands: with their axes. given: sizes that the user gave, None for an axis left open. taken: names in use.
    """
    letters = list(dict.fromkeys(Letter(k, name) for k, s in enumerate(statements) for name in _letters(s, indices)))
    axes = [Axis(name, k) for name, shape in operands.items() for k in range(len(shape))]
    groups = _Groups((*letters, *axes))
    for k, s in enumerate(statements):
        for e in s.entries:
            for position, i in enumerate(e.indices):
                if i.is_Symbol and i.name in indices:
                    groups.join(Letter(k, i.name), Axis(e.operand, position))
    _join_by_name(groups, letters, axes)
    found = _given_sizes(groups, axes, given)
    named = {s.name: s for shape in given.values() for e in shape if e is not None for s in e.free_symbols}
    out: dict[Node, sp.Expr] = {}
    for node in groups.order:
        first = groups.first(node)
        if first not in found:
            found[first] = _called(first, named, taken)
        out[node] = found[first]
    return out


def _letters(s: ParsedStatement, indices: Sequence[str]) -> list[str]:
    """The indices of a statement, in order of appearance."""
    mentioned = [v.name for e in s.entries for i in e.indices for v in sorted(i.free_symbols, key=str)]
    return [name for name in (*mentioned, *(n for _, over in s.terms for n in over or ())) if name in indices]


def _join_by_name(groups: _Groups, letters: Sequence[Letter], axes: Sequence[Axis]) -> None:
    """A letter without an axis is that of another statement; groups that begin with one name are one."""
    held = {groups.first(axis) for axis in axes}
    for letter in letters:
        if groups.first(letter) not in held:
            same = (other for other in letters if other.name == letter.name and groups.first(other) in held)
            groups.join(next(same, letter), letter)
    known: dict[str, Letter] = {}
    for letter in letters:
        if groups.first(letter) == letter:
            groups.join(known.setdefault(letter.name, letter), letter)


def _given_sizes(groups: _Groups, axes: Sequence[Axis], given: Open) -> dict[Node, sp.Expr]:
    """What the user gave, by the first node of each group."""
    found: dict[Node, sp.Expr] = {}
    for axis in axes:
        extent = given[axis.operand][axis.position] if axis.operand in given else None
        if extent is None:
            continue
        first = groups.first(axis)
        if found.setdefault(first, extent) != extent:
            what = f"the index {first.name}" if isinstance(first, Letter) else f"an axis of {axis.operand}"
            raise UserError(f"formula: {what} runs over {found[first]} in one place and {extent} in another")
    return found


def _called(first: Node, named: Mapping[str, sp.Symbol], taken: set[str]) -> sp.Expr:
    """The size of a group: the capital of its first letter, or one called after the axis, of a name of its own."""
    if isinstance(first, Letter) and first.name.upper() in named:
        return named[first.name.upper()]
    name = first.name.upper() if isinstance(first, Letter) else f"{first.operand.upper()}{first.position}"
    free = next(n for k in count() if (n := name + "_" * k) not in taken)
    taken.add(free)
    return size(free)

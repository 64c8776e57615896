"""Small changes of a formula, of the kind that people make; some of them change nothing."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

from tests.truth.random_formulas import number, plus, power
from tests.truth.reader import Call, Entry, Node, Number, Statement, Term, entries
from tests.truth.reader import plus as sum_of_indices

Change = Callable[[Node, random.Random], Node | None]
_NEIGHBOURS = {
    "exp": "sinh",
    "sinh": "tanh",
    "tanh": "sigmoid",
    "sin": "cos",
    "cos": "cosh",
    "cosh": "exp",
    "relu": "abs",
    "abs": "relu",
    "max": "min",
    "min": "max",
    "atan": "tanh",
    "sigmoid": "tanh",
}


def _everywhere(node: Node) -> list[tuple[int, ...]]:
    """Paths to every node."""
    inner = [(k, *p) for k, a in enumerate(node.args) for p in _everywhere(a)] if isinstance(node, Call) else []
    return [(), *inner]


def _at(node: Node, path: tuple[int, ...]) -> Node:
    for k in path:
        assert isinstance(node, Call)
        node = node.args[k]
    return node


def _put(node: Node, path: tuple[int, ...], new: Node) -> Node:
    if not path:
        return new
    assert isinstance(node, Call)
    args = list(node.args)
    args[path[0]] = _put(args[path[0]], path[1:], new)
    return Call(node.name, tuple(args))


def _shift(node: Node, rng: random.Random) -> Node | None:
    """x[i + k] becomes x[i + k + 1], or x[2*i + k]."""
    if not isinstance(node, Entry) or not node.indices:
        return None
    at = rng.randrange(len(node.indices))
    old = dict(node.indices[at])
    new = sum_of_indices(old, {(): 1}) if rng.random() < 0.6 else {m: 2 * c for m, c in old.items()}
    if len(old) == 1 and rng.random() < 0.5:
        return None
    return Entry(node.name, (*node.indices[:at], tuple(sorted(new.items())), *node.indices[at + 1 :]))


def _transpose(node: Node, rng: random.Random) -> Node | None:
    return Entry(node.name, node.indices[::-1]) if isinstance(node, Entry) and len(node.indices) == 2 else None


def _neighbour(node: Node, rng: random.Random) -> Node | None:
    return Call(_NEIGHBOURS[node.name], node.args) if isinstance(node, Call) and node.name in _NEIGHBOURS else None


def _drop(node: Node, rng: random.Random) -> Node | None:
    """relu(u) becomes u, a + b becomes a, u**2 becomes u."""
    if not isinstance(node, Call) or node.name in ("log", "sqrt", "/"):
        return None
    return node.args[0]


def _nudge(node: Node, rng: random.Random) -> Node | None:
    """A number moved by one, or by very little."""
    if not isinstance(node, Number):
        return None
    return Number(node.value + rng.choice((1, -1, Fraction(1, 10**9)))) if node.value.denominator == 1 else number(1)


def _raise(node: Node, rng: random.Random) -> Node | None:
    return power(node, 2) if isinstance(node, Entry) else None


def _add(node: Node, rng: random.Random) -> Node | None:
    return plus(node, number(1, rng.choice((1, 3, 10**9)))) if isinstance(node, Call) and node.name != "**" else None


CHANGES: tuple[Change, ...] = (_shift, _transpose, _neighbour, _drop, _nudge, _raise, _add)


def mutated(s: Statement, rng: random.Random) -> Statement:
    """One change of one term, or a term left out, or a sign."""
    kind = rng.random()
    if kind < 0.1 and len(s.terms) > 1:
        return replace(s, terms=s.terms[1:])
    at = rng.randrange(len(s.terms))
    term = s.terms[at]
    if kind < 0.2:
        new: Term | None = replace(term, factors=(number(-1), *term.factors))
    elif kind < 0.3 and len(term.factors) > 1:
        new = replace(term, factors=term.factors[1:])
    else:
        new = _changed(term, rng)
    if new is None or _reads(new) != _reads(term):
        new = replace(term, factors=(number(2), *term.factors))
    return replace(s, terms=(*s.terms[:at], new, *s.terms[at + 1 :]))


def _reads(t: Term) -> set[str]:
    """The letters that a term mentions: a mutation that loses one would be another claim about sizes."""
    return {v for f in t.factors for e in entries(f) for i in e.indices for m, _ in i for v in m if v.islower()}


def _changed(term: Term, rng: random.Random) -> Term | None:
    for _ in range(20):
        k = rng.randrange(len(term.factors))
        path = rng.choice(_everywhere(term.factors[k]))
        exponent = (
            path and isinstance(up := _at(term.factors[k], path[:-1]), Call) and up.name == "**" and path[-1] == 1
        )
        new = None if exponent else rng.choice(CHANGES)(_at(term.factors[k], path), rng)
        if new is not None:
            return replace(term, factors=(*term.factors[:k], _put(term.factors[k], path, new), *term.factors[k + 1 :]))
    return None

"""Rewrites of formulas that keep the meaning, and mutations that may change it.

Whether they did is never assumed: the evaluator judges each pair.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

from tests.truth.random_formulas import ONE, TWO, listed_over, negative, number, over, plus, power, times
from tests.truth.reader import Call, Entry, Node, Number, Statement, Term
from tests.truth.reader import plus as sum_of_indices
from tests.truth.reader import times as product_of_indices

Unary = Callable[[Node], Node]


def _exp(u: Node) -> Node:
    return Call("exp", (u,))


def _call(name: str) -> Unary:
    return lambda u: Call(name, (u,))


_sin, _cos, _sinh, _cosh, _tanh, _sigmoid, _relu, _abs, _sqrt, _log = map(
    _call, ("sin", "cos", "sinh", "cosh", "tanh", "sigmoid", "relu", "abs", "sqrt", "log")
)

# Other ways to write a function of one argument.
UNARY: dict[str, tuple[Unary, ...]] = {
    "exp": (
        lambda u: power(_exp(over(u, TWO)), 2),
        lambda u: over(ONE, _exp(negative(u))),
        lambda u: plus(_cosh(u), _sinh(u)),
    ),
    "tanh": (
        lambda u: plus(times(TWO, _sigmoid(times(TWO, u))), number(-1)),
        lambda u: over(_sinh(u), _cosh(u)),
        lambda u: negative(_tanh(negative(u))),
    ),
    "sigmoid": (
        lambda u: over(ONE, plus(ONE, _exp(negative(u)))),
        lambda u: over(_exp(u), plus(ONE, _exp(u))),
        lambda u: plus(ONE, negative(_sigmoid(negative(u)))),
        lambda u: over(plus(ONE, _tanh(over(u, TWO))), TWO),
    ),
    "sin": (
        lambda u: times(TWO, times(_sin(over(u, TWO)), _cos(over(u, TWO)))),
        lambda u: negative(_sin(negative(u))),
    ),
    "cos": (
        lambda u: plus(ONE, times(number(-2), power(_sin(over(u, TWO)), 2))),
        lambda u: _cos(negative(u)),
    ),
    "sinh": (lambda u: over(plus(_exp(u), negative(_exp(negative(u)))), TWO),),
    "cosh": (lambda u: over(plus(_exp(u), _exp(negative(u))), TWO),),
    "atan": (lambda u: negative(Call("atan", (negative(u),))),),
    "relu": (
        lambda u: Call("max", (u, number(0))),
        lambda u: over(plus(u, _abs(u)), TWO),
        lambda u: plus(u, _relu(negative(u))),
    ),
    "abs": (
        lambda u: _sqrt(power(u, 2)),
        lambda u: plus(_relu(u), _relu(negative(u))),
        lambda u: Call("max", (u, negative(u))),
        lambda u: _abs(negative(u)),
    ),
    "log": (lambda u: negative(_log(over(ONE, u))), lambda u: over(_log(power(u, 2)), TWO)),
    "sqrt": (lambda u: over(u, _sqrt(u)), lambda u: _exp(over(_log(u), TWO))),
}
BINARY: dict[str, tuple[Callable[[Node, Node], Node], ...]] = {
    "max": (
        lambda a, b: Call("max", (b, a)),
        lambda a, b: plus(a, _relu(plus(b, negative(a)))),
        lambda a, b: over(plus(plus(a, b), _abs(plus(a, negative(b)))), TWO),
    ),
    "min": (
        lambda a, b: Call("min", (b, a)),
        lambda a, b: negative(Call("max", (negative(a), negative(b)))),
        lambda a, b: plus(plus(a, b), negative(Call("max", (a, b)))),
    ),
    "+": (lambda a, b: plus(b, a),),
    "*": (lambda a, b: times(b, a),),
}


def rewritten(node: Node, rng: random.Random, chance: float = 0.4) -> Node:
    """The expression with some of its functions written in another way."""
    if not isinstance(node, Call):
        return node
    args = tuple(rewritten(a, rng, chance / 2) for a in node.args)
    node = Call(node.name, args)
    if rng.random() > chance:
        return node
    if node.name == "exp" and isinstance(args[0], Call) and args[0].name == "+":
        return times(*map(_exp, args[0].args))
    if node.name == "**" and isinstance(args[1], Number) and args[1].value in (2, 3, 4):
        return times(args[0], power(args[0], int(args[1].value) - 1)) if args[1].value > 2 else times(args[0], args[0])
    if node.name in UNARY:
        return rng.choice(UNARY[node.name])(*args)
    return rng.choice(BINARY[node.name])(*args) if node.name in BINARY else node


def functions_rewritten(s: Statement, rng: random.Random) -> Statement:
    return replace(s, terms=tuple(replace(t, factors=tuple(rewritten(f, rng) for f in t.factors)) for t in s.terms))


def reordered(s: Statement, rng: random.Random) -> Statement:
    """Terms and factors in another order."""
    terms = [replace(t, factors=tuple(rng.sample(t.factors, len(t.factors)))) for t in s.terms]
    return replace(s, terms=tuple(rng.sample(terms, len(terms))))


def distributed(s: Statement, rng: random.Random) -> Statement:
    """A factor a + b multiplied out; a term without one is written as two halves, or thirds."""
    out: list[Term] = []
    for t in s.terms:
        at = next((k for k, f in enumerate(t.factors) if isinstance(f, Call) and f.name == "+"), None)
        if at is not None:
            for part in t.factors[at].args:  # type: ignore[union-attr]
                out.append(listed_over((*t.factors[:at], part, *t.factors[at + 1 :]), t.listed or ()))
            # A part without the summed letter would be summed less often: then the term stays as it was.
            if any(x.listed != t.listed for x in out[-2:]):
                out[-2:] = [t]
        elif rng.random() < 0.5:
            part = rng.choice((Fraction(1, 2), Fraction(1, 3), Fraction(-1)))
            out += [replace(t, factors=(Number(c), *t.factors)) for c in (part, 1 - part)]
        else:
            out.append(t)
    return replace(s, terms=tuple(out))


def with_letters(s: Statement, names: dict[str, dict[tuple[str, ...], int]]) -> Statement:
    """Letters replaced by index expressions."""

    def index(pairs: tuple[tuple[tuple[str, ...], int], ...]) -> tuple[tuple[tuple[str, ...], int], ...]:
        total: dict[tuple[str, ...], int] = {}
        for monomial, c in pairs:
            term: dict[tuple[str, ...], int] = {(): c}
            for v in monomial:
                term = product_of_indices(term, names.get(v, {(v,): 1}))
            total = sum_of_indices(total, term)
        return tuple(sorted(total.items()))

    def node(n: Node) -> Node:
        if isinstance(n, Entry):
            return Entry(n.name, tuple(map(index, n.indices)))
        return Call(n.name, tuple(map(node, n.args))) if isinstance(n, Call) else n

    def name(v: str) -> str:
        ((monomial, _),) = names[v].items() if v in names and len(names[v]) == 1 else (((v,), 1),)
        return monomial[0]

    terms = [Term(tuple(map(node, t.factors)), tuple(map(name, t.listed)) if t.listed else None) for t in s.terms]
    target = node(s.target)
    assert isinstance(target, Entry)
    return Statement(target, tuple(terms))


def renamed(s: Statement, rng: random.Random) -> Statement:
    """One letter renamed everywhere; its capital with it where that is used."""
    letters = sorted({v for t in s.terms for v in t.listed or ()} | _letters(s.target))
    if not letters:
        return s
    old = rng.choice(letters)
    new = rng.choice([v for v in "pqrst" if v not in letters])
    return with_letters(s, {old: {(new,): 1}, old.upper(): {(new.upper(),): 1}})


def _letters(e: Entry) -> set[str]:
    return {v for i in e.indices for m, _ in i for v in m if v.islower()}


def backwards(s: Statement, rng: random.Random) -> Statement:
    """A summed letter run backwards in one term: k becomes K - 1 - k."""
    places = [(n, v) for n, t in enumerate(s.terms) for v in t.listed or ()]
    if not places:
        return s
    at, letter = rng.choice(places)
    flipped = with_letters(Statement(s.target, (s.terms[at],)), {letter: {(letter.upper(),): 1, (): -1, (letter,): -1}})
    one = replace(flipped.terms[0], listed=s.terms[at].listed)
    return replace(s, terms=(*s.terms[:at], one, *s.terms[at + 1 :]))


def padded(s: Statement, rng: random.Random) -> Statement:
    """A term times something that is 1, or plus something that cancels."""
    at = rng.randrange(len(s.terms))
    t = s.terms[at]
    u = next((f for f in t.factors if isinstance(f, (Entry, Call)) and not isinstance(f, Number)), ONE)
    ones = (
        plus(power(_sin(u), 2), power(_cos(u), 2)),
        times(_exp(u), _exp(negative(u))),
        plus(power(_cosh(u), 2), negative(power(_sinh(u), 2))),
        plus(_sigmoid(u), _sigmoid(negative(u))),
    )
    one = replace(t, factors=(*t.factors, rng.choice(ones)))
    return replace(s, terms=(*s.terms[:at], one, *s.terms[at + 1 :]))


REWRITES = (functions_rewritten, functions_rewritten, reordered, distributed, renamed, backwards, padded)

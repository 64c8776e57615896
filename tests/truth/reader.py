"""The formula language, read a second time: a parser that shares nothing with the product's own.

    statement   entry = expression             several are separated by ; or by newlines
    expression  + - * / **, numbers, entries x[i, 2*j - p], functions, sum(k, m) before a product

An index is kept as a polynomial over names, {("K",): 1, ("k",): -1, (): -1} for K - 1 - k.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

FUNCTIONS = (
    *("exp", "log", "tanh", "sinh", "cosh", "sin", "cos", "atan", "erf", "sqrt", "abs", "relu", "sigmoid"),
    *("max", "min"),
)
Index = dict[tuple[str, ...], int]
_TOKEN = re.compile(r"\s*(?:(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)|([A-Za-z]\w*)|(\*\*|[-+*/()\[\],]))")


@dataclass(frozen=True)
class Number:
    value: Fraction


@dataclass(frozen=True)
class Entry:
    name: str
    indices: tuple[tuple[tuple[tuple[str, ...], int], ...], ...]


@dataclass(frozen=True)
class Call:
    """A function, or one of + * / **, of its arguments."""

    name: str
    args: tuple[Node, ...]


@dataclass(frozen=True)
class Mark:
    """sum(k, m), as a factor of the product that it stands in."""

    names: tuple[str, ...]


Node = Number | Entry | Call | Mark


@dataclass(frozen=True)
class Term:
    """A product of factors; listed: what a sum(..) among them names, None where there is no such thing."""

    factors: tuple[Node, ...]
    listed: tuple[str, ...] | None


@dataclass(frozen=True)
class Statement:
    target: Entry
    terms: tuple[Term, ...]

    def reads(self) -> list[Entry]:
        return [e for term in self.terms for f in term.factors for e in entries(f)]


def entries(node: Node) -> list[Entry]:
    """The entries in an expression, from left to right."""
    if isinstance(node, Entry):
        return [node]
    return [e for a in node.args for e in entries(a)] if isinstance(node, Call) else []


def parse(text: str) -> tuple[Statement, ...]:
    """The statements of a formula."""
    return tuple(_statement(line) for line in re.split(r"[;\n]", text) if line.strip())


def _statement(line: str) -> Statement:
    left, right = line.split("=")
    target = _Parser(left).whole()
    assert isinstance(target, Entry)
    return Statement(target, tuple(_term(factors) for factors in _products(_Parser(right).whole())))


def _term(factors: tuple[Node, ...]) -> Term:
    marks = [f for f in factors if isinstance(f, Mark)]
    listed = tuple(name for m in marks for name in m.names)
    return Term(tuple(f for f in factors if not isinstance(f, Mark)), listed if marks else None)


def _products(node: Node) -> list[tuple[Node, ...]]:
    """An expression multiplied out, as lists of factors; functions, powers and divisors stay whole."""
    if isinstance(node, Call) and node.name == "+":
        return [p for a in node.args for p in _products(a)]
    if isinstance(node, Call) and node.name == "*":
        left, right = node.args
        return [p + q for p in _products(left) for q in _products(right)]
    if isinstance(node, Call) and node.name == "/":
        over = Call("/", (Number(Fraction(1)), node.args[1]))
        return [(*p, over) for p in _products(node.args[0])]
    return [(node,)]


class _Parser:
    """Recursive descent over the tokens of one line."""

    def __init__(self, text: str) -> None:
        self.tokens: list[str] = []
        position = 0
        while text[position:].strip():
            match = _TOKEN.match(text, position)
            assert match, f"{text!r} at {position}"
            self.tokens.append(match[0].strip())
            position = match.end()
        self.at = 0

    def whole(self) -> Node:
        node = self.expression()
        assert self.at == len(self.tokens), self.tokens[self.at :]
        return node

    def next(self, *allowed: str) -> bool:
        """Take the next token where it is one of these."""
        if self.at < len(self.tokens) and self.tokens[self.at] in allowed:
            self.at += 1
            return True
        return False

    def taken(self) -> str:
        return self.tokens[self.at - 1]

    def expression(self) -> Node:
        node = self.product()
        while self.next("+", "-"):
            sign = self.taken()
            right = self.product()
            node = Call("+", (node, right if sign == "+" else _negative(right)))
        return node

    def product(self) -> Node:
        node = self.signed()
        while True:
            marked = isinstance(node, Mark) or (isinstance(node, Call) and isinstance(node.args[-1], Mark))
            if self.next("*", "/"):
                node = Call(self.taken(), (node, self.signed()))
            elif marked and self.at < len(self.tokens) and self.tokens[self.at] not in "+-)":
                node = Call("*", (node, self.signed()))
            else:
                return node

    def signed(self) -> Node:
        if self.next("-"):
            return _negative(self.signed())
        if self.next("+"):
            return self.signed()
        base = self.atom()
        if self.next("**"):
            exponent = _constant(self.signed())
            return Call("**", (base, Number(exponent)))
        return base

    def atom(self) -> Node:
        if self.next("("):
            node = self.expression()
            assert self.next(")")
            return node
        token = self.tokens[self.at]
        self.at += 1
        if token[0].isdigit() or token[0] == ".":
            return Number(Fraction(token))
        if token == "sum":
            return Mark(self.names())
        if token in FUNCTIONS:
            return Call(token, self.arguments())
        if self.next("["):
            return Entry(token, self.indices())
        return Entry(token, ())

    def names(self) -> tuple[str, ...]:
        assert self.next("(")
        out = []
        while not self.next(")"):
            out.append(self.tokens[self.at])
            self.at += 1
            self.next(",")
        return tuple(out)

    def arguments(self) -> tuple[Node, ...]:
        assert self.next("(")
        out = []
        while not self.next(")"):
            out.append(self.expression())
            self.next(",")
        return tuple(out)

    def indices(self) -> tuple[tuple[tuple[tuple[str, ...], int], ...], ...]:
        out = []
        while not self.next("]"):
            out.append(tuple(sorted(polynomial(self.expression()).items())))
            self.next(",")
        return tuple(out)


def _negative(node: Node) -> Node:
    return Call("*", (Number(Fraction(-1)), node))


def _constant(node: Node) -> Fraction:
    if isinstance(node, Number):
        return node.value
    assert isinstance(node, Call), node
    left, right = map(_constant, node.args)
    return left * right if node.name == "*" else left / right if node.name == "/" else left + right


def polynomial(node: Node) -> Index:
    """An index expression as a polynomial with integer coefficients."""
    if isinstance(node, Number):
        return {(): int(node.value)} if node.value else {}
    if isinstance(node, Entry):
        return {(node.name,): 1}
    assert isinstance(node, Call), node
    left, right = map(polynomial, node.args)
    return plus(left, right) if node.name == "+" else times(left, right)


def plus(*polynomials: Index) -> Index:
    """The sum."""
    out: Index = {}
    for p in polynomials:
        for m, c in p.items():
            out[m] = out.get(m, 0) + c
    return {m: c for m, c in out.items() if c}


def times(left: Index, right: Index) -> Index:
    """The product."""
    pairs = [{tuple(sorted(m + n)): c * d} for m, c in left.items() for n, d in right.items()]
    return plus(*pairs)

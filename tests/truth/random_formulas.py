"""Random formulas from a seed, as trees that can be rewritten and written down again.

A schema says which letters there are and which entries a term may read; a term is a product of entries, powers, and
functions of one or two entries that are defined for all real numbers.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from fractions import Fraction

from tests.truth.reader import Call, Entry, Node, Number, Statement, Term, entries, parse

ONE, TWO = Number(Fraction(1)), Number(Fraction(2))
SMOOTH = ("exp", "tanh", "sin", "cos", "sigmoid", "sinh", "cosh", "atan", "square", "log", "sqrt", "inverse")
KINKED = ("relu", "abs", "max", "min")


@dataclass(frozen=True)
class Schema:
    """The result, the letters that are summed, and the entries that a term reads."""

    result: str
    inner: str
    entries: tuple[str, ...]


SCHEMAS = (
    Schema("y[i]", "", ("x[i]", "z[i]", "u[i]", "c")),
    Schema("y[i]", "k", ("x[i + k]", "w[k]", "z[i]", "v[k]", "a[i, k]", "c")),
    Schema("y[i]", "k", ("x[2*i + k]", "w[k]", "v[k]", "z[i]", "x[2*i + K - 1 - k]")),
    Schema("y[i, j]", "k", ("a[i, k]", "b[k, j]", "u[i]", "v[j]", "w[k]", "x[i + j]")),
    Schema("y", "i", ("x[i]", "z[i]", "w[i]", "x[I - 1 - i]", "c")),
    Schema("y[i]", "km", ("x[2*i + k]", "w[k]", "v[m]", "b[k, m]", "z[i + k + m]")),
    Schema("y[i]", "j", ("x[i]", "x[j]", "a[i, j]", "z[j]", "a[j, i]")),
    Schema("y[2*i + k]", "", ("x[i]", "w[k]", "a[i, k]", "v[k]", "c")),
    Schema("y[i]", "k", ("x[i + k - 1]", "w[k]", "z[i]", "v[k]")),
    Schema("y[n, o]", "i", ("w[o, i]", "x[n, i]", "b[o]", "v[o, i]", "z[n]")),
)


def plus(*terms: Node) -> Node:
    out = terms[0]
    for t in terms[1:]:
        out = Call("+", (out, t))
    return out


def times(*factors: Node) -> Node:
    out = factors[0]
    for f in factors[1:]:
        out = Call("*", (out, f))
    return out


def over(a: Node, b: Node) -> Node:
    return Call("/", (a, b))


def power(a: Node, n: int) -> Node:
    return Call("**", (a, Number(Fraction(n))))


def negative(a: Node) -> Node:
    return times(Number(Fraction(-1)), a)


def number(value: int, under: int = 1) -> Node:
    return Number(Fraction(value, under))


def entry(text: str) -> Entry:
    (statement,) = parse(f"{text} = 1")
    return statement.target


def random_statement(rng: random.Random, schema: Schema, kinked: bool = True) -> Statement:
    """result = sum of one to three terms."""
    terms = [_term(rng, schema, kinked) for _ in range(rng.choice((1, 1, 2, 2, 3)))]
    target = entry(schema.result)
    missing = {v for e in [target] for i in e.indices for m, _ in i for v in m if v.islower()}
    read = {v for t in terms for f in t.factors for e in entries(f) for i in e.indices for m, _ in i for v in m}
    if missing - read:
        alone = next(entry(e) for e in schema.entries if set("".join(missing - read)) <= set(e))
        terms.append(Term((alone,), None))
    return Statement(target, tuple(terms))


def _term(rng: random.Random, schema: Schema, kinked: bool) -> Term:
    factors: list[Node] = []
    if rng.random() < 0.4:
        factors.append(number(rng.choice((2, 3, -1, -2, 5)), rng.choice((1, 1, 2, 3))))
    for _ in range(rng.choice((1, 2, 2, 3))):
        factors.append(_factor(rng, schema, kinked))
    return listed(tuple(factors), schema)


def listed(factors: tuple[Node, ...], schema: Schema) -> Term:
    """The term with its summed letters listed, where there are any."""
    return listed_over(factors, schema.inner)


def listed_over(factors: tuple[Node, ...], inner: str | tuple[str, ...]) -> Term:
    read = {v for f in factors for e in entries(f) for i in e.indices for m, _ in i for v in m}
    names = tuple(v for v in inner if v in read)
    return Term(factors, names or None)


def _factor(rng: random.Random, schema: Schema, kinked: bool) -> Node:
    kind, e = rng.random(), entry(rng.choice(schema.entries))
    if kind < 0.45:
        return e
    if kind < 0.6:
        return power(e, rng.choice((2, 3, 2, 4)))
    if kind < 0.68:
        return plus(e, entry(rng.choice(schema.entries)))
    return _function(rng, schema, rng.choice(SMOOTH + KINKED if kinked else SMOOTH))


def _argument(rng: random.Random, schema: Schema) -> Node:
    a, b = (entry(rng.choice(schema.entries)) for _ in range(2))
    forms = (a, a, times(TWO, a), plus(a, b), plus(a, negative(b)), times(a, b), negative(a), over(a, TWO))
    return rng.choice(forms)


def _function(rng: random.Random, schema: Schema, name: str) -> Node:
    u = _argument(rng, schema)
    if name in ("max", "min"):
        return Call(name, (u, entry(rng.choice(schema.entries))))
    if name in ("square", "log", "sqrt", "inverse"):
        one = plus(ONE, power(u, 2))
        return {
            "square": power(u, 2),
            "log": Call("log", (one,)),
            "sqrt": Call("sqrt", (one,)),
            "inverse": over(ONE, one),
        }[name]
    return Call(name, (u,))


def statement_text(s: Statement) -> str:
    """The statement as a user writes it."""
    return f"{text(s.target)} = " + " + ".join(_term_text(t) for t in s.terms)


def _term_text(t: Term) -> str:
    inside = "*".join(text(f, 2) for f in t.factors)
    return f"sum({','.join(t.listed)}) {inside}" if t.listed else inside


def text(node: Node, level: int = 0) -> str:
    """An expression, in parentheses where it binds less than `level`: 1 a sum's part, 2 a factor, 3 a base."""
    if isinstance(node, Number):
        n, d = node.value.numerator, node.value.denominator
        plain = str(n) if d == 1 else f"{n}/{d}"
        return plain if d == 1 and n >= 0 else f"({plain})"
    if isinstance(node, Entry):
        return f"{node.name}[{','.join(_index_text(i) for i in node.indices)}]" if node.indices else node.name
    assert isinstance(node, Call), node
    if node.name in ("+", "*", "/", "**"):
        mine = {"+": 0, "*": 1, "/": 1, "**": 3}[node.name]
        left, right = node.args
        spelled = {
            "+": lambda: f"{text(left, 0)} + {text(right, 1)}",
            "*": lambda: f"{text(left, 2)}*{text(right, 2)}",
            "/": lambda: f"{text(left, 2)}/{text(right, 4)}",
            "**": lambda: f"{text(left, 4)}**{text(right, 4)}",
        }[node.name]()
        return f"({spelled})" if mine < level else spelled
    return f"{node.name}({', '.join(text(a) for a in node.args)})"


def _index_text(pairs: tuple[tuple[tuple[str, ...], int], ...]) -> str:
    out = ""
    for monomial, c in sorted(pairs, key=lambda p: (p[1] < 0, not p[0], p[0])):
        name = "*".join(monomial)
        size = str(abs(c)) if not name else name if abs(c) == 1 else f"{abs(c)}*{name}"
        out += (" - " if c < 0 else " + " if out else "") + size
    return out.strip() or "0"

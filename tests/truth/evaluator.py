"""The value of a formula at given sizes, in fractions and 60 digits: what every verdict is held against.

Nothing here is shared with the product. A letter that stands alone on an axis has that axis's size, so that letters
which stand alone on the same axis have one size. A read that is inside at all sizes needs nothing; one that starts
inside has to fit; one that may start before 0, or whose axis has a letter's size, is zero where it is outside.
"""

from __future__ import annotations

import math
import operator
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from itertools import product
from typing import Any

import mpmath

from tests.truth.reader import Call, Entry, Index, Node, Number, Statement, entries, parse, plus, times

Value = Any  # Fraction or a number of 60 digits
Point = tuple[int, ...]
Tensor = dict[Point, Value]
Env = dict[str, int]
Mode = str
REAL = mpmath.mp.clone()
REAL.dps = 60
STEP = REAL.mpf(10) ** -20


class Undefined(ArithmeticError):
    """A division by zero, the logarithm or the root of a negative number, a read or a write outside."""


@dataclass(frozen=True)
class World:
    """Formulas about the same operands.

    root: the size that a letter, or an axis (operand, position), has; two that are one size have one root.
    lettered: roots that some letter has. scales: parameters that multiply a letter; offsets: other parameters.
    """

    formulas: tuple[tuple[Statement, ...], ...]
    letters: tuple[str, ...]
    root: Mapping[Any, Any]
    ranks: Mapping[str, int]
    scales: tuple[str, ...]
    offsets: tuple[str, ...]

    @property
    def lettered(self) -> set[Any]:
        return {self.root[k] for k in self.letters}

    @property
    def sizes(self) -> tuple[Any, ...]:
        """Every size once."""
        return tuple(dict.fromkeys(self.root.values()))

    def inputs(self) -> tuple[str, ...]:
        written = {s.target.name for f in self.formulas for s in f}
        return tuple(name for name in self.ranks if name not in written)

    def shape(self, name: str, sizes: Mapping[Any, int]) -> Point:
        return tuple(sizes[self.root[name, k]] for k in range(self.ranks[name]))

    def box(self, name: str, sizes: Mapping[Any, int]) -> list[Point]:
        return list(product(*map(range, self.shape(name, sizes))))


def world(*texts: str) -> World:
    """Formulas that are read together: a name is the same thing in all of them."""
    formulas = tuple(parse(text) for text in texts)
    statements = [s for f in formulas for s in f]
    every = [e for s in statements for e in (s.target, *s.reads())]
    alone = [(e.name, k, _letter(i)) for e in every for k, i in enumerate(e.indices) if _letter(i)]
    listed = [name for s in statements for t in s.terms for name in t.listed or ()]
    letters = tuple(dict.fromkeys([k for _, _, k in alone] + listed))
    capitals = {k.upper() for k in letters}
    ranks = {e.name: len(e.indices) for e in every if e.indices or e.name not in capitals}
    nodes = [*letters, *((name, k) for name, rank in ranks.items() for k in range(rank))]
    root = _united(nodes, [(letter, (name, k)) for name, k, letter in alone])
    monomials = [m for e in every for i in e.indices for m, _ in i]
    params = {v for m in monomials for v in m if v not in letters and v not in capitals}
    scales = {v for m in monomials for v in m if v in params and any(w in letters for w in m)}
    return World(formulas, letters, root, ranks, tuple(sorted(scales)), tuple(sorted(params - scales)))


def _letter(index: Any) -> str:
    """The name that an axis consists of; empty where the index is compound or a capital."""
    ((monomial, coefficient),) = index if len(index) == 1 else (((), 0),)
    return monomial[0] if len(monomial) == 1 and coefficient == 1 and monomial[0].islower() else ""


def _united(nodes: Sequence[Any], pairs: Sequence[tuple[Any, Any]]) -> dict[Any, Any]:
    root = {n: n for n in nodes}
    for a, b in pairs:
        new, old = root[a], root[b]
        root = {n: new if r == old else r for n, r in root.items()}
    return root


def as_index(pairs: Any) -> Index:
    return dict(pairs)


def extremes(index: Index, w: World) -> tuple[Index, Index]:
    """Least and greatest value of an index, as polynomials over sizes and parameters."""
    low: Index = {}
    high: Index = {}
    for monomial, c in index.items():
        rest = tuple(v for v in monomial if v not in w.letters)
        inner = [v for v in monomial if v in w.letters]
        base = {tuple(_size_name(v, w) for v in rest): c}
        last = times(base, {(str(w.root[inner[0]]),): 1, (): -1}) if inner else base
        first: Index = {} if inner else base
        low, high = plus(low, last if c < 0 else first), plus(high, first if c < 0 else last)
    return low, high


def _size_name(name: str, w: World) -> str:
    return str(w.root[name.lower()]) if name.lower() in w.letters and name.isupper() else name


def never_negative(p: Index, w: World) -> bool:
    """Is the polynomial >= 0 at all sizes and scales >= 1 and all offsets >= 0?"""
    total: Index = {}
    for monomial, c in p.items():
        term: Index = {(): c}
        for v in monomial:
            term = times(term, {(v,): 1} if v in w.offsets else {(v,): 1, (): 1})
        total = plus(total, term)
    return all(c >= 0 for c in total.values())


def mode(name: str, axis: int, pairs: Any, w: World) -> Mode:
    """How a read is kept inside on one axis: "inside", "fits" or "zero"."""
    extent = w.root[name, axis]
    letter = _letter(pairs)
    if letter in w.letters and w.root[letter] == extent:
        return "inside"
    low, high = extremes(as_index(pairs), w)
    slack = plus({(str(extent),): 1, (): -1}, times({(): -1}, high))
    if not never_negative(low, w):
        return "zero"
    if never_negative(slack, w):
        return "inside"
    hopeless = never_negative(plus(times({(): -1}, slack), {(): -1}), w)
    return "zero" if hopeless or extent in w.lettered else "fits"


def draw_sizes(w: World, rng: random.Random, largest: int = 4) -> dict[Any, int]:
    """Sizes at which every read that has to fit does, and every write is inside."""
    sizes: dict[Any, int] = {p: rng.choice((1, 2, 3)) for p in w.scales} | {p: rng.randint(0, 2) for p in w.offsets}
    for r in w.sizes:
        if r in w.lettered:
            sizes[r] = rng.randint(1, largest)
    for r in w.sizes:
        if r not in sizes:
            needed = needs(w, r, sizes)
            sizes[r] = max([*needed, 1]) + rng.choice((0, 0, 1, 2)) if needed else rng.randint(1, largest + 2)
    return sizes


def needs(w: World, root: Any, sizes: Mapping[Any, int]) -> list[int]:
    """What reads and writes ask of a size that no letter has."""
    at = {str(k): v for k, v in sizes.items()}
    out = []
    for s in (s for f in w.formulas for s in f):
        for e in (s.target, *s.reads()):
            for k, pairs in enumerate(e.indices):
                if w.root[e.name, k] == root and (e is s.target or mode(e.name, k, pairs, w) == "fits"):
                    high = extremes(as_index(pairs), w)[1]
                    out.append(1 + sum(c * math.prod(at[v] for v in m) for m, c in high.items()))
    return out


def draw_values(
    w: World, sizes: Mapping[Any, int], rng: random.Random, pool: Callable[[random.Random], Fraction]
) -> dict[str, Tensor]:
    """Values of every input, each entry drawn from the pool."""
    return {name: {p: pool(rng) for p in w.box(name, sizes)} for name in w.inputs()}


def run(w: World, which: int, sizes: Mapping[Any, int], tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Every operand after the statements of formula number `which`. Raises `Undefined`."""
    state = {name: dict(t) for name, t in tensors.items()}
    for s in w.formulas[which]:
        if s.target.name not in state:
            state[s.target.name] = dict.fromkeys(w.box(s.target.name, sizes), Fraction(0))
        _Run(w, sizes, state).statement(s)
    return state


def result(w: World, which: int, sizes: Mapping[Any, int], tensors: Mapping[str, Tensor]) -> Tensor:
    """What the last statement writes."""
    return run(w, which, sizes, tensors)[w.formulas[which][-1].target.name]


def gradient(
    w: World, which: int, wrt: str, sizes: Mapping[Any, int], tensors: Mapping[str, Tensor], weights: Tensor
) -> Tensor:
    """d sum_p weights[p] y[p] / d wrt, by central differences."""

    def error(point: Point, step: Value) -> Value:
        moved = {**tensors, wrt: {**tensors[wrt], point: real(tensors[wrt][point]) + step}}
        y = result(w, which, sizes, moved)
        return reduce(ADD, (MULTIPLY(weights[p], v) for p, v in y.items()), Fraction(0))

    return {p: (real(error(p, STEP)) - real(error(p, -STEP))) / (2 * STEP) for p in tensors[wrt]}


class _Run:
    """One statement at given sizes."""

    def __init__(self, w: World, sizes: Mapping[Any, int], state: dict[str, Tensor]) -> None:
        self.w, self.sizes, self.state = w, sizes, state

    def statement(self, s: Statement) -> None:
        outer = self.letters([s.target])
        out, where = self.state[s.target.name], self.where(s.target)
        for term in s.terms:
            inner = [k for k in self.letters([e for f in term.factors for e in entries(f)]) if k not in outer]
            if term.listed is not None:
                assert set(inner) <= set(term.listed), s
                assert not set(term.listed) & set(outer), s
                inner = list(term.listed)
            factors = [self.value(f) for f in term.factors]
            over = [*outer, *inner]
            for point in product(*(range(self.sizes[self.w.root[k]]) for k in over)):
                env = dict(zip(over, point, strict=True))
                p = where(env)
                if p not in out:
                    raise Undefined(f"{s.target.name}{p} is written outside")
                out[p] = ADD(out[p], reduce(MULTIPLY, (f(env) for f in factors), Fraction(1)))

    def letters(self, found: Sequence[Entry]) -> list[str]:
        names = [v for e in found for i in e.indices for m, _ in i for v in m if v in self.w.letters]
        return list(dict.fromkeys(names))

    def number(self, name: str) -> int:
        low = name.lower()
        return self.sizes[name] if name in self.sizes and name not in self.w.letters else self.sizes[self.w.root[low]]

    def where(self, e: Entry) -> Callable[[Env], Point]:
        parts = []
        for pairs in e.indices:
            terms = []
            for monomial, c in pairs:
                held = [v for v in monomial if v in self.w.letters]
                factor = c * math.prod(self.number(v) for v in monomial if v not in self.w.letters)
                terms.append((factor, held[0] if held else None))
            parts.append(terms)
        return lambda env: tuple(sum(c * (1 if k is None else env[k]) for c, k in terms) for terms in parts)

    def value(self, node: Node) -> Callable[[Env], Value]:
        if isinstance(node, Number):
            constant = node.value
            return lambda env: constant
        if isinstance(node, Entry):
            return self.read(node)
        assert isinstance(node, Call), node
        args = [self.value(a) for a in node.args]
        function = OPERATIONS[node.name]
        return lambda env: function(*(a(env) for a in args))

    def read(self, e: Entry) -> Callable[[Env], Value]:
        if e.name not in self.w.ranks:
            size = Fraction(self.number(e.name))
            return lambda env: size
        tensor, where = self.state[e.name], self.where(e)
        extended = any(mode(e.name, k, i, self.w) == "zero" for k, i in enumerate(e.indices))

        def value(env: Env) -> Value:
            p = where(env)
            if p in tensor:
                return tensor[p]
            if extended:
                return Fraction(0)
            raise Undefined(f"{e.name}{p} is read outside")

        return value


def real(v: Value) -> Any:
    """A fraction as a number of 60 digits."""
    return REAL.mpf(v.numerator) / v.denominator if isinstance(v, Fraction) else v


def _alike(operation: Callable[[Value, Value], Value]) -> Callable[[Value, Value], Value]:
    """The operation on two fractions, or on two numbers of 60 digits; mpmath does not mix them."""
    return lambda a, b: operation(a, b) if type(a) is type(b) else operation(real(a), real(b))


ADD, MULTIPLY = _alike(operator.add), _alike(operator.mul)


def _over(a: Value, b: Value) -> Value:
    if b == 0:
        raise Undefined("division by zero")
    return _alike(operator.truediv)(a, b)


def _power(a: Value, n: Value) -> Value:
    if n.denominator == 1:
        if a == 0 and n < 0:
            raise Undefined("division by zero")
        return a ** int(n)
    if n.denominator == 2:
        return _power(_root(a), Fraction(n.numerator))
    if a < 0 or (a == 0 and n < 0):
        raise Undefined("a root of a negative number")
    return Fraction(0) if a == 0 else REAL.power(real(a), real(n))


def _root(a: Value) -> Value:
    if a < 0:
        raise Undefined("a root of a negative number")
    if isinstance(a, Fraction):
        p, q = math.isqrt(a.numerator), math.isqrt(a.denominator)
        if p * p == a.numerator and q * q == a.denominator:
            return Fraction(p, q)
    return REAL.sqrt(real(a))


def _log(a: Value) -> Value:
    if a <= 0:
        raise Undefined("the logarithm of a number that is not positive")
    return Fraction(0) if a == 1 else REAL.log(real(a))


def _transcendental(name: str, at_zero: int) -> Callable[[Value], Value]:
    function = getattr(REAL, name)
    return lambda a: Fraction(at_zero) if isinstance(a, Fraction) and a == 0 else function(real(a))


OPERATIONS: dict[str, Callable[..., Value]] = {
    "+": ADD,
    "*": MULTIPLY,
    "/": _over,
    "**": _power,
    "sqrt": _root,
    "log": _log,
    **{name: _transcendental(name, 0) for name in ("tanh", "sinh", "sin", "atan", "erf")},
    **{name: _transcendental(name, 1) for name in ("exp", "cosh", "cos")},
    "abs": abs,
    "relu": lambda a: a if a > 0 else Fraction(0),
    "sigmoid": lambda a: 1 / (1 + REAL.exp(-real(a))),
    "max": _alike(max),
    "min": _alike(min),
}

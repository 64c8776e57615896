"""The value of a formula at given sizes, in fractions and 120 digits: what every verdict is held against.

Nothing here is shared with the product: `reader` parses, `world` finds the sizes, this module computes.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import reduce
from itertools import product
from typing import Any

import mpmath

from tests.truth.reader import Call, Entry, Node, Number, Statement, entries
from tests.truth.world import Point, Tensor, Value, World, mode

Env = dict[str, int]
REAL = mpmath.mp.clone()
REAL.dps = 120
STEP = REAL.mpf(10) ** -40
LARGEST = 300


class Undefined(ArithmeticError):
    """A division by zero, the logarithm or the root of a negative number, a read or a write outside."""


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
    """A fraction as a number of 120 digits."""
    return REAL.mpf(v.numerator) / v.denominator if isinstance(v, Fraction) else v


def _alike(operation: Callable[[Value, Value], Value]) -> Callable[[Value, Value], Value]:
    """The operation on two fractions, or on two numbers of 120 digits; mpmath does not mix them."""
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

    def value(a: Value) -> Value:
        if name in ("exp", "sinh", "cosh") and abs(a) > LARGEST:
            raise OverflowError(f"{name} of a large number: what is left after terms cancel would be rounding")
        return Fraction(at_zero) if isinstance(a, Fraction) and a == 0 else function(real(a))

    return value


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

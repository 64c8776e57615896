"""The slow exact interpreter: the oracle that every rule, proof and kernel is tested with.

It evaluates statements literally, point by point, over Python integers and Fractions. An expression becomes a tree
of closures once a statement; nothing is compiled from text. Conditions are tested in the order in which they stand,
so that an exact quotient is only ever taken under its divisibility guard: one that is not exact is an error here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any

import sympy as sp

from symconv.ir.domain import Between, Divides, Equal, Guard, Range
from symconv.ir.errors import UndefinedRead
from symconv.ir.layer import Context, FirstMaximum, Statement
from symconv.ir.nodes import Access, Apply, CeilDiv, FloorDiv, Quot, Select
from symconv.ir.sums import IndexedSum

Number = Any  # int | Fraction | float
Point = tuple[int, ...]
Tensor = dict[Point, Number]
Functions = Mapping[str, Callable[[int, Number], Number]]  # name -> (order of the derivative, argument) -> value
_Value = Callable[[dict[str, int]], Number]

_ELEMENTARY: dict[str, Callable[[float], float]] = {
    name: getattr(math, name) for name in ("exp", "log", "tanh", "sinh", "cosh", "sin", "cos", "tan", "atan", "erf")
}


@dataclass(frozen=True)
class Arithmetic:
    """What the numbers of an evaluation can do besides + * and comparisons."""

    elementary: Mapping[str, Callable[[Any], Any]]
    power: Callable[[Any, Any], Any]
    constant: Callable[[sp.Expr], Any]


def evaluate(
    statements: Sequence[Statement],
    context: Context,
    sizes: Mapping[str, int],
    tensors: Mapping[str, Mapping[Point, Number]],
    functions: Functions | None = None,
    arithmetic: Arithmetic | None = None,
) -> dict[str, Any]:
    """Run the statements in order at concrete sizes.

    sizes: value of every size symbol, by name. tensors: the inputs, anything indexed by a tuple of ints.
    functions: what the names in `Apply` stand for. arithmetic: powers, constants and functions of the numbers used;
    fractions where they are exact and floats elsewhere by default. Returns the inputs and every operand written.
    Raises `UndefinedRead` at a read outside an operand's box that no zero extension covers.
    """
    machine = _Machine(
        context, dict(sizes), dict(tensors), {} if functions is None else functions, arithmetic or FLOATS
    )
    for statement in statements:
        machine.run(statement)
    return machine.tensors


def values(
    e: sp.Expr,
    s: IndexedSum,
    context: Context,
    sizes: Mapping[str, int],
    tensors: Mapping[str, Mapping[Point, Number]],
    arithmetic: Arithmetic,
    functions: Functions,
) -> Iterator[Number]:
    """The values of an expression at every point of the domain of `s`."""
    machine = _Machine(context, dict(sizes), dict(tensors), functions, arithmetic)
    value = machine.value(e, s)
    return (value(env) for env in machine.points(s.ranges, s.guards))


class _Machine:
    """The state of one evaluation: sizes, boxes and tensors by name."""

    def __init__(
        self,
        context: Context,
        sizes: dict[str, int],
        tensors: dict[str, Any],
        functions: Functions,
        arithmetic: Arithmetic,
    ) -> None:
        self.context, self.sizes, self.tensors, self.functions = context, sizes, tensors, functions
        self.arithmetic = arithmetic
        self.boxes: dict[str, Point] = {}
        self.written: set[str] = set()

    def box(self, name: str) -> Point:
        if name not in self.boxes:
            self.boxes[name] = tuple(int(self.value(e)(self.sizes)) for e in self.context.shape(name))
        return self.boxes[name]

    def run(self, statement: Statement) -> None:
        name = statement.result.name
        if name not in self.written:
            self.tensors[name] = dict.fromkeys(product(*map(range, self.box(name))), 0)
            self.written.add(name)
        if isinstance(statement, FirstMaximum):
            self._run_maximum(statement)
        else:
            self._run_sum(statement)

    def _run_sum(self, s: IndexedSum) -> None:
        where = self.entry(s.result, s)
        summand = self.value(s.summand, s)
        box, out = self.box(s.result.name), self.tensors[s.result.name]
        for env in self.points(s.ranges, s.guards):
            p = where(env)
            if not _inside(p, box):
                raise UndefinedRead(f"{s.result.name}{list(p)} is written outside its box {box}")
            out[p] += summand(env)

    def _run_maximum(self, s: FirstMaximum) -> None:
        where, value = self.entry(s.result), self.value(s.value)
        best: dict[Point, tuple[Number, Point]] = {}
        for env in self.points(s.ranges, s.guards):
            p, v = where(env), value(env)
            key = p[: -len(s.window)]
            if key not in best or v > best[key][0] or (v == best[key][0] and p < best[key][1]):
                best[key] = (v, p)
        for _, p in best.values():
            self.tensors[s.result.name][p] = 1

    def points(self, ranges: Sequence[Range], guards: Sequence[Guard]) -> Iterator[dict[str, int]]:
        """Every point of the domain, in scan order; the dictionary is reused."""
        env = dict(self.sizes)
        tests = [self.guard(g) for g in guards]
        bounds = [(r.index.name, [self.value(b) for b in r.lowers], [self.value(b) for b in r.uppers]) for r in ranges]

        def scan(depth: int) -> Iterator[dict[str, int]]:
            if depth == len(bounds):
                if all(test(env) for test in tests):
                    yield env
                return
            name, lowers, uppers = bounds[depth]
            for i in range(max(b(env) for b in lowers), min(b(env) for b in uppers) + 1):
                env[name] = i
                yield from scan(depth + 1)

        return scan(0)

    def guard(self, g: Guard) -> Callable[[dict[str, int]], bool]:
        if isinstance(g, Equal):
            lhs, rhs = self.value(g.lhs), self.value(g.rhs)
            return lambda env: lhs(env) == rhs(env)
        if isinstance(g, Divides):
            den, num = self.value(g.den), self.value(g.num)
            return lambda env: num(env) % den(env) == 0
        assert isinstance(g, Between)
        lo, e, hi = self.value(g.lo), self.value(g.e), self.value(g.hi)
        return lambda env: lo(env) <= e(env) <= hi(env)

    def entry(self, a: Access, s: IndexedSum | None = None) -> Callable[[dict[str, int]], Point]:
        parts = [self.value(i, s) for i in a.indices]
        return lambda env: tuple([int(f(env)) for f in parts])

    def value(self, e: sp.Expr, s: IndexedSum | None = None) -> _Value:
        """A closure that evaluates `e` in an environment of index and size values."""
        if isinstance(e, Access):
            return self._read(e, s)
        if e.is_Symbol:
            name = e.name
            return lambda env: env[name]
        if e.is_Rational:
            constant = int(e) if e.is_Integer else Fraction(int(e.p), int(e.q))
            return lambda env: constant
        if e.is_NumberSymbol:
            constant = self.arithmetic.constant(e)
            return lambda env: constant
        args = [self.value(a, s) for a in e.args if isinstance(a, sp.Expr)]
        if e.is_Add:
            return lambda env: sum([f(env) for f in args])
        if e.is_Mul:
            return lambda env: math.prod([f(env) for f in args])
        if e.is_Pow:
            power = self.arithmetic.power
            return lambda env: power(args[0](env), args[1](env))
        return self._call(e, args)

    def _read(self, a: Access, s: IndexedSum | None) -> _Value:
        where, box, tensor, name = self.entry(a, s), self.box(a.name), self.tensors[a.name], a.name
        extended = s is not None and name in s.extended

        def read(env: dict[str, int]) -> Number:
            p = where(env)
            if _inside(p, box):
                return tensor[p]
            if extended:
                return 0
            raise UndefinedRead(f"{name}{list(p)} is read outside its box {box}")

        return read

    def _call(self, e: sp.Expr, args: list[_Value]) -> _Value:
        if isinstance(e, (Quot, FloorDiv, CeilDiv)):
            return lambda env: _quotient(type(e), args[0](env), args[1](env))
        if isinstance(e, (sp.Max, sp.Min)):
            pick = max if isinstance(e, sp.Max) else min
            return lambda env: pick([f(env) for f in args])
        if isinstance(e, Select):
            lhs, rhs, above, below = args
            return lambda env: above(env) if lhs(env) > rhs(env) else below(env)
        if isinstance(e, Apply):
            function, order = self.functions[e.name], e.order
            return lambda env: function(order, args[1](env))
        if isinstance(e, sp.Abs):
            return lambda env: abs(args[0](env))
        if isinstance(e, sp.sign):
            return lambda env: (args[0](env) > 0) - (args[0](env) < 0)
        if e.func.__name__ in self.arithmetic.elementary:
            elementary = self.arithmetic.elementary[e.func.__name__]
            return lambda env: elementary(args[0](env))
        raise TypeError(f"the interpreter has no value for {e.func.__name__} in {sp.sstr(e)}")


def _inside(p: Point, box: Point) -> bool:
    return all(0 <= i < n for i, n in zip(p, box, strict=True))


def _power(base: Number, exponent: Number) -> Number:
    """Exact where it is rational: an integer power, or the root of a perfect square."""
    if isinstance(exponent, int):
        return Fraction(base) ** exponent if exponent < 0 and not isinstance(base, float) else base**exponent
    if base < 0:  # Python would go on with a complex number
        raise ValueError(f"{base} to the power {exponent} is not a real number")
    if isinstance(exponent, Fraction) and exponent.denominator == 2 and not isinstance(base, float):
        root = _exact_root(Fraction(base))
        if root is not None:
            return _power(root, exponent.numerator)
    return float(base) ** float(exponent)


def _exact_root(value: Fraction) -> Fraction | None:
    if value < 0:
        return None
    p, q = math.isqrt(value.numerator), math.isqrt(value.denominator)
    return Fraction(p, q) if p * p == value.numerator and q * q == value.denominator else None


def _quotient(kind: type, num: int, den: int) -> int:
    value = kind.of(num, den)  # type: ignore[attr-defined]
    if value is None:
        raise ArithmeticError(f"{num}/{den} is not an integer: the divisibility guard is missing")
    return int(value)


FLOATS = Arithmetic(_ELEMENTARY, _power, float)
"""Fractions where they are exact, and floats elsewhere."""

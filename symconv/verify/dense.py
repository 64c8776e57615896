"""Sums as arrays: every point of a domain at once, with numbers for all sizes, strides, dilations and pads.

A second reading of the IR beside the exact interpreter: fast enough for many small cases, and open to changes of a sum
that no longer make it a gradient. Integers stay exact below 2**53.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial, reduce
from typing import Any

import numpy as np
import numpy.typing as npt
import sympy as sp

from symconv.ir import (
    Access,
    Between,
    Divides,
    Equal,
    FirstMaximum,
    Guard,
    Range,
    Select,
    Statement,
    symbols_in,
)
from symconv.lower.evaluate import integer_function

Array = npt.NDArray[Any]
Env = Mapping[sp.Symbol, int]
_ELEMENTARY = {sp.exp: np.exp, sp.log: np.log, sp.tanh: np.tanh, sp.sinh: np.sinh, sp.cosh: np.cosh, sp.sin: np.sin}
_ELEMENTARY |= {sp.cos: np.cos, sp.tan: np.tan, sp.atan: np.arctan, sp.Abs: np.abs, sp.sign: np.sign}
_ELEMENTARY |= {sp.erf: np.vectorize(math.erf, otypes=[float])}
_LARGEST, _SMALLEST = partial(reduce, np.maximum), partial(reduce, np.minimum)


class Undefined(ValueError):
    """A sum reads or writes outside an array."""


def evaluate(
    statements: Sequence[Statement],
    shapes: Mapping[str, tuple[int, ...]],
    env: Env,
    tensors: Mapping[str, Array],
) -> dict[str, Array]:
    """Run statements in order. shapes: of the operands they write. Returns the tensors and every operand written."""
    known = dict(tensors)
    for s in statements:
        name = s.result.name
        if name not in known or name in tensors:
            known[name] = np.zeros(shapes[name])
            tensors = {k: v for k, v in tensors.items() if k != name}
        add_to(known[name], s, env, known)
    return known


def add_to(out: Array, s: Statement, env: Env, tensors: Mapping[str, Array]) -> None:
    """out[result(I)] += summand(I) for every point of the domain; what has no value there is NaN or infinite."""
    with np.errstate(all="ignore"):
        _add_to(out, s, env, tensors)


def _add_to(out: Array, s: Statement, env: Env, tensors: Mapping[str, Array]) -> None:
    points = Points(s.ranges, s.guards, env)
    if isinstance(s, FirstMaximum):
        _mark_winners(out, s, points, tensors)
        return
    value = np.broadcast_to(points.value(s.summand, tensors, s.extended), points.count)
    at = tuple(np.broadcast_to(points.index(e), points.count) for e in s.result.indices)
    if any(((a < 0) | (a >= n)).any() for a, n in zip(at, out.shape, strict=True)):
        raise Undefined(f"{s.result.name} is written outside its array")
    if at:
        np.add.at(out, at, value)
    else:
        out[()] += value.sum()


def _mark_winners(out: Array, s: FirstMaximum, points: Points, tensors: Mapping[str, Array]) -> None:
    """1 at the first largest value of each window; the points come in scan order."""
    value = points.value(s.value, tensors, frozenset())
    at = [np.broadcast_to(points.index(e), points.count) for e in s.result.indices]
    keys = at[: -len(s.window)]
    key = np.ravel_multi_index(keys, out.shape[: len(keys)]) if points.count else np.zeros(0, int)
    order = np.lexsort((np.arange(points.count), -value, key))
    first = np.ones(points.count, bool)
    first[1:] = key[order][1:] != key[order][:-1]
    winners = order[first]
    out[tuple(a[winners] for a in at)] = 1


class Points:
    """The points of a domain in scan order, as one array an index."""

    def __init__(self, ranges: Sequence[Range], guards: Sequence[Guard], env: Env) -> None:
        self.at: dict[sp.Symbol, Any] = dict(env)
        self.count = 1
        self.indices: list[sp.Symbol] = []
        for r in ranges:
            self._extend(r)
        for g in guards:
            self._keep(g)

    def _extend(self, r: Range) -> None:
        """Every point so far, once for each value of one more index."""
        lower = np.broadcast_to(np.max([self._full(b) for b in r.lowers], axis=0), self.count)
        upper = np.broadcast_to(np.min([self._full(b) for b in r.uppers], axis=0), self.count)
        repeats = np.maximum(upper - lower + 1, 0)
        for i in self.indices:
            self.at[i] = np.repeat(self.at[i], repeats)
        total = int(repeats.sum())
        start = np.repeat(np.cumsum(repeats) - repeats, repeats)
        self.at[r.index] = np.repeat(lower, repeats) + np.arange(total) - start
        self.indices.append(r.index)
        self.count = total

    def _full(self, e: sp.Expr) -> Array:
        return np.broadcast_to(self.index(e), self.count)

    def _keep(self, g: Guard) -> None:
        kept = self._holds(g)
        for i in self.indices:
            self.at[i] = self.at[i][kept]
        self.count = int(kept.sum())

    def _holds(self, g: Guard) -> Array:
        if isinstance(g, Equal):
            kept = self.index(g.lhs) == self.index(g.rhs)
        elif isinstance(g, Divides):
            kept = self.index(g.num) % self.index(g.den) == 0
        else:
            assert isinstance(g, Between)
            e = self.index(g.e)
            kept = (self.index(g.lo) <= e) & (e <= self.index(g.hi))
        return np.broadcast_to(kept, self.count)

    def index(self, e: sp.Expr) -> Any:
        """An index expression, as integers."""
        symbols = tuple(symbols_in(e))
        return integer_function(e, symbols, _LARGEST, _SMALLEST)(*(self.at[s] for s in symbols))

    def value(self, e: sp.Expr, tensors: Mapping[str, Array], extended: frozenset[str]) -> Any:
        """A summand at every point."""
        if isinstance(e, Access):
            return self._read(e, tensors[e.name], e.name in extended)
        if e.is_Symbol:
            return np.asarray(self.at[e], float)
        if e.is_number and not e.has(Select):
            return float(e)
        args = [self.value(a, tensors, extended) for a in e.args]
        if e.is_Add:
            return sum(args[1:], args[0])
        if e.is_Mul:
            return np.multiply.reduce(np.broadcast_arrays(*args))
        if e.is_Pow:
            return args[0] ** args[1]
        if isinstance(e, Select):
            lhs, rhs, above, below = args
            return np.where(lhs > rhs, above, below)
        return _ELEMENTARY[type(e)](args[0])

    def _read(self, a: Access, tensor: Array, extended: bool) -> Array:
        at = [np.broadcast_to(self.index(e), self.count) for e in a.indices]
        inside = np.ones(self.count, bool)
        for i, n in zip(at, tensor.shape, strict=True):
            inside &= (i >= 0) & (i < n)
        if not extended and not inside.all():
            raise Undefined(f"{a.name} is read outside its array")
        out = np.zeros(self.count)
        out[inside] = tensor[tuple(i[inside] for i in at)]
        return out

"""What a layer's outputs are at numbers: the forward sums and the derived gradients, as sums that can be changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sympy as sp

from symconv.derive.forms import gradient_form
from symconv.derive.strategy import adjoint_order
from symconv.ir import Access, Context, Equal, IndexedSum, Layer, Statement, symbols_in
from symconv.layers.registry import build_layer
from symconv.verify.dense import Env

_INPUTS = ("x", "w", "b")


@dataclass(frozen=True)
class Output:
    """One output of a layer, and the statements that compute it, in order; the last ones write it."""

    name: str
    statements: tuple[Statement, ...]

    @property
    def own(self) -> tuple[IndexedSum, ...]:
        """The sums that write the output itself."""
        return tuple(s for s in self.statements if s.result.name == self.name and isinstance(s, IndexedSum))


@dataclass(frozen=True)
class Truth:
    """A layer with symbolic attributes and sizes, and its outputs as derived sums."""

    layer: Layer
    outputs: Mapping[str, Output]

    @property
    def context(self) -> Context:
        return self.layer.context

    def shape(self, name: str, env: Env) -> tuple[int, ...]:
        """Shape of an operand, groups apart."""
        return tuple(int(e.xreplace(dict(env))) for e in self.context.shape(name))


def truth_of(layer: Layer) -> Truth:
    """The forward output and the gradient by each input that has a usual name."""
    outputs = {"y": Output("y", layer.statements)}
    for wrt in layer.inputs:
        if wrt not in _INPUTS:
            continue
        adjoints: list[Statement] = []
        for target in adjoint_order(layer, wrt):
            adjoints += _gradient(layer, target)
        needed = {a.name for s in adjoints for a in (s.reads() if isinstance(s, IndexedSum) else ())}
        forward = tuple(s for s in layer.statements if s.result.name != layer.result or layer.result in needed)
        name = layer.context.adjoint(wrt)
        outputs[name] = Output(name, (*forward, *adjoints))
    return Truth(layer, outputs)


@lru_cache(maxsize=64)
def truth_by_name(name: str, attributes: tuple[tuple[str, Any], ...]) -> Truth:
    """That of a layer of the registry, derived once. Raises `UserError` as `build_layer` does."""
    return truth_of(build_layer(name, dict(attributes)))


def _gradient(layer: Layer, wrt: str) -> tuple[Statement, ...]:
    """The gradient as the chain rule gives it; where that leaves a delta, with the outputs eliminated."""
    scattered = gradient_form(layer, wrt, "scatter")
    if any(isinstance(g, Equal) for s in scattered for g in s.guards):
        return gradient_form(layer, wrt, "taps")
    return scattered


def absolute(s: IndexedSum) -> IndexedSum:
    """The sum with every factor of its summand replaced by its absolute value."""
    return s.with_(summand=_absolute(s.summand))


def _absolute(e: sp.Expr) -> sp.Expr:
    if e.is_Add:
        return sp.Add(*map(_absolute, e.args))
    return sp.Mul(*(sp.Abs(f) if f.atoms(Access) else abs(f) if f.is_number else f for f in sp.Mul.make_args(e)))


def counted(s: IndexedSum) -> IndexedSum:
    """The number of terms of the sum."""
    return s.with_(summand=sp.S.One)


def symbols_of(layer: Layer) -> set[sp.Symbol]:
    """Every symbol that needs a number."""
    out = set(layer.context.sizes) | set(layer.context.scales)
    for s in layer.statements:
        expressions = s.expressions() if isinstance(s, IndexedSum) else (s.result, s.value)
        out |= {v for e in expressions for v in symbols_in(e)}
        out -= {r.index for r in s.ranges}
    return out

"""Mistakes in what a layer chooses or applies: winners of a pool, its divisor, an activation. Changes of a `Model`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import sympy as sp

from symconv.ir import Access, FirstMaximum, IndexedSum, Select, Statement, UserError
from symconv.layers.registry import REGISTRY
from symconv.verify.dense import Array, Points
from symconv.verify.mistakes.index import Change
from symconv.verify.model import Model, NoDifference
from symconv.verify.truth import Output, truth_by_name

Weights = Callable[[Array, Array], Array]


def every_maximum(values: Array, largest: Array) -> Array:
    """1 at every largest entry of a window."""
    return np.asarray((values == largest) & np.isfinite(largest), float)


def shared(values: Array, largest: Array) -> Array:
    """Equal parts at the largest entries of a window."""
    marked = every_maximum(values, largest)
    return marked / np.maximum(marked.sum(axis=-1, keepdims=True), 1)


def last_maximum(values: Array, largest: Array) -> Array:
    """1 at the last of the largest entries of a window."""
    marked = every_maximum(values, largest)[..., ::-1]
    first = np.cumsum(marked, axis=-1) == 1
    return np.asarray((first * marked)[..., ::-1])


def winners(weights: Weights, globally: tuple[int, ...] | None = None) -> Change:
    """Another mask of winners. globally: the maximum is taken over these axes of the result too, from the front."""

    def change(m: Model) -> Model:
        mask = _mask(m)
        points = Points(mask.ranges, mask.guards, m.env)
        value = points.value(mask.value, m.tensors, frozenset())
        at = tuple(np.broadcast_to(points.index(e), points.count) for e in mask.result.indices)
        shape = m.truth.shape(mask.result.name, m.env)
        filled = np.full(shape, -np.inf)
        filled[at] = value
        rows = filled.reshape(*shape[: -len(mask.window)], -1)
        largest = rows.max(axis=-1, keepdims=True)
        if globally is not None:
            axes = tuple(k for k in range(rows.ndim) if k >= 2 or k in globally)
            largest = np.broadcast_to(rows.max(axis=axes, keepdims=True), largest.shape)
        chosen = weights(rows, largest).reshape(shape)
        rest = tuple(s for s in m.output.statements if s is not mask)
        tensors = {**m.tensors, mask.result.name: chosen}
        return replace(m, output=replace(m.output, statements=rest), tensors=tensors)

    return change


def _mask(m: Model) -> FirstMaximum:
    masks = [s for s in m.output.statements if isinstance(s, FirstMaximum)]
    if len(masks) != 1 or m.name != "dx":
        raise NoDifference
    return masks[0]


def without_offset(m: Model) -> Model:
    """The winner's position inside its window, taken for a position in the image."""
    _mask(m)
    zeroed = {f"{v}_{a}": 0 for v in "sp" for a in m.letters}
    return replace(m, scatter={s: zeroed.get(s.name, v) for s, v in m.env.items()})


def sibling(attribute: str) -> Change:
    """The same layer with a flag the other way round."""

    def change(m: Model) -> Model:
        layer = m.truth.layer
        entry = REGISTRY.get(layer.name)
        if entry is None or attribute not in entry.attributes:
            raise NoDifference
        given = dict(layer.attributes)
        opposite = 0 if given.get(attribute) else 1
        try:
            other = truth_by_name(layer.name, tuple({**given, attribute: opposite}.items()))
        except UserError:
            raise NoDifference from None
        turned = replace(m, truth=other, output=other.outputs[m.name])
        return turned.resized() if m.name == "y" else turned

    return change


def divided_by(divisor: Callable[[Model], int]) -> Change:
    """A number for the count by which each window is divided."""

    def change(m: Model) -> Model:
        counts = {s.result.name for s in m.output.statements if isinstance(s, IndexedSum) and not s.reads()}
        if not counts:
            raise NoDifference
        return m.with_statements(lambda s: _at(s, counts, sp.Integer(divisor(m))))

    return change


def _at(s: Statement, names: set[str], value: sp.Expr) -> Statement:
    if not isinstance(s, IndexedSum):
        return s
    return s.with_(summand=s.summand.xreplace({a: value for a in s.reads() if a.name in names}))


def _elementwise(s: Statement) -> bool:
    return isinstance(s, IndexedSum) and not s.reduced and len(s.reads()) > 0


def _with_derivative(m: Model, change: Callable[[IndexedSum], IndexedSum]) -> Model:
    """Another derivative of the activation: in the sums of the backward pass that go entry by entry."""
    return m.with_statements(
        lambda s: change(s) if isinstance(s, IndexedSum) and _elementwise(s) and m.is_adjoint(s.result.name) else s
    )


def derivative_missing(m: Model) -> Model:
    """dz = dy, without the derivative of the activation."""

    def change(s: IndexedSum) -> IndexedSum:
        given = [a for a in s.reads() if a.name == "dy" and a.indices == s.result.indices]
        return s.with_(summand=given[0]) if len(given) == 1 else s

    return _with_derivative(m, change)


def kink(m: Model) -> Model:
    """The derivative at 0 is that of the other side."""

    def change(s: IndexedSum) -> IndexedSum:
        return s.with_(summand=s.summand.replace(Select, lambda lhs, rhs, above, below: Select(rhs, lhs, below, above)))

    return _with_derivative(m, change)


def derivative_elsewhere(m: Model) -> Model:
    """f'(f^-1(z)) for f'(z): the derivative by the result, fed with the argument, as s (1 - s) of a pre-activation."""

    def change(s: IndexedSum) -> IndexedSum:
        dy = next((a for a in s.reads() if a.name == "dy"), None)
        inner = [a for a in s.reads() if a is not dy]
        if dy is None or len(inner) != 1:
            return s
        return s.with_(summand=dy * _by_result(s.summand / dy, inner[0], m))

    return _with_derivative(m, change)


def _by_result(derivative: sp.Expr, z: Access, m: Model) -> sp.Expr:
    """The derivative as a function of the activation's result, at z."""
    forward = [s for s in m.truth.layer.statements if s.result.name == m.truth.layer.result and _elementwise(s)]
    u, t = sp.Symbol("u", positive=True), sp.Symbol("t", real=True)
    if len(forward) != 1 or not isinstance(forward[0], IndexedSum):
        raise NoDifference
    (read,) = forward[0].reads()
    f = forward[0].summand.xreplace({read: t})
    if f.has(Select):
        raise NoDifference
    inverse = sp.solve(f.rewrite(sp.exp) - u, t)
    if len(inverse) != 1:
        raise NoDifference
    return sp.simplify(derivative.xreplace({z: t}).rewrite(sp.exp).subs(t, inverse[0])).xreplace({u: z})


def derivative_at_result(m: Model) -> Model:
    """f'(y) for f'(z)."""
    y = replace(m, output=Output("y", m.truth.outputs["y"].statements), after=()).apart_value

    def change(s: IndexedSum) -> IndexedSum:
        return s.with_(
            summand=s.summand.xreplace({a: Access("y", *a.indices) for a in s.reads() if a.name in ("x", "z")})
        )

    return replace(_with_derivative(m, change), tensors={**m.tensors, "y": y})


def not_applied(m: Model) -> Model:
    """y = z, without the activation."""

    def change(s: IndexedSum) -> IndexedSum:
        reads = set(s.reads())
        return s.with_(summand=reads.pop()) if s.result.name == "y" and _elementwise(s) and len(reads) == 1 else s

    if m.name != "y":
        raise NoDifference
    return m.with_own(change)

"""Mistakes in what becomes of values: zeros, parts of a batch, axes run together, cut digits. Changes of a `Model`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import permutations

import numpy as np
import sympy as sp

from symconv.ir import IndexedSum, Statement
from symconv.verify.dense import Array, Points
from symconv.verify.mistakes.index import Change
from symconv.verify.model import Model, NoDifference, joined
from symconv.verify.truth import Output


def zero(m: Model) -> Model:
    return m.then(np.zeros_like)


def one_image(last: bool) -> Change:
    """Every other image of the result is left at zero."""

    def change(m: Model) -> Model:
        def keep(a: Array) -> Array:
            out, at = np.zeros_like(a), -1 if last else 0
            out[at] = a[at]
            return out

        if m.named("N") == 1 or m.name not in ("y", "dx"):
            raise NoDifference
        return m.then(keep)

    return change


def one_filter(name: str, last: bool) -> Change:
    """All other channels of an array are left at zero: of the result y, or of dy."""

    def keep(a: Array) -> Array:
        out, at = np.zeros_like(a), -1 if last else 0
        out[:, at] = a[:, at]
        return out

    def change(m: Model) -> Model:
        if m.tensors["dy"].ndim < 2 or m.number("OC") * m.number("G") * m.number("O") == 1:
            raise NoDifference
        return m.then(keep) if name == "y" else m.with_tensor(name, keep)

    return change


def incoming(m: Model) -> Model:
    """dx = dy, where they have one shape."""
    dy = joined(m.tensors["dy"], m.truth.context.operand("y"))

    if dy.shape != m.value.shape:
        raise NoDifference
    return m.then(lambda _: dy)


def rounded(how: Callable[[Array], Array]) -> Change:
    return lambda m: m.then(how)


def inputs_rounded(*names: str) -> Change:
    """Operands cut to whole numbers: all of them, or those of these names."""

    def change(m: Model) -> Model:
        cut = {n: np.trunc(a) if not names or n in names else a for n, a in m.tensors.items()}
        if all(np.array_equal(cut[n], a) for n, a in m.tensors.items()):
            raise NoDifference
        return replace(m, tensors=cut)

    return change


def relaid(a: Array, order: tuple[int, ...], reading: bool) -> Array:
    """The entries of an array in the wrong order, as a reshape leaves them where a transpose was needed.

    reading: the array is taken for one whose axes are in that order; otherwise it is written in that order.
    """
    if reading:
        shape = tuple(a.shape[k] for k in order)
        return a.reshape(shape).transpose([order.index(k) for k in range(a.ndim)])
    return a.transpose(order).reshape(a.shape)


def relaid_results() -> list[Change]:
    return [_relaid_result(order, reading) for order in _orders() for reading in (False, True)]


def relaid_operands(name: str) -> list[Change]:
    return [_relaid_operand(name, order, reading) for order in _orders() for reading in (False, True)]


def _orders() -> list[tuple[int, ...]]:
    """Of the axes before the space, which go together: batch, channels, all positions."""
    return [order for order in permutations(range(3)) if order != (0, 1, 2)] + [(1, 0)]


def _whole_order(order: tuple[int, ...], ndim: int) -> tuple[int, ...]:
    """The order with the spatial axes as one block."""
    if ndim < len(order) or (len(order) == 2 and ndim > 2):
        raise NoDifference
    return tuple(axis for k in order for axis in (range(2, ndim) if k == 2 else (k,)))


def _relaid_result(order: tuple[int, ...], reading: bool) -> Change:
    return lambda m: m.then(lambda a: relaid(a, _whole_order(order, a.ndim), reading))


def _relaid_operand(name: str, order: tuple[int, ...], reading: bool) -> Change:
    return lambda m: m.with_tensor(name, lambda a: relaid(a, _whole_order(order, a.ndim), reading))


def unsummed(*kept: str) -> Change:
    """db with axes of dy that should have been added up; kept: n, or `space`."""

    def change(m: Model) -> Model:
        if m.name != "db":
            raise NoDifference
        source = next(a.name for a in m.output.own[0].reads())
        if source == "dy":
            whole = m.tensors["dy"]
        else:
            before = tuple(s for s in m.output.statements if s.result.name != "db")
            whole = replace(m, output=Output(source, before)).value
        whole = joined(whole, m.truth.context.operand("y")) if source == "dy" else whole
        space = tuple(range(2, whole.ndim))
        if "space" in kept and not space:
            raise NoDifference
        gone = (() if "n" in kept else (0,)) + (() if "space" in kept else space)
        return m.then(lambda _: whole.sum(axis=gone))

    return change


def weights_updated_first(m: Model) -> Model:
    """dx with w - dw: the weights were updated, at learning rate 1, before dx was computed."""
    if m.name != "dx" or "w" not in m.tensors or "dw" not in m.truth.outputs:
        raise NoDifference
    dw = replace(m, output=m.truth.outputs["dw"], after=()).apart_value
    return replace(m, tensors={**m.tensors, "w": m.tensors["w"] - dw})


def bias_times(*names: str, constant: int = 1) -> Change:
    """The bias as many times as the product of these sizes."""

    def change(m: Model) -> Model:
        sizes = [s for s in m.env if s.name in names]
        if constant == 1 and all(m.env[s] == 1 for s in sizes):
            raise NoDifference
        times = sp.Mul(constant, *sizes)

        def scale(s: Statement) -> Statement:
            alone = isinstance(s, IndexedSum) and {a.name for a in s.reads()} == {"b"}
            return s.with_(summand=times * s.summand) if alone and isinstance(s, IndexedSum) else s

        return m.with_statements(scale)

    return change


def assigned(prefix: str) -> Change:
    """The last output (prefix o), or tap (k), that meets an entry of dx overwrites what the others wrote there."""
    return lambda m: _assigned(m, [f"{prefix}{a}" for a in m.letters])


def _assigned(m: Model, names: list[str]) -> Model:
    if not m.output.own or m.name != "dx":
        raise NoDifference
    before = tuple(s for s in m.output.statements if s.result.name != m.name)
    tensors = dict(m.tensors)
    for s in before:
        tensors[s.result.name] = replace(m, output=Output(s.result.name, before), after=()).apart_value
    out = np.zeros(m.truth.shape(m.name, m.env))
    for s in m.output.own:
        out = _overwritten(out, s, m, tensors, names)
    value = joined(out, m.truth.context.operand(m.name))
    return m.then(lambda _: value)


def _overwritten(out: Array, s: IndexedSum, m: Model, tensors: dict[str, Array], names: list[str]) -> Array:
    """Value by value of the named indices: its contributions are added up, and replace what was there."""
    points = Points(s.ranges, s.guards, m.env)
    value = np.broadcast_to(points.value(s.summand, tensors, s.extended), points.count)
    at = tuple(np.broadcast_to(points.index(e), points.count) for e in s.result.indices)
    order = [r.index for r in s.ranges if r.index.name.rstrip("'") in names]
    key = np.stack([points.at[i] for i in order]) if order else np.zeros((1, points.count), int)
    step = np.unique(key, axis=1, return_inverse=True)[1].ravel()
    for t in range(int(step.max(initial=-1)) + 1):
        here = step == t
        part, written = np.zeros_like(out), np.zeros(out.shape, bool)
        cells = tuple(a[here] for a in at)
        np.add.at(part, cells, value[here])
        written[cells] = True
        out = np.where(written, part, out)
    return out

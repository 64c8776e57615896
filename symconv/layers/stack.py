"""Layers one after the other as a single layer: the statements in a row, names and sizes made to fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import sympy as sp

from symconv.ir import Access, Context, FirstMaximum, Label, Layer, Notation, Operand, Statement, UserError
from symconv.layers.convolution import conv
from symconv.layers.pointwise import activation
from symconv.layers.pooling import max_pool


@dataclass(frozen=True)
class Part:
    """A layer of a stack, the name of its output there, and the mark of its own operands and sizes: one for each
    part.
    """

    layer: Layer
    output: str
    mark: str


def stack(name: str, parts: Sequence[Part], notation: Notation) -> Layer:
    """The layers in a row: the first input of each is the output of the one before it.

    Operands and sizes that a layer has for itself get its mark: w becomes w1. Raises `UserError` where the rank of an
    output is not that of the next input.
    """
    if len({part.mark for part in parts}) != len(parts):
        raise ValueError(f"{name}: two parts have one mark, and would share their sizes")
    statements: list[Statement] = []
    operands: dict[str, Operand] = {}
    sizes: dict[sp.Symbol, None] = {}
    assumptions = []
    for k, part in enumerate(parts):
        feed = parts[k - 1].output if k else part.layer.inputs[0]
        values = _size_map(part, operands.get(feed))
        names = _operand_map(part, feed, operands)
        for o in part.layer.context.operands:
            shape = tuple(e.xreplace(values) for e in o.shape)
            operands.setdefault(names[o.name], Operand(names[o.name], shape, o.axes))
        assumptions += [a.map(lambda e, v=values: e.xreplace(v)) for a in part.layer.context.assumptions]  # type: ignore[misc]
        statements += [_renamed(s, names, values) for s in part.layer.statements]
        sizes |= dict.fromkeys(s for v in part.layer.context.sizes for s in sorted(_in(v, values), key=str))
    context = Context(tuple(sizes), tuple(dict.fromkeys(assumptions)), tuple(operands.values()))
    written = {s.result.name for s in statements}
    inputs = tuple(o for o in operands if o not in written)
    return Layer(name, tuple(statements), context, inputs, parts[-1].output, notation)


def _in(size: sp.Symbol, values: dict[sp.Symbol, sp.Expr]) -> set[sp.Symbol]:
    found: set[sp.Symbol] = values.get(size, size).free_symbols
    return found


def _operand_map(part: Part, feed: str, known: dict[str, Operand]) -> dict[str, str]:
    """Old name -> name in the stack."""
    out = {}
    for o in part.layer.context.operands:
        if o.name == part.layer.inputs[0]:
            out[o.name] = feed
        elif o.name == part.layer.result:
            out[o.name] = part.output
        else:
            out[o.name] = o.name + part.mark
    return out


def _size_map(part: Part, feed: Operand | None) -> dict[sp.Symbol, sp.Expr]:
    """The input's sizes become those of the output it is fed with; every other size gets the mark."""
    context = part.layer.context
    if context.scales:
        raise UserError(f"{part.layer.name} in a stack needs numbers for its strides and dilations")
    values: dict[sp.Symbol, sp.Expr] = {s: sp.Symbol(s.name + part.mark, **s.assumptions0) for s in context.sizes}
    shape = context.shape(part.layer.inputs[0])
    if feed is None:
        return values | {s: s for e in shape for s in e.free_symbols}
    if len(shape) != len(feed.shape):
        raise UserError(
            f"{part.layer.name} takes an input of rank {len(shape)}, and {feed.name} has rank {len(feed.shape)}"
        )
    for mine, given in zip(shape, feed.shape, strict=True):
        if mine.is_Symbol:
            values[mine] = given
        elif mine != given:
            raise UserError(f"{part.layer.name} takes an input of size {mine}, and {feed.name} has {given} there")
    return values


def _renamed(s: Statement, names: dict[str, str], values: dict[sp.Symbol, sp.Expr]) -> Statement:
    def put(e: sp.Expr) -> sp.Expr:
        moved = e.xreplace(values)
        return moved.xreplace({a: Access(names[a.name], *a.indices) for a in moved.atoms(Access)})

    if isinstance(s, FirstMaximum):
        ranges, guards = tuple(r.map(put) for r in s.ranges), tuple(g.map(put) for g in s.guards)
        return FirstMaximum(put(s.result), s.window, ranges, guards, put(s.value))
    return replace(s.map(put), extended=frozenset(names[n] for n in s.extended))


def two_stacked_layers() -> Layer:
    """The comments' question: conv, relu, max pool 2 x 2, conv. z1, a1, p1, z2 are what the four layers give.

    z2 = w2 (x) p1 + b2,  p1 = max pool(a1),  a1 = relu(z1),  z1 = w1 (x) x + b1
    """
    plain = {"strides": (1, 1), "pads": (0, 0, 0, 0), "dilations": (1, 1), "group": 1}
    pool = max_pool(2, kernel_shape=(2, 2), strides=(2, 2), pads=(0, 0, 0, 0), dilations=(1, 1))
    parts = (
        Part(conv(2, **plain), "z1", "1"),
        Part(activation("relu"), "a1", "_a"),
        Part(pool, "p1", "_p"),
        Part(conv(2, **plain), "z2", "2"),
    )
    labels = [(f"{v}{k}", Label(v, str(k))) for k in (1, 2) for v in "zapwb"]
    deltas = [(f"dz{k}", Label("δ", str(k))) for k in (1, 2)]
    return stack("two stacked layers", parts, Notation((*labels, *deltas)))

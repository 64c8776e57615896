"""Layers one after the other as a single layer: the statements in a row, names and sizes made to fit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import sympy as sp

from symconv.ir import (
    Access,
    Context,
    FirstMaximum,
    Label,
    Layer,
    Notation,
    Operand,
    Statement,
    UserError,
    offset,
    size,
)
from symconv.layers.convolution import conv
from symconv.layers.pointwise import activation
from symconv.layers.pooling import max_pool

_Sizes = dict[sp.Symbol, sp.Expr]


@dataclass(frozen=True)
class Part:
    """A layer of a stack, the name of its output there, and the mark of its own operands and sizes, one a part."""

    layer: Layer
    output: str
    mark: str

    @property
    def feed(self) -> str:
        """The input that the part before it feeds: x where there is one, else the first."""
        return "x" if "x" in self.layer.inputs else self.layer.inputs[0]


def stack(layers: Sequence[Layer | Part], name: str = "stack", notation: Notation | None = None) -> Layer:
    """The layers in a row: the result of each is the input x of the next.

    The k-th layer's own operands and sizes get its number: w1 b1 y1, w2 b2 y2. A `Part` says other names. Raises
    `UserError` where there is no layer, or where an output does not fit the next input.
    """
    if not layers:
        raise UserError(f"{name} has no layers: give at least one")
    parts = [p if isinstance(p, Part) else Part(p, f"y{k}", str(k)) for k, p in enumerate(layers, 1)]
    if len({part.mark for part in parts}) != len(parts):
        raise ValueError(f"{name}: two parts have one mark, and would share their sizes")
    known: dict[str, Operand] = {}
    placed: list[Layer] = []
    feed = parts[0].feed
    for part in parts:
        placed.append(_placed(part, feed, known))
        known = {o.name: o for o in placed[-1].context.operands} | known
        feed = part.output
    statements = tuple(s for p in placed for s in p.statements)
    contexts = [p.context for p in placed]
    scales = tuple(dict.fromkeys(s for c in contexts for s in c.scales))
    sizes = tuple(dict.fromkeys(s for c in contexts for s in c.sizes if s not in scales))
    assumptions = tuple(dict.fromkeys(a for c in contexts for a in c.assumptions))
    order = dict.fromkeys(o.name for c in contexts for o in c.operands)
    context = Context(sizes, assumptions, tuple(known[o] for o in order), scales)
    written = {s.result.name for s in statements}
    inputs = tuple(o for o in order if o not in written)
    domain = tuple(c for p in placed for c in p.domain)
    return Layer(name, statements, context, inputs, feed, _numbered(parts) if notation is None else notation, domain)


def _placed(part: Part, feed: str, known: dict[str, Operand]) -> Layer:
    """A part under the names that its operands and sizes have in the stack."""
    context = part.layer.context
    values, names = _size_map(part, known.get(feed)), _operand_map(part, feed, known)
    operands = tuple(
        replace(
            o,
            name=names[o.name],
            shape=tuple(e.xreplace(values) for e in o.shape),
            of=tuple(names[name] for name in o.of),
        )
        for o in context.operands
    )
    assumptions = tuple(a.map(lambda e: e.xreplace(values)) for a in context.assumptions)
    sizes, scales = _symbols(context.sizes, values), _symbols(context.scales, values)

    def put(e: sp.Expr) -> sp.Expr:
        moved = e.xreplace(values)
        return moved.xreplace({a: Access(names[a.name], *a.indices) for a in moved.atoms(Access)})

    return replace(
        part.layer,
        statements=tuple(_renamed(s, names, put) for s in part.layer.statements),
        context=Context(tuple(sizes), assumptions, operands, tuple(scales)),
        inputs=tuple(names[o] for o in part.layer.inputs),
        result=names[part.layer.result],
        domain=tuple(replace(c, expression=put(c.expression)) for c in part.layer.domain),
    )


def _numbered(parts: Sequence[Part]) -> Notation:
    """w2 prints as w with the number 2 of its layer, and the adjoint of y2 as δ with 2."""
    own = [(o.name, p.mark) for p in parts for o in p.layer.context.operands if o.name not in (p.feed, p.layer.result)]
    labels = [(v + mark, Label(v, mark)) for v, mark in own]
    outputs = [(p.output, Label(p.output.removesuffix(p.mark), p.mark)) for p in parts]
    return Notation((*labels, *outputs), adjoints=tuple((p.output, Label("δ", p.mark)) for p in parts))


def _symbols(symbols: Sequence[sp.Symbol], values: _Sizes) -> dict[sp.Symbol, None]:
    return dict.fromkeys(s for v in symbols for s in sorted(values.get(v, v).free_symbols, key=str))


def _operand_map(part: Part, feed: str, known: dict[str, Operand]) -> dict[str, str]:
    """Old name -> name in the stack."""
    out = {}
    for o in part.layer.context.operands:
        new = feed if o.name == part.feed else part.output if o.name == part.layer.result else o.name + part.mark
        if new != feed and new in known:
            raise ValueError(f"{part.layer.name}: {o.name} would be called {new}, as another operand is already")
        out[o.name] = new
    return out


def _size_map(part: Part, feed: Operand | None) -> _Sizes:
    """The input's sizes become those of the output it is fed with; every other symbol gets the mark."""
    context = part.layer.context
    values: _Sizes = {
        s: (size if s.is_positive else offset)(s.name + part.mark) for s in (*context.sizes, *context.scales)
    }
    shape = context.shape(part.feed)
    if feed is None:
        return values | {s: s for e in shape for s in e.free_symbols}
    if len(shape) != len(feed.shape):
        raise UserError(
            f"{part.layer.name} takes an input of rank {len(shape)}, and {feed.name} has rank {len(feed.shape)}: "
            f"stack layers of one rank (a group of 1 has no axis of its own)"
        )
    met: _Sizes = {}
    for mine, given in zip(shape, feed.shape, strict=True):
        wanted = met.setdefault(mine, given) if mine.is_Symbol else mine
        if wanted != given:
            known = f"{mine} = {wanted}" if mine.is_Symbol else mine
            raise UserError(f"{part.layer.name} takes an input of size {known}, and {feed.name} has {given} there")
    return values | met


def _renamed(s: Statement, names: dict[str, str], put: Callable[[sp.Expr], sp.Expr]) -> Statement:
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
    deltas = [(f"z{k}", Label("δ", str(k))) for k in (1, 2)]
    return stack(parts, "two stacked layers", Notation(tuple(labels), adjoints=tuple(deltas)))

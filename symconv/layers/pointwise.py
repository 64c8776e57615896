"""Layers without a window: activations (Eq. 8), dense layers, and the squared error (Eq. 9)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import sympy as sp

from symconv.ir import (
    Access,
    Apply,
    Context,
    IndexedSum,
    Label,
    Layer,
    Notation,
    Operand,
    Range,
    Role,
    Select,
    UserError,
    index,
    size,
)
from symconv.layers.adopted import adopt
from symconv.layers.attributes import canonical, flag, number, shown
from symconv.layers.conditions import settled
from symconv.layers.expression import Read, exact, parse_function

DENSE = ("in_channels", "out_channels", "bias")
ELEMENTWISE = ("function", "rank")
X = sp.Dummy("x", real=True)
# Axis names by rank: the usual letters of images, volumes, sequences; sizes are their capitals.
_AXES = ("", "i", "nc", "ncw", "nchw", "ncdhw")


def _rectified(slope: sp.Expr) -> sp.Expr:
    """x where x > 0, else slope x: written by cases, so that the derivative at 0 is the slope, 0 for relu."""
    return Select(X, sp.S.Zero, X, slope * X)


# Named activations: their attributes besides `rank`, and the expression of one variable that these give.
FUNCTIONS: dict[str, tuple[tuple[str, ...], Callable[[Mapping[str, Any]], sp.Expr]]] = {
    "relu": ((), lambda _: _rectified(sp.S.Zero)),
    "leaky_relu": (("alpha",), lambda given: _rectified(exact("alpha", given.get("alpha", "0.01")))),
    "sigmoid": ((), lambda _: 1 / (1 + sp.exp(-X))),
    "tanh": ((), lambda _: sp.tanh(X)),
}


def activation(name: str, /, **attributes: Any) -> Layer:
    """y[n, c, h, w] = f(x[n, c, h, w]) for one of the named functions (Eq. 8).

    rank: number of axes, 0 to 5, 4 where it is left out. alpha: leaky_relu's slope below 0, ONNX's 0.01 by default.
    """
    own, function = FUNCTIONS[name]
    given = canonical(name, attributes, (*own, "rank"))
    return replace(elementwise(Read(function(given)), name, given.get("rank")), attributes=tuple(given.items()))


def activated(build: Callable[..., Layer], /, *, activation: str | None = None, **attributes: Any) -> Layer:
    """y = f(z), where z is what the layer of `build` gives as y (Eqs. 7 and 8); z itself without `activation`."""
    layer = build(**attributes)
    if activation is None:
        return layer
    if activation not in FUNCTIONS:
        known = ", ".join(FUNCTIONS)
        raise UserError(f"activation = {shown(activation)} of {layer.name}: give one of {known}")
    function = FUNCTIONS[activation][1]({})
    inner = tuple(s.map(lambda e: _renamed_result(e, layer.result)) for s in layer.statements)
    y = layer.context.operand(layer.result)
    indices = tuple(map(index, y.axes))
    ranges = tuple(Range.box(i, n) for i, n in zip(indices, y.shape, strict=True))
    outer = IndexedSum(Access(layer.result, *indices), ranges, (), function.xreplace({X: Access("z", *indices)}))
    context = replace(layer.context, operands=(*layer.context.operands, replace(y, name="z")))
    given = (*layer.attributes, ("activation", activation))
    notation = Notation(adjoints=(("y", Label("∂E/∂y")), ("z", Label("δ"))))
    return replace(layer, statements=(*inner, outer), context=context, attributes=given, notation=notation)


def _renamed_result(e: sp.Expr, result: str) -> sp.Expr:
    return e.xreplace({a: Access("z", *a.indices) for a in e.atoms(Access) if a.name == result})


def elementwise_from_text(**attributes: Any) -> Layer:
    """y = f(x). function: an expression of x as text, or a SymPy expression of one symbol; else f stays opaque."""
    given = canonical("elementwise", attributes, ELEMENTWISE)
    return replace(_elementwise_of(given), attributes=tuple(given.items()))


def _elementwise_of(given: Mapping[str, Any]) -> Layer:
    function, rank = given.get("function"), given.get("rank")
    if function is None:
        return _mapped("elementwise", lambda x: Apply("f", 0, x), rank)
    if isinstance(function, str):
        return elementwise(parse_function(function, X), rank=rank)
    if not isinstance(function, sp.Expr) or len(function.free_symbols) > 1:
        raise UserError(
            f"function = {shown(function)}: give text such as 'x*exp(-x)', or a SymPy expression of one symbol"
        )
    return elementwise(adopt(function, X), rank=rank)


def elementwise(function: Read, name: str = "elementwise", rank: Any = None) -> Layer:
    """y[n, c, h, w] = f(x[n, c, h, w]), f an expression of X; rank: number of axes, 4 by default."""
    layer = _mapped(name, lambda x: function.expression.xreplace({X: x}), rank)
    x = Access("x", *layer.sums[0].result.indices)
    conditions = (replace(c, expression=c.expression.xreplace({X: x})) for c in function.conditions)
    return replace(layer, domain=settled(conditions, "the function"))


def _mapped(name: str, function: Callable[[Access], sp.Expr], rank: Any) -> Layer:
    if rank is not None and (isinstance(rank, bool) or not isinstance(rank, int) or not 0 <= rank < len(_AXES)):
        raise UserError(f"rank = {shown(rank)} of {name}: give the number of axes, 0 to {len(_AXES) - 1}")
    axes = tuple(_AXES[4 if rank is None else rank])
    indices, shape = tuple(map(index, axes)), tuple(size(a.upper()) for a in axes)
    ranges = tuple(Range.box(i, s) for i, s in zip(indices, shape, strict=True))
    y = IndexedSum(Access("y", *indices), ranges, (), function(Access("x", *indices)))
    return Layer(name, (y,), Context(shape, (), (Operand("x", shape, axes), Operand("y", shape, axes))), ("x",))


def dense(**attributes: Any) -> Layer:
    """y[n, o] = sum_i w[o, i] x[n, i] + b[o]; x: (N, I), w: (O, I), b: (O,), y: (N, O)."""
    given = canonical("dense", attributes, DENSE)
    n, o, i = map(index, "noi")
    rows = size("N")
    inner = number("in_channels", given.get("in_channels"), size("I"))
    outer = number("out_channels", given.get("out_channels"), size("O"))
    outputs = (Range.box(n, rows), Range.box(o, outer))
    y = Access("y", n, o)
    sums = [IndexedSum(y, (*outputs, Range.box(i, inner)), (), Access("w", o, i) * Access("x", n, i))]
    if flag("bias", given.get("bias", 1)):
        sums.append(IndexedSum(y, outputs, (), Access("b", o)))
    operands = (
        Operand("x", (rows, inner), ("n", "i")),
        Operand("w", (outer, inner), ("o", "i"), role=Role.PARAMETER),
        Operand("b", (outer,), ("o",), role=Role.PARAMETER),
        Operand("y", (rows, outer), ("n", "o")),
    )
    sizes = tuple(dict.fromkeys(s for s in (rows, inner, outer) if s.is_Symbol))
    context = Context(sizes, (), operands)
    return Layer("dense", tuple(sums), context, ("x", "w", "b")[: len(sums) + 1], attributes=tuple(given.items()))


def squared_error(**attributes: Any) -> Layer:
    """E[] = 1/2 sum_p (t[p] - y[p])^2 (Eq. 9); y: predictions, t: targets, both (P,)."""
    canonical("squared_error", attributes, ())
    p, count = index("p"), size("P")
    loss = (Access("t", p) - Access("y", p)) ** 2 / 2
    operands = (Operand("y", (count,), ("p",)), Operand("t", (count,), ("p",)), Operand("E", (), ()))
    return Layer(
        "squared_error",
        (IndexedSum(Access("E"), (Range.box(p, count),), (), loss),),
        Context((count,), (), operands),
        ("y", "t"),
        result="E",
    )

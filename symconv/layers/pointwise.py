"""Layers without a window: activations (Eq. 8), dense layers, and the squared error (Eq. 9)."""

from __future__ import annotations

from typing import Any

import sympy as sp

from symconv.ir import Access, Apply, Context, IndexedSum, Layer, Operand, Range, UserError, index, size
from symconv.layers.attributes import canonical, flag, number, shown
from symconv.layers.expression import parse_function

DENSE = ("in_channels", "out_channels", "bias")
X = sp.Dummy("x", real=True)

# Named activations as expressions of one variable. relu is written by cases, so that its derivative at 0 is 0.
FUNCTIONS = {
    "relu": sp.Piecewise((X, X > 0), (sp.S.Zero, True)),
    "sigmoid": 1 / (1 + sp.exp(-X)),
    "tanh": sp.tanh(X),
}


def activation(name: str, **attributes: Any) -> Layer:
    """y[n, c, h, w] = f(x[n, c, h, w]) for one of the named functions."""
    canonical(name, attributes, ())
    return elementwise(FUNCTIONS[name], X, name)


def elementwise_from_text(**attributes: Any) -> Layer:
    """y = f(x). function: an expression of x as text, or a SymPy expression of one symbol; else f stays opaque."""
    given = canonical("elementwise", attributes, ("function",))
    function = given.get("function")
    if function is None:
        return _mapped("elementwise", lambda x: Apply("f", 0, x))
    if isinstance(function, str):
        return elementwise(parse_function(function, X), X)
    if not isinstance(function, sp.Expr) or len(function.free_symbols) > 1:
        raise UserError(
            f"function = {shown(function)}: give text such as 'x*exp(-x)', or a SymPy expression of one symbol"
        )
    (variable,) = function.free_symbols or {X}
    return elementwise(function.xreplace({variable: X}), X)


def elementwise(function: sp.Expr, variable: sp.Symbol, name: str = "elementwise") -> Layer:
    """y[n, c, h, w] = f(x[n, c, h, w]), f an expression of one real variable."""
    loose = function.free_symbols - {variable}
    if loose:
        raise UserError(
            f"function {sp.sstr(function)} has the unknowns {sorted(map(str, loose))}: it may mention x alone"
        )
    return _mapped(name, lambda x: function.xreplace({variable: x}))


def _mapped(name: str, function: Any) -> Layer:
    axes = ("n", "c", "h", "w")
    indices, shape = tuple(map(index, axes)), tuple(map(size, ("N", "C", "H", "W")))
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
        Operand("w", (outer, inner), ("o", "i")),
        Operand("b", (outer,), ("o",)),
        Operand("y", (rows, outer), ("n", "o")),
    )
    sizes = tuple(s for s in (rows, inner, outer) if s.is_Symbol)
    return Layer("dense", tuple(sums), Context(sizes, (), operands), ("x", "w", "b")[: len(sums) + 1])


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

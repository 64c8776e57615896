"""Our own reader of arithmetic, so that no user string ever reaches SymPy's parser, which runs `eval`.

Python's `ast` gives the tree; a whitelist of nodes is turned into SymPy objects one by one.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from fractions import Fraction

import sympy as sp

from symconv.ir import UserError

Leaf = Callable[[ast.expr], sp.Expr | None]
_LONGEST = 2000
_BINARY: dict[type[ast.operator], Callable[[sp.Expr, sp.Expr], sp.Expr]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_CALLS: dict[str, Callable[..., sp.Expr]] = {
    "exp": sp.exp, "log": sp.log, "tanh": sp.tanh, "sinh": sp.sinh, "cosh": sp.cosh, "sin": sp.sin, "cos": sp.cos,
    "atan": sp.atan, "erf": sp.erf, "sqrt": sp.sqrt, "abs": sp.Abs,
    "relu": lambda u: sp.Piecewise((u, u > 0), (sp.S.Zero, True)),
    "sigmoid": lambda u: 1 / (1 + sp.exp(-u)),
    "max": lambda a, b: sp.Piecewise((a, a > b), (b, True)),
    "min": lambda a, b: sp.Piecewise((a, a < b), (b, True)),
}  # fmt: skip
_TWO = ("max", "min")


def tree(text: str, what: str) -> ast.expr:
    """The syntax tree of one expression; `UserError` where it is none."""
    if not isinstance(text, str) or not text.strip():
        raise UserError(f"{what} is empty: give an expression such as x*exp(-x)")
    if len(text) > _LONGEST:
        raise UserError(f"{what} has {len(text)} characters: at most {_LONGEST} are read")
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        at = f" at column {error.offset}" if isinstance(error, SyntaxError) and error.offset else ""
        raise UserError(
            f"{what} {_short(text)!r} is no expression{at}: use + - * / ** ( ) and {', '.join(_CALLS)}"
        ) from None


def _short(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:60]}..."


def parse_function(text: str, variable: sp.Symbol) -> sp.Expr:
    """An expression of x, as SymPy: parse_function("x/(1 + exp(-x))", X)."""

    def leaf(node: ast.expr) -> sp.Expr | None:
        return variable if isinstance(node, ast.Name) and node.id == "x" else None

    return convert(tree(text, "function"), leaf, text, "function")


def convert(node: ast.expr, leaf: Leaf, text: str, what: str) -> sp.Expr:
    """A tree as SymPy; `leaf` says what names and subscripts stand for (None: not allowed)."""
    try:
        return _convert(node, leaf, text, what)
    except (RecursionError, OverflowError, MemoryError):
        raise UserError(f"{what} {_short(text)!r} is nested too deeply or holds too large a number") from None


def _convert(node: ast.expr, leaf: Leaf, text: str, what: str) -> sp.Expr:
    found = leaf(node)
    if found is not None:
        return found
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return _number(node, text, what)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        inner = _convert(node.operand, leaf, text, what)
        return -inner if isinstance(node.op, ast.USub) else inner
    if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
        return _binary(node, leaf, text, what)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _CALLS and not node.keywords:
        wanted = 2 if node.func.id in _TWO else 1
        if len(node.args) != wanted:
            raise refused(node, text, what, f"{node.func.id} takes {wanted} argument{'s' * (wanted > 1)}")
        return _CALLS[node.func.id](*(_convert(a, leaf, text, what) for a in node.args))
    raise refused(node, text, what, f"use + - * / ** ( ), numbers, and {', '.join(_CALLS)}")


def _number(node: ast.Constant, text: str, what: str) -> sp.Expr:
    """An exact number: decimals as the fraction that they spell."""
    spelled = ast.get_source_segment(text.strip(), node) or str(node.value)
    if len(spelled) > 40:
        raise refused(node, text, what, "a number may have 40 digits at most")
    value = Fraction(spelled.replace("_", ""))
    return sp.Rational(value.numerator, value.denominator)


def _binary(node: ast.BinOp, leaf: Leaf, text: str, what: str) -> sp.Expr:
    left, right = _convert(node.left, leaf, text, what), _convert(node.right, leaf, text, what)
    if isinstance(node.op, ast.Pow) and not (right.is_Rational and abs(right) <= 64):
        raise refused(node, text, what, "an exponent is a number between -64 and 64")
    if isinstance(node.op, ast.Div) and right == 0:
        raise refused(node, text, what, "it divides by zero")
    return _BINARY[type(node.op)](left, right)


def refused(node: ast.expr, text: str, what: str, allowed: str) -> UserError:
    """The error for a piece of text that is not allowed."""
    piece = ast.get_source_segment(text.strip(), node) or type(node).__name__
    return UserError(f"{what}: {_short(piece)!r} at column {node.col_offset + 1} is not allowed here: {allowed}")

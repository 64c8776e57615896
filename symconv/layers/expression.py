"""Our own reader of arithmetic, so that no user string ever reaches SymPy's parser, which runs `eval`.

Python's `ast` gives the tree; a whitelist of nodes is turned into SymPy objects one by one. What is read is exact, real
and of bounded size: text that would take forever to compute is refused before it is computed.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy as sp

from symconv.ir import Condition, UserError
from symconv.layers.arithmetic import CALLS, Arithmetic, Refused
from symconv.layers.attributes import shown

Leaf = Callable[[ast.expr], sp.Expr | None]
_LONGEST = 2000
_DIGITS = 40
_BINARY: dict[type[ast.operator], Callable[[Arithmetic, sp.Expr, sp.Expr], sp.Expr]] = {
    ast.Add: Arithmetic.add,
    ast.Sub: Arithmetic.subtract,
    ast.Mult: Arithmetic.multiply,
    ast.Div: Arithmetic.divide,
    ast.Pow: Arithmetic.power,
}
_SYNTAX = f"use + - * / ** ( ), numbers, and {', '.join(CALLS)}"


@dataclass(frozen=True)
class Source:
    """One line of text that a user wrote: what it is, and how many characters stand before it."""

    what: str
    text: str
    before: int = 0

    @classmethod
    def of(cls, what: str, text: Any, before: int = 0) -> Source:
        """The text with its margins cut off; `UserError` where it is empty, very long, or not ASCII."""
        if not isinstance(text, str):
            raise UserError(f"{what} = {shown(text)}: give an expression as text, such as 'x*exp(-x)'")
        if not text.strip():
            raise UserError(f"{what} is empty: give an expression such as x*exp(-x)")
        if len(text) > _LONGEST:
            raise UserError(f"{what} has {len(text)} characters: at most {_LONGEST} are read")
        strange = next((k for k, c in enumerate(text) if not c.isascii()), None)
        if strange is not None:
            column = before + strange + 1
            raise UserError(f"{what}: {text[strange]!r} at column {column} is not allowed here: {_SYNTAX}, in ASCII")
        line = re.sub(r"\s", " ", text)
        return cls(what, line.strip(), before + len(line) - len(line.lstrip()))

    def refused(self, node: ast.expr, allowed: str) -> UserError:
        """The error for a piece of the text that is not allowed."""
        piece = self.text[node.col_offset : node.end_col_offset]
        return UserError(f"{self.what}: {_short(piece)!r} at column {self.column(node)} is not allowed here: {allowed}")

    def column(self, node: ast.expr) -> int:
        return self.before + node.col_offset + 1

    def tree(self, marked: str = "") -> ast.expr:
        """The syntax tree; `marked` is parsed in place of the text, and is of the same length."""
        try:
            # Python warns of code such as 1if x; what is no arithmetic is refused here anyway.
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return ast.parse(marked or self.text, mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            at = f" at column {self.before + error.offset}" if isinstance(error, SyntaxError) and error.offset else ""
            raise UserError(f"{self.what} {_short(self.text)!r} is no expression{at}: {_SYNTAX}") from None


def _short(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:60]}..."


@dataclass(frozen=True)
class Read:
    """What a text says, and the conditions under which it is defined as it was written."""

    expression: sp.Expr
    conditions: tuple[Condition, ...] = ()


def parse_function(text: str, variable: sp.Symbol) -> Read:
    """An expression of x, as SymPy: parse_function("x/(1 + exp(-x))", X)."""

    def leaf(node: ast.expr) -> sp.Expr | None:
        return variable if isinstance(node, ast.Name) and node.id == "x" else None

    source = Source.of("function", text)
    return convert(source.tree(), leaf, source)


def exact(name: str, value: Any) -> sp.Expr:
    """A rational number from an integer, a fraction, or a decimal taken as the fraction that it spells."""
    if isinstance(value, sp.Rational):
        return value
    if isinstance(value, bool) or not isinstance(value, (int, float, str, Fraction)):
        raise UserError(f"{name} = {shown(value)}: give a number")
    if isinstance(value, int) and abs(value) >= 10**_DIGITS:
        raise UserError(f"{name} = {shown(value)}: a number may have {_DIGITS} digits at most")
    source = Source.of(name, str(value))
    return convert(source.tree(), lambda node: None, source).expression


def convert(node: ast.expr, leaf: Leaf, source: Source) -> Read:
    """A tree as SymPy; `leaf` says what names and subscripts stand for (None: not allowed)."""
    arithmetic = Arithmetic()
    try:
        expression = _convert(node, leaf, source, arithmetic)
    except (RecursionError, OverflowError, MemoryError):
        raise UserError(f"{source.what} {_short(source.text)!r} is nested too deeply") from None
    return Read(expression, tuple(arithmetic.conditions))


def _convert(node: ast.expr, leaf: Leaf, source: Source, arithmetic: Arithmetic) -> sp.Expr:
    found = leaf(node)
    if found is not None:
        return found
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return _number(node, source)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        inner = _convert(node.operand, leaf, source, arithmetic)
        return -inner if isinstance(node.op, ast.USub) else inner
    if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
        parts = [_convert(part, leaf, source, arithmetic) for part in (node.left, node.right)]
        operation = _BINARY[type(node.op)]
        return _operated(node, source, lambda: operation(arithmetic, *parts))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS and not node.keywords:
        name, count = node.func.id, CALLS[node.func.id]
        if len(node.args) != count:
            raise source.refused(node, f"{name} takes {count} argument{'s' * (count > 1)}")
        parts = [_convert(part, leaf, source, arithmetic) for part in node.args]
        return _operated(node, source, lambda: arithmetic.call(name, *parts))
    raise source.refused(node, _SYNTAX)


def _operated(node: ast.expr, source: Source, operation: Callable[[], sp.Expr]) -> sp.Expr:
    """The result of an operation, or the error that names its piece of the text."""
    try:
        return operation()
    except Refused as reason:
        raise source.refused(node, str(reason)) from None


def _number(node: ast.Constant, source: Source) -> sp.Expr:
    """An exact number: decimals as the fraction that they spell."""
    spelled = source.text[node.col_offset : node.end_col_offset].replace("_", "").lower()
    power = "0" if isinstance(node.value, int) else spelled.partition("e")[2] or "0"
    if len(spelled) > _DIGITS or abs(int(power)) > _DIGITS:
        raise source.refused(node, f"a number may have {_DIGITS} digits at most")
    value = Fraction(node.value if isinstance(node.value, int) else spelled)
    return sp.Rational(value.numerator, value.denominator)

"""A user's own layer, from the formula itself:  y[n, oc, i] = sum(ic, k) w[oc, ic, k] * x[n, ic, 2*i + k - p] + b[oc]

Names in brackets are indices; an index that stands alone as an axis gives that axis its size (ic runs over IC). Indices
that the result does not mention are summed; `sum(..)` may say so, and then covers the product that follows it. Other
names in an index are integer parameters: pads, or strides and dilations where they multiply an index. Several
statements
are separated by ; or by newlines, and the last one writes the result.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from typing import Any

import sympy as sp

from symconv.ir import UserError, checked_name
from symconv.layers.expression import convert, refused, tree

_SUM = re.compile(r"\bsum\s*\(([^()]*)\)\s*\*?")
_MARK = "SUM_{}"


class Entry(sp.Expr):
    """One entry of an operand as read from the text: indices are plain symbols that have no kind yet."""

    is_commutative = True
    is_extended_real = True

    def __new__(cls, name: sp.Symbol, *indices: sp.Expr) -> Entry:
        return sp.Expr.__new__(cls, name, *indices)

    @property
    def operand(self) -> str:
        return str(self.args[0].name)

    @property
    def indices(self) -> tuple[sp.Expr, ...]:
        return self.args[1:]


class ParsedStatement:
    """result = sum of terms; each term a summand and the names it is summed over (None: all that the result lacks)."""

    def __init__(self, result: Entry, terms: list[tuple[sp.Expr, tuple[str, ...] | None]]) -> None:
        self.result, self.terms = result, terms

    def entries(self) -> Iterator[Entry]:
        yield self.result
        for summand, _ in self.terms:
            yield from sorted(summand.atoms(Entry), key=sp.default_sort_key)


def parse(text: str) -> list[ParsedStatement]:
    """The statements of a formula; `UserError` names the piece that is not allowed."""
    lines = [line.strip() for line in re.split(r"[;\n]", text) if line.strip()] if isinstance(text, str) else []
    if not lines:
        raise UserError('formula is empty: give one such as "y[i] = sum(k) w[k]*x[2*i + k]"')
    return [_statement(line) for line in lines]


def _statement(line: str) -> ParsedStatement:
    if line.count("=") != 1:
        raise UserError(f"formula {line[:80]!r} has {line.count('=')} signs =: a statement is result = expression")
    left, right = line.split("=")
    result = _entry_of(tree(left, "result"), left)
    if result is None:
        raise UserError(f"formula: the result {left.strip()[:60]!r} is no entry such as y[i, j]")
    sums: list[tuple[str, ...]] = []

    def mark(match: re.Match[str]) -> str:
        sums.append(tuple(checked_name(name.strip(), "index") for name in match[1].split(",")))
        return f"{_MARK.format(len(sums) - 1)}*"

    marked = _SUM.sub(mark, right)
    return ParsedStatement(result, _terms(marked, sums))


def _terms(text: str, sums: list[tuple[str, ...]]) -> list[tuple[sp.Expr, tuple[str, ...] | None]]:
    marks = {_MARK.format(k): sp.Symbol(_MARK.format(k), positive=True) for k in range(len(sums))}

    def leaf(node: ast.expr) -> sp.Expr | None:
        if isinstance(node, ast.Name) and node.id in marks:
            return marks[node.id]
        return _entry_of(node, text)

    expression = sp.expand_mul(convert(tree(text, "formula"), leaf, text, "formula"))
    out = []
    for term in sp.Add.make_args(expression):
        used = [k for k in range(len(sums)) if term.has(marks[_MARK.format(k)])]
        bare = term / sp.Mul(*(marks[_MARK.format(k)] for k in used))
        if bare.has(*marks.values()) if marks else False:
            raise UserError(f"formula {text[:80]!r}: a sum(..) covers the product after it, and stands in no function")
        out.append((bare, tuple(name for k in used for name in sums[k]) if used else None))
    return out


def _entry_of(node: ast.expr, text: str) -> Entry | None:
    """x[i, 2*j] as an Entry; a bare name is an operand of rank 0."""
    if isinstance(node, ast.Name):
        return Entry(sp.Symbol(checked_name(node.id, "operand")))
    if not isinstance(node, ast.Subscript) or not isinstance(node.value, ast.Name):
        return None
    name = checked_name(node.value.id, "operand")
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    return Entry(sp.Symbol(name), *(_index(part, text) for part in parts))


def _index(node: ast.expr, text: str) -> sp.Expr:
    """An index expression: names, integers, + - and *; whether it is affine is known once names have kinds."""

    def leaf(inner: ast.expr) -> sp.Expr | None:
        if isinstance(inner, ast.Name):
            return sp.Symbol(checked_name(inner.id, "index"), integer=True)
        allowed = isinstance(inner, (ast.UnaryOp, ast.Constant)) or (
            isinstance(inner, ast.BinOp) and isinstance(inner.op, (ast.Add, ast.Sub, ast.Mult))
        )
        if not allowed:
            raise refused(inner, text, "formula", "an index is affine: names, integers, + - *, such as 2*i + k - p")
        return None

    e = sp.expand(convert(node, leaf, text, "formula"))
    if any(not c.is_Integer for c in e.as_coefficients_dict().values()):
        raise refused(node, text, "formula", "an index is affine, with integer coefficients, such as 2*i + k - p")
    return e


def kinds(statements: list[ParsedStatement]) -> set[str]:
    """Names that are indices: those that stand alone as an axis, or that a sum(..) lists."""
    out = {e.name for s in statements for entry in s.entries() for e in entry.indices if e.is_Symbol}
    return out | {name for s in statements for _, over in s.terms for name in over or ()}


def check_affine(e: sp.Expr, indices: set[str]) -> None:
    """Each term has at most one index, to the first power, and at most one parameter beside it."""
    for term in sp.Add.make_args(e):
        symbols = sorted(term.free_symbols, key=str)
        held = [s for s in symbols if s.name in indices]
        if term.has(sp.Pow) or len(held) > 1 or len(symbols) - len(held) > 1:
            shown = sp.sstr(term)
            raise UserError(
                f"formula: the index term {shown} is not affine: a term is an integer or one parameter times one index"
            )


Shapes = Mapping[str, tuple[Any, ...]]

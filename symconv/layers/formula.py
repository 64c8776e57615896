"""A user's own layer, as text:  y[n, oc, i] = sum(ic, k) w[oc, ic, k] * x[n, ic, 2*i + k - p] + b[oc]

Names in brackets are indices; an index that stands alone as an axis gives that axis its size (ic runs over IC). Indices
that the result does not mention are summed, term by term; `sum(..)` may say so, and covers the whole product that it
stands in. Other names beside an index are integer parameters: pads, or strides and dilations where they multiply one;
the capital of an index is its size, in an index (w[K-1-k]) and outside of one (x[k]/K). Several statements are
separated by ; or by newlines, and the last one writes the result. As everywhere, an operand is the sum of the
statements that write it: y[2*i] = .. ; y[2*i+1] = .. says its even and its odd entries.

This module reads; `naming` finds out what each name is, `custom` builds the layer.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import sympy as sp

from symconv.ir import Condition, UserError, checked_name
from symconv.layers.attributes import shown
from symconv.layers.expression import CALLS, Source, convert

Shapes = Mapping[str, Any]
Term = tuple[sp.Expr, tuple[str, ...] | None]
# Terms by what they are summed over: markers of sum(..), and the names in their indices that the result lacks.
_Pieces = dict[tuple[frozenset[sp.Symbol], frozenset[str]], sp.Expr]
_SUM = re.compile(r"\bsum\s*\(([^()]*)\)\s*\*?")
_LONGEST = 20_000
_TERMS = 500
_LARGEST = 2**31
_AFFINE = "an index is affine: names, integers, + - *, such as 2*i + k - p"


class Entry(sp.Expr):
    """One entry of an operand as read from the text: indices are plain symbols that have no kind yet."""

    is_commutative = True
    is_extended_real = True
    is_real = True

    def __new__(cls, name: sp.Symbol, *indices: sp.Expr) -> Entry:
        return sp.Expr.__new__(cls, name, *indices)

    @property
    def operand(self) -> str:
        return str(self.args[0].name)

    @property
    def indices(self) -> tuple[sp.Expr, ...]:
        return self.args[1:]


@dataclass(frozen=True)
class ParsedStatement:
    """result = sum of terms; each term a summand and the names it is summed over (None: all that the result lacks).

    reads: the entries of the right side as they were written, those that cancel among them (x - x is of x).
    conditions: under which it is defined as it was written.
    """

    result: Entry
    terms: tuple[Term, ...]
    reads: tuple[Entry, ...]
    conditions: tuple[Condition, ...]

    @property
    def entries(self) -> tuple[Entry, ...]:
        return self.result, *self.reads


def parse(text: Any) -> list[ParsedStatement]:
    """The statements of a formula; `UserError` names the piece that is not allowed."""
    if not isinstance(text, str) or not text.strip("; \t\r\n"):
        said = f"= {shown(text)}" if text else "is empty"
        raise UserError(f'formula {said}: give one such as "y[i] = sum(k) w[k]*x[2*i + k]"')
    if len(text) > _LONGEST:
        raise UserError(f"formula has {len(text)} characters: at most {_LONGEST} are read")
    statements = []
    for line in text.splitlines():
        # A rank-0 operand may be written E[], which is no Python.
        plain = re.sub(r"\[\s*\]", lambda m: " " * len(m[0]), line)
        statements += [_statement(m[0], m.start()) for m in re.finditer(r"[^;]+", plain) if m[0].strip()]
    _check_order(statements)
    return statements


def _statement(line: str, before: int) -> ParsedStatement:
    if line.count("=") != 1:
        raise UserError(
            f"formula {shown(line.strip())} has {line.count('=')} signs =: a statement is result = expression"
        )
    left, right = line.split("=")
    target = Source.of("the left side of a formula", left, before)
    result = _entry(target.tree(), target)
    if result is None:
        raise UserError(f"formula: the result {shown(left.strip())} is no entry such as y[i, j]")
    return _read(result, Source.of("formula", right, before + len(left) + 1))


def _read(result: Entry, source: Source) -> ParsedStatement:
    """The statement of a right side. Each sum(..) becomes a factor of its own, known by the column it stands at.

    That factor is a symbol of which nothing is assumed, so that no function lets it through: |sum a| is not sum |a|.
    """
    sums: dict[int, tuple[sp.Symbol, tuple[str, ...]]] = {}
    reads: dict[Entry, None] = {}

    def mark(match: re.Match[str]) -> str:
        names = tuple(checked_name(name.strip(), "index of a sum") for name in match[1].split(","))
        sums[match.start()] = sp.Dummy("sum"), names
        return "_" * (len(match[0]) - 1) + "*"

    def leaf(node: ast.expr) -> sp.Expr | None:
        if isinstance(node, ast.Name) and node.col_offset in sums:
            return sums[node.col_offset][0]
        entry = _entry(node, source)
        reads.update({} if entry is None else {entry: None})
        return entry

    tree = source.tree(_SUM.sub(mark, source.text))
    read = convert(tree, leaf, source)
    _bounded(read.expression, source)
    marks = dict(sums.values())
    outer = frozenset(s.name for e in result.indices for s in e.free_symbols)
    pieces = _split(read.expression, frozenset(marks), outer)
    if any(e.has(*marks) for e in (*pieces.values(), *(c.expression for c in read.conditions)) if marks):
        raise UserError(
            f"formula {shown(source.text)}: a sum(..) covers the product it stands in, and stands in no function, "
            f"power or quotient: write it to an operand of its own first, s[i] = sum(k) ..; y[i] = sqrt(s[i])"
        )
    terms = tuple((e, _listed([m for m in marks if m in used], marks, source)) for (used, _), e in pieces.items())
    return ParsedStatement(result, terms, tuple(reads), read.conditions)


def _split(e: sp.Expr, marks: frozenset[sp.Symbol], outer: frozenset[str]) -> _Pieces:
    """The expression multiplied out as far as its terms are summed over different indices, and no further."""
    out: _Pieces = {}
    if e.is_Add:
        for piece in (p for a in e.args for p in _split(a, marks, outer).items()):
            _put(out, *piece)
    elif e.is_Mul:
        out[frozenset(), frozenset()] = sp.S.One
        for factor in (_split(a, marks, outer) for a in e.args):
            whole, out = out, {}
            for ((m1, n1), a), ((m2, n2), b) in product(whole.items(), factor.items()):
                _put(out, (m1 | m2, n1 | n2), a * b)
    elif e in marks:
        out[frozenset({e}), frozenset()] = sp.S.One
    else:
        inside = {s.name for entry in e.atoms(Entry) for i in entry.indices for s in i.free_symbols}
        out[frozenset(), frozenset(inside - outer)] = e
    return out


def _put(pieces: _Pieces, key: tuple[frozenset[sp.Symbol], frozenset[str]], e: sp.Expr) -> None:
    pieces[key] = pieces.get(key, sp.S.Zero) + e


def _listed(
    used: list[sp.Symbol], marks: Mapping[sp.Symbol, tuple[str, ...]], source: Source
) -> tuple[str, ...] | None:
    """The names that the sum(..) of a product list; None where there is no sum(..)."""
    names = [name for m in used for name in marks[m]]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UserError(
            f"formula {shown(source.text)}: {twice} is summed twice in one product: call one of them otherwise"
        )
    return tuple(names) if used else None


def _bounded(e: sp.Expr, source: Source) -> int:
    """The number of terms of `e` multiplied out; `UserError` where they are too many to be of use."""
    inside = [_bounded(a, source) for a in e.args if isinstance(a, sp.Expr) and not isinstance(e, Entry)]
    terms = sum(inside) if e.is_Add else math.prod(inside) if e.is_Mul else 1
    if terms > _TERMS:
        raise UserError(
            f"formula {shown(source.text)} has more than {_TERMS} terms when multiplied out: write a factor to an "
            f"operand of its own first"
        )
    return terms


def _entry(node: ast.expr, source: Source) -> Entry | None:
    """x[i, 2*j] as an Entry; a bare name is an operand of rank 0."""
    base = node.value if isinstance(node, ast.Subscript) else node
    if not isinstance(base, ast.Name):
        return None
    if base.id in CALLS or base.id == "sum":
        raise source.refused(base, "it is the name of a function; sum(k) lists indices, and stands before a product")
    name = sp.Symbol(_checked(base, source))
    if not isinstance(node, ast.Subscript):
        return Entry(name)
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    return Entry(name, *(_index(part, source) for part in parts))


def _checked(node: ast.Name, source: Source) -> str:
    try:
        return checked_name(node.id)
    except UserError:
        raise source.refused(node, "a name is a letter, then letters, digits or _, 63 at most") from None


def _index(node: ast.expr, source: Source) -> sp.Expr:
    """An index expression: names, integers, + - and *; whether it is affine is known once names have kinds."""

    def leaf(inner: ast.expr) -> sp.Expr | None:
        if isinstance(inner, ast.Name):
            return sp.Symbol(_checked(inner, source), integer=True)
        allowed = (
            isinstance(inner, ast.UnaryOp)
            or (isinstance(inner, ast.Constant) and type(inner.value) is int)
            or (isinstance(inner, ast.BinOp) and isinstance(inner.op, (ast.Add, ast.Sub, ast.Mult)))
        )
        if not allowed:
            raise source.refused(inner, _AFFINE)
        return None

    e = convert(node, leaf, source).expression
    _bounded(e, source)
    e = sp.expand(e)
    if any(abs(term.as_coeff_Mul()[0]) >= _LARGEST for term in sp.Add.make_args(e)):
        raise source.refused(node, "a number in an index is below 2**31")
    return e


def _check_order(statements: list[ParsedStatement]) -> None:
    """Statements run in order: an operand is complete before it is read, and is written as a whole only once."""
    for k, statement in enumerate(statements):
        later = {s.result.operand for s in statements[k:]}
        early = next((e.operand for e in statement.reads if e.operand in later), None)
        if early is not None:
            raise UserError(
                f"formula: {early} is read before it is complete: write it in earlier statements only; no operand "
                f"feeds itself"
            )
        name = statement.result.operand
        if _whole(statement.result) and sum(s.result.operand == name for s in statements) > 1:
            raise UserError(f"formula: {name} is written twice: write one statement, with both right sides added")


def _whole(result: Entry) -> bool:
    """Does the statement write every entry of its result?"""
    return len(set(result.indices)) == len(result.indices) and all(e.is_Symbol for e in result.indices)

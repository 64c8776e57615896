"""What each name of a formula is: an index, a size, a parameter or an operand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import sympy as sp

from symconv.ir import UserError, index, offset, size
from symconv.layers.arithmetic import CALLS
from symconv.layers.attributes import Kind, entry, shown
from symconv.layers.formula import Entry, ParsedStatement, Shapes
from symconv.layers.unify import Axis, Letter, unified

_ANY_SIZE = Kind(size, 1)
_Partial = dict[str, list[sp.Expr | None]]


@dataclass(frozen=True)
class Names:
    """The names of one statement.

    extents: what each index runs over, from 0. sizes: what the capital of an index, or a name given in `shapes`, stands
    for. scales: parameters that multiply an index.
    """

    extents: Mapping[str, sp.Expr]
    sizes: Mapping[str, sp.Expr]
    scales: tuple[sp.Symbol, ...]

    def symbol(self, name: str) -> sp.Expr:
        """What a name in an index stands for."""
        if name in self.extents:
            return index(name)
        if name in self.sizes:
            return self.sizes[name]
        return size(name) if size(name) in self.scales else offset(name)

    def expression(self, e: sp.Expr) -> sp.Expr:
        """An index expression with its symbols made what they are."""
        return sp.expand(e.xreplace({s: self.symbol(s.name) for s in e.free_symbols}))

    def indices(self, e: sp.Expr) -> list[str]:
        """The indices in an expression, in a fixed order."""
        return sorted(s.name for s in e.free_symbols if s.name in self.extents)

    def extremes(self, e: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
        """Least and greatest value of an affine index; each index is in a box, each coefficient of known sign."""
        low = high = sp.S.Zero
        for term in sp.Add.make_args(sp.expand(e)):
            held = [s for s in term.free_symbols if s.name in self.extents]
            last = term.xreplace({s: self.extents[s.name] - 1 for s in held})
            first = term.xreplace(dict.fromkeys(held, sp.S.Zero))
            negative = term.as_coeff_Mul()[0].is_negative
            low, high = low + (last if negative else first), high + (first if negative else last)
        return sp.expand(low), sp.expand(high)


@dataclass(frozen=True)
class Classified:
    """The names of each statement, the shapes of the operands, the sizes that some index runs over, the scales."""

    names: tuple[Names, ...]
    shapes: Mapping[str, tuple[sp.Expr, ...]]
    extents: frozenset[sp.Expr]
    scales: tuple[sp.Symbol, ...]


def classify(statements: Sequence[ParsedStatement], shapes: Shapes) -> Classified:
    """What the names of all statements are; an operand, a size or a parameter is the same thing in all of them."""
    entries = [e for s in statements for e in s.entries]
    indices = _indices(statements)
    given = _given(entries, shapes)
    named = {s.name: s for axes in given.values() for e in axes if e is not None for s in e.free_symbols}
    capitals = {*named, *(i.upper() for i in indices)}
    operands = _ranks(e for e in entries if e.indices or e.operand not in capitals)
    for s in statements:
        if s.result.operand not in operands:
            raise UserError(f"formula: {s.result.operand} is a size, and cannot be a result: give it another name")
    parameters = {s.name for e in entries for i in e.indices for s in i.free_symbols} - {*indices, *capitals}
    _check_names(indices, set(operands), parameters, named)
    for s in statements:
        _check_indices(s, set(indices), parameters)
    sizes = unified(statements, indices, operands, given, {*operands, *parameters, *named})
    extents = [{i: sizes[Letter(k, i)] for i in indices if Letter(k, i) in sizes} for k in range(len(statements))]
    every = {i.upper(): e for letters in reversed(extents) for i, e in letters.items()}
    inside = [every | {i.upper(): e for i, e in letters.items()} | named for letters in extents]
    scales = _scales(statements, indices, inside)
    return Classified(
        tuple(Names(letters, known, scales) for letters, known in zip(extents, inside, strict=True)),
        {name: tuple(sizes[Axis(name, k)] for k in range(len(axes))) for name, axes in operands.items()},
        frozenset(e for letters in extents for e in letters.values()),
        scales,
    )


def _indices(statements: Sequence[ParsedStatement]) -> list[str]:
    """Names that are indices: those that stand alone as an axis, or that a sum(..) lists; in order of appearance."""
    alone = [e.name for s in statements for entry_ in s.entries for e in entry_.indices if e.is_Symbol]
    names = list(dict.fromkeys(alone + [name for s in statements for _, over in s.terms for name in over or ()]))
    for name in names:
        if name != name.lower():
            raise UserError(
                f"formula: the index {name} is not lower-case: {name.upper()} is the size of {name.lower()}"
            )
    return names


def _given(entries: Sequence[Entry], shapes: Shapes) -> _Partial:
    """The shapes that the user gave, checked; None for an axis that was left open."""
    if not isinstance(shapes, Mapping):
        raise UserError(f'shapes = {shown(shapes)}: give a shape an operand, such as {{"x": ("N", "C", "H")}}')
    ranks = _ranks(entries)
    out: _Partial = {}
    for name, shape in shapes.items():
        if name not in ranks:
            raise UserError(f"shapes: the formula has no operand {shown(name)}; it has {', '.join(ranks)}")
        axes = list(shape) if isinstance(shape, (tuple, list)) else [shape] * len(ranks[name])
        if len(axes) != len(ranks[name]):
            raise UserError(
                f"shapes: {name} = {shown(shape)} has {len(axes)} sizes, and {name} has {len(ranks[name])} axes"
            )
        out[name] = [None if e is None else entry(f"shapes of {name}", e, _ANY_SIZE) for e in axes]
    return out


def _ranks(entries: Iterable[Entry]) -> _Partial:
    """Every operand with its axes, all open."""
    out: _Partial = {}
    for e in entries:
        axes = out.setdefault(e.operand, [None] * len(e.indices))
        if len(axes) != len(e.indices):
            raise UserError(f"formula: {e.operand} has {len(axes)} axes in one place and {len(e.indices)} in another")
    return out


def _check_names(indices: Sequence[str], operands: set[str], parameters: set[str], named: Iterable[str]) -> None:
    """No name is two things."""
    for name in sorted(operands):
        if name in CALLS or name == "sum":
            raise UserError(f"formula: {name} is a function, and cannot be an operand")
        for kind, others in (("an index", indices), ("a number in an index", parameters)):
            if name in others:
                raise UserError(f"formula: {name} is {kind} and an operand too: give one of them another name")
    for name in named:
        if name in indices:
            raise UserError(
                f"shapes: {name} is an index of the formula: give the size another name, such as {name.upper()}"
            )


def _check_indices(s: ParsedStatement, indices: set[str], parameters: set[str]) -> None:
    """Each index is affine, and each other name in it a size, an offset beside an index, or a factor of one."""
    for e in s.entries:
        for i in e.indices:
            moves = any(v.name in indices for v in i.free_symbols)
            for term in sp.Add.make_args(i):
                _check_term(term, moves, indices, parameters, s)


def _check_term(term: sp.Expr, moves: bool, indices: set[str], parameters: set[str], s: ParsedStatement) -> None:
    names = sorted(v.name for v in term.free_symbols)
    held = [name for name in names if name in indices]
    others = [name for name in names if name not in indices]
    if term.has(sp.Pow) or len(held) > 1 or len(others) > 1:
        raise UserError(
            f"formula: the index term {sp.sstr(term)} is not affine: a term is an integer or one parameter times one "
            f"index"
        )
    name = next((n for n in others if n in parameters), None)
    if name is None or held or (moves and abs(term.as_coeff_Mul()[0]) == 1):
        return
    if name != name.lower():
        small = name.lower()
        raise UserError(f"formula: {name} is the size of {small} where {small} is an index: list it, sum({small}) ..")
    summed = all(name not in map(str, i.free_symbols) for i in s.result.indices)
    remedy = f"list it, as in sum({name}) .." if summed else f"begin with t[{name}] = .., and read t[{name}]"
    raise UserError(f"formula: {name} never stands alone on an axis, so its size is not known: {remedy}")


def _scales(
    statements: Sequence[ParsedStatement], indices: Sequence[str], sizes: Sequence[Mapping[str, sp.Expr]]
) -> tuple[sp.Symbol, ...]:
    """The parameters that multiply an index."""
    found: dict[sp.Symbol, None] = {}
    for s, known in zip(statements, sizes, strict=True):
        for term in (t for e in s.entries for i in e.indices for t in sp.Add.make_args(i)):
            names = [v.name for v in sorted(term.free_symbols, key=str)]
            others = [name for name in names if name not in indices]
            if others and len(others) < len(names):
                found |= dict.fromkeys(known.get(others[0], size(others[0])).free_symbols)
    return tuple(sorted(found, key=str))

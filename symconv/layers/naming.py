"""What each name of a formula is: an index, a size, a parameter or an operand; and what is known of the sizes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

import sympy as sp

from symconv.ir import UserError, index, offset, size
from symconv.layers.attributes import Kind, entry, shown
from symconv.layers.expression import CALLS
from symconv.layers.formula import Entry, ParsedStatement, Shapes

_ANY_SIZE = Kind(size, 1)
_Partial = dict[str, list[sp.Expr | None]]


@dataclass(frozen=True)
class Names:
    """The names of a formula.

    extents: what each index runs over, from 0. sizes: what the capital of an index, or a name given in `shapes`, stands
    for. shapes: of every operand. scales: parameters that multiply an index.
    """

    extents: Mapping[str, sp.Expr]
    sizes: Mapping[str, sp.Expr]
    shapes: Mapping[str, tuple[sp.Expr, ...]]
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


def classify(statements: Sequence[ParsedStatement], shapes: Shapes) -> Names:
    """What the names of all statements are; the same name is the same thing in all of them."""
    entries = [e for s in statements for e in s.entries()]
    indices = _indices(statements)
    given = _given(entries, shapes)
    extents = _extents(entries, indices, given)
    named = {s.name: s for axes in given.values() for e in axes if e is not None for s in e.free_symbols}
    sizes = {name.upper(): e for name, e in extents.items()} | named
    operands = _ranks(e for e in entries if e.indices or e.operand not in sizes)
    for s in statements:
        if s.result.operand not in operands:
            raise UserError(f"formula: {s.result.operand} is a size, and cannot be a result: give it another name")
    parameters = {s.name for e in entries for i in e.indices for s in i.free_symbols} - {*indices, *sizes}
    _check_names(indices, set(operands), parameters, sizes, named)
    scales = _scales(entries, extents, sizes)
    taken = {*sizes, *parameters}
    for name, axes in given.items():
        operands[name] = axes
    _follow(entries, operands, extents)
    full = {
        name: tuple(e or _fresh(f"{name.upper()}{k}", taken) for k, e in enumerate(a)) for name, a in operands.items()
    }
    return Names(extents, sizes, full, scales)


def _indices(statements: Sequence[ParsedStatement]) -> list[str]:
    """Names that are indices: those that stand alone as an axis, or that a sum(..) lists; in order of appearance."""
    alone = [e.name for s in statements for entry_ in s.entries() for e in entry_.indices if e.is_Symbol]
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


def _extents(entries: Sequence[Entry], indices: Sequence[str], given: _Partial) -> dict[str, sp.Expr]:
    """What each index runs over: a size that was given for an axis on which it stands alone, else its capital."""
    found: dict[str, sp.Expr] = {}
    for e in entries:
        for i, extent in zip(e.indices, given.get(e.operand, ()), strict=e.operand in given):
            if not i.is_Symbol or extent is None or found.setdefault(i.name, extent) == extent:
                continue
            raise UserError(
                f"formula: the index {i.name} runs over {found[i.name]} in one place and {extent} in another"
            )
    return {name: found.get(name, size(name.upper())) for name in indices}


def _follow(entries: Sequence[Entry], operands: _Partial, extents: Mapping[str, sp.Expr]) -> None:
    """An axis on which an index stands alone has the size of that index."""
    for e in entries:
        axes = operands.get(e.operand, [])
        for k, i in enumerate(e.indices):
            if i.is_Symbol:
                axes[k] = extents[i.name]


def _fresh(name: str, taken: set[str]) -> sp.Symbol:
    """A size of a name that nothing else has."""
    free = next(n for k in count() if (n := name + "_" * k) not in taken)
    taken.add(free)
    return size(free)


def _scales(
    entries: Iterable[Entry], extents: Mapping[str, sp.Expr], sizes: Mapping[str, sp.Expr]
) -> tuple[sp.Symbol, ...]:
    """The parameters that multiply an index; `UserError` where an index expression is not affine."""
    found: dict[sp.Symbol, None] = {}
    for e in entries:
        for term in (t for i in e.indices for t in sp.Add.make_args(i)):
            symbols = sorted(term.free_symbols, key=str)
            held = [s for s in symbols if s.name in extents]
            others = [s.name for s in symbols if s.name not in extents]
            if term.has(sp.Pow) or len(held) > 1 or len(others) > 1:
                raise UserError(
                    f"formula: the index term {sp.sstr(term)} is not affine: a term is an integer or one parameter "
                    f"times one index"
                )
            if held and others:
                found |= dict.fromkeys(sizes.get(others[0], size(others[0])).free_symbols)
    return tuple(sorted(found, key=str))


def _check_names(
    indices: Sequence[str], operands: set[str], parameters: set[str], sizes: Mapping[str, sp.Expr], named: Iterable[str]
) -> None:
    """No name is two things."""
    for name in sorted(operands):
        if name in CALLS or name == "sum":
            raise UserError(f"formula: {name} is a function, and cannot be an operand")
        for kind, others in (("an index", indices), ("a number in an index", parameters)):
            if name in others:
                raise UserError(f"formula: {name} is {kind} and an operand too: give one of them another name")
        if name[:1] == "d" and name[1:] in operands:
            raise UserError(f"formula: {name} is the name of the adjoint of {name[1:]}: give the operand another name")
    for name in named:
        if name in indices:
            raise UserError(
                f"shapes: {name} is an index of the formula: give the size another name, such as {name.upper()}"
            )

"""From a parsed formula to a layer: what its names are, and which of its reads are zero-extended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sympy as sp

from symconv.ir import (
    Access,
    Between,
    Context,
    IndexedSum,
    Layer,
    Operand,
    Range,
    UserError,
    index,
    offset,
    size,
)
from symconv.layers.attributes import canonical, per_axis
from symconv.layers.formula import Entry, ParsedStatement, Shapes, check_affine, kinds, parse

FORMULA = ("formula", "shapes")


@dataclass
class _Names:
    """What each name of a formula turned out to be."""

    indices: set[str]
    scales: set[str]
    shapes: dict[str, list[Any]] = field(default_factory=dict)
    extents: dict[str, sp.Expr] = field(default_factory=dict)

    def expression(self, e: sp.Expr) -> sp.Expr:
        """An index expression with its symbols made what they are."""
        return e.xreplace({s: self.symbol(s.name) for s in e.free_symbols})

    def symbol(self, name: str) -> sp.Symbol:
        if name in self.indices:
            return index(name)
        known = next((s for e in self.extents.values() for s in e.free_symbols if s.name == name), None)
        if known is not None:  # a size, as in w[K - 1 - k]
            return known
        return size(name) if name in self.scales else offset(name)


def custom(**attributes: object) -> Layer:
    """The layer that a formula says. shapes: sizes of operands, such as {"x": ("N", "IC", "H")}, where they matter."""
    given = canonical("formula", attributes, FORMULA)
    if "formula" not in given:
        raise UserError('formula is missing: give one such as "y[i] = sum(k) w[k]*x[2*i + k]"')
    (layer,) = formulas((given["formula"],), given.get("shapes") or {})
    return layer


def formulas(texts: Sequence[str], shapes: Shapes) -> tuple[Layer, ...]:
    """Several formulas about the same operands: a name means the same thing, and has the same size, in all of them."""
    parsed = [parse(text) for text in texts]
    names = _classify([s for statements in parsed for s in statements], shapes)
    found = [[pair for statement in statements for pair in _sums(statement, names)] for statements in parsed]
    assumptions = list(dict.fromkeys(f for pairs in found for _, fits in pairs for f in fits))
    return tuple(
        _layer(statements, [s for s, _ in pairs], assumptions, names)
        for statements, pairs in zip(parsed, found, strict=True)
    )


def _classify(statements: list[ParsedStatement], shapes: Shapes) -> _Names:
    indices = kinds(statements)
    entries = [entry for s in statements for entry in s.entries()]
    scales = set()
    for e in (e for entry in entries for e in entry.indices):
        check_affine(e, indices)
        for term in sp.Add.make_args(e):
            if any(s.name in indices for s in term.free_symbols):
                scales |= {s.name for s in term.free_symbols if s.name not in indices}
    names = _Names(indices, scales)
    for entry in entries:
        rank = names.shapes.setdefault(entry.operand, [None] * len(entry.indices))
        if len(rank) != len(entry.indices):
            raise UserError(
                f"formula: {entry.operand} has {len(rank)} axes in one place and {len(entry.indices)} in another"
            )
    _given_shapes(names, shapes)
    _sizes(entries, names)
    return names


def _given_shapes(names: _Names, shapes: Shapes) -> None:
    for operand, shape in shapes.items():
        if operand not in names.shapes:
            raise UserError(f"shapes: the formula has no operand {operand!r}; it has {', '.join(names.shapes)}")
        wanted = names.shapes[operand]
        names.shapes[operand] = list(per_axis(f"shapes[{operand}]", tuple(shape), "axes", ["?"] * len(wanted)))


def _sizes(entries: list[Entry], names: _Names) -> None:
    """An index that stands alone and the axis it stands on have one size; the first to have one gives it."""
    for entry in entries:
        shape = names.shapes[entry.operand]
        for axis, e in enumerate(entry.indices):
            if not e.is_Symbol or e.name not in names.indices:
                continue
            known = names.extents.get(e.name)
            extent = shape[axis] if shape[axis] is not None else known if known is not None else size(e.name.upper())
            if known is not None and known != extent:
                raise UserError(
                    f"formula: the index {e.name} runs over {known} in one place and over {extent} in another"
                )
            names.extents[e.name] = shape[axis] = extent
    for name in names.indices:
        names.extents.setdefault(name, size(name.upper()))
    for operand, shape in names.shapes.items():
        names.shapes[operand] = [size(f"{operand.upper()}{k}") if e is None else e for k, e in enumerate(shape)]


def _sums(statement: ParsedStatement, names: _Names) -> list[tuple[IndexedSum, list[Between]]]:
    """One sum for each set of summed indices, and what it assumes of the sizes.

    A read that starts inside is assumed to fit where its axis has a size of its own; where the size is that of an index
    (x[i] beside x[i + 1]), or the read may start before 0, the operand is zero-extended.
    """
    result = _access(statement.result, names)
    outer = [
        s.name for e in statement.result.indices for s in sorted(e.free_symbols, key=str) if s.name in names.indices
    ]
    groups: dict[tuple[str, ...], list[sp.Expr]] = {}
    for summand, listed in statement.terms:
        summed = _summed(summand, listed, set(outer), names)
        groups.setdefault(summed, []).append(summand)
    return [_one_sum(result, list(dict.fromkeys(outer)), over, sp.Add(*terms), names) for over, terms in groups.items()]


def _summed(summand: sp.Expr, listed: tuple[str, ...] | None, outer: set[str], names: _Names) -> tuple[str, ...]:
    mentioned = [
        s.name
        for entry in sorted(summand.atoms(Entry), key=sp.default_sort_key)
        for e in entry.indices
        for s in sorted(e.free_symbols, key=str)
    ]
    inner = [n for n in dict.fromkeys(mentioned) if n in names.indices and n not in outer]
    if listed is None:
        return tuple(inner)
    wrong = [n for n in listed if n in outer]
    missing = [n for n in inner if n not in listed]
    if wrong or missing:
        raise UserError(
            f"formula: sum({', '.join(listed)}) "
            + (
                f"sums over {wrong[0]}, which the result mentions"
                if wrong
                else f"leaves out {missing[0]}, which the result does not mention"
            )
        )
    return listed


def _one_sum(
    result: Access, outer: list[str], over: tuple[str, ...], summand: sp.Expr, names: _Names
) -> tuple[IndexedSum, list[Between]]:
    ranges = tuple(Range.box(index(n), names.extents[n]) for n in (*outer, *over))
    body = summand.replace(lambda e: isinstance(e, Entry), lambda e: _access(e, names))
    extended, fits = set(), []
    for access in sorted(body.atoms(Access), key=sp.default_sort_key):
        for e, extent in zip(access.indices, names.shapes[access.name], strict=True):
            if e.is_Symbol and extent == names.extents.get(e.name):
                continue
            low, high = _extremes(e, names)
            slack = sp.expand(extent - 1 - high)
            if low.is_nonnegative and slack.is_nonnegative:
                continue
            if low.is_nonnegative and extent not in names.extents.values():
                fits.append(Between(sp.S.Zero, high, extent - 1))
            else:
                extended.add(access.name)
    guards = tuple(
        Between(sp.S.Zero, e, n - 1)
        for e, n in zip(result.indices, names.shapes[result.name], strict=True)
        if not e.is_Symbol
    )
    return IndexedSum(result, ranges, guards, body, frozenset(extended)), fits


def _extremes(e: sp.Expr, names: _Names) -> tuple[sp.Expr, sp.Expr]:
    """Least and greatest value of an affine index; every index is in a box and every coefficient's sign is known."""
    low = high = sp.S.Zero
    for term in sp.Add.make_args(sp.expand(e)):
        held = [s for s in term.free_symbols if s.name in names.indices]
        last = term.xreplace({s: names.extents[s.name] - 1 for s in held})
        first = term.xreplace(dict.fromkeys(held, sp.S.Zero))
        negative = term.as_coeff_Mul()[0].is_negative
        low, high = low + (last if negative else first), high + (first if negative else last)
    return sp.expand(low), sp.expand(high)


def _access(entry: Entry, names: _Names) -> Access:
    return Access(entry.operand, *map(names.expression, entry.indices))


def _layer(statements: list[ParsedStatement], sums: list[IndexedSum], fits: list[Between], names: _Names) -> Layer:
    operands = tuple(
        Operand(name, tuple(shape), _axis_names(name, statements, len(shape))) for name, shape in names.shapes.items()
    )
    symbols = [s for o in operands for e in o.shape for s in sorted(e.free_symbols, key=str)]
    symbols += [s for x in sums for s in sorted(x.free_symbols, key=str) if s not in x.indices]
    scales = tuple(size(n) for n in sorted(names.scales))
    sizes = tuple(s for s in dict.fromkeys(symbols) if s not in scales)
    written = {s.result.operand for s in statements}
    inputs = tuple(name for name in names.shapes if name not in written)
    context = Context(sizes, tuple(fits), operands, scales)
    return Layer("formula", tuple(sums), context, inputs, statements[-1].result.operand)


def _axis_names(operand: str, statements: list[ParsedStatement], rank: int) -> tuple[str, ...]:
    """Index names in which an operand's gradient is written: its own where they stand alone, else a letter and a
    number.
    """
    out = [f"{operand}{k}" for k in range(rank)]
    for s in statements:
        for entry in s.entries():
            if entry.operand == operand:
                for k, e in enumerate(entry.indices):
                    out[k] = e.name if e.is_Symbol else out[k]
    return tuple(name if out.index(name) == k else f"{name}{k}" for k, name in enumerate(out))

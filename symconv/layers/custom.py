"""From a parsed formula to a layer: its sums, and which of its reads are zero-extended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import sympy as sp

from symconv.ir import Access, Between, Context, IndexedSum, Layer, Operand, Range, UserError, index
from symconv.layers.attributes import canonical
from symconv.layers.conditions import settled
from symconv.layers.formula import Entry, ParsedStatement, Shapes, parse
from symconv.layers.naming import Classified, Names, classify

FORMULA = ("formula", "shapes")


def custom(**attributes: object) -> Layer:
    """The layer that a formula says. shapes: sizes of operands, such as {"x": ("N", "IC", "H")}, where they matter."""
    given = canonical("formula", attributes, FORMULA)
    if "formula" not in given:
        raise UserError('formula is missing: give one such as "y[i] = sum(k) w[k]*x[2*i + k]"')
    (layer,) = formulas((given["formula"],), given.get("shapes") or {})
    return replace(layer, attributes=tuple(given.items()))


def formulas(texts: Sequence[str], shapes: Shapes) -> tuple[Layer, ...]:
    """Several formulas about the same operands: a name means the same thing, and has the same size, in all of them."""
    parsed = [parse(text) for text in texts]
    known = classify([s for statements in parsed for s in statements], shapes)
    names = iter(known.names)
    named = [[(s, next(names)) for s in statements] for statements in parsed]
    found = [[pair for s, own in statements for pair in _sums(s, own, known)] for statements in named]
    assumptions = list(dict.fromkeys(f for pairs in found for _, fits in pairs for f in fits))
    return tuple(
        _layer(statements, [s for s, _ in pairs], assumptions, known)
        for statements, pairs in zip(named, found, strict=True)
    )


def _sums(statement: ParsedStatement, names: Names, known: Classified) -> list[tuple[IndexedSum, list[Between]]]:
    """One sum for each set of summed indices, and what it assumes of the sizes."""
    result = _access(statement.result, names)
    outer = tuple(dict.fromkeys(n for e in statement.result.indices for n in names.indices(e)))
    groups: dict[tuple[str, ...], list[sp.Expr]] = {}
    for summand, listed in statement.terms:
        groups.setdefault(_summed(summand, listed, outer, names), []).append(summand)
    return [_one_sum(result, outer, over, sp.Add(*terms), names, known) for over, terms in groups.items()]


def _summed(summand: sp.Expr, listed: tuple[str, ...] | None, outer: tuple[str, ...], names: Names) -> tuple[str, ...]:
    """The indices that a term is summed over; what sum(..) lists must be what the result lacks."""
    entries = sorted(summand.atoms(Entry), key=sp.default_sort_key)
    mentioned = dict.fromkeys(n for entry in entries for e in entry.indices for n in names.indices(e))
    inner = tuple(n for n in mentioned if n not in outer)
    if listed is None:
        return inner
    wrong = next((n for n in listed if n in outer), None)
    missing = next((n for n in inner if n not in listed), None)
    if wrong is not None:
        raise UserError(f"formula: sum({', '.join(listed)}) sums over {wrong}, which the result mentions")
    if missing is not None:
        raise UserError(f"formula: sum({', '.join(listed)}) leaves out {missing}, which the result does not mention")
    return listed


def _one_sum(
    result: Access, outer: tuple[str, ...], over: tuple[str, ...], summand: sp.Expr, names: Names, known: Classified
) -> tuple[IndexedSum, list[Between]]:
    """The sum over `over`. Reads whose index is compound are kept inside in one of three ways.

    A read that is inside at all sizes needs nothing. One that starts inside is assumed to fit where its axis has a size
    of its own. Where the size is that of an index (x[i] beside x[i + 1]), or the read may start before 0 or is outside
    at all sizes, the operand is zero-extended.
    """
    ranges = tuple(Range.box(index(n), names.extents[n]) for n in (*outer, *over))
    body = _resolved(summand, names)
    extended, fits = set(), []
    for access in sorted(body.atoms(Access), key=sp.default_sort_key):
        for e, extent in zip(access.indices, known.shapes[access.name], strict=True):
            if e.is_Symbol and extent == names.extents.get(e.name):
                continue
            low, high = names.extremes(e)
            slack = sp.expand(extent - 1 - high)
            if low.is_nonnegative and slack.is_nonnegative:
                continue
            if low.is_nonnegative and not slack.is_negative and extent not in known.extents:
                fits.append(Between(sp.S.Zero, high, extent - 1))
            else:
                extended.add(access.name)
    guards = tuple(
        Between(sp.S.Zero, e, n - 1)
        for e, n in zip(result.indices, known.shapes[result.name], strict=True)
        if not e.is_Symbol
    )
    return IndexedSum(result, ranges, guards, body, frozenset(extended)), fits


def _resolved(summand: sp.Expr, names: Names) -> sp.Expr:
    """The summand with entries made accesses, and the names of sizes made sizes."""
    return summand.xreplace(
        {e: names.sizes[e.operand] if _is_size(e, names) else _access(e, names) for e in summand.atoms(Entry)}
    )


def _is_size(entry: Entry, names: Names) -> bool:
    return not entry.indices and entry.operand in names.sizes


def _access(entry: Entry, names: Names) -> Access:
    return Access(entry.operand, *map(names.expression, entry.indices))


def _layer(
    statements: Sequence[tuple[ParsedStatement, Names]], sums: list[IndexedSum], fits: list[Between], known: Classified
) -> Layer:
    entries = [e for s, _ in statements for e in s.entries]
    sized = {str(s) for shape in known.shapes.values() for e in shape for s in e.free_symbols}
    operands = tuple(
        Operand(name, shape, _axis_names(name, entries, len(shape), sized)) for name, shape in known.shapes.items()
    )
    symbols = [s for o in operands for e in o.shape for s in sorted(e.free_symbols, key=str)]
    symbols += [s for x in sums for s in sorted(x.free_symbols, key=str) if s not in x.indices]
    sizes = tuple(s for s in dict.fromkeys(symbols) if s not in known.scales)
    written = {s.result.operand for s, _ in statements}
    inputs = tuple(name for name in known.shapes if name not in written)
    context = Context(sizes, tuple(fits), operands, known.scales)
    conditions = (
        replace(c, expression=_resolved(c.expression, names)) for s, names in statements for c in s.conditions
    )
    domain = settled(conditions, "the formula")
    return Layer("formula", tuple(sums), context, inputs, statements[-1][0].result.operand, domain=domain)


def _axis_names(operand: str, entries: Sequence[Entry], rank: int, sizes: set[str]) -> tuple[str, ...]:
    """Index names in which an operand's gradient is written: its own where they stand alone, else made of its name."""
    out = [f"{operand.lower()}{k}" for k in range(rank)]
    out = [f"{name}_" if name in sizes else name for name in out]
    for entry in (e for e in entries if e.operand == operand):
        for k, e in enumerate(entry.indices):
            out[k] = e.name if e.is_Symbol else out[k]
    return tuple(name if out.index(name) == k else f"{name}{k}" for k, name in enumerate(out))

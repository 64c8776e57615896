"""What the plans for products share in C: loops over boxes, padded copies, strides, checked spans."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sympy as sp

from symconv.emit.c.expression import PRODUCT, Expressions
from symconv.emit.c.layout import INDENT
from symconv.ir import FloorDiv, Range, index
from symconv.lower.addresses import Addresses, Copy, CopyAxis


@dataclass(frozen=True)
class Memory:
    """Something that a part takes out of the workspace: a name, its type, how many."""

    name: str
    type: str
    count: str

    @property
    def bytes(self) -> str:
        return f"sc_bytes({self.count}, (int64_t)sizeof({self.type}))"


@dataclass(frozen=True)
class Along:
    """One axis of a copy in the loops that fill it: its residue and its row, each an index or a number."""

    axis: int
    shape: CopyAxis
    residue: sp.Expr
    row: sp.Symbol


def indented(lines: Sequence[str]) -> list[str]:
    return [INDENT + line for line in lines]


def box_loops(e: Expressions, ranges: Sequence[Range], body: list[str]) -> list[str]:
    """Loops over a box around the body, the first range outermost."""
    for r in reversed(ranges):
        i = e.names[r.index]
        low, high = e.index(r.lower), e.index(r.upper)
        body = [f"for (int64_t {i} = {low}; {i} <= {high}; ++{i}) {{", *indented(body), "}"]
    return body


def definitions(e: Expressions, *operands: Addresses) -> list[str]:
    """The strides that the addresses speak of."""
    return [f"const int64_t {e.names[s]} = {e.index(v)};" for a in operands for s, v in a.definitions]


def span_lines(e: Expressions, operands: Sequence[Addresses], counts: Sequence[str]) -> list[str]:
    """In a checked build: the box of indices lies inside every operand that is read in place, and in the result."""
    spans = [span for a in operands for span in a.spans]
    checks = [f"SC_SPAN({e.index(low)}, {e.index(high)}, {e.index(n)});" for low, high, n in spans]
    return [f"if ({' && '.join(f'{n} > 0' for n in counts)}) {{", *indented(checks), "}"] if checks else []


def start_of(e: Expressions, side: str, a: Addresses, extra: sp.Expr = sp.S.Zero) -> str:
    """The address of the first entry of an operand, or of its copy, that a batch entry reads."""
    start = f"{side}_copy" if a.copy else e.names.operand(a.operand)
    base = sp.expand(a.base + extra)
    return f"{start} + {e.index(base, PRODUCT)}" if base != 0 else start


def copy_lines(e: Expressions, side: str, copy: Copy) -> list[str]:
    """Loops over residues and rows of a copy; each row along the last axis is one call."""
    loops, along = [], []
    address: sp.Expr = sp.S.Zero
    kept = [k for k, a in enumerate(copy.axes) if a.fixed is None]
    for position, k in enumerate(kept):
        a = copy.axes[k]
        residue, row = index(f"{side}_residue{k}"), index(f"{side}_row{k}")
        if a.residues > 1:
            loops.append(Range.box(residue, a.residues))
            address += residue * copy.residue_strides[position]
        along.append(Along(k, a, residue if a.residues > 1 else sp.Integer(a.residue), row))
        if k != kept[-1]:
            loops.append(Range.box(row, a.extent))
            address += row * copy.strides[position]
    # Residues outermost, then rows: the order in which the copy stands in memory.
    loops.sort(key=lambda r: "_row" in r.index.name)
    return box_loops(e, loops, _row_lines(e, side, copy, along, address))


def _row_lines(e: Expressions, side: str, copy: Copy, along: Sequence[Along], address: sp.Expr) -> list[str]:
    shape = e.shape(copy.operand)
    *outer, last = along
    lines, tests = [], []
    place = {k: a.fixed for k, a in enumerate(copy.axes) if a.fixed is not None}
    for one in outer:
        at = index(f"{side}_at{one.axis}")
        coordinate = one.shape.step * (one.row + one.shape.lower) + one.residue
        lines.append(f"const int64_t {e.names[at]} = {e.index(sp.expand(coordinate))};")
        tests.append(_inside(e, at, one.shape, shape[one.axis]))
        place[one.axis] = at if one.shape.spread == 1 else FloorDiv(at, sp.Integer(one.shape.spread))
    source: sp.Expr = sp.S.Zero
    for k, n in enumerate(shape):
        source = source * n + place.get(k, sp.S.Zero)
    limit = e.index(shape[last.axis])
    limit = f"{' && '.join(tests)} ? {limit} : 0" if tests else limit
    begin = e.index(sp.expand(last.shape.step * last.shape.lower + last.residue))
    inside, name = e.names[index(f"{side}_inside")], e.names.operand(copy.operand)
    target = f"{side}_copy + {e.index(address, PRODUCT)}" if address != 0 else f"{side}_copy"
    call, step = ("sc_copy_row", last.shape.step) if last.shape.spread == 1 else ("sc_spread_row", last.shape.spread)
    return [
        *lines,
        f"const int64_t {inside} = {limit};",
        f"{call}({target}, {e.index(last.shape.extent)}, {inside} > 0 ? {name} + {e.index(source, PRODUCT)} : {name},",
        f"    {begin}, {step}, {inside});",
    ]


def _inside(e: Expressions, at: sp.Symbol, axis: CopyAxis, extent: sp.Expr) -> str:
    """Is there an entry at this coordinate? Of a spread axis only the multiples of the spread have one."""
    name, n = e.names[at], e.index(extent, PRODUCT)
    if axis.spread == 1:
        return f"{name} >= 0 && {name} < {n}"
    return f"{name} >= 0 && {name} <= {axis.spread} * ({n} - 1) && {name} % {axis.spread} == 0"

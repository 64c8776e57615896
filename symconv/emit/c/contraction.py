"""A contraction in C: tables of addresses, copies, and the call of the product."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sympy as sp

from symconv.emit.c.expression import ATOM, Expressions
from symconv.emit.c.product import Memory, box_loops, copy_lines, definitions, span_lines, start_of
from symconv.ir import Range
from symconv.lower.contraction import Contraction, Tile, count


@dataclass(frozen=True)
class Row:
    """What the template of a tile prints of one row of accumulators."""

    zeros: str
    update: str
    save: str


def tile_name(tile: Tile) -> str:
    return f"{tile.rows}x{tile.vectors}"


def tile_values(tile: Tile) -> dict[str, object]:
    """The values of c/tile.c.j2."""
    vectors = list(range(tile.vectors))
    rows = [
        Row(
            ", ".join(f"c{i}_{v} = {{0}}" for v in vectors),
            " ".join(f"c{i}_{v} += a[{i}] * b{v};" for v in vectors),
            " ".join(f"c[{i * tile.vectors + v}] = c{i}_{v};" for v in vectors),
        )
        for i in range(tile.rows)
    ]
    loads = [f"const sc_vec b{v} = sc_load(b + {v} * SC_LANES);" for v in vectors]
    return {"name": tile_name(tile), "height": tile.rows, "vectors": tile.vectors, "rows": rows, "loads": loads}


class ContractionText:
    """The lines of one contraction, in the order in which they stand."""

    def __init__(self, plan: Contraction, expressions: Expressions) -> None:
        self.plan, self.e = plan, expressions
        self.sides = (("first", plan.first), ("second", plan.second))
        p = plan.product
        self.tables = (
            ("first_free", "rows", p.rows, plan.first.free),
            ("first_summed", "depth", p.summed, plan.first.summed),
            ("second_free", "columns", p.columns, plan.second.free),
            ("second_summed", "depth", p.summed, plan.second.summed),
            ("result_rows", "rows", p.rows, plan.result.free),
            ("result_columns", "columns", p.columns, plan.result.summed),
        )

    def sizes(self) -> list[str]:
        """Definitions of the counts and strides; what nobody mentions is left out by the caller."""
        p = self.plan.product
        counts = (("rows", p.rows), ("columns", p.columns), ("depth", p.summed))
        lines = [f"const int64_t {name} = {self.e.index(count(ranges))};" for name, ranges in counts]
        return lines + definitions(self.e, self.plan.first, self.plan.second, self.plan.result)

    def memory(self) -> list[Memory]:
        out = [Memory(f"{side}_copy", "sc_real", self.e.index(a.size)) for side, a in self.sides if a.copy]
        out += [Memory(name, "int64_t", n) for name, n, _, _ in self.tables]
        return [*out, Memory("panels", "sc_real", f"sc_panels_{tile_name(self.plan.tile)}(rows)")]

    def body(self) -> list[str]:
        """Tables, then a product for each batch entry."""
        batch = count(self.plan.product.batch)
        counts = ["rows", "columns", "depth"] + ([] if batch.is_Integer else [self.e.index(batch, ATOM)])
        lines = span_lines(self.e, (self.plan.first, self.plan.second, self.plan.result), counts)
        for name, _, ranges, address in self.tables:
            lines += self._table(name, ranges, address)
        inner = [line for side, a in self.sides if a.copy for line in copy_lines(self.e, side, a.copy)]
        return lines + box_loops(self.e, self.plan.product.batch, inner + self._product())

    def _table(self, name: str, ranges: Sequence[Range], address: sp.Expr) -> list[str]:
        if not ranges:
            return [f"{name}[0] = {self.e.index(address)};"]
        at = f"{name}_at"
        inner = [f"{name}[{at}++] = {self.e.index(address)};"]
        return [f"int64_t {at} = 0;", *box_loops(self.e, ranges, inner)]

    def _product(self) -> list[str]:
        lines = []
        for side, a in self.sides:
            end = start_of(self.e, side, a, a.size - a.base)
            lines.append(
                f"const sc_operand {side} = {{{start_of(self.e, side, a)}, {end}, {side}_free, {side}_summed}};"
            )
        result = start_of(self.e, "result", self.plan.result)
        call = f"sc_product_{tile_name(self.plan.tile)}(first, rows, second, columns, depth, {result}, result_rows,"
        return [*lines, call, f"    result_columns, {int(self.plan.add)}, panels);"]

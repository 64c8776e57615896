"""A stencil in C: its taps one by one, along rows of memory."""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp

from symconv.emit.c.expression import ATOM, Expressions
from symconv.emit.c.product import (
    Memory,
    box_loops,
    copy_lines,
    definitions,
    indented,
    span_lines,
    start_of,
)
from symconv.lower.contraction import count
from symconv.lower.stencil import Stencil

# Accumulators that fit into the registers of most targets, beside what they are made from.
ACCUMULATORS = 12


class StencilText:
    """The lines of one stencil."""

    def __init__(self, plan: Stencil, expressions: Expressions) -> None:
        self.plan, self.e = plan, expressions

    def sizes(self) -> list[str]:
        return definitions(self.e, self.plan.first, self.plan.second, self.plan.result)

    def memory(self) -> list[Memory]:
        copied = self.plan.second.copy is not None
        return [Memory("second_copy", "sc_real", self.e.index(self.plan.second.size))] if copied else []

    def body(self) -> list[str]:
        p, plan = self.plan.product, self.plan
        ranges = (p.batch, p.columns, p.summed)
        counts = [self.e.index(n, ATOM) for n in map(count, ranges) if not n.is_Integer]
        lines = span_lines(self.e, (plan.first, plan.second, plan.result), counts or ["1"])
        inner = copy_lines(self.e, "second", plan.second.copy) if plan.second.copy else []
        inner += self._dotting() if plan.dotting else self._sliding()
        return lines + box_loops(self.e, p.batch, inner)

    def _stream(self) -> list[str]:
        """`run` entries of the stream, from its lower bound."""
        return [f"const int64_t run = {self.e.index(count((self.plan.stream,)))};"]

    def _row(self, name: str, kind: str, start: str, address: sp.Expr) -> str:
        """A pointer to the first entry of a row."""
        low = {self.plan.stream.index: self.plan.stream.lower}
        place = sp.expand(address.xreplace(low))
        where = f"{start} + {self.e.index(place, ATOM)}" if place != 0 else start
        return f"{kind} *restrict {name} = {where};"

    def _sliding(self) -> list[str]:
        plan, e = self.plan, self.e
        weight = e.names.operand(plan.first.operand)
        lines = self._stream()
        for t, (address, _) in enumerate(plan.taps):
            lines.append(f"const sc_real w{t} = {weight}[{e.index(sp.expand(plan.first.base + address))}];")
        terms = [f"w{t} * from[step + {e.index(place, ATOM)}]" for t, (_, place) in enumerate(plan.taps)]
        row = [
            self._row("from", "const sc_real", start_of(e, "second", plan.second), plan.second.free),
            self._row("to", "sc_real", start_of(e, "result", plan.result), plan.result.summed),
            "for (int64_t step = 0; step < run; ++step) {",
            *indented([f"to[step] {'+=' if plan.add else '='} {terms[0]}", *(f"    + {term}" for term in terms[1:])]),
            "}",
        ]
        row[-2] += ";"
        return lines + box_loops(e, plan.outer, row)

    def _dotting(self) -> list[str]:
        taps = list(enumerate(self.plan.taps))
        groups = [taps[k : k + ACCUMULATORS] for k in range(0, len(taps), ACCUMULATORS)]
        lines = self._stream()
        for group in groups:
            lines += ["{", *indented(self._dots(group)), "}"]
        return lines

    def _dots(self, group: Sequence[tuple[int, tuple[sp.Expr, sp.Expr]]]) -> list[str]:
        plan, e = self.plan, self.e
        place = {t: e.index(at, ATOM) for t, (_, at) in group}
        row = [
            self._row("left", "const sc_real", start_of(e, "first", plan.first), plan.first.summed),
            self._row("right", "const sc_real", start_of(e, "second", plan.second), plan.second.summed),
            "int64_t step = 0;",
            "for (; step + SC_LANES <= run; step += SC_LANES) {",
            "    const sc_vec v = sc_load(left + step);",
            *(f"    v{t} += v * sc_load(right + step + {at});" for t, at in place.items()),
            "}",
            "for (; step < run; ++step) {",
            *(f"    s{t} += left[step] * right[step + {at}];" for t, at in place.items()),
            "}",
        ]
        lines = [f"sc_vec {', '.join(f'v{t} = {{0}}' for t in place)};"]
        lines += [f"sc_real {', '.join(f's{t} = SC_R(0.0)' for t in place)};"]
        lines += box_loops(e, plan.outer, row)
        result, sign = e.names.operand(plan.result.operand), "+=" if plan.add else "="
        for t, (address, _) in group:
            lines.append(f"{result}[{e.index(sp.expand(plan.result.base + address))}] {sign} sc_total(v{t}) + s{t};")
        return lines

"""Loop nests in C, line by line."""

from __future__ import annotations

from collections.abc import Sequence

from symconv.emit.c.expression import Expressions
from symconv.emit.c.layout import INDENT
from symconv.lower.nest import Candidate, Cell, For, If, Node, Term, Winner


def nest_lines(nodes: Sequence[Node], expressions: Expressions, depth: int = 1) -> list[str]:
    """The nodes as statements, indented."""
    return [line for node in nodes for line in _lines(node, expressions, depth)]


def _lines(node: Node, e: Expressions, depth: int) -> list[str]:
    pad = INDENT * depth
    if isinstance(node, For):
        return _loop(node, e, depth)
    if isinstance(node, If):
        return [f"{pad}if ({e.condition(node.condition)}) {{", *nest_lines(node.body, e, depth + 1), f"{pad}}}"]
    if isinstance(node, Cell):
        return _cell(node, e, depth)
    if isinstance(node, Term):
        return _won(node, [f"sum += {e.value(node.value, node.guarded)};"], e, depth)
    if isinstance(node, Winner):
        return _winner(node, e, depth)
    assert isinstance(node, Candidate)
    return _candidate(node, e, depth)


def _loop(node: For, e: Expressions, depth: int) -> list[str]:
    pad, i = INDENT * depth, e.names[node.index]
    if node.lower == node.upper:
        head = f"{pad}{{ const int64_t {i} = {e.index(node.lower)};"
        return [head, *nest_lines(node.body, e, depth + 1), f"{pad}}}"]
    step = f"++{i}" if node.step == 1 else f"{i} += {node.step}"
    upper = e.names.fresh(f"{i}_end")
    if node.upper.is_Integer or node.upper.is_Symbol:
        head = f"{pad}for (int64_t {i} = {e.index(node.lower)}; {i} <= {e.index(node.upper)}; {step}) {{"
    else:
        start = f"int64_t {i} = {e.index(node.lower)}, {upper} = {e.index(node.upper)}"
        head = f"{pad}for ({start}; {i} <= {upper}; {step}) {{"
    return [head, *nest_lines(node.body, e, depth + 1), f"{pad}}}"]


def _cell(node: Cell, e: Expressions, depth: int) -> list[str]:
    pad, sign = INDENT * depth, "+=" if node.add else "="
    if len(node.body) == 1 and isinstance(node.body[0], Term) and not node.body[0].won:
        term = node.body[0]
        return [f"{pad}{e.entry(node.entry)} {sign} {e.value(term.value, term.guarded)};"]
    body = nest_lines(node.body, e, depth)
    return [f"{pad}sc_real sum = SC_R(0.0);", *body, f"{pad}{e.entry(node.entry)} {sign} sum;"]


def _won(node: Term, then: list[str], e: Expressions, depth: int) -> list[str]:
    """The statement where every winner is the one that is asked about."""
    pad = INDENT * depth
    if not node.won:
        return [pad + line for line in then]
    tests = " && ".join(f"{e.entry(stored)} == {e.index(position)}" for stored, position in node.won)
    return [f"{pad}if ({tests}) {{", *(f"{pad}{INDENT}{line}" for line in then), f"{pad}}}"]


def _winner(node: Winner, e: Expressions, depth: int) -> list[str]:
    pad = INDENT * depth
    start = [f"{pad}int64_t won = -1;", f"{pad}sc_real best = SC_R(0.0);"]
    return [*start, *nest_lines(node.body, e, depth), f"{pad}{e.entry(node.entry)} = won;"]


def _candidate(node: Candidate, e: Expressions, depth: int) -> list[str]:
    """Larger, or the first NaN: `best` equals itself until it is one."""
    pad = INDENT * depth
    return [
        f"{pad}const sc_real candidate = {e.value(node.value)};",
        f"{pad}if (won < 0 || candidate > best || (candidate != candidate && best == best)) {{",
        f"{pad}{INDENT}best = candidate;",
        f"{pad}{INDENT}won = {e.index(node.position)};",
        f"{pad}}}",
    ]

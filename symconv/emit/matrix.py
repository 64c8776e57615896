"""Small tensors laid out to be compared by eye: matrices side by side, one entry marked.

Ranks 0 to 2 are one number, row or matrix; a higher rank is a list of matrices, labelled by the leading indices.
Pure functions of the tables of a counterexample.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from typing import Any

from symconv.prove.verdict import Table

Place = tuple[int, ...]
Block = list[str]


def rank(entries: Any) -> int:
    """How deep the lists go."""
    return 1 + (rank(entries[0]) if entries else 0) if isinstance(entries, list) else 0


def slices(table: Table, marked: Sequence[Place] = ()) -> list[tuple[str, Any, set[Place]]]:
    """(label, number, row or matrix, marked places in it), one for each value of the leading indices."""
    depth = max(rank(table.entries) - 2, 0)
    out = []
    for lead in product(*map(range, _extents(table.entries)[:depth])):
        entries = table.entries
        for k in lead:
            entries = entries[k]
        label = f"{table.name}[{', '.join(map(str, lead))}]" if lead else table.name
        out.append((label, entries, {p[depth:] for p in marked if p[:depth] == lead}))
    return out


def _extents(entries: Any) -> list[int]:
    if not isinstance(entries, list):
        return []
    return [len(entries), *(_extents(entries[0]) if entries else [])]


def rows_of(entries: Any) -> list[list[tuple[Place, Any]]]:
    """The cells of a number, a row or a matrix with their places, row by row."""
    if not isinstance(entries, list):
        return [[((), entries)]]
    if rank(entries) == 1:
        return [[((k,), v) for k, v in enumerate(entries)]]
    return [[((r, c), v) for c, v in enumerate(row)] for r, row in enumerate(entries)]


def matrix_block(entries: Any, marked: Iterable[Place] = (), *, ascii: bool = False) -> Block:
    """A number, a row or a matrix in brackets; a marked entry stands between asterisks.

    >>> matrix_block([[1, 2], [3, 14]], [(1, 0)], ascii=True)
    ['[ 1   2]', '[*3* 14]']
    """
    marks = set(marked)
    cells = [[f"*{v}*" if place in marks else str(v) for place, v in row] for row in rows_of(entries)]
    if not isinstance(entries, list):
        return cells[0]
    stars = [any(row[c].startswith("*") for row in cells) for c in range(len(cells[0]))] if cells else []
    cells = [[_padded(cell, starred) for cell, starred in zip(row, stars, strict=True)] for row in cells]
    widths = [max(len(row[c]) for row in cells) for c in range(len(stars))]
    body = [" ".join(cell.rjust(w) for cell, w in zip(row, widths, strict=True)) for row in cells]
    return [left + line + right for (left, right), line in zip(_brackets(len(body), ascii), body, strict=True)]


def _padded(cell: str, starred: bool) -> str:
    """Keeps the digits of a column below each other where one of them is marked."""
    return f"{cell} " if starred and not cell.startswith("*") else cell


def _brackets(count: int, ascii: bool) -> list[tuple[str, str]]:
    if ascii or count <= 1:
        return [("[", "]")] * count
    return [("⎡", "⎤"), *[("⎢", "⎥")] * (count - 2), ("⎣", "⎦")]


def table_blocks(table: Table, marked: Sequence[Place] = (), *, ascii: bool = False) -> list[Block]:
    """The table under its name, one block a matrix: w = [1 2]"""
    out = []
    for label, entries, marks in slices(table, marked):
        block = matrix_block(entries, marks, ascii=ascii)
        middle = (len(block) - 1) // 2
        lead = f"{label} = "
        out.append([(lead if k == middle else " " * len(lead)) + line for k, line in enumerate(block)])
    return out


def beside(blocks: Sequence[Block], *, width: int = 100, gap: int = 3) -> list[str]:
    """Blocks next to each other, centred, in as many bands as the width asks for."""
    lines: list[str] = []
    band: list[Block] = []
    for block in [*blocks, None]:
        if band and (block is None or _width([*band, block], gap) > width):
            lines += _joined(band, gap)
            band = []
        if block is not None:
            band.append(block)
    return lines


def _width(blocks: Sequence[Block], gap: int) -> int:
    return sum(max(map(len, b), default=0) for b in blocks) + gap * (len(blocks) - 1)


def _joined(blocks: Sequence[Block], gap: int) -> list[str]:
    height = max(map(len, blocks))
    columns = []
    for block in blocks:
        above = (height - len(block)) // 2
        wide = max(map(len, block), default=0)
        padded = [*[""] * above, *block, *[""] * (height - len(block) - above)]
        columns.append([line.ljust(wide) for line in padded])
    return [(" " * gap).join(row).rstrip() for row in zip(*columns, strict=True)]


def latex_matrix(entries: Any, marked: Iterable[Place] = ()) -> str:
    """A bmatrix with the marked entries boxed; a number as it is."""
    marks = set(marked)
    rows = [[rf"\boxed{{{v}}}" if place in marks else str(v) for place, v in row] for row in rows_of(entries)]
    if not isinstance(entries, list):
        return rows[0][0]
    return r"\begin{bmatrix} " + r" \\ ".join(" & ".join(row) for row in rows) + r" \end{bmatrix}"

"""Plain text on a page of 100 columns: where lines are broken, indented and titled."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

from symconv.emit.equation import Equation
from symconv.emit.outline import Outline, SectionView, StepView

WIDTH = 100
INDENT = " " * 6


def paragraph(text: str, indent: str = "", hanging: str | None = None) -> list[str]:
    """Words, wrapped; `hanging` indents the lines after the first."""
    later = indent if hanging is None else hanging
    return textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=later, break_long_words=False) or [""]


def heading(text: str, rule: str) -> list[str]:
    return [text, rule * min(len(text), WIDTH)]


def equation_lines(e: Equation, lead: str = "") -> list[str]:
    """An equation, broken between its pieces; what follows is indented below its left side."""
    pieces = [f"{INDENT}{lead}{e.left}"]
    if e.right:
        pieces += [f" {e.sign} {e.right[0]}", *(f" {p}" for p in e.right[1:])]
    for first, *rest in e.notes:
        pieces += [f"  {first}", *(f" {p}" for p in rest)]
    return packed(pieces, INDENT + " " * 6)


def packed(pieces: Iterable[str], hanging: str) -> list[str]:
    """Pieces put on as few lines as hold them."""
    lines: list[str] = []
    for piece in pieces:
        if lines and len(lines[-1]) + len(piece) <= WIDTH:
            lines[-1] += piece
            continue
        whole = (hanging if lines else INDENT) + piece.strip()
        lines += [whole] if len(whole) <= WIDTH else paragraph(piece.strip(), hanging if lines else INDENT, hanging)
    return lines


def step_lines(step: StepView) -> list[str]:
    number = f"({step.number})" if step.number else ""
    out = paragraph(f"{step.rule}: {step.reason}", indent=f"{number:>5} ", hanging=INDENT)
    if step.condition:
        out += paragraph(f"condition: {step.condition}", INDENT)
    for e in step.given:
        out += equation_lines(e, "with ")
    for e in step.lines:
        out += equation_lines(e)
    if step.note:
        out += paragraph(f"({step.note})", INDENT)
    return out + paragraph(step.verdict, INDENT)


def section_lines(section: SectionView) -> list[str]:
    return [section.title, *_spaced([step_lines(s) for s in section.steps])]


def outline_lines(o: Outline) -> list[str]:
    """A derivation on its page."""
    out = heading(o.title, "=")
    if o.attributes:
        out += paragraph(o.attributes)
    forward = ["forward", *(line for e in o.forward for line in equation_lines(e))]
    if o.note:
        forward += paragraph(f"({o.note})", INDENT)
    verdict = ["gradient", *paragraph(f"{o.gradient}: {o.verdict}", INDENT)]
    return [*out, "", *_spaced([forward, *map(section_lines, o.sections), verdict])]


def _spaced(blocks: Sequence[list[str]]) -> list[str]:
    """Blocks with a blank line between them."""
    return [line for k, block in enumerate(blocks) for line in (block if k == 0 else ["", *block])]

"""Judged claims: a table of verdicts, or every reading in full with the matrices of its smallest counterexample."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from symconv.article.claims import Judgement
from symconv.emit.equation import Printer
from symconv.emit.language import Language
from symconv.emit.latex import LATEX
from symconv.emit.layout import INDENT, WIDTH, heading, paragraph
from symconv.emit.markdown import MARKDOWN
from symconv.emit.matrix import beside, latex_matrix, slices, table_blocks
from symconv.emit.outline import counterexample_brief, counterexample_words, verdict_words, words
from symconv.emit.record import counterexample_record
from symconv.emit.render import render
from symconv.emit.text import ASCII, UNICODE
from symconv.ir import Notation
from symconv.prove.reading import Reading
from symconv.prove.verdict import Counterexample, Proof, Table

_TITLE = "The equations of the article"
_COLUMNS = ("eq", "reading", "verdict", "smallest counterexample")
_GAP = " | "


@dataclass(frozen=True)
class ReadingView:
    """A reading in words: what it says, its verdict with scope, its counterexample in one line and briefly, or ""."""

    label: str
    verdict: str
    judged: str
    example: str
    brief: str
    proof: Proof
    printer: Printer


def claims_document(
    judgements: Sequence[Judgement],
    style: str = "text",
    *,
    full: bool = False,
    fragment: bool = False,
    ascii: bool = False,
) -> str:
    """Judged claims in one of the styles text, latex, markdown, json.

    full: every reading with its scope, its reason and its counterexample as matrices, instead of a table.
    """
    if style == "json":
        return json.dumps(claims_json(judgements), indent=2, ensure_ascii=False) + "\n"
    if style == "latex":
        return claims_latex(judgements, full=full, fragment=fragment)
    if style == "markdown":
        return claims_markdown(judgements, full=full)
    return claims_text(judgements, full=full, ascii=ascii)


def claims_text(judgements: Sequence[Judgement], *, full: bool = False, ascii: bool = False) -> str:
    language = ASCII if ascii else UNICODE
    if full:
        blocks = [_full_text(j, language) for j in judgements]
        return "\n\n".join("\n".join(block) for block in blocks) + "\n"
    return "\n".join(_table_text(judgements, language)) + "\n"


def claims_latex(judgements: Sequence[Judgement], *, full: bool = False, fragment: bool = False) -> str:
    shown = [judgement_marked_up(j, LATEX, full) for j in judgements]
    if fragment:
        return render("latex/claims_body.tex.j2", claims=shown)
    return render("latex/claims.tex.j2", title=_TITLE, claims=shown)


def claims_markdown(judgements: Sequence[Judgement], *, full: bool = False) -> str:
    shown = [judgement_marked_up(j, MARKDOWN, full) for j in judgements]
    name = "markdown/claims.md.j2" if full else "markdown/claims_table.md.j2"
    return render(name, title=_TITLE, claims=shown)


def claims_json(judgements: Sequence[Judgement]) -> dict[str, Any]:
    return {"schema": 1, "equations": [judgement_record(j) for j in judgements]}


def judgement_record(j: Judgement) -> dict[str, Any]:
    printed = [
        {
            "reading": reading.label,
            "verdict": proof.verdict,
            "scope": proof.scope,
            "counterexample": counterexample_record(proof.counterexample) if proof.counterexample else None,
        }
        for reading, proof in j.readings
    ]
    corrected = None
    if j.claim.corrected and j.corrected:
        statement = j.claim.corrected.label.replace("`", "")
        corrected = {"statement": statement, "verdict": j.corrected.verdict, "scope": j.corrected.scope}
    return {"number": j.claim.number, "as_printed": printed, "corrected": corrected}


def view(reading: Reading, proof: Proof, language: Language, notation: Notation) -> ReadingView:
    printer = Printer(language, notation, reading.context)
    found = proof.counterexample
    example = words(counterexample_words(found), printer) if found else ""
    brief = words(counterexample_brief(found), printer) if found else ""
    judged = verdict_words(replace(proof, counterexample=None), printer)
    # In the label's own sentence an x may be a times: "H x W".
    label = words(reading.label, printer, operands=False)
    return ReadingView(label, proof.verdict, judged, example, brief, proof, printer)


def _views(j: Judgement, language: Language) -> list[ReadingView]:
    return [view(reading, proof, language, j.claim.notation) for reading, proof in j.readings]


def _corrected(j: Judgement, language: Language) -> ReadingView | None:
    if j.claim.corrected is None or j.corrected is None:
        return None
    # The label of a corrected form is a finished statement, in the article's own letters.
    label = language.statement(j.claim.corrected.label)
    return replace(view(j.claim.corrected, j.corrected, language, j.claim.notation), label=label)


def _table_text(judgements: Sequence[Judgement], language: Language) -> list[str]:
    rows: list[tuple[str, ...]] = []
    for j in judgements:
        number = language.prose(j.claim.number)
        for v in _views(j, language):
            rows.append((number, v.label, v.verdict, v.brief))
            number = ""
        corrected = _corrected(j, language)
        if corrected:
            rows.append(("", f"holds: {corrected.label}", corrected.verdict, corrected.brief))
    first = max(len(word) for row in rows for word in row[0].split())
    third = max(len(r[2]) for r in [_COLUMNS, *rows])
    free = WIDTH - first - third - 3 * len(_GAP)
    widths = (first, free * 4 // 7, third, free - free * 4 // 7)
    out = [*_row(_COLUMNS, widths), "-+-".join("-" * w for w in widths)]
    for row in rows:
        out += _row(row, widths)
    return [*out, "", *_scopes(judgements, language)]


def _row(cells: Sequence[str], widths: Sequence[int]) -> list[str]:
    columns = [textwrap.wrap(cell, w) or [""] for cell, w in zip(cells, widths, strict=True)]
    height = max(map(len, columns))
    padded = [column + [""] * (height - len(column)) for column in columns]
    return [
        _GAP.join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)).rstrip()
        for line in zip(*padded, strict=True)
    ]


def _scopes(judgements: Sequence[Judgement], language: Language) -> list[str]:
    """What the verdicts cover: each scope once, with the claims it belongs to."""
    found: dict[str, list[str]] = {}
    for j in judgements:
        for v in _views(j, language):
            numbers = found.setdefault(words(v.proof.scope, v.printer), [])
            if j.claim.number not in numbers:
                numbers.append(j.claim.number)
    if len(found) == 1:
        return paragraph(f"scope of every verdict: {next(iter(found))}")
    out = []
    for scope, numbers in found.items():
        out += paragraph(f"scope: {scope}: {', '.join(map(language.prose, numbers))}", hanging=INDENT)
    return out


def _full_text(j: Judgement, language: Language) -> list[str]:
    out = heading(language.prose(f"{j.claim.number}  {j.claim.title}"), "=")
    out += paragraph(f"as printed: {language.statement(j.claim.statement)}", hanging=INDENT)
    for v in _views(j, language):
        out += ["", *paragraph(v.label), *paragraph(v.judged, INDENT), *_example_text(v, language)]
    corrected = _corrected(j, language)
    if corrected:
        out += ["", *paragraph(f"holds: {corrected.label}", hanging=INDENT), *paragraph(corrected.judged, INDENT)]
    return out


def judgement_lines(j: Judgement, language: Language) -> list[str]:
    """A claim as an item of a document: the statement, then each reading and the form that holds, with verdicts."""
    out = paragraph(f"({language.prose(j.claim.number)}) {language.prose(j.claim.title)}")
    out += paragraph(language.statement(j.claim.statement), INDENT, hanging=INDENT)
    views = _views(j, language)
    corrected = _corrected(j, language)
    for v in views:
        out += paragraph(f"{v.label}: {v.judged}" + (f"; {v.brief}" if v.brief else ""), INDENT)
    if corrected:
        out += paragraph(f"holds: {corrected.label}: {corrected.judged}", INDENT, hanging=INDENT)
    return out


def _example_text(v: ReadingView, language: Language) -> list[str]:
    example = v.proof.counterexample
    if example is None:
        return []
    blocks = [
        block
        for table, marked in tables(example, v.printer)
        for block in table_blocks(table, marked, ascii=language is ASCII)
    ]
    matrices = [f"{INDENT}{INDENT}{line}" for line in beside(blocks, width=WIDTH - 2 * len(INDENT))]
    return [*paragraph(f"smallest counterexample: {v.example}", INDENT), *matrices]


def tables(example: Counterexample, printer: Printer) -> list[tuple[Table, list[tuple[int, ...]]]]:
    """The operands, then both sides with the entry marked at which they differ."""
    named = [replace(t, name=printer.operand(t.name)) for t in example.operands]
    return [*((t, []) for t in named), *((t, [example.at]) for t in example.sides)]


def judgement_marked_up(j: Judgement, language: Language, full: bool = False) -> dict[str, Any]:
    corrected = _corrected(j, language)
    return {
        "number": language.prose(j.claim.number),
        "title": language.prose(j.claim.title),
        "printed": language.statement(j.claim.statement),
        "readings": [_reading(v, full) for v in _views(j, language)],
        "corrected": {"label": corrected.label, "judged": corrected.judged} if corrected else None,
    }


def _reading(v: ReadingView, full: bool) -> dict[str, Any]:
    example = v.proof.counterexample
    matrices: list[str] = []
    if full and example:
        for table, marked in tables(example, v.printer):
            side = table.name in {t.name for t in example.sides}
            named = replace(table, name=rf"\text{{{table.name}}}") if side else table
            matrices += [f"{label} = {latex_matrix(e, marks)}" for label, e, marks in slices(named, marked)]
    return {
        "label": v.label,
        "verdict": v.verdict,
        "judged": v.judged,
        "example": v.example,
        "brief": v.brief,
        "matrices": matrices,
    }

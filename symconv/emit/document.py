"""Documents: headings, paragraphs, formulas and proved derivations one after the other, in every format.

A part is a `Heading`, a `Paragraph`, `Formulas`, a `ProvedDerivation`, or the `Judgement` of a claim.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from symconv.article.claims import Judgement
from symconv.emit import claims, layout
from symconv.emit.equation import Equation
from symconv.emit.language import Language
from symconv.emit.latex import LATEX
from symconv.emit.markdown import MARKDOWN
from symconv.emit.outline import Outline, outline, printer_of, verdict_words
from symconv.emit.record import derivation_record, formulas_record
from symconv.emit.render import render
from symconv.emit.text import ASCII, UNICODE
from symconv.ir import Layer, Statement
from symconv.prove.verdict import Proof, ProvedDerivation


@dataclass(frozen=True)
class Heading:
    text: str


@dataclass(frozen=True)
class Paragraph:
    text: str


@dataclass(frozen=True)
class Formulas:
    """Statements of a layer, or sums about its operands, with the proof of what they say where there is one."""

    statements: tuple[Statement, ...]
    layer: Layer
    proof: Proof | None = None


Part = Heading | Paragraph | Formulas | ProvedDerivation | Judgement


def document_text(title: str, parts: Sequence[Part], *, ascii: bool = False) -> str:
    """At most 100 columns wide, words and mathematics; `ascii` for a terminal that has no Unicode."""
    language = ASCII if ascii else UNICODE
    blocks = [layout.heading(language.prose(title), "=")] if title else []
    blocks += [_text_part(p, language) for p in parts]
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def _text_part(part: Part, language: Language) -> list[str]:
    if isinstance(part, Heading):
        return layout.heading(language.prose(part.text), "-")
    if isinstance(part, Paragraph):
        return layout.paragraph(language.prose(part.text))
    if isinstance(part, ProvedDerivation):
        return layout.outline_lines(outline(part, language))
    if isinstance(part, Judgement):
        return claims.judgement_lines(part, language)
    equations, verdict = _formulas(part, language)
    lines = [line for e in equations for line in layout.equation_lines(e)]
    return lines + (layout.paragraph(verdict, layout.INDENT) if verdict else [])


def _formulas(part: Formulas, language: Language) -> tuple[list[Equation], str]:
    printer = printer_of(part.layer, language)
    return printer.statements(part.statements), verdict_words(part.proof, printer) if part.proof else ""


def document_latex(title: str, parts: Sequence[Part], *, fragment: bool = False) -> str:
    """A document that pdflatex sets as it stands; a fragment needs amsmath of the document it is put into."""
    shown = [_marked_up(p, LATEX) for p in parts]
    if fragment:
        return render("latex/body.tex.j2", parts=shown)
    return render("latex/document.tex.j2", title=LATEX.prose(title), parts=shown)


def document_markdown(title: str, parts: Sequence[Part]) -> str:
    """GitHub's Markdown with its mathematics."""
    return render(
        "markdown/document.md.j2", title=MARKDOWN.prose(title), parts=[_marked_up(p, MARKDOWN) for p in parts]
    )


def document_json(title: str, parts: Sequence[Part]) -> dict[str, Any]:
    return {"schema": 1, "title": title, "parts": [_record(p) for p in parts]}


def _record(part: Part) -> dict[str, Any]:
    if isinstance(part, Heading):
        return {"heading": part.text}
    if isinstance(part, Paragraph):
        return {"paragraph": part.text}
    if isinstance(part, Formulas):
        return {"formulas": formulas_record(part.statements, part.layer, part.proof)}
    if isinstance(part, Judgement):
        return {"claim": claims.judgement_record(part)}
    return {"derivation": derivation_record(part)}


def _marked_up(part: Part, language: Language) -> dict[str, Any]:
    """What the templates are given for one part; all but one of its values are empty."""
    shown: dict[str, Any] = {"heading": "", "paragraph": "", "formulas": None, "derivation": None, "claim": None}
    if isinstance(part, Heading):
        shown["heading"] = language.prose(part.text)
    elif isinstance(part, Paragraph):
        shown["paragraph"] = language.prose(part.text)
    elif isinstance(part, Formulas):
        equations, verdict = _formulas(part, language)
        shown["formulas"] = {"lines": [set_line(e, language) for e in equations], "verdict": verdict}
    elif isinstance(part, Judgement):
        shown["claim"] = claims.judgement_marked_up(part, language)
    else:
        shown["derivation"] = _derivation(outline(part, language), language)
    return shown


def _derivation(o: Outline, language: Language) -> dict[str, Any]:
    def lines(equations: Sequence[Equation]) -> list[str]:
        return [set_line(e, language) for e in equations]

    sections = [
        {"title": s.title, "steps": [{**vars(t), "given": lines(t.given), "lines": lines(t.lines)} for t in s.steps]}
        for s in o.sections
    ]
    return {**vars(o), "forward": lines(o.forward), "sections": sections}


def set_line(e: Equation, language: Language) -> str:
    """A line for a template, with a place to break it after every piece."""
    return language.seam.join([*e.pieces, *(p for first, *rest in e.notes for p in (f"\\quad {first}", *rest))])

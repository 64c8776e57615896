"""Whole documents, ready to print: the article, a layer, one form of a gradient, the answer to a question."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from symconv.article.claims import Judgement
from symconv.derive import derive, gradient_form
from symconv.derive.explain import explain
from symconv.emit.document import (
    Formulas,
    Heading,
    Paragraph,
    Part,
    document_json,
    document_latex,
    document_markdown,
    document_text,
)
from symconv.emit.explain import explanation_parts
from symconv.ir import Layer, NotApplicable, UserError
from symconv.layers import build_layer, layer_from_toml
from symconv.prove.certificate import write_certificate
from symconv.prove.prover import prove_derivation, prove_gradient
from symconv.prove.verdict import ProvedDerivation


@dataclass(frozen=True)
class Document:
    """A title and parts in order."""

    title: str
    parts: tuple[Part, ...]

    @property
    def proved(self) -> bool:
        """Is every step proved, and every gradient? A claim must hold under some reading, or in its corrected form."""
        return all(_proved(p) for p in self.parts)


def _proved(part: Part) -> bool:
    if isinstance(part, ProvedDerivation):
        return part.gradient.proved and all(p.verdict in ("proved", "definition") for p in part.steps)
    if isinstance(part, Formulas):
        return part.proof is None or part.proof.proved
    return not isinstance(part, Judgement) or part.holds


def certified(document: Document, folder: str) -> int:
    """Write the certificate of a document's derivations; how many statements it holds."""
    parts = [p for p in document.parts if isinstance(p, ProvedDerivation)]
    if not parts:
        raise UserError("certificate: there is no derivation to certify: leave --form and --explain out")
    return write_certificate((o for p in parts for o in p.obligations), Path(folder))


def named(name: str | None, attributes: dict[str, Any]) -> Layer:
    return build_layer(name or "", attributes)


def from_spec(path: str, name: str | None, attributes: dict[str, Any]) -> Layer:
    """The layer of a TOML file; it says everything, so that options beside it would only contradict it."""
    if name is not None or attributes:
        other = name or f"--{next(iter(attributes)).replace('_', '-')}"
        raise UserError(f"--spec {path} together with {other}: put {other} into the file, or leave --spec out")
    return layer_from_toml(path)


def derivations(layer: Layer, wrt: str | None) -> Document:
    """The gradients of a layer, or the one that is asked for."""
    operands = layer.inputs if wrt is None else (layer.check_input(wrt),)
    return Document("", tuple(prove_derivation(derive(layer, operand)) for operand in operands))


def one_form(layer: Layer, wrt: str | None, form: str) -> Document:
    """One form of a gradient, proved against the adjoint relation."""
    operand = layer.check_input(wrt or layer.inputs[0])
    try:
        sums = gradient_form(layer, operand, form)
    except NotApplicable as why:
        raise UserError(f"form {form!r} of the gradient of {layer.name} by {operand} does not exist: {why}") from None
    proof = prove_gradient(sums, layer, operand)
    return Document("", (Heading(f"{layer.name}, gradient by {operand}: {form}"), Formulas(sums, layer, proof)))


def explained(layer: Layer, topic: str, wrt: str | None = None) -> Document:
    """The answer to a question, with numbers where the layer has numbers."""
    answer = explain(layer, topic, wrt)
    proof = prove_gradient(answer.sums, layer, answer.wrt)
    turned = proof if answer.turned == answer.sums else prove_gradient(answer.turned, layer, answer.wrt)
    return Document("", tuple(explanation_parts(answer, proof, turned)))


def article() -> Document:
    """The article from Eq. 1 to Eq. 22, the bias, pooling, and two stacked layers."""
    from symconv.article.document import INTRODUCTION, chapters

    parts: list[Part] = [Paragraph(INTRODUCTION)]
    for chapter in chapters():
        remark = [Paragraph(chapter.remark)] if chapter.remark else []
        parts += [Heading(chapter.title), *remark, *chapter.parts]
    return Document("Backpropagation in convolutional neural networks, derived and proved", tuple(parts))


def printed(document: Document, style: str, *, fragment: bool = False, ascii: bool = False) -> str:
    if style == "latex":
        return document_latex(document.title, document.parts, fragment=fragment)
    if style == "markdown":
        return document_markdown(document.title, document.parts)
    if style == "json":
        return json.dumps(document_json(document.title, document.parts), indent=2, ensure_ascii=False)
    return document_text(document.title, document.parts, ascii=ascii)

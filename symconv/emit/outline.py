"""What a derivation's page holds, in one language: sections, steps, lines and verdicts as finished words.

The layouts (text, LaTeX, Markdown) arrange an outline and add nothing to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from symconv.emit.equation import Equation, Printer
from symconv.emit.language import Language
from symconv.ir import Layer, Section, Step
from symconv.prove.verdict import Counterexample, Proof, ProvedDerivation

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]*'*", re.ASCII)
# An inner derivative has a name of two words.
_PAIR = re.compile(r"\w+/\w+", re.ASCII)
# An operand may be called like this; in a sentence the word is not the operand.
_ENGLISH = {"a", "I"}
_ADDED = "+=: an entry is the sum of everything that is added to it, and zero where nothing is"


@dataclass(frozen=True)
class StepView:
    """number: of the article's equation, or "". given: formulas that the line inserts. note: on how to read it."""

    number: str
    rule: str
    reason: str
    condition: str
    given: tuple[Equation, ...]
    lines: tuple[Equation, ...]
    verdict: str
    note: str = ""


@dataclass(frozen=True)
class SectionView:
    title: str
    steps: tuple[StepView, ...]


@dataclass(frozen=True)
class Outline:
    title: str
    attributes: str
    forward: tuple[Equation, ...]
    note: str
    sections: tuple[SectionView, ...]
    gradient: str
    verdict: str


def printer_of(layer: Layer, language: Language) -> Printer:
    return Printer(language, layer.notation, layer.context)


def outline(proved: ProvedDerivation, language: Language) -> Outline:
    """Everything there is to say about a proved derivation, in the order in which it is said."""
    derivation, layer = proved.derivation, proved.derivation.layer
    printer = printer_of(layer, language)
    proofs = iter(proved.steps)
    scope = proved.gradient.scope
    sections = [_section(s, [_brief(next(proofs), scope) for _ in s.lines], printer) for s in derivation.sections]
    forward = tuple(printer.statements(layer.statements))
    wrt = language.inline(printer.operand(derivation.wrt))
    added = any(e.added for e in forward)
    gradient = printer.gradient_name(derivation.wrt)
    return Outline(
        title=f"{language.prose(layer.name)}: gradient with respect to {wrt}",
        attributes=language.prose(attributes_line(layer)),
        forward=forward,
        note=language.prose(_ADDED) if added else "",
        sections=tuple(sections) if added else _noted_once(sections, language),
        gradient=gradient,
        verdict=verdict_words(proved.gradient, printer),
    )


def _brief(proof: Proof, scope: str) -> Proof:
    """Without a scope that is said of the whole gradient."""
    return replace(proof, scope="") if proof.scope == scope and proof.verdict in ("proved", "definition") else proof


def attributes_line(layer: Layer) -> str:
    return ", ".join(f"{name} = {_plain(value)}" for name, value in layer.attributes)


def _plain(value: object) -> str:
    return f"({', '.join(map(_plain, value))})" if isinstance(value, tuple | list) else str(value)


def _section(section: Section, proofs: Iterable[Proof], printer: Printer) -> SectionView:
    steps = tuple(_step(s, p, printer) for s, p in zip(section.lines, proofs, strict=True))
    return SectionView(section_title(section.target, printer), steps)


def section_title(target: str, printer: Printer) -> str:
    """δ = ∂E/∂x where the adjoint has a letter of its own, else ∂E/∂x."""
    of = printer.operands.adjoint_of(target)
    if of is None:
        return printer.operand(target)
    name = printer.gradient_name(of)
    return f"{printer.operand(target)} = {name}" if printer.operands.label(target) else name


def _step(step: Step, proof: Proof, printer: Printer) -> StepView:
    return StepView(
        number=step.equation,
        rule=printer.language.prose(step.rule),
        reason=words(step.reason, printer),
        condition=words(step.condition, printer),
        given=tuple(printer.equations([g.formula for g in step.given], ranged=False)),
        lines=tuple(printer.equations(step.after)),
        verdict=verdict_words(proof, printer),
    )


def _noted_once(sections: list[SectionView], language: Language) -> tuple[SectionView, ...]:
    """The meaning of += is said where it first occurs."""
    said, out = False, []
    for section in sections:
        steps = []
        for step in section.steps:
            first = not said and any(e.added for e in step.lines)
            said = said or first
            steps.append(StepView(**{**vars(step), "note": language.prose(_ADDED) if first else ""}))
        out.append(SectionView(section.title, tuple(steps)))
    return tuple(out)


def words(text: str, printer: Printer, *, operands: bool = True) -> str:
    """A sentence in which the names of sizes, and of operands unless told otherwise, are set as such."""
    context, language = printer.operands.context, printer.language
    sizes = {s.name for s in context.sizes} if context else set()
    out, end = "", 0
    for match in _WORD.finditer(text):
        pair = _PAIR.match(text, match.start())
        if pair is not None and printer.operands.find(pair[0]) is not None:
            match = pair
        word = match[0]
        if word in _ENGLISH or match.start() < end:
            continue
        if word in sizes:
            name = language.name(word)
        elif operands and context is not None and context.has(word):
            name = printer.operand(word)
        else:
            continue
        out += language.prose(text[end : match.start()]) + language.inline(name)
        end = match.end()
    return out + language.prose(text[end:])


def verdict_words(proof: Proof, printer: Printer) -> str:
    """proved for all H, W >= 1 (why)"""
    # A refutation is about some sizes: its reason says which, and "for all" would say the opposite.
    scope = f" for {proof.scope}" if proof.scope and proof.verdict in ("proved", "unknown") else ""
    reason = f" ({proof.reason})" if proof.reason else ""
    example = f"; smallest counterexample: {counterexample_words(proof.counterexample)}" if proof.counterexample else ""
    return words(f"{proof.verdict}{scope}{reason}{example}", printer)


def counterexample_words(example: Counterexample) -> str:
    """H = 2, k1 = 1: dx[0, 1] is 3 on the left, 5 on the right"""
    if example.lhs is None and example.rhs is None:
        return _at_sizes(example, place(example))
    note = f", with {example.note}" if example.note else ""
    return _at_sizes(example, f"{place(example)} is {example.lhs} on the left, {example.rhs} on the right{note}")


def counterexample_brief(example: Counterexample) -> str:
    """H = 2, k1 = 1: dx[0, 1]: 3 != 5"""
    if example.lhs is None and example.rhs is None:
        return _at_sizes(example, place(example))
    return _at_sizes(example, f"{place(example)}: {example.lhs} != {example.rhs}")


def place(example: Counterexample) -> str:
    return f"{example.operand}[{', '.join(map(str, example.at))}]" if example.at else example.operand


def _at_sizes(example: Counterexample, text: str) -> str:
    sizes = ", ".join(f"{name} = {value}" for name, value in example.sizes)
    return f"{sizes}: {text}" if sizes else text

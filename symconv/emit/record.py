"""Derivations as JSON: plain values under stable names, and nothing that varies from run to run."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from symconv.emit.latex import LATEX
from symconv.emit.outline import printer_of
from symconv.emit.text import UNICODE
from symconv.ir import IndexedSum, Layer, Statement, Step
from symconv.prove.verdict import Counterexample, Proof, ProvedDerivation


def derivation_record(proved: ProvedDerivation) -> dict[str, Any]:
    """layer, attributes, wrt, forward, steps and gradient; see `step_record`."""
    derivation = proved.derivation
    layer = derivation.layer
    proofs = iter(proved.steps)
    steps = [
        step_record(step, section.target, next(proofs), layer)
        for section in derivation.sections
        for step in section.lines
    ]
    return {
        "schema": 1,
        "layer": layer.name,
        "attributes": {name: plain(value) for name, value in layer.attributes},
        "wrt": derivation.wrt,
        "forward": formulas_record(layer.statements, layer),
        "steps": steps,
        "gradient": {**_lines(derivation.result, layer), **proof_record(proved.gradient)},
    }


def step_record(step: Step, section: str, proof: Proof, layer: Layer) -> dict[str, Any]:
    """`reason` says why the step is taken, `proof_reason` why its verdict is what it is."""
    verdict = proof_record(proof)
    return {
        "section": section,
        "equation": step.equation or None,
        "rule": step.rule,
        "reason": step.reason,
        "condition": step.condition or None,
        "before": _lines(step.before, layer)["text"],
        "after": _lines(step.after, layer)["text"],
        "latex": _lines(step.after, layer)["latex"],
        "given": _lines([g.formula for g in step.given], layer, ranged=False)["text"],
        **verdict,
    }


def formulas_record(statements: Sequence[Statement], layer: Layer, proof: Proof | None = None) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key, language in (("text", UNICODE), ("latex", LATEX)):
        printer = printer_of(layer, language)
        out[key] = [printer.line(e) for e in printer.statements(statements)]
    return {**out, **(proof_record(proof) if proof else {})}


def _lines(sums: Sequence[IndexedSum], layer: Layer, ranged: bool = True) -> dict[str, list[str]]:
    return {
        "text": printer_of(layer, UNICODE).lines(sums, ranged),
        "latex": printer_of(layer, LATEX).lines(sums, ranged),
    }


def proof_record(proof: Proof) -> dict[str, Any]:
    out: dict[str, Any] = {"verdict": proof.verdict, "scope": proof.scope, "proof_reason": proof.reason}
    if proof.counterexample:
        out["counterexample"] = counterexample_record(proof.counterexample)
    return out


def counterexample_record(example: Counterexample) -> dict[str, Any]:
    return {
        "sizes": dict(example.sizes),
        "at": list(example.at),
        "lhs": plain(example.lhs),
        "rhs": plain(example.rhs),
    }


def plain(value: Any) -> Any:
    """A value as JSON has it: fractions that are no integers as "p/q", names and sizes as text."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Fraction):
        return int(value) if value.denominator == 1 else f"{value.numerator}/{value.denominator}"
    if isinstance(value, tuple | list):
        return [plain(v) for v in value]
    return str(value)

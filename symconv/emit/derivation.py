"""One proved derivation, in every format."""

from __future__ import annotations

from typing import Any

from symconv.emit.document import document_latex, document_markdown, document_text
from symconv.emit.record import derivation_record
from symconv.prove.verdict import ProvedDerivation


def derivation_text(proved: ProvedDerivation, *, ascii: bool = False) -> str:
    """At most 100 columns wide; `ascii` for a terminal that has no Unicode."""
    return document_text("", [proved], ascii=ascii)


def derivation_latex(proved: ProvedDerivation, *, fragment: bool = False) -> str:
    """A document for pdflatex, or its body alone."""
    return document_latex("", [proved], fragment=fragment)


def derivation_markdown(proved: ProvedDerivation) -> str:
    return document_markdown("", [proved])


def derivation_json(proved: ProvedDerivation) -> dict[str, Any]:
    """A record that `json.dumps` takes as it is; times are left out, so that the same input gives the same output."""
    return derivation_record(proved)

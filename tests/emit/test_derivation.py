"""Documents: what a page shows, that it fits, that it is reproducible, and that LaTeX sets it without complaint."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from symconv.emit.derivation import derivation_json, derivation_latex, derivation_markdown, derivation_text
from symconv.emit.document import (
    Formulas,
    Heading,
    Paragraph,
    document_json,
    document_latex,
    document_markdown,
    document_text,
)
from symconv.emit.latex import LATEX
from symconv.emit.markdown import MARKDOWN
from symconv.prove.verdict import Proof, ProvedDerivation

OPENING = """\
conv2d: gradient with respect to xˡ
===================================
strides = (1, 1), pads = (0, 0, 0, 0)

forward
      xˡ⁺¹[i, j] = Σ_{m=0}^{k₁−1} Σ_{n=0}^{k₂−1} wˡ⁺¹[m, n] f(xˡ[i+m, j+n]) + bˡ⁺¹

∂E/∂xˡ
 (16) chain rule: E depends on xˡ through every entry of xˡ⁺¹
      ∂E/∂xˡ[i′, j′] = Σ_{i=0}^{O₁−1} Σ_{j=0}^{O₂−1} δˡ⁺¹[i, j] ∂xˡ⁺¹[i, j]/∂xˡ[i′, j′]
      definition

"""


def test_text_is_readable_at_a_glance(proved: ProvedDerivation) -> None:
    text = derivation_text(proved)
    assert text.startswith(OPENING)
    assert "\n (20) substitute: " in text
    assert text.count("proved for all H, W, k₁, k₂, O₁, O₂ ≥ 1 with H = O₁ + k₁ - 1, W = O₂ + k₂ - 1") == 1
    assert text.endswith("gradient\n      ∂E/∂xˡ: " + text.rsplit("∂E/∂xˡ: ", 1)[1])


def test_text_fits_the_page(proved: ProvedDerivation, strided: ProvedDerivation) -> None:
    for derivation in (proved, strided):
        for ascii in (False, True):
            assert max(map(len, derivation_text(derivation, ascii=ascii).splitlines())) <= 100


def test_ascii_is_ascii(strided: ProvedDerivation) -> None:
    text = derivation_text(strided, ascii=True)
    assert text.isascii()
    assert "?" not in text
    assert "delta^(l+1)[t_i-u_m, t_j-u_n]" in text


def test_every_step_shows_its_verdict(strided: ProvedDerivation) -> None:
    """The scope of the whole gradient is said once, at the end."""
    shown = derivation_text(strided).count("      proved\n") + derivation_text(strided).count("      definition\n")
    assert shown == len(strided.steps)


def test_an_unproved_step_is_never_dressed_up(proved: ProvedDerivation) -> None:
    doubtful = ProvedDerivation(
        proved.derivation, (Proof("unknown", "all H >= 1", "not affine"),) * len(proved.steps), Proof("unknown")
    )
    assert "proved" not in derivation_text(doubtful)
    assert "unknown for all H ≥ 1 (not affine)" in derivation_text(doubtful)
    assert derivation_json(doubtful)["gradient"]["verdict"] == "unknown"


def test_json_is_plain_and_complete(strided: ProvedDerivation) -> None:
    record = derivation_json(strided)
    assert json.loads(json.dumps(record)) == record
    assert record["schema"] == 1
    assert (record["layer"], record["wrt"], record["attributes"]["strides"]) == ("conv2d", "x", [2, 2])
    assert len(record["steps"]) == len(strided.steps)
    for step in record["steps"]:
        assert {"section", "equation", "rule", "reason", "condition", "before", "after", "latex"} <= set(step)
        assert {"verdict", "scope", "proof_reason"} <= set(step)
        assert len(step["latex"]) == len(step["after"])
    assert len(record["gradient"]["text"]) == 4
    assert "seconds" not in json.dumps(record)


def test_output_is_the_same_in_every_process(tmp_path: Path) -> None:
    program = tmp_path / "show.py"
    program.write_text(
        "from symconv.derive import derive\n"
        "from symconv.emit.derivation import derivation_latex, derivation_text\n"
        "from symconv.article.layers import deltas_layer\n"
        "from symconv.prove.prover import prove_derivation\n"
        "proved = prove_derivation(derive(deltas_layer(), 'x'))\n"
        "print(derivation_text(proved, ascii=True), derivation_latex(proved))\n"
    )
    root = Path(__file__).resolve().parents[2]
    shown = {
        subprocess.run(
            [sys.executable, program],
            env={"PYTHONPATH": str(root), "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(shown) == 1


def test_document_parts(proved: ProvedDerivation) -> None:
    layer = proved.derivation.layer
    parts = [Heading("Forward"), Paragraph("The layer, 100 % of it."), Formulas(layer.statements, layer), proved]
    text = document_text("The article", parts)
    assert text.startswith(
        "The article\n===========\n\nForward\n-------\n\nThe layer, 100 % of it.\n\n      xˡ⁺¹[i, j] = "
    )
    latex = document_latex("The article", parts)
    assert r"\section*{The article}" in latex
    assert r"100 \% of it" in latex
    markdown = document_markdown("The article", parts)
    assert markdown.startswith("# The article\n")
    assert "\n## Forward\n" in markdown
    record = document_json("The article", parts)
    assert [next(iter(part)) for part in record["parts"]] == ["heading", "paragraph", "formulas", "derivation"]
    assert record["parts"][3]["derivation"] == derivation_json(proved)


def test_formulas_show_their_proof(proved: ProvedDerivation) -> None:
    layer = proved.derivation.layer
    part = Formulas(proved.derivation.result, layer, Proof("proved", "all H >= 1"))
    assert "      proved for all H ≥ 1\n" in document_text("", [part])
    assert document_json("", [part])["parts"][0]["formulas"]["verdict"] == "proved"


def test_fragment_is_the_body_alone(proved: ProvedDerivation) -> None:
    fragment = derivation_latex(proved, fragment=True)
    assert r"\documentclass" not in fragment
    assert fragment.strip() in derivation_latex(proved)


def test_markdown_is_safe_on_github(proved: ProvedDerivation) -> None:
    markdown = derivation_markdown(proved)
    assert r"\operatorname" not in markdown
    assert r"\allowbreak" not in markdown
    assert markdown.count("```math") * 2 == markdown.count("```")
    outside = re.sub(r"```math.*?```|\$`.*?`\$", "", markdown, flags=re.DOTALL)
    assert "$" not in outside
    assert "\\" not in outside.replace("\\_", "")


@pytest.mark.parametrize(
    "hostile", [r"\input{x}", "a_b^c", "100% {$#&~}", "x < y > z | w", "δˡ⁺¹ ≥ k₁ — “ö” \U0001f600"]
)
def test_words_cannot_act(hostile: str) -> None:
    tex = LATEX.prose(hostile)
    assert r"\input" not in tex
    for c in "%#&_":
        assert tex.count(c) == tex.count(f"\\{c}") + (tex.count("$_") if c == "_" else 0)
    assert all(f"\\{c}" in MARKDOWN.prose(hostile) for c in "_<|" if c in hostile)


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="NOT CHECKED that LaTeX sets the document: no pdflatex")
def test_latex_sets_the_document_without_complaint(
    proved: ProvedDerivation, strided: ProvedDerivation, tmp_path: Path
) -> None:
    layer = strided.derivation.layer
    hostile = Paragraph(r"\x {_^~} 100 % $#& < > | “δˡ⁺¹ ≥ k₁” … — ⌊½⌋ ∂ Σ √ " + "\U0001f600")
    parts = [Heading("A & B"), hostile, proved, strided, Formulas(layer.statements, layer)]
    (tmp_path / "whole.tex").write_text(document_latex("All_of it", parts))
    (tmp_path / "part.tex").write_text(document_latex("", parts, fragment=True))
    (tmp_path / "host.tex").write_text(
        r"\documentclass[twocolumn]{article}\usepackage{amsmath}\begin{document}\input{part}\end{document}"
    )
    for name in ("whole", "host"):
        command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", f"{name}.tex"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
        log = done.stdout.decode(errors="replace")
        assert done.returncode == 0, log
        if name == "whole":
            assert not re.search(r"Warning|Overfull|Underfull", log), log

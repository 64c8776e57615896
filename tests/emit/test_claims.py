"""Judged claims in every format."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from symconv.article import article_claims
from symconv.article.claims import Judgement, judge
from symconv.emit.claims import claims_document, claims_json


@pytest.fixture(scope="module")
def judged() -> tuple[Judgement, ...]:
    return judge(c for c in article_claims() if c.number in ("1", "20", "21", "22"))


@pytest.fixture(scope="module")
def eq22(judged: tuple[Judgement, ...]) -> Judgement:
    return judged[-1]


def test_json_has_exactly_its_keys(judged: tuple[Judgement, ...], eq22: Judgement) -> None:
    record = claims_json(judged)
    assert json.loads(json.dumps(record)) == record
    assert set(record) == {"schema", "equations"}
    for equation in record["equations"]:
        assert set(equation) == {"number", "as_printed", "corrected"}
        for reading in equation["as_printed"]:
            assert set(reading) == {"reading", "verdict", "scope", "counterexample"}
            if reading["counterexample"] is not None:
                assert set(reading["counterexample"]) == {"sizes", "at", "lhs", "rhs"}
    last = record["equations"][-1]
    assert last["number"] == "22"
    assert set(last["corrected"]) == {"statement", "verdict", "scope"}
    assert {r["verdict"] for r in last["as_printed"]} == {p.verdict for p in eq22.proofs}


def test_table(judged: tuple[Judgement, ...]) -> None:
    text = claims_document(judged)
    head, rule, *rows = text.splitlines()
    assert [c.strip() for c in head.split("|")] == ["eq", "reading", "verdict", "smallest counterexample"]
    assert set(rule) == {"-", "+"}
    assert max(map(len, text.splitlines())) <= 100
    assert sum(bool(re.match(r"\d+ ", row)) for row in rows) == 4
    assert "scope" in text
    assert "k₁ ≤ H" in text


def test_full_form_shows_both_sides(eq22: Judgement) -> None:
    text = claims_document([eq22], full=True)
    assert "refuted (the two sides agree only where k₁ = 1 and k₂ = 1)" in text
    assert re.search(r"δˡ⁺¹ = .*wˡ⁺¹ = .*left = \[.*\*\d+\*.*right = \[.*\*\d+\*", text)
    assert "holds: = (δˡ⁺¹ ∗ wˡ⁺¹)[i′, j′]" in text
    assert max(map(len, text.splitlines())) <= 100


@pytest.mark.parametrize("full", [False, True])
def test_ascii(judged: tuple[Judgement, ...], full: bool) -> None:
    text = claims_document(judged, full=full, ascii=True)
    assert text.isascii()
    assert "?" not in text


def test_markdown_table_has_four_columns(judged: tuple[Judgement, ...]) -> None:
    rows = [line for line in claims_document(judged, "markdown").splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {5}
    assert len(rows) == 2 + sum(len(j.proofs) + (j.corrected is not None) for j in judged)


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="NOT CHECKED that LaTeX sets the claims: no pdflatex")
def test_latex_sets_the_claims_without_complaint(judged: tuple[Judgement, ...], tmp_path: Path) -> None:
    (tmp_path / "claims.tex").write_text(claims_document(judged, "latex", full=True))
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "claims.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    log = done.stdout.decode(errors="replace")
    assert done.returncode == 0, log
    assert not re.search(r"Warning|Overfull|Underfull", log), log
    assert r"\documentclass" not in claims_document(judged, "latex", fragment=True)

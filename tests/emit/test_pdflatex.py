"""The documents compile as they stand, and TeX finds nothing to complain about."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from symconv.cli import run

DOCUMENTS = {
    "the article": ["derive"],
    "the claims": ["prove"],
    "one claim in full": ["prove", "--equation", "22"],
    "a strided layer": ["derive", "conv2d", "--strides", "2,2", "--dilations", "1,1", "--wrt", "x"],
    "a symbolic layer": ["derive", "conv3d", "--wrt", "x"],
    "cases": ["derive", "relu"],
    "an answer": ["derive", "conv2d", "--kernel-shape", "3,3", "--strides", "2,2", "--explain", "stride"],
}
COMPLAINT = re.compile(r"^(!.*|.*Warning.*|Overfull.*|Underfull.*)$", re.MULTILINE)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_it_compiles_without_a_complaint(name: str, tmp_path: Path) -> None:
    """No error, no warning, no box that is too full."""
    if shutil.which("pdflatex") is None:
        pytest.skip("NOT CHECKED that the LaTeX compiles: pdflatex is missing")
    assert run([*DOCUMENTS[name], "--format", "latex", "-o", str(tmp_path / "page.tex")]) == 0
    command = ["pdflatex", "-interaction=nonstopmode", "page.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert COMPLAINT.findall(done.stdout.decode("utf-8", "replace")) == []
    assert done.returncode == 0
    assert (tmp_path / "page.pdf").stat().st_size > 10_000

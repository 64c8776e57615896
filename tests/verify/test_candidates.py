"""Layers in the styles that people write, right and wrong: the verdict, and the causes of what is not right."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from symconv.build.compiler import ToolError, find_compiler
from symconv.layers import build_layer
from symconv.verify.verify import verify
from tests.verify import candidates
from tests.verify.candidates import CANDIDATES, Candidate

FOLDER = Path(candidates.__file__).parent
Count = Callable[[str, int], None]


@pytest.mark.parametrize("candidate", CANDIDATES, ids=lambda c: c.name)
def test_a_candidate(candidate: Candidate, count_cases: Count) -> None:
    if candidate.file.endswith(".c"):
        _need_a_compiler()
    targets = (candidate.target,) if isinstance(candidate.target, str) else candidate.target
    names = tuple(f"{FOLDER / candidate.file}:{target}" for target in targets)
    found = verify(names if len(names) > 1 else names[0], build_layer(candidate.layer, dict(candidate.attributes)))
    causes = {name: o.cause for name, o in found.outputs.items() if o.verdict != "correct"}
    assert (found.verdict, causes) == (candidate.verdict, dict(candidate.causes)), found.text()
    count_cases(f"candidates that are {candidate.verdict}", 1)


def _need_a_compiler() -> None:
    try:
        find_compiler()
    except ToolError as error:
        pytest.skip(f"NO C COMPILER: candidates in C are not verified ({error})")

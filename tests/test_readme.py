"""The README's examples are run: commands in process, Python as doctests."""

from __future__ import annotations

import doctest
import re
import shlex
from pathlib import Path

import pytest

from symconv.cli import run
from tests.build.compilers import COMPILERS, NONE

README = (Path(__file__).resolve().parent.parent / "README.md").read_text(encoding="utf-8")
COMMANDS = [
    line.removeprefix(".venv/bin/symconv ")
    for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    for line in block.splitlines()
    if line.startswith(".venv/bin/symconv ")
]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_readme(
    command: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends well and prints something: a document, or the files that it wrote."""
    writes = command.startswith("generate") and "--check" not in command
    certified = "--certificate" in command
    if writes or certified:
        monkeypatch.chdir(tmp_path)
    if command.startswith("bench --shapes"):
        pytest.skip("takes minutes, and PyTorch")
    # A layer that is wrong is a finding.
    assert run(shlex.split(command)) == int("NotRotated" in command)
    out, err = capsys.readouterr()
    assert re.fullmatch(r"\d+ statements in certificate\n" if certified else "", err)
    if "--check" not in command:
        assert len(out.splitlines()) >= (1 if writes else 5)


def test_the_commands_are_found() -> None:
    """The pattern above has not gone stale."""
    assert len(COMMANDS) >= 10


def test_the_output_shown_is_the_output(capsys: pytest.CaptureFixture[str]) -> None:
    """The excerpts of `symconv prove --equation 22` and of a report are excerpts, line by line."""
    proof, report = re.findall(r"```text\n(.*?)```", README, re.DOTALL)
    run(["prove", "--equation", "22"])
    assert proof in capsys.readouterr().out
    run(shlex.split(next(c for c in COMMANDS if "NotRotated" in c)))
    assert report in capsys.readouterr().out


@pytest.mark.parametrize("block", re.findall(r"```python\n(.*?)```", README, re.DOTALL))
def test_the_python_of_the_readme(block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every line gives what is written under it."""
    if "sc.build(" in block and not COMPILERS:
        pytest.skip(NONE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SYMCONV_CACHE_DIR", str(tmp_path / "cache"))
    test = doctest.DocTestParser().get_doctest(block, {}, "README.md", "README.md", 0)
    assert doctest.DocTestRunner().run(test).failed == 0

"""The package from outside: what starting it costs, what is shipped, and that the suite counts its cases."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def run(*command: str | Path, cwd: Path) -> str:
    """Run Python with ``command``; return its standard output, or fail with everything it printed."""
    done = subprocess.run([sys.executable, *command], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


HELP = """
import sys
from symconv.cli import main

sys.argv = ["symconv", "--help"]
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
print("imported:", *sorted({"numpy", "sympy"} & sys.modules.keys()))
"""


def test_help_imports_neither_sympy_nor_numpy() -> None:
    shown, imported = run("-c", HELP, cwd=ROOT).split("imported:")
    assert "Usage: symconv" in shown
    assert imported.split() == []


def build(kind: str, source: Path, output: Path) -> Path:
    run("-m", "hatchling", "build", "-t", kind, "-d", output, cwd=source)
    (archive,) = output.iterdir()
    return archive


def templates(source: Path) -> set[str]:
    return {path.relative_to(source).as_posix() for path in (source / "templates").rglob("*") if path.is_file()}


def test_sdist_and_wheel_carry_the_templates(tmp_path: Path) -> None:
    pytest.importorskip("hatchling", reason="NOT CHECKED that the wheel carries the templates: hatchling is missing")
    wanted = templates(ROOT)
    assert wanted, "templates/ is empty"

    # The wheel is built out of the unpacked sdist, as an installer does that finds no wheel.
    with tarfile.open(build("sdist", ROOT, tmp_path / "sdist")) as sdist:
        # The archive is our own; `extractall(filter=...)` is missing in the first releases of Python 3.11.
        sdist.extraction_filter = lambda member, path: member
        sdist.extractall(tmp_path / "unpacked")
    (source,) = (tmp_path / "unpacked").iterdir()
    assert wanted <= templates(source)

    with zipfile.ZipFile(build("wheel", source, tmp_path / "wheel")) as wheel:
        shipped = set(wheel.namelist())
    assert {f"symconv/{path}" for path in wanted} <= shipped
    assert {top for top in (path.split("/")[0] for path in shipped) if not top.endswith(".dist-info")} == {"symconv"}


COUNTED = """
import pytest

@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_counted(n, count_cases):
    count_cases("random layers 2-D dx", n)
    count_cases("blocks", 1)
"""


@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["one process", "two workers"])
def test_counted_cases_are_summed_and_printed(
    workers: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The run inside must not take itself for a worker of the run outside.
    for name in [name for name in os.environ if name.startswith("PYTEST_")]:
        monkeypatch.delenv(name)
    (tmp_path / "conftest.py").write_bytes((ROOT / "tests" / "conftest.py").read_bytes())
    (tmp_path / "test_counted.py").write_text(COUNTED)
    lines = run("-m", "pytest", "-q", *workers, cwd=tmp_path).splitlines()
    assert [line for line in lines if line.startswith("cases:")] == [
        "cases: blocks: 4",
        "cases: random layers 2-D dx: 10",
    ]
    assert lines[-1].startswith("4 passed")

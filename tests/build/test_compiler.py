"""Which compiler is found, and what is said where there is none or it does not work."""

from __future__ import annotations

import importlib.util
import os
import pickle
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from symconv.build import compiler
from symconv.build.compiler import CompileError, Compiler, CompilerNotFound, ToolError, find_compiler, flags_for

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the fake compilers are shell scripts")


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """`fake(name, body)` puts a program on PATH, which holds nothing else. No variables, and no ziglang."""
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.delenv("SYMCONV_CC", raising=False)
    monkeypatch.delenv("CC", raising=False)
    hide_ziglang(monkeypatch, found=False)

    def make(name: str, body: str = "", directory: Path = programs) -> Path:
        script = directory / name
        script.write_text(f"#!/bin/sh\n{body or f'echo {name} 1.0'}\n")
        script.chmod(0o755)
        return script

    return make


def hide_ziglang(monkeypatch: pytest.MonkeyPatch, *, found: bool) -> None:
    real = importlib.util.find_spec

    def find_spec(name: str, package: str | None = None) -> Any:
        return (found or None) if name == "ziglang" else real(name, package)

    monkeypatch.setattr(importlib.util, "find_spec", find_spec)


def test_search_order(
    fake: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count_cases: Callable[[str, int], None]
) -> None:
    hide_ziglang(monkeypatch, found=True)
    monkeypatch.setattr(sys, "executable", str(fake("python-of-ziglang", 'echo "$@"', tmp_path)))
    fake("first"), fake("second")
    monkeypatch.setenv("SYMCONV_CC", "first")
    monkeypatch.setenv("CC", "second")
    found = {name: str(fake(name)) for name in ("cc", "gcc", "clang")}
    assert find_compiler().identity == "first 1.0\n"
    monkeypatch.delenv("SYMCONV_CC")
    assert find_compiler().identity == "second 1.0\n"
    monkeypatch.setenv("CC", " ")
    for name, path in found.items():
        assert find_compiler() == Compiler((path,), f"{name} 1.0\n")
        os.remove(path)
    zig = (sys.executable, "-m", "ziglang", "cc")
    assert find_compiler() == Compiler(zig, "-m ziglang cc --version\n")
    count_cases("places where a compiler is looked for", 6)


@pytest.mark.parametrize("variable", ["SYMCONV_CC", "CC"])
def test_variable_with_arguments(variable: str, fake: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    path = fake("my-cc", 'echo "$#: $@"; echo and more >&2')
    monkeypatch.setenv(variable, "my-cc -m64 '-I a b'")
    assert find_compiler() == Compiler((str(path), "-m64", "-I a b"), "3: -m64 -I a b --version\nand more\n")


@pytest.mark.parametrize("variable", ["SYMCONV_CC", "CC"])
@pytest.mark.parametrize("value", ["no-such-cc", "no-such-cc -O2", "/no/such/cc", "cc 'unbalanced"])
def test_variable_that_names_nothing(
    variable: str, value: str, fake: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    fake("cc")
    monkeypatch.setenv(variable, value)
    with pytest.raises(CompilerNotFound) as error:
        find_compiler()
    assert f"{variable}={value!r}" in str(error.value)


def test_relative_program_is_made_absolute(
    fake: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = fake("here-cc", "", tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CC", "./here-cc")
    assert find_compiler().command == (str(path),)


def test_no_compiler(fake: Callable[..., Path]) -> None:
    with pytest.raises(CompilerNotFound) as error:
        find_compiler()
    for words in ("$SYMCONV_CC", "$CC", "cc", "gcc", "clang", "ziglang", "install gcc", "pip install 'symconv[cc]'"):
        assert words in str(error.value)
    assert isinstance(error.value, ToolError)


def test_broken_compiler_is_passed_over(fake: Callable[..., Path]) -> None:
    fake("cc", "echo no developer tools >&2; exit 1")
    gcc = fake("gcc")
    assert find_compiler().command == (str(gcc),)
    gcc.write_text("neither a script nor a program")
    compiler._ask_version.cache_clear()
    with pytest.raises(CompilerNotFound, match=r"status 1: no developer tools.*gcc does not work: it cannot be run"):
        find_compiler()


def test_broken_compiler_in_a_variable_is_an_error(fake: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    fake("cc")
    fake("broken", "exit 7")
    monkeypatch.setenv("CC", "broken")
    with pytest.raises(CompilerNotFound, match=r"CC='broken' does not work: .* 7"):
        find_compiler()


def test_version_is_asked_once(fake: Callable[..., Path], tmp_path: Path) -> None:
    log = tmp_path / "log"
    fake("cc", f"echo asked >> '{log}'")
    assert find_compiler() == find_compiler()
    assert log.read_text() == "asked\n"


@pytest.mark.parametrize("machine", ["x86_64", "aarch64", "arm64", "ppc64le", "riscv64"])
@pytest.mark.parametrize("command", [("/usr/bin/gcc",), ("python", "-m", "ziglang", "cc")])
def test_flags(machine: str, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: machine)
    portable = flags_for(Compiler(command, ""), native=False)
    assert {"-std=c11", "-O3", "-fPIC", "-shared", "-ffp-contract=fast", "-fno-math-errno"} == set(portable)
    (*same, last) = flags_for(Compiler(command, ""), native=True)
    gcc = {"x86_64": "-march=native", "riscv64": portable[-1]}.get(machine, "-mcpu=native")
    assert last == ("-march=native" if "ziglang" in command else gcc)
    assert set(same) <= set(portable)


def test_cpu_identity_is_the_same_at_every_reading() -> None:
    first = compiler.cpu_identity()
    compiler.cpu_identity.cache_clear()
    assert compiler.cpu_identity() == first
    assert platform.machine() in first
    assert "MHz" not in first


def test_compile_error_says_all_and_survives_pickling() -> None:
    stderr = "\n".join(f"line {i}" for i in range(100))
    error = CompileError.of(("cc", "-I a b", "kernel.c"), "exit status 1", stderr, "the source is kept in /x/kernel.c")
    text = str(pickle.loads(pickle.dumps(error)))
    assert text == str(error)
    for words in ("$ cc '-I a b' kernel.c", "exit status 1", "line 39", "60 more lines", "/x/kernel.c"):
        assert words in text
    assert "line 40" not in text


def test_a_program_out_of_time_is_ended_with_its_children(fake: Callable[..., Path], tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    script = fake("slow", f"/bin/sleep 60 & echo $! > '{pid}'; wait")
    with pytest.raises(subprocess.TimeoutExpired):
        compiler.run_tool((str(script),), seconds=0.5)
    child = int(pid.read_text())
    for _ in range(100):
        # A child that ended may stay in the table of processes for as long as nobody asked for its status.
        state = Path(f"/proc/{child}/stat")
        if not _alive(child) or (state.exists() and ") Z" in state.read_text()):
            return
        time.sleep(0.02)
    pytest.fail("the child of the compiler is still running")


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True

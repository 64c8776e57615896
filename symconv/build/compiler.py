"""The C compiler: which one there is, how it is called, and what is said when it fails."""

from __future__ import annotations

import importlib.util
import os
import platform
import shlex
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

VARIABLES = ("SYMCONV_CC", "CC")
PROGRAMS = ("cc", "gcc", "clang")
_REMEDY = "install gcc or clang, or `pip install 'symconv[cc]'`"
_VERSION_SECONDS = 60.0
_STDERR_LINES = 40
# On these a build for this very processor is asked for by -mcpu: -march is refused, or means less.
_MCPU_MACHINES = {"aarch64", "arm64", "ppc64", "ppc64le"}
# Lines of /proc/cpuinfo that are the same at every reading, unlike the clock, and differ between kinds of processor.
_CPU_KEYS = {
    *("vendor_id", "cpu family", "model", "model name", "flags"),
    *("CPU implementer", "CPU architecture", "CPU variant", "CPU part", "Features"),
    *("cpu", "features", "isa"),
}


class ToolError(Exception):
    """The target could not be compiled, loaded or run."""


class CompilerNotFound(ToolError):
    """There is no C compiler, or the one that was asked for does not work."""


class CompileError(ToolError):
    """The compiler was run and made no library."""

    @classmethod
    def of(cls, command: tuple[str, ...], status: str, stderr: str, kept: str) -> CompileError:
        """The error of a command. The instance holds its message alone, so that it survives pickling."""
        lines = stderr.strip().splitlines()
        if len(lines) > _STDERR_LINES:
            lines[_STDERR_LINES:] = [f"... ({len(lines) - _STDERR_LINES} more lines)"]
        return cls("\n".join([f"the C compiler failed: {status}", f"$ {shlex.join(command)}", *lines, kept]))


@dataclass(frozen=True)
class Compiler:
    """command: the program and the arguments that always follow it. identity: what it answers to --version."""

    command: tuple[str, ...]
    identity: str


@dataclass(frozen=True)
class Outcome:
    """What a program answered."""

    status: int
    stdout: str
    stderr: str


def find_compiler() -> Compiler:
    """The compiler to use: $SYMCONV_CC, $CC, the usual names on PATH, then the ziglang wheel."""
    for variable in VARIABLES:
        if value := os.environ.get(variable, "").strip():
            return _from_variable(variable, value)
    broken = []
    for command in _candidates():
        works, answer = _ask_version(command)
        if works:
            return Compiler(command, answer)
        # Not the end of the search: on a fresh macOS, cc is there and does nothing but offer an installation.
        broken.append(f"; {shlex.join(command)} does not work: {answer}")
    looked_for = ", ".join([*(f"${variable}" for variable in VARIABLES), *PROGRAMS])
    raise CompilerNotFound(
        f"no C compiler: looked for {looked_for} on PATH and the ziglang wheel{''.join(broken)}. To get one, {_REMEDY}"
    )


def _from_variable(variable: str, value: str) -> Compiler:
    try:
        words = _split(value)
    except ValueError as error:
        raise CompilerNotFound(f"{variable}={value!r} is not a command: {error}") from None
    program = shutil.which(words[0]) if words else None
    if program is None:
        name = words[0] if words else ""
        raise CompilerNotFound(
            f"{variable}={value!r}: {name!r} is not a program on PATH. Set {variable} to a C compiler, or unset it"
        )
    # Absolute, because the compiler is run in another directory than this one.
    command = (os.path.abspath(program), *words[1:])
    works, answer = _ask_version(command)
    if not works:
        raise CompilerNotFound(f"{variable}={value!r} does not work: {answer}")
    return Compiler(command, answer)


def _split(value: str) -> list[str]:
    if os.name != "nt":
        return shlex.split(value)
    # The rules of a POSIX shell would take the backslashes out of a path.
    return [word.strip("\"'") for word in shlex.split(value, posix=False)]


def _candidates() -> list[tuple[str, ...]]:
    found = [(os.path.abspath(path),) for name in PROGRAMS if (path := shutil.which(name))]
    # Looked up without an import: importing ziglang.__main__ would run it.
    if importlib.util.find_spec("ziglang") is not None:
        return [*found, (sys.executable, "-m", "ziglang", "cc")]
    return [*found]


@cache
def _ask_version(command: tuple[str, ...]) -> tuple[bool, str]:
    """Whether the compiler works, and its version or what is wrong. Failures are remembered like answers."""
    arguments = (*command, "--version")
    try:
        outcome = run_tool(arguments, seconds=_VERSION_SECONDS)
    except OSError as error:
        return False, f"it cannot be run ({error.strerror or error})"
    except subprocess.TimeoutExpired:
        return False, f"no answer to --version after {_VERSION_SECONDS:.0f} s"
    if outcome.status != 0:
        words = " ".join((outcome.stderr or outcome.stdout).split()[:40])
        return False, f"--version ended with exit status {outcome.status}" + (f": {words}" if words else "")
    return True, outcome.stdout + outcome.stderr


def run_tool(
    arguments: tuple[str, ...], *, seconds: float, cwd: Path | None = None, scratch: Path | None = None
) -> Outcome:
    """Run a program that asks nothing and answers in English; its temporary files go to scratch.

    OSError: it cannot be started. subprocess.TimeoutExpired: it was ended, and all it had started with it.
    """
    environment = {**os.environ, "LC_ALL": "C"}
    if scratch is not None:
        environment |= dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(scratch))
    process = subprocess.Popen(
        arguments,
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        # A compiler is a driver with children; a group of their own makes it possible to end all of them.
        process_group=0 if os.name == "posix" else None,
    )
    with process:
        try:
            stdout, stderr = process.communicate(timeout=seconds)
        except BaseException:
            _end(process)
            raise
    return Outcome(process.returncode, stdout, stderr)


def _end(process: subprocess.Popen[str]) -> None:
    if sys.platform == "win32":
        process.kill()
    else:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            # All of them ended in the meantime; macOS then says that it is not permitted.
            return
    process.wait()


def flags_for(compiler: Compiler, native: bool) -> tuple[str, ...]:
    """The flags of a library: optimised, with fused multiply-adds, and never with reordered sums (-ffast-math)."""
    # Always an explicit -O: without one, zig builds with its checks of undefined behaviour.
    # What clang adds at -O3 costs many times the compile time of these loops and gains nothing in them.
    level = "-O2" if "clang" in compiler.identity else "-O3"
    flags = ["-std=c11", level, "-ffp-contract=fast", "-fno-math-errno"]
    # Windows has no other code than position-independent code, and clang refuses the flag there.
    flags += ["-shared"] if os.name == "nt" else ["-fPIC", "-shared"]
    if native:
        flags += _native_flags(compiler)
    return tuple(flags)


def _native_flags(compiler: Compiler) -> list[str]:
    machine = platform.machine().lower()
    if _is_zig(compiler):
        return ["-march=native"]
    if machine in _MCPU_MACHINES:
        return ["-mcpu=native"]
    # On RISC-V neither flag takes `native` in the compilers that are in use.
    return [] if machine.startswith("riscv") else ["-march=native"]


def _is_zig(compiler: Compiler) -> bool:
    return "ziglang" in compiler.command or Path(compiler.command[0]).stem == "zig"


@cache
def cpu_identity() -> str:
    """What tells apart two processors of which one may not run the native code of the other."""
    lines = [platform.machine()]
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            for line in file:
                # The first processor stands for all of them; a list of hundreds takes long to read.
                if not line.strip() and len(lines) > 1:
                    break
                if line.partition(":")[0].strip() in _CPU_KEYS:
                    lines.append(line.strip())
    except OSError:
        pass
    return "\n".join(lines if len(lines) > 1 else [*lines, platform.processor()])

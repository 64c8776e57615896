"""Running a candidate so that no crash, loop, flood or bomb of it takes anything else down.

A child in a session of its own, with limits on memory, processor time and files, and a clock on the wall; afterwards
its whole group is killed, and whatever left the group is found by a mark in its environment. This keeps accidents in.
It is **no security sandbox**: code that means harm can read your files.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from symconv.verify import child
from symconv.verify.dense import Array

_MARK = "SYMCONV_CANDIDATE"
_MOST_CRASHES = 3


@dataclass(frozen=True)
class Limits:
    """seconds: of one run of all calls. megabytes: of address space."""

    seconds: float = 20.0
    megabytes: int = 4096

    def of_child(self) -> dict[str, int]:
        cpu = int(self.seconds) + 1
        return {"RLIMIT_AS": self.megabytes << 20, "RLIMIT_CPU": cpu, "RLIMIT_FSIZE": 64 << 20, "RLIMIT_NOFILE": 256}


@dataclass(frozen=True)
class Source:
    """A function in a file, or one that is at hand."""

    path: str = ""
    function: str = ""
    callable: Callable[..., Any] | None = field(default=None, compare=False)

    @property
    def name(self) -> str:
        return (
            f"{self.path}:{self.function}" if self.callable is None else getattr(self.callable, "__name__", "candidate")
        )


@dataclass(frozen=True)
class Call:
    """Arguments in order, as `child._argument` reads them, and the arrays that they name."""

    arguments: Sequence[Mapping[str, Any]]
    arrays: Mapping[str, Array]


@dataclass(frozen=True)
class Answer:
    """status: returned, raised, crashed, timeout or out-of-memory. arrays: by key, or by position as text."""

    status: str
    message: str = ""
    arrays: Mapping[str, Array] = field(default_factory=dict)
    mutated: tuple[str, ...] = ()

    @property
    def ended(self) -> bool:
        """Did the call end the process, or have to be ended?"""
        return self.status in ("crashed", "timeout", "out-of-memory")


def describe(source: Source, limits: Limits) -> list[dict[str, Any]] | str:
    """The parameters of the candidate, or what went wrong when it was loaded."""
    with _Folder() as folder:
        end = _run(source, folder, [], limits)
        path = folder / "description.json"
        if not path.exists():
            return f"{end} while it was loaded" if end else "it ended while it was loaded"
        found = json.loads(path.read_text())
        return found["error"] if "error" in found else found["parameters"]


def run_calls(source: Source, calls: Sequence[Call], limits: Limits) -> list[Answer]:
    """An answer for every call; a call that ends the child is skipped in the next one."""
    answers: dict[int, Answer] = {}
    with _Folder() as folder:
        for k, call in enumerate(calls):
            (folder / f"input_{k}.json").write_text(json.dumps({"arguments": list(call.arguments)}))
            arrays: dict[str, Any] = {name: np.asarray(a) for name, a in call.arrays.items()}
            np.savez(folder / f"input_{k}.npz", **arrays)
        waiting = list(range(len(calls)))
        for _ in range(_MOST_CRASHES):
            if not waiting:
                break
            end = _run(source, folder, waiting, limits)
            for k in waiting:
                if (folder / f"call_{k}.json").exists():
                    answers[k] = _answer(folder, k)
            waiting = [k for k in waiting if k not in answers]
            if waiting:
                status = "timeout" if end == "timeout" else "crashed"
                answers[waiting.pop(0)] = Answer(status, end or "the process ended")
    return [answers.get(k, Answer("crashed", "not run: it ended the process too often")) for k in range(len(calls))]


def _answer(folder: Path, k: int) -> Answer:
    said = json.loads((folder / f"call_{k}.json").read_text())
    if said["status"] != "returned":
        return Answer(said["status"], said.get("message", ""))
    with np.load(folder / f"call_{k}.npz") as stored:
        arrays = {key: stored[f"a{i}"] for i, key in enumerate(said["keys"])}
    return Answer("returned", "", arrays, tuple(said["mutated"]))


class _Folder:
    """A private folder that goes away."""

    def __enter__(self) -> Path:
        self.path = Path(tempfile.mkdtemp(prefix="symconv-verify-"))
        return self.path

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.path, ignore_errors=True)


def _run(source: Source, folder: Path, calls: Sequence[int], limits: Limits) -> str:
    """Run the child to its end; "" where it ended by itself, otherwise how."""
    job = {"path": source.path, "function": source.function, "calls": list(calls), "limits": limits.of_child()}
    (folder / "job.json").write_text(json.dumps(job))
    mark = uuid.uuid4().hex
    process = _start_file(folder, mark) if source.callable is None else _Forked(folder, source.callable)
    try:
        code = process.wait(limits.seconds)
    except subprocess.TimeoutExpired:
        return "timeout"
    finally:
        _end(process, mark)
    if code < 0:
        return f"signal {signal.Signals(-code).name}"
    return "" if code == 0 else f"exit status {code}"


def _start_file(folder: Path, mark: str) -> subprocess.Popen[bytes]:
    environment = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG", "TMPDIR", "SYSTEMROOT")}
    one = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return subprocess.Popen(
        [sys.executable, str(Path(child.__file__)), str(folder)],
        env={**environment, **one, _MARK: mark, "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


class _Forked:
    """A child that has a callable already, because it is a copy of this process."""

    def __init__(self, folder: Path, function: Callable[..., Any]) -> None:
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.setsid()
                child.main(folder, function)
            finally:
                os._exit(0)
        self.code: int | None = None

    def wait(self, timeout: float | None = None) -> int:
        end = None if timeout is None else time.monotonic() + timeout
        while self.code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG if end is not None else 0)
            if pid:
                self.code = os.waitstatus_to_exitcode(status)
            elif end is not None and time.monotonic() > end:
                raise subprocess.TimeoutExpired("candidate", timeout or 0)
            else:
                time.sleep(0.005)
        return self.code


def _end(process: Any, mark: str) -> None:
    """Kill the child's group, and what left it."""
    if os.name != "posix":
        process.kill()
        process.wait()
        return
    for pid in [process.pid, *_marked(mark)]:
        try:
            os.killpg(pid, signal.SIGKILL) if pid == process.pid else os.kill(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue
    process.wait()


def _marked(mark: str) -> list[int]:
    """Processes whose environment holds the mark; where there is no /proc, none is found."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"{_MARK}={mark}".encode() in entry.read_bytes():
                found.append(int(entry.parent.name))
        except OSError:
            continue
    return found

"""Running a candidate so that no crash, loop, flood or bomb of it takes anything else down.

A child in a session of its own, with limits on memory, processor time and files, and a clock on the wall; afterwards
its whole group is killed, and whatever left the group is found by a mark in its environment. This keeps accidents in.
It is **no security sandbox**: code that means harm can read your files.
"""

from __future__ import annotations

import json
import os
import select
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

from symconv.build.compiler import ToolError
from symconv.verify.dense import Array
from symconv.verify.inside import serve

_MARK = "SYMCONV_CANDIDATE"
_MOST_CRASHES = 3
# Of all the time, what a single call may take: one endless loop leaves time for the other cases.
_SHARE = 0.25


@dataclass(frozen=True)
class Limits:
    """seconds: of all that the candidate runs. megabytes: of address space."""

    seconds: float = 20.0
    megabytes: int = 4096

    def of_child(self) -> dict[str, int]:
        cpu = int(self.seconds) + 1
        return {"RLIMIT_AS": self.megabytes << 20, "RLIMIT_CPU": cpu, "RLIMIT_FSIZE": 64 << 20, "RLIMIT_NOFILE": 256}


@dataclass(frozen=True)
class Answer:
    """status: returned, raised, crash, timeout or out-of-memory. arrays: by call and key.

    mutated: arguments that were overwritten. asked: keys that it looked for in a dictionary of settings.
    """

    status: str
    message: str = ""
    arrays: Mapping[str, Array] = field(default_factory=dict)
    mutated: tuple[str, ...] = ()
    described: Mapping[str, Any] = field(default_factory=dict)
    asked: tuple[str, ...] = ()

    @property
    def ended(self) -> bool:
        """Did the call end the process, or have to be ended?"""
        return self.status in ("crash", "timeout", "out-of-memory")


class Session:
    """A child that answers requests one by one, and is started again where one of them ended it.

    given: functions at hand by target; the child is then a copy of this process. targets: to be loaded before all
    requests. Use it in a `with` statement.
    """

    def __init__(
        self, limits: Limits, given: Mapping[str, Callable[..., Any]] | None = None, targets: Sequence[str] = ()
    ) -> None:
        self.limits, self.given, self.targets = limits, dict(given or {}), list(targets)
        self.spent = 0.0
        self.crashes = 0
        self._asked = 0
        self._child: _Child | None = None

    def __enter__(self) -> Session:
        try:
            self._folder = Path(tempfile.mkdtemp(prefix="symconv-verify-"))
        except OSError as error:
            raise ToolError(f"there is no folder for temporary files: {error.strerror or error}; set TMPDIR") from None
        job = {"limits": self.limits.of_child(), "targets": self.targets}
        (self._folder / "job.json").write_text(json.dumps(job))
        return self

    def __exit__(self, *_: object) -> None:
        self._end()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def exhausted(self) -> bool:
        """Will nothing be run any more?"""
        return self.crashes >= _MOST_CRASHES or self.spent >= self.limits.seconds

    def restart(self) -> None:
        """The next request meets a candidate that has forgotten what it was asked before."""
        if self._child is not None and not self._child.again():
            self._end()

    def _end(self) -> None:
        if self._child is not None:
            self._child.end()
        self._child = None

    def ask(self, request: Mapping[str, Any], arrays: Mapping[str, Array] | None = None) -> Answer:
        """The answer to one request, as `inside.serve` reads it."""
        left = self.limits.seconds - self.spent
        if left <= 0:
            return Answer("timeout", f"all calls together took longer than {self.limits.seconds:g} s")
        if self.crashes >= _MOST_CRASHES:
            return Answer("crash", "not run: it ended the process too often")
        k, self._asked = self._asked, self._asked + 1
        (self._folder / f"request_{k}.json").write_text(json.dumps(request))
        tensors: dict[str, Any] = {name: np.asarray(a) for name, a in (arrays or {}).items()}
        np.savez(self._folder / f"request_{k}.npz", **tensors)
        start = time.monotonic()
        if self._child is None:
            self._child = _Child(self._folder, self.given)
        end = self._child.serve(k, min(left, max(1.0, self.limits.seconds * _SHARE)))
        self.spent += time.monotonic() - start
        path = self._folder / f"answer_{k}.json"
        answer = self._read(k, json.loads(path.read_text())) if path.exists() else Answer(*_ending(end))
        if answer.ended:
            self.crashes += 1
            self._end()
        for used in self._folder.glob(f"*_{k}.*"):
            used.unlink()
        return answer

    def _read(self, k: int, said: Mapping[str, Any]) -> Answer:
        described = said.get("described", {})
        if "keys" not in said:
            return Answer(said["status"], said.get("message", ""), described=described)
        with np.load(self._folder / f"answer_{k}.npz") as stored:
            arrays = {key: stored[f"a{i}"] for i, key in enumerate(said["keys"])}
        return Answer("returned", "", arrays, tuple(said["mutated"]), asked=tuple(said["asked"]))


def _ending(end: str) -> tuple[str, str]:
    """Status and message of a call that the child did not survive."""
    return ("timeout", "it did not return in time") if end == "timeout" else ("crash", end)


class _Child:
    """The process, and the pipes to it."""

    def __init__(self, folder: Path, given: Mapping[str, Callable[..., Any]]) -> None:
        self.mark = uuid.uuid4().hex
        self.process: subprocess.Popen[bytes] | _Forked
        if given:
            self.process = _Forked(folder, given)
            self.to, self.back = self.process.to, self.process.back
        else:
            started = _started(folder, self.mark)
            assert started.stdin is not None
            assert started.stdout is not None
            self.process, self.to, self.back = started, started.stdin.fileno(), started.stdout.fileno()

    def serve(self, k: int, seconds: float) -> str:
        """Let the child serve request k. "" where it says that it did, else how it ended, or "timeout"."""
        try:
            os.write(self.to, f"{k}\n".encode())
        except BrokenPipeError:
            return self._how()
        ready, _, _ = select.select([self.back], [], [], seconds)
        if not ready:
            return "timeout"
        return "" if os.read(self.back, 64) else self._how()

    def again(self) -> bool:
        """Let a new copy of the loaded candidate serve what comes; False where it takes a new process."""
        try:
            os.write(self.to, b"again\n")
        except BrokenPipeError:
            return False
        return hasattr(os, "fork")

    def _how(self) -> str:
        try:
            code = self.process.wait(1.0)
        except subprocess.TimeoutExpired:
            return "it closed its files"
        return f"signal {signal.Signals(-code).name}" if code < 0 else f"it left with exit status {code}"

    def end(self) -> None:
        """Kill the child's group, and what left it."""
        if os.name != "posix":
            self.process.kill()
        for pid in (self.process.pid, *_marked(self.mark)):
            try:
                os.killpg(pid, signal.SIGKILL) if pid == self.process.pid else os.kill(pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                continue
        self.process.wait()
        if isinstance(self.process, _Forked):
            os.close(self.to)
            os.close(self.back)
        else:
            for pipe in (self.process.stdin, self.process.stdout):
                assert pipe is not None
                pipe.close()


def _started(folder: Path, mark: str) -> subprocess.Popen[bytes]:
    environment = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG", "TMPDIR", "SYSTEMROOT")}
    one = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    inside = Path(serve.__file__).parent
    return subprocess.Popen(
        [sys.executable, "-m", f"{inside.name}.serve", str(folder)],
        env={**environment, **one, _MARK: mark, "PYTHONPATH": str(inside.parent), "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=0,
        start_new_session=True,
    )


class _Forked:
    """A child that has its functions already, because it is a copy of this process."""

    def __init__(self, folder: Path, given: Mapping[str, Callable[..., Any]]) -> None:
        source, self.to = os.pipe()
        self.back, sink = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.setsid()
                os.close(self.to)
                os.close(self.back)
                nothing = os.open(os.devnull, os.O_RDWR)
                for descriptor in (0, 1, 2):
                    os.dup2(nothing, descriptor)
                serve.main(folder, source, sink, given)
            finally:
                os._exit(0)
        os.close(source)
        os.close(sink)
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

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)


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

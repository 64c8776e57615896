"""The loop of the process in which a candidate runs.

It is started with a folder that holds `job.json`, and reads the numbers of requests from its input, one a line. Request
k is `request_<k>.json` with arrays in `request_<k>.npz`; the answer is `answer_<k>.json` and, where arrays came back,
`answer_<k>.npz`, each whole or not there; then k is written to its output. What the candidate prints goes nowhere.

The candidate is loaded once; requests are served by a copy of the process, which "again" replaces by a new one: it has
forgotten what it was asked, and the imports need not be made again.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .calls import Run
from .describe import Targets, describe
from .native import OutOfBounds


def main(folder: Path, source: int, sink: int, given: Mapping[str, Any]) -> None:
    """Serve requests until the input ends. given: candidates that are at hand, by target."""
    job = json.loads((folder / "job.json").read_text())
    _limit(job["limits"])
    targets = Targets(dict(given))
    for target in job["targets"]:
        with contextlib.suppress(BaseException):  # who asks for it will be told
            targets[target]
    while hasattr(os, "fork"):
        pid = os.fork()
        if pid == 0:
            break
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if not (folder / "again").exists():
            _end_like(code)
        (folder / "again").unlink()
    _loop(folder, source, sink, targets)


def _loop(folder: Path, source: int, sink: int, targets: Targets) -> None:
    for line in _lines(source):
        if line == b"again":
            (folder / "again").touch()
            os._exit(0)
        _serve(folder, int(line), targets)
        os.write(sink, line + b"\n")
    os._exit(0)


def _lines(source: int) -> Iterator[bytes]:
    """Lines byte by byte: what is behind a line is for the next copy to read."""
    line = b""
    while byte := os.read(source, 1):
        if byte == b"\n":
            yield line
            line = b""
        else:
            line += byte


def _end_like(code: int) -> None:
    """End as the copy did: by its signal, or with its exit status."""
    if code < 0:
        signal.signal(-code, signal.SIG_DFL) if -code not in (signal.SIGKILL, signal.SIGSTOP) else None
        os.kill(os.getpid(), -code)
    os._exit(code)


def _limit(limits: dict[str, int]) -> None:
    try:
        import resource
    except ImportError:  # Windows has none of these
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for name, value in limits.items():
        kind = getattr(resource, name)
        _, hard = resource.getrlimit(kind)
        allowed = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (allowed, allowed))


def _serve(folder: Path, k: int, targets: Targets) -> None:
    request = json.loads((folder / f"request_{k}.json").read_text())
    try:
        if "describe" in request:
            answer: dict[str, Any] = {"status": "returned", "described": describe(targets[request["describe"]])}
        else:
            answer = _run(folder, k, request, targets)
    except MemoryError:
        answer = {"status": "out-of-memory", "message": "MemoryError"}
    except OutOfBounds as error:
        answer = {"status": "crash", "message": str(error)}
    except BaseException as error:
        answer = {"status": "raised", "message": _words(error)}
    temporary = folder / f"partial_{k}.json"
    temporary.write_text(json.dumps(answer))
    os.replace(temporary, folder / f"answer_{k}.json")


def _run(folder: Path, k: int, request: dict[str, Any], targets: Targets) -> dict[str, Any]:
    """Make the calls of a request; every array is a fresh copy, and compared afterwards."""
    with np.load(folder / f"request_{k}.npz") as stored:
        arrays = {name: stored[name] for name in stored.files}
    run = Run(targets, arrays, request.get("lists", False))
    out: dict[str, Any] = {}
    if "object" in request:
        run.construct(request)
    for call in request["calls"]:
        name, noted = call["name"], len(run.recorder.gradients)
        out |= {f"before {name}/{path}": a.copy() for path, a in run.attributes()}
        out |= {f"{name}/{key}": a.copy() for key, a in run.call(call).items()}
        out |= {f"after {name}/{path}": a.copy() for path, a in run.attributes()}
        out |= {f"given by {name}/{n}": a for n, a in enumerate(run.recorder.gradients[noted:])}
    if not request["calls"]:
        out |= {f"made/{path}": a.copy() for path, a in run.attributes()}
    run.note_changes()
    temporary = folder / f"partial_{k}.npz"
    np.savez(temporary, **{f"a{n}": a for n, a in enumerate(out.values())})
    os.replace(temporary, folder / f"answer_{k}.npz")
    return {"status": "returned", "keys": list(out), "mutated": sorted(run.changed), "asked": sorted(run.asked)}


def _words(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"


def own_channels() -> tuple[int, int]:
    """Input and output as private descriptors; what goes by these names afterwards is nothing."""
    source, sink, nothing = os.dup(0), os.dup(1), os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    return source, sink


if __name__ == "__main__":
    sys.path.remove(os.environ["PYTHONPATH"])  # it led here: a candidate's imports are none of ours
    del os.environ["PYTHONPATH"]
    main(Path(sys.argv[1]), *own_channels(), {})
    os._exit(0)

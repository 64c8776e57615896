"""Candidates that crash, hang, flood and fork end in a clear verdict, in time, and leave nobody behind."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from symconv.layers import build_layer
from symconv.verify.isolation import Limits, Session
from symconv.verify.verify import Options, verify

SECONDS = 2.0
# Starting Python and deriving the layer on a slow machine; the run itself has a second.
SLACK = 1.0 + 6.0
HOSTILE = {
    "segfault": ("import ctypes\ndef f(x, w):\n    ctypes.string_at(0)", "crash"),
    "abort": ("import os\ndef f(x, w):\n    os.abort()", "crash"),
    "left": ("import os\ndef f(x, w):\n    os._exit(0)", "crash"),
    "endless": ("def f(x, w):\n    while True:\n        pass", "timeout"),
    "asleep": ("import time\ndef f(x, w):\n    time.sleep(1e6)", "timeout"),
    "deaf": (
        "import signal\nfor s in (signal.SIGTERM, signal.SIGXCPU):\n    signal.signal(s, signal.SIG_IGN)\n"
        "def f(x, w):\n    while True:\n        pass",
        "timeout",
    ),
    "bomb": ("import numpy as np\ndef f(x, w):\n    return np.ones(10**11)", "out-of-memory"),
    "leak": (
        "import numpy as np\ndef f(x, w):\n    kept = []\n    while True:\n        kept.append(np.empty(1 << 23))",
        "out-of-memory",
    ),
    "flood": ("import os\ndef f(x, w):\n    while True:\n        os.write(1, b'A' * 65536)", "timeout"),
    "raises": ("def f(x, w):\n    raise ValueError('no')", "raised"),
    "exits": ("import sys\ndef f(x, w):\n    sys.exit(3)", "raised"),
    "deep": ("def f(x, w):\n    return f(x, w)", "raised"),
    "no array": ("def f(x, w):\n    return 'none'", "raised"),
    "nothing": ("def f(x, w):\n    return None", "raised"),
    "files": ("def f(x, w):\n    kept = [open('/dev/null') for _ in range(10**6)]", "raised"),
    "import": ("1 / 0", "raised"),
    "syntax": ("def f(x:", "raised"),
    "missing": ("def g(x, w):\n    return x", "raised"),
    "no function": ("f = 3", "raised"),
}
VERDICTS = {"crash": "crashed", "timeout": "crashed", "out-of-memory": "crashed", "raised": "unsupported"}
AT_LOADING = ("import", "syntax", "missing", "no function")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_candidate(name: str, tmp_path: Path) -> None:
    source, status = HOSTILE[name]
    path = tmp_path / "candidate.py"
    path.write_text(source)
    start = time.monotonic()
    found = verify(f"{path}:f", build_layer("conv2d", {}), Options(limits=Limits(SECONDS, 1024)))
    assert time.monotonic() - start < SECONDS + SLACK
    assert found.verdict == ("crashed" if name in AT_LOADING else VERDICTS[status]), found.text()
    assert any(note.startswith(status) for note in found.notes), found.notes
    if found.verdict == "crashed" and name not in AT_LOADING:
        assert {o.cause for o in found.outputs.values()} == {status}


def test_all_calls_together_end_in_time(tmp_path: Path) -> None:
    """The limit is that of the run, not of a call."""
    path = tmp_path / "candidate.py"
    path.write_text("import time\ndef f(x, w):\n    time.sleep(0.4)\n    return x")
    start = time.monotonic()
    with Session(Limits(SECONDS), targets=[f"{path}:f"]) as session:
        statuses = [session.ask({"describe": f"{path}:f"}).status]
        while not session.exhausted:
            call = {"name": "call", "target": f"{path}:f", "arguments": [{"value": 1}, {"value": 1}]}
            statuses.append(session.ask({"calls": [call]}).status)
    assert time.monotonic() - start < SECONDS + 1
    assert set(statuses) == {"returned", "timeout"}


def test_a_new_copy_has_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "candidate.py"
    path.write_text("calls = []\ndef f(x):\n    calls.append(x)\n    return len(calls)")
    call = {"name": "call", "target": f"{path}:f", "arguments": [{"value": 1}]}
    with Session(Limits(), targets=[f"{path}:f"]) as session:
        counts = [int(session.ask({"calls": [call]}).arrays["call/0"]) for _ in range(2)]
        session.restart()
        counts += [int(session.ask({"calls": [call]}).arrays["call/0"]) for _ in range(2)]
    assert counts == [1, 2, 1, 2]

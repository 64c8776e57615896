"""What every test shares: how Hypothesis searches, and a count of the cases that ran.

A test that loops over many generated cases shows up as one line of pytest's total. It says how many there
were through ``count_cases``; the sums, over all worker processes, are printed at the end of the run.
"""

from __future__ import annotations

import os

# Read when SymPy is imported: the gates make thousands of layers, and its own limit forgets what the next one needs.
os.environ.setdefault("SYMPY_CACHE_SIZE", "20000")

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import settings

# The same cases on every machine: a red run can be repeated, and a slow machine is not a failure.
settings.register_profile("default", deadline=None, derandomize=True, print_blob=False)
settings.load_profile("default")

CASES = pytest.StashKey[Counter[str]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[CASES] = Counter()


@pytest.fixture(scope="session")
def count_cases(pytestconfig: pytest.Config) -> Callable[[str, int], None]:
    """``count_cases(name, n)`` adds ``n`` cases to the total reported under ``name``."""

    def count(name: str, n: int) -> None:
        pytestconfig.stash[CASES][name] += n

    return count


def pytest_sessionfinish(session: pytest.Session) -> None:
    # Only a worker process of pytest-xdist has an output to hand to the process that prints.
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["cases"] = dict(session.config.stash[CASES])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    # A worker that crashed leaves no output; pytest-xdist reports the crash itself.
    node.config.stash[CASES].update(getattr(node, "workeroutput", {}).get("cases", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for name, n in sorted(config.stash[CASES].items()):
        terminalreporter.write_line(f"cases: {name}: {n}")

"""Seconds of `symconv verify` as a user runs it, imports included: the median over candidates of every style.

.venv/bin/python -m tests.bench.verify_seconds [--runs 3]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path

from tests.verify import candidates
from tests.verify.candidates import CANDIDATES, Candidate

LIMIT = 5.0
_EVERY = 6


def command(c: Candidate) -> list[str]:
    """The command line that verifies a candidate."""
    file = Path(candidates.__file__).parent / c.file
    if isinstance(c.target, str):
        words = [f"{file}:{c.target}", c.layer]
    else:
        words = ["--forward", f"{file}:{c.target[0]}", "--backward", f"{file}:{c.target[1]}", c.layer]
    for name, value in c.attributes.items():
        words += [f"--{name.replace('_', '-')}", ",".join(map(str, value)) if isinstance(value, tuple) else str(value)]
    return [sys.executable, "-c", "from symconv.cli import main; main()", "verify", *words]


def seconds(c: Candidate, runs: int) -> float:
    taken = []
    for _ in range(runs):
        start = time.perf_counter()
        subprocess.run(command(c), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    measured = {c.name: seconds(c, runs) for c in CANDIDATES[::_EVERY]}
    for name, value in sorted(measured.items(), key=lambda item: item[1]):
        print(f"{value:6.2f} s  {name}")
    median, slowest = statistics.median(measured.values()), max(measured.values())
    print(f"median {median:.2f} s, slowest {slowest:.2f} s, limit {LIMIT:g} s")


if __name__ == "__main__":
    main()

"""Seconds of `symconv derive` as a user runs it, imports included, beside `import sympy`: medians of alternating runs.

.venv/bin/python -m tests.bench.derive_seconds [--runs 5]

One layer takes at most 2 x `import sympy`, the article 4 x; powers, large strides and stacks of eight layers 5 s each.
The figures are reported, and marked where they are over their limit; the exit code is 1 then.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass

_DERIVE = ("-c", "from symconv.cli import main; main()", "derive")
_STACK = """
import symconv as sc
from symconv.layers.stack import stack
plain = dict(strides=1, pads=(0, 0), dilations=1, group=1)
conv, tanh = sc.Conv1d(**plain).layer, sc.Tanh(rank=3).layer
dense = sc.Dense(activation="tanh").layer
layers = {"convolutions": [conv] * 8, "tanh between": [conv, tanh] * 4, "dense": [dense] * 8}
derived = sc.derive(stack(layers[%r]), "x")
assert derived.verdict == "proved", derived.verdict
"""


@dataclass(frozen=True)
class Command:
    """What is run, and the most it may take: in units of `import sympy`, or in seconds."""

    name: str
    words: tuple[str, ...]
    ratio: float | None = None
    seconds: float | None = None


BASE = Command("import sympy", ("-c", "import sympy"))
COMMANDS = (
    Command("conv2d, k = 3, s = 2", (*_DERIVE, "conv2d", "--kernel-shape", "3,3", "--strides", "2,2", "--wrt", "x"), 2),
    Command("conv2d, all symbolic", (*_DERIVE, "conv2d", "--wrt", "x"), 2),
    Command("average_pool2d", (*_DERIVE, "average_pool2d"), 2),
    Command("dense with tanh", (*_DERIVE, "dense", "--activation", "tanh", "--wrt", "w"), 2),
    Command("the article", _DERIVE, 4),
    Command("x[i]**9", (*_DERIVE, "formula", "--formula", "y[i] = x[i]**9"), seconds=5),
    Command("x[i]**64", (*_DERIVE, "formula", "--formula", "y[i] = x[i]**64"), seconds=5),
    Command("stride 8, any kernel, 1-D", (*_DERIVE, "conv1d", "--strides", "8", "--wrt", "x"), seconds=5),
    Command("stride 8, any kernel, 2-D", (*_DERIVE, "conv2d", "--strides", "8,8", "--wrt", "x"), seconds=5),
    *(
        Command(f"a stack of eight: {kind}", ("-c", _STACK % kind), seconds=5)
        for kind in ("convolutions", "tanh between", "dense")
    ),
)


def _timed(command: Command) -> float:
    """Seconds of one run; infinite where it fails or takes more than two minutes."""
    start = time.perf_counter()
    try:
        done = subprocess.run(
            (sys.executable, *command.words), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120
        )
    except subprocess.TimeoutExpired:
        return float("inf")
    return time.perf_counter() - start if done.returncode == 0 else float("inf")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    every = (BASE, *COMMANDS)
    taken: dict[str, list[float]] = {c.name: [] for c in every}
    for _ in range(runs):
        for c in every:
            taken[c.name].append(_timed(c))
    base = statistics.median(taken[BASE.name])
    over = 0
    for c in every:
        seconds = statistics.median(taken[c.name])
        allowed = c.seconds or (c.ratio or float("inf")) * base
        over += seconds > allowed
        limit = f"limit {c.seconds} s" if c.seconds else f"limit {c.ratio} x" if c.ratio else ""
        print(f"{seconds:7.2f} s {seconds / base:6.2f} x  {c.name:30} {limit} {'OVER' * (seconds > allowed)}".rstrip())
    return int(bool(over))


if __name__ == "__main__":
    sys.exit(main())

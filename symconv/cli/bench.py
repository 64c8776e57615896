"""`symconv bench`: how long the commands take beside `import sympy`, or the kernels beside PyTorch's, in one run."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from statistics import geometric_mean, median
from time import perf_counter
from typing import Any

import click

_BASE = ("import sympy", (sys.executable, "-c", "import sympy"), None)
_SYMCONV = (sys.executable, "-c", "from symconv.cli import main; main()")
# What is measured, the command, and the most it may take in units of the base.
_COMMANDS = (
    ("symconv --help", (*_SYMCONV, "--help"), None),
    ("symconv derive (the article)", (*_SYMCONV, "derive"), 4.0),
    ("symconv prove (every reading)", (*_SYMCONV, "prove"), 8.0),
    ("symconv derive conv2d, k = 3", (*_SYMCONV, "derive", "conv2d", "--kernel-shape", "3,3", "--wrt", "x"), None),
    (
        "symconv derive conv2d, k = 10**9",
        (*_SYMCONV, "derive", "conv2d", "--kernel-shape", "1000000000,1000000000", "--wrt", "x"),
        None,
    ),
)


@dataclass(frozen=True)
class Timing:
    """Median seconds of one thing, its ratio to the base where it has one, and the ratio that is allowed."""

    name: str
    seconds: float
    ratio: float | None = None
    limit: float | None = None


@click.command("bench")
@click.option("--runs", type=click.IntRange(1, 100), default=7, show_default=True, help="counted runs of each command")
@click.option("--shapes", type=click.Choice(["core", "small"]), help="time kernels on these layers instead")
@click.option(
    "--against", type=click.Choice(["torch"]), default="torch", show_default=True, help="with --shapes: beside"
)
@click.option("--target", type=click.Choice(["c", "numpy"]), default="c", show_default=True, help="with --shapes: ours")
@click.option("--only", default="", metavar="TEXT", help="with --shapes: layers whose name contains this")
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(runs: int, shapes: str | None, against: str, target: str, only: str, style: str) -> int:
    """Time the commands, alternating with `import sympy`, and single 2-D proofs. Medians.

    With --shapes: the kernels of real layers beside PyTorch, one thread, its better layout, alternating, medians.
    The figures are reported, not judged: the exit code is 0 whatever they are.
    """
    if shapes is not None:
        return _kernels(shapes, target, only, style)
    timings = [*_commands(runs), *_proofs(runs)]
    if style == "json":
        click.echo(json.dumps({"schema": 1, "timings": [vars(t) for t in timings]}, indent=2))
        return 0
    for t in timings:
        ratio = "" if t.ratio is None else f"{t.ratio:6.2f} x"
        limit = "" if t.limit is None else f"  (at most {t.limit:g} x)"
        click.echo(f"{t.name:<58} {t.seconds * 1000:8.0f} ms {ratio}{limit}")
    return 0


def _kernels(shapes: str, target: str, only: str, style: str) -> int:
    """A line for each pass of each layer, then the geometric means of the ratios."""
    from symconv.api.speed import PASSES, measured

    speeds = []
    for s in measured(shapes, target, only):
        speeds.append(s)
        if style == "text":
            rates = " ".join(f"{name} {s.operations / t / 1e9:6.1f}" for name, t in s.others.items())
            click.echo(f"{s.name:<40} {s.step:<17} {s.operations / s.ours / 1e9:6.1f} GF/s, {rates}: {s.ratio:5.2f} x")
    if not speeds:
        raise click.UsageError(f"--only {only}: no layer of --shapes {shapes} has that in its name")
    means = {p: geometric_mean([s.ratio for s in speeds if s.step == p]) for p in PASSES}
    if style == "json":
        every = [{**vars(s), "ratio": s.ratio} for s in speeds]
        click.echo(json.dumps({"schema": 1, "speeds": every, "geometric_means": means}, indent=2))
        return 0
    layout = "NCHW" if target == "numpy" else "its better layout"
    for step, mean in means.items():
        count = sum(s.step == step for s in speeds)
        click.echo(f"geometric mean of {count} layers, {step:<17} {mean:5.2f} x torch, {layout}")
    whole = geometric_mean([s.ratio for s in speeds])
    click.echo(f"geometric mean of all {len(speeds)} figures {'':<13} {whole:5.2f} x torch, {layout}")
    return 0


def _commands(runs: int) -> list[Timing]:
    """Every command in turn, again and again, so that a slow spell of the machine falls on all of them."""
    every = (_BASE, *_COMMANDS)
    seconds: dict[str, list[float]] = {name: [] for name, _, _ in every}
    for _ in range(runs + 1):
        for name, arguments, _ in every:
            seconds[name].append(_timed(partial(_quiet, arguments)))
    medians = {name: median(values[1:]) for name, values in seconds.items()}
    base = medians[_BASE[0]]
    return [Timing(name, medians[name], medians[name] / base, limit) for name, _, limit in every]


def _quiet(arguments: tuple[str, ...]) -> None:
    done = subprocess.run(arguments, capture_output=True, check=False)
    if done.returncode > 1:
        raise click.ClickException(f"{' '.join(arguments[2:])} ended with {done.returncode}")


def _timed(run: Callable[[], object]) -> float:
    start = perf_counter()
    run()
    return perf_counter() - start


def _proofs(runs: int) -> list[Timing]:
    """The proof of each form of the input gradient of a 2-D layer, against its adjoint relation."""
    from symconv.derive import available_forms
    from symconv.layers import build_layer
    from symconv.prove.prover import prove_gradient

    out = []
    layers: dict[str, dict[str, Any]] = {
        "stride 1": {"strides": (1, 1), "pads": (0, 0, 0, 0), "dilations": (1, 1), "group": 1},
        "stride 2, pad 1": {"strides": (2, 2), "pads": (1, 1, 1, 1), "dilations": (1, 1), "group": 1},
        "strides 2,3, dilations 2,1, any pads and groups": {"strides": (2, 3), "dilations": (2, 1)},
    }
    for name, attributes in layers.items():
        layer = build_layer("conv2d", attributes)
        for form, sums in available_forms(layer, "x").items():
            times = [_timed(partial(prove_gradient, sums, layer, "x")) for _ in range(runs)]
            out.append(Timing(f"proof: {form}, {name}", median(times)))
    return out

"""`symconv verify`: a hand-written layer beside the derived one."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import click

from symconv.cli.options import attributes, layer_options, write

# Seconds before a terminal is told what is being done.
_PATIENCE = 1.0


@click.command("verify")
@click.argument("candidate", metavar="FILE:NAME", required=False)
@layer_options
@click.option("--forward", metavar="FILE:NAME", help="with --backward, in place of FILE:NAME: the forward pass")
@click.option("--backward", metavar="FILE:NAME", help="the backward pass; a cache is what the forward returns beside y")
@click.option("--returns", metavar="NAMES", help="what a tuple holds, such as dx,dw,db")
@click.option("--bind", "pairs", multiple=True, metavar="NAME=ROLE", help="what a parameter is, such as q=pads")
@click.option("--signature", metavar="C", help="of a function in a shared library: 'void conv(const float *x, ..)'")
@click.option("--seconds", type=float, default=20.0, show_default=True, help="limit of all that the candidate runs")
@click.option("--megabytes", type=int, default=4096, show_default=True, help="limit of its memory")
@click.option("--strict", is_flag=True, help="a convention (batch mean, shared ties) counts as wrong")
@click.option(
    "--format", "style", type=click.Choice(["text", "json", "github", "sarif"]), default="text", show_default=True
)
@click.option("-o", "--output", type=click.Path(dir_okay=False), help="write to this file")
@click.option("--force", is_flag=True, help="overwrite the file of -o")
def command(candidate: str | None, layer: str | None, spec: str | None, **options: Any) -> int:
    """Hold a function or a class against LAYER, and say what is wrong with it.

    FILE:NAME is a function or class in FILE.py, or a function in FILE.c or FILE.so. A function that takes a dy (dout,
    grad_output, delta ..) or a cache is a backward pass and returns dx, dw, db; any other is a forward pass. A class
    has a method forward and perhaps backward; its weights are found and overwritten. Attributes that are left out are
    tried at several values where the candidate takes them. It runs in a process of its own, with limits; that is no
    security sandbox. Exits with 1 if it is wrong, with 3 if it cannot be run.
    """
    from symconv.verify.verify import verify

    pair = _pair_of(candidate, layer, options)
    if pair is not None and layer is None:
        layer, candidate = candidate, None
    own = {n: options.pop(n) for n in tuple(options) if n in _OWN}
    if layer is None and spec is None:
        raise click.UsageError("name the layer, such as `symconv verify FILE.py:FUNCTION conv2d`")
    if candidate is None and pair is None:
        raise click.UsageError("name the candidate: FILE.py:FUNCTION, or --forward and --backward")
    report = verify(pair or candidate or "", _layer(layer, spec, options), _options(own))
    write(_rendered(report, own["style"]), own["output"], own["force"])
    if report.verdict in ("crashed", "unsupported"):
        return 3
    return int(report.verdict == "wrong")


_OWN = (
    "forward",
    "backward",
    "returns",
    "pairs",
    "signature",
    "seconds",
    "megabytes",
    "strict",
    "style",
    "output",
    "force",
)


def _pair_of(candidate: str | None, layer: str | None, options: dict[str, Any]) -> tuple[str, str] | None:
    """The two passes, where they are given; then the only word left is the layer."""
    forward, backward = options["forward"], options["backward"]
    if forward is None and backward is None:
        return None
    if forward is None or backward is None:
        raise click.UsageError("--forward and --backward go together; a single function is given as FILE.py:FUNCTION")
    if candidate is not None and layer is not None:
        raise click.UsageError(f"{candidate} beside --forward and --backward: give either one candidate or two passes")
    return forward, backward


def _layer(layer: str | None, spec: str | None, options: dict[str, Any]) -> Any:
    from symconv.api.documents import from_spec, named

    given = attributes(options)
    return named(layer or "", given) if spec is None else from_spec(spec, layer, given)


def _options(own: dict[str, Any]) -> Any:
    from symconv.verify.isolation import Limits
    from symconv.verify.verify import Options

    if own["seconds"] <= 0 or own["megabytes"] <= 0:
        raise click.UsageError("--seconds and --megabytes: give numbers above 0")
    names = tuple(n.strip() for n in own["returns"].split(",")) if own["returns"] else ()
    limits = Limits(own["seconds"], own["megabytes"])
    roles = dict(map(_role, own["pairs"]))
    return Options(names, roles, limits, own["strict"], _progress(), own["signature"])


def _role(text: str) -> tuple[str, str]:
    name, equals, role = text.partition("=")
    if not (name and equals and role):
        raise click.UsageError(f"--bind {text}: give NAME=ROLE, such as q=pads")
    return name, role


def _progress() -> Callable[[str], None]:
    """Says on a terminal what is being done, once it has taken a while."""
    start = time.monotonic()

    def say(words: str) -> None:
        if sys.stderr.isatty() and time.monotonic() - start > _PATIENCE:
            click.echo(f"\r\033[K{words}", err=True, nl=False)

    return say


def _rendered(report: Any, style: str) -> str:
    from symconv.verify.render import github, sarif

    if sys.stderr.isatty():
        click.echo("\r\033[K", err=True, nl=False)
    if style == "github":
        return github(report)
    if style == "text":
        return str(report.text())
    return json.dumps(report.json() if style == "json" else sarif(report), indent=2)

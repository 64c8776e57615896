"""`symconv verify`: a hand-written layer beside the derived one."""

from __future__ import annotations

import json
from typing import Any

import click

from symconv.cli.options import attributes, layer_options, write


@click.command("verify")
@click.argument("candidate", metavar="FILE.py:FUNCTION")
@layer_options
@click.option("--returns", metavar="NAMES", help="what a tuple holds, such as dx,dw,db")
@click.option("--bind", "pairs", multiple=True, metavar="NAME=ROLE", help="what a parameter is, such as q=pads")
@click.option("--seconds", type=float, default=20.0, show_default=True, help="limit of one run of all cases")
@click.option("--strict", is_flag=True, help="a convention (batch mean, shared ties) counts as wrong")
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("-o", "--output", type=click.Path(dir_okay=False), help="write to this file")
@click.option("--force", is_flag=True, help="overwrite the file of -o")
def command(
    candidate: str,
    layer: str | None,
    spec: str | None,
    returns: str | None,
    pairs: tuple[str, ...],
    seconds: float,
    strict: bool,
    style: str,
    output: str | None,
    force: bool,
    **options: Any,
) -> int:
    """Hold a function against LAYER, and say what is wrong with it.

    A function that takes a dy (dout, grad_output, delta ..) or a cache is a backward pass and returns dx, dw, db; any
    other is a forward pass. Attributes that are left out are tried at several values where the function takes them.
    The function runs in a process of its own, with limits; that is no security sandbox. Exits with 1 if it is wrong,
    with 3 if it cannot be run.
    """
    from symconv.api.documents import from_spec, named
    from symconv.verify.isolation import Limits
    from symconv.verify.verify import Options, verify

    given = attributes(options)
    if layer is None and spec is None:
        raise click.UsageError("name the layer, such as `symconv verify FILE.py:FUNCTION conv2d`")
    made = named(layer, given) if spec is None else from_spec(spec, layer, given)
    roles = dict(_pair(p) for p in pairs)
    names = tuple(n.strip() for n in returns.split(",")) if returns else ()
    report = verify(candidate, made, Options(names, roles, Limits(seconds=seconds), strict))
    write(json.dumps(report.json(), indent=2) if style == "json" else report.text(), output, force)
    if report.verdict in ("crashed", "unsupported"):
        return 3
    return int(report.verdict == "wrong")


def _pair(text: str) -> tuple[str, str]:
    name, equals, role = text.partition("=")
    if not (name and equals and role):
        raise click.UsageError(f"--bind {text}: give NAME=ROLE, such as q=pads")
    return name, role

"""Options that several commands share: the layer, its attributes, and where the result goes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

# option -> (attribute of the layer, help). Aliases are PyTorch's spellings.
_ATTRIBUTES = {
    ("--kernel-shape", "--kernel-size"): "window per axis, such as 3,3",
    ("--strides", "--stride"): "stride per axis; a name makes it symbolic, such as s,2",
    ("--dilations", "--dilation"): "dilation per axis",
    ("--group", "--groups"): "number of groups",
    ("--pads",): "all begins, then all ends, such as 1,1,1,1",
    ("--padding",): "pad per axis on both sides, or same / valid",
    ("--auto-pad",): "NOTSET, VALID, SAME_UPPER or SAME_LOWER",
    ("--output-padding",): "extra rows of a transposed convolution, per axis",
    ("--in-channels",): "channels of the input",
    ("--out-channels",): "channels of the output",
    ("--input-shape",): "N,C,H,W: numbers for the sizes",
    ("--ceil-mode",): "pooling: 1 rounds the output size up",
    ("--count-include-pad",): "average pooling: 1 counts the padding",
    ("--p",): "L-p pooling: the exponent",
    ("--bias",): "convolution, dense: 0 leaves the bias out",
    ("--activation",): "convolution, dense: what follows, such as relu or tanh",
    ("--alpha",): "leaky_relu: the slope below zero, such as 0.01",
    ("--rank",): "activations: the number of axes",
    ("--function",): "elementwise: an expression of x, such as x/(1+exp(-x))",
    ("--formula",): 'formula: "y[i] = sum(k) w[k]*x[2*i+k]"',
}

Function = Callable[..., Any]


def layer_options(command: Function) -> Function:
    """The layer's name, its attributes, `--spec`."""
    for names, text in reversed(_ATTRIBUTES.items()):
        command = click.option(*names, default=None, metavar="VALUE", help=text)(command)
    command = click.option("--spec", type=click.Path(dir_okay=False), help="layer and attributes from a TOML file")(
        command
    )
    return click.argument("layer", required=False)(command)


def output_options(formats: tuple[str, ...]) -> Callable[[Function], Function]:
    """`--format`, `-o`, `--force`, `--fragment`."""

    def add(command: Function) -> Function:
        command = click.option("--fragment", is_flag=True, help="LaTeX: the body alone, without a document around it")(
            command
        )
        command = click.option("--force", is_flag=True, help="overwrite the file of -o")(command)
        command = click.option("-o", "--output", type=click.Path(dir_okay=False), help="write to this file")(command)
        return click.option("--format", "style", type=click.Choice(formats), default=formats[0], show_default=True)(
            command
        )

    return add


def parsed(value: str) -> Any:
    """A comma list or one entry; an entry is an int where it looks like one, else a name that the layer checks."""
    entries = [_entry(part.strip()) for part in value.split(",")]
    return tuple(entries) if "," in value else entries[0]


def _entry(text: str) -> int | str:
    # int() is quadratic in the digits and refuses more than a few thousand: such a value is left to the layer's check.
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdigit() and len(digits) < 100 else text


def attributes(options: dict[str, str | None]) -> dict[str, Any]:
    """The attributes that were given, as the layer takes them."""
    verbatim = ("function", "formula", "auto_pad", "alpha", "activation")
    return {name: value if name in verbatim else parsed(value) for name, value in options.items() if value is not None}


def write(text: str, output: str | None, force: bool) -> None:
    """To stdout, or to a file: whole or not at all, and never over a file that is there unless forced."""
    text = text if text.endswith("\n") else text + "\n"
    if output is None:
        click.echo(text, nl=False)
        return
    from symconv.build.files import write_atomic

    path = Path(output)
    if path.exists() and not force:
        raise click.UsageError(f"-o {output}: the file exists; give --force to overwrite it, or another name")
    try:
        write_atomic(path, text)
    except OSError as error:
        raise click.UsageError(f"-o {output}: cannot be written: {error.strerror}") from error


def ascii_only(output: str | None) -> bool:
    """Can the terminal print no more than ASCII? Files are UTF-8."""
    if output is not None:
        return False
    try:
        "Σδ′⌊ˡ".encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return True
    return False

"""`symconv derive`: the article's derivation, that of any layer, or the answer to a question about it."""

from __future__ import annotations

from typing import Any

import click

from symconv.cli.options import ascii_only, attributes, layer_options, output_options, write

FORMATS = ("text", "latex", "markdown", "json")


@click.command("derive")
@layer_options
@click.option("--wrt", metavar="OPERAND", help="x, w, b or another input; all of them when left out")
@click.option(
    "--form",
    type=click.Choice(["scatter", "taps", "region", "phases"]),
    help="one form of the gradient instead of the derivation",
)
@click.option("--explain", "topic", type=click.Choice(["flip", "padding", "stride"]), help="answer a question")
@click.option("--certificate", "folder", metavar="DIR", help="write what is proved of integers as SMT-LIB 2 files")
@output_options(FORMATS)
def command(
    layer: str | None,
    wrt: str | None,
    form: str | None,
    topic: str | None,
    folder: str | None,
    spec: str | None,
    style: str,
    output: str | None,
    force: bool,
    fragment: bool,
    **options: Any,
) -> int:
    """Derive gradients, every step with its reason and its proof.

    Without LAYER: the article from Eq. 1 to Eq. 22, the bias, pooling, and two stacked layers. With LAYER: that layer;
    attributes that are left out stay symbolic. Exits with 1 if anything is not proved.

    Layers: conv, conv_transpose, max_pool, average_pool and lp_pool, each with 1d, 2d or 3d after it; dense, relu,
    leaky_relu, sigmoid, tanh, elementwise, squared_error, cross_correlation, convolution, formula.
    """
    from symconv.api import documents

    given = attributes(options)
    if layer is None and spec is None:
        _refuse_without_layer(given, wrt, form)
        document = documents.article() if topic is None else documents.explained(documents.named("conv2d", {}), topic)
    else:
        made = documents.named(layer, given) if spec is None else documents.from_spec(spec, layer, given)
        if topic is not None:
            document = documents.explained(made, topic, wrt)
        elif form is not None:
            document = documents.one_form(made, wrt, form)
        else:
            document = documents.derivations(made, wrt)
    if folder is not None:
        click.echo(f"{documents.certified(document, folder)} statements in {folder}", err=True)
    write(documents.printed(document, style, fragment=fragment, ascii=ascii_only(output)), output, force)
    return int(not document.proved)


def _refuse_without_layer(given: dict[str, Any], wrt: str | None, form: str | None) -> None:
    """Attributes without a layer to put them on are a mistake, not the article."""
    options = [*given, *(["wrt"] if wrt else []), *(["form"] if form else [])]
    loose = [f"--{name.replace('_', '-')}" for name in options]
    if loose:
        raise click.UsageError(f"{', '.join(loose)}: name the layer they belong to, such as `symconv derive conv2d`")

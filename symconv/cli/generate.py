"""`symconv generate`: a layer's kernels as files."""

from __future__ import annotations

from typing import Any

import click

from symconv.cli.options import attributes, layer_options


@click.command("generate")
@layer_options
@click.option("--target", type=click.Choice(["c", "numpy"]), default="c", show_default=True, help="language")
@click.option("-o", "--output", default=".", show_default=True, metavar="DIR", help="folder of the files")
@click.option("--name", help="of the files and functions; the layer's where left out")
@click.option(
    "--dtype", type=click.Choice(["float32", "float64"]), default="float32", show_default=True, help="C: real type"
)
@click.option("--algorithm", type=click.Choice(["auto", "direct"]), default="auto", help="C: direct means exact loops")
@click.option("--self-test", is_flag=True, help="C: add a main() with integer vectors and the expected answers")
@click.option("--check", is_flag=True, help="write nothing; exit with 1 where a file is missing or stale")
@click.option("--force", is_flag=True, help="replace files that were not generated, or were edited")
@click.option("--showcase", is_flag=True, help="the layers of the folder generated/ instead of one LAYER")
@click.option("--explain", is_flag=True, help="print the plan of every kernel and write nothing")
def command(
    layer: str | None,
    spec: str | None,
    target: str,
    output: str,
    name: str | None,
    dtype: str,
    algorithm: str,
    self_test: bool,
    check: bool,
    force: bool,
    showcase: bool,
    explain: bool,
    **options: Any,
) -> int:
    """Write NumPy or C kernels for LAYER: forward, and the gradient by each input.

    Strides, dilations and group that are left out are 1, pads 0. Sizes that are left out are arguments of the kernels;
    --input-shape bakes them in.
    """
    from symconv.api.documents import from_spec, named
    from symconv.api.kernels import explanation, generated_files
    from symconv.api.showcase import showcase_files
    from symconv.layers.defaults import completed

    given = attributes(options)
    if showcase:
        if layer is not None or spec is not None or given:
            raise click.UsageError("--showcase is a list of layers of its own: leave LAYER and its attributes out")
        return _written(showcase_files(output), output, check, force)
    if layer is None and spec is None:
        raise click.UsageError("name a layer, such as `symconv generate conv2d --kernel-shape 3,3`, or give --spec")
    shape = given.pop("input_shape", None)
    shape = shape if shape is None or isinstance(shape, tuple) else (shape,)
    given = completed(layer or "", given)
    made = named(layer, given) if spec is None else from_spec(spec, layer, given)
    if explain:
        click.echo("\n".join(explanation(made, target, algorithm, shape)))
        return 0
    source = (("--spec", spec),) if spec is not None else ()
    files = generated_files(made, target, output, name, dtype, algorithm, shape, self_test, source)
    return _written(files, output, check, force)


def _written(files: dict[str, str], output: str, check: bool, force: bool) -> int:
    """Write the files, or say which of them are stale."""
    from pathlib import Path

    from symconv.api.kernels import stale_files
    from symconv.build.files import write_generated

    if check:
        old = stale_files(output, files)
        for file in old:
            click.echo(f"{Path(output) / file} is missing or stale")
        return int(bool(old))
    for path in write_generated(Path(output), files, force):
        click.echo(str(path))
    return 0

"""`symconv.build` and `symconv.generate`: kernels to call, and kernels as files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from symconv.api import as_layer
from symconv.build.files import stale, write_generated
from symconv.build.kernels import TARGETS, Kernels, chosen, prepared
from symconv.build.kernels import build as build_layer_kernels
from symconv.emit.c.file import REALS, c_source, plan_lines
from symconv.emit.provenance import Provenance, sealed
from symconv.ir import Layer, UserError, checked_name
from symconv.lower.kernel import kernels_of
from symconv.lower.plans import ALGORITHMS, plan_kernel


def build(
    layer: Any,
    target: str = "c",
    dtype: str = "float32",
    threads: int = 1,
    algorithm: str = "auto",
    input_shape: Sequence[int] | None = None,
) -> Kernels:
    """The kernels of a layer, ready to be called with arrays.

    layer: `Conv2d(...)`, `Formula(...)` or any other; strides, dilations and group that are left out are 1, pads 0.
    target: "c" (compiled now, or taken out of the cache) or "numpy". dtype: "float32" or "float64". threads: pieces of
    the batch that run side by side (C). algorithm: "auto", or "direct" for exact loops. input_shape: (N, C, H, W) bakes
    the sizes in; without it they are read off the arrays of each call.

    >>> import numpy as np, symconv as sc
    >>> k = sc.build(sc.Conv2d(kernel_shape=(3, 3), strides=(2, 2), pads=(1, 1, 1, 1)), target="numpy")
    >>> x, w = np.ones((1, 2, 5, 5), np.float32), np.ones((4, 2, 3, 3), np.float32)
    >>> y = k.forward(x, w)
    >>> y.shape, k.grad_input(y, w, x.shape).shape, k.grad_weight(y, x).shape
    ((1, 4, 3, 3), (1, 2, 5, 5), (4, 2, 3, 3))
    """
    return build_layer_kernels(as_layer(layer), target, dtype, threads, algorithm, input_shape)


def generate(
    layer: Any,
    target: str = "c",
    output: str | Path = ".",
    *,
    name: str | None = None,
    dtype: str = "float32",
    algorithm: str = "auto",
    input_shape: Sequence[int] | None = None,
    self_test: bool = False,
    force: bool = False,
) -> list[Path]:
    """Write the kernels of a layer to files in the folder `output`; returns their paths.

    Raises `UserError` where a file is there that was not generated, or was edited since, unless `force`.
    """
    files = generated_files(as_layer(layer), target, output, name, dtype, algorithm, input_shape, self_test)
    return write_generated(Path(output), files, force)


def stale_files(folder: str | Path, files: dict[str, str]) -> list[str]:
    """The names of the files that are missing in the folder or differ."""
    return stale(Path(folder), files)


def generated_files(
    layer: Layer,
    target: str,
    output: str | Path,
    name: str | None = None,
    dtype: str = "float32",
    algorithm: str = "auto",
    input_shape: Sequence[int] | None = None,
    self_test: bool = False,
    source: Sequence[tuple[str, str]] = (),
) -> dict[str, str]:
    """The files by name, with their text. source: options that name the layer, where its attributes do not."""
    chosen("target", target, TARGETS)
    chosen("dtype", dtype, tuple(REALS))
    chosen("algorithm", algorithm, ALGORITHMS)
    name = plain_name(layer.name if name is None else name)
    whole = prepared(layer, input_shape)
    options = [*source, ("--target", target), ("--name", name)]
    options += [("--dtype", dtype)] if dtype != "float32" else []
    options += [("--algorithm", algorithm)] if algorithm != "auto" else []
    if input_shape is not None and "input_shape" not in dict(layer.attributes):
        options.append(("--input-shape", ",".join(map(str, input_shape))))
    options += [("--self-test", "")] if self_test else []
    provenance = Provenance(whole, () if source else layer.attributes, (*options, ("-o", str(output))))
    texts = (
        _c_files(whole, name, dtype, algorithm, self_test, provenance)
        if target == "c"
        else _numpy(whole, name, provenance)
    )
    return {file: sealed(text) for file, text in texts.items()}


def plain_name(name: str) -> str:
    """A name for files and functions; `UserError` where it is no identifier of C and Python."""
    if "'" in name:
        raise UserError(f"name {name!r} is not allowed: a letter, then letters, digits or _")
    return checked_name(name, "name")


def _c_files(
    layer: Layer, name: str, dtype: str, algorithm: str, self_test: bool, provenance: Provenance
) -> dict[str, str]:
    plans = [plan_kernel(k, algorithm) for k in kernels_of(layer)]
    text = c_source(plans, name, dtype, provenance.lines("templates/c"), self_test)
    return {f"{name}.c": text.source, f"{name}.h": text.header}


def _numpy(layer: Layer, name: str, provenance: Provenance) -> dict[str, str]:
    from symconv.emit.numpy import numpy_module

    header = "\n".join(f"# {line}".rstrip() for line in provenance.lines("templates/numpy"))
    return {f"{name}.py": numpy_module(layer, header=header)}


def explanation(
    layer: Any, target: str, algorithm: str = "auto", input_shape: Sequence[int] | None = None
) -> list[str]:
    """The plan of every kernel, a line a part."""
    whole = prepared(as_layer(layer), input_shape)
    if chosen("target", target, TARGETS) == "numpy":
        from symconv.emit.numpy import explain

        return list(explain(whole))
    return plan_lines([plan_kernel(k, algorithm) for k in kernels_of(whole)])

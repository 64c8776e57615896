"""`build`: a layer's kernels, ready to be called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy as sp

from symconv.build.arrays import LARGEST_BYTES
from symconv.build.library import Function, load
from symconv.build.modules import load_module
from symconv.emit.c.file import REALS, c_source
from symconv.ir import Layer, UserError
from symconv.layers.defaults import baked, concrete
from symconv.lower.kernel import kernels_of
from symconv.lower.plans import ALGORITHMS, plan_kernel

TARGETS = ("c", "numpy")


class Kernels:
    """The functions of one layer: `forward`, and `grad_input`, `grad_weight`, `grad_bias` or `grad_<operand>`.

    Arrays in, arrays out; every function takes `out=` to fill an existing one. `source` is the text they were made of.
    """

    def __init__(self, layer: Layer, target: str, functions: Sequence[Function], source: str) -> None:
        self.layer, self.target, self.source = layer, target, source
        self.functions = {f.kernel.name: f for f in functions}

    def __getattr__(self, name: str) -> Function:
        functions = self.__dict__.get("functions", {})
        if name in functions:
            found: Function = functions[name]
            return found
        raise AttributeError(f"the kernels of {self.layer.name} are {', '.join(functions)}: there is no {name}")

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self.functions})

    def __repr__(self) -> str:
        return f"<{self.target} kernels of {self.layer.name}: {', '.join(self.functions)}>"


def build(
    layer: Layer,
    target: str = "c",
    dtype: str = "float32",
    threads: int = 1,
    algorithm: str = "auto",
    input_shape: Sequence[int] | None = None,
) -> Kernels:
    """The kernels of a layer. Raises `UserError` for a layer or an option that is not allowed, `ToolError` where the C
    compiler fails or is missing.
    """
    chosen("target", target, TARGETS)
    chosen("dtype", dtype, tuple(REALS))
    chosen("algorithm", algorithm, ALGORITHMS)
    if isinstance(threads, bool) or not isinstance(threads, int) or not 1 <= threads <= 1024:
        raise UserError(f"threads = {threads!r}: give an integer from 1 to 1024")
    whole = prepared(layer, input_shape)
    if target == "numpy":
        functions, source = load_module(whole, dtype)
        return Kernels(whole, target, functions, source)
    kernels = kernels_of(whole)
    text = c_source([plan_kernel(k, algorithm) for k in kernels], "kernel", dtype, [f"kernels of {whole.name}"])
    return Kernels(whole, target, load(kernels, text, "kernel", dtype, threads), text.source)


def prepared(layer: Layer, input_shape: Sequence[int] | None) -> Layer:
    """The layer with numbers for its attributes, and for its sizes where the input's shape is given."""
    whole = concrete(layer)
    whole = whole if input_shape is None else baked(whole, input_shape)
    for operand in whole.context.operands:
        entries = sp.Mul(*operand.shape)
        if entries.is_Integer and entries * 8 > LARGEST_BYTES:
            raise UserError(f"{operand.name} of shape {operand.outer_shape} has more bytes than an address can count")
    return whole


def chosen(what: str, value: Any, allowed: Sequence[str]) -> str:
    if not isinstance(value, str) or value not in allowed:
        raise UserError(f"{what} = {value!r}: give one of {', '.join(allowed)}")
    return value

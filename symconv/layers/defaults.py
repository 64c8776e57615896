"""What attributes are when a kernel is built: those left out are no symbols any more, but ONNX's defaults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sympy as sp

from symconv.ir import Layer, UserError, offset
from symconv.layers.attributes import ALIASES
from symconv.layers.axes import AXES
from symconv.layers.registry import REGISTRY, build_layer


def concrete(layer: Layer) -> Layer:
    """The layer with strides, dilations and group 1 and pads 0 where they were left out; the others stay as given.

    Raises `UserError` where a number is missing that has no default: kernel_shape, or an attribute given as a name.
    """
    given = dict(layer.attributes)
    entry = REGISTRY.get(layer.name)
    if entry is not None and entry.rank is not None:
        layer = build_layer(layer.name, {**_defaults(layer.name, entry.rank, given), **given})
    _check_numbers(layer, dict(layer.attributes))
    return layer


def completed(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes with strides and dilations of 1 where the padding is worked out from them and they were left out."""
    spelled = [given.get(a) for a in ("auto_pad", "padding")]
    entry = REGISTRY.get(name)
    if entry is None or entry.rank is None or not any(isinstance(v, str) for v in spelled):
        return dict(given)
    known = {ALIASES.get(a, a) for a in given}
    return {**given, **{a: (1,) * entry.rank for a in ("strides", "dilations") if a not in known}}


def baked(layer: Layer, input_shape: Sequence[int]) -> Layer:
    """The layer with the sizes that its input's shape tells as numbers.

    input_shape: of x as a caller's array has it. Raises `UserError` where the layer has no x, or another shape.
    """
    entry = REGISTRY.get(layer.name)
    if not isinstance(input_shape, Sequence):
        raise UserError(f"input_shape = {input_shape!r}: give a tuple, the shape of x")
    for n in input_shape:
        if isinstance(n, bool) or not isinstance(n, int) or n < 1:
            raise UserError(f"input_shape has the entry {n!r}: give integers of at least 1")
    if entry is not None and "input_shape" in entry.attributes:
        return build_layer(layer.name, {**dict(layer.attributes), "input_shape": tuple(input_shape)})
    if not layer.context.has("x"):
        raise UserError(f"input_shape: {layer.name} has no operand x; its sizes stay arguments of the kernels")
    shape = layer.context.operand("x").outer_shape
    if len(shape) != len(input_shape):
        raise UserError(
            f"input_shape = {tuple(input_shape)} has {len(input_shape)} axes: x of {layer.name} has {len(shape)}"
        )
    values: dict[sp.Symbol, int] = {}
    for e, n in zip(shape, input_shape, strict=True):
        if e.is_Symbol and e not in values:
            values[e] = n
        elif e.xreplace(values) != n:
            raise UserError(
                f"input_shape = {tuple(input_shape)}: an axis of x has {e.xreplace(values)} entries, not {n}"
            )
    return layer.substitute(values)


def _defaults(name: str, rank: int, given: dict[str, Any]) -> dict[str, Any]:
    known = REGISTRY[name].attributes
    ones = tuple([1] * rank)
    out: dict[str, Any] = {"strides": ones, "dilations": ones, "group": 1}
    if "auto_pad" not in given or given["auto_pad"] == "NOTSET":
        out["pads"] = tuple([0] * (2 * rank))
    if "kernel_shape" in known and "kernel_shape" not in given:
        raise UserError(f"{name}: kernel_shape is missing: a kernel needs numbers, such as {','.join('3' * rank)}")
    return {key: value for key, value in out.items() if key in known}


def _check_numbers(layer: Layer, given: dict[str, Any]) -> None:
    """Every attribute of a window must be a number by now, or the loops over it could not be written."""
    entry = REGISTRY.get(layer.name)
    names = ("kernel_shape", "strides", "pads", "dilations", "group", "output_padding", "p")
    for attribute in names if entry is not None and entry.rank is not None else ():
        value = given.get(attribute)
        for part in value if isinstance(value, (tuple, list)) else (value,):
            if part is not None and not _is_number(part):
                raise UserError(f"{layer.name}: {attribute} has the symbol {part}: a kernel needs a number for it")
    unset = {offset(name) for a in AXES[3] for name in (a.before, a.after)}
    if given.get("auto_pad") in ("SAME_UPPER", "SAME_LOWER") and unset & set(layer.context.sizes):
        raise UserError(f"{layer.name}: auto_pad = {given['auto_pad']} depends on the image: give input_shape, or pads")


def _is_number(value: Any) -> bool:
    return not isinstance(value, (str, bool)) and (isinstance(value, int) or getattr(value, "is_Integer", False))

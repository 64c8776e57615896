"""What an output should be, as a line of text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from symconv.derive.forms import gradient_form
from symconv.derive.strategy import adjoint_order
from symconv.emit.equation import Printer
from symconv.emit.text import UNICODE
from symconv.ir import Layer
from symconv.layers.registry import REGISTRY, build_layer

# The numbers of a case that make a formula shorter; the kernel's size stays a letter.
_NUMBERS = ("strides", "pads", "dilations", "group")


def formula_of(layer: Layer, name: str, attributes: Mapping[str, Any]) -> str:
    """The forward formula of y, or the sums that gather each entry of a gradient, at the numbers of a case."""
    numbers = {n: v for n, v in attributes.items() if n in _NUMBERS and n not in dict(layer.attributes)}
    if layer.name in REGISTRY:
        layer = build_layer(layer.name, {**dict(layer.attributes), **numbers})
    return "; ".join(_lines(Printer(UNICODE, layer.notation, layer.context), layer, name))


def _lines(printer: Printer, layer: Layer, name: str) -> Iterator[str]:
    if name == layer.result:
        yield from (printer.statement(s) for s in layer.statements)
        return
    for target in adjoint_order(layer, layer.context.operand(name).of[0]):
        yield from printer.lines(gradient_form(layer, target, "taps"))

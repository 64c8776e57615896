"""Layers as Python values: `Conv2d(kernel_shape=(3, 3), strides=(2, 2))`, checked when they are made.

A spec holds the attributes as they were given; `.layer` is the formula. Strings stand for symbols.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

from symconv.ir import Layer
from symconv.layers.registry import REGISTRY, build_layer


class Spec:
    """Base of all specs: immutable, equal where their attributes are equal."""

    kind: ClassVar[str]
    attributes: Mapping[str, Any]
    layer: Layer

    def __init__(self, **attributes: Any) -> None:
        # Past __setattr__, which refuses; building the layer is the check.
        made = build_layer(self.kind, attributes)
        vars(self).update(attributes=MappingProxyType(dict(attributes)), layer=made)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable: make a new one with the other {name}")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable: make a new one without {name}")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Spec) and (self.kind, self.attributes) == (other.kind, other.attributes)

    def __hash__(self) -> int:
        # Of the names alone: a value may be a list, and 1 == True has two spellings.
        return hash((self.kind, frozenset(self.attributes)))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in self.attributes.items())})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _made, (self.kind, dict(self.attributes))


def _made(kind: str, attributes: dict[str, Any]) -> Spec:
    """A spec from what it was made of: how copies and pickles come back."""
    return SPECS[_class_name(kind)](**attributes)


def _class_name(kind: str) -> str:
    """conv_transpose2d -> ConvTranspose2d"""
    return "".join(part[:1].upper() + part[1:] for part in kind.split("_"))


def _spec(kind: str) -> type[Spec]:
    entry = REGISTRY[kind]
    names = f" Attributes: {', '.join(entry.attributes)}." if entry.attributes else ""
    doc = f"{entry.about}.{names} Attributes that are left out stay symbolic."
    return type(_class_name(kind), (Spec,), {"kind": kind, "__doc__": doc, "__module__": __name__})


SPECS: dict[str, type[Spec]] = {_class_name(kind): _spec(kind) for kind in REGISTRY if kind != "formula"}


class Formula(Spec):
    """A layer of your own: Formula("y[i] = sum(k) w[k] * x[2*i + k]", shapes={"x": ("H",)})."""

    kind = "formula"

    def __init__(self, formula: str, shapes: Mapping[str, Any] | None = None) -> None:
        super().__init__(formula=formula, **({"shapes": shapes} if shapes else {}))


SPECS["Formula"] = Formula

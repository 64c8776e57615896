"""Layers as Python values: `Conv2d(kernel_shape=(3, 3), strides=(2, 2))`, checked when they are made.

A spec holds the attributes as they were given; `.layer` is the formula. Strings stand for symbols.
"""

from __future__ import annotations

from typing import Any, ClassVar

from symconv.ir import Layer
from symconv.layers.registry import REGISTRY, build_layer


class Spec:
    """Base of all specs: immutable, equal where their attributes are equal."""

    kind: ClassVar[str]

    def __init__(self, **attributes: Any) -> None:
        # Past __setattr__, which refuses; building the layer is the check.
        vars(self).update(attributes=dict(attributes), layer=build_layer(self.kind, attributes))

    attributes: dict[str, Any]
    layer: Layer

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable: make a new one with the other {name}")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Spec) and (self.kind, self.attributes) == (other.kind, other.attributes)

    def __hash__(self) -> int:
        return hash((self.kind, repr(sorted(self.attributes.items()))))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in self.attributes.items())})"


def _class_name(kind: str) -> str:
    """conv_transpose2d -> ConvTranspose2d"""
    return "".join(part[:1].upper() + part[1:] for part in kind.split("_"))


def _spec(kind: str) -> type[Spec]:
    doc = f"{REGISTRY[kind].about}. Attributes that are left out stay symbolic."
    return type(_class_name(kind), (Spec,), {"kind": kind, "__doc__": doc, "__module__": __name__})


SPECS: dict[str, type[Spec]] = {_class_name(kind): _spec(kind) for kind in REGISTRY if kind != "formula"}


class Formula(Spec):
    """A layer of your own: Formula("y[i] = sum(k) w[k] * x[2*i + k]", shapes={"x": ("H",)})."""

    kind = "formula"

    def __init__(self, formula: str, shapes: dict[str, tuple[Any, ...]] | None = None) -> None:
        super().__init__(formula=formula, **({"shapes": shapes} if shapes else {}))


SPECS["Formula"] = Formula

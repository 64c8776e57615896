"""Ways of calling a layer: orders of axes, names and orders of parameters, and what is returned."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.verify.seeded.reference import Array

REQUIRED = inspect.Parameter.empty


@dataclass(frozen=True)
class Layout:
    """Axes of x and y, of w, and the shape of a bias as letters; an axis that is left out has one entry."""

    x: str = "NCHW"
    w: str = "OIHW"
    b: str = "O"


@dataclass(frozen=True)
class Parameter:
    """role: x, w, b, dy, strides, pads, dilations, kernel_shape, cache or settings."""

    name: str
    role: str
    default: Any = REQUIRED
    keyword: bool = False


@dataclass(frozen=True)
class Style:
    """Parameters of a function, and by which keys it returns its outputs: none, for a tuple.

    whole: it takes a number for all axes and no tuple. as_list: it returns a list.
    """

    parameters: tuple[Parameter, ...]
    keys: tuple[str, ...] = ()
    whole: bool = False
    as_list: bool = False

    @property
    def roles(self) -> frozenset[str]:
        return frozenset(p.role for p in self.parameters)

    @property
    def fixed(self) -> dict[str, int]:
        """The attributes that it cannot be told."""
        told = self.roles | ({"strides", "pads"} if self.roles & {"cache", "settings"} else set())
        return {n: v for n, v in (("strides", 1), ("pads", 0), ("dilations", 1)) if n not in told}


def named(name: str, style: Style, body: Callable[[Mapping[str, Any]], Any]) -> Callable[..., Any]:
    """A function with these parameters; the body is given their values by role."""
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    signature = inspect.Signature(
        [inspect.Parameter(p.name, kinds[p.keyword], default=p.default) for p in style.parameters]
    )

    def candidate(*given: Any, **by_name: Any) -> Any:
        bound = signature.bind(*given, **by_name)
        bound.apply_defaults()
        return body({p.role: bound.arguments[p.name] for p in style.parameters})

    candidate.__name__ = candidate.__qualname__ = name
    candidate.__signature__ = signature  # type: ignore[attr-defined]
    return candidate


def canonical(a: Array, layout: str, axes: str) -> Array:
    """An array in a layout as one with all axes, in their order."""
    kept = [letter for letter in axes if letter in layout]
    a = np.transpose(a, [layout.index(letter) for letter in kept])
    return np.expand_dims(a, tuple(k for k, letter in enumerate(axes) if letter not in layout))


def laid_out(a: Array, layout: str, axes: str) -> Array:
    """The inverse. It is a view: a result in another layout is rarely contiguous."""
    a = np.squeeze(a, tuple(k for k, letter in enumerate(axes) if letter not in layout))
    kept = [letter for letter in axes if letter in layout]
    return np.transpose(a, [kept.index(letter) for letter in layout])


def bias_shaped(b: Array, letters: str) -> Array:
    return b.reshape([-1 if letter == "O" else 1 for letter in letters])


def _parameters(text: str) -> tuple[Parameter, ...]:
    """`name:role`, `name:role=default`; those after * by name only."""
    out: list[Parameter] = []
    keyword = False
    for word in text.split():
        if word == "*":
            keyword = True
            continue
        name, _, rest = word.partition(":")
        role, _, default = rest.partition("=")
        out.append(Parameter(name, role or name, int(default) if default else REQUIRED, keyword))
    return tuple(out)


FORWARD = (
    Style(_parameters("x w b strides:=1 pads:=0 dilations:=1")),
    Style(_parameters("input:x weight:w bias:b stride:strides=1 padding:pads=0 dilation:dilations=1")),
    Style(_parameters("image:x kernel:w bias:b stride:strides pad:pads"), keys=("y",)),
    Style(_parameters("a_prev:x W:w b stride:strides=1 pad:pads=0"), keys=("output",), whole=True),
    Style(_parameters("filters:w inputs:x biases:b * stride:strides=1 padding:pads=0 dilation:dilations=1")),
    Style(_parameters("features:x kernels:w bias:b"), as_list=True),
    Style(_parameters("x w b conv_param:settings")),
    Style(_parameters("weights:w img:x stride:strides=1")),
)
BACKWARD = (
    Style(_parameters("dy x w strides:=1 pads:=0 dilations:=1"), keys=("dx", "dw", "db")),
    Style(_parameters("grad_output:dy input:x weight:w stride:strides=1 padding:pads=0 dilation:dilations=1")),
    Style(_parameters("dout:dy cache")),
    Style(_parameters("delta:dy features:x kernels:w"), keys=("grad_input", "grad_weight", "grad_bias")),
    Style(_parameters("x w dout:dy * stride:strides=1 pad:pads=0")),
    Style(_parameters("image:x W:w b upstream:dy stride:strides=1 pad:pads=0"), whole=True),
    Style(_parameters("dz:dy inputs:x filters:w conv_param:settings"), keys=("dx", "dW", "db"), as_list=True),
)

"""Layers by name, for the command line, TOML files and Python."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from symconv.ir import Layer, UserError
from symconv.layers import custom, images, pointwise, pooling
from symconv.layers.attributes import unknown
from symconv.layers.convolution import conv, conv_transpose

_WINDOWS: dict[str, tuple[Callable[..., Layer], str]] = {
    "conv": (conv, "convolutional layer (Eqs. 4-8): batch, channels, groups, bias"),
    "conv_transpose": (conv_transpose, "transposed convolution: scatters its input"),
    "max_pool": (pooling.max_pool, "maximum of each window; the first winning unit takes the gradient"),
    "average_pool": (pooling.average_pool, "mean of each window"),
    "lp_pool": (pooling.lp_pool, "L-p norm of each window; p = 2 is L2 pooling"),
}


@dataclass(frozen=True)
class Entry:
    """How to build a layer from its attributes, and what it is in one line."""

    build: Callable[..., Layer]
    about: str


REGISTRY: dict[str, Entry] = {
    f"{name}{rank}d": Entry(partial(build, rank), f"{about}, {rank}-D")
    for name, (build, about) in _WINDOWS.items()
    for rank in (1, 2, 3)
} | {
    "dense": Entry(pointwise.dense, "fully connected layer"),
    "relu": Entry(partial(pointwise.activation, "relu"), "max(0, x) elementwise"),
    "sigmoid": Entry(partial(pointwise.activation, "sigmoid"), "1/(1 + exp(-x)) elementwise"),
    "tanh": Entry(partial(pointwise.activation, "tanh"), "tanh elementwise"),
    "elementwise": Entry(pointwise.elementwise_from_text, "an expression of x elementwise; f where none is given"),
    "squared_error": Entry(pointwise.squared_error, "half the sum of squared differences (Eq. 9)"),
    "cross_correlation": Entry(images.cross_correlation, "of one image with one kernel (Eq. 1)"),
    "convolution": Entry(images.convolution, "of one image with one kernel (Eq. 2)"),
    "formula": Entry(custom.custom, "a sum of your own"),
}


def build_layer(name: str, attributes: Mapping[str, Any]) -> Layer:
    """The layer of that name. Raises `UserError` for an unknown name or attribute, with the nearest known one."""
    if name not in REGISTRY:
        raise UserError(unknown(f"layer {str(name)[:60]!r}", str(name), list(REGISTRY)))
    return REGISTRY[name].build(**attributes)


def layer_from_toml(path: str | Path) -> Layer:
    """A layer from a file with `layer = "conv2d"` and its attributes."""
    try:
        table = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"spec {path}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"spec {path}: is no TOML: {error}") from None
    name = table.pop("layer", None)
    if not isinstance(name, str):
        raise UserError(f'spec {path}: it needs a line such as layer = "conv2d"')
    return build_layer(name, table)

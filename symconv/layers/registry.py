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
from symconv.layers.attributes import shown, unknown
from symconv.layers.convolution import CONV, TRANSPOSE, conv, conv_transpose


@dataclass(frozen=True)
class Entry:
    """How to build a layer, what it is in one line, its attributes, its number of spatial axes (None: no window)."""

    build: Callable[..., Layer]
    about: str
    attributes: tuple[str, ...] = ()
    rank: int | None = None


_WINDOWS: dict[str, tuple[Callable[..., Layer], str, tuple[str, ...]]] = {
    "conv": (conv, "convolutional layer (Eqs. 4-8): batch, channels, groups, bias", CONV),
    "conv_transpose": (conv_transpose, "transposed convolution: scatters its input", TRANSPOSE),
    "max_pool": (
        pooling.max_pool,
        "maximum of each window; the first winning unit takes the gradient",
        pooling.MAX_POOL,
    ),
    "average_pool": (pooling.average_pool, "mean of each window", pooling.AVERAGE_POOL),
    "lp_pool": (pooling.lp_pool, "L-p norm of each window; p = 2 is L2 pooling", pooling.LP_POOL),
}
_ACTIVATIONS = {
    "relu": "max(0, x) elementwise",
    "leaky_relu": "x where x > 0, else alpha x, elementwise",
    "sigmoid": "1/(1 + exp(-x)) elementwise",
    "tanh": "tanh elementwise",
}

_ACTIVATED = ("activation",)


def _followed(build: Callable[..., Layer]) -> Callable[..., Layer]:
    """The layer, and an activation after it where one is named."""
    return partial(pointwise.activated, build)


REGISTRY: dict[str, Entry] = {
    **{
        f"{name}{rank}d": Entry(
            _followed(partial(build, rank)) if "bias" in attributes else partial(build, rank),
            f"{about}, {rank}-D",
            (*attributes, *_ACTIVATED) if "bias" in attributes else attributes,
            rank,
        )
        for name, (build, about, attributes) in _WINDOWS.items()
        for rank in (1, 2, 3)
    },
    "dense": Entry(_followed(pointwise.dense), "fully connected layer", (*pointwise.DENSE, *_ACTIVATED)),
    **{
        name: Entry(partial(pointwise.activation, name), about, (*pointwise.FUNCTIONS[name][0], "rank"))
        for name, about in _ACTIVATIONS.items()
    },
    "elementwise": Entry(
        pointwise.elementwise_from_text, "an expression of x elementwise; f where none is given", pointwise.ELEMENTWISE
    ),
    "squared_error": Entry(pointwise.squared_error, "half the sum of squared differences (Eq. 9)"),
    "cross_correlation": Entry(images.cross_correlation, "of one image with one kernel (Eq. 1)"),
    "convolution": Entry(images.convolution, "of one image with one kernel (Eq. 2)"),
    "formula": Entry(custom.custom, "a sum of your own", custom.FORMULA),
}


def build_layer(name: str, attributes: Mapping[str, Any]) -> Layer:
    """The layer of that name. Raises `UserError` for an unknown name or attribute, with the nearest known one."""
    if not isinstance(name, str) or name not in REGISTRY:
        raise UserError(unknown(f"layer {shown(name)}", str(name), list(REGISTRY)))
    entry = REGISTRY[name]
    strange = next((key for key in attributes if not isinstance(key, str)), None)
    if strange is not None:
        raise UserError(unknown(f"attribute {shown(strange)} of {name}", str(strange), entry.attributes))
    return entry.build(**attributes)


def layer_from_toml(path: str | Path) -> Layer:
    """A layer from a file with `layer = "conv2d"` and its attributes; every error names the file."""
    place = f"spec {path}" if str(path).isprintable() else f"spec {str(path)!r}"
    try:
        table = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{place}: cannot be read: {error.strerror}") from None
    except RecursionError:
        raise UserError(f"{place}: is nested too deeply") from None
    except ValueError as error:  # no TOML, no UTF-8, no path, or an integer of thousands of digits
        raise UserError(f"{place}: is no TOML: {' '.join(str(error).split())}") from None
    name = table.pop("layer", None)
    if not isinstance(name, str):
        raise UserError(f'{place}: it needs a line such as layer = "conv2d"')
    try:
        return build_layer(name, table)
    except UserError as error:
        raise UserError(f"{place}: {error}") from None

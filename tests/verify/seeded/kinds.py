"""The kinds of layers in the corpus: how each is computed, how a candidate for it is called, and small calls of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

import symconv as sc
from tests.verify.seeded import reference as layers
from tests.verify.seeded import reference_pools as pools
from tests.verify.seeded.reference import Array, Call

Compute = Callable[[Call, str], Array]
# What a candidate does with a call: arrays by output.
Body = Callable[[Call], Mapping[str, Array]]


@dataclass(frozen=True)
class Kind:
    """passes: how each output is computed. spec: the layer of symconv that a candidate is held against."""

    name: str
    passes: Mapping[str, Callable[[Call], Array]]
    family: str
    rank: int
    spec: Callable[..., Any]

    def compute(self, call: Call, output: str) -> Array:
        return self.passes[output](call)

    @property
    def outputs(self) -> tuple[str, ...]:
        return tuple(self.passes)


def activated(call: Call) -> Call:
    """The backward pass of a convolution with relu: dy with the derivative in it."""
    dy = call.array("dy")
    return replace(call, dy=dy * (layers.conv_y(call) > 0), upstream=dy)


_CONVOLUTION = {
    "y": layers.conv_y,
    "dx": layers.conv_dx,
    "dw": layers.conv_dw,
    "db": layers.bias_gradient,
}
_TRANSPOSED = {
    "y": layers.transpose_y,
    "dx": layers.transpose_dx,
    "dw": layers.transpose_dw,
    "db": layers.bias_gradient,
}
_DENSE = {"y": layers.dense_y, "dx": layers.dense_dx, "dw": layers.dense_dw, "db": layers.bias_gradient}
_ACTIVATED = {**_CONVOLUTION, "y": lambda call: np.maximum(layers.conv_y(call), 0)}


def _spec(layer: Callable[..., Any], **always: Any) -> Callable[..., Any]:
    """A layer of symconv, to which attributes can be added."""
    return lambda **given: layer(**always, **given)


KINDS: dict[str, Kind] = {
    k.name: k
    for k in (
        Kind("conv1d", _CONVOLUTION, "convolution", 1, _spec(sc.Conv1d, group=1)),
        Kind("conv2d", _CONVOLUTION, "convolution", 2, _spec(sc.Conv2d, group=1)),
        Kind("conv3d", _CONVOLUTION, "convolution", 3, _spec(sc.Conv3d, group=1)),
        Kind("grouped", _CONVOLUTION, "grouped", 2, _spec(sc.Conv2d)),
        Kind("depthwise", _CONVOLUTION, "depthwise", 2, _spec(sc.Conv2d, in_channels=3, out_channels=6, group=3)),
        Kind("conv2d_relu", _ACTIVATED, "activated", 2, _spec(sc.Conv2d, group=1, activation="relu")),
        Kind("conv_transpose2d", _TRANSPOSED, "convolution", 2, _spec(sc.ConvTranspose2d, group=1)),
        Kind("dense", _DENSE, "dense", 0, _spec(sc.Dense)),
        Kind("max_pool2d", {"y": pools.max_y, "dx": pools.max_dx}, "pool", 2, _spec(sc.MaxPool2d)),
        Kind("average_pool2d", {"y": pools.average_y, "dx": pools.average_dx}, "pool", 2, _spec(sc.AveragePool2d)),
        Kind("lp_pool2d", {"y": pools.lp_y, "dx": pools.lp_dx}, "pool", 2, _spec(sc.LpPool2d, p=2)),
        Kind("relu", {"y": pools.relu_y, "dx": pools.relu_dx}, "pointwise", 0, _spec(sc.Relu)),
        Kind("tanh", {"y": pools.tanh_y, "dx": pools.tanh_dx}, "pointwise", 0, _spec(sc.Tanh)),
    )
}
CONVOLUTIONS = ("conv1d", "conv2d", "conv3d", "grouped", "depthwise", "conv2d_relu")
TRANSPOSED = ("conv_transpose2d",)
POOLS = ("max_pool2d", "average_pool2d", "lp_pool2d")
POINTWISE = ("relu", "tanh")
WEIGHTED = (*CONVOLUTIONS, *TRANSPOSED, "dense")
WINDOWED = (*CONVOLUTIONS, *TRANSPOSED, *POOLS)


def per_axis(value: Any, rank: int) -> tuple[int, ...]:
    """One number for each axis, from one for all of them."""
    entries = tuple(int(v) for v in np.atleast_1d(value))
    return entries * rank if len(entries) == 1 else entries


def both_ends(pads: Any, rank: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Begins and ends: from one number, one for each axis, or the begins and then the ends."""
    entries = per_axis(pads, rank)
    if len(entries) == 2 * rank:
        return entries[:rank], entries[rank:]
    return entries, entries


def window_call(kernel: Any, rank: int, strides: Any, pads: Any, dilations: Any = 1, **arrays: Any) -> Call:
    begins, ends = both_ends(pads, rank)
    sizes = {"kernel": per_axis(kernel, rank), "strides": per_axis(strides, rank)}
    return Call(begins=begins, ends=ends, dilations=per_axis(dilations, rank), **sizes, **arrays)


def told(kind: Kind, call: Call) -> dict[str, Any]:
    """The arguments of a candidate by name: attributes as the verifier says them, one number where all axes agree."""
    out = {n: getattr(call, n) for n in ("x", "w", "b", "dy") if getattr(call, n) is not None}
    if kind.rank:
        symmetric = call.begins == call.ends
        plain = {"strides": call.strides, "dilations": call.dilations, "kernel_shape": call.kernel}
        plain |= {"pads": call.begins if symmetric else (*call.begins, *call.ends)}
        out |= {n: v[0] if len(set(v)) == 1 else v for n, v in plain.items()} | {"group": call.group}
    return out

"""Functions with the parameters that people give layers, around a body that computes from a `Call`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from tests.verify.seeded.kinds import Body, Kind, activated, window_call
from tests.verify.seeded.reference import Array, Call

Function = Callable[..., Any]
Arrays = Mapping[str, Array]


def function_of(kind: Kind, forward: bool, body: Body, bias: bool = False) -> Function:
    """A candidate: a forward pass returns y, a backward pass a dictionary. bias: the backward pass is given b too."""
    rank = kind.rank
    if forward:
        return _FORWARD[kind.family](lambda call: body(call)["y"], rank)
    if bias and kind.family in _WITH_BIAS:
        return _WITH_BIAS[kind.family](body, rank)
    return _BACKWARD[kind.family](body, rank)


def _convolution_forward(y_of: Callable[[Call], Array], rank: int) -> Function:
    def forward(x: Array, w: Array, b: Array, strides: Any = 1, pads: Any = 0, dilations: Any = 1) -> Array:
        return y_of(window_call(w.shape[2:], rank, strides, pads, dilations, x=x, w=w, b=b))

    return forward


def _grouped_forward(y_of: Callable[[Call], Array], rank: int) -> Function:
    def forward(
        x: Array, w: Array, b: Array, strides: Any = 1, pads: Any = 0, dilations: Any = 1, group: int = 1
    ) -> Array:
        return y_of(window_call(w.shape[2:], rank, strides, pads, dilations, x=x, w=w, b=b, group=group))

    return forward


def _depthwise_forward(y_of: Callable[[Call], Array], rank: int) -> Function:
    def forward(x: Array, w: Array, b: Array, strides: Any = 1, pads: Any = 0, dilations: Any = 1) -> Array:
        group = x.shape[1] // w.shape[1]
        return y_of(window_call(w.shape[2:], rank, strides, pads, dilations, x=x, w=w, b=b, group=group))

    return forward


def _dense_forward(y_of: Callable[[Call], Array], rank: int) -> Function:
    def forward(x: Array, w: Array, b: Array) -> Array:
        return y_of(Call(x=x, w=w, b=b))

    return forward


def _pool_forward(y_of: Callable[[Call], Array], rank: int) -> Function:
    def forward(x: Array, kernel_shape: Any, strides: Any = 1, pads: Any = 0) -> Array:
        return y_of(window_call(kernel_shape, rank, strides, pads, x=x))

    return forward


def _pointwise_forward(y_of: Callable[[Call], Array], rank: int) -> Function:
    def forward(x: Array) -> Array:
        return y_of(Call(x=x))

    return forward


def _convolution_backward(body: Body, rank: int) -> Function:
    def backward(dy: Array, x: Array, w: Array, strides: Any = 1, pads: Any = 0, dilations: Any = 1) -> Arrays:
        return body(window_call(w.shape[2:], rank, strides, pads, dilations, x=x, w=w, dy=dy))

    return backward


def _convolution_backward_with_bias(body: Body, rank: int) -> Function:
    def backward(
        dy: Array, x: Array, w: Array, b: Array, strides: Any = 1, pads: Any = 0, dilations: Any = 1
    ) -> Arrays:
        return body(window_call(w.shape[2:], rank, strides, pads, dilations, x=x, w=w, b=b, dy=dy))

    return backward


def _activated_backward(body: Body, rank: int) -> Function:
    return _convolution_backward_with_bias(lambda call: body(activated(call)), rank)


def _grouped_backward(body: Body, rank: int) -> Function:
    def backward(
        dy: Array, x: Array, w: Array, strides: Any = 1, pads: Any = 0, dilations: Any = 1, group: int = 1
    ) -> Arrays:
        return body(window_call(w.shape[2:], rank, strides, pads, dilations, x=x, w=w, dy=dy, group=group))

    return backward


def _grouped_backward_with_bias(body: Body, rank: int) -> Function:
    def backward(
        dy: Array, x: Array, w: Array, b: Array, strides: Any = 1, pads: Any = 0, dilations: Any = 1, group: int = 1
    ) -> Arrays:
        return body(window_call(w.shape[2:], rank, strides, pads, dilations, x=x, w=w, b=b, dy=dy, group=group))

    return backward


def _depthwise_backward(body: Body, rank: int) -> Function:
    return _convolution_backward(lambda call: body(replace(call, group=_groups(call))), rank)


def _depthwise_backward_with_bias(body: Body, rank: int) -> Function:
    return _convolution_backward_with_bias(lambda call: body(replace(call, group=_groups(call))), rank)


def _groups(call: Call) -> int:
    return int(call.x.shape[1] // call.array("w").shape[1])


def _dense_backward(body: Body, rank: int) -> Function:
    def backward(dy: Array, x: Array, w: Array) -> Arrays:
        return body(Call(x=x, w=w, dy=dy))

    return backward


def _dense_backward_with_bias(body: Body, rank: int) -> Function:
    def backward(dy: Array, x: Array, w: Array, b: Array) -> Arrays:
        return body(Call(x=x, w=w, b=b, dy=dy))

    return backward


def _pool_backward(body: Body, rank: int) -> Function:
    def backward(dy: Array, x: Array, kernel_shape: Any, strides: Any = 1, pads: Any = 0) -> Arrays:
        return body(window_call(kernel_shape, rank, strides, pads, x=x, dy=dy))

    return backward


def _pointwise_backward(body: Body, rank: int) -> Function:
    def backward(dy: Array, x: Array) -> Arrays:
        return body(Call(x=x, dy=dy))

    return backward


_FORWARD = {
    "convolution": _convolution_forward,
    "activated": _convolution_forward,
    "grouped": _grouped_forward,
    "depthwise": _depthwise_forward,
    "dense": _dense_forward,
    "pool": _pool_forward,
    "pointwise": _pointwise_forward,
}
_BACKWARD = {
    "convolution": _convolution_backward,
    "activated": _activated_backward,
    "grouped": _grouped_backward,
    "depthwise": _depthwise_backward,
    "dense": _dense_backward,
    "pool": _pool_backward,
    "pointwise": _pointwise_backward,
}
_WITH_BIAS = {
    "convolution": _convolution_backward_with_bias,
    "activated": _activated_backward,
    "grouped": _grouped_backward_with_bias,
    "depthwise": _depthwise_backward_with_bias,
    "dense": _dense_backward_with_bias,
}

"""Right layers in many styles, most of them a layout with an algorithm, a precision and a way of calling it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np

from tests.verify.seeded import algorithms, handmade, handmade_pools, styles
from tests.verify.seeded.kinds import KINDS, window_call
from tests.verify.seeded.reference import Array, Call, bias_gradient, with_bias
from tests.verify.seeded.styles import Layout, Parameter, Style, bias_shaped, canonical, laid_out, named

_X, _W = "NCHW", "OIHW"


@dataclass(frozen=True)
class Variant:
    """A right function. layout and style: how it is to be called; fixed: the attributes that it cannot be told."""

    name: str
    kind: str
    function: Callable[..., Any]
    layout: Layout
    style: Style
    fixed: Mapping[str, Any] = field(default_factory=dict)

    @property
    def layer(self) -> Any:
        """What symconv is told that the function is."""
        return KINDS[self.kind].spec(**self.fixed)


def conv_call(given: Mapping[str, Any], layout: Layout, dtype: type) -> Call:
    """The arguments of a convolution, whatever their layout, as a call."""
    given = dict(given)
    if "cache" in given:
        given |= dict(zip(("x", "w", "b", "settings"), given.pop("cache"), strict=True))
    settings = given.pop("settings", {})
    x, w = canonical(given["x"], layout.x, _X), canonical(given["w"], layout.w, _W)
    arrays = {"x": x.astype(dtype), "w": w.astype(dtype)}
    if given.get("b") is not None:
        arrays["b"] = given["b"].reshape(-1).astype(dtype)
    if "dy" in given:
        arrays["dy"] = canonical(given["dy"], layout.x, _X).astype(dtype)
    strides, pads = (given.get(n, settings.get(k, v)) for n, k, v in (("strides", "stride", 1), ("pads", "pad", 0)))
    return window_call(w.shape[2:], 2, strides, pads, given.get("dilations", 1), **arrays)


def _check_whole(style: Style, given: Mapping[str, Any]) -> None:
    """Some functions take one number for all axes only."""
    if style.whole and any(isinstance(given[n], tuple) for n in ("strides", "pads")):
        raise TypeError("stride and pad are integers here")


def conv_forward(name: str, algorithm: algorithms.Pass, layout: Layout, style: Style, dtype: type) -> Variant:
    def body(given: Mapping[str, Any]) -> Any:
        _check_whole(style, given)
        call = conv_call(given, layout, dtype)
        y = laid_out(with_bias(algorithm(call), call.b), layout.x, _X)
        if style.keys:
            return {style.keys[0]: y}
        return y.tolist() if style.as_list else y

    return Variant(name, "conv2d", named(name, style, body), layout, style, style.fixed)


def conv_backward(
    name: str, algorithm: Callable[[Call], tuple[Array, Array]], layout: Layout, style: Style, dtype: type
) -> Variant:
    def body(given: Mapping[str, Any]) -> Any:
        _check_whole(style, given)
        call = conv_call(given, layout, dtype)
        dx, dw = algorithm(call)
        out = [laid_out(dx, layout.x, _X), laid_out(dw, layout.w, _W)]
        if "C" in layout.x:
            out.append(bias_shaped(bias_gradient(call), layout.b))
        if style.keys:
            return dict(zip(style.keys, out, strict=False))
        return out if style.as_list else tuple(out)

    return Variant(name, "conv2d", named(name, style, body), layout, style, style.fixed)


_LAYOUTS = (
    ("NCHW", "OIHW"),
    ("NHWC", "HWIO"),
    ("CHW", "OIHW"),
    ("HWC", "HWIO"),
    ("HW", "HW"),
    ("NCHW", "IOHW"),
    ("NHWC", "OHWI"),
    ("NHWC", "HWOI"),
)
# Shapes of a bias that go with a layout; one image has a plain one.
_BIASES = {"NCHW": ("O", "O1", "1O11", "1O"), "NHWC": ("O", "111O", "O1", "1O")}


def _without_bias(style: Style) -> Style:
    """One image of one channel has no bias."""
    return Style(tuple(p for p in style.parameters if p.role != "b"), style.keys, style.whole, style.as_list)


def _layout(x: str, w: str, number: int) -> Layout:
    shapes = _BIASES.get(x, ("O",))
    return Layout(x, w, shapes[number % len(shapes)])


def combined() -> Iterator[Variant]:
    """Every algorithm in every layout and precision; the ways of calling take turns."""
    precisions = (("float64", np.float64), ("float32", np.float32))
    number = 0
    for pass_, (x, w), (precision, dtype) in product(("forward", "backward"), _LAYOUTS, precisions):
        table = algorithms.FORWARD if pass_ == "forward" else algorithms.BACKWARD
        for algorithm in table:
            if "fft" in algorithm and precision == "float32":
                continue  # Rounding errors of a spectrum spread over the whole image.
            number += 1
            offered = styles.FORWARD if pass_ == "forward" else styles.BACKWARD
            style = offered[number % len(offered)]
            style = style if "C" in x else _without_bias(style)
            name = f"conv2d_{pass_}_{algorithm}_{x}_{w}_{precision}_{number}"
            layout = _layout(x, w, number)
            if pass_ == "forward":
                yield conv_forward(name, algorithms.FORWARD[algorithm], layout, style, dtype)
            else:
                yield conv_backward(name, algorithms.BACKWARD[algorithm], layout, style, dtype)


_USUAL = {
    "conv1d": Layout("NCW", "OIW"),
    "conv3d": Layout("NCDHW", "OIDHW"),
    "conv_transpose2d": Layout("NCHW", "IOHW"),
    "dense": Layout("NC", "OI"),
}
_UNUSUAL = {
    "conv1d_channels_last": Layout("NWC", "WIO"),
    "dense_inputs_first": Layout("NC", "IO"),
    "dense_backward_inputs_first": Layout("NC", "IO", "1O"),
    "max_pool2d_channels_last": Layout("NHWC"),
}
_ROLES = {
    "stride": "strides",
    "pad": "pads",
    "padding": "pads",
    "size": "kernel_shape",
    "pool_size": "kernel_shape",
    "dout": "dy",
    "grad_output": "dy",
}
_SAME = {"kernel_shape": 3, "strides": 1, "pads": 1, "dilations": 1}


def by_hand() -> Iterator[Variant]:
    """The functions of `handmade` and `handmade_pools` whose names begin with a kind of layer."""
    for module in (handmade, handmade_pools):
        for name, function in vars(module).items():
            # The longest: conv2d_relu and not conv2d.
            kind = max((k for k in KINDS if name.startswith(k)), key=len, default="")
            kind = "grouped" if name.startswith("grouped") else kind
            if kind and inspect.isfunction(function):
                yield _by_hand(name, kind, function)


def _by_hand(name: str, kind: str, function: Callable[..., Any]) -> Variant:
    parameters = tuple(
        Parameter(p.name, _ROLES.get(p.name, p.name), p.default)
        for p in inspect.signature(function).parameters.values()
        if p.name != "mode"
    )
    style = Style(parameters)
    fixed = dict(_SAME) if name == "conv2d_same_mode" else _untold(kind, style)
    layout = _UNUSUAL.get(name) or _USUAL.get(kind) or Layout()
    return Variant(name, kind, function, layout, style, fixed)


def _untold(kind: str, style: Style) -> dict[str, int]:
    """Attributes of the kind that the function has no parameter for."""
    if not KINDS[kind].rank:
        return {}
    return {n: v for n, v in style.fixed.items() if n != "dilations" or KINDS[kind].family != "pool"}


def variants() -> list[Variant]:
    return [*combined(), *by_hand()]

"""Named layers with attributes left out and given, and what they compute as formulas.

Letters: n batch, g group, o and c channels, i j positions, k l taps; s d p the product's strides, dilations and pads.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import symconv as sc
from symconv.layers.stack import stack
from tests.truth.gradients import Case

_CONV = "sum(c,k) w[g,o,c,k]*x[n,g,c,s_w*i + d_w*k - p_w] + b[g,o]"
_CONV_2D = "sum(c,k,l) w[g,o,c,k,l]*x[n,g,c,s_h*i + d_h*k - p_h,s_w*j + d_w*l - p_w] + b[g,o]"
_LINE = "sum(c,k) w[o,c,k]*x[n,c,2*i + k - 1] + b[o]"
_IMAGE = "sum(c,k,l) w[o,c,k,l]*x[n,c,2*i + k - 1,2*j + l - 1] + b[o]"
_DENSE = "sum(i) w[o,i]*x[n,i] + b[o]"
_WINDOW = "x[n,c,s_w*i + d_w*k - p_w]"
_WINDOW_2D = "x[n,c,s_h*i + d_h*k - p_h,s_w*j + d_w*l - p_w]"
_AFTER = {
    "relu": "relu({0})",
    "sigmoid": "sigmoid({0})",
    "tanh": "tanh({0})",
    "leaky_relu": "max({0}, {0}/100)",
}
_THREE = {"kernel_shape": 3, "strides": 2, "pads": (1, 1), "dilations": 1, "group": 1}
_IMAGE_THREE = {"kernel_shape": (3, 3), "strides": (2, 2), "pads": (1, 1, 1, 1), "dilations": (1, 1), "group": 1}
_TAP, _TAPS = {"k": "KW"}, {"k": "KH", "l": "KW"}

# (layer, attributes, formula, operands, letters, ones)
_ROWS: list[tuple[str, dict[str, Any], str, str, dict[str, str | int], dict[str, tuple[str, int]]]] = [
    ("Conv1d", {}, f"y[n,g,o,i] = {_CONV}", "xwb", {}, {}),
    ("Conv2d", {}, f"y[n,g,o,i,j] = {_CONV_2D}", "xwb", {}, {}),
    ("Conv1d", _THREE, f"y[n,o,i] = {_LINE}", "xwb", {}, {}),
    ("Conv2d", _IMAGE_THREE, f"y[n,o,i,j] = {_IMAGE}", "xwb", {}, {}),
    (
        "Conv1d",
        {"strides": 8, "dilations": 1, "group": 1, "pads": (0, 0)},
        "y[n,o,i] = sum(c,k) w[o,c,k]*x[n,c,8*i + k] + b[o]",
        "xw",
        {},
        {},
    ),
    (
        "Conv1d",
        {"strides": 3, "dilations": 2, "group": 1},
        "y[n,o,i] = sum(c,k) w[o,c,k]*x[n,c,3*i + 2*k - p_w] + b[o]",
        "xw",
        {},
        {},
    ),
    (
        "Conv1d",
        {"kernel_shape": 2, "strides": 2, "dilations": 2, "group": 2},
        "y[n,g,o,i] = sum(c,k) w[g,o,c,k]*x[n,g,c,2*i + 2*k - p_w] + b[g,o]",
        "xw",
        {},
        {},
    ),
    (
        "Conv3d",
        {
            "kernel_shape": (2, 1, 2),
            "strides": (1, 2, 1),
            "pads": (0,) * 6,
            "dilations": (1, 1, 1),
            "group": 1,
            "in_channels": 1,
            "out_channels": 1,
        },
        "y[n,o,h,i,j] = sum(c,m,k,l) w[o,c,m,k,l]*x[n,c,h + m,2*i + k,j + l] + b[o]",
        "xwb",
        {},
        {},
    ),
    *(
        row
        for name in _AFTER
        for row in (
            ("Conv1d", {"activation": name}, f"z[n,g,o,i] = {_CONV}; y[n,g,o,i] = f", "xwb", {}, {}),
            ("Conv2d", {"activation": name}, f"z[n,g,o,i,j] = {_CONV_2D}; y[n,g,o,i,j] = f", "xw", {}, {}),
            ("Conv2d", {**_IMAGE_THREE, "activation": name}, f"z[n,o,i,j] = {_IMAGE}; y[n,o,i,j] = f", "x", {}, {}),
            ("Dense", {"activation": name}, f"z[n,o] = {_DENSE}; y[n,o] = f", "xwb", {}, {}),
        )
    ),
    (
        "ConvTranspose1d",
        {},
        "h[n,g,o,s_w*i + d_w*k] = sum(c) w[g,c,o,k]*x[n,g,c,i]; y[n,g,o,j] = h[n,g,o,j + p_w] + b[g,o]",
        "xwb",
        {},
        {},
    ),
    (
        "ConvTranspose1d",
        _THREE,
        "h[n,o,2*i + k] = sum(c) w[c,o,k]*x[n,c,i]; y[n,o,j] = h[n,o,j + 1] + b[o]",
        "xwb",
        {},
        {},
    ),
    (
        "ConvTranspose2d",
        _IMAGE_THREE,
        "h[n,o,2*i + k,2*j + l] = sum(c) w[c,o,k,l]*x[n,c,i,j]; y[n,o,u,v] = h[n,o,u + 1,v + 1] + b[o]",
        "xw",
        {},
        {},
    ),
    ("MaxPool1d", {}, "", "x", {}, {}),
    ("MaxPool2d", {}, "", "x", {}, {}),
    ("MaxPool2d", _IMAGE_THREE | {"group": None}, "", "x", {}, {}),
    (
        "MaxPool1d",
        {"kernel_shape": 2, "strides": 2, "pads": (0, 0), "dilations": 1},
        "y[n,c,i] = max(x[n,c,2*i], x[n,c,2*i + 1])",
        "x",
        {},
        {},
    ),
    (
        "MaxPool1d",
        {"kernel_shape": 3, "strides": 2, "pads": (0, 0), "dilations": 1},
        "y[n,c,i] = max(max(x[n,c,2*i], x[n,c,2*i + 1]), x[n,c,2*i + 2])",
        "x",
        {},
        {},
    ),
    (
        "AveragePool1d",
        {},
        f"r[i] = sum(k) v[s_w*i + d_w*k - p_w]; y[n,c,i] = sum(k) {_WINDOW}/r[i]",
        "x",
        _TAP,
        {"v": ("x", 2)},
    ),
    (
        "AveragePool2d",
        {},
        "r[i] = sum(k) v[s_h*i + d_h*k - p_h]; q[j] = sum(l) u[s_w*j + d_w*l - p_w]; "
        f"y[n,c,i,j] = sum(k,l) {_WINDOW_2D}/(r[i]*q[j])",
        "x",
        _TAPS,
        {"v": ("x", 2), "u": ("x", 3)},
    ),
    (
        "AveragePool2d",
        {"kernel_shape": (2, 2), "strides": (2, 2), "pads": (0,) * 4, "dilations": (1, 1)},
        "y[n,c,i,j] = sum(k,l) x[n,c,2*i + k,2*j + l]/4",
        "x",
        {"k": 2, "l": 2},
        {},
    ),
    (
        "AveragePool1d",
        {"kernel_shape": 3, "strides": 2, "pads": (1, 1), "dilations": 1, "count_include_pad": 1},
        "y[n,c,i] = sum(k) x[n,c,2*i + k - 1]/3",
        "x",
        {"k": 3},
        {},
    ),
    (
        "AveragePool1d",
        {"kernel_shape": 3, "strides": 2, "pads": (1, 1), "dilations": 1},
        "r[i] = sum(k) v[2*i + k - 1]; y[n,c,i] = sum(k) x[n,c,2*i + k - 1]/r[i]",
        "x",
        {"k": 3},
        {"v": ("x", 2)},
    ),
    ("LpPool1d", {}, f"t[n,c,i] = sum(k) {_WINDOW}**2; y[n,c,i] = sqrt(t[n,c,i])", "x", _TAP, {}),
    ("LpPool2d", {}, f"t[n,c,i,j] = sum(k,l) {_WINDOW_2D}**2; y[n,c,i,j] = sqrt(t[n,c,i,j])", "x", _TAPS, {}),
    ("LpPool1d", {"p": 3}, f"t[n,c,i] = sum(k) abs({_WINDOW})**3; y[n,c,i] = t[n,c,i]**(1/3)", "x", _TAP, {}),
    ("LpPool1d", {"p": 1}, f"t[n,c,i] = sum(k) abs({_WINDOW}); y[n,c,i] = t[n,c,i]", "x", _TAP, {}),
    (
        "LpPool1d",
        {"kernel_shape": 2, "strides": 2, "pads": (0, 0), "dilations": 1},
        "t[n,c,i] = sum(k) x[n,c,2*i + k]**2; y[n,c,i] = sqrt(t[n,c,i])",
        "x",
        {"k": 2},
        {},
    ),
    ("Dense", {}, f"y[n,o] = {_DENSE}", "xwb", {}, {}),
    ("Dense", {"bias": 0}, "y[n,o] = sum(i) w[o,i]*x[n,i]", "xw", {}, {}),
    ("Relu", {}, "y[n,c,h,w] = relu(x[n,c,h,w])", "x", {}, {}),
    ("LeakyRelu", {"rank": 1}, "y[i] = max(x[i], x[i]/100)", "x", {}, {}),
    ("Sigmoid", {"rank": 2}, "y[n,c] = sigmoid(x[n,c])", "x", {}, {}),
    ("Tanh", {"rank": 0}, "y = tanh(x)", "x", {}, {}),
    ("Elementwise", {}, "", "x", {}, {}),
    ("Elementwise", {"function": "x/(1 + exp(-x))", "rank": 1}, "y[i] = x[i]/(1 + exp(-x[i]))", "x", {}, {}),
    ("Elementwise", {"function": "max(min(x, 6), 0)", "rank": 1}, "y[i] = max(min(x[i], 6), 0)", "x", {}, {}),
    ("SquaredError", {}, "E = sum(p) (t[p] - y[p])**2/2", "yt", {}, {}),
    ("CrossCorrelation", {}, "y[i,j] = sum(k,l) w[k,l]*x[i + k,j + l]", "xw", {}, {}),
    ("Convolution", {}, "y[i,j] = sum(k,l) w[k,l]*x[i + K - 1 - k,j + L - 1 - l]", "xw", {}, {}),
]

_PLAIN = {"strides": 1, "pads": (0, 0), "dilations": 1, "group": 1}


def _two_convolutions() -> Any:
    return stack([sc.Conv1d(**_PLAIN).layer, sc.Relu(rank=3).layer, sc.Conv1d(**_PLAIN).layer])


def _network() -> Any:
    dense = sc.Dense(activation="tanh").layer
    return stack([dense, dense, sc.Dense().layer])


def _strided() -> Any:
    pool = sc.AveragePool1d(kernel_shape=2, strides=2, pads=(0, 0), dilations=1).layer
    return stack([sc.Conv1d(kernel_shape=3, strides=2, pads=(1, 1), dilations=1, group=1).layer, pool])


_STACKS = {
    "two convolutions and a relu": (
        _two_convolutions,
        "y1[n,o,i] = sum(c,k) w1[o,c,k]*x[n,c,i + k] + b1[o]; y2[n,o,i] = relu(y1[n,o,i]); "
        "y3[n,u,j] = sum(o,m) w3[u,o,m]*y2[n,o,j + m] + b3[u]",
        ("x", "w1", "b1", "w3"),
    ),
    "three dense layers": (
        _network,
        "h[n,j] = sum(i) w1[j,i]*x[n,i] + b1[j]; a[n,j] = tanh(h[n,j]); g[n,k] = sum(j) w2[k,j]*a[n,j] + b2[k]; "
        "c[n,k] = tanh(g[n,k]); y3[n,o] = sum(k) w3[o,k]*c[n,k] + b3[o]",
        ("x", "w1", "b1", "w2", "w3"),
    ),
    "a strided convolution and a pool": (
        _strided,
        "y1[n,o,i] = sum(c,k) w1[o,c,k]*x[n,c,2*i + k - 1] + b1[o]; y2[n,o,j] = y1[n,o,2*j]/2 + y1[n,o,2*j + 1]/2",
        ("x", "w1"),
    ),
}


@cache
def layer_cases() -> tuple[Case, ...]:
    """One case for each operand of each row, and of each stack."""
    out = []
    for name, attributes, formula, operands, letters, ones in _ROWS:
        given = {k: v for k, v in attributes.items() if v is not None}
        text = _activated(formula, given)
        for wrt in operands:
            out.append(_case(name, given, wrt, text, letters, ones))
    for label, (make, text, wrts) in _STACKS.items():
        out += [Case("stacks", f"sc.stack: {label}", wrt, make, text, named=True) for wrt in wrts]
    return tuple(out)


def _case(
    name: str,
    given: Mapping[str, Any],
    wrt: str,
    formula: str,
    letters: Mapping[str, str | int],
    ones: Mapping[str, tuple[str, int]],
) -> Case:
    label = f"sc.{name}({', '.join(f'{k}={v!r}' for k, v in given.items())})"
    return Case("named layers", label, wrt, lambda: getattr(sc, name)(**given), formula, letters, ones, named=True)


def _activated(formula: str, given: Mapping[str, Any]) -> str:
    """The f at the end of a row filled in: the activation of z, with the indices of z."""
    if "activation" not in given:
        return formula
    z = formula.split(" = ")[0]
    return formula.removesuffix("f") + _AFTER[given["activation"]].format(z)

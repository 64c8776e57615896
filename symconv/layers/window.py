"""Sliding windows: attributes of a layer made into its spatial axes. Convolutions and pools share this."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import sympy as sp

from symconv.ir import Between, UserError, offset, size
from symconv.layers.attributes import Padding, flag, per_axis, shown
from symconv.layers.axes import LETTERS, Axis, numeric_output, relations

WINDOW = ("kernel_shape", "strides", "pads", "dilations", "auto_pad", "input_shape")
AUTO_PADS = ("NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER")
_SAME = {"same": "SAME_UPPER", "valid": "VALID"}


def spatial_axes(rank: int, given: Mapping[str, Any]) -> tuple[tuple[Axis, ...], tuple[Between, ...]]:
    """The spatial axes of a window layer, and the relations between their sizes.

    Attributes that are missing are symbolic: kernel KH.., strides s_h.., dilations d_h.., pads p_h.. and q_h..
    """
    letters = LETTERS[rank]
    extents = _extents(letters, given.get("input_shape"))
    kernel = per_axis("kernel_shape", given.get("kernel_shape"), letters, [f"K{a.upper()}" for a in letters])
    strides = per_axis("strides", given.get("strides"), letters, [f"s_{a}" for a in letters])
    dilations = per_axis("dilations", given.get("dilations"), letters, [f"d_{a}" for a in letters])
    mode, pads = _pads(letters, given)
    ceil_mode = flag("ceil_mode", given.get("ceil_mode"))
    axes, same = [], []
    for k, a in enumerate(letters):
        output = size(f"O{a.upper()}")
        axis = Axis(a, extents[k], kernel[k], output, strides[k], dilations[k], pads[k], pads[rank + k], ceil_mode)
        if mode.startswith("SAME"):
            axis, extra = _same(axis, mode)
            same += extra
        axes.append(replace(axis, output=number) if (number := numeric_output(axis)) is not None else axis)
    return tuple(axes), (*relations(axes), *same)


def _extents(letters: str, shape: Any) -> tuple[sp.Expr, ...]:
    names = {"d": "D", "h": "H", "w": "W"}
    if shape is None:
        return tuple(size(names[a]) for a in letters)
    return per_axis("input_shape", shape, "n c " + letters, ["N", "C", *(names[a] for a in letters)])[2:]


def _pads(letters: str, given: Mapping[str, Any]) -> tuple[str, tuple[sp.Expr, ...]]:
    """(auto_pad, all begins then all ends)"""
    pads, mode = given.get("pads"), given.get("auto_pad")
    if isinstance(pads, Padding):
        if isinstance(pads.value, str) and pads.value.lower() in _SAME:
            mode, pads = _SAME[pads.value.lower()], None
        else:
            pads = per_axis("padding", pads.value, letters, [f"p_{a}" for a in letters], 0, offset) * 2
    mode = "NOTSET" if mode is None else mode
    if not isinstance(mode, str) or mode.upper() not in AUTO_PADS:
        raise UserError(f"auto_pad = {shown(mode)}: give one of {', '.join(AUTO_PADS)}")
    mode = mode.upper()
    if mode != "NOTSET" and pads is not None:
        raise UserError(f"pads = {shown(pads)} together with auto_pad = {mode}: give one of them")
    if mode == "VALID":
        pads = (0,) * (2 * len(letters))
    default = [f"{side}_{a}" for side in "pq" for a in letters]
    return mode, per_axis("pads", pads, letters, default, 0, offset)


def _same(axis: Axis, mode: str) -> tuple[Axis, list[Between]]:
    """auto_pad SAME: the output is ceil(extent/stride), and the pads make it so; an odd row goes after (or before)."""
    total = axis.stride * (axis.output - 1) + axis.span - axis.extent
    if axis.extent.is_Integer and axis.kernel.is_Integer and axis.stride.is_Integer and axis.dilation.is_Integer:
        rows = -(-int(axis.extent) // int(axis.stride))
        whole = max(int(axis.stride) * (rows - 1) + int(axis.span) - int(axis.extent), 0)
        small, large = sp.Integer(whole // 2), sp.Integer(whole - whole // 2)
        before, after = (small, large) if mode == "SAME_UPPER" else (large, small)
        return replace(axis, before=before, after=after), []
    if not (axis.stride.is_Integer and axis.span.is_Integer and axis.span >= axis.stride):
        raise UserError(
            f"auto_pad = {mode} on axis {axis.letter} needs numbers for kernel_shape, strides and dilations, "
            f"with a window "
            f"of at least a stride; otherwise give input_shape"
        )
    small, large = axis.before, axis.after
    relations = [
        Between(2 * small, total, 2 * small + 1),
        Between(total, small + large, total),
        Between(axis.stride * (axis.output - 1) + 1, axis.extent, axis.stride * axis.output),
    ]
    before, after = (small, large) if mode == "SAME_UPPER" else (large, small)
    return replace(axis, before=before, after=after), relations


def symbols_of(values: Sequence[sp.Expr]) -> tuple[sp.Symbol, ...]:
    """The symbols among sizes and attributes, once each, in order."""
    return tuple(dict.fromkeys(s for v in values for s in sorted(v.free_symbols, key=lambda s: s.name)))

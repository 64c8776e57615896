"""Sliding windows: attributes of a layer made into its spatial axes. Convolutions and pools share this."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import sympy as sp

from symconv.ir import Between, UserError, size
from symconv.layers.attributes import PAD, flag, per_axis, shown
from symconv.layers.axes import AXES, Axis, AxisNames, numeric_output, relations

WINDOW = ("kernel_shape", "strides", "pads", "dilations", "auto_pad", "input_shape")
AUTO_PADS = ("NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER")


def spatial_axes(rank: int, given: Mapping[str, Any]) -> tuple[tuple[Axis, ...], tuple[Between, ...]]:
    """The spatial axes of a window layer, and the relations between their sizes; numbers where all is known."""
    raw, same = window_axes(rank, given)
    axes = tuple(replace(a, output=number) if (number := numeric_output(a)) is not None else a for a in raw)
    return axes, (*relations(axes), *same)


def window_axes(rank: int, given: Mapping[str, Any]) -> tuple[tuple[Axis, ...], tuple[Between, ...]]:
    """The spatial axes with the output size left symbolic, and what auto_pad says of the pads.

    Attributes that are missing are symbolic: kernel KH.., strides s_h.., dilations d_h.., pads p_h.. and q_h..
    """
    names = AXES[rank]
    letters = [a.letter for a in names]
    extents = image_shape(rank, given)[2:]
    kernel = per_axis("kernel_shape", given.get("kernel_shape"), letters, [a.kernel for a in names])
    strides = per_axis("strides", given.get("strides"), letters, [a.stride for a in names])
    dilations = per_axis("dilations", given.get("dilations"), letters, [a.dilation for a in names])
    mode, pads = _pads(names, given)
    ceil_mode = flag("ceil_mode", given.get("ceil_mode"))
    axes, same = [], []
    for k, a in enumerate(names):
        output = size(a.output)
        axis = Axis(a, extents[k], kernel[k], output, strides[k], dilations[k], pads[k], pads[rank + k], ceil_mode)
        if mode.startswith("SAME"):
            axis, extra = _same(axis, mode)
            same += extra
        axes.append(axis)
    return tuple(axes), tuple(same)


def image_shape(rank: int, given: Mapping[str, Any]) -> tuple[sp.Expr, ...]:
    """(N, C, spatial sizes) of the input, from input_shape or symbolic."""
    shape, names = given.get("input_shape"), AXES[rank]
    if shape is not None and not isinstance(shape, (tuple, list)):
        shape = (shape,)
    letters, extents = (a.letter for a in names), (a.extent for a in names)
    return per_axis("input_shape", shape, ("n", "c", *letters), ("N", "C", *extents))


def _pads(names: Sequence[AxisNames], given: Mapping[str, Any]) -> tuple[str, tuple[sp.Expr, ...]]:
    """(auto_pad, all begins then all ends)"""
    pads, mode = given.get("pads"), given.get("auto_pad")
    mode = "NOTSET" if mode is None else mode
    if not isinstance(mode, str) or mode.upper() not in AUTO_PADS:
        raise UserError(f"auto_pad = {shown(mode)}: give one of {', '.join(AUTO_PADS)}")
    mode = mode.upper()
    if mode != "NOTSET" and pads is not None:
        raise UserError(f"pads = {shown(pads)} together with auto_pad = {mode}: give one of them")
    if mode == "VALID":
        pads = (0,) * (2 * len(names))
    default = [*(a.before for a in names), *(a.after for a in names)]
    return mode, per_axis("pads", pads, [a.letter for a in names], default, PAD)


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
            f"auto_pad = {mode} on axis {axis.letter} needs numbers for kernel_shape, strides and dilations, with a "
            f"window of at least a stride: give them, or input_shape as well"
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

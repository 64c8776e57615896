"""Convolutions as formulas: the forward layer of Eqs. 4-8 with batch, channels, groups, and its transpose.

Source: the article's Eqs. 1-8; ONNX's Conv and ConvTranspose for the attributes. What is called a convolution here is a
cross-correlation (Eq. 1), as in every framework; `images.convolution` is Eq. 2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sympy as sp

from symconv.ir import Access, Between, Context, IndexedSum, Layer, Operand, Range, Role, UserError, index, size
from symconv.layers.attributes import PAD, canonical, flag, number, per_axis
from symconv.layers.axes import AXES, Axis
from symconv.layers.window import WINDOW, image_shape, spatial_axes, symbols_of, window_axes

CONV = (*WINDOW, "group", "in_channels", "out_channels", "bias")
TRANSPOSE = (*(a for a in CONV if a != "auto_pad"), "output_padding")


@dataclass(frozen=True)
class Channels:
    """Batch, groups and channels: the axes that a convolution treats like any matrix product.

    group: () where there is one group, so that its axis is left out.
    """

    batch: Range
    group: tuple[Range, ...]
    outer: Range
    inner: Range

    @property
    def g(self) -> tuple[sp.Symbol, ...]:
        return tuple(r.index for r in self.group)

    def sizes(self, *ranges: Range) -> tuple[sp.Expr, ...]:
        return tuple(r.uppers[0] + 1 for r in ranges)


def channels(name: str, rank: int, given: Mapping[str, Any]) -> Channels:
    """The channel axes: OC filters over IC channels in each of G groups."""
    # A number of channels does not split into an unknown number of groups: beside one, group means ONNX's default.
    counted = any(given.get(a) is not None for a in ("in_channels", "out_channels", "input_shape"))
    group = number("group", given.get("group"), sp.S.One if counted else size("G"))
    rows, total_in, *_ = image_shape(rank, given)
    source, asked = "in_channels", number("in_channels", given.get("in_channels"), total_in)
    if given.get("input_shape") is not None:
        source = "input_shape"
        if asked != total_in:
            raise UserError(
                f"{name}: input_shape has {total_in} channels, and in_channels is {asked}: give one of them"
            )
    known = source == "input_shape" or given.get("in_channels") is not None
    inner = _share(f"{source}: channels", asked, group) if known else size("IC")
    outer = size("OC")
    if given.get("out_channels") is not None:
        outer = _share("out_channels", number("out_channels", given["out_channels"], outer), group)
    groups = () if group == 1 else (Range.box(index("g"), group),)
    return Channels(Range.box(index("n"), rows), groups, Range.box(index("oc"), outer), Range.box(index("ic"), inner))


def _share(name: str, total: sp.Expr, group: sp.Expr) -> sp.Expr:
    """Channels of one group."""
    if group == 1:
        return total
    if not (total.is_Integer and group.is_Integer):
        raise UserError(f"{name} = {total} with group = {group}: give numbers for both, or group = 1")
    if total % group:
        raise UserError(
            f"{name} = {total} is not divisible by group = {group}: each group needs the same number of channels"
        )
    return total / group


def conv(rank: int, /, **attributes: Any) -> Layer:
    """y[n, g, oc, o] = sum_{ic, k} w[g, oc, ic, k] x[n, g, ic, s o + d k - p] + b[g, oc]

    rank: spatial axes, 1 to 3. x: (N, G, IC, H, W), w: (G, OC, IC, KH, KW), b: (G, OC), y: (N, G, OC, OH, OW); with one
    group its axis is left out. x reads as zero in the padding. Attributes: ONNX's Conv; those left out are symbolic.
    """
    name = f"conv{rank}d"
    given = canonical(name, attributes, CONV, rank)
    axes, relations = spatial_axes(rank, given)
    c = channels(name, rank, given)
    o, k = tuple(a.o for a in axes), tuple(a.k for a in axes)
    outputs = (c.batch, *c.group, c.outer, *(Range.box(a.o, a.output) for a in axes))
    taps = (c.inner, *(Range.box(a.k, a.kernel) for a in axes))
    y = Access("y", c.batch.index, *c.g, c.outer.index, *o)
    x = Access("x", c.batch.index, *c.g, c.inner.index, *(a.position for a in axes))
    w = Access("w", *c.g, c.outer.index, c.inner.index, *k)
    extended = frozenset({"x"}) if any(a.padded for a in axes) else frozenset()
    sums = [IndexedSum(y, outputs + taps, (), w * x, extended)]
    if _has_bias(given):
        sums.append(IndexedSum(y, outputs, (), Access("b", *c.g, c.outer.index)))
    context = _context(c, axes, relations, tuple(a.extent for a in axes), tuple(a.output for a in axes))
    return Layer(name, tuple(sums), context, ("x", "w", "b")[: len(sums) + 1], attributes=tuple(given.items()))


def _has_bias(given: Mapping[str, Any]) -> bool:
    return flag("bias", given.get("bias", 1))


def _context(
    c: Channels,
    axes: tuple[Axis, ...],
    relations: tuple[Between, ...],
    image: tuple[sp.Expr, ...],
    result: tuple[sp.Expr, ...],
    kernel_first: Range | None = None,
) -> Context:
    """Operands, sizes and scales; `image` and `result` are the spatial sizes of x and of y."""
    g_names, g_sizes = tuple(r.index.name for r in c.group), c.sizes(*c.group)
    (n,), (outer,), (inner,) = c.sizes(c.batch), c.sizes(c.outer), c.sizes(c.inner)
    rows, columns = (outer, inner) if kernel_first is None else (inner, outer)
    row_name, column_name = ("oc", "ic") if kernel_first is None else ("ic", "oc")
    # Callers' arrays have one axis of channels: the groups joined with the channels of each.
    second, first = ((1,), (0,)) if c.group else ((), ())
    operands = (
        Operand("x", (n, *g_sizes, inner, *image), ("n", *g_names, "ic", *(a.i.name for a in axes)), second),
        Operand(
            "w",
            (*g_sizes, rows, columns, *(a.kernel for a in axes)),
            (*g_names, row_name, column_name, *(a.k.name for a in axes)),
            first,
            Role.PARAMETER,
        ),
        Operand("b", (*g_sizes, outer), (*g_names, "oc"), first, Role.PARAMETER),
        Operand("y", (n, *g_sizes, outer, *result), ("n", *g_names, "oc", *(a.o.name for a in axes)), second),
    )
    scales = symbols_of([v for a in axes for v in (a.stride, a.dilation)])
    pads = [v for a in axes for v in (a.before, a.after)]
    shapes = [e for operand in operands for e in operand.shape]
    sizes = tuple(s for s in symbols_of([*shapes, *pads]) if s not in scales)
    return Context(sizes, relations, operands, scales)


def conv_transpose(rank: int, /, **attributes: Any) -> Layer:
    """y[n, g, oc, s i + d k - p] += sum_{ic} w[g, ic, oc, k] x[n, g, ic, i], and + b[g, oc] everywhere

    The adjoint of `conv` as a layer of its own (ONNX's ConvTranspose): a scatter, whose result access is affine. Output
    size s (H - 1) + output_padding + d (K - 1) + 1 - p - q. w: (G, IC, OC, KH, KW).
    """
    name = f"conv_transpose{rank}d"
    given = canonical(name, attributes, TRANSPOSE, rank)
    axes, _ = window_axes(rank, given)
    c = channels(name, rank, given)
    letters, default = [a.letter for a in axes], [a.output_padding for a in AXES[rank]]
    extra = per_axis("output_padding", given.get("output_padding", 0), letters, default, PAD)
    result = tuple(_scattered(a, e) for a, e in zip(axes, extra, strict=True))
    i = tuple(a.i for a in axes)
    at = tuple(a.position.xreplace({a.o: v}) for a, v in zip(axes, i, strict=True))
    y = Access("y", c.batch.index, *c.g, c.outer.index, *at)
    w = Access("w", *c.g, c.inner.index, c.outer.index, *(a.k for a in axes))
    x = Access("x", c.batch.index, *c.g, c.inner.index, *i)
    lead = (c.batch, *c.group, c.outer)
    inputs = tuple(Range.box(v, a.extent) for v, a in zip(i, axes, strict=True))
    taps = tuple(Range.box(a.k, a.kernel) for a in axes)
    inside = tuple(Between(sp.S.Zero, p, n - 1) for p, n in zip(at, result, strict=True))
    sums = [IndexedSum(y, (*lead, c.inner, *inputs, *taps), inside, w * x)]
    if _has_bias(given):
        o = tuple(Range.box(a.o, n) for a, n in zip(axes, result, strict=True))
        everywhere = Access("y", *(r.index for r in (*lead, *o)))
        sums.append(IndexedSum(everywhere, (*lead, *o), (), Access("b", *c.g, c.outer.index)))
    fits = tuple(Between(sp.S.One, n, n) for n in result if not n.is_Integer)
    context = _context(c, axes, fits, tuple(a.extent for a in axes), result, kernel_first=c.inner)
    return Layer(name, tuple(sums), context, ("x", "w", "b")[: len(sums) + 1], attributes=tuple(given.items()))


def _scattered(a: Axis, extra: sp.Expr) -> sp.Expr:
    """Rows that a transposed convolution writes; `UserError` where the pads crop all of them."""
    rows = a.stride * (a.extent - 1) + extra + a.span - a.before - a.after
    if rows.is_Integer and rows < 1:
        raise UserError(
            f"pads ({a.before}, {a.after}) on axis {a.letter} leave an output of {rows} rows: make them smaller"
        )
    return rows

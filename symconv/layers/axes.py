"""Spatial axes of sliding-window layers: their index names, and the size of the output."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sympy as sp

from symconv.ir import Between, CeilDiv, FloorDiv, UserError, index


@dataclass(frozen=True)
class AxisNames:
    """What the symbols of one spatial axis are called: the indices, and each size and attribute that is left out."""

    letter: str
    input_index: str
    output_index: str
    tap: str
    extent: str
    kernel: str
    output: str
    stride: str
    dilation: str
    before: str
    after: str
    output_padding: str

    @property
    def indices(self) -> tuple[str, ...]:
        return self.output_index, self.tap, self.input_index

    @property
    def sizes(self) -> tuple[str, ...]:
        """Of what is at least 1."""
        return self.extent, self.kernel, self.output, self.stride, self.dilation

    @property
    def offsets(self) -> tuple[str, ...]:
        """Of what is at least 0."""
        return self.before, self.after, self.output_padding


_DEPTH = AxisNames("d", "id", "od", "kd", "D", "KD", "OD", "s_d", "d_d", "p_d", "q_d", "e_d")
_HEIGHT = AxisNames("h", "ih", "oh", "kh", "H", "KH", "OH", "s_h", "d_h", "p_h", "q_h", "e_h")
_WIDTH = AxisNames("w", "iw", "ow", "kw", "W", "KW", "OW", "s_w", "d_w", "p_w", "q_w", "e_w")
AXES = {1: (_WIDTH,), 2: (_HEIGHT, _WIDTH), 3: (_DEPTH, _HEIGHT, _WIDTH)}
"""The spatial axes of a window by their number."""
LETTERS = {rank: "".join(a.letter for a in axes) for rank, axes in AXES.items()}


@dataclass(frozen=True)
class Axis:
    """One spatial axis of a window: sizes and attributes are numbers or symbols.

    The position read at output o and tap k is  stride * o + dilation * k - before.
    """

    names: AxisNames
    extent: sp.Expr
    kernel: sp.Expr
    output: sp.Expr
    stride: sp.Expr
    dilation: sp.Expr
    before: sp.Expr
    after: sp.Expr
    ceil_mode: bool = False

    @property
    def letter(self) -> str:
        return self.names.letter

    @property
    def i(self) -> sp.Symbol:
        return index(self.names.input_index)

    @property
    def o(self) -> sp.Symbol:
        return index(self.names.output_index)

    @property
    def k(self) -> sp.Symbol:
        return index(self.names.tap)

    @property
    def position(self) -> sp.Expr:
        return self.stride * self.o + self.dilation * self.k - self.before

    @property
    def padded(self) -> bool:
        return self.before != 0 or self.after != 0 or self.ceil_mode

    @property
    def span(self) -> sp.Expr:
        """Rows under the window: d (k - 1) + 1."""
        return self.dilation * (self.kernel - 1) + 1

    @property
    def room(self) -> sp.Expr:
        """Rows that the window may slide over: extent + both pads."""
        return self.extent + self.before + self.after

    def inside(self) -> Between:
        """The position is inside the input."""
        return Between(sp.S.Zero, self.position, self.extent - 1)

    def size_relations(self) -> tuple[Between, ...]:
        """What defines the output size; none where it is a number.

        floor: s (O - 1) + span <= room <= s O + span - 1. With ceil_mode the last window may hang over the end by less
        than a stride, as long as it starts inside the input or its leading pad; the output is the largest such (ONNX).
        """
        if not self.output.is_Symbol:
            return ()
        last = self.stride * (self.output - 1)
        if not self.ceil_mode:
            return (Between(last + self.span, self.room, last + self.span + self.stride - 1),)
        start = self.extent + self.before
        return (
            Between(self.span, self.room, self.room),
            Between(last + self.span - self.stride + 1, self.room, self.room),
            Between(sp.Min(self.room - self.span, start - self.stride), last, start - 1),
        )


def numeric_output(axis: Axis) -> sp.Expr | None:
    """The output size where every number is known; `UserError` where the window does not fit."""
    known = (axis.extent, axis.kernel, axis.stride, axis.dilation, axis.before, axis.after)
    if not all(v.is_Integer for v in known):
        return None
    if axis.span > axis.room:
        raise UserError(
            f"kernel_shape {axis.kernel} (dilation {axis.dilation}, so {axis.span} rows) is larger than the padded "
            f"input {axis.room} on axis {axis.letter}: make the input or the pads larger, or the kernel smaller"
        )
    if not axis.ceil_mode:
        return FloorDiv(axis.room - axis.span, axis.stride) + 1
    return min(CeilDiv(axis.room - axis.span, axis.stride) + 1, CeilDiv(axis.extent + axis.before, axis.stride))


def relations(axes: Sequence[Axis]) -> tuple[Between, ...]:
    return tuple(r for a in axes for r in a.size_relations())

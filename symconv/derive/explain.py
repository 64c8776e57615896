"""The questions that readers of a derivation ask, answered by reading the derived gradient, not by rules of thumb.

From the gather form  dx[q] = sum_m [s | q + p - d m] dy[(q + p - d m)/s] w[m]  one reads, an axis at a time: that dy is
read backwards along the taps (the kernel is flipped), how far outside its box it is read (the padding), and that only
every s-th position counts (dy is dilated by s - 1 zeros).
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from symconv.derive.forms import gradient_form
from symconv.derive.phases import MOST_PHASES, residue_taps
from symconv.derive.rules import attempt
from symconv.derive.strategy import consumers, flip_taps
from symconv.ir import IndexedSum, Layer, NotApplicable, Quot, UserError
from symconv.ir.affine import coefficient

TOPICS = ("flip", "padding", "stride")


@dataclass(frozen=True)
class TapAxis:
    """One axis along which an adjoint is gathered over taps: dy[(q + shift - dilation * tap)/stride].

    q: the index of the gradient, 0 <= q < extent. tap: the summed index, 0 <= tap < taps. outputs: the size of dy.
    """

    q: sp.Symbol
    tap: sp.Symbol
    stride: sp.Expr
    dilation: sp.Expr
    shift: sp.Expr
    extent: sp.Expr
    taps: sp.Expr
    outputs: sp.Expr

    @property
    def backwards(self) -> bool:
        return self.dilation.is_positive is True

    @property
    def pad_before(self) -> sp.Expr:
        """Zeros that dy, dilated by the stride, needs before its first entry: d (k - 1) - p."""
        return sp.expand(self.dilation * (self.taps - 1) - self.shift)

    @property
    def pad_after(self) -> sp.Expr:
        """Zeros it needs after its last entry, up to the last read at q = extent - 1, tap = 0."""
        return sp.expand(self.extent - 1 + self.shift - self.stride * (self.outputs - 1))

    def taps_of_residue(self, residue: int) -> tuple[int, int] | None:
        """(first tap, step) of the taps that reach the positions q + p = residue (mod s); first < 0 where none does.

        None where the stride or the dilation is symbolic.
        """
        if not (self.stride.is_Integer and self.dilation.is_Integer):
            return None
        first, step = residue_taps(int(self.stride), int(self.dilation), residue)
        return -1 if first is None else first, step


@dataclass(frozen=True)
class Explanation:
    """What the derivation says on one topic: the gather form, the same with taps reversed, and its axes."""

    layer: Layer
    topic: str
    wrt: str
    gather: IndexedSum
    reversed: IndexedSum
    axes: tuple[TapAxis, ...]


def explain(layer: Layer, topic: str) -> Explanation:
    """Read a topic off the input gradient. `UserError` where the layer has none that is gathered over taps."""
    if topic not in TOPICS:
        raise UserError(f"explain {topic!r}: the topics are {', '.join(TOPICS)}")
    target = next((o for o in layer.inputs if o == "x"), layer.inputs[0])
    sums = gradient_form(layer, target, "taps")
    output = consumers(layer, target)[0]
    axes = tuple(_axes(sums[0], layer, output)) if len(sums) == 1 else ()
    if not axes:
        raise UserError(
            f"explain {topic}: the gradient of {layer.name} is no sum over taps, so that there is no answer"
        )
    return Explanation(layer, topic, target, sums[0], attempt(flip_taps)(sums[0]).after[0], axes)


def _axes(s: IndexedSum, layer: Layer, output: str) -> list[TapAxis]:
    (read,) = [a for a in s.reads() if a.name == f"d{output}"]
    found = (_axis(s, e, n) for e, n in zip(read.indices, layer.context.shape(output), strict=True))
    return [axis for axis in found if axis is not None]


def _axis(s: IndexedSum, e: sp.Expr, outputs: sp.Expr) -> TapAxis | None:
    num, den = (e.num, e.den) if isinstance(e, Quot) else (e, sp.S.One)
    results = [i for i in s.result.indices if num.has(i)]
    taps = [r.index for r in s.reduced if num.has(r.index)]
    if len(results) != 1 or len(taps) != 1:
        return None
    try:
        one, rest = coefficient(num, results[0])
        minus_d, shift = coefficient(rest, taps[0])
    except NotApplicable:
        return None
    if one != 1:
        return None
    extent, count = (s.range_of(i).uppers[0] + 1 for i in (results[0], taps[0]))
    return TapAxis(results[0], taps[0], den, -minus_d, shift, extent, count, outputs)


def shown_residues(axis: TapAxis) -> range:
    """The residues worth listing: all of a small numeric stride, none of a symbolic one."""
    return range(int(axis.stride)) if axis.stride.is_Integer and axis.stride <= MOST_PHASES else range(0)

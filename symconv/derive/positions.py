"""Positions: where along an axis of an adjoint the gather form of a gradient reads it.

In  dx[q] = sum_m [s | q + p - d m] dy[(q + p - d m)/s] w[m]  the axis of dy is read at a position u = a q + b m + c,
divided by s. With s - 1 zeros between the entries of dy it is read at u itself, and whatever there is to say about
padding, direction and stride follows from a, b, c, s and the ranges of q and m.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd

import sympy as sp

from symconv.ir import Between, Context, IndexedSum, NotApplicable, Quot, Range, linear


@dataclass(frozen=True)
class Tap:
    """A summed index, low <= index <= high, and the coefficient b with which a position moves along it."""

    index: sp.Symbol
    slope: sp.Expr
    low: sp.Expr
    high: sp.Expr

    @property
    def backwards(self) -> bool:
        return self.slope.is_negative is True

    @property
    def least(self) -> sp.Expr:
        """The least that it adds to a position."""
        return self.slope * (self.high if self.backwards else self.low)

    @property
    def greatest(self) -> sp.Expr:
        return self.slope * (self.low if self.backwards else self.high)


@dataclass(frozen=True)
class GatherAxis:
    """One axis of an adjoint: read at position/stride, with position = step q + slopes taps + shift.

    q: an index of the gradient, 0 <= q < extent. outputs: entries of the adjoint along the axis. mirrored: positions
    count from the last entry of the adjoint to its first, which keeps `step` positive.
    """

    q: sp.Symbol
    step: sp.Expr
    taps: tuple[Tap, ...]
    shift: sp.Expr
    stride: sp.Expr
    extent: sp.Expr
    outputs: sp.Expr
    mirrored: bool = False

    @property
    def position(self) -> sp.Expr:
        return sp.Add(self.step * self.q, self.shift, *(t.slope * t.index for t in self.taps))

    @property
    def last(self) -> sp.Expr:
        """The position of the last entry of the adjoint, with stride - 1 zeros between its entries."""
        return self.stride * (self.outputs - 1)

    @property
    def pad_before(self) -> sp.Expr:
        """Zeros needed before the adjoint's first entry; d (k - 1) - p for a convolution.

        A negative number is a crop, here and after the last entry.
        """
        return sp.Add(*(-t.least for t in self.taps), -self.shift)

    @property
    def pad_after(self) -> sp.Expr:
        """Zeros needed after its last entry, up to the greatest position."""
        greatest = sp.Add(self.step * (self.extent - 1), self.shift, *(t.greatest for t in self.taps))
        return sp.expand(greatest - self.last)

    def rounding(self, context: Context) -> tuple[sp.Expr, sp.Expr] | None:
        """(least, greatest) of `pad_after` without the size of the output, by the inequality that defines that size."""
        for g in context.assumptions:
            if isinstance(g, Between) and self.outputs.is_Symbol:
                least, greatest = (sp.expand(self.pad_after - g.e + bound) for bound in (g.lo, g.hi))
                if not (least.has(self.outputs) or greatest.has(self.outputs)):
                    return least, greatest
        return None

    @property
    def period(self) -> int | None:
        """How far apart the taps are that meet one remainder of `place` by the stride; None where no number says it."""
        if len(self.taps) != 1:
            return None
        (tap,) = self.taps
        numbers = all(e.is_Integer for e in (self.stride, tap.slope, tap.low))
        return int(self.stride) // gcd(int(self.stride), int(tap.slope)) if numbers else None

    @property
    def place(self) -> sp.Expr:
        """The position without its taps: its remainder by the stride decides which taps an entry meets."""
        return self.step * self.q + self.shift

    def first_tap(self, residue: int) -> int | None:
        """The first tap met where `place` leaves that remainder, were there no end to the taps; None for no tap."""
        if self.period is None:
            raise NotApplicable("the stride, the dilation, or the first tap is not a number")
        stride, slope, low = int(self.stride), int(self.taps[0].slope), int(self.taps[0].low)
        return next((m for m in range(low, low + self.period) if (residue + slope * m) % stride == 0), None)


def axis_of(s: IndexedSum, e: sp.Expr, outputs: sp.Expr) -> GatherAxis | None:
    """The axis of an adjoint of that size, read at e; None where e does not move, or is an index as it stands."""
    num, stride = (e.num, e.den) if isinstance(e, Quot) else (e, sp.S.One)
    places = [r for r in s.parallel if num.has(r.index)]
    if not places or (e == places[0].index and outputs == places[0].upper + 1):
        return None
    if len(places) != 1 or places[0].lowers != (0,):
        raise NotApplicable("an adjoint is read along several axes at once")
    step, rest = slope(num, places[0])
    taps = []
    for r in (r for r in s.reduced if num.has(r.index)):
        b, rest = slope(rest, r)
        taps.append(Tap(r.index, b, r.lower, r.upper))
    axis = GatherAxis(places[0].index, step, tuple(taps), rest, stride, places[0].upper + 1, outputs)
    return _mirrored(axis) if step.is_negative else axis


def slope(e: sp.Expr, r: Range) -> tuple[sp.Expr, sp.Expr]:
    """(a, c) with e = a i + c, i in a plain range and the sign of a known."""
    parts = linear(e, r.index)
    if parts is None or not (parts[0].is_positive or parts[0].is_negative):
        raise NotApplicable("an adjoint is read at places whose direction is not known")
    if len(r.bounds) != 2 or any(isinstance(b, (sp.Max, sp.Min)) for b in r.bounds):
        raise NotApplicable(f"{r.index} has more than two bounds")
    return parts


def _mirrored(a: GatherAxis) -> GatherAxis:
    """The axis with positions counted from the adjoint's last entry backwards."""
    taps = tuple(Tap(t.index, -t.slope, t.low, t.high) for t in a.taps)
    shift = sp.expand(a.last - a.shift)
    return GatherAxis(a.q, -a.step, taps, shift, a.stride, a.extent, a.outputs, mirrored=True)

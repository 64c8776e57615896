"""The readings that `rot180{..} * ..` leaves open: what `*` means, what rot180 turns about, where it starts.

For an image A and a kernel B of size K (an axis at a time), the value at p is

    * as Eq. 2:  sum_m A(p - m) B(m)            * as Eq. 1:  sum_m A(p + m) B(m)
    rot180 about the array's centre:  B(m) becomes B(K - 1 - m), 0 <= m < K
    rot180 about the origin:          B(m) becomes B(-m),        -(K - 1) <= m <= 0

With offsets at zero, as printed, each of the four reads A either at p .. p + K - 1 ("valid" alignment) or at
p - K + 1 .. p ("full" alignment); a shift by K - 1 gives the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import sympy as sp

from symconv.article.symbols import m, n
from symconv.article.vocabulary import Bounds, at, total
from symconv.ir import Access, IndexedSum


@dataclass(frozen=True)
class Star:
    """One reading of `A * rot180{B}` (or of `A * B` with `rotation` "none")."""

    correlate: bool
    rotation: str
    shifted: bool
    zero_outside: bool

    @property
    def backwards(self) -> bool:
        """Does A run backwards along the taps?"""
        return not self.correlate

    @property
    def full(self) -> bool:
        """Full alignment: A is read at p - K + 1 .. p."""
        natural = self.backwards != (self.rotation == "origin")
        return natural != self.shifted

    @property
    def label(self) -> str:
        star = f"* as Eq. {1 if self.correlate else 2}"
        turn = {"centre": "rot180 about the centre", "origin": "rot180 about the origin", "none": "kernel not rotated"}
        start = f"{'full' if self.full else 'valid'} alignment" if self.shifted else "offsets at zero"
        outside = "zero outside" if self.zero_outside else "arrays as they are"
        return f"{star}, {turn[self.rotation]}, {start}, {outside}"

    def axis(self, p: sp.Expr, tap: sp.Symbol, extent: sp.Expr) -> tuple[sp.Expr, sp.Expr, Bounds]:
        """(index of A, index of B, range of the tap) on one axis."""
        last = extent - 1
        origin = self.rotation == "origin"
        bounds: Bounds = (tap, -last, 0) if origin else (tap, 0, last)
        kernel = {"centre": last - tap, "origin": -tap, "none": tap}[self.rotation]
        natural_full = self.backwards != origin
        shift = 0 if not self.shifted else (last if natural_full else -last)
        return p + shift + (-tap if self.backwards else tap), kernel, bounds


def stars(rotations: tuple[str, ...] = ("centre", "origin")) -> Iterator[Star]:
    """Every reading, the one printed word for word first."""
    for correlate, rotation, shifted, zero in product((False, True), rotations, (False, True), (False, True)):
        yield Star(correlate, rotation, shifted, zero)


def starred(
    star: Star,
    result: Access,
    free: Sequence[Bounds],
    image: str,
    kernel: str,
    extents: tuple[sp.Expr, sp.Expr],
    factor: sp.Expr = sp.S.One,
) -> IndexedSum:
    """The sum that `(image * rot180{kernel})_p factor` stands for under one reading; p are the result's two indices."""
    p, q = result.indices
    row, kernel_row, over_row = star.axis(p, m, extents[0])
    column, kernel_column, over_column = star.axis(q, n, extents[1])
    summand = at(image, row, column) * at(kernel, kernel_row, kernel_column) * factor
    outside = (image,) if star.zero_outside else ()
    return total(result, [*free, over_row, over_column], summand, zero_outside=outside)

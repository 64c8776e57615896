"""The winning unit of each window: noted as one integer, its position in the window, in place of a mask."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from symconv.ir import Access, Context, FirstMaximum, IndexedSum, NotApplicable, UserError
from symconv.lower.vectorized.slices import SlicesPlan, _with_taps


@dataclass(frozen=True)
class MaximumPlan:
    """slices: of the candidate that each tap brings. window: the extents that a position is counted in."""

    name: str
    slices: SlicesPlan
    window: tuple[int, ...]

    @property
    def positions(self) -> int:
        return prod(self.window)


def maximum_plan(s: FirstMaximum, context: Context) -> MaximumPlan:
    """Loops over the window, the candidates of one tap at a time. Raises `UserError` for a window of unknown size."""
    taps = tuple(r for r in s.ranges if r.index in s.window)
    if not all(r.numeric for r in taps):
        raise UserError(f"the window of {s.result.name} has a size that is no number: give kernel_shape")
    kept = s.result.indices[: -len(s.window)]
    entry = Access(s.result.args[0], *kept)
    try:
        slices = _with_taps(IndexedSum(entry, s.ranges, s.guards, s.value), taps, context, {})
    except NotApplicable as error:
        raise UserError(f"the windows of {s.result.name} are no boxes: {error}") from None
    return MaximumPlan(s.result.name, slices, tuple(r.count or 0 for r in taps))

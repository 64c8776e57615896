"""The candidate's numbers beside the exact ones: entry by entry, within the rounding of its own precision."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from symconv.verify.dense import Array
from symconv.verify.model import Setting

SINGLE, DOUBLE = float(np.finfo(np.float32).eps), float(np.finfo(np.float64).eps)
# How much wider the bound is for what a mistake would give: its terms are others than those that were counted.
_SLACK = 64.0
_SPREAD = 4.0


@dataclass(frozen=True)
class Observed:
    """What the candidate gave for one output in one case; None where it refused the case, with its message."""

    setting: Setting
    actual: Array | None
    message: str = ""

    @property
    def agrees(self) -> bool:
        """|a - e| <= (n + 2) u S at every entry; u of single precision where the candidate computes in it."""
        return self.precision is not None

    @cached_property
    def precision(self) -> float | None:
        """The unit roundoff within which the candidate is right; None where it is wrong."""
        units = (SINGLE,) if self.single else (DOUBLE, SINGLE)
        return next((u for u in units if self._within(self.setting.exact, u)), None)

    @property
    def single(self) -> bool:
        return self.actual is not None and self.actual.dtype in (np.float32, np.float16)

    def _within(self, expected: Array, unit: float) -> bool:
        actual = self.actual
        if actual is None or actual.shape != expected.shape:
            return False
        known = np.isfinite(expected)  # elsewhere the formula has no value
        difference = np.abs(actual.astype(float)[known] - expected[known])
        if not difference.any():
            return True
        bound = unit * np.maximum(self.setting.magnitude, np.abs(expected))[known]
        if not self.single:
            # A Fourier transform in double precision spreads the rounding of the largest entry over all of them.
            bound = np.maximum(bound, _SPREAD * DOUBLE * float(np.nanmax(self.setting.magnitude, initial=0.0)))
        return bool((difference <= bound).all())

    def explained_by(self, value: Array) -> bool:
        """Does a mistake that gives `value` give the candidate's numbers?"""
        if self.actual is None or self.actual.shape != value.shape:
            return False
        unit = SINGLE if self.single or self.setting.case.plan.values == "quarters" else DOUBLE
        finite = np.abs(value[np.isfinite(value)])
        most = float(finite.max(initial=0.0))
        scale = np.maximum(np.abs(value), float(np.nanmax(self.setting.magnitude, initial=0.0)) + most)
        # A window without an entry has no average, and no maximum.
        known = np.isfinite(value) & (np.isfinite(self.actual.astype(float)) | (value != 0))
        with np.errstate(invalid="ignore"):
            close = np.abs(self.actual.astype(float) - value) <= _SLACK * unit * scale
        return bool(known.any() or not value.size) and bool(close[known].all())

"""All mistakes that are known, simple ones first."""

from __future__ import annotations

from symconv.verify.mistakes.hypothesis import Hypothesis
from symconv.verify.mistakes.known import digits, kernel, parts, pools, results, window

HYPOTHESES: tuple[Hypothesis, ...] = (
    *results.HYPOTHESES,
    *kernel.HYPOTHESES,
    *window.HYPOTHESES,
    *parts.HYPOTHESES,
    *pools.HYPOTHESES,
    *digits.HYPOTHESES,
)

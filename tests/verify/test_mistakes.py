"""Every known mistake shows in some case, and gives other numbers than the exact ones."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest

from symconv.layers import build_layer
from symconv.verify.cases import WINDOW, Maker
from symconv.verify.compare import Observed
from symconv.verify.diagnose import causes_of
from symconv.verify.mistakes.factors import fitted, named_factor
from symconv.verify.mistakes.hypothesis import Hypothesis
from symconv.verify.mistakes.table import HYPOTHESES
from symconv.verify.model import NoDifference, Setting
from symconv.verify.truth import truth_of

KINDS: tuple[tuple[str, tuple[tuple[str, Any], ...]], ...] = (
    ("conv2d", ()),
    ("conv3d", ()),
    ("conv_transpose2d", ()),
    ("conv2d", (("activation", "sigmoid"),)),
    ("conv2d", (("activation", "relu"),)),
    ("dense", ()),
    ("max_pool2d", ()),
    ("average_pool2d", ()),
    ("relu", ()),
)
CODES = (
    "kernel-not-rotated kernel-rotated kernel-transposed convolution-for-correlation axes-swapped channels-swapped "
    "groups-ignored stride-ignored dilation-ignored stride-dilation-swapped leftover-rows padding-not-cropped "
    "empty-crop padding-off-by-one same-padding-mismatch upstream-padded batch-mean scaled sign batch-first-only "
    "batch-last-only filter-first-only filter-last-only accumulated-over-calls bias-missing bias-repeated "
    "bias-gradient-not-summed activation-derivative-missing activation-not-applied reshape-without-transpose "
    "assigned-not-accumulated ties-duplicated ties-split pool-divisor argmax-global weight-update-returned "
    "incoming-gradient-returned integer-truncation all-zero input-mutated nondeterministic wrong-shape nan "
    "crash timeout out-of-memory"
)
# Codes that are no change of the sums: they are read off a factor, the calls, or the shape.
NO_CHANGE = (
    "batch-mean scaled sign accumulated-over-calls weight-update-returned input-mutated nondeterministic wrong-shape "
    "nan crash timeout out-of-memory"
)


@cache
def settings(output: str) -> list[Setting]:
    out = []
    for kind, attributes in KINDS:
        truth = truth_of(build_layer(kind, dict(attributes)))
        if output in truth.outputs:
            maker = Maker(truth, frozenset(WINDOW), {}, int(kind[-2]) if kind[-1] == "d" else 0)
            out += [Setting(truth, truth.outputs[output], case) for case in maker.cases()]
    return out


def shows(h: Hypothesis, setting: Setting) -> bool:
    try:
        value = h.change(setting.model).value
    except (NoDifference, ValueError, IndexError):
        return False
    exact = setting.exact
    return value.shape != exact.shape or not np.allclose(value, exact, equal_nan=True)


@pytest.mark.parametrize("h", HYPOTHESES, ids=lambda h: f"{h.code}-{h.what}")
def test_a_mistake_shows(h: Hypothesis, count_cases: Callable[[str, int], None]) -> None:
    assert any(shows(h, s) for output in h.outputs for s in settings(output)), h.what
    assert h.what
    assert h.fix
    assert h.violates
    count_cases("known mistakes", 1)


def test_every_code_is_there() -> None:
    known = {h.code for h in HYPOTHESES}
    assert set(CODES.split()) <= known | set(NO_CHANGE.split())


@pytest.mark.parametrize(
    ("factor", "words"),
    [
        (lambda m: -1.0, "-1"),
        (lambda m: 1 / m.number("N"), "1/N"),
        (lambda m: 0.5, "1/2"),
        (lambda m: 1 / (m.number("OH") * m.number("OW")), "1/(OH OW)"),
        (lambda m: 1 / (m.number("N") * m.number("OH") * m.number("OW")), "1/(N OH OW)"),
        (lambda m: float(m.number("KH") * m.number("KW")), "KH KW"),
        (lambda m: 0.37, "0.37"),
        (lambda m: 1.0 + m.number("H") / 7, None),
    ],
)
def test_a_factor_gets_its_name(factor: Callable[[Any], float], words: str | None) -> None:
    some = [s for s in settings("dw") if s.truth.layer.name == "conv2d"][:40]
    factors = [fitted(factor(s.model) * s.exact, s.exact) for s in some]
    assert None not in factors
    assert named_factor([f for f in factors if f is not None], [s.model for s in some]) == words


def test_nothing_is_made_up() -> None:
    """Noise that no mistake gives has no cause."""
    some = [s for s in settings("dx") if s.truth.layer.name == "conv2d"][:12]
    draw = np.random.default_rng(0)
    noisy = [Observed(s, s.exact + draw.integers(1, 9, s.exact.shape)) for s in some]
    assert causes_of(noisy, []) == ((), True)


def test_a_mistake_that_passing_cases_contradict_comes_last() -> None:
    """Doubling by a factor fits the failing case alone; a missing division by N fits the passing one as well."""
    some = [s for s in settings("dw") if s.truth.layer.name == "conv2d" and s.case.plan.values == "integers"]
    one = next(s for s in some if s.case.plan.N == 1)
    many = [s for s in some if s.case.plan.N in (2, 3)]
    causes, _ = causes_of([Observed(s, s.exact / s.case.plan.N) for s in many], [Observed(one, one.exact)])
    assert [c.code for c in causes] == ["batch-mean"]

"""A factor by which a candidate is off, and what it equals: N, OH OW, KH KW and their like."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import product

import numpy as np

from symconv.verify.dense import Array
from symconv.verify.model import Model

_ROUNDING = 1e-5
# Sizes that a mistaken factor may be made of, each to the power -1, 0 or 1.
_SIZES = {
    "N": ("N",),
    "OH OW": ("OD", "OH", "OW"),
    "KH KW": ("KD", "KH", "KW"),
    "H W": ("D", "H", "W"),
    "C": ("IC", "C", "I"),
    "O": ("OC", "O"),
    "s": ("s_d", "s_h", "s_w"),
    "G": ("G",),
    "sqrt(KH KW)": ("KD", "KH", "KW"),
}


def fitted(actual: Array, expected: Array) -> float | None:
    """The factor f with actual = f expected, by least squares; NaN where any would do, None where none does."""
    if actual.shape != expected.shape:
        return None
    known = np.isfinite(expected) & np.isfinite(actual)
    e, a = expected[known], actual[known].astype(float)
    norm = float((e * e).sum())
    if norm == 0:
        return None if a.any() else math.nan
    factor = float((a * e).sum()) / norm
    return factor if np.abs(a - factor * e).max(initial=0) <= _ROUNDING * np.abs(a).max(initial=1e-300) else None


def named_factor(factors: Sequence[float], models: Sequence[Model]) -> str | None:
    """What the factors of some cases equal in all of them: "1/N", "2", "1/(N OH OW)"; None where nothing fits."""
    told = [(f, m) for f, m in zip(factors, models, strict=True) if not math.isnan(f)]
    factors, sizes = [f for f, _ in told], [_sizes_of(m) for _, m in told]
    if not told or all(_alike(f, 1.0) for f in factors):
        return None
    for exponents in _exponents():
        for constant in (1.0, -1.0, 2.0, 0.5, -2.0, -0.5):
            if constant in (2.0, 0.5, -2.0, -0.5) and any(exponents) and sum(map(abs, exponents)) > 1:
                continue
            if all(_alike(f, constant * _monomial(s, exponents)) for f, s in zip(factors, sizes, strict=True)):
                return _words(constant, exponents)
    if all(_alike(f, factors[0]) for f in factors):
        return f"{factors[0]:.6g}"
    return None


@cache
def _exponents() -> list[tuple[int, ...]]:
    """Few sizes first; at most three."""
    every = product((0, -1, 1), repeat=len(_SIZES))
    return sorted((e for e in every if sum(map(abs, e)) <= 3), key=lambda e: (sum(map(abs, e)), sum(e)))


def _sizes_of(m: Model) -> Mapping[str, float]:
    # A transposed layer has no letter for its output sizes.
    named = (
        dict(zip(("OD", "OH", "OW")[3 - m.rank :], m.truth.shape("y", m.env)[-m.rank :], strict=True)) if m.rank else {}
    )
    named |= {s.name: v for s, v in m.env.items()}
    products = {key: float(np.prod([named[n] for n in names if n in named])) for key, names in _SIZES.items()}
    return {key: value**0.5 if key.startswith("sqrt") else value for key, value in products.items()}


def _monomial(sizes: Mapping[str, float], exponents: tuple[int, ...]) -> float:
    return float(np.prod([n**e for n, e in zip(sizes.values(), exponents, strict=True)]))


def _alike(a: float, b: float) -> bool:
    return abs(a - b) <= _ROUNDING * max(abs(a), abs(b))


def _words(constant: float, exponents: tuple[int, ...]) -> str:
    above = [n for n, e in zip(_SIZES, exponents, strict=True) if e > 0]
    below = [n for n, e in zip(_SIZES, exponents, strict=True) if e < 0]
    if constant in (0.5, -0.5):
        below.insert(0, "2")
    sign = "-" if constant < 0 else ""
    top = " ".join((["2"] if abs(constant) == 2 else []) + above) or "1"
    if not below:
        return sign + top
    joined = " ".join(below)
    return f"{sign}{top}/({joined})" if len(below) > 1 or " " in joined else f"{sign}{top}/{joined}"

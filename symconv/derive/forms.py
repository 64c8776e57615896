"""The forms of one gradient: scatter, gather over taps, gather over the region Q, phases. All equal, each for a use.

scatter   dx[s i + d m - p] += dy[i] w[m]                   as the chain rule gives it
taps      dx[q] = sum_m [s | q + p - d m] dy[(q+p-dm)/s] w[m]     Eqs. 17-20: outputs eliminated
region    dx[q] = sum_{i in Q} [d | q + p - s i] dy[i] w[(q+p-si)/d]   Eq. 16: taps eliminated, tight bounds
phases    the taps form by residue class of q + p, without divisibility
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import sympy as sp

from symconv.derive.differentiate import chain_rule, no_gradient, unfold
from symconv.derive.phases import by_residue
from symconv.derive.rules import attempt, discharge, extend_by_zero, sift_all, tighten
from symconv.derive.strategy import consumers
from symconv.ir import IndexedSum, Layer, Move, NotApplicable

Prefer = Callable[[Sequence[sp.Symbol]], Sequence[sp.Symbol]]
FORMS = ("scatter", "taps", "region", "phases")


def gradient_form(layer: Layer, wrt: str, form: str) -> tuple[IndexedSum, ...]:
    """One form of the adjoint of `wrt` in terms of the adjoints of the operands computed from it directly.

    Raises `NotApplicable` for phases at a symbolic stride, or where nothing is divided.
    """
    out: list[IndexedSum] = []
    for output in consumers(layer, wrt):
        start = chain_rule(layer, output, wrt)
        for opened in unfold(start, layer):
            out += _BUILD[form](opened, start, layer, output) if opened.summand != 0 else [opened]
    return tuple(out) or (no_gradient(layer, wrt),)


def _single(move: Move) -> IndexedSum:
    (piece,) = move.after
    return piece


def _scatter(s: IndexedSum, start: IndexedSum, layer: Layer, output: str) -> list[IndexedSum]:
    """Eliminate the result index: dx[f(I, J)] += ..."""
    results = start.result.free_symbols
    sifted = _single(sift_all(s, lambda c: [i for i in c if i in results]))
    return [_single(discharge(sifted))]


def _taps(s: IndexedSum, start: IndexedSum, layer: Layer, output: str) -> list[IndexedSum]:
    """Eliminate the outputs where a delta holds one, otherwise the forward formula's own index."""
    sifted = _single(discharge(_single(sift_all(s, _order(start, outputs_first=True)))))
    return [_single(attempt(lambda x: extend_by_zero(x, layer.context.adjoint(output), layer.context))(sifted))]


def _region(s: IndexedSum, start: IndexedSum, layer: Layer, output: str) -> list[IndexedSum]:
    """Eliminate the taps where a delta holds one, and bound the outputs tightly."""
    current = _single(sift_all(s, _order(start, outputs_first=False)))
    for r in current.reduced:
        current = _single(tighten(current, r.index))
    return [_single(discharge(current))]


def _phases(s: IndexedSum, start: IndexedSum, layer: Layer, output: str) -> list[IndexedSum]:
    (taps,) = _taps(s, start, layer, output)
    return list(by_residue(taps).after)


def _order(start: IndexedSum, outputs_first: bool) -> Prefer:
    """Candidates of a delta: the outputs of `start` before or after the indices that unfolding brought."""
    results, outputs = start.result.free_symbols, {r.index for r in start.reduced}

    def prefer(candidates: Sequence[sp.Symbol]) -> Sequence[sp.Symbol]:
        return sorted((i for i in candidates if i not in results), key=lambda i: (i in outputs) is not outputs_first)

    return prefer


_BUILD: dict[str, Callable[[IndexedSum, IndexedSum, Layer, str], list[IndexedSum]]] = {
    "scatter": _scatter,
    "taps": _taps,
    "region": _region,
    "phases": _phases,
}


def available_forms(layer: Layer, wrt: str) -> dict[str, tuple[IndexedSum, ...]]:
    """Every form that exists for this gradient."""
    out = {}
    for form in FORMS:
        try:
            out[form] = gradient_form(layer, wrt, form)
        except NotApplicable:
            continue
    return out

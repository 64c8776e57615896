"""Affine forms against the numbers that they stand for: every claim is tried at every point of small boxes."""

from __future__ import annotations

import doctest
from collections.abc import Callable, Iterator
from itertools import product
from random import Random

import pytest
import sympy as sp

from symconv.ir import Between, FloorDiv, NotApplicable, Quot, Range, affine, index, offset, size
from symconv.ir.affine import addresses_once, axis_map, coefficients, extremes, never_negative, residues_differ

I, J, T = map(index, "ijt")
H, K, S = map(size, "HKS")
P = offset("p")
CASES = 150


def points(*extents: int) -> Iterator[dict[sp.Symbol, int]]:
    for values in product(*map(range, extents)):
        yield dict(zip((I, J, T), values, strict=False))


def drawn(draw: Random, *symbols: sp.Symbol) -> sp.Expr:
    return sp.Add(*(draw.randint(-3, 3) * s for s in symbols), draw.randint(-4, 4))


def test_doctests() -> None:
    assert doctest.testmod(affine).failed == 0


def test_coefficients_and_the_rest_are_the_expression(count_cases: Callable[[str, int], None]) -> None:
    draw = Random(1)
    for _ in range(CASES):
        e = drawn(draw, I, J, H, FloorDiv(H, 2))
        found, rest = coefficients(e, {I, J})
        assert sp.expand(sp.Add(*(a * i for i, a in found.items()), rest) - e) == 0
        assert not rest.free_symbols & {I, J}
        assert list(found) == sorted(found, key=str)
    count_cases("affine forms taken apart", CASES)


@pytest.mark.parametrize("e", [S * I, FloorDiv(I, 2), Quot(I, S) + I, I / 2])
def test_coefficients_are_numbers(e: sp.Expr) -> None:
    with pytest.raises(NotApplicable, match="no sum of multiples"):
        coefficients(e, {I})


def test_an_axis_has_one_index() -> None:
    at = axis_map(2 * I - P, {I, J})
    assert (at.index, at.step, at.offset) == (I, 2, -P)
    assert axis_map(H - 1, {I}).index is None
    with pytest.raises(NotApplicable, match="couples i, j"):
        axis_map(I + J, {I, J})


def test_extremes_are_taken_and_never_left(count_cases: Callable[[str, int], None]) -> None:
    draw = Random(2)
    for _ in range(CASES):
        e, rows, columns = drawn(draw, I, J), draw.randint(1, 4), draw.randint(1, 4)
        least, greatest = extremes(e, {I: Range.box(I, rows), J: Range.box(J, columns)})
        values = [e.xreplace(at) for at in points(rows, columns)]
        assert (least, greatest) == (min(values), max(values))
    count_cases("extremes over boxes", CASES)


def test_extremes_over_several_bounds_and_symbolic_strides() -> None:
    r = Range(I, (sp.S.Zero, -P), (H, K))
    assert extremes(-S * I, {I: r}) == (-S * sp.Min(H, K), sp.S.Zero)
    with pytest.raises(NotApplicable, match="sign of S - 2 is not known"):
        extremes((S - 2) * I, {I: r})


def test_never_negative_is_never_wrong(count_cases: Callable[[str, int], None]) -> None:
    """What is said never to be negative is not, at all small sizes that satisfy the assumption and at every tap."""
    draw, said = Random(3), 0
    known = (Between(K, H + P, H + P),)
    for _ in range(4 * CASES):
        e = drawn(draw, I, H, K, P, FloorDiv(H + P - K, 2))
        if not never_negative(e, known, [Range.box(I, K)]):
            continue
        said += 1
        for h, k, p in product(range(1, 6), range(1, 6), range(3)):
            at = {H: sp.Integer(h), K: sp.Integer(k), P: sp.Integer(p)}
            assert k > h + p or all(e.xreplace({**at, I: sp.Integer(i)}) >= 0 for i in range(k)), e
    assert said > CASES / 3
    count_cases("affine forms that are never negative", said)


def test_entries_that_are_addressed_once(count_cases: Callable[[str, int], None]) -> None:
    draw, said = Random(4), 0
    for _ in range(CASES):
        entry = [drawn(draw, I, J), drawn(draw, I)]
        if addresses_once(entry, [I, J]):
            said += 1
            hit = [tuple(e.xreplace(at) for e in entry) for at in points(4, 4)]
            assert len(set(hit)) == len(hit), entry
    assert said > CASES / 3
    count_cases("entries that are addressed once", said)


def test_residues_that_differ_never_meet(count_cases: Callable[[str, int], None]) -> None:
    draw, said = Random(5), 0
    for _ in range(4 * CASES):
        stride = draw.randint(1, 3)
        e, f = (sp.expand(stride * draw.randint(1, 2) * x + draw.randint(0, 4)) for x in (I + J, I))
        if residues_differ(e, f, [I, J]):
            said += 1
            values = {e.xreplace(at) for at in points(7, 7)}
            assert values.isdisjoint(f.xreplace(at) for at in points(7)), (e, f)
    assert said > CASES / 3
    count_cases("residues that differ", said)

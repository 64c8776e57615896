"""The exact interpreter: what an indexed sum means, point by point."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import Any

import pytest
import sympy as sp

from symconv.ir import (
    Access,
    Apply,
    Between,
    CeilDiv,
    Context,
    Divides,
    Equal,
    FirstMaximum,
    FloorDiv,
    IndexedSum,
    Operand,
    Quot,
    Range,
    Select,
    UndefinedRead,
    evaluate,
    index,
    offset,
    size,
)

i, j, m = map(index, "ijm")
N, K = size("N"), size("K")
P = offset("P")
TWO = sp.Integer(2)


def at(name: str, *e: Any) -> Access:
    return Access(name, *map(sp.sympify, e))


CONTEXT = Context(
    (N, K, P),
    (),
    (
        Operand("x", (N,), ("i",)),
        Operand("z", (N, K), ("i", "m")),
        Operand("w", (K,), ("m",)),
        Operand("y", (N,), ("i",)),
        Operand("total", (), ()),
        Operand("sel", (N, K), ("i", "m")),
    ),
)


def run(*sums: Any, n: int = 4, k: int = 2, p: int = 0, functions: Any = None, **tensors: Any) -> dict[str, Any]:
    filled = {name: dict(enumerate_(v)) for name, v in tensors.items()}
    return evaluate(sums, CONTEXT, {"N": n, "K": k, "P": p}, filled, functions)


def enumerate_(values: Any) -> Any:
    return (((a,), v) for a, v in enumerate(values)) if isinstance(values, list) else values.items()


def total(summand: sp.Expr, *guards: Any, ranges: Any = None, extended: Any = ()) -> IndexedSum:
    return IndexedSum(at("total"), ranges or (Range.box(i, N),), tuple(guards), summand, frozenset(extended))


def test_fractions_stay_exact() -> None:
    """A mean of integers is a Fraction, and thirds add up to one."""
    third = total(at("x", i) / 3)
    assert run(third, x=[1, 1, 1, 0])["total"][()] == 1
    assert run(third, x=[1, 0, 0, 0])["total"][()] == Fraction(1, 3)
    assert isinstance(run(third, x=[1, 0, 0, 0])["total"][()], Fraction)
    halves = run(total(at("x", i) ** -1), x=[2, 2, 4, Fraction(1, 3)])["total"][()]
    assert halves == Fraction(17, 4)


def test_large_integers_stay_exact() -> None:
    """No float anywhere: 10^40 + 1 keeps its last digit."""
    assert run(total(at("x", i)), x=[10**40, 1, 0, 0])["total"][()] == 10**40 + 1


def test_roots_of_squares_are_exact() -> None:
    """sqrt(9/4) is 3/2, sqrt(2) a float."""
    root = total(sp.sqrt(at("x", i)), ranges=(Range.box(i, 1),))
    assert run(root, x=[Fraction(9, 4)] * 4)["total"][()] == Fraction(3, 2)
    assert run(root, x=[2] * 4)["total"][()] == pytest.approx(2**0.5)
    inverse = total(1 / sp.sqrt(at("x", i)), ranges=(Range.box(i, 1),))
    assert run(inverse, x=[Fraction(9, 4)] * 4)["total"][()] == Fraction(2, 3)


@pytest.mark.parametrize(("low", "high"), [(1, 0), (3, 0), (0, -1), (2, -5)])
def test_an_upper_bound_below_a_lower_is_the_empty_sum(low: int, high: int) -> None:
    """hi < lo is no points, not minus the points between."""
    empty = total(at("x", i), ranges=(Range(i, (sp.Integer(low),), (sp.Integer(high),)),))
    assert run(empty, x=[1, 2, 3, 4])["total"] == {(): 0}


def test_no_rows_at_all() -> None:
    """A size of zero is an empty operand and an empty sum."""
    rows = IndexedSum(at("y", i), (Range.box(i, N),), (), at("x", i))
    assert run(rows, n=0, x=[])["y"] == {}
    assert run(total(at("x", i)), n=0, x=[])["total"] == {(): 0}


def test_several_bounds_are_a_conjunction() -> None:
    """max(lowers) <= i <= min(uppers)"""
    both = total(at("x", i), ranges=(Range(i, (sp.S.Zero, P), (N - 1, K)),))
    assert run(both, n=6, k=3, p=2, x=[1, 10, 100, 1000, 10_000, 100_000])["total"][()] == 1100


def test_a_bound_may_mention_an_earlier_index() -> None:
    """sum_{i} sum_{m <= i} counts a triangle."""
    triangle = total(sp.S.One, ranges=(Range.box(i, N), Range(m, (sp.S.Zero,), (i,))))
    assert run(triangle, n=4)["total"][()] == 10


def test_guards() -> None:
    """Equal, Divides and Between select points; Divides takes negative numbers as Python's % does."""
    assert run(total(at("x", i), Equal(i, K)), x=[1, 2, 3, 4])["total"][()] == 3
    assert run(total(at("x", i), Divides(TWO, i - 3)), x=[1, 2, 3, 4])["total"][()] == 6
    assert run(total(at("x", i), Between(sp.S.One, i, TWO)), x=[1, 2, 3, 4])["total"][()] == 5


def test_a_read_outside_is_an_error() -> None:
    """Below and above the box, unless the operand is zero-extended."""
    for shift in (-1, 1):
        reads = total(at("x", i + shift))
        with pytest.raises(UndefinedRead, match="outside its box"):
            run(reads, x=[1, 2, 3, 4])
        assert run(reads.with_(extended=frozenset({"x"})), x=[1, 2, 3, 4])["total"][()] == 10 - (4 if shift < 0 else 1)


def test_zero_extension_is_an_operands_own() -> None:
    """Extending x does not extend w."""
    s = total(at("x", i - 1) * at("w", i), extended={"x"})
    with pytest.raises(UndefinedRead, match="w"):
        run(s, n=4, k=2, x=[1, 2, 3, 4], w=[1, 1])


def test_zero_extension_reaches_into_functions() -> None:
    """f(x) of an x outside is f(0), not 0: only the operand is zero there."""
    s = total(Apply("f", 0, at("x", i + 1)), extended={"x"}, ranges=(Range.box(i, N),))
    assert run(s, n=2, x=[5, 6], functions={"f": lambda order, v: v + 100})["total"][()] == 106 + 100


def test_a_write_outside_is_an_error() -> None:
    """y[i + 1] leaves its box at the last i."""
    with pytest.raises(UndefinedRead, match="written outside"):
        run(IndexedSum(at("y", i + 1), (Range.box(i, N),), (), at("x", i)), x=[1, 2, 3, 4])


def test_an_inexact_quotient_is_an_error_and_its_guard_protects_it() -> None:
    """x[i/2] without [2 | i] is no entry; with it, only even i are read."""
    bare = total(at("x", Quot(i, TWO)))
    with pytest.raises(ArithmeticError, match="divisibility"):
        run(bare, x=[1, 2, 3, 4])
    assert run(total(at("x", Quot(i, TWO)), Divides(TWO, i)), x=[1, 2, 3, 4])["total"][()] == 3


def test_floor_and_ceiling_of_negative_numbers() -> None:
    """floor((i-3)/2) and ceil((i-3)/2) round down and up, also below zero."""
    floors, ceils = (total(q(i - 3, TWO)) for q in (FloorDiv, CeilDiv))
    assert run(floors, n=6)["total"][()] == sum((a - 3) // 2 for a in range(6))
    assert run(ceils, n=6)["total"][()] == sum(-((3 - a) // 2) for a in range(6))


def test_sums_that_write_the_same_operand_add() -> None:
    """A tensor is the sum of all statements that write to it, zero elsewhere."""
    evens = IndexedSum(at("y", 2 * i), (Range.box(i, K),), (), at("x", i))
    first = IndexedSum(at("y", 0), (), (), sp.Integer(100))
    assert list(run(evens, first, n=4, k=2, x=[1, 2, 3, 4])["y"].values()) == [101, 0, 2, 0]


def test_statements_run_in_order() -> None:
    """A later statement reads what an earlier one wrote."""
    y = IndexedSum(at("y", i), (Range.box(i, N),), (), 2 * at("x", i))
    assert run(y, total(at("y", i)), x=[1, 2, 3, 4])["total"][()] == 20


def test_functions_are_called_with_their_order() -> None:
    """f'(x) is asked for with order 1."""
    slope = total(Apply("f", 1, at("x", i)))
    assert run(slope, x=[1, 2, 3, 4], functions={"f": lambda order, v: (None, 10 * v)[order]})["total"][()] == 100


def test_select() -> None:
    """relu by cases, its value at zero among them."""
    x = at("x", i)
    relu = IndexedSum(at("y", i), (Range.box(i, N),), (), Select(x, 0, x, 0))
    assert list(run(relu, x=[-2, 0, 3, Fraction(1, 2)])["y"].values()) == [0, 0, 3, Fraction(1, 2)]


def test_minimum_maximum_absolute_value_and_sign() -> None:
    """Max, Min, Abs and sign of integers are integers."""
    x = at("x", i)
    s = IndexedSum(
        at("y", i), (Range.box(i, N),), (), sp.Max(x, 2) + 10 * sp.Min(x, 2) + 100 * sp.Abs(x) + 1000 * sp.sign(x)
    )
    assert list(run(s, x=[-1, 0, 2, 5])["y"].values()) == [
        max(v, 2) + 10 * min(v, 2) + 100 * abs(v) + 1000 * ((v > 0) - (v < 0)) for v in (-1, 0, 2, 5)
    ]


def winners(z: dict[tuple[int, int], int], n: int, k: int, guards: Any = ()) -> dict[tuple[int, ...], int]:
    first = FirstMaximum(at("sel", i, m), (m,), (Range.box(i, N), Range.box(m, K)), tuple(guards), at("z", i, m))
    return run(first, n=n, k=k, z=z)["sel"]


def test_the_first_of_equal_maxima_wins() -> None:
    """Ties go to the first unit in scan order, one winner a window."""
    z = {(0, 0): 1, (0, 1): 7, (0, 2): 7, (1, 0): 5, (1, 1): 5, (1, 2): 5}
    assert winners(z, 2, 3) == {p: int(p in ((0, 1), (1, 0))) for p in product(range(2), range(3))}


def test_a_unit_outside_the_domain_never_wins() -> None:
    """Guards leave units out, and a window without units has no winner."""
    z = {(0, 0): 9, (0, 1): 1, (1, 0): 3, (1, 1): 2}
    assert winners(z, 2, 2, [Between(sp.S.One, m, K - 1)]) == {(0, 0): 0, (0, 1): 1, (1, 0): 0, (1, 1): 1}
    assert set(winners(z, 2, 2, [Equal(m, K)]).values()) == {0}


def test_negative_maxima() -> None:
    """All values below zero still have a winner."""
    assert winners({(0, 0): -3, (0, 1): -1}, 1, 2) == {(0, 0): 0, (0, 1): 1}


def test_inputs_are_not_touched() -> None:
    """The given mappings are left as they are."""
    x = {(a,): a for a in range(4)}
    kept = dict(x)
    evaluate([IndexedSum(at("x", i), (Range.box(i, N),), (), sp.S.One)], CONTEXT, {"N": 4, "K": 1, "P": 0}, {"x": x})
    assert x == kept

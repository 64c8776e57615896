"""Exact scalars: known identities, falsehoods, domains, and random expressions against an evaluator of their own."""

from __future__ import annotations

import random
from collections.abc import Callable
from fractions import Fraction

import pytest
import sympy as sp

from symconv.ir import Condition, Select, Sign, Unknown
from symconv.prove.scalars import conditions, derivative, enclose, refutation, vanishes
from tests.prove.scalar_oracle import SYMBOLS, expression, points, rewritten, same_at

Count = Callable[[str, int], None]
x, y, z = SYMBOLS
E = {"evaluate": False}


def relu(u: sp.Expr) -> sp.Expr:
    return Select(u, 0, u, 0)


def largest(a: sp.Expr, b: sp.Expr) -> sp.Expr:
    return Select(a, b, a, b)


def least(a: sp.Expr, b: sp.Expr) -> sp.Expr:
    return Select(b, a, a, b)


def s(u: sp.Expr) -> sp.Expr:
    return 1 / (1 + sp.exp(-u))


TRUE: list[tuple[sp.Expr, sp.Expr]] = [
    (sp.exp(x + z), sp.exp(x) * sp.exp(z)),
    (sp.tanh(x), 2 * s(2 * x) - 1),
    (sp.sin(2 * x), 2 * sp.sin(x) * sp.cos(x)),
    (sp.cos(2 * x), 1 - 2 * sp.sin(x) ** 2),
    (sp.cos(x + z), sp.cos(x) * sp.cos(z) - sp.sin(x) * sp.sin(z)),
    (s(-x), 1 - s(x)),
    (relu(x) - relu(-x), x),
    (relu(x) + relu(-x), sp.Abs(x)),
    (largest(x, z) + least(x, z), x + z),
    (sp.Abs(x * z), sp.Abs(x) * sp.Abs(z)),
    (sp.log(1 + sp.exp(x)) - sp.log(1 + sp.exp(-x)), x),
    (sp.log(x * z), sp.log(x) + sp.log(z)),
    ((x**2 - z**2) / (x - z), x + z),
    (1 / (1 + x) + 1 / (1 - x), 2 / (1 - x**2)),
    (sp.sqrt(x**2 + 2 * x + 1), sp.Abs(x + 1)),
    (sp.log(x**2), 2 * sp.log(sp.Abs(x))),
    (sp.exp(sp.log(x**2) / 2), sp.Abs(x)),
    (sp.sqrt(x) * sp.sqrt(z), sp.sqrt(x * z)),
    (sp.log(x) / 2, sp.log(sp.sqrt(x))),
    (largest(least(x, sp.Integer(6)), sp.S.Zero), least(largest(x, sp.S.Zero), sp.Integer(6))),
    (relu(relu(x)), relu(x)),
    (largest(x, largest(y, z)), largest(largest(x, y), z)),
    (sp.sign(x) * sp.Abs(x), x),
    (sp.sqrt(x**2 + 1) ** 3, (x**2 + 1) * sp.sqrt(x**2 + 1)),
    (sp.Abs(x) ** y * sp.Abs(x), sp.Abs(x) ** (y + 1)),
    (sp.tan(x) * sp.cos(x), sp.sin(x)),
    (sp.sin(x / 2) ** 2, (1 - sp.cos(x)) / 2),
    (sp.Abs(sp.sqrt(x)), sp.sqrt(x)),
    (sp.sqrt(sp.Integer(8)) * x, 2 * sp.sqrt(2) * x),
]
FALSE: list[tuple[sp.Expr, sp.Expr]] = [
    (relu(x), x),
    (sp.Abs(x), x),
    (sp.sqrt(x**2), x),
    (sp.exp(1000 * x), sp.exp(999 * x)),
    (relu(x) + sp.Rational(1, 10**9), relu(x)),
    (sp.tanh(x + 20), sp.tanh(x + 21)),
    (sp.sign(x), Select(x, 0, sp.S.One, -sp.S.One)),
    (Select(x, 0, sp.S.One, sp.S.Zero), Select(0, x, sp.S.Zero, sp.S.One)),
    (sp.Abs(x + z), sp.Abs(x) + sp.Abs(z)),
    (sp.exp(sp.log(x**2) / 2), x),
    (sp.log(x - 1), sp.log(x) - 1),
    (sp.exp(x) ** 2, sp.exp(x**2)),
    (x**9, x**7),
]


@pytest.mark.parametrize(("lhs", "rhs"), TRUE, ids=str)
def test_a_true_identity_is_proved(lhs: sp.Expr, rhs: sp.Expr) -> None:
    assert vanishes(sp.Add(lhs, -rhs, **E))
    assert refutation(lhs, rhs) is None


@pytest.mark.parametrize(("lhs", "rhs"), FALSE, ids=str)
def test_a_false_one_is_refuted_at_an_exact_point(lhs: sp.Expr, rhs: sp.Expr) -> None:
    assert not vanishes(sp.Add(lhs, -rhs, **E))
    assert refutation(lhs, rhs) is not None


def test_what_is_nowhere_defined_is_not_proved() -> None:
    """Of an empty domain everything would hold."""
    assert not vanishes(sp.log(-1 - x**2) + 1)
    nothing = sp.sin(x) ** 2 + sp.cos(x) ** 2 - 1
    assert not vanishes(sp.Add(1 / nothing, -2 / nothing, **E))


def test_a_condition_may_decide() -> None:
    assert not vanishes(relu(x) - x)
    assert vanishes(relu(x) - x, (Condition(x, Sign.NONNEGATIVE),))
    assert not vanishes(sp.sign(x) - 1, (Condition(x, Sign.NONNEGATIVE),))
    assert vanishes(sp.sign(x) - 1, (Condition(x, Sign.POSITIVE),))


def test_a_whole_exponent_lets_a_negative_base_through() -> None:
    """x^n = |x|^n is false for odd n, whatever exp(n log x) says; a real exponent asks for a positive base."""
    n, p = sp.Symbol("n", integer=True, positive=True), sp.Symbol("p", real=True)
    for lhs, rhs in (
        (x**n, sp.Abs(x) ** n),
        (x**n * sp.sign(x), sp.Abs(x) ** n),
        (sp.cos(x) ** n, sp.Abs(sp.cos(x)) ** n),
    ):
        assert not vanishes(lhs - rhs)
        assert refutation(lhs, rhs) is not None
    assert vanishes(x**p - sp.Abs(x) ** p)
    assert refutation(x**p, sp.Abs(x) ** p) is None
    assert vanishes(sp.Abs(x) ** n * sp.Abs(x) - sp.Abs(x) ** (n + 1))


def test_what_a_branch_needs_is_needed_where_it_is_taken() -> None:
    """log(x) in the branch x > 0 says nothing of x <= 0, where the other branches differ."""
    log, inverse = sp.log(x), 1 / x
    for taken in (log, inverse):
        lhs, rhs = Select(x, 0, taken, sp.S.Zero), Select(x, 0, taken, sp.S.One)
        assert not vanishes(lhs - rhs)
        assert refutation(lhs, rhs) is not None
        assert vanishes(lhs - Select(x, 0, taken, sp.S.Zero * x))
    assert conditions(Select(x, 0, log, inverse)) == ()
    assert conditions(Select(log, 0, x, z)) == (Condition(x, Sign.POSITIVE),)


def test_a_whole_power_may_be_negative() -> None:
    n = sp.Symbol("n", integer=True, positive=True)
    assert conditions(sp.sqrt(x**n)) == (Condition(x**n, Sign.NONNEGATIVE),)
    assert conditions(sp.Pow(x ** (2 * n), sp.Rational(1, 2), **E)) == ()


def test_conditions_are_what_may_fail() -> None:
    assert conditions(x / (1 + sp.exp(x)) + sp.sqrt(x**2 + 1)) == ()
    assert set(conditions(sp.log(x) / z)) == {Condition(x, Sign.POSITIVE), Condition(z, Sign.NONZERO)}
    assert conditions(sp.sqrt(x)) == (Condition(x, Sign.NONNEGATIVE),)


def test_large_things_end_in_a_sentence_or_a_value() -> None:
    tower = sp.Integer(99)
    for _ in range(5):
        tower = sp.exp(tower, **E)
    assert enclose(tower, {}) is None or not vanishes(tower - x)
    with pytest.raises(Unknown, match="terms"):
        vanishes((x + y + z + 1) ** 64 - sp.exp(x))


@pytest.mark.parametrize("seed", range(3))
def test_random_expressions(seed: int, count_cases: Count) -> None:
    """Nothing that is proved differs anywhere, and no refutation is at a point where the two agree."""
    rng, proved, refuted = random.Random(seed), 0, 0
    for _ in range(120):
        e = expression(rng, rng.choice((1, 2, 3)))
        other = rewritten(rng, e)
        try:
            zero = vanishes(sp.Add(e, sp.Mul(-1, other, **E), **E))
        except Unknown:
            continue
        if zero:
            proved += 1
            for at in points(rng, SYMBOLS, 40):
                assert same_at(e, other, {**at, "f": rng.randrange(2)}) is not False, (sp.srepr(e), sp.srepr(other), at)
        elif (at := refutation(e, other)) is not None:
            refuted += 1
            full = {v: Fraction(at.get(v, 0)) for v in SYMBOLS}
            assert same_at(e, other, {**full, "f": 0}) is not True, (sp.srepr(e), sp.srepr(other), at)
    assert proved > 40
    count_cases("random scalar expressions proved", proved)
    count_cases("random scalar expressions refuted", refuted)


def test_slopes_agree_with_sympy(count_cases: Count) -> None:
    """Our table of derivatives against SymPy's, where SymPy's is defined."""
    rng, compared = random.Random(5), 0
    for _ in range(150):
        e = expression(rng, 2)
        if e.has(sp.Max, sp.Min, sp.sign) or e.has(sp.zoo, sp.nan):
            continue
        try:
            ours, theirs = derivative(e, x), sp.diff(e, x)
        except (Unknown, ValueError, ZeroDivisionError):
            continue
        if theirs.has(sp.DiracDelta, sp.Heaviside):
            continue
        for at in points(rng, SYMBOLS, 12):
            assert same_at(ours, theirs, {**at, "f": 0}) is not False, (sp.srepr(e), at)
        compared += 1
    assert compared > 60
    count_cases("slopes compared with SymPy's", compared)

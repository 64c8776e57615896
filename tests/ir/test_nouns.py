"""What may be built: symbols, quotients, ranges, sums, layers; and what their constructors refuse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from symconv.ir import (
    Access,
    Apply,
    Between,
    CeilDiv,
    Context,
    Divides,
    Equal,
    FloorDiv,
    IndexedSum,
    Layer,
    NotAffine,
    Operand,
    Partial,
    Quot,
    Range,
    UserError,
    accesses,
    checked_name,
    fresh,
    index,
    integer,
    is_affine,
    linear,
    offset,
    size,
)

Count = Callable[[str, int], None]
i, j, m, q = map(index, "ijmq")
N, K, S = map(size, "NKS")
P = offset("P")
TWO = sp.Integer(2)


def at(name: str, *e: Any) -> Access:
    return Access(name, *map(sp.sympify, e))


INTEGERS = st.integers(-(10**6), 10**6)
DIVISORS = st.integers(1, 10**3)


@settings(max_examples=300, database=None)
@given(a=INTEGERS, b=DIVISORS)
def test_numeric_quotients_are_pythons(a: int, b: int, count_cases: Count) -> None:
    """FloorDiv is //, CeilDiv rounds up, Quot is exact or stays as it is, for negative numbers too."""
    assert FloorDiv(a, b) == a // b
    assert CeilDiv(a, b) == -(-a // b)
    count_cases("random quotients compared with Python", 1)
    if a % b == 0:
        assert Quot(a, b) == a // b
    else:
        assert Quot(a, b).has(Quot)


@settings(max_examples=200, database=None)
@given(a=INTEGERS, c=INTEGERS, b=DIVISORS, value=st.integers(-1000, 1000))
def test_quotients_of_forms_keep_their_value(a: int, c: int, b: int, value: int, count_cases: Count) -> None:
    """A quotient of a i + c is never distributed wrongly: substituting i gives Python's answer."""
    for kind, python in ((FloorDiv, lambda v: v // b), (CeilDiv, lambda v: -(-v // b))):
        e = kind(a * i + c, b)
        assert e.subs(i, value) == python(a * value + c)
        assert e.xreplace({i: sp.Integer(value)}) == python(a * value + c)
    whole = Quot(a * b * i + b * c, b)
    assert whole == a * i + c
    count_cases("random quotients compared with Python", 1)


@settings(max_examples=100, database=None)
@given(a=INTEGERS, b=DIVISORS)
def test_floor_and_ceiling_meet(a: int, b: int) -> None:
    """b floor(a/b) <= a <= b ceil(a/b), and both are within b of a."""
    low, high = FloorDiv(a, b), CeilDiv(a, b)
    assert b * low <= a <= b * high
    assert high - low == (0 if a % b == 0 else 1)


def test_symbolic_quotients() -> None:
    """S (q-m) / S cancels as a polynomial; (q-m)/S stays a node and rebuilds from its arguments."""
    assert Quot(S * q - S * m, S) == q - m
    e = Quot(q - m, S)
    assert isinstance(e, Quot)
    assert e.func(*e.args) == e
    assert e.is_integer
    assert e.xreplace({S: sp.S.One}) == q - m
    assert Quot(S**2 * q, S) == S * q


@pytest.mark.parametrize("divisor", [0, -1, -3])
@pytest.mark.parametrize("kind", [Quot, FloorDiv, CeilDiv])
def test_divisors_are_positive(kind: type, divisor: int) -> None:
    """A divisor of zero or less is refused."""
    with pytest.raises(ValueError, match="must be positive"):
        kind(q, divisor)


@pytest.mark.parametrize(
    "name", ["", "1a", "a b", "x;y", "lambda", "é", "a" * 65, "x[0]", "__import__('os')", "a\n", 3, None]
)
def test_names_are_plain(name: Any) -> None:
    """Only identifiers become symbols; no string is ever parsed."""
    with pytest.raises(UserError, match="not allowed"):
        checked_name(name)
    with pytest.raises(UserError, match="not allowed"):
        index(name)


@pytest.mark.parametrize("name", ["a", "OH", "k1", "i'", "m''", "s_h", "S", "N", "E", "I", "Q", "O"])
def test_names_that_sympy_would_take_for_something_else(name: str) -> None:
    """One-letter names such as S, N, E and I are names like others."""
    assert index(name).is_Symbol
    assert size(name).name == name


def test_kinds_of_symbols() -> None:
    """A size is at least 1, a pad at least 0, an index any integer; the same name twice is the same symbol."""
    assert size("N").is_positive
    assert offset("P").is_nonnegative
    assert offset("P").is_positive is None
    assert index("i").is_nonnegative is None
    assert size("N") == size("N")
    assert fresh("m", {"m", "m'"}).name == "m''"
    with pytest.raises(sp.SympifyError):
        integer("1+1")


def test_accesses_rebuild_and_hold_no_captured_name() -> None:
    """An operand's name is no free symbol, so that substituting an index of that name leaves it alone."""
    a = at("i", i, 2 * j + 1)
    assert a.func(*a.args) == a
    assert a.free_symbols == {i, j}
    assert a.xreplace({i: q}) == at("i", q, 2 * j + 1)
    assert sp.diff(a, i) == 0
    assert accesses(a * at("b", i) + a) == (at("b", i), a)
    partial = Partial(a, at("x", q))
    assert partial.func(*partial.args) == partial
    assert (partial.out, partial.inn) == (a, at("x", q))


def test_opaque_functions_differentiate_by_the_chain_rule() -> None:
    """d f(u)/ds = f'(u) u', twice over."""
    u = sp.Symbol("u", real=True)
    f = Apply("f", 0, u**2)
    assert sp.diff(f, u) == 2 * u * Apply("f", 1, u**2)
    assert sp.expand(sp.diff(f, u, 2)) == sp.expand(2 * Apply("f", 1, u**2) + 4 * u**2 * Apply("f", 2, u**2))
    assert f.func(*f.args) == f


@pytest.mark.parametrize(
    ("e", "yes"),
    [
        (2 * i + 3 * j - N, True),
        (S * i, True),
        (i * j, False),
        (i**2, False),
        (Quot(i + j, TWO), True),
        (FloorDiv(i, S), True),
        (FloorDiv(N, K), True),
        (sp.Max(i, j), True),
        (2**i, False),
        (sp.sin(i), False),
        (S * K * i + P, True),
    ],
)
def test_affine(e: sp.Expr, yes: bool) -> None:
    """Integer combinations of indices, with sizes as coefficients; quotients of such count."""
    assert is_affine(e, {i, j}) is yes


def test_linear() -> None:
    """(a, c) with e = a i + c, where there is such a pair."""
    assert linear(2 * i + j, i) == (2, j)
    assert linear(S * (i + 1), i) == (S, S)
    assert linear(Quot(i, TWO) + i, i) is None
    assert linear(i**2, i) is None


def sum_of(*ranges: Range, guards: Any = (), result: Access | None = None, summand: Any = None) -> IndexedSum:
    return IndexedSum(result or at("y", i), ranges, tuple(guards), summand if summand is not None else at("x", i))


def test_an_index_is_bound_once() -> None:
    """The same index in two ranges is refused."""
    with pytest.raises(ValueError, match="bound twice"):
        sum_of(Range.box(i, N), Range.box(i, K))


def test_bounds_look_back_only() -> None:
    """A bound may mention an earlier index, never a later one or its own."""
    sum_of(Range.box(i, N), Range.box(j, i + 1))
    with pytest.raises(ValueError, match="later index"):
        sum_of(Range.box(j, i + 1), Range.box(i, N))
    with pytest.raises(ValueError, match="later index"):
        sum_of(Range.box(i, N + i))


@pytest.mark.parametrize(
    "build",
    [
        lambda: sum_of(Range.box(i, N), Range.box(j, N), summand=at("x", i * j)),
        lambda: sum_of(Range.box(i, N), result=at("y", i**2)),
        lambda: sum_of(Range.box(i, N), Range.box(j, N), guards=[Equal(i * j, N)]),
        lambda: sum_of(Range.box(i, N), Range.box(j, i**2)),
        lambda: sum_of(Range.box(i, N), guards=[Divides(TWO, i**2)]),
    ],
)
def test_index_expressions_are_affine(build: Callable[[], IndexedSum]) -> None:
    """Products of indices are refused wherever they stand."""
    with pytest.raises(NotAffine, match="not affine"):
        build()


def test_one_name_is_one_symbol() -> None:
    """A size N and an index N, or a pad N, in one sum are refused."""
    with pytest.raises(ValueError, match="both called N"):
        sum_of(Range.box(i, N), guards=[Between(sp.S.Zero, i, offset("N"))])
    with pytest.raises(ValueError, match="both called N"):
        sum_of(Range.box(i, sp.Symbol("N", integer=True)), Range.box(j, N))


def test_ranges_have_both_bounds() -> None:
    """A range without a lower or an upper bound is refused; equal bounds are kept once."""
    for lowers, uppers in (((), (N,)), ((sp.S.Zero,), ())):
        with pytest.raises(ValueError, match="a lower and an upper bound"):
            Range(i, lowers, uppers)
    assert Range(i, (sp.S.Zero, sp.S.Zero), (N, N)).bounds == (0, N)


def test_parallel_and_reduced_are_derived() -> None:
    """An index that the result mentions is parallel, the others are summed."""
    s = sum_of(Range.box(i, N), Range.box(m, K), result=at("y", 2 * i + 1))
    assert [r.index for r in s.parallel] == [i]
    assert [r.index for r in s.reduced] == [m]
    assert s.range_of(m) == Range.box(m, K)


def test_zero_extension_of_unread_operands_is_forgotten() -> None:
    """The set names operands that the summand reads, so that equal sums are equal."""
    s = IndexedSum(at("y", i), (Range.box(i, N),), (), at("x", i), frozenset({"x", "w"}))
    assert s.extended == {"x"}


def test_substitution_and_renaming() -> None:
    """A substituted index loses its range; renaming exchanges two indices at once."""
    s = sum_of(Range.box(i, N), Range.box(j, K), summand=at("x", i, j))
    assert s.substitute({j: i + 1}).summand == at("x", i, i + 1)
    assert s.substitute({j: i + 1}).indices == (i,)
    swapped = s.rename({i: j, j: i})
    assert swapped.summand == at("x", j, i)
    assert swapped.result == at("y", j)
    assert swapped.indices == (j, i)


CONTEXT = Context((N, K), (), (Operand("x", (N,), ("i",)), Operand("h", (N,), ("i",)), Operand("y", (N,), ("i",))))


def test_layers_are_read_in_order() -> None:
    """An operand that is written later, or read at another rank, is refused."""
    h = IndexedSum(at("h", i), (Range.box(i, N),), (), at("x", i))
    y = IndexedSum(at("y", i), (Range.box(i, N),), (), at("h", i))
    assert Layer("two", (h, y), CONTEXT, ("x",)).writers("h") == (h,)
    with pytest.raises(ValueError, match="read before it is written"):
        Layer("two", (y, h), CONTEXT, ("x",))
    with pytest.raises(ValueError, match="rank 1"):
        Layer("one", (h.with_(summand=at("x", i, i)),), CONTEXT, ("x",))
    with pytest.raises(UserError, match="wrt 'h'"):
        Layer("two", (h, y), CONTEXT, ("x",)).check_input("h")


def test_contexts() -> None:
    """An adjoint has its operand's shape; numbers can be put for sizes; axes and sizes go together."""
    assert CONTEXT.shape("dx") == (N,)
    assert CONTEXT.has("dy")
    assert not CONTEXT.has("q")
    with pytest.raises(KeyError, match="no operand q"):
        CONTEXT.shape("q")
    assert CONTEXT.substitute({N: 3}).shape("x") == (3,)
    assert CONTEXT.substitute({N: 3}).sizes == (K,)
    with pytest.raises(ValueError, match="axis names"):
        Operand("x", (N, K), ("i",))

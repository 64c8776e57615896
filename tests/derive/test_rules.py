"""Each rule by itself: the sum before and the sums after have equal values, evaluated exactly at small sizes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import product
from typing import Any

import pytest
import sympy as sp

from symconv.derive.differentiate import chain_rule, forward_at, inner_partial, unfold
from symconv.derive.forms import available_forms, gradient_form
from symconv.derive.phases import MOST_PHASES, by_residue
from symconv.derive.rules import attempt, discharge, extend_by_zero, reindex, sift, sift_all, solve, then, tighten
from symconv.derive.strategy import adjoint_order, consumers, derive, flip_taps
from symconv.derive.support import couplings, outputs_to_taps, restrict
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
    Move,
    NotApplicable,
    Operand,
    Partial,
    Quot,
    Range,
    UserError,
    evaluate,
    index,
    offset,
    size,
)
from symconv.ir.affine import cancel, extremes
from symconv.layers.convolution import conv, conv_transpose
from symconv.layers.pooling import max_pool
from tests.brute_force import CUBIC, filled, inputs, small_sizes

Count = Callable[[str, int], None]
i, j, m, q, t = map(index, "ijmqt")
N, M, W, S, D = map(size, "NMWSD")
P = offset("P")
TWO = sp.Integer(2)


def at(name: str, *e: Any) -> Access:
    return Access(name, *map(sp.sympify, e))


def context(*shapes: tuple[str, tuple[Any, ...]], scales: tuple[sp.Symbol, ...] = ()) -> Context:
    """A context whose sizes are all symbols of the shapes."""
    operands = tuple(Operand(n, tuple(map(sp.sympify, s)), tuple("abcdef"[: len(s)])) for n, s in shapes)
    every = {v for o in operands for e in o.shape for v in e.free_symbols} | {P}
    return Context(tuple(sorted(every - set(scales), key=lambda v: v.name)), (), operands, scales)


def assert_same(before: Iterable[IndexedSum], after: Iterable[IndexedSum], ctx: Context, largest: int = 4) -> int:
    """Both lists have the same value at all small sizes."""
    before, after = tuple(before), tuple(after)
    many = small_sizes(ctx, largest, most=60)
    assert many
    name = before[0].result.name
    for sizes in many:
        tensors = filled(ctx, inputs(before) | inputs(after), sizes)
        left, right = (evaluate(side, ctx, sizes, tensors, CUBIC)[name] for side in (before, after))
        assert left == right, sizes
    return len(many)


def assert_move(move: Move, ctx: Context, largest: int = 4) -> int:
    return assert_same([move.before], move.after, ctx, largest)


STRIDES = [(a, b) for a in (1, 2, 3, 4, -1, -2) for b in (1, 2, 3, -1)]


@pytest.mark.parametrize(("a", "b"), STRIDES)
@pytest.mark.parametrize("target", ["i", "m"])
def test_sift_solves_over_the_integers(a: int, b: int, target: str, count_cases: Count) -> None:
    """[a i + b m = q] collapses either index, negative coefficients and strides included."""
    ctx = context(("x", (N, M)), ("y", (W,)))
    shift = min(a, 0) * (N - 1) + min(b, 0) * (M - 1)
    delta = Equal(a * i + b * m - shift, q)
    s = IndexedSum(at("y", q), (Range.box(q, W), Range.box(i, N), Range.box(m, M)), (delta,), at("x", i, m))
    move = sift(s, delta, index(target))
    assert index(target) not in move.after[0].indices
    assert any(isinstance(g, Divides) for g in move.after[0].guards) is (abs({"i": a, "m": b}[target]) != 1)
    count_cases("sizes at which a rule was evaluated before and after", assert_move(move, ctx, 5))


@pytest.mark.parametrize(("s", "d"), [(s, d) for s in range(1, 5) for d in range(1, 4)])
def test_sift_with_a_symbolic_stride(s: int, d: int) -> None:
    """[S i + D m - P = q] with symbolic S, D, P, evaluated at numbers."""
    ctx = context(("x", (N, M)), ("y", (W,)), scales=(S, D))
    delta = Equal(S * i + D * m - P, q)
    start = IndexedSum(at("y", q), (Range.box(q, W), Range.box(i, N), Range.box(m, M)), (delta,), at("x", i, m))
    for target in (i, m):
        (after,) = sift(start, delta, target).after
        for n, k, w, pad in product((1, 3), (1, 2, 3), (1, 5, 8), (0, 1)):
            sizes = {"N": n, "M": k, "W": w, "P": pad, "S": s, "D": d}
            x = {p: 1 + 10 * p[0] + p[1] for p in product(range(n), range(k))}
            values = [evaluate([v], ctx, sizes, {"x": x})["y"] for v in (start, after)]
            assert values[0] == values[1]


def test_solve_orients_the_divisor() -> None:
    """The divisor is positive whatever the sign of the coefficient; an unknown sign is not solved."""
    assert solve(Equal(-2 * i + m, q), i) == (m - q, 2)
    assert solve(Equal(S * i, q), i) == (q, S)
    with pytest.raises(NotApplicable, match="sign"):
        solve(Equal(m, q), i)
    with pytest.raises(NotApplicable, match="sign"):
        solve(Equal(j * 1 + index("c") * 1 - index("c"), j), j)


def test_sift_refuses_an_index_that_bounds_another() -> None:
    """With 0 <= m <= i the index i cannot be substituted away."""
    delta = Equal(i, q)
    s = IndexedSum(at("y", q), (Range.box(q, W), Range.box(i, N), Range.box(m, i + 1)), (delta,), at("x", m))
    with pytest.raises(NotApplicable, match="depends on i"):
        sift(s, delta, i)


def test_sift_all_leaves_a_delta_that_nothing_solves() -> None:
    """A delta between results and sizes stays as a bracket, and the value is unchanged."""
    ctx = context(("x", (N,)), ("y", (N, N)))
    deltas = (Equal(q, t), Equal(i, q))
    s = IndexedSum(at("y", q, t), (Range.box(q, N), Range.box(t, N), Range.box(i, N)), deltas, at("x", i))
    move = sift_all(s, lambda c: [v for v in c if v == i])
    assert move.after[0].guards[0] == Equal(q, t)
    assert_move(move, ctx)


@pytest.mark.parametrize(
    ("guard", "gone"),
    [
        (Between(sp.S.Zero, i, N - 1), True),
        (Between(sp.S.Zero, i + m, N + M - 2), True),
        (Between(sp.S.Zero, i + m, N + M - 3), False),
        (Between(1 - M, i - m, N - 1), True),
        (Between(2 - M, i - m, N - 1), False),
        (Between(-P, i, N + P), True),
        (Between(P, i, N + P), False),
        (Between(sp.S.Zero, 2 * i, 2 * N - 2), True),
        (Equal(i, i), True),
        (Equal(i, m), False),
        (Divides(TWO, 2 * i), True),
        (Divides(TWO, 2 * i + 1), False),
        (Divides(S, S * i), True),
        (Divides(S, i), False),
    ],
)
def test_discharge_drops_what_always_holds_and_nothing_else(guard: Any, gone: bool) -> None:
    """A bracket goes where its least value is known; both ways the value of the sum is the same."""
    ctx = context(("x", (N, M)), ("y", (M,)), scales=(S,))
    s = IndexedSum(at("y", m), (Range.box(m, M), Range.box(i, N)), (guard,), at("x", i, m))
    move = discharge(s)
    assert (move.after[0].guards == ()) is gone
    assert_move(move, ctx, 3)


def test_zero_extension_drops_the_box_and_keeps_divisibility() -> None:
    """[0 <= (q-m)/2 <= N-1] goes, [2 | q - m] stays; another operand's bracket is not taken for it."""
    ctx = context(("x", (N,)), ("w", (M,)), ("y", (W,)))
    e = Quot(q - m, TWO)
    guards = (Divides(TWO, q - m), Between(sp.S.Zero, e, N - 1))
    s = IndexedSum(at("y", q), (Range.box(q, W), Range.box(m, M)), guards, at("x", e) * at("w", m))
    move = extend_by_zero(s, "x", ctx)
    assert move.after[0].guards == (Divides(TWO, q - m),)
    assert move.after[0].extended == {"x"}
    assert_move(move, ctx)
    with pytest.raises(NotApplicable, match="no guard"):
        extend_by_zero(s, "w", ctx)
    with pytest.raises(NotApplicable, match="exactly once"):
        extend_by_zero(s, "z", ctx)
    twice = s.with_(summand=at("x", e) * at("x", q))
    with pytest.raises(NotApplicable, match="exactly once"):
        extend_by_zero(twice, "x", ctx)


def test_zero_extension_keeps_a_condition_that_protects_another_operand() -> None:
    """x[q-1] is no more defined at q = 0 because dy[q-1] is zero there: what is derived can be evaluated."""
    ctx = context(("x", (N + 1,)), ("y", (N,)))
    y = IndexedSum(at("y", i), (Range.box(i, N),), (), at("x", i) * at("x", i + 1))
    of = Layer("pairs", (y,), ctx, ("x",))
    forms = available_forms(of, "x")
    for name in ("taps", "region"):
        assert_same(forms["scatter"], forms[name], ctx)
    assert_same(forms["scatter"], derive(of, "x").result, ctx)


@pytest.mark.parametrize("low", [sp.S.Zero, sp.Integer(-2), 1 - M, P])
def test_reindex_runs_a_range_backwards(low: sp.Expr) -> None:
    """sum_{m=lo}^{hi} F(m) = sum F(lo + hi - m), with the witness that says so; empty ranges stay empty."""
    ctx = context(("x", (W,)), ("w", (2 * M + 4,)), ("y", (N,)))
    summand = at("x", i - m) * at("w", m + M + 2)
    ranges = (Range.box(i, N), Range(m, (low,), (M - 1,)))
    s = IndexedSum(at("y", i), ranges, (), summand, frozenset({"x"}))
    move = reindex(s, m)
    assert move.pieces[0].witness == ((m, sp.expand(low + M - 1 - m)),)
    assert_move(move, ctx, 3)


def test_reindex_needs_single_bounds() -> None:
    """Two lower bounds have no mirror image."""
    s = IndexedSum(at("y"), (Range(m, (sp.S.Zero, P), (M - 1,)),), (), at("x", m))
    with pytest.raises(NotApplicable, match="more than one bound"):
        reindex(s, m)


@pytest.mark.parametrize(("a", "b"), [(1, 1), (2, 1), (-1, 1), (-2, 3), (1, 2), (-3, 2), (3, 4)])
def test_tighten_moves_a_bracket_into_the_range(a: int, b: int) -> None:
    """[0 <= (q + a i)/b <= M-1] becomes bounds of i, rounded inwards, for either sign of a."""
    ctx = context(("x", (N,)), ("w", (M,)), ("y", (W,)))
    e = Quot(q + a * i, sp.Integer(b))
    divides = (Divides(sp.Integer(b), q + a * i),) if b > 1 else ()
    guards = (*divides, Between(sp.S.Zero, e, M - 1))
    s = IndexedSum(at("y", q), (Range.box(q, W), Range.box(i, N)), guards, at("x", i) * at("w", e))
    move = tighten(s, i)
    assert move.after[0].guards == divides
    assert len(move.after[0].range_of(i).lowers) == 2
    assert_move(move, ctx, 5)


def test_tighten_leaves_what_speaks_of_a_later_index() -> None:
    """A bracket with an index that is ranged over later cannot bound an earlier one."""
    guard = Between(sp.S.Zero, i + m, N - 1)
    s = IndexedSum(at("y", q), (Range.box(q, W), Range.box(i, N), Range.box(m, M)), (guard,), at("x", i))
    assert tighten(s, i).after[0].guards == (guard,)
    assert tighten(s, m).after[0].guards == ()


@pytest.mark.parametrize(("s", "d"), [(s, d) for s in range(2, 7) for d in range(0, 5)])
def test_phases_are_the_sum(s: int, d: int, count_cases: Count) -> None:
    """[s | q + P - d m] by residue: equal values, one piece a residue, and the residues no tap reaches written as 0."""
    ctx = context(("x", (W + P + 1,)), ("w", (M,)), ("y", (W,)))
    num = q + P - d * m
    body = at("x", Quot(num, sp.Integer(s))) * at("w", m)
    ranges = (Range.box(q, W), Range.box(m, M))
    start = IndexedSum(at("y", q), ranges, (Divides(sp.Integer(s), num),), body, frozenset({"x"}))
    move = by_residue(start)
    assert len(move.after) == s
    empty = [x for x in move.after if x.summand == 0]
    reached = {(d * k) % s for k in range(s)}
    assert len(empty) == s - len(reached)
    assert not any(isinstance(g, Divides) for x in move.after if x.summand != 0 for g in x.guards)
    count_cases("sizes at which a rule was evaluated before and after", assert_move(move, ctx, 5))
    # Every entry is written by exactly one phase.
    for sizes in small_sizes(ctx, 5, most=20):
        ones = [x.with_(summand=sp.S.One, ranges=x.parallel, guards=()) for x in move.after]
        assert set(evaluate(ones, ctx, sizes, {})["y"].values()) == {1}


def test_phases_of_a_result_that_runs_backwards() -> None:
    """[3 | -q + m] splits just as well."""
    ctx = context(("x", (W,)), ("w", (M,)), ("y", (W,)))
    num = m - q
    s = IndexedSum(
        at("y", q),
        (Range.box(q, W), Range.box(m, M)),
        (Divides(sp.Integer(3), num),),
        at("x", Quot(num, sp.Integer(3))),
        frozenset({"x"}),
    )
    assert_move(by_residue(s), ctx, 5)


def test_phases_that_do_not_exist() -> None:
    """No divisibility, a symbolic stride, too many phases, or two summed indices: the rule does not apply."""
    ranges = (Range.box(q, W), Range.box(m, M), Range.box(i, N))

    def strided(*guards: Divides) -> IndexedSum:
        return IndexedSum(at("y", q), ranges, guards, at("w", m, i))

    with pytest.raises(NotApplicable, match="no divisibility"):
        by_residue(strided())
    with pytest.raises(NotApplicable, match="symbolic"):
        by_residue(strided(Divides(S, q - m)))
    with pytest.raises(NotApplicable, match="too many"):
        by_residue(strided(Divides(sp.Integer(MOST_PHASES + 1), q - m)))
    with pytest.raises(NotApplicable, match="couple"):
        by_residue(strided(Divides(TWO, q - m - i)))
    with pytest.raises(NotApplicable, match="numeric d"):
        by_residue(strided(Divides(TWO, q - S * m)))


CONVOLUTIONS = [(s, d, pad) for s in (1, 2, 3) for d in (1, 2, 3) for pad in (0, 1, None)]
ONE = {"group": 1, "in_channels": 1, "out_channels": 1, "bias": 0}


def strided(s: int, d: int, pad: int | None) -> Layer:
    return conv(1, strides=s, dilations=d, pads=pad, **ONE)


@pytest.mark.parametrize(("s", "d", "pad"), CONVOLUTIONS)
@pytest.mark.parametrize("wrt", ["x", "w"])
def test_every_line_of_a_derivation_has_the_same_value(
    s: int, d: int, pad: int | None, wrt: str, count_cases: Count
) -> None:
    """From the chain rule to the last line, with partial derivatives opened, nothing changes the gradient."""
    of = strided(s, d, pad)
    steps = [step for step in derive(of, wrt).steps if step.after[0].result.name == f"d{wrt}"]
    lines = [[x for v in step.after for x in unfold(v, of)] for step in steps]
    assert len(lines) >= 3
    for line in lines[1:]:
        n = assert_same(lines[0], line, of.context, 3)
        count_cases("sizes at which a rule was evaluated before and after", n)


@pytest.mark.parametrize(("s", "d", "pad"), CONVOLUTIONS)
def test_the_region_and_the_change_to_taps(s: int, d: int, pad: int | None) -> None:
    """Restricting outputs to Q, then summing over taps instead, leaves the input gradient as it was."""
    of = strided(s, d, pad)
    start = chain_rule(of, "y", "x")
    region = restrict(start, of)
    taps = then(region, lambda v: outputs_to_taps(v, of))
    opened = unfold(start, of)
    for move in (region, taps):
        after = [x for v in move.after for x in unfold(v, of)]
        assert_same(opened, after, of.context, 3)
    assert index("ow") in region.after[0].indices
    assert index("ow") not in taps.after[0].indices


def test_where_the_region_does_not_apply() -> None:
    """An operand used twice has no single index map, and a weight is seen by every output."""
    ctx = context(("x", (N + 1,)), ("y", (N,)))
    y = IndexedSum(at("y", i), (Range.box(i, N),), (), at("x", i) * at("x", i + 1))
    of = Layer("pairs", (y,), ctx, ("x",))
    with pytest.raises(NotApplicable, match="2 times"):
        couplings(chain_rule(of, "y", "x"), of)
    transposed = conv_transpose(1, strides=2, dilations=1, pads=0, **ONE)
    with pytest.raises(NotApplicable, match="plain indices"):
        couplings(chain_rule(transposed, "y", "x"), transposed)
    plain = strided(1, 1, 0)
    with pytest.raises(NotApplicable, match="pair off"):
        outputs_to_taps(chain_rule(plain, "y", "w"), plain)


@pytest.mark.parametrize("sign", [-1, -2, -3])
def test_outputs_that_run_backwards_are_derived(sign: int) -> None:
    """x[c - |s| i + m]: a negative stride is no reason to fail, and every form is right."""
    ctx = context(("x", (-sign * N + M,)), ("w", (M,)), ("y", (N,)))
    read = sign * i + m - sign * (N - 1)
    y = IndexedSum(at("y", i), (Range.box(i, N), Range.box(m, M)), (), at("w", m) * at("x", read))
    of = Layer("backwards", (y,), ctx, ("x", "w"))
    for wrt in ("x", "w"):
        forms = available_forms(of, wrt)
        for sums in (*forms.values(), derive(of, wrt).result):
            assert_same(forms["scatter"], sums, ctx)


def test_unfold_opens_one_sum_a_use() -> None:
    """d(x[i] x[i+1])/dx[q] has two deltas, each with the other factor; an unread operand has no sums at all."""
    ctx = context(("x", (N + 1,)), ("y", (N,)))
    y = IndexedSum(at("y", i), (Range.box(i, N),), (), at("x", i) * at("x", i + 1))
    of = Layer("pairs", (y,), ctx, ("x",))
    start = chain_rule(of, "y", "x")
    assert start.summand.atoms(Partial)
    opened = unfold(start, of)
    assert len(opened) == 2
    assert all(any(isinstance(g, Equal) for g in s.guards) for s in opened)
    assert unfold(opened[0], of) == (opened[0],)
    dy = {(0,): 5, (1,): 7}
    x = {(0,): 2, (1,): 3, (2,): 11}
    got = evaluate(opened, ctx, {"N": 2, "P": 0}, {"x": x, "dy": dy})["dx"]
    assert got == {(0,): 5 * 3, (1,): 5 * 2 + 7 * 11, (2,): 7 * 3}


def test_unfold_differentiates_squares_and_opaque_functions() -> None:
    """d x^2 = 2 x and d f(x) = f'(x), at the entry itself."""
    ctx = context(("x", (N,)), ("y", (N,)))
    for summand, slope in ((at("x", i) ** 2, lambda v: 2 * v), (Apply("f", 0, at("x", i)), lambda v: 3 * v**2 + 2)):
        y = IndexedSum(at("y", i), (Range.box(i, N),), (), summand)
        of = Layer("map", (y,), ctx, ("x",))
        got = evaluate(
            derive(of, "x").result,
            ctx,
            {"N": 2, "P": 0},
            {"x": {(0,): 4, (1,): -3}, "dy": {(0,): 10, (1,): 100}},
            CUBIC,
        )
        assert got["dx"] == {(0,): 10 * slope(4), (1,): 100 * slope(-3)}


def test_the_inner_derivative_and_the_inserted_formula_speak_of_the_same_entry() -> None:
    """The lemma keeps what its entries mention, and the formula inserted is the forward sum at that entry."""
    of = strided(2, 1, 1)
    start = chain_rule(of, "y", "w")
    lemma = inner_partial(start, of.context)
    assert lemma.result.name == "dy/dw"
    assert set(lemma.indices) == lemma.result.free_symbols
    (given,) = forward_at(start, of)
    assert given.formula.result.name == "y"
    assert given.domain.result == given.formula.result == next(iter(start.summand.atoms(Partial))).out


def test_a_partial_derivative_has_to_be_there() -> None:
    """Opening a sum without one gives the sum; asking for its lemma does not apply."""
    s = IndexedSum(at("y", i), (Range.box(i, N),), (), at("x", i))
    with pytest.raises(NotApplicable, match="0 partial"):
        inner_partial(s, context(("y", (N,)), ("x", (N,))))


def test_flip_taps_needs_taps_that_run_backwards() -> None:
    """dy[q - m] is flipped to dy[q + m - (M-1)]; dy[q + m] is left alone."""
    ctx = context(("y", (N,)), ("w", (M,)), ("x", (W,)))
    s = IndexedSum(at("dx", q), (Range.box(q, W), Range.box(m, M)), (), at("dy", q - m) * at("w", m), frozenset({"dy"}))
    move = flip_taps(s, ctx)
    assert at("w", M - 1 - m) in move.after[0].reads()
    assert_move(move, ctx)
    with pytest.raises(NotApplicable, match="backwards"):
        flip_taps(s.with_(summand=at("dy", q + m) * at("w", m)), ctx)


def test_attempt_and_then() -> None:
    """A rule that does not apply leaves the sum; rules in a row are moves one after the other."""
    s = IndexedSum(at("y", q), (Range.box(q, W), Range.box(m, M)), (), at("x", q - m), frozenset({"x"}))
    assert attempt(by_residue)(s) == Move.same(s)
    back = then(reindex(s, m), lambda v: reindex(v, m))
    assert back.after == (s,)
    (first,) = back.pieces
    assert first.next is not None
    assert first.next.before == first.after != s
    assert [p.witness for p in (first, *first.next.pieces)] == [((m, M - 1 - m),)] * 2


def test_forms_of_a_strided_gradient() -> None:
    """Phases exist at a numeric stride only; scatter, taps and region always do."""
    assert set(available_forms(strided(2, 1, 1), "x")) == {"scatter", "taps", "region", "phases"}
    assert set(available_forms(strided(1, 1, 1), "x")) == {"scatter", "taps", "region"}
    assert set(available_forms(conv(1), "x")) == {"scatter", "taps", "region"}
    with pytest.raises(NotApplicable):
        gradient_form(conv(1), "x", "phases")


def test_adjoints_in_reverse_order_of_evaluation() -> None:
    """A layer with an intermediate operand: its adjoint comes first, and unknown operands are refused in one line."""
    ctx = context(("x", (N,)), ("h", (N,)), ("y", (N,)))
    h = IndexedSum(at("h", i), (Range.box(i, N),), (), Apply("f", 0, at("x", i)))
    y = IndexedSum(at("y", i), (Range.box(i, N),), (), at("h", i) ** 2)
    of = Layer("two", (h, y), ctx, ("x",))
    assert adjoint_order(of, "x") == ("h", "x")
    assert consumers(of, "x") == ("h",)
    assert [s.target for s in derive(of, "x").sections] == ["dh", "dx"]
    with pytest.raises(UserError, match="wrt 'z'"):
        derive(of, "z")


def test_a_mask_is_constant_for_the_gradient() -> None:
    """max pooling: dx is read off through the winning units."""
    of = max_pool(1, kernel_shape=2, strides=2, dilations=1, pads=0)
    x = {(0, 0, a): v for a, v in enumerate((3, 9, 4, 4))}
    sizes = {"N": 1, "C": 1, "W": 4, "OW": 2}
    forward = evaluate(of.statements, of.context, sizes, {"x": x})
    tensors = {"dy": {(0, 0, 0): 5, (0, 0, 1): 7}, **forward}
    got = evaluate(derive(of, "x").result, of.context, sizes, tensors)["dx"]
    assert list(got.values()) == [0, 5, 7, 0]


def test_quotients_cancel_exactly() -> None:
    """2 Quot(q-m, 2) + m = q, 6 Quot(a, 2) = 3 a, and floors never cancel."""
    assert cancel(2 * Quot(q - m, TWO) + m) == q
    assert cancel(6 * Quot(q, TWO)) == 3 * q
    assert cancel(S * Quot(q - m, S) + m) == q
    assert cancel(Quot(q, TWO)) == Quot(q, TWO)
    assert cancel(2 * FloorDiv(q, TWO)) == 2 * FloorDiv(q, TWO)
    assert cancel(at("x", 2 * Quot(q, TWO)) * 2) == 2 * at("x", q)


def test_extremes_by_sign() -> None:
    """The least and greatest value over a box, for either sign; an unknown sign is refused."""
    assert extremes(3 - 2 * m + i, {m: Range.box(m, M), i: Range.box(i, N)}) == (5 - 2 * M, N + 2)
    with pytest.raises(NotApplicable, match="sign"):
        extremes(index("c") * m, {m: Range.box(m, M)})
    assert extremes(-m, {m: Range(m, (sp.S.Zero, P), (M, N))}) == (-sp.Min(M, N), -P)
    with pytest.raises(NotApplicable, match="affine"):
        extremes(CeilDiv(m, TWO), {m: Range.box(m, M)})

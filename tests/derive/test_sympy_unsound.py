"""Why deltas are solved here and not by SymPy: each sum that SymPy gets wrong, and the same sum derived by symconv.

SymPy's value is asserted to be wrong, so that the reason stays documented: should a release mend one, that assertion
fails and the reason can go.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
import sympy as sp
from sympy.concrete.delta import deltasummation

from symconv.derive import available_forms, derive
from symconv.derive.rules import sift
from symconv.ir import Access, Context, Equal, IndexedSum, Layer, Operand, Range, evaluate, index, size

D, W, X = map(sp.IndexedBase, "dwx")
I, M, P, N, K, O = sp.symbols("i m p N K O", integer=True)
i, m, p = map(index, "imp")

Count = Callable[[str, int], None]
Tensor = dict[tuple[int, ...], int]

OUTPUTS = TAPS = 3
DY = {(a,): 7**a for a in range(OUTPUTS)}
KERNEL = {(b,): 10**b for b in range(TAPS)}


def layer(stride: int, dilation: int) -> Layer:
    """y[i] = sum_m w[m] x[stride i + dilation m], three outputs and three taps."""
    extent = stride * (OUTPUTS - 1) + dilation * (TAPS - 1) + 1
    context = Context(
        (),
        (),
        (
            Operand("x", (sp.Integer(extent),), ("p",)),
            Operand("w", (sp.Integer(TAPS),), ("m",)),
            Operand("y", (sp.Integer(OUTPUTS),), ("i",)),
        ),
    )
    summand = Access("w", m) * Access("x", stride * i + dilation * m)
    y = IndexedSum(Access("y", i), (Range.box(i, OUTPUTS), Range.box(m, TAPS)), (), summand)
    return Layer("layer", (y,), context, ("x", "w"))


def brute_force(stride: int, dilation: int) -> dict[int, int]:
    """The gradient by every entry of x, as the chain rule gives it."""
    out = dict.fromkeys(range(stride * (OUTPUTS - 1) + dilation * (TAPS - 1) + 1), 0)
    for a in range(OUTPUTS):
        for b in range(TAPS):
            out[stride * a + dilation * b] += DY[a,] * KERNEL[b,]
    return out


def number(e: sp.Expr, tensors: Mapping[str, Mapping[tuple[int, ...], int]]) -> Any:
    """A SymPy expression at numbers; None where it is no number (an entry between two others, or outside)."""
    entries = {
        a: tensors[str(a.base)].get(tuple(int(v) if v.is_Integer else v for v in a.indices), sp.nan)
        for a in e.atoms(sp.Indexed)
    }
    value = e.xreplace(entries).doit()
    return int(value) if value.is_Integer else None


def wrong_points(gradient: sp.Expr, stride: int, dilation: int) -> list[int]:
    """The entries of x at which SymPy's gradient is not the true one."""
    sizes = {O: OUTPUTS, K: TAPS}
    found = []
    for q, true in brute_force(stride, dilation).items():
        value = number(gradient.subs({P: q, **sizes}).doit(), {"d": DY, "w": KERNEL, "x": {}})
        if value != true:
            found.append(q)
    return found


def assert_derived_right(of: Layer, stride: int, dilation: int) -> int:
    """Every form of the derived gradient, and the derivation's last line, at all points."""
    true = {(q,): v for q, v in brute_force(stride, dilation).items()}
    forms = {**available_forms(of, "x"), "derived": derive(of, "x").result}
    for name, sums in forms.items():
        got = evaluate(sums, of.context, {}, {"dy": DY, "w": KERNEL})["dx"]
        assert got == true, name
    return len(true) * len(forms)


def test_delta_with_a_coefficient(count_cases: Count) -> None:
    """sum_i [2 i + m = p] d[i]: SymPy reads d[3/2]; ours is zero wherever 2 does not divide p - m."""
    gone = sp.Sum(sp.KroneckerDelta(2 * I + M, P) * D[I], (I, 0, N - 1)).doit()
    at = gone.subs({M: 0, P: 3, N: 5})
    assert at.has(D[sp.Rational(3, 2)])
    entries, taps, results = 5, range(3), 11
    context = Context(
        (),
        (),
        (
            Operand("d", (sp.Integer(entries),), ("i",)),
            Operand("s", (sp.Integer(len(taps)), sp.Integer(results)), ("m", "p")),
        ),
    )
    ranges = (Range.box(m, len(taps)), Range.box(p, results), Range.box(i, entries))
    delta = Equal(2 * i + m, p)
    (sifted,) = sift(IndexedSum(Access("s", m, p), ranges, (delta,), Access("d", i)), delta, i).after
    d = {(a,): 3**a for a in range(entries)}
    got = evaluate([sifted], context, {}, {"d": d})["s"]
    true = {(b, q): sum(d[a,] for a in range(entries) if 2 * a + b == q) for b in taps for q in range(results)}
    assert got == true
    assert got[0, 3] == 0
    count_cases("points of sums that SymPy gets wrong", len(true))


def test_strided_convolution(count_cases: Count) -> None:
    """d/dx[p] of sum d[i] w[m] x[2 i + m]: SymPy is wrong at p = 1..5; every form of ours is right at all p."""
    total = sp.Sum(D[I] * W[M] * X[2 * I + M], (I, 0, O - 1), (M, 0, K - 1))
    assert wrong_points(total.diff(X[P]).doit(), 2, 1) == [1, 2, 3, 4, 5]
    count_cases("points of sums that SymPy gets wrong", assert_derived_right(layer(2, 1), 2, 1))


def test_nested_sums_with_stride_and_dilation(count_cases: Count) -> None:
    """d/dx[p] of sum_i d[i] sum_m w[m] x[2 i + 3 m]: SymPy is wrong at 9 of 11 p; ours is right at all p."""
    total = sp.Sum(D[I] * sp.Sum(W[M] * X[2 * I + 3 * M], (M, 0, K - 1)), (I, 0, O - 1))
    wrong = wrong_points(total.diff(X[P]).doit(), 2, 3)
    assert len(wrong) == 9
    assert len(brute_force(2, 3)) == 11
    count_cases("points of sums that SymPy gets wrong", assert_derived_right(layer(2, 3), 2, 3))


def test_delta_with_a_range(count_cases: Count) -> None:
    """sum_{i<N} [i = p] d[i]: SymPy answers d[p] for p >= N as well; ours keeps 0 <= p <= N - 1 as a guard."""
    gone = sp.Sum(sp.KroneckerDelta(I, P, (0, N - 1)) * D[I], (I, 0, N - 1)).doit()
    assert gone == D[P]
    assert gone.subs({N: 2, P: 3}) == D[3]
    n, q = size("N"), size("Q")
    context = Context((n, q), (), (Operand("d", (n,), ("i",)), Operand("s", (q,), ("p",))))
    delta = Equal(i, p)
    start = IndexedSum(Access("s", p), (Range.box(p, q), Range.box(i, n)), (delta,), Access("d", i))
    (sifted,) = sift(start, delta, i).after
    for entries in range(1, 5):
        for results in range(1, 8):
            d = {(a,): a + 1 for a in range(entries)}
            got = evaluate([sifted], context, {"N": entries, "Q": results}, {"d": d})["s"]
            assert got == {(a,): d.get((a,), 0) for a in range(results)}
            count_cases("points of sums that SymPy gets wrong", results)


@pytest.mark.parametrize("coefficient", [2, 3])
def test_deltasummation_ignores_divisibility(coefficient: int) -> None:
    """`deltasummation` itself, called directly, solves a i = p over the rationals."""
    gone = deltasummation(sp.KroneckerDelta(coefficient * I, P) * D[I], (I, 0, 9))
    assert gone.subs(P, 1).has(D[sp.Rational(1, coefficient)])


def test_index_capture() -> None:
    """d/dx[i] of sum_i w[i] x[i]: SymPy takes the free i for the bound one; ours differentiates by a fresh index."""
    captured = sp.Sum(W[I] * X[I], (I, 0, N - 1)).diff(X[I]).subs(N, 3).doit()
    weights = {(a,): 5 + a for a in range(3)}
    true = {(a,): weights[a,] for a in range(3)}
    assert [number(captured.subs(I, a), {"w": weights, "x": {}}) for a in range(3)] != list(true.values())
    n = size("N")
    context = Context((n,), (), (Operand("x", (n,), ("i",)), Operand("w", (n,), ("i",)), Operand("y", (), ())))
    y = IndexedSum(Access("y"), (Range.box(i, n),), (), Access("w", i) * Access("x", i))
    dot = Layer("dot", (y,), context, ("x", "w"))
    for sums in (*available_forms(dot, "x").values(), derive(dot, "x").result):
        assert evaluate(sums, context, {"N": 3}, {"dy": {(): 1}, "w": weights})["dx"] == true


def test_reversed_bounds_are_the_empty_sum() -> None:
    """sum_{i=3}^{0} x[i]: SymPy answers -x[1] - x[2] (Karr's convention); here it is zero, and so is its gradient."""
    assert sp.Sum(X[I], (I, 3, 0)).doit() == -X[1] - X[2]
    n = size("N")
    context = Context((n,), (), (Operand("x", (n,), ("j",)), Operand("y", (), ())))
    y = IndexedSum(Access("y"), (Range(i, (sp.Integer(3),), (sp.Integer(0),)),), (), Access("x", i))
    x = {(a,): a + 1 for a in range(5)}
    assert evaluate([y], context, {"N": 5}, {"x": x})["y"] == {(): 0}
    nothing = Layer("nothing", (y,), context, ("x",))
    for sums in available_forms(nothing, "x").values():
        assert evaluate(sums, context, {"N": 5}, {"dy": {(): 1}})["dx"] == {(a,): 0 for a in range(5)}

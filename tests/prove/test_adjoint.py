"""Every form of every gradient against the adjoint relation, which shares no code with the rules; and wrong ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any

import pytest
import sympy as sp

from symconv.article import layers as article
from symconv.derive import available_forms, derive
from symconv.ir import (
    Access,
    Apply,
    Between,
    Context,
    Divides,
    IndexedSum,
    Layer,
    Operand,
    Quot,
    Range,
    evaluate,
    index,
    offset,
    size,
)
from symconv.layers.convolution import conv, conv_transpose
from symconv.layers.pointwise import dense, elementwise_from_text, squared_error
from symconv.layers.pooling import average_pool, max_pool
from symconv.prove.definedness import covers, first_misread, single_writer
from symconv.prove.prover import fit_to_run, prove_derivation, prove_equal, prove_gradient
from tests.brute_force import CUBIC, adjoint, filled, inputs, small_sizes

Count = Callable[[str, int], None]
i, j, k, l, m, p, q = map(index, "ijklmpq")
N, M, K, L, W = map(size, "NMKLW")
P = offset("P")


def at(name: str, *e: Any) -> Access:
    return Access(name, *map(sp.sympify, e))


def layer(
    result: Access,
    over: Mapping[sp.Symbol, sp.Expr],
    summand: sp.Expr,
    shapes: Mapping[str, tuple[Any, ...]],
    sizes: tuple[sp.Symbol, ...],
    extended: frozenset[str] = frozenset(),
    assumptions: tuple[Between, ...] = (),
    guards: tuple[Any, ...] = (),
    scales: tuple[sp.Symbol, ...] = (),
) -> Layer:
    """A layer of one statement; operands named otherwise than y are its inputs."""
    operands = tuple(
        Operand(name, tuple(map(sp.sympify, shape)), tuple("abcd"[: len(shape)])) for name, shape in shapes.items()
    )
    ranges = tuple(Range.box(v, n) for v, n in over.items())
    statement = IndexedSum(result, ranges, guards, summand, extended)
    context = Context(sizes, assumptions, operands, scales)
    return Layer("test", (statement,), context, tuple(n for n in shapes if n != "y"))


def line(extent: Any, read: sp.Expr, shapes: Mapping[str, tuple[Any, ...]], **more: Any) -> Layer:
    """y[i] = sum_m w[m] x[read]"""
    return layer(
        at("y", i), {i: N, m: M}, at("w", m) * at("x", read), {"x": (extent,), **shapes, "y": (N,)}, (N, M), **more
    )


LAYERS: dict[str, Callable[[], Layer]] = {
    **{
        f"1-D, stride {s}, dilation {d}": partial(conv, 1, strides=s, dilations=d)
        for s in range(1, 5)
        for d in range(1, 4)
    },
    "1-D, any stride and dilation": partial(conv, 1),
    "1-D, pads 2 and 0, one group": partial(conv, 1, strides=2, dilations=1, pads=(2, 0), group=1),
    "1-D, kernel 2, stride 3": partial(conv, 1, kernel_shape=2, strides=3, dilations=1, pads=1, group=1),
    "1-D, all numbers": partial(
        conv, 1, input_shape=(2, 4, 7), kernel_shape=3, strides=2, dilations=2, pads=1, group=2, out_channels=2
    ),
    "2-D": partial(conv, 2, strides=1, dilations=1),
    "2-D, stride 2 x 1, dilation 1 x 2": partial(conv, 2, strides=(2, 1), dilations=(1, 2), bias=0),
    "2-D, no pads": partial(conv, 2, strides=1, dilations=1, pads=0, group=1),
    "3-D": partial(conv, 3, strides=(1, 2, 1), dilations=1, pads=1, kernel_shape=2, group=1, bias=0),
    "transposed, stride 2": partial(conv_transpose, 1, strides=2, dilations=1, pads=1, group=1),
    "transposed, stride 3, dilation 2": partial(conv_transpose, 1, strides=3, dilations=2, pads=0, group=1, bias=0),
    "transposed, 2-D": partial(conv_transpose, 2, strides=(2, 1), dilations=1, pads=1, group=1, bias=0),
    "Eq. 7": article.weights_layer,
    "Eq. 18, opaque f": article.deltas_layer,
    "dense": dense,
    "opaque f": elementwise_from_text,
    "squared error": squared_error,
    "average pool, padded": partial(average_pool, 1, kernel_shape=3, strides=2, dilations=1, pads=1),
    "average pool": partial(average_pool, 1, kernel_shape=2, strides=2, dilations=1, pads=0),
    "max pool": partial(max_pool, 1, kernel_shape=3, strides=2, dilations=1, pads=1),
    "x[2i+3m]": lambda: line(2 * N + 3 * M - 4, 2 * i + 3 * m, {"w": (M,)}),
    "x[i-m], zero outside": lambda: line(N, i - m, {"w": (M,)}, extended=frozenset({"x"})),
    "x[2m-3i+3N]": lambda: line(3 * N + 2 * M, 2 * m - 3 * i + 3 * N - 1, {"w": (M,)}),
    "x[i-p], p a pad": lambda: layer(
        at("y", i), {i: N}, at("x", i - P), {"x": (N,), "y": (N,)}, (N, P), extended=frozenset({"x"})
    ),
    "w[m] x[i+m]^2": lambda: layer(
        at("y", i),
        {i: N, m: M},
        at("w", m) * at("x", i + m) ** 2,
        {"x": (N + M - 1,), "w": (M,), "y": (N,)},
        (N, M),
    ),
    "x[i] x[i+1]": lambda: layer(at("y", i), {i: N}, at("x", i) * at("x", i + 1), {"x": (N + 1,), "y": (N,)}, (N,)),
    "3 x[i] - x[i+2]": lambda: layer(
        at("y", i), {i: N}, 3 * at("x", i) - at("x", i + 2), {"x": (N + 2,), "y": (N,)}, (N,)
    ),
    "f(x[i]) g(x[i+1])": lambda: layer(
        at("y", i),
        {i: N},
        Apply("f", 0, at("x", i)) * Apply("g", 0, at("x", i + 1)),
        {"x": (N + 1,), "y": (N,)},
        (N,),
    ),
    "w[k, l] x[i+k+l]": lambda: layer(
        at("y", i),
        {i: N, k: K, l: L},
        at("w", k, l) * at("x", i + k + l),
        {"x": (N + K + L - 2,), "w": (K, L), "y": (N,)},
        (N, K, L),
    ),
    "x[j, i], transposed": lambda: layer(
        at("y", i, j), {i: N, j: M}, at("x", j, i), {"x": (M, N), "y": (N, M)}, (N, M)
    ),
    "x[i, i], diagonal": lambda: layer(at("y", i), {i: N}, at("x", i, i), {"x": (N, N), "y": (N,)}, (N,)),
    "y[i] += x[j], broadcast": lambda: layer(at("y", i), {i: N, j: M}, at("x", j), {"x": (M,), "y": (N,)}, (N, M)),
    "y[i] = M x[i]": lambda: layer(at("y", i), {i: N, m: M}, at("x", i), {"x": (N,), "y": (N,)}, (N, M)),
    "y[2i+m] += w[m] x[i]": lambda: layer(
        at("y", 2 * i + m),
        {i: N, m: M},
        at("w", m) * at("x", i),
        {"x": (N,), "w": (M,), "y": (2 * N + M - 2,)},
        (N, M),
    ),
    "x[i] where 2 divides i": lambda: layer(
        at("y", i), {i: N}, at("x", Quot(i, 2)), {"x": (N,), "y": (N,)}, (N,), guards=(Divides(sp.Integer(2), i),)
    ),
    "x[i+k+l], several ways to one term": lambda: layer(
        at("y", i), {i: N, k: K, l: L}, at("x", i + k + l), {"x": (N + K + L - 2,), "y": (N,)}, (N, K, L)
    ),
}
# Here an entry is read several times with the same factors. Where the taps run backwards the two sides count by other
# indices: that form is proved by its lines, and not by its value.
BY_ITS_LINES = {("x[i+k+l], several ways to one term", "x", "derived")}
CASES = [(name, wrt) for name, make in LAYERS.items() for wrt in make().inputs]


@cache
def made(name: str) -> Layer:
    return LAYERS[name]()


@pytest.mark.parametrize(("name", "wrt"), CASES)
def test_every_form_is_the_adjoint(name: str, wrt: str, count_cases: Count) -> None:
    """Each form that exists is proved equal to the adjoint relation, and never refuted; it reads nothing undefined."""
    of = made(name)
    forms = {**available_forms(of, wrt), "derived": derive(of, wrt).result}
    assert {"scatter", "taps", "region"} <= set(forms)
    for form, sums in forms.items():
        proof = prove_gradient(sums, of, wrt)
        if (name, wrt, form) in BY_ITS_LINES:
            assert proof.verdict in ("proved", "unknown"), proof
            proof = prove_derivation(derive(of, wrt)).gradient
        assert proof.proved, (form, proof)
        assert proof.scope
        if not of.context.scales:
            assert first_misread(sums, of.context) is None
    count_cases("forms of a gradient proved against the adjoint relation", len(forms))


@pytest.mark.parametrize(("name", "wrt"), CASES)
def test_every_form_is_the_exact_difference(name: str, wrt: str, count_cases: Count) -> None:
    """The forms, evaluated at small sizes, equal exact central differences of the layer itself."""
    of = made(name)
    largest = {0: 1, 1: 5, 2: 4, 3: 4, 4: 3, 5: 3}.get(len(of.context.sizes), 2)
    many = small_sizes(of.context, largest, most=6) or small_sizes(of.context, largest + 2, most=6)
    assert many
    forms = {**available_forms(of, wrt), "derived": derive(of, wrt).result}
    for sizes in many[-3:]:
        tensors = filled(of.context, inputs(of.statements), sizes)
        adjoints = filled(of.context, [f"d{of.result}"], sizes)
        values = evaluate(of.statements, of.context, sizes, dict(tensors), CUBIC)
        true = adjoint(of, wrt, sizes, tensors, adjoints[f"d{of.result}"])
        for form, sums in forms.items():
            got = evaluate(sums, of.context, sizes, {**values, **adjoints}, CUBIC)[f"d{wrt}"]
            assert got == true, (form, sizes)
            count_cases("forms of a gradient evaluated against exact differences", 1)


@pytest.mark.parametrize(
    "name", ["1-D, stride 2, dilation 1", "2-D", "Eq. 18, opaque f", "transposed, stride 2", "dense"]
)
def test_derivations_are_proved_line_by_line(name: str) -> None:
    """Every step has a proof of its own, and the gradient has one against the adjoint relation."""
    of = made(name)
    for wrt in of.inputs:
        proved = prove_derivation(derive(of, wrt))
        assert {p.verdict for p in proved.steps} <= {"proved", "definition"}
        assert proved.gradient.proved


def wrong(name: str, s: IndexedSum) -> IndexedSum:
    """A gradient of y[i] = sum_m w[m] x[2i+m-1] with one of the mistakes that people make."""
    dy, w = at("dy", Quot(q + 1 - m, 2)), at("w", m)
    build: dict[str, Callable[[], IndexedSum]] = {
        "pad off by one": lambda: s.with_(
            summand=at("dy", Quot(q - m, 2)) * w, guards=(Divides(sp.Integer(2), q - m),)
        ),
        "kernel not flipped": lambda: s.with_(summand=dy * at("w", M - 1 - m)),
        "twice": lambda: s.with_(summand=2 * dy * w),
        "sign": lambda: s.with_(summand=-dy * w),
        "a tap missing": lambda: s.with_(ranges=(s.ranges[0], Range.box(m, M - 1))),
        "last entry missing": lambda: s.with_(ranges=(Range.box(q, W - 1), s.ranges[1])),
        "stride ignored": lambda: s.with_(summand=at("dy", q + 1 - m) * w, guards=()),
        "averaged": lambda: s.with_(summand=dy * w / M),
        "w squared": lambda: s.with_(summand=dy * w**2),
    }
    return build[name]()


@pytest.mark.parametrize(
    "mistake",
    [
        "pad off by one",
        "kernel not flipped",
        "twice",
        "sign",
        "a tap missing",
        "last entry missing",
        "stride ignored",
        "averaged",
        "w squared",
    ],
)
def test_wrong_gradients_are_refuted_at_the_smallest_sizes(mistake: str, count_cases: Count) -> None:
    """A wrong gradient is refuted, differs from the right one at the sizes given, and agrees at all smaller ones."""
    fits = (Between(2 * (N - 1) + M, W + 1, 2 * (N - 1) + M + 1),)
    of = layer(
        at("y", i),
        {i: N, m: M},
        at("w", m) * at("x", 2 * i + m - 1),
        {"x": (W,), "w": (M,), "y": (N,)},
        (N, M, W),
        extended=frozenset({"x"}),
        assumptions=fits,
    )
    right = IndexedSum(
        at("dx", q),
        (Range.box(q, W), Range.box(m, M)),
        (Divides(sp.Integer(2), q + 1 - m),),
        at("dy", Quot(q + 1 - m, 2)) * at("w", m),
        frozenset({"dy"}),
    )
    assert prove_gradient([right], of, "x").proved
    bad = wrong(mistake, right)
    proof = prove_gradient([bad], of, "x")
    assert proof.verdict == "refuted"
    again = prove_equal([right], [bad], of.context)
    assert again.verdict == "refuted"
    for example in (proof.counterexample, again.counterexample):
        sizes = dict(example.sizes)
        assert not _agree(right, bad, of.context, sizes)
        for other in small_sizes(of.context, sum(sizes.values())):
            if sum(other.values()) < sum(sizes.values()):
                assert _agree(right, bad, of.context, other), (other, sizes)
                count_cases("smaller sizes at which a wrong gradient is still right", 1)
    assert proof.counterexample.operand == "dx"


def _agree(a: IndexedSum, b: IndexedSum, context: Context, sizes: dict[str, int]) -> bool:
    tensors = filled(context, ["dy", "w"], sizes)
    left, right = (evaluate([s], context, sizes, tensors)["dx"] for s in (a, b))
    return left == right


@pytest.mark.parametrize(("stride", "dilation"), [(s, d) for s in range(1, 5) for d in range(1, 5)])
def test_phases_write_every_entry_once(stride: int, dilation: int) -> None:
    """The last line for dx has one writer for each entry and leaves none out, empty residues included."""
    of = conv(1, strides=stride, dilations=dilation, group=1)
    sums = derive(of, "x").result
    assert len(sums) == stride
    assert single_writer(sums, of.context)
    assert covers(sums, of.context)
    assert fit_to_run(sums, of.context) == ""
    empty = [s for s in sums if s.summand == 0]
    assert len(empty) == stride - stride // sp.igcd(stride, dilation)
    if stride > 1:
        for dropped in range(stride):
            rest = [s for n, s in enumerate(sums) if n != dropped]
            assert single_writer(rest, of.context)
            assert not covers(rest, of.context)
            assert fit_to_run(rest, of.context) == "an entry is never written"
    assert not single_writer([*sums, sums[0]], of.context)
    assert fit_to_run([*sums, sums[0]], of.context) == "an entry is written twice"


def test_a_scatter_has_many_writers_and_a_gather_one() -> None:
    """Overlapping windows: the scatter form must accumulate, the taps form may assign."""
    of = conv(1, strides=1, dilations=1, pads=0, group=1)
    forms = available_forms(of, "x")
    assert not single_writer(forms["scatter"], of.context)
    assert single_writer(forms["taps"], of.context)
    assert covers(forms["taps"], of.context)


def test_windows_apart_leave_entries_out() -> None:
    """y[3i] alone: one writer for each entry, and entries between the strides that nobody writes."""
    context = Context((N,), (), (Operand("x", (N,), ("a",)), Operand("y", (3 * N,), ("a",))))
    apart = IndexedSum(at("y", 3 * i), (Range.box(i, N),), (), at("x", i))
    assert single_writer([apart], context)
    assert not covers([apart], context)


def test_a_symbolic_stride_is_proved_for_each_value_and_says_so() -> None:
    """The scope of a proof with symbolic stride and dilation names the values that were proved."""
    of = made("1-D, any stride and dilation")
    proof = prove_gradient(derive(of, "x").result, of, "x")
    assert proof.proved
    assert "s_w" in proof.scope
    assert "d_w" in proof.scope
    assert "1..4" in proof.scope


@pytest.mark.parametrize("mistake", ["divisibility", "offset"])
def test_a_wrong_gradient_with_a_symbolic_stride_is_not_proved(mistake: str) -> None:
    """A mistake that shows at some strides only is not called proved."""
    of = made("1-D, any stride and dilation")
    (right,) = derive(of, "x").result
    bad = right.with_(
        guards=() if mistake == "divisibility" else right.guards,
        summand=right.summand
        if mistake == "divisibility"
        else right.summand.xreplace({right.ranges[-1].index: sp.S.Zero}),
    )
    assert prove_gradient([bad], of, "x").verdict != "proved"

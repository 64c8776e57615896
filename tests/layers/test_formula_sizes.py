"""Sizes of a formula hang on axes, not on letters: which letters share one, what it is called, what has none."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from symconv.ir import Layer, Role, UserError, evaluate
from symconv.layers import build_layer
from symconv.layers.custom import formulas


def _shapes(layer: Layer) -> str:
    """x(I, J) w(K)"""
    return " ".join(f"{o.name}({', '.join(map(str, o.shape))})" for o in layer.context.operands)


# A formula, its shapes, and the operands that are read as zero outside.
SIZES = {
    "h[i] = w[i]*x[i]; y[j] = sum(k) v[j,k]*tanh(h[k])": ("h(I) w(I) x(I) y(J) v(J, I)", ""),
    "s = sum(j) exp(x[j]); y[i] = exp(x[i])/s": ("s() x(J) y(J)", ""),
    "m = sum(k) x[k]/K; y[i] = x[i] - m": ("m() x(K) y(K)", ""),
    "y[i] = sum(k) w[k]*x[i+k]": ("y(I) w(K) x(X0)", ""),
    "y[i] = sum(m) w[m]*x[i+m]": ("y(I) w(M) x(X0)", ""),
    "y[i] = x[i] + x[i+1]": ("y(I) x(I)", "x"),
    "y[i,j] = a[i,k]*b[k,j]": ("y(I, J) a(I, K) b(K, J)", ""),
    "y[i,j] = x[j,i]; z[i,j] = y[j,i]": ("y(I, J) x(J, I) z(J, I)", ""),
    "o[n,i] = a[n,k]*w[k,i]; y[n,j] = o[n,k]*v[k,j]": ("o(N, I) a(N, K) w(K, I) y(N, J) v(I, J)", ""),
    "a[t,u] = q[t,d]*k[u,d]; y[t,d] = a[t,u]*v[u,d]": ("a(T, U) q(T, D) k(U, D) y(T, D) v(U, D)", ""),
    "q[t,d] = f[d,e]*x[t,e]; a[t,u] = q[t,d]*q[u,d]": ("q(T, D) f(D, E) x(T, E) a(T, T)", ""),
    "y[2*i] = a[i]; y[2*i+1] = b[i]": ("y(Y0) a(I) b(I)", ""),
    "y[x0] = sum(k) x[x0+k]": ("y(X0) x(X0_)", ""),
    "t[i] = x[3*i]; y[2*i] = t[i]": ("t(I) x(X0) y(Y0)", ""),
    "y[i] = x[i]; z[i] = w[j]*y[i+j]": ("y(I) x(I) z(I) w(J)", "y"),
    "y[i] = x[s*i + d*k - p + K - 1]*w[k]": ("y(I) x(X0) w(K)", "x"),
    "y[i,i] = x[i]": ("y(I, I) x(I)", ""),
    "y[i] = 1": ("y(I)", ""),
    "y[i] = x[i]-x[i]": ("y(I) x(I)", ""),
    "Y[i] = sum(k) W[k]*X[i+k]": ("Y(I) W(K) X(X0)", ""),
    "Y[i] = sum(k) w[k]*X[i+k]*x[i+k]": ("Y(I) w(K) X(X0) x(X0_)", ""),
    "K[i] = sum(k) a[k]*X[i+k]": ("K(I) a(K_) X(X0)", ""),
    "y[k] = K[k+1]*x[k]": ("y(K_) K(K0) x(K_)", ""),
    "data[i] = dist[i]*dense[i] + d[i]*dd[i]": ("data(I) dist(I) dense(I) d(I) dd(I)", ""),
    "y[i] = x[i]*dx[i]": ("y(I) x(I) dx(I)", ""),
}


@pytest.mark.parametrize("text", SIZES)
def test_sizes(text: str) -> None:
    (layer,) = formulas((text,), {})
    shapes, extended = SIZES[text]
    assert _shapes(layer) == shapes
    assert {name for s in layer.sums for name in s.extended} == set(extended)
    assert all(o.role is Role.DATA for o in layer.context.operands)


# Two formulas about the same operands, and the shapes that they have in common.
PAIRS = {
    ("y[i] = sum(k) w[k]*x[i+k]", "y[i] = sum(m) w[m]*x[i+m]"): "y(I) w(K) x(X0)",
    ("y[i] = sum(k) a[i,k]*b[k]", "y[k] = sum(i) a[k,i]*b[i]"): "y(I) a(I, K) b(K)",
    ("y[i] = sum(k) w[k]*x[i+k]", "y[i] = sum(k) w[K-1-k]*x[i+K-1-k]"): "y(I) w(K) x(X0)",
    ("y[i] = x[i]", "y[j] = x[j] + 0*z[j]"): "y(I) x(I) z(I)",
}


@pytest.mark.parametrize("texts", PAIRS)
def test_two_sides_have_the_same_sizes(texts: tuple[str, str]) -> None:
    left, right = formulas(texts, {})
    assert _shapes(left) == _shapes(right) == PAIRS[texts]


def test_a_capital_is_the_size_of_the_letter_beside_it() -> None:
    """I is the number of rows where i counts rows, and of columns where it counts columns."""
    left, right = formulas(("y[i] = a[i,k]*I", "y[k] = a[k,i]*I"), {})
    tensors = {"a": {(r, c): 1 for r in range(2) for c in range(3)}}
    values = [evaluate(s.statements, s.context, {"I": 2, "K": 3}, tensors)["y"] for s in (left, right)]
    assert values == [{(0,): 6, (1,): 6}, {(0,): 9, (1,): 9}]


@pytest.mark.parametrize(
    ("text", "shapes", "expected"),
    [
        ("s = sum(j) exp(x[j]); y[i] = exp(x[i])/s", {"y": ("N",)}, "s() x(N) y(N)"),
        ("h[i] = x[i]; y[j] = v[j,k]*h[k]", {"v": (None, 7)}, "h(7) x(7) y(J) v(J, 7)"),
        ("y[i] = sum(k) w[k]*x[i+k]", {"x": ("K",)}, "y(I) w(K) x(K)"),
        ("y[i] = sum(k) w[k]*X[i+k]", {"X": ("X",), "w": (3,)}, "y(I) w(3) X(X)"),
    ],
)
def test_given_sizes_reach_every_letter_of_the_axis(text: str, shapes: dict, expected: str) -> None:
    (layer,) = formulas((text,), shapes)
    assert _shapes(layer) == expected


# What has no size, or two, and a part of the line that says so.
REFUSED = {
    "y[2*i] = x[3*i]": "i never stands alone on an axis, so its size is not known: begin with t[i] = ..",
    "y[i] = x[i]*w[2*k]": "k never stands alone on an axis, so its size is not known: list it, as in sum(k) ..",
    "y[i] = x[i + 2*p]": "p never stands alone",
    "y[i] = w[p-1]*x[i]": "p never stands alone",
    "y[i] = w[K-1-k]*x[i+k]": "K is the size of k where k is an index: list it, sum(k) ..",
    "y[i] = x[s*p*i]": "affine",
    "y[i] = x[i*j]*w[j]": "affine",
    "K = x[k]": "K is a size",
    "y[I] = x[I]": "lower-case",
    "y[i] = x[4294967296*i]": "below 2**31",
    "y[i] = x[i + 9223372036854775808]": "below 2**31",
    "y[i] = x[2147483648*i]": "below 2**31",
    "y[9999999999*i + 1] = x[i]": "below 2**31",
    "y[i] = x[9999999999*9999999999*i]": "below 2**31",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_has_no_size_is_one_line(text: str) -> None:
    with pytest.raises(UserError) as caught:
        build_layer("formula", {"formula": text})
    assert REFUSED[text] in str(caught.value)
    assert "\n" not in str(caught.value)


def test_sizes_that_contradict_each_other() -> None:
    """Two axes of one letter, or of letters that are one size."""
    for text in ("y[i] = a[i]*b[i]", "t[i] = a[i]; y[j] = t[j]*b[j]"):
        with pytest.raises(UserError, match="runs over 5 in one place and 4 in another"):
            formulas((text,), {"a": (5,), "b": (4,)})


def test_numbers_up_to_the_limit_are_read(count_cases: Callable[[str, int], None]) -> None:
    """Shifts and strides as large as they may be, and statements that no entry reaches."""
    for text, shapes in (
        ("y[i] = x[2147483647*i - 2147483647]", {}),
        ("y[i+7] = x[i]", {"y": (3,), "x": (3,)}),
        ("y[i] = x[i-9]", {"y": (3,), "x": (3,)}),
    ):
        (layer,) = formulas((text,), shapes)
        x = {(k,): 1 for k in range(3)}
        assert set(evaluate(layer.statements, layer.context, {"I": 1, "X0": 3}, {"x": x})["y"].values()) == {0}
    count_cases("formulas whose sizes are known or refused", len(SIZES) + len(PAIRS) + len(REFUSED) + 3)

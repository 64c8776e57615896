"""A user's own formula: what it is read as, what is refused, and that nothing is ever evaluated as code."""

from __future__ import annotations

import pytest
import sympy as sp

from symconv.ir import UserError, evaluate, size
from symconv.layers import build_layer
from symconv.layers.expression import parse_function
from symconv.layers.stack import two_stacked_layers

X = sp.Symbol("x", real=True)


def formula(text: str, **more: object):
    return build_layer("formula", {"formula": text, **more})


def run(text: str, sizes: dict[str, int], **operands: list) -> dict:
    layer = formula(text)
    tensors = {name: _tensor(values) for name, values in operands.items()}
    return evaluate(layer.statements, layer.context, sizes, tensors)[layer.result]


def _tensor(values: object, prefix: tuple[int, ...] = ()) -> dict:
    if not isinstance(values, list):
        return {prefix: values}
    return {p: v for k, inner in enumerate(values) for p, v in _tensor(inner, (*prefix, k)).items()}


def test_a_window() -> None:
    """y[i] = sum over k of w[k] x[2i + k], the input as long as it must be at least."""
    y = run("y[i] = sum(k) w[k]*x[2*i + k]", {"I": 2, "K": 2, "X0": 4}, w=[1, 10], x=[1, 2, 3, 4])
    assert y == {(0,): 21, (1,): 43}


def test_a_read_that_may_leave_the_input_is_zero_extended() -> None:
    """A pad makes the first position negative."""
    layer = formula("y[i] = sum(k) w[k]*x[i + k - p]")
    assert layer.sums[0].extended == {"x"}
    assert formula("y[i] = sum(k) w[k]*x[i + k]").sums[0].extended == frozenset()


def test_summation_is_implicit() -> None:
    """Indices that the result lacks are summed, term by term; sum(..) covers the product after it."""
    assert run("y[i] = a[i,k]*b[k] + c[i]", {"I": 1, "K": 2}, a=[[2, 3]], b=[5, 7], c=[100]) == {(0,): 131}
    assert run("y[i] = sum(k) (a[i,k] + c[i])", {"I": 1, "K": 2}, a=[[2, 3]], c=[100]) == {(0,): 205}


def test_statements_in_a_row() -> None:
    """Intermediates are computed in order; the last one is the result."""
    y = run("s[i] = sum(k) x[2*i + k]**2; y[i] = sqrt(s[i])", {"I": 1, "K": 2, "X0": 2}, x=[3, 4])
    assert y == {(0,): 5}


def test_names_have_kinds() -> None:
    """A name that multiplies an index is a stride, another one a pad; sizes are capitals."""
    layer = formula("y[i] = sum(k) w[k]*x[s*i + k - p]")
    assert [s.name for s in layer.context.scales] == ["s"]
    assert {s.name for s in layer.context.sizes} == {"I", "K", "X0", "p"}
    assert layer.inputs == ("w", "x")


def test_shapes_may_be_given() -> None:
    """An axis of a given size, by name or number."""
    layer = formula("y[i] = sum(k) w[k]*x[i + k]", shapes={"x": ("H",), "w": (3,)})
    assert layer.context.shape("x") == (size("H"),)
    assert layer.context.shape("w") == (sp.Integer(3),)


REFUSED = {
    "y[i] = sum(j) w[j]*x[i*j]": "affine",
    "y[i] = x[i**2]": "affine",
    "y[i] = x[i/2]": "affine",
    "y[i] = sum(i) x[i]": "which the result mentions",
    "y[i] = sum(k) x[i,j,k]": "leaves out j",
    "y[i]": "signs =",
    "y[i] = ": "empty",
    "y[i] = x[i] + x[i,j]": "axes",
    "y[i] = foo(x[i])": "not allowed",
    "y[i] = x[i].real": "not allowed",
    "y[i] = (lambda: 1)()": "not allowed",
    "y[i] = x[i] if x[i] else 1": "not allowed",
    "y[i] = x[__import__('os').system('true')]": "affine",
    "y[i] = 1/0": "zero",
    "y[i] = x[i]**k": "exponent",
    "y[i] = 'x'": "not allowed",
    "for[i] = x[i]": "no expression",
    "": "empty",
    "y[i] = " + "(" * 900 + "x[i]" + ")" * 900: "(((",
    "y[i] = " + "-" * 1900 + "x[i]": "---",
    "y[i] = x[i]*" + "9" * 100: "digits",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_refused(text: str) -> None:
    """One line that names the piece and the reason."""
    with pytest.raises(UserError) as caught:
        formula(text)
    assert REFUSED[text] in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x/(1 + exp(-x))", X / (1 + sp.exp(-X))),
        ("0.1*x", X / 10),
        ("-x**2", -(X**2)),
        ("2*x - 1/3", 2 * X - sp.Rational(1, 3)),
        ("tanh(x)", sp.tanh(X)),
        ("1e-3*x", X / 1000),
    ],
)
def test_functions_are_exact(text: str, expected: sp.Expr) -> None:
    """Decimals are the fractions that they spell."""
    assert parse_function(text, X) == expected


def test_two_stacked_layers() -> None:
    """conv, relu, pool, conv: the statements in a row compute what the layers do one after the other."""
    layer = two_stacked_layers()
    sizes = {"N": 1, "IC": 1, "H": 4, "W": 4, "OC1": 1, "KH1": 1, "KW1": 1, "OH1": 4, "OW1": 4,
             "OC2": 1, "KH2": 2, "KW2": 2, "OH2": 1, "OW2": 1}  # fmt: skip
    named = {s.name for s in layer.context.sizes}
    pooled = dict.fromkeys(named - set(sizes), 2)
    x = {(0, 0, i, j): (-1) ** (i + j) * (4 * i + j) for i in range(4) for j in range(4)}
    ones = dict.fromkeys(((0, 0, i, j) for i in (0, 1) for j in (0, 1)), 1)
    tensors = {"x": x, "w1": {(0, 0, 0, 0): 2}, "b1": {(0,): 1}, "w2": ones, "b2": {(0,): 100}}
    z2 = evaluate(layer.statements, layer.context, {**sizes, **pooled}, tensors)["z2"]
    relu = {p[2:]: max(0, 2 * v + 1) for p, v in x.items()}
    expected = 100 + sum(
        max(relu[2 * a + i, 2 * b + j] for i in (0, 1) for j in (0, 1)) for a in (0, 1) for b in (0, 1)
    )
    assert list(z2.values()) == [expected]


def test_a_function_may_be_a_sympy_expression() -> None:
    """Any expression of one symbol; two symbols are refused."""
    t = sp.Symbol("t")
    by_text = build_layer("elementwise", {"function": "x**3 - x"})
    assert build_layer("elementwise", {"function": t**3 - t}).statements == by_text.statements
    with pytest.raises(UserError, match="one symbol"):
        build_layer("elementwise", {"function": t * sp.Symbol("u")})

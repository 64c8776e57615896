"""A user's own formula: what it is read as, what is refused, and that nothing is ever evaluated as code."""

from __future__ import annotations

import pytest
import sympy as sp

from symconv.ir import UserError, evaluate, size
from symconv.layers import build_layer
from symconv.layers.expression import parse_function

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


def test_a_given_size_is_that_of_the_index() -> None:
    """Whichever operand it is given for, and whatever else the index stands on."""
    layer = formula("y[i] = a[i]*x[i]/I", shapes={"x": (5,)})
    assert {o.name: o.shape for o in layer.context.operands} == dict.fromkeys("yax", (sp.Integer(5),))
    assert layer.context.sizes == ()
    assert layer.sums[0].summand == sp.Rational(1, 5) * sp.Mul(*layer.sums[0].reads())
    named = formula("y[n,i] = x[n,i]", shapes={"x": ("B", None)})
    assert named.context.shape("y") == (size("B"), size("I"))


def test_the_capital_of_an_index_is_its_size() -> None:
    """In an index and outside of one."""
    mean = run("m = sum(k) x[k]/K; y[k] = x[k] - m", {"K": 3}, x=[1, 2, 6])
    assert mean == {(0,): -2, (1,): -1, (2,): 3}
    flipped = run("y[i] = sum(k) w[K-1-k]*x[i + k]", {"I": 2, "K": 2, "W0": 2, "X0": 3}, w=[1, 10], x=[1, 2, 3])
    assert flipped == {(0,): 12, (1,): 23}


def test_sizes_of_different_things_differ() -> None:
    """The size of the first axis of x is not that of the index x0."""
    layer = formula("y[x0] = sum(k) x[x0 + k]")
    assert layer.context.shape("x") != layer.context.shape("y")
    assert layer.context.shape("y") == (size("X0"),)


def test_entries_may_be_written_in_turn() -> None:
    """Statements that write different entries add up to the operand."""
    y = run("y[2*i] = a[i]; y[2*i + 1] = b[i]", {"I": 2, "Y0": 4}, a=[1, 2], b=[3, 4])
    assert y == {(0,): 1, (1,): 3, (2,): 2, (3,): 4}


def test_rank_zero() -> None:
    """E[] and E are the same."""
    assert run("E[] = sum(p) (t[p] - y[p])**2/2", {"P": 2}, t=[1, 5], y=[4, 3]) == {(): sp.Rational(13, 2)}
    assert formula("E = a[i]").statements == formula("E[] = a[i]").statements


@pytest.mark.parametrize(
    "shapes", [5, [1], {"q": (3,)}, {"x": (1, 2)}, {"x": (0,)}, {"x": (1.5,)}, {"x": ("i",)}, {"x": (2,), "w": (3,)}]
)
def test_shapes_that_are_refused(shapes: object) -> None:
    """No table, unknown operands, wrong ranks, no sizes, sizes that contradict each other."""
    with pytest.raises(UserError) as caught:
        formula("y[i] = w[i]*x[i]", shapes=shapes)
    assert "\n" not in str(caught.value)


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
    "y[i] = 1e999999999*x[i]": "digits",
    "y[i] = ((((9**64)**64)**64)**64)*x[i]": "bits",
    "y[i] = " + "*".join(f"(a[i] + b{k}[i])" for k in range(40)): "500 terms",
    "y[i] = x[" + "*".join(f"(i + {k}*j)" for k in range(40)) + "]": "500 terms",
    "y[i] = " + "x[i]+" * 1000 + "1": "2000",
    "y[i] = x[i]; " * 2000: "20000",
    "y[i] = abs(sum(k) x[i,k])": "stands in no function",
    "y[i] = relu(sum(k) x[i,k])": "stands in no function",
    "y[i] = (sum(k) x[k])**2": "stands in no function",
    "y[i] = sum(k) a[k] * sum(k) b[k]": "summed twice",
    "y[i] = sum(k,k) x[k]": "summed twice",
    "y[i] = sum() x[i]": "index of a sum",
    "y[I] = x[I]": "lower-case",
    "y[i] = i*x[i]": "i is an index and an operand too",
    "y[i] = p*x[i - p]": "p is a number in an index and an operand too",
    "y[i] = y[i - 1] + x[i]": "read before it is complete",
    "y[i] = s[i]; s[i] = x[i]": "read before it is complete",
    "y[i] = a[i]; y[i] = b[i]": "written twice",
    "M = sum(m) x[m]": "M is a size",
    "y[i] = exp": "name of a function",
    "y[i] = x[1.0*i]": "affine",
    "y[i] = x[s*p*i]": "affine",
    "y[i] = x[i] + _s": "column 15",
    "y[i] = x[i] − 1": "column 13",
    "y[i] = a[i]; z[i] = foo(y[i])": "column 21",
    "y[i] = sum(k) a[k]\ny[i] = b[i] +": "no expression",
    "y[i] = log(0)*x[i]": "no real number",
    "y[i] = (-8)**(1/3)*x[i]": "no real number",
    "y[i] = 0**-1*x[i]": "no real number",
    "y[i] = 1j*x[i]": "not allowed",
}


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: text[:40])
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
    assert parse_function(text, X).expression == expected


def test_a_function_may_be_a_sympy_expression() -> None:
    """Any expression of one symbol; two symbols are refused."""
    t = sp.Symbol("t")
    by_text = build_layer("elementwise", {"function": "x**3 - x"})
    assert build_layer("elementwise", {"function": t**3 - t}).statements == by_text.statements
    with pytest.raises(UserError, match="one symbol"):
        build_layer("elementwise", {"function": t * sp.Symbol("u")})


def test_hostile_functions_are_refused_at_once() -> None:
    """Text that would run code, take forever, or be no real function."""
    for text in (
        "__import__('os').system('true')",
        "().__class__.__bases__",
        "(lambda: x)()",
        "[x for x in (1,)]",
        "f'{x}'",
        "x if x else 1",
        "x := 2",
        "1e999999999",
        "((((9**64)**64)**64)**64)**64",
        "(" * 500 + "x" + ")" * 500,
        "-" * 1900 + "x",
        "x" * 3000,
        "9" * 1900,
        "nan",
        "sqrt(-1)*x",
        "log(-2)",
        "1/(x - x)",
        "x\0",
        "é",
        "",
        3,
    ):
        with pytest.raises(UserError) as caught:
            build_layer("elementwise", {"function": text})
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) < 400


def test_numbers_are_read_in_any_spelling() -> None:
    """Hexadecimal and underscores are integers like any other; a line may be broken."""
    assert parse_function("0x10*x + 1_000", X).expression == 16 * X + 1000
    assert parse_function("(x\n + 1)", X).expression == X + 1

"""Where a formula is defined is noted as it was written; what is defined nowhere, or too large, is refused."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable

import pytest
import sympy as sp

import symconv as sc
from symconv.ir import Layer, UserError
from symconv.layers import build_layer
from symconv.layers.custom import formulas
from symconv.layers.stack import stack


def _domain(layer: Layer) -> str:
    return ", ".join(f"{c.expression} {c.sign.value} 0" for c in layer.domain)


# A function of x, what SymPy makes of it, and where it is defined.
DOMAINS = {
    "x/x": ("1", "x != 0"),
    "0/x": ("0", "x != 0"),
    "x**-1*x": ("1", "x != 0"),
    "x/(exp(x)*x)": ("exp(-x)", "x != 0"),
    "log(x) - log(x)": ("0", "x > 0"),
    "exp(log(x))": ("x", "x > 0"),
    "sqrt(x)*sqrt(x)": ("x", "x >= 0"),
    "x**(1/3)*x**(2/3)": ("x", "x >= 0"),
    "sqrt(x**2)": ("Abs(x)", ""),
    "sqrt(x)/x": ("1/sqrt(x)", "x > 0"),
    "log(x-1)": ("log(x - 1)", "x - 1 > 0"),
    "log(2*x)": ("log(2*x)", "x > 0"),
    "log(-3*x)": ("log(-3*x)", "-x > 0"),
    "log(x**2)": ("log(x**2)", "x != 0"),
    "log(log(x))": ("log(log(x))", "x > 0, log(x) > 0"),
    "1/(1+x)+1/(1-x)": ("1/(x + 1) + 1/(1 - x)", "x + 1 != 0, 1 - x != 0"),
    "1/x**2": ("x**(-2)", "x != 0"),
    "x**-0.5": ("1/sqrt(x)", "x > 0"),
    "x**1.5": ("x**(3/2)", "x >= 0"),
    "x**(1/64)": ("x**(1/64)", "x >= 0"),
    "sqrt(1-x**2)": ("sqrt(1 - x**2)", "1 - x**2 >= 0"),
    "(-8*x)**(1/3)": ("2*(-x)**(1/3)", "-x >= 0"),
    "relu(x)/x": ("Select(x, 0, x, 0)/x", "x != 0"),
    "1/tanh(x)": ("1/tanh(x)", "tanh(x) != 0"),
    "sigmoid(x)": ("1/(1 + exp(-x))", ""),
    "1/(1+exp(x))": ("1/(exp(x) + 1)", ""),
    "1/cosh(x)": ("1/cosh(x)", ""),
    "log(1+exp(x))": ("log(exp(x) + 1)", ""),
    "x/2 + x/(3-1)": ("x", ""),
    "exp(1)": ("E", ""),
    "exp(1000*x)": ("exp(1000*x)", ""),
    "x**64": ("x**64", ""),
    "(x+1)**64": ("(x + 1)**64", ""),
    "x**0": ("1", ""),
    "max(2, exp(1))*x": ("E*x", ""),
    "sin(exp(600))*x": ("sin(exp(600))*x", ""),
}


@pytest.mark.parametrize("text", DOMAINS)
def test_functions(text: str) -> None:
    """By the command line's text; the variable is the entry of x."""
    (y,) = (layer := build_layer("elementwise", {"function": text, "rank": 0})).sums
    expression, domain = DOMAINS[text]
    assert str(y.summand).replace("x[]", "x") in (expression, str(sp.sympify(expression)))
    assert _domain(layer).replace("x[]", "x") == domain


FORMULAS = {
    "y[i] = x[i]/x[i]": "x[i] != 0",
    "y[i] = (x[i]**2 - u[i]**2)/(x[i] - u[i])": "-u[i] + x[i] != 0",
    "y[i] = a[i]/(b[i]*c[i])": "b[i] != 0, c[i] != 0",
    "s = sum(k) x[k]**2; y[i] = x[i]/sqrt(s)": "s[] > 0",
    "s[i] = sum(k) x[2*i+k]**2; y[i] = sqrt(s[i])": "s[i] >= 0",
    "y[i] = sum(k) w[k]*log(x[i+k])": "x[i + k] > 0",
    "y[i] = sum(k) x[k]/K": "",
    "y[i] = x[k]/(K-1)": "K - 1 != 0",
    "y[i] = log(x[i]); z[i] = 1/y[i]": "x[i] > 0, y[i] != 0",
    "y[i] = x[i]/x[i] + log(x[i])": "x[i] > 0",
}


@pytest.mark.parametrize("text", FORMULAS)
def test_formulas(text: str) -> None:
    """Sizes are positive; entries speak in the indices of their statement."""
    (layer,) = formulas((text,), {})
    assert _domain(layer) == FORMULAS[text]


def test_a_size_may_violate_a_condition() -> None:
    with pytest.raises(UserError, match="the formula is defined nowhere: it needs 0 != 0"):
        formulas(("y[i] = x[k]/(K-1)",), {"x": (1,)})


def test_a_stack_keeps_the_domains_of_its_parts() -> None:
    part = build_layer("formula", {"formula": "y[i] = w[i]/x[i]"})
    assert _domain(stack([part, part])) == "x[i] != 0, y1[i] != 0"


REFUSED = {
    "1/(x-x)": "divides by zero",
    "1/(exp(1)-exp(1))": "divides by zero",
    "log(0)*x": "no real number",
    "log(-x**2)": "no real number",
    "log(-1-x**2)": "no real number",
    "sqrt(-2)*x": "no real number",
    "sqrt(-x**2)": "never above zero",
    "(-8*x**2)**(1/3)": "never above zero",
    "1/(sin(1)**2+cos(1)**2-1)": "cannot be told",
    "max(sin(1)**2+cos(1)**2, 1)": "which of two numbers",
    "x**65": "between -64 and 64",
    "x**x": "between -64 and 64",
    "exp(exp(exp(exp(exp(99)))))*x": "at most 690",
    "exp(690)*exp(690)*x": "1000 bits",
    "exp(-690)*x*exp(-690)": "1000 bits",
    "(1+exp(9))**64*(1+exp(9))**64*x": "1000 bits",
    "*".join(["x", *["10**40"] * 8]): "1000 bits",
    "relu(" * 12 + "x" + ")" * 12: "5000 parts",
    "exp(" * 70 + "x" + ")" * 70: "60 deep",
}


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: text[:30])
def test_what_is_refused_at_once(text: str) -> None:
    """One line, in less than a second and a little memory."""
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
    for make in (
        lambda: build_layer("elementwise", {"function": text}),
        lambda: formulas(
            (f"y[i] = {text.replace('x', 'x[i]').replace('ex[i]p', 'exp').replace('max[i]', 'max')}",), {}
        ),
    ):
        with pytest.raises(UserError) as caught:
            make()
        assert REFUSED[text] in str(caught.value)
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) < 400
    assert time.perf_counter() - start < 2
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


def test_powers_are_not_multiplied_out(count_cases: Callable[[str, int], None]) -> None:
    """Nor are products, except as far as their terms are summed over different indices."""
    for text, summands in {
        "y[i] = x[i]**64": ["x[i]**64"],
        "y[i] = (a[i] + b[i])**64": ["(a[i] + b[i])**64"],
        "y[i] = (a[i] + b[i])*(c[i] + d[i])": ["(a[i] + b[i])*(c[i] + d[i])"],
        "y[i] = sum(k) (a[k] + b[k])*(c[i] + d[i])": ["(a[k] + b[k])*(c[i] + d[i])"],
        "y[i] = (a[i,k] + b[i])*c[i]": ["b[i]*c[i]", "c[i]*a[i, k]"],
        "y[i] = 2*(sum(k) a[i,k] + b[i])*(c[i] + 1)": ["2*(c[i] + 1)*b[i]", "2*(c[i] + 1)*a[i, k]"],
    }.items():
        (layer,) = formulas((text,), {})
        assert sorted(str(s.summand) for s in layer.sums) == sorted(summands)
    count_cases("domains read, and texts refused", len(DOMAINS) + len(FORMULAS) + 2 * len(REFUSED))


t = sp.Symbol("t")


@pytest.mark.parametrize(
    ("function", "expression", "domain"),
    [
        (sp.Max(t, 0), "Select(x, 0, x, 0)", ""),
        (sp.Max(sp.Min(t, 6), 0), "Select(Select(6, x, x, 6), 0, Select(6, x, x, 6), 0)", ""),
        (sp.Piecewise((t, t >= 0), (0, True)), "Select(0, x, 0, x)", ""),
        (sp.Piecewise((t, t > 1), (1, t > 0), (0, True)), "Select(x, 1, x, Select(x, 0, 1, 0))", ""),
        (sp.sign(t), "Select(x, 0, 1, Select(0, x, -1, 0))", ""),
        (sp.tan(t), "tan(x)", "cos(x) != 0"),
        (t * sp.Float("0.044715"), "8943*x/200000", ""),
        (sp.log(t) / t, "log(x)/x", "x > 0"),
        (sp.sqrt(t), "sqrt(x)", "x >= 0"),
    ],
    ids=str,
)
def test_sympy_expressions(function: sp.Expr, expression: str, domain: str) -> None:
    layer = build_layer("elementwise", {"function": function, "rank": 0})
    assert str(layer.sums[0].summand).replace("x[]", "x") == expression
    assert _domain(layer).replace("x[]", "x") == domain


@pytest.mark.parametrize(
    "function",
    [sp.Heaviside(t), sp.gamma(t), sp.I * t, t**t, sp.Piecewise((t, sp.Ne(t, 0)), (0, True)), sp.Piecewise((t, t > 0))],
    ids=str,
)
def test_sympy_expressions_that_are_refused(function: sp.Expr) -> None:
    with pytest.raises(UserError, match="function = ") as caught:
        sc.Elementwise(function=function)
    assert "\n" not in str(caught.value)

"""Order, precedence and signs of expressions, in every language."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sympy as sp

from symconv.emit.equation import Printer
from symconv.emit.latex import LATEX
from symconv.ir import (
    Access,
    Apply,
    Between,
    CeilDiv,
    Context,
    Divides,
    Equal,
    FloorDiv,
    Label,
    Notation,
    Operand,
    Partial,
    Quot,
    Range,
    Role,
    Select,
    index,
    offset,
    size,
)

i, k, m, n, oh, kh, t = map(index, ("i", "k", "m", "n", "oh", "kh", "t"))
i1, m1 = index("i'"), index("m'")
H, N, k1, s, d, KH, KW, p = (*map(size, ("H", "N", "k1", "s", "d", "KH", "KW")), offset("p"))
x, y, w, delta = (Access(name, i) for name in ("x", "y", "w", "dy"))
mean, var = Access("mean"), Access("var")
OPERANDS = (
    *(Operand(name, (N,), ("i",)) for name in ("x", "y", "A", "t")),
    Operand("w", (N,), ("i",), role=Role.PARAMETER),
)
CONTEXT = Context((H, N, k1, KH, KW, p), (), OPERANDS, scales=(s, d))

Printers = Callable[..., tuple[Printer, Printer, Printer]]

INDICES = [
    (i1 - m, "i′ − m", "i' - m", "i'-m"),
    (i + m1, "i + m′", "i + m'", "i+m'"),
    (k1 - 1 - m, "k₁ − 1 − m", "k1 - 1 - m", "k_1-1-m"),
    (i1 + 1 - m, "i′ + 1 − m", "i' + 1 - m", "i'+1-m"),
    (i1 - m + m1, "i′ − m + m′", "i' - m + m'", "i'-m+m'"),
    (i1 + p - d * k, "i′ + p − d·k", "i' + p - d*k", r"i'+p-d\,k"),
    (i1 - k1 + 1, "i′ − k₁ + 1", "i' - k1 + 1", "i'-k_1+1"),
    (1 - k1, "1 − k₁", "1 - k1", "1-k_1"),
    (s * oh + d * kh - p, "s·oh + d·kh − p", "s*oh + d*kh - p", r"s\,\mathit{oh}+d\,\mathit{kh}-p"),
    (2 * i, "2i", "2i", "2i"),
    (2 * s * i, "2s·i", "2s*i", r"2s\,i"),
    (-m, "−m", "-m", "-m"),
    (sp.Integer(-3), "−3", "-3", "-3"),
    (s * (k1 - 1), "s·(k₁ − 1)", "s*(k1 - 1)", r"s\,\left(k_1-1\right)"),
    (Quot(i + m - 1, 2), "(i + m − 1)/2", "(i + m - 1)/2", "(i+m-1)/2"),
    (2 * Quot(i - 1, 3), "2·((i − 1)/3)", "2*((i - 1)/3)", r"2\,\left((i-1)/3\right)"),
    (FloorDiv(H, 2), "⌊H/2⌋", "floor(H/2)", r"\left\lfloor H/2 \right\rfloor"),
    (2 * FloorDiv(H - 1, 2), "2⌊(H − 1)/2⌋", "2*floor((H - 1)/2)", r"2\left\lfloor (H-1)/2 \right\rfloor"),
    (CeilDiv(i1 + 1, s), "⌈(i′ + 1)/s⌉", "ceil((i' + 1)/s)", r"\left\lceil (i'+1)/s \right\rceil"),
    (sp.Max(0, i1 - k1 + 1), "max(0, i′ − k₁ + 1)", "max(0, i' - k1 + 1)", r"\max\left(0,\; i'-k_1+1\right)"),
    (sp.Min(H - 1, i1), "min(H − 1, i′)", "min(H - 1, i')", r"\min\left(H-1,\; i'\right)"),
    (s * H + KH * d - p, "s·H + d·KH − p", "s*H + d*KH - p", r"s\,H+d\,\mathit{KH}-p"),
]

TENSORS = [
    (Apply("f", 1, x) * w * delta, "δ[i] w[i] f′(x[i])", r"\delta_{i} w_{i} f'\!\left(x_{i}\right)"),
    (x * w * delta * sp.Rational(3, 2), "3/2 · δ[i] w[i] x[i]", r"\frac{3}{2} \delta_{i} w_{i} x_{i}"),
    (delta / (KH * KW), "1/(KH·KW) · δ[i]", r"\frac{1}{\mathit{KH}\,\mathit{KW}} \delta_{i}"),
    (delta / N**2, "1/N² · δ[i]", r"\frac{1}{N^{2}} \delta_{i}"),
    ((N - 1) * x, "(N − 1) x[i]", r"\left(N-1\right)\, x_{i}"),
    (x * (N - 1) / N, "(N − 1)/N · x[i]", r"\frac{N-1}{N} x_{i}"),
    (-2 * delta * w, "−2 δ[i] w[i]", r"-2\, \delta_{i} w_{i}"),
    (y - Access("t", i), "y[i] − t[i]", "y_{i} - t_{i}"),
    (Access("t", i) - y, "t[i] − y[i]", "t_{i} - y_{i}"),
    (-x / 2 + y, "y[i] − 1/2 · x[i]", r"y_{i} - \frac{1}{2} x_{i}"),
    ((x - mean) ** 2, "(x[i] − mean)²", r"\left(x_{i} - \mathit{mean}\right)^{2}"),
    (delta * (x - mean), "δ[i] (x[i] − mean)", r"\delta_{i} \left(x_{i} - \mathit{mean}\right)"),
    (w * delta / sp.sqrt(var + p), "δ[i] w[i]/√(var + p)", r"\frac{\delta_{i} w_{i}}{\sqrt{\mathit{var} + p}}"),
    (x / (w * var), "x[i]/(w[i]·var)", r"\frac{x_{i}}{w_{i}\,\mathit{var}}"),
    (-1 / (2 * (var + 1) ** sp.Rational(3, 2)), "−1/(2·(1 + var)^(3/2))", None),
    (1 / (1 + sp.exp(-x)), "1/(1 + exp(−x[i]))", r"\frac{1}{1 + \exp\!\left(-x_{i}\right)}"),
    (1 - sp.tanh(x) ** 2, "1 − tanh(x[i])²", r"1 - \tanh\!\left(x_{i}\right)^{2}"),
    (sp.erf(x / sp.sqrt(2)), "erf(√(2)/2 · x[i])", r"\mathrm{erf}\!\left(\frac{\sqrt{2}}{2} x_{i}\right)"),
    (sp.Abs(x) * sp.sign(x), "|x[i]| sign(x[i])", r"\left|x_{i}\right| \mathrm{sgn}\!\left(x_{i}\right)"),
    (x ** (N - 1), "x[i]^(N−1)", "x_{i}^{N-1}"),
    (delta**2, "δ[i]²", r"\delta_{i}^{2}"),
    (Access("dA", i) * w, "∂E/∂A[i] w[i]", r"\frac{\partial E}{\partial A_{i}} w_{i}"),
    (Access("dA", i) ** 2, "(∂E/∂A[i])²", r"\left(\frac{\partial E}{\partial A_{i}}\right)^{2}"),
    (Access("dA", i) / var, "(∂E/∂A[i])/var", r"\frac{\frac{\partial E}{\partial A_{i}}}{\mathit{var}}"),
    (delta * Partial(y, x), "δ[i] ∂y[i]/∂x[i]", r"\delta_{i} \frac{\partial y_{i}}{\partial x_{i}}"),
    (sp.Float("0.5") * x, "0.5 x[i]", r"0.5\, x_{i}"),
    (
        Select(Select(6, x, x, 6), 0, Select(6, x, x, 6), 0),
        "max(min(x[i], 6), 0)",
        r"\max\left(\min\left(x_{i},\; 6\right),\; 0\right)",
    ),
    (
        delta * Select(Select(6, x, x, 6), 0, 1, 0),
        "δ[i] [min(x[i], 6) > 0]",
        r"\delta_{i} \left[\,\min\left(x_{i},\; 6\right) > 0\,\right]",
    ),
    (sp.E * x, "exp(1) x[i]", r"\exp\!\left(1\right)\, x_{i}"),
    (
        delta * Select(x, 0, 1, 0),
        "δ[i] [x[i] > 0]",
        r"\delta_{i} \left[\,x_{i} > 0\,\right]",
    ),
    (
        Select(x, 0, x, size("alpha") * x),
        "{x[i] if x[i] > 0; α x[i] otherwise}",
        r"\begin{cases} x_{i} & \text{if } x_{i} > 0 \\ \alpha\, x_{i} & \text{otherwise} \end{cases}",
    ),
]


@pytest.fixture
def plain(printers: Printers) -> tuple[Printer, Printer, Printer]:
    return printers(Notation(adjoints=(("y", Label("δ")),)), CONTEXT)


@pytest.mark.parametrize(("e", "text", "ascii", "latex"), INDICES, ids=[row[1] for row in INDICES])
def test_index_expressions(e: sp.Expr, text: str, ascii: str, latex: str, plain: tuple[Printer, ...]) -> None:
    assert [p.expression(e) for p in plain] == [text, ascii, latex]


@pytest.mark.parametrize(("e", "text", "latex"), TENSORS, ids=[row[1] for row in TENSORS])
def test_summands(e: sp.Expr, text: str, latex: str | None, plain: tuple[Printer, ...]) -> None:
    in_text, in_ascii, in_latex = (p.expression(e) for p in plain)
    assert in_text == text
    assert in_ascii.isascii()
    assert latex is None or in_latex == latex


def test_ascii_spells_everything_out(plain: tuple[Printer, ...]) -> None:
    e = Apply("f", 2, x) * delta / (N * sp.sqrt(var + p))
    assert plain[1].expression(e) == "1/N * delta[i] f''(x[i])/sqrt(var + p)"


def test_operands_follow_the_order_of_statement(printers: Printers) -> None:
    context = Context((N,), (), tuple(Operand(name, (N,), ("i",)) for name in ("z", "a")) + OPERANDS[-1:])
    text, *_ = printers(None, context)
    e = Access("a", i) * Access("z", i) * Access("w", i) * Access("dz", i)
    assert text.expression(e) == "∂E/∂z[i] w[i] z[i] a[i]"


def test_an_operand_whose_name_begins_with_d_is_no_adjoint(printers: Printers) -> None:
    context = Context((N,), (), (Operand("den", (N,), ("i",)), Operand("x", (N,), ("i",))))
    text, *_ = printers(None, context)
    assert text.expression(Access("den", i)) == "den[i]"
    assert text.expression(Access("dden", i)) == "∂E/∂den[i]"


def test_guards_and_ranges(plain: tuple[Printer, ...]) -> None:
    text, ascii, latex = plain
    assert text.guard(Divides(2, i1 + 1 - m)) == "[2 | i′ + 1 − m]"
    assert latex.guard(Divides(2, i1 + 1 - m)) == r"\left[\,2 \mid i'+1-m\,\right]"
    assert text.guard(Equal(m, m1)) == "[m = m′]"
    assert text.guard(Between(0, i, H - 1)) == "[0 ≤ i ≤ H − 1]"
    assert ascii.guard(Between(0, i, H - 1)) == "[0 <= i <= H - 1]"
    assert latex.guard(Between(0, i, H - 1)) == r"\left[\,0 \le i \le H-1\,\right]"
    r = Range(i, (sp.S.Zero, i1 - k1 + 1), (H - k1, i1))
    assert text.range(r) == "i = max(0, i′ − k₁ + 1) … min(H − k₁, i′)"
    assert ascii.range(r) == "i = max(0, i' - k1 + 1) .. min(H - k1, i')"


@pytest.mark.parametrize(
    ("name", "text", "latex"),
    [
        ("k1", "k₁", "k_1"),
        ("k12'", "k₁₂′", "k_{12}'"),
        ("s_h", "s_h", "s_h"),
        ("KH", "KH", r"\mathit{KH}"),
        ("t_ih", "t_ih", r"t_{\mathit{ih}}"),
        ("k1_h", "k₁_h", "k_{1,h}"),
        ("conv2d_out", "conv2d_out", r"\mathit{conv2d\_out}"),
        ("eps", "ε", r"\varepsilon"),
        ("sigma1", "σ₁", r"\sigma_1"),
    ],
)
def test_names(name: str, text: str, latex: str, plain: tuple[Printer, ...]) -> None:
    assert plain[0].expression(index(name)) == text
    assert plain[1].expression(index(name)) == name
    assert plain[2].expression(index(name)) == latex


def test_a_layer_superscript_is_kept_apart_from_an_exponent(notation: Notation, printers: Printers) -> None:
    text, ascii, latex = printers(notation)
    assert text.expression(x**2) == "xˡ[i]²"
    assert ascii.expression(Access("y", i)) == "x^(l+1)[i]"
    assert latex.expression(x**2) == r"\left(x^{l}_{i}\right)^{2}"


def test_an_operand_with_a_subscript_takes_indices_in_latex(plain: tuple[Printer, ...]) -> None:
    assert plain[2].expression(Access("w1", i)) == "{w_1}_{i}"


def test_a_node_without_a_printed_form_is_an_error(plain: tuple[Printer, ...]) -> None:
    with pytest.raises(TypeError, match="no printed form for gamma"):
        plain[0].expression(sp.gamma(x))
    with pytest.raises(TypeError, match="no printed form for ImaginaryUnit"):
        plain[0].expression(sp.I)


def test_a_name_with_a_subscript_takes_indices_in_latex() -> None:
    """sel_p[n] is no double subscript."""
    printed = Printer(LATEX).expression(Access("sel_p", index("n")))
    assert printed == r"{\mathit{sel}_p}_{n}"

"""Indexed sums and statements as lines."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sympy as sp

from symconv.emit.equation import Printer, addressed_once, apart
from symconv.ir import (
    Access,
    Between,
    Context,
    Divides,
    Equal,
    FirstMaximum,
    FloorDiv,
    IndexedSum,
    Label,
    Notation,
    Operand,
    Partial,
    Quot,
    Range,
    Role,
    index,
    size,
)

i, m, t = map(index, "imt")
i1, m1 = index("i'"), index("m'")
H, k, N, P = map(size, "HkNP")
Printers = Callable[..., tuple[Printer, Printer, Printer]]
X, Y = Operand("x", (H,), ("i",)), Operand("y", (P,), ("i",))
CONTEXT = Context((H, k, P), (), (X, Operand("w", (k,), ("m",), role=Role.PARAMETER), Operand("b", (), ()), Y))
BOX = Range.box(i, P), Range.box(m, k)
BODY = Access("w", m) * Access("x", i + m)


def y_sum(**changes: object) -> IndexedSum:
    return IndexedSum(Access("y", i), BOX, (), BODY).with_(**changes)


def test_equation_20(eq20: IndexedSum, notation: Notation, context: Context, printers: Printers) -> None:
    text, ascii, latex = (p.statement(eq20) for p in printers(notation, context))
    assert text == (
        "∂E/∂xˡ[i′, j′] = Σ_{m=0}^{k₁−1} Σ_{n=0}^{k₂−1} δˡ⁺¹[i′−m, j′−n] wˡ⁺¹[m, n] f′(xˡ[i′, j′])  (δˡ⁺¹ zero outside)"
    )
    assert ascii == (
        "dE/dx^l[i', j'] = sum_{m=0}^{k1-1} sum_{n=0}^{k2-1} delta^(l+1)[i'-m, j'-n] w^(l+1)[m, n] f'(x^l[i', j'])"
        "  (delta^(l+1) zero outside)"
    )
    assert latex == (
        r"\frac{\partial E}{\partial x^{l}_{i',j'}} = \sum_{m=0}^{k_1-1} \sum_{n=0}^{k_2-1} "
        r"\delta^{l+1}_{i'-m,\,j'-n} w^{l+1}_{m,n} f'\!\left(x^{l}_{i',j'}\right)"
        r" \quad (\delta^{l+1} \text{ zero outside})"
    )


def test_an_adjoint_with_a_letter_goes_by_it(printers: Printers) -> None:
    text, *_ = printers(Notation(adjoints=(("x", Label("δ", "l")),)), CONTEXT)
    assert text.statement(IndexedSum(Access("dx", i), (Range.box(i, H),), (), Access("dy", i))) == "δˡ[i] = ∂E/∂y[i]"
    assert text.gradient_name("x") == "∂E/∂x"


def test_sums_to_one_entry_stand_on_one_line(printers: Printers) -> None:
    bias = y_sum(ranges=BOX[:1], summand=Access("b"))
    text, *_ = printers(None, CONTEXT)
    assert text.lines([y_sum(), bias]) == ["y[i] = Σ_{m=0}^{k−1} w[m] x[i+m] + b"]
    minus = y_sum(summand=-BODY)
    assert text.lines([bias, minus]) == ["y[i] = b − Σ_{m=0}^{k−1} w[m] x[i+m]"]
    assert text.lines([minus, bias.with_(summand=-Access("b"))]) == ["y[i] = −Σ_{m=0}^{k−1} w[m] x[i+m] − b"]


def test_a_sum_as_summand_stands_in_parentheses(printers: Printers) -> None:
    text, _, latex = printers(None, CONTEXT)
    s = y_sum(summand=Access("x", i + m) - Access("b"))
    assert text.statement(s) == "y[i] = Σ_{m=0}^{k−1} (x[i+m] − b)"
    assert latex.statement(s) == r"y_{i} = \sum_{m=0}^{k-1} \Bigl( x_{i+m} - b \Bigr)"


def test_guards_stand_before_the_summand(printers: Printers) -> None:
    guards = (Divides(2, i + 1 - m), Equal(m, m1), Between(0, Quot(i + 1 - m, 2), P - 1))
    text, _, latex = printers()
    s = IndexedSum(Access("y", i), (*BOX, Range.box(m1, k)), guards, Access("w", m))
    assert text.statement(s) == (
        "y[i] = Σ_{m=0}^{k−1} Σ_{m′=0}^{k−1} [2 | i + 1 − m] [m = m′] [0 ≤ (i + 1 − m)/2 ≤ P − 1] w[m]"
    )
    assert latex.statement(s).endswith(r"\left[\,0 \le (i+1-m)/2 \le P-1\,\right] w_{m}")


def test_a_sum_of_brackets_has_no_factor_one(printers: Printers) -> None:
    text, *_ = printers()
    s = IndexedSum(Access("count", i), BOX, (Between(0, i + m - 1, H - 1),), sp.S.One)
    assert text.statement(s) == "count[i] = Σ_{m=0}^{k−1} [0 ≤ i + m − 1 ≤ H − 1]"


def phase(residue: int, summand: sp.Expr) -> IndexedSum:
    ranges = (Range(t, (sp.S.Zero,), (FloorDiv(H, 2),)),)
    return IndexedSum(Access("dx", 2 * t + residue), ranges, (), summand, frozenset({"dy"}))


def test_phases_say_for_which_indices_they_hold(printers: Printers) -> None:
    text, ascii, latex = printers(None, CONTEXT)
    zero = phase(0, sp.S.Zero)
    one = phase(-1, Access("dy", t) * Access("w", sp.S.Zero))
    assert text.lines([one, zero]) == [
        "∂E/∂x[2t−1] = ∂E/∂y[t] w[0]  for t = 0 … ⌊H/2⌋  (∂E/∂y zero outside)",
        "∂E/∂x[2t] = 0  for t = 0 … ⌊H/2⌋",
    ]
    assert ascii.statement(zero) == "dE/dx[2t] = 0  for t = 0 .. floor(H/2)"
    assert latex.statement(zero) == (
        r"\frac{\partial E}{\partial x_{2t}} = 0 \quad \text{ for } t = 0, \dots, \left\lfloor H/2 \right\rfloor"
    )


def test_an_entry_that_several_terms_reach_is_added_to(printers: Printers) -> None:
    text, _, latex = printers(None, CONTEXT)
    scatter = IndexedSum(Access("dx", 2 * i + m), BOX, (), Access("dy", i) * Access("w", m))
    assert text.statement(scatter) == "∂E/∂x[2i+m] += ∂E/∂y[i] w[m]  for i = 0 … P − 1, m = 0 … k − 1"
    assert r"\mathrel{+}=" in latex.statement(scatter)
    use = IndexedSum(Access("dx", i), (Range.box(i, H),), (), Access("b"))
    assert [line.split("]")[1][:3] for line in text.lines([phase(0, Access("b")), use])] == [" +=", " +="]


def test_a_part_of_the_result_says_which(printers: Printers) -> None:
    text, *_ = printers(None, CONTEXT)
    inner = Range(i, (sp.S.One,), (P - 2,))
    assert text.statement(y_sum(ranges=(inner, BOX[1]))).endswith("x[i+m]  for i = 1 … P − 2")
    assert " for " not in text.statement(y_sum())


@pytest.mark.parametrize(
    ("entry", "once"), [(i, True), (2 * i - 1, True), (i + m, False), (FloorDiv(i, 2), False), (H - 1 - i, True)]
)
def test_addressed_once(entry: sp.Expr, once: bool) -> None:
    free = tuple(r for r in BOX if entry.has(r.index))
    assert addressed_once(IndexedSum(Access("y", entry), free, (), Access("b"))) is once


def test_a_second_index_can_settle_the_first() -> None:
    s = IndexedSum(Access("y", i, i + m), BOX, (), Access("b"))
    assert addressed_once(s)


def test_apart_needs_different_residues() -> None:
    assert apart(phase(0, sp.S.Zero), phase(1, sp.S.Zero))
    assert not apart(phase(0, sp.S.Zero), phase(2, sp.S.Zero))
    rounded = IndexedSum(Access("dx", FloorDiv(t, 2)), (Range.box(t, H),), (), sp.S.Zero)
    assert not apart(phase(1, sp.S.Zero), rounded)


def test_inner_derivatives(printers: Printers) -> None:
    text, ascii, latex = printers(None, CONTEXT)
    result = Access("dy/dx", i1 - m, i1)
    ranges = (Range.box(i1, H), Range.box(m, k))
    inside = Between(0, i1 - m, P - 1)
    lemma = IndexedSum(result, ranges, (inside,), Access("w", m))
    assert text.statement(lemma) == "∂y[i′−m]/∂x[i′] = [0 ≤ i′ − m ≤ P − 1] w[m]"
    assert ascii.statement(lemma) == "dy[i'-m]/dx[i'] = [0 <= i' - m <= P - 1] w[m]"
    assert latex.statement(lemma).startswith(r"\frac{\partial y_{i'-m}}{\partial x_{i'}} = ")
    first = lemma.with_(summand=Partial(Access("y", i1 - m), Access("x", i1)))
    assert text.statement(first) == "∂y[i′−m]/∂x[i′]  where 0 ≤ i′ − m ≤ P − 1"
    assert text.statement(first.with_(guards=())) == "∂y[i′−m]/∂x[i′]"


def test_without_a_context_every_name_is_an_operand_as_it_stands(printers: Printers) -> None:
    text, *_ = printers()
    assert text.statement(IndexedSum(Access("dx", i), (Range.box(i, H),), (), Access("dy", i))) == "dx[i] = dy[i]"


def test_first_maximum(printers: Printers) -> None:
    ranges = (Range.box(i, P), Range.box(m, N))
    sel = FirstMaximum(Access("sel", i, m), (m,), ranges, (Between(0, i + m - 1, H - 1),), Access("x", i + m - 1))
    text, ascii, latex = (p.statement(sel) for p in printers())
    assert text == (
        "sel[i, m] = [(m) is the first at which x[i+m−1] is largest over m = 0 … N − 1 with 0 ≤ i + m − 1 ≤ H − 1]"
    )
    assert ascii.isascii()
    assert latex.startswith(r"\mathit{sel}_{i,m} = \bigl[\,(m) \text{ is the first at which } x_{i+m-1}")


def test_statements_keep_their_order(printers: Printers) -> None:
    text, *_ = printers(None, CONTEXT)
    bias = y_sum(ranges=BOX[:1], summand=Access("b"))
    other = IndexedSum(Access("x", i), (Range.box(i, H),), (), Access("b"))
    lines = [text.line(e) for e in text.statements([y_sum(), bias, other])]
    assert lines == ["y[i] = Σ_{m=0}^{k−1} w[m] x[i+m] + b", "x[i] = b"]

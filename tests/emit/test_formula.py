"""One-line formulas in LaTeX: every claim of the article, and what is not a formula is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from symconv.article import article_claims
from symconv.emit.formula import latex_formula
from symconv.emit.latex import LATEX
from symconv.emit.markdown import MARKDOWN
from symconv.emit.text import ASCII, UNICODE

EQUAL = {
    "(I ⊗ K)[i, j] = Σ_{m=0}^{k₁−1} I(i+m, j+n) K(m, n)":
        r"(I \otimes K)_{i, j} = \sum_{m=0}^{k_1-1} I(i+m, j+n)\, K(m, n)",
    "oˡ⁻¹[i+m′, j] · bˡ": r"o^{l-1}_{i+m', j} \cdot b^{l}",
    "E = ½ Σ_p (t[p] − y[p])²": r"E = \frac{1}{2} \sum_{p} (t_{p} - y_{p})^{2}",
    "∂xˡ⁺¹[i′]/∂wˡ[m′] = ∂/∂wˡ[m′] (Σ_m wˡ[m] + b)":
        r"\frac{\partial x^{l+1}_{i'}}{\partial w^{l}_{m'}} = \frac{\partial}{\partial w^{l}_{m'}}"
        r"\, \left( \sum_{m} w^{l}_{m} + b \right)",
    "rot180{δˡ[i, j]} ∗ f′(xˡ[Q])": r"\mathrm{rot}_{180^\circ}\{\delta^{l}_{i, j}\} * f'(x^{l}_{Q})",
    "Σ_{i,j ∈ Q} δ / (N × N)": r"\sum_{i,j \in Q} \frac{\delta}{N \times N}",
    "{(i, j): max(0, i′−k₁+1) ≤ i}": r"\{(i, j): \max(0, i'-k_1+1) \le i\}",
    "K(−m) == K(m)": "K(-m) == K(m)",
}  # fmt: skip


@pytest.mark.parametrize("text", EQUAL)
def test_each_part_of_the_notation(text: str) -> None:
    assert latex_formula(text) == EQUAL[text]


@pytest.mark.parametrize("text", ["I(i", "I)i", "x[i)", "a / ", "x & y", "?", "Σ_{m=0", "x ] y"])
def test_what_is_not_a_formula_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"missing|no LaTeX|closes nothing"):
        latex_formula(text)


def test_every_statement_of_the_article_is_words_and_formulas(count_cases: Callable[[str, int], None]) -> None:
    """All formulas are read, nothing but ASCII is left in them, and the text printer shows them as they are written."""
    for claim in article_claims():
        for statement in (claim.statement, *([claim.corrected.label] if claim.corrected else [])):
            formulas = statement.split("`")[1::2]
            assert statement.count("`") == 2 * len(formulas) > 0
            assert all(latex_formula(f).isascii() for f in formulas)
            assert UNICODE.statement(statement) == statement.replace("`", "")
            assert "?" not in ASCII.statement(statement)
            count_cases("formulas of the article in LaTeX", len(formulas))


def test_words_stay_words() -> None:
    """Formulas are set as mathematics, and what stands between them is escaped."""
    assert LATEX.statement("`δ = ½` at 100 %") == r"$\displaystyle \delta = \frac{1}{2}$ at 100 \%"
    assert MARKDOWN.statement("a_b: `k₁`") == r"a\_b: $`\displaystyle k_1`$"
    assert LATEX.statement("y[i] = x[i]") == "y[i] = x[i]"

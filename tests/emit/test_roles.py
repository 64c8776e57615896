"""What an operand is does not hang on how it is called: names that look like adjoints and weights print as they are."""

from __future__ import annotations

import pytest

from symconv.derive.forms import gradient_form
from symconv.emit.equation import Printer
from symconv.emit.language import Language
from symconv.emit.latex import LATEX
from symconv.emit.operands import Operands
from symconv.emit.outline import words
from symconv.emit.text import ASCII, UNICODE
from symconv.ir import Access, Context, IndexedSum, Label, Layer, Notation, Operand, Partial, Range, Role, index, size
from tests.renamed import PLAIN, SPELLINGS, layer_named

i, j = index("i"), index("j")
N = size("N")


def context(*names: str) -> Context:
    return Context((N,), (), tuple(Operand(name, (N,), ("i",)) for name in names))


def formulas(layer: Layer, wrt: str, language: Language, notation: Notation) -> list[str]:
    """The forward pass and one gradient."""
    printer = Printer(language, notation, layer.context)
    forward = [printer.line(e) for e in printer.statements(layer.statements)]
    return [*forward, printer.gradient_name(wrt), *printer.lines(gradient_form(layer, wrt, "taps"))]


@pytest.mark.parametrize("language", [UNICODE, ASCII, LATEX], ids=["unicode", "ascii", "latex"])
@pytest.mark.parametrize("names", SPELLINGS[1:], ids=" ".join)
def test_other_names_print_the_same_formulas(names: tuple[str, ...], language: Language) -> None:
    """A renamed layer whose operands are labelled with the plain names prints as the plain one."""
    plain, other = layer_named(PLAIN), layer_named(names)
    labels = Notation(tuple((name, Label(was)) for was, name in zip(PLAIN, names, strict=True)))
    for was, name in zip(PLAIN[:-1], names[:-1], strict=True):
        assert formulas(other, name, language, labels) == formulas(plain, was, language, Notation())


def test_names_that_look_like_adjoints_print_as_they_are() -> None:
    assert formulas(layer_named(("x", "d", "dx", "data", "dist", "dense", "y")), "x", UNICODE, Notation()) == [
        "y[i] = Σ_{m=0}^{N_m−1} d[m] x[i+m] + dx[i] data[i] + dist[i]² dense[i]",
        "∂E/∂x",
        "∂E/∂x[p] = Σ_{m=0}^{N_m−1} ∂E/∂y[p−m] d[m]  (∂E/∂y zero outside)",
    ]


def test_adjoints_are_told_from_operands_of_their_name() -> None:
    both = context("x", "dx", "y", "dy")
    printer = Printer(UNICODE, Notation(adjoints=(("y", Label("δ")),)), both)
    entry = printer.expressions.entry
    assert entry("dx", (i,)).text == "dx[i]"
    assert entry(both.adjoint("x"), (i,)).text == "∂E/∂x[i]"
    assert entry("dy", (i,)).text == "dy[i]"
    assert entry(both.adjoint("y"), (i,)).text == "δ[i]"
    assert entry(both.adjoint("dx"), (i,)).text == "∂E/∂dx[i]"
    assert printer.gradient_name("dx") == "∂E/∂dx"


def test_an_adjoint_that_is_declared_is_one() -> None:
    of_y = Operand("upstream", (N,), ("i",), role=Role.ADJOINT, of=("y",))
    declared = Context((N,), (), (*context("x", "y").operands, of_y))
    assert Printer(UNICODE, None, declared).expression(Access("upstream", i)) == "∂E/∂y[i]"


def test_inner_derivatives_of_any_names() -> None:
    both = context("data", "d", "dx")
    name = both.derivative("data", "dx")
    s = IndexedSum(Access(name, i, j), (Range.box(i, N), Range.box(j, N)), (), Access("d", i))
    text, latex = (Printer(language, None, both) for language in (UNICODE, LATEX))
    assert text.statement(s) == "∂data[i]/∂dx[j] = d[i]"
    assert latex.operand(name) == r"\frac{\partial \mathit{data}}{\partial \mathit{dx}}"
    itself = s.with_(summand=Partial(Access("data", i), Access("dx", j)))
    assert text.statement(itself) == "∂data[i]/∂dx[j]"
    swapped = s.with_(summand=Partial(Access("dx", i), Access("data", j)))
    assert text.statement(swapped) == "∂data[i]/∂dx[j] = ∂dx[i]/∂data[j]"


def test_sentences_name_inner_derivatives_of_any_names() -> None:
    both = context("data", "d", "dx")
    printer = Printer(UNICODE, None, both)
    assert words(f"put {both.derivative('data', 'd')} into N/d", printer) == "put ∂data/∂d into N/d"
    assert words(f"read {both.adjoint('dx')} or data/dx", printer) == "read ∂E/∂dx or data/dx"


def test_factors_go_by_role() -> None:
    """Adjoints, then parameters, then data, whatever they are called."""
    kernel = Operand("a", (N,), ("i",), role=Role.PARAMETER)
    mixed = Context((N,), (), (*context("w", "dw", "y").operands, kernel))
    e = Access("w", i) * Access("dw", i) * Access("a", i) * Access(mixed.adjoint("y"), i)
    assert Printer(UNICODE, None, mixed).expression(e) == "∂E/∂y[i] a[i] w[i] dw[i]"


def test_extents_go_after_strides_whatever_their_letters() -> None:
    h, S = size("h"), size("S")
    sizes = Context((h,), (), (), scales=(S,))
    assert Printer(UNICODE, None, sizes).expression(h * S) == "S·h"


def test_without_a_context_nothing_is_known() -> None:
    bare = Operands()
    assert bare.role("dx") is Role.DATA
    assert bare.adjoint_of("dx") is None
    assert bare.derivative_of("dy/dx") is None
    assert bare.label("dx") is None

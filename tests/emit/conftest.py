"""Small sums built by hand: the article's Eq. 20, a strided layer and its phases, and a derivation with its proofs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from symconv.derive import derive
from symconv.emit.equation import Printer
from symconv.emit.latex import LATEX
from symconv.emit.text import ASCII, UNICODE
from symconv.ir import (
    Access,
    Apply,
    Between,
    Context,
    IndexedSum,
    Label,
    Layer,
    Notation,
    Operand,
    Range,
    Role,
    index,
    size,
)
from symconv.prove.prover import prove_derivation
from symconv.prove.verdict import ProvedDerivation

i, j, m, n = map(index, "ijmn")
i1, j1 = index("i'"), index("j'")
H, W, k1, k2 = map(size, ("H", "W", "k1", "k2"))
O1, O2 = map(size, ("O1", "O2"))

NOTATION = Notation(
    (
        ("x", Label("x", "l")),
        ("y", Label("x", "l+1")),
        ("w", Label("w", "l+1")),
        ("b", Label("b", "l+1")),
    ),
    adjoints=(("y", Label("δ", "l+1")),),
)


@pytest.fixture
def notation() -> Notation:
    return NOTATION


@pytest.fixture
def printers() -> Callable[..., tuple[Printer, Printer, Printer]]:
    """The text, ASCII and LaTeX printers for a notation and a context."""

    def make(notation: Notation | None = None, context: Context | None = None) -> tuple[Printer, Printer, Printer]:
        return tuple(Printer(language, notation, context) for language in (UNICODE, ASCII, LATEX))  # type: ignore[return-value]

    return make


@pytest.fixture
def eq20() -> IndexedSum:
    ranges = (Range.box(i1, H), Range.box(j1, W), Range.box(m, k1), Range.box(n, k2))
    summand = Access("dy", i1 - m, j1 - n) * Access("w", m, n) * Apply("f", 1, Access("x", i1, j1))
    return IndexedSum(Access("dx", i1, j1), ranges, (), summand, frozenset({"dy"}))


def correlation(stride: int, pad: int) -> Layer:
    """y[i, j] = sum_mn w[m, n] f(x[s i + m - p, s j + n - p]) + b, f left out where there is padding."""
    out = Range.box(i, O1), Range.box(j, O2)
    read = Access("x", stride * i + m - pad, stride * j + n - pad)
    body = Access("w", m, n) * (read if pad else Apply("f", 0, read))
    taps = Range.box(m, k1), Range.box(n, k2)
    statements = (
        IndexedSum(Access("y", i, j), out + taps, (), body, frozenset({"x"} if pad else ())),
        IndexedSum(Access("y", i, j), out, (), Access("b")),
    )
    fits = (
        Between(stride * (O1 - 1) + k1, H + 2 * pad, stride * O1 + k1 - 1),
        Between(stride * (O2 - 1) + k2, W + 2 * pad, stride * O2 + k2 - 1),
    )
    operands = (
        Operand("x", (H, W), ("i'", "j'")),
        Operand("w", (k1, k2), ("m'", "n'"), role=Role.PARAMETER),
        Operand("b", (), (), role=Role.PARAMETER),
        Operand("y", (O1, O2), ("i", "j")),
    )
    context = Context((H, W, k1, k2, O1, O2), fits, operands)
    attributes = (("strides", (stride, stride)), ("pads", (pad,) * 4))
    return Layer("conv2d", statements, context, ("x", "w", "b"), notation=NOTATION, attributes=attributes)


@pytest.fixture
def context() -> Context:
    """The operands and sizes of the article's layer."""
    return correlation(1, 0).context


@pytest.fixture(scope="session")
def proved() -> ProvedDerivation:
    numbers = {"chain rule": "16", "outputs to taps": "17", "substitute": "20"}
    return prove_derivation(derive(correlation(1, 0), "x", numbers))


@pytest.fixture(scope="session")
def strided() -> ProvedDerivation:
    return prove_derivation(derive(correlation(2, 1), "x"))

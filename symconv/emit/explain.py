"""Answers to readers' questions, in words around the derived formulas, with the numbers of the reader's layer."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import sympy as sp

from symconv.derive.explain import Explanation, TapAxis, shown_residues
from symconv.emit.document import Formulas, Heading, Paragraph, Part
from symconv.emit.outline import printer_of
from symconv.emit.text import UNICODE
from symconv.prove.verdict import Proof

_QUESTIONS = {
    "flip": "Do I flip the kernel?",
    "padding": "What padding does the backward pass need?",
    "stride": "Why is δ dilated at a stride above 1?",
}
# A kernel of more entries than this is described by its formula alone.
_MOST_ENTRIES = 16


def explanation_parts(answer: Explanation, gather: Proof, turned: Proof) -> Iterator[Part]:
    """The answer as parts of a document; `gather` and `turned` are the proofs of its two forms of the gradient."""
    yield Heading(f"{_QUESTIONS[answer.topic]} ({answer.layer.name})")
    yield Paragraph("The input gradient, gathered over the taps:")
    yield Formulas((answer.gather,), answer.layer, gather)
    if answer.topic == "flip":
        yield from _flip(answer, turned)
    elif answer.topic == "padding":
        yield from _padding(answer, turned)
    else:
        yield from _stride(answer)


def _text(answer: Explanation, e: sp.Expr) -> str:
    return printer_of(answer.layer, UNICODE).expression(sp.sympify(e))


def _zeros(answer: Explanation, count: sp.Expr) -> str:
    return "1 zero" if count == 1 else f"{_text(answer, count)} zeros"


def _each(answer: Explanation, axes: tuple[TapAxis, ...]) -> str:
    return " and ".join(_text(answer, a.tap) for a in axes)


def _flip(answer: Explanation, turned: Proof) -> Iterator[Part]:
    back = tuple(a for a in answer.axes if a.backwards)
    if not back:
        yield Paragraph("No. The deltas are read forwards along every tap, and the weights as they are.")
        return
    yield Paragraph(
        f"Forward, no: the layer is a cross-correlation (Eq. 1), the kernel is not turned. Backward, the sum "
        f"above reads the "
        f"deltas backwards along {_each(answer, back)}: it is a true convolution (Eq. 2) with the kernel as it "
        f"is, so that "
        f"nothing is flipped in memory. Run through the taps the other way, and the same sum is a "
        f"cross-correlation with "
        f"the kernel rotated by 180°:"
    )
    yield Formulas((answer.reversed,), answer.layer, turned)
    yield Paragraph(
        "So the kernel is flipped if, and only if, the backward pass is computed by a routine that "
        "cross-correlates (as "
        "those of the frameworks do). The gradient of the weights needs no flip: it is the cross-correlation of "
        "the input "
        "with the deltas (Eq. 13)."
    )
    kernel = [a.taps for a in answer.axes]
    if all(k.is_Integer for k in kernel) and sp.Mul(*kernel) <= _MOST_ENTRIES:
        shape = [int(k) for k in kernel]
        pairs = (
            f"rotated[{', '.join(map(str, p))}] = w[{', '.join(str(k - 1 - i) for i, k in zip(p, shape, strict=True))}]"
            for p in product(*map(range, shape))
        )
        yield Paragraph(f"For this kernel: {'; '.join(pairs)}.")


def _padding(answer: Explanation, turned: Proof) -> Iterator[Part]:
    yield Paragraph("With the taps reversed, so that the deltas are read forwards:")
    yield Formulas((answer.reversed,), answer.layer, turned)
    for a in answer.axes:
        spread = (
            "" if a.stride == 1 else f", dilated by the stride to {_text(answer, a.stride * (a.outputs - 1) + 1)} rows,"
        )
        yield Paragraph(
            f"Axis {_text(answer, a.q)}: the first read is at {_text(answer, -a.pad_before)}, the last at "
            f"{_text(answer, a.extent - 1 + a.shift)}. The {_text(answer, a.outputs)} deltas{spread} therefore need "
            f"{_zeros(answer, a.pad_before)} before them, which is d (k - 1) - p, and "
            f"{_zeros(answer, a.pad_after)} after them{_leftover(answer, a)}."
        )
    yield Paragraph(
        "A negative number of zeros is a crop: that many rows of deltas are never read. Without padding in the "
        "forward pass "
        'this is "full" padding, k - 1 on both sides.'
    )


def _leftover(answer: Explanation, a: TapAxis) -> str:
    if a.stride == 1:
        return ""
    return (
        ": the rows at the end that no window reaches, because the stride does not divide what is left, are "
        "counted in, and "
        "their gradient is zero"
    )


def _stride(answer: Explanation) -> Iterator[Part]:
    for a in answer.axes:
        name, s = _text(answer, a.q), _text(answer, a.stride)
        if a.stride == 1:
            yield Paragraph(f"Axis {name}: the stride is 1, nothing is divided, and δ is read at every position.")
            continue
        at = _text(answer, a.q + a.shift - a.dilation * a.tap)
        yield Paragraph(
            f"Axis {name}: an output o and a tap meet the entry {name} where {s} o = {at}. Such an o exists only "
            f"where {s} "
            f"divides {at}: that is the bracket in the sum. To read every position and skip none is the same as to put "
            f"{_zeros(answer, a.stride - 1)} between neighbouring deltas, which makes {_text(answer, a.outputs)} "
            f"of them "
            f"{_text(answer, a.stride * (a.outputs - 1) + 1)} rows, and to go on at stride 1. The zeros are "
            f"multiplied in "
            f"vain; taken by residue of {_text(answer, a.q + a.shift)} modulo {s} they never occur."
        )
        for r in shown_residues(a):
            yield Paragraph(f"residue {r}: {_taps(answer, a, r)}")


def _taps(answer: Explanation, a: TapAxis, residue: int) -> str:
    found = a.taps_of_residue(residue)
    if found is None:
        return "the dilation is not known, and so neither are the taps"
    first, step = found
    if first < 0:
        return "no tap reaches these positions: their gradient is zero"
    if a.taps.is_Integer:
        taps = range(first, int(a.taps), step)
        return (
            f"tap{'s' * (len(taps) > 1)} {', '.join(map(str, taps))}"
            if taps
            else "no tap is left: their gradient is zero"
        )
    return f"taps {first}, {first + step}, {first + 2 * step}, .. below {_text(answer, a.taps)}"

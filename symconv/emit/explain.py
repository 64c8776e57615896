"""Answers to readers' questions, in words around the derived formulas, with the numbers of the reader's layer.

Every sentence says what an index map of the gradient says; which of them apply is read off the `Explanation`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from math import gcd

import sympy as sp

from symconv.derive.explain import Explanation, Gather, Kernel
from symconv.derive.positions import GatherAxis
from symconv.emit.document import Formulas, Heading, Paragraph, Part
from symconv.emit.outline import printer_of
from symconv.emit.text import UNICODE
from symconv.prove.verdict import Proof

_QUESTIONS = {
    "flip": "Do I flip the kernel?",
    "padding": "What padding does the backward pass need?",
    "stride": "What does the stride do to the backward pass?",
}
# A kernel of more entries than this is described by its formula alone, and so is a stride above that.
_MOST_ENTRIES = 16
_MOST_RESIDUES = 64


def explanation_parts(answer: Explanation, gather: Proof, turned: Proof) -> Iterator[Part]:
    """The answer as parts of a document; `gather` and `turned` are the proofs of its two forms of the gradient."""
    words = _Words(answer)
    yield Heading(f"{_QUESTIONS[answer.topic]} ({answer.layer.name})")
    yield Paragraph(f"The gradient by {words.operand(answer.wrt)}, gathered:")
    yield Formulas(answer.sums, answer.layer, gather)
    if answer.topic == "stride":
        yield from map(Paragraph, words.stride())
        return
    if answer.turned != answer.sums:
        yield Paragraph("The same with the taps reversed along which positions run backwards:")
        yield Formulas(answer.turned, answer.layer, turned)
    yield from map(Paragraph, words.flip() if answer.topic == "flip" else words.padding())


def _listed(words: Iterable[str]) -> str:
    *rest, last = words
    return f"{', '.join(rest)} and {last}" if rest else last


@dataclass(frozen=True)
class _Words:
    """The sentences of one answer."""

    answer: Explanation

    def text(self, e: sp.Expr) -> str:
        return printer_of(self.answer.layer, UNICODE).expression(sp.sympify(e))

    def operand(self, name: str) -> str:
        return printer_of(self.answer.layer, UNICODE).operand(name)

    def zeros(self, count: sp.Expr) -> str:
        if count.is_Integer and count < 0:
            return f"{self.text(count)} zeros (a crop of {self.text(-count)})"
        return "no zeros" if count == 0 else "1 zero" if count == 1 else f"{self.text(count)} zeros"

    def sums(self) -> Iterator[tuple[Gather, str]]:
        """The sums to be explained, each with the words that say which of several it is."""
        several = len(self.answer.sums) > 1
        for g in self.answer.gathers:
            yield g, f"Sum {self.answer.sums.index(g.sum) + 1} of {len(self.answer.sums)}: " if several else ""

    def flip(self) -> Iterator[str]:
        for g, which in self.sums():
            for kernel in g.kernels:
                yield which + self.direction(g, kernel)
                yield from self.entries(g, kernel)
            yield from self.recipe(g)
        for name in self.answer.unflipped:
            yield f"The gradient of {self.operand(name)} needs no flip: every index in it moves forwards."

    def direction(self, g: Gather, kernel: Kernel) -> str:
        """Along which taps the kernel is turned, which are those along which the layer itself does not turn it."""
        adjoint, name, target = map(self.operand, (g.adjoint, kernel.name, self.answer.wrt))
        mirrored = any(a.mirrored for a in g.axes)
        adjoint = f"the reversed {adjoint}" if mirrored else adjoint
        turned = [self.text(a.tap) for a in kernel.turned]
        straight = [self.text(a.tap) for a in kernel.axes if not a.turned]
        if not turned:
            return (
                f"No. Along {_listed(straight)}, {adjoint} and {name} are read in the same direction, and {name} stays "
                f"as it is. It is in the forward pass, seen from one output, that {target} and {name} run against each "
                f"other."
            )
        against = (
            f"Forward, no: {target} and {name} are read in the same direction along {_listed(turned)}. Backward, "
            f"{adjoint} and {name} are read against each other: "
        )
        rotated = " (rotated by 180°)" if len(turned) == 2 and not straight else ""
        flipped = f"{name} reversed along {_listed(turned)}{rotated}"
        if not g.correlates:
            return f"{against}where {adjoint} is read forwards, it meets {flipped}."
        if straight:
            return f"{against}a cross-correlation with {flipped}, and left as it is along {_listed(straight)}."
        as_it_is = "" if mirrored else f"a true convolution with {name} as it is, or, which is the same, "
        return (
            f"{against}{as_it_is}a cross-correlation with {flipped}. So it is flipped if, and only if, a routine that "
            f"cross-correlates does the work."
        )

    def entries(self, g: Gather, kernel: Kernel) -> Iterator[str]:
        """The reversed kernel entry by entry, where it is small."""
        counts = [g.sum.range_of(a.tap).upper - g.sum.range_of(a.tap).lower + 1 for a in kernel.axes]
        small = all(n.is_Integer for n in counts) and sp.Mul(*counts) <= _MOST_ENTRIES
        if not (kernel.turned and small and all(a.whole for a in kernel.axes)):
            return
        pairs = []
        for at in product(*(range(int(n)) for n in counts)):
            of = [int(n) - 1 - i if a.turned else i for i, n, a in zip(at, counts, kernel.axes, strict=True)]
            pairs.append(f"reversed[{', '.join(map(str, at))}] = {kernel.name}[{', '.join(map(str, of))}]")
        yield f"Along {_listed(self.text(a.tap) for a in kernel.axes)}: {'; '.join(pairs)}."

    def recipe(self, g: Gather) -> Iterator[str]:
        """The sum as one call of a routine that cross-correlates."""
        if not g.correlates:
            return
        (kernel,) = g.kernels
        name, adjoint = self.operand(kernel.name), self.operand(g.adjoint)
        spread = [f"{self.zeros(a.stride - 1)} along {self.text(a.q)}" for a in g.axes if a.stride != 1]
        mirrored = [self.text(a.q) for a in g.axes if a.mirrored]
        steps = [f"put {_listed(spread)} between neighbouring entries of {adjoint}"] if spread else []
        steps += [f"reverse {adjoint} along {_listed(mirrored)}"] if mirrored else []
        steps += [
            f"pad {adjoint} as the answer on padding says" if self.answer.topic == "flip" else f"pad {adjoint} so"
        ]
        turned = [self.text(a.tap) for a in kernel.turned]
        slopes = {t.index: abs(t.slope) for a in g.axes for t in a.taps}
        gaps = [f"{self.zeros(n - 1)} along {self.text(tap)}" for tap, n in slopes.items() if n != 1]
        steps += [f"reverse {name} along {_listed(turned)}"] if turned else []
        steps += [f"put {_listed(gaps)} between neighbouring taps of {name}"] if gaps else []
        strides = ", ".join(self.text(a.step) for a in g.axes)
        steps += [f"cross-correlate the two at stride {strides} without further padding"]
        yield f"In full: {'; '.join(steps)}."

    def padding(self) -> Iterator[str]:
        for g, which in self.sums():
            for a in g.axes:
                yield which + self.pads(g, a)
            yield (
                "A negative number of zeros is a crop of that many entries, the zeros between them counted; where one "
                "end has zeros and the other a crop, the zeros are added first."
            )
            if g.companions:
                others = _listed(map(self.operand, g.companions))
                yield f"Where {self.operand(g.adjoint)} is zero by padding the term is zero, and {others} is not read."
            yield from self.recipe(g)

    def pads(self, g: Gather, a: GatherAxis) -> str:
        adjoint, before, after = self.operand(g.adjoint), a.pad_before, a.pad_after
        spread = (
            f", with {self.zeros(a.stride - 1)} between neighbours {self.text(a.last + 1)}" if a.stride != 1 else ""
        )
        mirrored = ", counted from the last to the first" if a.mirrored else ""
        bounds = a.rounding(self.answer.layer.context)
        known = ""
        if bounds is not None and not after.is_Integer:
            least, greatest = map(self.text, bounds)
            known = (
                f", that is {least}" if least == greatest else f", {least} to {greatest} by how the output was rounded"
            )
        first, last = self.text(sp.expand(-before)), self.text(sp.expand(a.last + after))
        return (
            f"Axis {self.text(a.q)}: {adjoint} has {self.text(a.outputs)} entries{spread}{mirrored}. The positions "
            f"{self.text(a.position)} run from {first} to {last}. So it needs {self.zeros(before)} before its first "
            f"entry, and {self.zeros(after)} after its last{known}."
        )

    def stride(self) -> Iterator[str]:
        for g, which in self.sums():
            for a in g.axes:
                yield which + self.divided(g, a)
                if a.stride != 1 and a.taps:
                    yield from self.residues(a)

    def divided(self, g: Gather, a: GatherAxis) -> str:
        """What the bracket of one axis means, or that there is none."""
        adjoint, q, s, position = self.operand(g.adjoint), self.text(a.q), self.text(a.stride), self.text(a.position)
        jumps = f" From one {q} to the next the position moves on by {self.text(a.step)}." if a.step != 1 else ""
        if a.stride == 1:
            return f"Axis {q}: nothing is divided, {adjoint} is read at {position} itself.{jumps}"
        return (
            f"Axis {q}: {adjoint} has an entry at the position {position} only where {s} divides it: that is the "
            f"bracket in the sum. To skip no position is to put {self.zeros(a.stride - 1)} between neighbouring "
            f"entries, which makes {self.text(a.outputs)} of them {self.text(a.last + 1)}. Multiplying these zeros is "
            f"wasted work; taken by the remainder of {self.text(a.place)} modulo {s}, they never occur.{jumps}"
        )

    def residues(self, a: GatherAxis) -> Iterator[str]:
        if a.period is None:
            if a.stride.is_Integer and len(a.taps) == 1:
                yield "Which taps meet which remainder depends on numbers that are not given, such as the dilation."
            return
        common = gcd(int(a.stride), int(a.taps[0].slope))
        if common > 1:
            yield (
                f"{self.text(a.stride)} and {self.text(abs(a.taps[0].slope))} have the common divisor {common}: a "
                f"remainder that {common} does not divide meets no tap."
            )
        for r in range(int(a.stride)) if a.stride <= _MOST_RESIDUES else ():
            yield f"Remainder {r}: {self.met(a, r)}."

    def met(self, a: GatherAxis, residue: int) -> str:
        """The taps that entries of one residue class meet."""
        first, (tap,) = a.first_tap(residue), a.taps
        assert a.period is not None
        whole = "the gradient" if len(self.answer.sums) == 1 else "this sum"
        if first is None or (tap.high.is_Integer and first > tap.high):
            return f"no tap, {whole} is zero there"
        name = self.text(tap.index)
        if tap.high.is_Integer:
            return f"{name} = {', '.join(map(str, range(first, int(tap.high) + 1, a.period)))}"
        return f"{name} = {first}, {first + a.period}, {first + 2 * a.period}, … up to {self.text(tap.high)}"

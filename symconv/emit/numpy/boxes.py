"""Boxes and slices: what part of an array a statement speaks of, as Python subscripts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sympy as sp

from symconv.emit.numpy.integers import Integers, slice_text
from symconv.ir import Context, Range
from symconv.ir.affine import AxisMap, never_negative


@dataclass(frozen=True)
class Span:
    """The values of an index in a box: start <= index < stop, in sizes, taps, or variables of their own."""

    start: sp.Expr
    stop: sp.Expr

    @property
    def count(self) -> sp.Expr:
        return sp.expand(self.stop - self.start)


def half_open(r: Range) -> tuple[sp.Expr, sp.Expr]:
    """(start, stop) of a range with inclusive bounds; stop may lie before start."""
    start = r.lowers[0] if len(r.lowers) == 1 else sp.Max(*r.lowers, evaluate=False)
    stops = [u + 1 for u in r.uppers]
    return start, stops[0] if len(stops) == 1 else sp.Min(*stops, evaluate=False)


def simple(r: Range, context: Context) -> bool:
    """Can its bounds be written where they are used? One on each side, and never the wrong way round."""
    return len(r.lowers) == len(r.uppers) == 1 and never_negative(r.uppers[0] - r.lowers[0] + 1, context.assumptions)


def subscript(at: AxisMap, spans: Mapping[sp.Symbol, Span], extent: sp.Expr, integers: Integers) -> tuple[str, bool]:
    """One axis of a subscript, and whether it has to be read backwards."""
    if at.index is None:
        return integers.text(at.offset), False
    span, step = spans[at.index], at.step
    if step == 1 and sp.expand(at.offset + span.start) == 0 and sp.expand(span.stop + at.offset - extent) == 0:
        return ":", False
    first = span.start if step > 0 else span.stop - 1
    start = sp.expand(step * first + at.offset)
    stop = sp.expand(start + abs(step) * span.count)
    return slice_text(integers.text(start), integers.text(stop), abs(step)), step < 0


def sliced(
    name: str,
    reaches: Sequence[AxisMap],
    spans: Mapping[sp.Symbol, Span],
    shape: Sequence[sp.Expr],
    integers: Integers,
    whole: str = "",
) -> str:
    """`name[..]`, its axes as they stand; `whole` is appended where nothing is cut away."""
    parts = [subscript(r, spans, n, integers) for r, n in zip(reaches, shape, strict=True)]
    texts = [text for text, _ in parts]
    out = f"{name}[{', '.join(texts)}]" if any(t != ":" for t in texts) else name + whole
    backwards = [flip for (_, flip), r in zip(parts, reaches, strict=True) if r.index is not None]
    return out + (f"[{', '.join('::-1' if f else ':' for f in backwards)}]" if any(backwards) else "")


def aligned(text: str, have: Sequence[sp.Symbol], want: Sequence[sp.Symbol]) -> str:
    """An array with the axes `have`, its axes put in the order of `want`, with axes of one entry between them."""
    ordered = [i for i in want if i in have]
    if list(have) != ordered:
        text += f".transpose({', '.join(str(list(have).index(i)) for i in ordered)})"
    places = [":" if i in have else "None" for i in want]
    while places and places[0] == "None":
        places.pop(0)
    return text + (f"[{', '.join(places)}]" if "None" in places else "")

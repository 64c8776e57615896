"""The printed answers of `--explain padding`, read again and carried out with NumPy, word by word."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from symconv.derive.explain import Explanation
from symconv.emit.document import Paragraph
from symconv.emit.explain import explanation_parts
from tests.oracles import Array

Numbers = Mapping[str, int]

AXIS = re.compile(
    r"Axis (?P<q>\S+): \S+ has (?P<count>.+?) entries(?:, with (?P<gap>.+?) zeros? between neighbours (?P<spread>.+?))?"
    r"(?P<mirrored>, counted from the last to the first)?\. The positions (?P<position>.+?) run from (?P<first>.+?) to "
    r"(?P<last>.+?)\. So it needs (?P<before>.+?) zeros?(?: \(a crop of \d+\))? before its first entry, and "
    r"(?P<after>.+?) zeros?(?: \(a crop of \d+\))? after its last"
    r"(?:, that is (?P<exactly>.+)|, (?P<least>.+) to (?P<most>.+) by how the output was rounded)?\."
)


def paragraphs(answer: Explanation) -> list[str]:
    parts = explanation_parts(answer, None, None)  # type: ignore[arg-type]
    return [p.text for p in parts if isinstance(p, Paragraph)]


def value(text: str, numbers: Numbers) -> int:
    """A printed formula at numbers."""
    for sign, plain in {"·": "*", "−": "-", "no": "0", "₀": "0", "₁": "1", "₂": "2"}.items():
        text = text.replace(sign, plain)
    text = re.sub(r"(?<![A-Za-z_0-9])(\d+)([A-Za-z(])", r"\1*\2", text)
    return int(eval(text, {"__builtins__": {}}, dict(numbers)))


@dataclass
class Padded:
    """What is to be done to an adjoint along one axis, as printed."""

    count: int
    spread: int
    mirrored: bool
    first: int
    last: int
    before: int
    after: int

    def of(self, a: Array, axis: int) -> Array:
        """Zeros between neighbours, the other way round if so said, then zeros at the ends, then crops."""
        assert a.shape[axis] == self.count
        a = np.moveaxis(a, axis, 0)
        wide = np.zeros((self.spread, *a.shape[1:]), a.dtype)
        wide[:: (self.spread - 1) // max(1, self.count - 1) or 1] = a
        wide = wide[::-1] if self.mirrored else wide
        wide = np.pad(wide, [(max(0, self.before), max(0, self.after))] + [(0, 0)] * (a.ndim - 1))
        wide = wide[max(0, -self.before) : len(wide) - max(0, -self.after)]
        return np.moveaxis(wide, 0, axis)


def padded(answer: Explanation, numbers: Numbers) -> dict[str, Padded]:
    """The paddings that an answer prints, by the name of the index."""
    out = {}
    for match in filter(None, (AXIS.search(p) for p in paragraphs(answer))):
        count, first, last, before, after = (
            value(match[k], numbers) for k in ("count", "first", "last", "before", "after")
        )
        spread = value(match["spread"], numbers) if match["spread"] else count
        if match["gap"]:
            assert spread == count + (count - 1) * value(match["gap"], numbers)
        for bound in ("exactly", "least", "most"):
            if match[bound]:
                assert (value(match[bound], numbers) <= after) or bound == "most"
                assert (value(match[bound], numbers) >= after) or bound == "least"
        out[match["q"]] = Padded(count, spread, bool(match["mirrored"]), first, last, before, after)
    return out


def correlated(answer: Explanation, dy: Array, w: Array, numbers: Numbers, lead: str, axes: Mapping[str, int]) -> Array:
    """dx by the printed recipe. lead: the product of the axes that are no window's, as an einsum; w's taps come last.

    axes: which axis of w a tap is, counted from the end, and so of dy; keys are the names of the taps.
    """
    (recipe,) = (p for p in paragraphs(answer) if p.startswith("In full: "))
    stride, taps = (), list(axes)
    windows = padded(answer, numbers)
    for step in recipe.removeprefix("In full: ").removesuffix(".").split("; "):
        if match := re.fullmatch(r"put (.*) between neighbouring (entries|taps) of (\S+)", step):
            if match[2] == "taps":
                for gap, tap in re.findall(r"(\S+|[^,]+?) zeros? along (\w+)", match[1].replace(" and ", ", ")):
                    w = _dilated(w, axes[tap], value(gap, numbers) + 1)
        elif step.startswith("pad "):
            for q, window in windows.items():
                dy = window.of(dy, list(windows).index(q) - len(windows))
        elif match := re.fullmatch(r"reverse (\S+) along (.*)", step):
            if match[1] != "δ":
                w = np.flip(w, [axes[tap] for tap in re.split(r", | and ", match[2])])
        else:
            match = re.fullmatch(r"cross-correlate the two at stride (.*) without further padding", step)
            assert match, step
            stride = tuple(value(v, numbers) for v in match[1].split(", "))
    return _cross_correlate(dy, w, stride, lead, len(taps))


def _dilated(a: Array, axis: int, step: int) -> Array:
    shape = list(a.shape)
    shape[axis] = step * (shape[axis] - 1) + 1
    out = np.zeros(shape, a.dtype)
    np.moveaxis(out, axis, 0)[::step] = np.moveaxis(a, axis, 0)
    return out


def _cross_correlate(image: Array, w: Array, stride: tuple[int, ...], lead: str, rank: int) -> Array:
    """out[q] = sum_t image[stride q + t] w[t], wherever the kernel lies inside the image."""
    room = [n - k + 1 for n, k in zip(image.shape[-rank:], w.shape[-rank:], strict=True)]
    total: Any = 0
    for t in product(*map(range, w.shape[-rank:])):
        seen = tuple(slice(i, i + n, s) for i, n, s in zip(t, room, stride, strict=True))
        total = total + np.einsum(lead, image[(..., *seen)], w[(..., *t)])
    return total

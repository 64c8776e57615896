"""Mistakes in a number: a stride taken for 1, a pad too many, rows that are left over. Changes of a `Model`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from symconv.verify.dense import Array
from symconv.verify.mistakes.index import Change
from symconv.verify.model import Model, NoDifference


def taken_for(letters: str, value: Callable[[int], int]) -> Change:
    """Every attribute of these letters (s, d, p, q) replaced."""

    def change(m: Model) -> Model:
        old = {f"{v}_{a}": m.named(f"{v}_{a}") for v in letters for a in m.letters}
        return m.with_numbers(**{n: value(v) for n, v in old.items() if v is not None})

    return change


def evened(choose: Callable[[int, int], int]) -> Change:
    """One pad for both sides where the two differ."""

    def change(m: Model) -> Model:
        values: dict[str, int] = {}
        for a in m.letters:
            pad = choose(m.number(f"p_{a}", 0), m.number(f"q_{a}", 0))
            values |= {f"p_{a}": pad, f"q_{a}": pad}
        return m.with_numbers(**values)

    return change


def inside(change: Change) -> Change:
    """The numbers are mistaken in the windows of y, and not in how many there are."""

    def kept(m: Model) -> Model:
        if m.name != "y":
            raise NoDifference
        moved = change(m)
        outputs = {n: m.number(n) for n in ("OD", "OH", "OW")}
        return replace(moved, env={s: outputs.get(s.name, v) for s, v in moved.env.items()})

    return kept


def shifted(rows: int) -> Change:
    """p -> p + rows, and q -> q - rows, neither below 0: the windows move, and are as many where they can be."""

    def change(m: Model) -> Model:
        values: dict[str, int] = {}
        for a in m.letters:
            p, q = m.number(f"p_{a}", 0), m.number(f"q_{a}", 0)
            before = max(p + rows, 0)
            values |= {f"p_{a}": before, f"q_{a}": max(q + p - before, 0)}
        return m.with_numbers(**values)

    return change


def exchanged(first: str, second: str) -> Change:
    """Two attributes for each other on every axis: stride and dilation, pads before and after."""
    return lambda m: _swapped(m, [(f"{first}_{a}", f"{second}_{a}") for a in m.letters])


def axes_exchanged(letters: str) -> Change:
    """The attribute of the height taken for the width, and the other way round."""
    return lambda m: _swapped(m, [(f"{v}_h", f"{v}_w") for v in letters])


def window_exchanged(m: Model) -> Model:
    """The height of the window taken for its width."""
    if m.truth.context.has("w"):
        raise NoDifference
    return _swapped(m, [("KH", "KW")])


def _swapped(m: Model, pairs: Sequence[tuple[str, str]]) -> Model:
    """Pairs of numbers for each other, where the layer has both."""
    values: dict[str, int] = {}
    for first, second in pairs:
        one, other = m.named(first), m.named(second)
        if one is not None and other is not None:
            values |= {first: other, second: one}
    return m.with_numbers(**values)


def _leftover(m: Model, a: str) -> int:
    """Rows that no window reaches: (H + p + q - d (K - 1) - 1) mod s."""
    if m.named(f"O{a.upper()}") is None:
        return 0
    extent = m.number(a.upper()) + m.number(f"p_{a}", 0) + m.number(f"q_{a}", 0)
    return (extent - m.number(f"d_{a}") * (m.number(f"K{a.upper()}") - 1) - 1) % m.number(f"s_{a}")


def leftover_cut(m: Model) -> Model:
    """dx has s (OH - 1) + d (K - 1) + 1 - p - q rows."""
    return m.with_numbers(**{a.upper(): m.number(a.upper()) - _leftover(m, a) for a in m.letters})


def leftover_before(m: Model) -> Model:
    """The left-over rows are at the beginning: everything is shifted by their number."""
    return m.with_numbers(**{f"p_{a}": m.number(f"p_{a}", 0) - _leftover(m, a) for a in m.letters})


def leftover_outputs(m: Model) -> Model:
    """y has ceil((H + p + q - d (K - 1) - 1)/s) + 1 rows; the last ones read zeros."""
    return m.with_numbers(**{f"O{a.upper()}": m.number(f"O{a.upper()}") + (_leftover(m, a) > 0) for a in m.letters})


def leftover_taps(m: Model) -> Model:
    """dw has a tap more for each left-over row, as the correlation of x with the dilated dy gives it."""
    return m.with_numbers(**{f"K{a.upper()}": m.number(f"K{a.upper()}") + _leftover(m, a) for a in m.letters})


def uncropped(m: Model) -> Model:
    """dx of the padded image."""
    values: dict[str, int] = {}
    for a in m.letters:
        values |= {a.upper(): m.number(a.upper()) + m.number(f"p_{a}", 0) + m.number(f"q_{a}", 0)}
        values |= {f"p_{a}": 0, f"q_{a}": 0}
    return m.with_numbers(**values)


def emptied(m: Model) -> Model:
    """dx[p:-q], which holds nothing at q = 0."""
    empty = tuple(slice(0, 0) if m.named(f"q_{a}") == 0 else slice(None) for a in m.letters)
    if slice(0, 0) not in empty:
        raise NoDifference
    return m.then(lambda a: a[(..., *empty)])


def upstream_padded(whole: bool) -> Change:
    """dy shifted by the pads, as if zeros stood before it; whole: and as many after it."""

    def change(m: Model) -> Model:
        pads = [(m.number(f"p_{a}", 0), m.number(f"q_{a}", 0)) for a in m.letters]
        if not any(p for p, _ in pads):
            raise NoDifference
        old = m.tensors["dy"]
        width = [(0, 0)] * (old.ndim - len(pads))
        padded: Array = np.pad(old, width + pads)
        if not whole:
            padded = padded[tuple(slice(0, n) for n in old.shape)]
            return replace(m, tensors={**m.tensors, "dy": padded})
        grown = m.with_numbers(
            **{f"O{a.upper()}": m.number(f"O{a.upper()}") + p + q for a, (p, q) in zip(m.letters, pads, strict=True)}
        )
        return replace(grown, tensors={**m.tensors, "dy": padded})

    return change

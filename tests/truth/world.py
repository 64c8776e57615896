"""What the names of formulas are, which axes have one size, and sizes and values drawn for them.

A letter that stands alone on an axis has that axis's size, so that letters which stand alone on the same axis have one
size. A read that is inside at all sizes needs nothing; one that starts inside has to fit; one that may start before 0,
or whose axis has a letter's size, is zero where it is outside.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any

from tests.truth.reader import Index, Statement, parse, plus, times

Value = Any  # Fraction or a number of 60 digits
Point = tuple[int, ...]
Tensor = dict[Point, Value]
Mode = str


@dataclass(frozen=True)
class World:
    """Formulas about the same operands.

    root: the size that a letter, or an axis (operand, position), has; two that are one size have one root.
    lettered: roots that some letter has. scales: parameters that multiply a letter; offsets: other parameters.
    """

    formulas: tuple[tuple[Statement, ...], ...]
    letters: tuple[str, ...]
    root: Mapping[Any, Any]
    ranks: Mapping[str, int]
    scales: tuple[str, ...]
    offsets: tuple[str, ...]

    @property
    def lettered(self) -> set[Any]:
        return {self.root[k] for k in self.letters}

    @property
    def sizes(self) -> tuple[Any, ...]:
        """Every size once."""
        return tuple(dict.fromkeys(self.root.values()))

    def inputs(self) -> tuple[str, ...]:
        written = {s.target.name for f in self.formulas for s in f}
        return tuple(name for name in self.ranks if name not in written)

    def shape(self, name: str, sizes: Mapping[Any, int]) -> Point:
        return tuple(sizes[self.root[name, k]] for k in range(self.ranks[name]))

    def box(self, name: str, sizes: Mapping[Any, int]) -> list[Point]:
        return list(product(*map(range, self.shape(name, sizes))))


def world(*texts: str) -> World:
    """Formulas that are read together: a name is the same thing in all of them."""
    formulas = tuple(parse(text) for text in texts)
    statements = [s for f in formulas for s in f]
    every = [e for s in statements for e in (s.target, *s.reads())]
    alone = [(e.name, k, _letter(i)) for e in every for k, i in enumerate(e.indices) if _letter(i)]
    listed = [name for s in statements for t in s.terms for name in t.listed or ()]
    letters = tuple(dict.fromkeys([k for _, _, k in alone] + listed))
    capitals = {k.upper() for k in letters}
    ranks = {e.name: len(e.indices) for e in every if e.indices or e.name not in capitals}
    nodes = [*letters, *((name, k) for name, rank in ranks.items() for k in range(rank))]
    root = _united(nodes, [(letter, (name, k)) for name, k, letter in alone])
    monomials = [m for e in every for i in e.indices for m, _ in i]
    params = {v for m in monomials for v in m if v not in letters and v not in capitals}
    scales = {v for m in monomials for v in m if v in params and any(w in letters for w in m)}
    return World(formulas, letters, root, ranks, tuple(sorted(scales)), tuple(sorted(params - scales)))


def _letter(index: Any) -> str:
    """The name that an axis consists of; empty where the index is compound or a capital."""
    ((monomial, coefficient),) = index if len(index) == 1 else (((), 0),)
    return monomial[0] if len(monomial) == 1 and coefficient == 1 and monomial[0].islower() else ""


def _united(nodes: Sequence[Any], pairs: Sequence[tuple[Any, Any]]) -> dict[Any, Any]:
    root = {n: n for n in nodes}
    for a, b in pairs:
        new, old = root[a], root[b]
        root = {n: new if r == old else r for n, r in root.items()}
    return root


def as_index(pairs: Any) -> Index:
    return dict(pairs)


def extremes(index: Index, w: World) -> tuple[Index, Index]:
    """Least and greatest value of an index, as polynomials over sizes and parameters."""
    low: Index = {}
    high: Index = {}
    for monomial, c in index.items():
        rest = tuple(v for v in monomial if v not in w.letters)
        inner = [v for v in monomial if v in w.letters]
        base = {tuple(_size_name(v, w) for v in rest): c}
        last = times(base, {(str(w.root[inner[0]]),): 1, (): -1}) if inner else base
        first: Index = {} if inner else base
        low, high = plus(low, last if c < 0 else first), plus(high, first if c < 0 else last)
    return low, high


def _size_name(name: str, w: World) -> str:
    return str(w.root[name.lower()]) if name.lower() in w.letters and name.isupper() else name


def never_negative(p: Index, w: World) -> bool:
    """Is the polynomial >= 0 at all sizes and scales >= 1 and all offsets >= 0?"""
    total: Index = {}
    for monomial, c in p.items():
        term: Index = {(): c}
        for v in monomial:
            term = times(term, {(v,): 1} if v in w.offsets else {(v,): 1, (): 1})
        total = plus(total, term)
    return all(c >= 0 for c in total.values())


def mode(name: str, axis: int, pairs: Any, w: World) -> Mode:
    """How a read is kept inside on one axis: "inside", "fits" or "zero"."""
    extent = w.root[name, axis]
    letter = _letter(pairs)
    if letter in w.letters and w.root[letter] == extent:
        return "inside"
    low, high = extremes(as_index(pairs), w)
    slack = plus({(str(extent),): 1, (): -1}, times({(): -1}, high))
    if not never_negative(low, w):
        return "zero"
    if never_negative(slack, w):
        return "inside"
    hopeless = never_negative(plus(times({(): -1}, slack), {(): -1}), w)
    return "zero" if hopeless or extent in w.lettered else "fits"


def draw_sizes(w: World, rng: random.Random, largest: int = 4) -> dict[Any, int]:
    """Sizes at which every read that has to fit does, and every write is inside."""
    sizes: dict[Any, int] = {p: rng.choice((1, 2, 3)) for p in w.scales} | {p: rng.randint(0, 2) for p in w.offsets}
    for r in w.sizes:
        if r in w.lettered:
            sizes[r] = rng.randint(1, largest)
    for r in w.sizes:
        if r not in sizes:
            needed = needs(w, r, sizes)
            sizes[r] = max([*needed, 1]) + rng.choice((0, 0, 1, 2)) if needed else rng.randint(1, largest + 2)
    return sizes


def needs(w: World, root: Any, sizes: Mapping[Any, int]) -> list[int]:
    """What reads and writes ask of a size that no letter has."""
    at = {str(k): v for k, v in sizes.items()}
    out = []
    for s in (s for f in w.formulas for s in f):
        for e in (s.target, *s.reads()):
            for k, pairs in enumerate(e.indices):
                if w.root[e.name, k] == root and (e is s.target or mode(e.name, k, pairs, w) == "fits"):
                    high = extremes(as_index(pairs), w)[1]
                    out.append(1 + sum(c * math.prod(at[v] for v in m) for m, c in high.items()))
    return out


def draw_values(
    w: World, sizes: Mapping[Any, int], rng: random.Random, pool: Callable[[random.Random], Fraction]
) -> dict[str, Tensor]:
    """Values of every input, each entry drawn from the pool."""
    return {name: {p: pool(rng) for p in w.box(name, sizes)} for name in w.inputs()}

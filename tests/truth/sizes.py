"""Sizes of the evaluator and of the product, made to agree: through the shapes of operands, not through names."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from tests.truth.world import World, needs


class SizesDisagree(ValueError):
    """One size here is two sizes there."""


def as_drawn(w: World, context: Any, sizes: Mapping[Any, int]) -> dict[str, int]:
    """The product's sizes, by name, at which its operands have the evaluator's shapes."""
    known = {v: sizes[v] for v in (*w.scales, *w.offsets)}
    for name in w.ranks:
        for axis, (extent, n) in enumerate(zip(context.shape(name), w.shape(name, sizes), strict=True)):
            if extent.is_Symbol and known.setdefault(extent.name, n) == n:
                continue
            if value(extent, known) != n:
                raise SizesDisagree(f"axis {axis} of {name} has {n} entries, and {extent} is {value(extent, known)}")
    for letter in w.letters:
        own = letter.upper()
        if own in {s.name for s in context.sizes} - set(known):
            # A letter that stands on no axis at all has a size of its own; another one has its axis's.
            if any(r == w.root[letter] for node, r in w.root.items() if node != letter):
                raise SizesDisagree(f"{letter} has the size {own}, and stands on an axis of another size")
            known[own] = sizes[w.root[letter]]
    return known


def value(e: Any, known: Mapping[str, int]) -> int:
    return int(e.xreplace({s: known[s.name] for s in e.free_symbols}))


def draw_for_layer(
    w: World, context: Any, letters: Mapping[str, str | int], ones: Mapping[str, tuple[str, int]], rng: random.Random
) -> tuple[dict[str, int], dict[Any, int]]:
    """Small sizes that the layer admits, and those of the evaluator at the same shapes."""
    known = admitted(context, rng)
    sizes: dict[Any, int] = {v: known[v] for v in (*w.scales, *w.offsets)}
    for letter, size in letters.items():
        sizes[w.root[letter]] = size if isinstance(size, int) else known[size]
    for name in w.ranks:
        if context.has(name):
            for axis, extent in enumerate(context.shape(name)):
                n = value(extent, known)
                if sizes.setdefault(w.root[name, axis], n) != n:
                    raise SizesDisagree(f"axis {axis} of {name} is {n}, not {sizes[w.root[name, axis]]}")
    for name, (operand, axis) in ones.items():
        sizes[w.root[name, 0]] = sizes[w.root[operand, axis]]
    for root in w.sizes:
        if root not in sizes:
            sizes[root] = max(1, *needs(w, root, sizes))
    return known, sizes


def admitted(context: Any, rng: random.Random) -> dict[str, int]:
    """Values of sizes, strides and dilations up to 3 that satisfy the context's relations."""
    symbols = (*context.sizes, *context.scales)
    for _ in range(5000):
        known = {s.name: rng.choice((1, 1, 2, 2, 3)) for s in symbols}
        known |= {s.name: rng.randint(0, 1) for s in context.sizes if not s.is_positive}
        for a in context.assumptions:
            _repair(a, known, rng)
        if all(_holds(a, known) for a in context.assumptions):
            return known
    raise SizesDisagree("no small sizes are admitted")


def _holds(a: Any, known: Mapping[str, int]) -> bool:
    if hasattr(a, "lhs"):
        return value(a.lhs, known) == value(a.rhs, known)
    return value(a.lo, known) <= value(a.e, known) <= value(a.hi, known)


def _repair(a: Any, known: dict[str, int], rng: random.Random) -> None:
    """Moves a size that stands alone in the middle of a relation to where the relation holds."""
    if _holds(a, known) or hasattr(a, "lhs"):
        return
    for s in sorted(a.e.free_symbols, key=str):
        if a.e.coeff(s) == 1 and s.is_positive:
            low, high = value(a.lo - a.e + s, known), value(a.hi - a.e + s, known)
            if max(1, low) <= high:
                known[s.name] = rng.randint(max(1, low), min(high, max(1, low) + 3))
                return

"""Which of the arrays that came back is which output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import permutations

import numpy as np

from symconv.verify.dense import Array
from symconv.verify.names import returned_as

Shapes = Mapping[str, tuple[int, ...]]


def part(arrays: Mapping[str, Array], prefix: str) -> dict[str, Array]:
    return {key.partition("/")[2]: a for key, a in arrays.items() if key.partition("/")[0] == prefix}


def named_outputs(arrays: Mapping[str, Array], wanted: Shapes, returns: Sequence[str]) -> dict[str, Array] | None:
    """What came back by output: by key, by `returns`, or by shape; None where the shapes allow no reading.

    wanted: the shapes in the candidate's layout. A bias gradient may have any shape with the right number of entries.
    """
    if not arrays:
        return None
    found = matched(arrays, wanted, returns)
    if found:
        return found
    # Nothing fits: the usual order, in which a wrong shape is a finding.
    values, names = list(arrays.values()), list(wanted)
    if all(key.isdigit() for key in arrays) and len(values) == len(names):
        return dict(zip(names, values, strict=True))
    return {"y": values[0]} if names == ["y"] else None


def matched(arrays: Mapping[str, Array], wanted: Shapes, returns: Sequence[str]) -> dict[str, Array]:
    """Outputs by key, by `returns`, or by shape."""
    if not all(key.isdigit() for key in arrays):
        named = {returned_as(key) or key: a for key, a in arrays.items()}
        return {name: a for name, a in named.items() if name in wanted}
    values = list(arrays.values())
    if returns:
        return {n: a for n, a in zip(returns, values, strict=False) if n in wanted}
    names = list(wanted)
    for count in range(min(len(names), len(values)), 0, -1):
        for order in permutations(names, count):
            for chosen in permutations(values, count) if count < len(values) else [tuple(values)]:
                if all(_fits(n, a, wanted[n]) for n, a in zip(order, chosen, strict=True)):
                    return _completed(dict(zip(order, chosen, strict=True)), values, names)
    return {}


def _completed(found: dict[str, Array], values: Sequence[Array], names: Sequence[str]) -> dict[str, Array]:
    """Where there are as many arrays as outputs, those that fit none are the outputs that are left, in order."""
    if len(values) != len(names):
        return found
    claimed = {id(a) for a in found.values()}
    left = [a for a in values if id(a) not in claimed]
    return found | dict(zip([n for n in names if n not in found], left, strict=True))


def _fits(name: str, a: Array, shape: tuple[int, ...]) -> bool:
    return a.shape == shape or (name == "db" and a.size == int(np.prod(shape)))

"""Small calls of every kind of layer, with real numbers: the corpus is checked with them."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.verify.seeded.kinds import KINDS, Kind, window_call
from tests.verify.seeded.reference import Call, output_sizes, transpose_sizes

# Image, kernel, then attributes; of each entry the first `rank` numbers count.
_WINDOWS: tuple[dict[str, Any], ...] = (
    {"kernel": (3, 2, 2)},
    {"kernel": (3, 3, 2), "space": (5, 5, 3)},
    {"kernel": (3, 3, 2), "space": (6, 8, 4), "strides": (2, 2, 1)},
    {"kernel": (3, 3, 2), "strides": (2, 1, 2), "space": (6, 6, 5)},
    {"kernel": (3, 3, 2), "begins": (1, 1, 1)},
    {"kernel": (3, 4, 2), "begins": (1, 0, 1), "ends": (0, 2, 1)},
    {"kernel": (2, 3, 2), "dilations": (2, 2, 2), "space": (6, 7, 5)},
    {"kernel": (2, 2, 2), "dilations": (2, 3, 1), "strides": (3, 2, 2), "space": (8, 9, 5)},
    {"kernel": (2, 3, 2), "strides": (2, 3, 1), "begins": (1, 1, 0), "space": (6, 7, 4)},
)


def calls_of(name: str) -> list[Call]:
    """Calls with all operands: x, w, b and dy."""
    kind = KINDS[name]
    if kind.family == "dense":
        return [_dense(n, i, o) for n, i, o in ((3, 2, 4), (1, 3, 3), (4, 3, 3))]
    if kind.family == "pointwise":
        return [_pointwise((2, 3, 4, 5)), _pointwise((1, 2, 4, 4))]
    plans = [dict(p) for p in _WINDOWS if kind.family != "pool" or "dilations" not in p]
    calls = [_window(kind, k, **p) for k, p in enumerate(plans)]
    if kind.family == "pool":
        calls += [_window(kind, 20 + k, ties=True, **p) for k, p in enumerate(plans)]
    return [c for c in calls if c is not None]


def _draw(seed: int, shape: tuple[int, ...]) -> Any:
    return np.random.default_rng(seed).standard_normal(shape)


def _dense(n: int, i: int, o: int) -> Call:
    return Call(x=_draw(1, (n, i)), w=_draw(2, (o, i)), b=_draw(3, (o,)), dy=_draw(4, (n, o)))


def _pointwise(shape: tuple[int, ...]) -> Call:
    return Call(x=2 * _draw(1, shape), dy=3 * _draw(2, shape))


# Images, channels, filters and groups, by the number of the sample.
_COUNTS = ((2, 3, 4, 1), (3, 3, 3, 1), (1, 2, 2, 1))
_GROUPED = ((2, 4, 6, 2), (3, 6, 6, 3), (1, 4, 4, 2))
_DEPTHWISE = ((2, 3, 6, 3), (3, 3, 3, 3), (1, 2, 2, 2))


def _window(kind: Kind, k: int, kernel: Any, space: Any = (5, 7, 4), ties: bool = False, **given: Any) -> Call:
    rank = kind.rank
    n, c, o, group = {"grouped": _GROUPED, "depthwise": _DEPTHWISE}.get(kind.family, _COUNTS)[k % 3]
    kernel, space = kernel[:rank], space[:rank]
    begins = given.get("begins", (0, 0, 0))[:rank]
    pads = (*begins, *given.get("ends", begins)[:rank])
    x = _draw(10 * k, (n, c, *space))
    arrays = {"x": np.round(x) if ties else x}
    if kind.family != "pool":
        w_shape = (c, o) if kind.name == "conv_transpose2d" else (o, c // group)
        arrays |= {"w": _draw(10 * k + 1, (*w_shape, *kernel)), "b": _draw(10 * k + 2, (o,))}
    settings = {a: given.get(a, (1, 1, 1))[:rank] for a in ("strides", "dilations")}
    call = window_call(kernel, rank, pads=pads, group=group if kind.family != "pool" else 1, **settings, **arrays)
    sizes = transpose_sizes(call) if kind.name == "conv_transpose2d" else output_sizes(call)
    filters = c if kind.family == "pool" else o
    return window_call(
        kernel, rank, pads=pads, group=call.group, **settings, **arrays, dy=_draw(10 * k + 3, (n, filters, *sizes))
    )

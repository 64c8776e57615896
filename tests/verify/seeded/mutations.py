"""All mutations of the corpus: single mistakes, and pairs of them in one output."""

from __future__ import annotations

from tests.verify.seeded import mutate_arrays, mutate_pools, mutate_values, mutate_windows
from tests.verify.seeded.kinds import CONVOLUTIONS, POOLS, TRANSPOSED
from tests.verify.seeded.mutation import Mutation, both

SINGLE: tuple[Mutation, ...] = (
    *mutate_values.MUTATIONS,
    *mutate_arrays.MUTATIONS,
    *mutate_windows.MUTATIONS,
    *mutate_pools.MUTATIONS,
)
_CONVOLVED = (*CONVOLUTIONS, *TRANSPOSED)
# Two mistakes, the inner one first: name, output, kinds.
_PAIRS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("flipped", "mean-over-batch", "dx", _CONVOLVED),
    ("flipped", "negated", "dx", _CONVOLVED),
    ("flipped", "mean-over-batch", "dw", _CONVOLVED),
    ("flipped", "bias-missing", "y", _CONVOLVED),
    ("negated", "scaled-twice", "dx", (*CONVOLUTIONS, *POOLS, "dense", "relu", "tanh")),
    ("negated", "mean-over-batch", "dw", (*_CONVOLVED, "dense")),
    ("negated", "mean-over-batch", "db", (*_CONVOLVED, "dense")),
    ("stride-one", "negated", "dx", (*_CONVOLVED, *POOLS)),
    ("stride-one", "mean-over-batch", "dw", CONVOLUTIONS),
    ("dilation-one", "flipped", "dx", CONVOLUTIONS),
    ("window-early", "negated", "dx", CONVOLUTIONS),
    ("first-image", "scaled-half", "dw", (*CONVOLUTIONS, "dense")),
    ("bias-missing", "scaled-half", "y", ("conv2d", "conv_transpose2d", "dense")),
    ("updated-weights", "flipped", "dw", ("conv2d",)),
    ("first-filter", "flipped", "dx", ("conv2d", "conv1d", "grouped")),
    ("interleaved-groups", "negated", "dw", ("grouped", "depthwise")),
    ("derivative-forgotten", "mean-over-batch", "dw", ("conv2d_relu",)),
    ("derivative-forgotten", "flipped", "dx", ("conv2d_relu",)),
    ("all-tied-maxima", "negated", "dx", ("max_pool2d",)),
    ("padding-counted", "negated", "dx", ("average_pool2d",)),
    ("kernel-transposed", "mean-over-batch", "dw", ("conv2d", "grouped")),
    ("ends-exchanged", "scaled-twice", "dx", ("conv2d", "conv3d")),
)


def _single(name: str, output: str, kind: str) -> Mutation:
    return next(m for m in SINGLE if m.name == name and output in m.outputs and kind in m.kinds)


def _pair(inner: str, outer: str, output: str, kind: str) -> Mutation:
    first, second = _single(inner, output, kind), _single(outer, output, kind)
    codes = tuple(dict.fromkeys((*first.codes, *second.codes)))
    return Mutation(f"{inner}+{outer}", codes, (output,), (kind,), both(first.made(), second.made()))


PAIRS: tuple[Mutation, ...] = tuple(
    _pair(inner, outer, output, kind) for inner, outer, output, kinds in _PAIRS for kind in kinds
)
ALL: tuple[Mutation, ...] = (*SINGLE, *PAIRS)

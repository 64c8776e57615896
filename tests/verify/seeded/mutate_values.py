"""Mistakes in the values of any output: a factor, a sign, images left out, memory, noise, shapes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import prod

import numpy as np

from tests.verify.seeded.kinds import CONVOLUTIONS, KINDS, POINTWISE, POOLS, TRANSPOSED, WEIGHTED, WINDOWED, Compute
from tests.verify.seeded.mutation import Change, Mutation
from tests.verify.seeded.reference import Array, Call

ALL = tuple(KINDS)
_ANY = ("y", "dx", "dw", "db")
_GRADIENTS = ("dx", "dw", "db")


def on_result(change: Callable[[Array], Array]) -> Change:
    """The right output, then something done to it."""
    return lambda compute, call, output: change(compute(call, output))


def by_factor(factor: Callable[[Call], float]) -> Change:
    """The right output times a number that depends on the shapes."""
    return lambda compute, call, output: compute(call, output) * factor(call)


def _batch(call: Call) -> float:
    return len(call.x)


def _positions(call: Call) -> float:
    return prod(call.array("dy").shape[2:])


def _taps(call: Call) -> float:
    return prod(call.kernel)


def _one_image(image: slice) -> Change:
    """The loop over the batch is missing: one image is used; the gradients of the others stay zero."""

    def change(compute: Compute, call: Call, output: str) -> Array:
        arrays = {n: getattr(call, n) for n in ("x", "dy")}
        part = compute(replace(call, **{n: a if a is None else a[image] for n, a in arrays.items()}), output)
        if output in ("dw", "db"):
            return part
        out = np.zeros((len(call.x), *part.shape[1:]))
        out[image] = part
        return out

    return change


FIRST_IMAGE, LAST_IMAGE = _one_image(slice(0, 1)), _one_image(slice(-1, None))


def _remembers() -> Change:
    """The gradient is a buffer of the module that is never set to zero."""
    buffers: dict[tuple[int, ...], Array] = {}

    def change(compute: Compute, call: Call, output: str) -> Array:
        found = compute(call, output)
        buffers[found.shape] = buffers.get(found.shape, 0) + found
        return buffers[found.shape].copy()

    return change


def _noisy(compute: Compute, call: Call, output: str) -> Array:
    """Noise that somebody added for regularization."""
    found = compute(call, output)
    return found + np.random.default_rng().normal(0, 0.1, found.shape)


def _drops() -> Change:
    """Every second call forgets half of the entries: dropout that was left switched on."""
    draw = np.random.default_rng()

    def change(compute: Compute, call: Call, output: str) -> Array:
        found = compute(call, output)
        return found * draw.integers(0, 2, found.shape)

    return change


def overwrites(name: str) -> Change:
    """The numbers are right; the operand is used as scratch space."""

    def change(compute: Compute, call: Call, output: str) -> Array:
        found = np.array(compute(call, output))
        call.array(name)[...] *= -2
        return found

    return change


def _nan_corner(found: Array) -> Array:
    """Memory that was never written, at one entry."""
    out = found.astype(float)
    out.reshape(-1)[-1] = np.nan
    return out


def _over_zero(found: Array) -> Array:
    """Normalized with a range that is zero."""
    with np.errstate(all="ignore"):
        return np.asarray(found / np.zeros(1))


def _integer_inputs(compute: Compute, call: Call, output: str) -> Array:
    """The image was read as whole numbers (a copy with dtype=int)."""
    return compute(replace(call, x=np.trunc(call.x)), output)


def _no_longer_summed(name: str) -> Change:
    """w - lr * dw: the updated parameter instead of the gradient."""
    return lambda compute, call, output: call.array(name) - 0.01 * compute(call, output)


def _upstream(compute: Compute, call: Call, output: str) -> Array:
    return call.array("dy").copy()


def _scaled(name: str, outputs: tuple[str, ...], kinds: tuple[str, ...], change: Callable[[Call], float]) -> Mutation:
    return Mutation(f"scaled-{name}", ("scaled",), outputs, kinds, by_factor(change))


_POSITIONED = (*CONVOLUTIONS, *TRANSPOSED)
_SCALED = (
    _scaled("twice", _ANY, ALL, lambda call: 2),
    _scaled("half", _ANY, ALL, lambda call: 0.5),
    _scaled("by-batch", _GRADIENTS, (*WEIGHTED, *POOLS), _batch),
    _scaled("per-position", _GRADIENTS, _POSITIONED, lambda call: 1 / _positions(call)),
    _scaled("per-position-and-image", ("dw", "db"), _POSITIONED, lambda call: 1 / _positions(call) / _batch(call)),
    _scaled("by-taps", ("y", "dx"), ("conv1d", "conv2d", "conv_transpose2d"), _taps),
    _scaled("per-tap", ("y", "dx", "dw"), ("conv2d", "conv3d", "grouped", "max_pool2d"), lambda call: 1 / _taps(call)),
    _scaled("per-channel", ("y", "dx"), ("conv2d", "dense"), lambda call: 1 / call.x.shape[1]),
)
_SHAPES = (
    Mutation("extra-axis", ("wrong-shape",), ("y", "dx", "dw"), ALL, on_result(lambda a: a[np.newaxis, np.newaxis])),
    Mutation("flattened", ("wrong-shape",), ("y", "dx", "dw"), ALL, on_result(np.ravel)),
    Mutation("last-entry-cut", ("wrong-shape",), _ANY, ALL, on_result(lambda a: a[..., :-1])),
)
_STATE = (
    Mutation("buffer-kept", ("accumulated-over-calls",), _ANY, ALL, fresh=_remembers),
    Mutation("noise", ("nondeterministic",), _ANY, WEIGHTED, _noisy),
    Mutation("dropout", ("nondeterministic",), ("y", "dx"), (*POOLS, *POINTWISE, "conv2d"), fresh=_drops),
    Mutation("overwrites-x", ("input-mutated",), _ANY, ALL, overwrites("x")),
    Mutation("overwrites-w", ("input-mutated",), ("dw",), WEIGHTED, overwrites("w")),
    Mutation(
        "overwrites-dy", ("input-mutated",), ("dx",), tuple(k for k in ALL if k != "conv2d_relu"), overwrites("dy")
    ),
)
MUTATIONS = (
    *_SCALED,
    *_SHAPES,
    *_STATE,
    Mutation("negated", ("sign",), _ANY, ALL, on_result(np.negative)),
    Mutation("mean-over-batch", ("batch-mean",), _GRADIENTS, WEIGHTED, by_factor(lambda call: 1 / _batch(call))),
    Mutation("first-image", ("batch-first-only",), _ANY, (*WEIGHTED, *POOLS), FIRST_IMAGE),
    Mutation("last-image", ("batch-last-only",), _ANY, (*WEIGHTED, *POOLS), LAST_IMAGE),
    Mutation("zeros", ("all-zero",), _ANY, ALL, on_result(np.zeros_like)),
    Mutation("never-written", ("nan",), _ANY, ALL, on_result(_nan_corner)),
    Mutation("over-zero", ("nan",), ("y", "dw"), WINDOWED, on_result(_over_zero)),
    Mutation("cut-to-integers", ("integer-truncation",), _ANY, ALL, on_result(lambda a: a.astype(int))),
    Mutation("integer-image", ("integer-truncation",), ("y", "dw"), WEIGHTED, _integer_inputs),
    Mutation("updated-weights", ("weight-update-returned",), ("dw",), WEIGHTED, _no_longer_summed("w")),
    Mutation("updated-bias", ("weight-update-returned",), ("db",), WEIGHTED, _no_longer_summed("b"), bias=True),
    Mutation("upstream-returned", ("incoming-gradient-returned",), ("dx",), POINTWISE, _upstream),
    Mutation(
        "upstream-returned", ("incoming-gradient-returned", "wrong-shape"), ("dx",), (*WINDOWED, "dense"), _upstream
    ),
)

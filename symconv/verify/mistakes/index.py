"""Mistakes in an index map: the sums read or write their operands elsewhere. Each is a change of a `Model`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import sympy as sp

from symconv.ir import Access, FloorDiv, IndexedSum, Range
from symconv.verify.dense import Array
from symconv.verify.model import Model, NoDifference

Change = Callable[[Model], Model]


def flipped(*axes: int) -> Change:
    """w[k] -> w[K - 1 - k] along the spatial axes, or those given from the end; of dw the result."""

    def change(m: Model) -> Model:
        chosen = axes or tuple(range(-m.rank, 0))
        if not m.truth.context.has("w") or not chosen or -min(chosen) > m.rank:
            raise NoDifference
        if m.name == "dw":
            return m.then(lambda a: np.flip(a, chosen))
        shape = m.truth.context.shape("w")

        def move(i: tuple[sp.Expr, ...]) -> tuple[sp.Expr, ...]:
            return tuple(shape[k] - 1 - e if k - len(i) in chosen else e for k, e in enumerate(i))

        return m.with_reads("w", move)

    return change


def kernel_transposed(m: Model) -> Model:
    """w[kh, kw] -> w[kw, kh]; a kernel that is not square then has another shape."""
    if m.rank < 2 or not m.truth.context.has("w"):
        raise NoDifference
    if m.name == "dw":
        return m.then(lambda a: np.swapaxes(a, -1, -2))
    turned = replace(m, tensors={**m.tensors, "w": np.swapaxes(m.tensors["w"], -1, -2)})
    tall, wide = m.number("KH"), m.number("KW")
    return turned if tall == wide else turned.with_numbers(KH=wide, KW=tall)


def quarter_turned(axis: int) -> Change:
    """w[kh, kw] rotated by 90 degrees: transposed, and flipped along one axis."""
    return lambda m: flipped(axis)(kernel_transposed(m))


def channels_swapped(m: Model) -> Model:
    """w[out, in] -> w[in, out], where there are as many of both."""
    if not m.truth.context.has("w"):
        raise NoDifference
    axes = m.truth.context.operand("w").axes
    at = [k for k, a in enumerate(axes) if a in ("oc", "ic", "o", "i")]
    shape = m.truth.shape("w", m.env)
    if len(at) != 2:
        raise NoDifference
    if m.name == "dw":
        return m.then(lambda a: _swapped_in_groups(a, m.number("G")))
    if shape[at[0]] != shape[at[1]]:
        raise NoDifference

    def move(i: tuple[sp.Expr, ...]) -> tuple[sp.Expr, ...]:
        out = list(i)
        out[at[0]], out[at[1]] = i[at[1]], i[at[0]]
        return tuple(out)

    return m.with_reads("w", move)


def _swapped_in_groups(a: Array, groups: int) -> Array:
    apart = a.reshape(groups, a.shape[0] // groups, *a.shape[1:]).swapaxes(1, 2)
    return apart.reshape(-1, *apart.shape[2:])


def result_transposed(m: Model) -> Model:
    """Height and width of the result exchanged."""
    if m.rank < 2 or m.name == "db":
        raise NoDifference
    return m.then(lambda a: np.swapaxes(a, -1, -2))


def operand_transposed(name: str) -> Change:
    """Height and width of an operand exchanged; of x only where they are alike."""

    def change(m: Model) -> Model:
        if m.rank < 2 or name not in m.tensors:
            raise NoDifference
        tall, wide = m.tensors[name].shape[-2:]
        if tall == wide:
            return m.with_tensor(name, lambda a: np.swapaxes(a, -1, -2))
        if name != "dy":
            raise NoDifference
        turned = replace(m, tensors={**m.tensors, "dy": np.swapaxes(m.tensors["dy"], -1, -2)})
        return turned if m.named("OH") is None else turned.with_numbers(OH=wide, OW=tall)

    return change


def first_group(m: Model) -> Model:
    """Every group reads, or writes, the channels of the first."""
    if m.number("G") == 1:
        raise NoDifference
    if m.name != "dx":
        return m.with_reads("x", lambda i: (i[0], sp.S.Zero, *i[2:]))
    return m.with_own(lambda s: s.with_(result=Access("dx", s.result.indices[0], sp.S.Zero, *s.result.indices[2:])))


def interleaved_groups(side: str) -> Change:
    """Channel c belongs to group c mod G instead of c div (C/G): index (g, i) is that of channel G i + g.

    side: x, or y for the filters.
    """

    def change(m: Model) -> Model:
        if m.number("G") == 1:
            raise NoDifference
        groups, channels = m.truth.context.shape(side)[1:3]

        def move(i: tuple[sp.Expr, ...]) -> tuple[sp.Expr, ...]:
            channel = groups * i[2] + i[1]
            group = FloorDiv(channel, channels)
            return (i[0], group, channel - channels * group, *i[3:])

        if m.name in (side, m.truth.context.adjoint(side)):
            return m.with_own(lambda s: s.with_(result=Access(m.name, *move(s.result.indices))))
        return m.with_reads("x" if side == "x" else "dy", move)

    return change


def restricted(*names: str, last: bool) -> Change:
    """One value, the first or the last, of reduced indices instead of all of them."""

    def change(m: Model) -> Model:
        def cut(s: IndexedSum) -> IndexedSum:
            own = [r for r in s.reduced if r.index.name.rstrip("'") in names]
            if len(own) != len(names):
                raise NoDifference
            points = {r: r.upper if last else r.lower for r in own}
            return s.with_(
                ranges=tuple(Range(r.index, (points[r],), (points[r],)) if r in own else r for r in s.ranges)
            )

        def linear(s: IndexedSum) -> IndexedSum:
            return s if {a.name for a in s.reads()} == {"b"} else cut(s)

        return m.with_own(linear)

    return change


def spatial(prefix: str, last: bool, *others: str) -> Change:
    """`restricted` for an index of each spatial axis: oh and ow, kh and kw."""
    return lambda m: restricted(*others, *(f"{prefix}{a}" for a in m.letters), last=last)(m)

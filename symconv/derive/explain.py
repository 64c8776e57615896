"""The questions that readers of a derivation ask, answered by reading the index maps of the derived gradient.

They say how far outside its box an adjoint is read (padding), whether along the taps of a kernel forwards or backwards
(flip), and at which of the positions it has an entry (stride). What no index map says is not said: a pool has no
kernel, and a dense layer no positions.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import sympy as sp

from symconv.derive.forms import gradient_form
from symconv.derive.positions import GatherAxis, axis_of, slope
from symconv.derive.strategy import consumers
from symconv.ir import (
    Access,
    Between,
    Context,
    Divides,
    Guard,
    IndexedSum,
    Layer,
    NotApplicable,
    Quot,
    Role,
    UserError,
    linear,
    symbols_in,
)

TOPICS = ("flip", "padding", "stride")


@dataclass(frozen=True)
class KernelAxis:
    """An axis of a kernel that a tap indexes. turned: against the direction in which the adjoint is read along it.

    whole: the tap runs through the axis one by one, from one end to the other.
    """

    axis: int
    tap: sp.Symbol
    turned: bool
    whole: bool


@dataclass(frozen=True)
class Kernel:
    """An operand that is read along the taps, and in the same way at every place."""

    access: Access
    axes: tuple[KernelAxis, ...]

    @property
    def name(self) -> str:
        return self.access.name

    @property
    def turned(self) -> tuple[KernelAxis, ...]:
        return tuple(a for a in self.axes if a.turned)


@dataclass(frozen=True)
class Gather:
    """One sum of a gradient: the adjoint that it reads, along which axes, and its kernels, of which a pool has none.

    companions: other operands that are read where the adjoint is. correlates: the sum is the cross-correlation of the
    adjoint, spread by the stride and padded, with its one kernel, turned and dilated; nothing else depends on a place.
    """

    sum: IndexedSum
    adjoint: str
    axes: tuple[GatherAxis, ...]
    kernels: tuple[Kernel, ...]
    companions: tuple[str, ...]
    correlates: bool


@dataclass(frozen=True)
class Explanation:
    """What the derivation says on one topic about the gradient by `wrt`.

    sums: the whole gradient; gathers: those of its sums that read an adjoint at moving places. turned: the gradient
    with every tap reversed along which a position runs backwards. unflipped: kernels whose own gradient reads
    everything forwards.
    """

    layer: Layer
    topic: str
    wrt: str
    sums: tuple[IndexedSum, ...]
    gathers: tuple[Gather, ...]
    turned: tuple[IndexedSum, ...]
    unflipped: tuple[str, ...]


def explain(layer: Layer, topic: str, wrt: str | None = None) -> Explanation:
    """Read a topic off the gradient by `wrt`, or by the operand that a window slides over.

    `UserError` where the question makes no sense for the layer, or where its index maps are of another form.
    """
    if topic not in TOPICS:
        raise UserError(f"explain {topic!r}: the topics are {', '.join(TOPICS)}")
    names = layer.inputs if wrt is None else (layer.check_input(wrt),)
    found = _most_sliding(layer, [_read_gradient(layer, name) for name in names])
    if not found.gathers:
        why = found.obstacle or (
            f"the gradient of {layer.name} by {found.wrt} reads no adjoint at places that move with {found.wrt}'s own"
        )
        raise UserError(f"explain {topic}: {why}, so that there is no answer")
    kernels = [k for g in found.gathers for k in g.kernels]
    if topic == "flip" and not kernels:
        raise UserError(
            f"explain flip: {layer.name} has no kernel, an operand read along the taps in the same way at every place, "
            f"so that there is nothing to flip"
        )
    of = {g.sum: g for g in found.gathers}
    turned = tuple(_turn(s, of[s].axes if s in of else ()) for s in found.sums)
    unflipped = tuple(dict.fromkeys(k.name for k in kernels if _reads_forwards(layer, k.name)))
    return Explanation(layer, topic, found.wrt, found.sums, found.gathers, turned, unflipped)


@dataclass(frozen=True)
class _Reading:
    """The gradient by one operand; obstacle: why one of its sums cannot be described, if so."""

    wrt: str
    sums: tuple[IndexedSum, ...]
    gathers: tuple[Gather, ...]
    obstacle: str = ""

    @property
    def rank(self) -> int:
        axes = [a for g in self.gathers for a in g.axes]
        return 0 if any(a.taps for a in axes) else 1 if axes else 2


def _most_sliding(layer: Layer, found: list[_Reading]) -> _Reading:
    """The operand whose gradient moves along taps, then one that moves at all; data before what is learned."""
    learned = {r.wrt: layer.context.operand(r.wrt).role is Role.PARAMETER for r in found}
    return min(found, key=lambda r: (r.rank, learned[r.wrt]))


def _read_gradient(layer: Layer, wrt: str) -> _Reading:
    try:
        sums = gradient_form(layer, wrt, "taps")
        adjoints = {layer.context.adjoint(o) for o in consumers(layer, wrt)}
        found = [_gather(s, adjoints, layer) for s in sums]
    except NotApplicable as why:
        return _Reading(wrt, (), (), f"in the gradient of {layer.name} by {wrt} {why}")
    return _Reading(wrt, sums, tuple(g for g in found if g is not None))


def _gather(s: IndexedSum, adjoints: set[str], layer: Layer) -> Gather | None:
    """None for a sum that reads no adjoint at a moving place; `NotApplicable` where places move in another way."""
    reads = [a for a in s.reads() if a.name in adjoints]
    if len(reads) != 1:
        return None
    (read,) = reads
    pairs = list(zip(read.indices, layer.context.shape(read.name), strict=True))
    axes = {e: axis for e, n in pairs if (axis := axis_of(s, e, n)) is not None}
    if not axes:
        return None
    moving = {a.q for a in axes.values()} | {t.index for a in axes.values() for t in a.taps}
    own: list[Guard] = [Divides(e.den, e.num) for e in axes if isinstance(e, Quot)]
    own += [Between(sp.S.Zero, e, n - 1) for e, n in pairs if e in axes]
    if any(g.symbols & moving for g in s.guards if g not in own):
        raise NotApplicable("a sum has conditions besides those of the adjoint that it reads")
    others = [a for a in s.reads() if a != read]
    every = tuple(axes.values())
    kernels = tuple(k for a in others if (k := _kernel(a, every, s, layer.context)) is not None)
    companions = tuple(dict.fromkeys(a.name for a in others if set(a.indices) & set(axes)))
    return Gather(s, read.name, every, kernels, companions, _correlates(s, read, every, kernels))


def _kernel(access: Access, axes: Iterable[GatherAxis], s: IndexedSum, context: Context) -> Kernel | None:
    """The access as a kernel: it is read along taps, each in one direction, and nowhere along a moving place."""
    if symbols_in(access) & {a.q for a in axes}:
        return None
    found = []
    for k, (e, n) in enumerate(zip(access.indices, context.shape(access.name), strict=True)):
        taps = [t for a in axes for t in a.taps if e.has(t.index)]
        if not taps:
            continue
        if len({(t.index, t.backwards) for t in taps}) != 1:
            return None
        tap = taps[0]
        factor, rest = slope(e, s.range_of(tap.index))
        ends = {sp.expand(factor * end + rest) for end in (tap.low, tap.high)}
        whole = abs(factor) == 1 and ends == {sp.S.Zero, sp.expand(n - 1)}
        found.append(KernelAxis(k, tap.index, tap.backwards is not bool(factor.is_negative), whole))
    return Kernel(access, tuple(found)) if found else None


def _correlates(s: IndexedSum, read: Access, axes: tuple[GatherAxis, ...], kernels: tuple[Kernel, ...]) -> bool:
    """Is the sum a cross-correlation with its kernel? Every tap stands on one axis of each, and in nothing else."""
    if len(kernels) != 1 or any(len(a.taps) > 1 for a in axes):
        return False
    (kernel,) = kernels
    taps = [t.index for a in axes for t in a.taps]
    rest = s.summand / (read * kernel.access)
    alone = not symbols_in(rest) & {*taps, *(a.q for a in axes)}
    once = len(set(taps)) == len(taps) == len(kernel.axes) and set(taps) == {a.tap for a in kernel.axes}
    return alone and once and all(a.whole for a in kernel.axes)


def _turn(s: IndexedSum, axes: Iterable[GatherAxis]) -> IndexedSum:
    """m -> lo + hi - m for every tap along which positions run backwards, and nowhere forwards"""
    taps = [t for a in axes for t in a.taps]
    forwards = {t.index for t in taps if not t.backwards}
    put = {t.index: sp.expand(t.low + t.high - t.index) for t in taps if t.index not in forwards}
    return s.map(lambda e: e.xreplace(put)) if put else s


def _reads_forwards(layer: Layer, name: str) -> bool:
    """Is the gradient by `name` one sum in which every index moves forwards along every axis?"""
    if name not in layer.inputs:
        return False
    try:
        sums = gradient_form(layer, name, "taps")
    except NotApplicable:
        return False
    indices = [(i, e) for s in sums for a in s.reads() for e in a.indices for i in s.indices if e.has(i)]
    slopes = [linear(e, i) for i, e in indices]
    return len(sums) == 1 and all(parts is not None and parts[0].is_positive for parts in slopes)

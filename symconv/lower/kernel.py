"""From a layer to its kernels: what each function reads, what it writes, and the sums that stand between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import sympy as sp

from symconv.derive.forms import gradient_form
from symconv.derive.phases import by_residue
from symconv.derive.rules import attempt, discharge, extend_by_zero, sift_all
from symconv.derive.strategy import adjoint_order
from symconv.ir import (
    Context,
    Equal,
    IndexedSum,
    Layer,
    NotApplicable,
    Range,
    Role,
    Statement,
    UserError,
    fresh,
)
from symconv.lower.sizes import Sizes, sizes_of

FORWARD = "forward"
# The usual operands have gradients with names that say what they are; any other goes by its own.
_GRADIENTS = {"x": "grad_input", "w": "grad_weight", "b": "grad_bias"}


@dataclass(frozen=True)
class Stage:
    """All that is written to one operand, in the forms that plans choose from.

    gathered: every result entry by its own indices, y[i] = sum ..; the result is complete and has one writer a sum.
    layer: whose operand, or adjoint of an operand, the target is.
    """

    target: str
    gathered: tuple[Statement, ...]
    layer: Layer

    def __post_init__(self) -> None:
        other = {s.result.name for s in self.gathered} - {self.target}
        if other:
            raise ValueError(f"the sums of {self.target} write {', '.join(sorted(other))}")

    @cached_property
    def scattered(self) -> tuple[Statement, ...]:
        """The sums as the forward formula or the chain rule gives them, y[f(i)] += ..; no divisibility in them."""
        written = tuple(s for s in self.layer.statements if s.result.name == self.target)
        if written:
            return written
        (of,) = self.layer.context.operand(self.target).of
        sums = gradient_form(self.layer, of, "scatter")
        # A delta that could not be sifted would be a condition on every point; the gathered sums have none.
        return self.gathered if any(isinstance(g, Equal) for s in sums for g in s.guards) else sums

    @cached_property
    def phases_of(self) -> tuple[tuple[Statement, ...], ...]:
        """Each gathered sum split by residue where divisibility stands in it, as it is where that is not possible."""
        return tuple(_split(s) for s in self.gathered)

    @property
    def phases(self) -> tuple[Statement, ...]:
        return tuple(p for phases in self.phases_of for p in phases)

    def reads(self) -> set[str]:
        return {a.name for s in self.gathered for a in s.reads()}


@dataclass(frozen=True)
class Kernel:
    """One function: `result` from `inputs`, through the stages in order.

    inputs: operands in the order of the arguments. optional: those that may be left out, which drops the sums that read
    them. Operands that a stage writes and that are not the result are temporaries.
    """

    name: str
    layer: Layer
    inputs: tuple[str, ...]
    optional: frozenset[str]
    result: str
    stages: tuple[Stage, ...]
    sizes: Sizes

    @cached_property
    def context(self) -> Context:
        """The layer's context without the sizes that this kernel does not know, so that no bound speaks of them."""
        whole = self.layer.context
        known = {*self.sizes.given, *(s for s, _ in self.sizes.derived)}
        assumptions = tuple(a for a in whole.assumptions if a.symbols <= known)
        return Context(tuple(s for s in whole.sizes if s in known), assumptions, whole.operands)

    @property
    def shaped(self) -> str:
        """The operand that the result is the adjoint of and that is not read: only its shape is wanted; "" if none."""
        own = self.layer.context.operand(self.result).of
        return own[0] if own and own[0] not in self.inputs else ""

    @property
    def temporaries(self) -> tuple[str, ...]:
        return tuple(s.target for s in self.stages if s.target != self.result)


def kernels_of(layer: Layer) -> tuple[Kernel, ...]:
    """The forward function of a layer and the gradient by each of its inputs.

    The strides and dilations must be numbers; raises `UserError` where they are not.
    """
    if layer.context.scales:
        raise UserError(f"{layer.name}: {layer.context.scales[0]} multiplies an index: give a number for it")
    return (forward_kernel(layer), *(gradient_kernel(layer, wrt) for wrt in layer.inputs))


def gradient_name(layer: Layer, wrt: str) -> str:
    """grad_input, grad_weight, grad_bias for x, w and b, where no operand is called input, weight or bias."""
    usual = _GRADIENTS.get(wrt)
    return usual if usual and all(usual != f"grad_{name}" for name in layer.inputs) else f"grad_{wrt}"


def forward_kernel(layer: Layer) -> Kernel:
    stages = tuple(_written(layer, name) for name in dict.fromkeys(s.result.name for s in layer.statements))
    read = set().union(*(s.reads() for s in stages))
    inputs = tuple(n for n in layer.inputs if n in read)
    sizes = sizes_of(layer.context, inputs, (), _used(stages, inputs, layer))
    return Kernel(FORWARD, layer, inputs, _optional(stages, inputs), layer.result, stages, sizes)


def gradient_kernel(layer: Layer, wrt: str) -> Kernel:
    """The adjoints from the result back to `wrt`, after whatever of the forward function they read."""
    adjoints = tuple(_adjoint(layer, target) for target in adjoint_order(layer, wrt))
    forward: list[Stage] = []
    wanted = set().union(*(s.reads() for s in adjoints))
    for name in reversed(list(dict.fromkeys(s.result.name for s in layer.statements))):
        if name in wanted:
            forward.insert(0, _written(layer, name))
            wanted |= forward[0].reads()
    stages = (*forward, *adjoints)
    delta = tuple(n for n in (layer.context.adjoint(layer.result),) if n in wanted)
    operands = tuple(n for n in _parameters_first(layer) if n in wanted)
    own = tuple(dict.fromkeys((*operands, wrt)))
    sizes = sizes_of(layer.context, own, delta, _used(stages, (*own, *delta), layer))
    name, result = gradient_name(layer, wrt), layer.context.adjoint(wrt)
    return Kernel(name, layer, (*delta, *operands), frozenset(), result, stages, sizes)


def _used(stages: Sequence[Stage], arrays: Sequence[str], layer: Layer) -> set[sp.Symbol]:
    """The sizes that the sums or the shapes of the arrays speak of."""
    names = {*arrays, *(s.target for s in stages)}
    shapes = (e.free_symbols for name in names for e in layer.context.shape(name))
    ranges = (s.free_symbols for stage in stages for s in stage.gathered if isinstance(s, IndexedSum))
    return set().union(*shapes, *ranges) & set(layer.context.sizes)


def _parameters_first(layer: Layer) -> list[str]:
    """Gradients take what the input is multiplied with before the input itself: grad_input(dy, w, ..)."""
    return sorted(layer.inputs, key=lambda n: layer.context.operand(n).role is not Role.PARAMETER)


def _optional(stages: Sequence[Stage], inputs: Sequence[str]) -> frozenset[str]:
    """The inputs that are read by themselves only, beside another sum that writes the same operand: a bias."""
    out = set(inputs)
    for stage in stages:
        alone = [{a.name for a in s.reads()} for s in stage.gathered]
        for name in inputs:
            uses = [reads for reads in alone if name in reads]
            if any(reads != {name} for reads in uses) or (uses and len(uses) == len(alone)):
                out.discard(name)
    return frozenset(out)


def _split(s: Statement) -> tuple[Statement, ...]:
    try:
        return by_residue(s).after if isinstance(s, IndexedSum) else (s,)
    except NotApplicable:
        return (s,)


def _written(layer: Layer, name: str) -> Stage:
    statements = tuple(s for s in layer.statements if s.result.name == name)
    gathered = tuple(gather(s, layer.context) if isinstance(s, IndexedSum) else s for s in statements)
    return Stage(name, gathered, layer)


def _adjoint(layer: Layer, target: str) -> Stage:
    taps = tuple(gather(s, layer.context) for s in gradient_form(layer, target, "taps"))
    return Stage(layer.context.adjoint(target), taps, layer)


def gather(s: IndexedSum, context: Context) -> IndexedSum:
    """y[f(I)] += F(I)  =  y[q] = sum_I [f(I) = q] F(I), the deltas sifted: one writer for each entry.

    A sum whose result is addressed by its own indices, each over its whole axis, stays as it is.
    """
    shape = context.shape(s.result.name)
    if _plain(s, shape):
        return s
    taken, ranges, deltas, entry = set(s.names), [], [], []
    for e, n, name in zip(s.result.indices, shape, context.operand(s.result.name).axes, strict=True):
        q = fresh(name, taken)
        taken.add(q.name)
        ranges.append(Range.box(q, n))
        deltas.append(Equal(e, q))
        entry.append(q)
    results = set(entry)
    opened = IndexedSum(
        s.result.func(s.result.args[0], *entry), (*ranges, *s.ranges), (*s.guards, *deltas), s.summand, s.extended
    )
    (sifted,) = sift_all(opened, lambda c: sorted((i for i in c if i not in results), key=partial(_stays, s))).after
    (out,) = discharge(sifted).after
    for name in sorted({a.name for a in out.reads()}):
        (out,) = attempt(partial(extend_by_zero, name=name, context=context))(out).after
    return out


def _plain(s: IndexedSum, shape: tuple[sp.Expr, ...]) -> bool:
    indices = s.result.indices
    if len(set(indices)) != len(indices) or not set(indices) <= set(s.indices):
        return False
    return all(s.range_of(i) == Range.box(i, n) for i, n in zip(indices, shape, strict=True))


def _stays(s: IndexedSum, i: sp.Symbol) -> bool:
    """An index over a short fixed range, a tap, is kept; one over an image is solved for."""
    return bool(i in s.indices and all(b.is_Integer for b in s.range_of(i).bounds))

"""What a candidate may be computing: an output's sums, numbers and arrays, each of which a mistake can change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import groupby
from typing import Any

import numpy as np
import sympy as sp

from symconv.ir import Access, IndexedSum, Operand, Role, Statement
from symconv.verify.cases import Case, env_named, with_outputs
from symconv.verify.dense import Array, Env, evaluate
from symconv.verify.truth import Output, Truth, absolute, counted


class NoDifference(Exception):
    """A mistake that does not apply here, or changes nothing."""


@dataclass(frozen=True)
class Model:
    """An output in one case, perhaps with mistakes in it.

    env: the numbers; tensors: the operands, groups apart; scatter: the numbers of the last sums where they are others.
    after: what becomes of the value, as callers have it. memo: operands that were computed already, by what they are
    computed from; models made from one another share it.
    """

    truth: Truth
    output: Output
    env: Env
    tensors: Mapping[str, Array]
    scatter: Env | None = None
    after: tuple[Callable[[Array], Array], ...] = ()
    memo: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def name(self) -> str:
        return self.output.name

    @property
    def rank(self) -> int:
        """Spatial axes of the window, 0 where there is none."""
        return len(self.letters)

    @property
    def letters(self) -> tuple[str, ...]:
        return tuple(a for a in "dhw" if any(s.name == f"K{a.upper()}" for s in self.env))

    def is_adjoint(self, name: str) -> bool:
        found = self.truth.context.find(name)
        return found is not None and found.role is Role.ADJOINT

    def named(self, name: str) -> int | None:
        """The value of a symbol of the layer, None where it has none of that name."""
        return next((v for s, v in self.env.items() if s.name == name), None)

    def number(self, name: str, default: int = 1) -> int:
        return env_named(self.env, name, default)

    def with_numbers(self, **values: int) -> Model:
        """Other numbers for some symbols. The output sizes of a forward pass follow; a gradient keeps those of dy."""
        env = {s: values.get(s.name, v) for s, v in self.env.items()}
        if env == dict(self.env):
            raise NoDifference
        changed = replace(self, env=env)
        return changed.resized() if self.name == "y" and not any(k.startswith("O") for k in values) else changed

    def resized(self) -> Model:
        """With the output sizes that follow from the other numbers."""
        free = {s: v for s, v in self.env.items() if s.name not in ("OD", "OH", "OW")}
        followed = with_outputs(self.truth.layer, free)
        if followed is None:
            raise NoDifference
        return replace(self, env=followed)

    def with_statements(self, change: Callable[[Statement], Statement]) -> Model:
        statements = tuple(map(change, self.output.statements))
        if statements == self.output.statements:
            raise NoDifference
        return replace(self, output=replace(self.output, statements=statements))

    def with_own(self, change: Callable[[IndexedSum], IndexedSum]) -> Model:
        """Other sums for the output itself."""
        own = self.output.own
        return self.with_statements(lambda s: change(s) if s in own and isinstance(s, IndexedSum) else s)

    def with_reads(self, name: str, move: Callable[[tuple[sp.Expr, ...]], tuple[sp.Expr, ...]]) -> Model:
        """Every access to operand `name` at other indices."""

        def change(s: Statement) -> Statement:
            if not isinstance(s, IndexedSum) or not _reads(s, name):
                return s
            return s.with_(
                summand=s.summand.xreplace(
                    {a: Access(a.args[0], *move(a.indices)) for a in s.reads() if a.name == name}
                )
            )

        return self.with_statements(change)

    def with_tensor(self, name: str, change: Callable[[Array], Array]) -> Model:
        """Another value for an operand, as callers have it."""
        if name not in self.tensors or not any(_reads(s, name) for s in self.output.statements):
            raise NoDifference
        operand = self.truth.context.operand(name)
        old = self.tensors[name]
        new = change(joined(old, operand)).reshape(old.shape)
        if np.array_equal(old, new):
            raise NoDifference
        return replace(self, tensors={**self.tensors, name: new})

    @cached_property
    def backward(self) -> Model:
        """The same with what the forward pass computes as it is: mistakes are then in the backward pass alone."""
        ahead = [s for s in self.output.statements if not self.is_adjoint(s.result.name)]
        if not ahead or self.name == "y":
            return self
        tensors = dict(self.tensors)
        for name, group in groupby(ahead, key=lambda s: s.result.name):
            tensors[name] = self._computed(name, tuple(group), tensors)
        rest = tuple(s for s in self.output.statements if s not in ahead)
        return replace(self, output=replace(self.output, statements=rest), tensors=tensors)

    @cached_property
    def last(self) -> Model:
        """The same with everything but the sums of the output as it is: their dy is the gradient that reaches them."""
        own = self.output.own
        reached = {a.name for s in own for a in s.reads() if self.is_adjoint(a.name) and a.name != "dy"}
        if len(reached) != 1 or self.name == "y":
            return self
        (name,) = reached
        ahead = self.backward
        value = replace(
            ahead, output=Output(name, tuple(s for s in ahead.output.statements if s not in own))
        ).apart_value
        renamed = tuple(
            s.with_(summand=s.summand.xreplace({a: Access("dy", *a.indices) for a in s.reads() if a.name == name}))
            for s in own
        )
        return replace(ahead, output=Output(self.name, renamed), tensors={**ahead.tensors, "dy": value})

    def then(self, change: Callable[[Array], Array]) -> Model:
        return replace(self, after=(*self.after, change))

    @cached_property
    def apart_value(self) -> Array:
        """The value of the sums, groups apart; `Undefined` where they leave an array."""
        known = dict(self.tensors)
        for name, group in groupby(self.output.statements, key=lambda s: s.result.name):
            known[name] = self._computed(name, tuple(group), known)
        return known[self.name]

    def _computed(self, name: str, group: tuple[Statement, ...], known: Mapping[str, Array]) -> Array:
        """The operand that a few statements write; what is computed from the same objects is computed once."""
        env = self.scatter if self.scatter is not None and name == self.name else self.env
        reads = [known[r] for r in sorted({a.name for s in group for a in s.reads()} & known.keys())]
        key = (tuple(map(id, group)), id(env), tuple(map(id, reads)))
        if key not in self.memo:
            shape = self.truth.shape(name, self.env)
            value = evaluate(group, {name: shape}, env, known)[name]
            self.memo[key] = (value, group, env, reads)  # which keeps them alive, and their identities their own
        value, *_ = self.memo[key]
        return np.asarray(value)

    @cached_property
    def value(self) -> Array:
        """The value as callers have it: groups joined, and what came after it done."""
        out = joined(self.apart_value, self.truth.context.operand(self.name))
        for change in self.after:
            out = change(out)
        return out


def _reads(s: Statement, name: str) -> bool:
    return any(a.name == name for a in s.reads())


def joined(a: Array, operand: Operand) -> Array:
    """An array as callers have it: axes of the operand that are joined become one."""
    for axis in sorted(operand.joined, reverse=True):
        a = a.reshape(*a.shape[:axis], a.shape[axis] * a.shape[axis + 1], *a.shape[axis + 2 :])
    return a


@dataclass(frozen=True)
class Setting:
    """One output of a layer in one case, without mistakes; it remembers what was computed for it."""

    truth: Truth
    output: Output
    case: Case

    @cached_property
    def model(self) -> Model:
        return Model(self.truth, self.output, self.case.env, self.case.tensors)

    @property
    def exact(self) -> Array:
        return self.model.value

    @cached_property
    def magnitude(self) -> Array:
        """(n + 8) S of the bound |a - exact| <= (n + 8) u S: S sums absolute values, n counts the terms of an entry."""
        return (self._summed(counted) + 8) * self._summed(absolute)

    def _summed(self, change: Callable[[IndexedSum], IndexedSum]) -> Array:
        """The output with its own sums changed, where they change at all."""
        own = self.output.own
        statements = tuple(change(s) if isinstance(s, IndexedSum) and s in own else s for s in self.output.statements)
        return replace(self.model, output=replace(self.output, statements=statements)).value

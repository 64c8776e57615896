"""Sizes, attributes and values that expose what convenient shapes hide."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
import sympy as sp

from symconv.ir import Layer
from symconv.layers.axes import LETTERS
from symconv.layers.registry import REGISTRY
from symconv.lower.sizes import sizes_of
from symconv.verify.dense import Array, Env
from symconv.verify.truth import Truth, symbols_of

# Attributes that are numbers of a window are put in case by case; the others belong to the formula.
WINDOW = ("strides", "pads", "dilations", "group", "kernel_shape")
SAME = ("same", "same-lower")


@dataclass(frozen=True)
class Plan:
    """What a case is about. C, O: channels of one group. outputs, kernel: per axis. more: left-over rows.

    strides, dilations: a number, or one an axis. pads: a number, all begins then all ends, or one of SAME.
    values: integers, quarters, border (zero inside), or distinct (no two entries of x alike).
    """

    N: int = 3
    C: int = 2
    O: int = 4  # noqa: E741
    outputs: tuple[int, ...] = (2, 3, 2)
    kernel: tuple[int, ...] = (3, 2, 2)
    strides: Any = 1
    pads: Any = 0
    dilations: Any = 1
    group: int = 1
    more: int = 0
    values: str = "integers"

    def changed(self) -> set[str]:
        """The fields that are not as in the plain plan."""
        return {f.name for f in fields(self) if getattr(self, f.name) != f.default}


_ONE = Plan(N=1, C=1, O=1)
_SQUARE = Plan(kernel=(3, 3, 3))
PLANS: tuple[tuple[str, Plan], ...] = (
    ("batch, C != D, non-square", Plan()),
    ("smallest", replace(_ONE, outputs=(2, 2, 2), kernel=(2, 2, 2))),
    ("one entry", replace(_ONE, outputs=(1, 1, 1), kernel=(1, 1, 1))),
    ("one channel, square", replace(_ONE, outputs=(3, 3, 3), kernel=(3, 3, 3))),
    ("square, C = D", Plan(N=2, C=3, O=3, outputs=(4, 4, 2), kernel=(3, 3, 2))),
    ("one image", Plan(N=1, kernel=(2, 3, 2))),
    ("one channel, non-square", replace(_ONE, outputs=(2, 4, 2), kernel=(3, 2, 2))),
    ("fewer filters than channels", Plan(N=2, C=3, O=2, outputs=(3, 2, 2), kernel=(2, 3, 2))),
    ("one image, square kernel", replace(_SQUARE, N=1, outputs=(3, 4, 2))),
    ("one image, fewer filters than channels", Plan(N=1, C=3, O=2, outputs=(4, 3, 2), kernel=(2, 2, 2))),
    ("larger batch", replace(_SQUARE, N=5, outputs=(2, 2, 2))),
    ("one channel, one filter", Plan(N=4, C=1, O=1)),
    ("one row", Plan(N=1, C=3, O=2)),
    ("even kernel", Plan(kernel=(2, 4, 2))),
    ("even square kernel", Plan(N=2, kernel=(2, 2, 2), outputs=(3, 4, 2))),
    ("kernel 1 x 1", Plan(kernel=(1, 1, 1))),
    ("stride 2", replace(_SQUARE, strides=2)),
    ("stride with leftover rows", replace(_SQUARE, strides=2, more=1)),
    ("one channel, stride with leftover rows", replace(_ONE, kernel=(3, 3, 2), strides=2, more=1)),
    ("stride 3 with leftover rows", Plan(N=2, kernel=(3, 2, 2), strides=3, more=2)),
    ("stride = kernel", Plan(kernel=(2, 2, 2), strides=2)),
    ("stride > kernel", Plan(kernel=(2, 2, 2), strides=3, more=1)),
    ("stride per axis", Plan(kernel=(3, 3, 2), strides=(1, 2, 1))),
    ("pad 1", replace(_SQUARE, pads=1)),
    ("one channel, pad 1", replace(_ONE, outputs=(3, 3, 2), kernel=(3, 3, 2), pads=1)),
    ("pad 2", Plan(N=2, kernel=(4, 3, 3), outputs=(3, 4, 2), pads=2)),
    ("pad per axis", replace(_SQUARE, pads=(1, 0, 0, 1, 0, 0))),
    ("asymmetric pads", replace(_SQUARE, pads=(1, 0, 0, 0, 2, 1))),
    ("pad and stride", replace(_SQUARE, N=2, pads=1, strides=2, more=1)),
    ("same padding", replace(_SQUARE, N=2, outputs=(4, 5, 3), pads="same")),
    ("same padding, even kernel", Plan(N=2, kernel=(2, 4, 2), outputs=(4, 5, 3), pads="same")),
    ("dilation", Plan(dilations=2)),
    ("dilation and pad", replace(_SQUARE, N=2, dilations=2, pads=1, outputs=(3, 2, 2))),
    ("dilation per axis", Plan(N=2, dilations=(1, 2, 1), kernel=(2, 2, 2))),
    ("dilation and stride", replace(_SQUARE, dilations=2, strides=3)),
    ("groups", Plan(N=2, C=2, O=3, group=2)),
    ("groups, one channel each", Plan(N=2, C=1, O=1, group=3)),
    ("groups, pad, stride", Plan(N=2, C=3, O=2, group=2, kernel=(3, 3, 2), pads=1, strides=2)),
    ("fractions", Plan(N=2, values="quarters")),
    ("border pixels only", Plan(N=2, kernel=(3, 3, 2), outputs=(3, 4, 2), values="border")),
    ("no ties", Plan(N=2, outputs=(3, 4, 2), values="distinct")),
)
# What tells a layout: pairwise different sizes first, then ever fewer demands on the candidate.
PROBES: tuple[tuple[str, Plan], ...] = (
    ("probe", Plan(N=2, C=3, O=5, outputs=(6, 8, 7), kernel=(4, 2, 3))),
    ("probe with a square kernel", Plan(N=2, C=4, O=5, outputs=(6, 8, 7), kernel=(3, 3, 3))),
    ("probe with a square image", Plan(N=2, C=3, O=4, outputs=(6, 6, 6), kernel=(3, 3, 3))),
    ("probe with one image", Plan(N=1, C=3, O=4, outputs=(6, 8, 7), kernel=(3, 3, 3))),
    ("probe with one channel", Plan(N=1, C=1, O=4, outputs=(6, 8, 7), kernel=(3, 3, 3))),
    ("probe with one filter", Plan(N=1, C=1, O=1, outputs=(6, 8, 7), kernel=(3, 3, 3))),
    ("probe with a square image and one filter", Plan(N=1, C=1, O=1, outputs=(6, 6, 6), kernel=(3, 3, 3))),
    ("probe with a square image, C = D", Plan(N=1, C=3, O=3, outputs=(6, 6, 6), kernel=(3, 3, 3))),
)


@dataclass(frozen=True)
class Case:
    """name: what it is about. attributes: of the window. tensors: of the layer, groups apart, adjoint of y included."""

    name: str
    plan: Plan
    attributes: Mapping[str, Any]
    env: Env
    tensors: Mapping[str, Array]

    @property
    def size(self) -> int:
        return sum(a.size for a in self.tensors.values())

    def words(self) -> str:
        shapes = ", ".join(f"{n} {a.shape}" for n, a in self.tensors.items())
        attributes = ", ".join(f"{n} {v}" for n, v in self.attributes.items())
        return f"{shapes}; {attributes}" if attributes else shapes


@dataclass(frozen=True)
class Maker:
    """Cases of one layer. told: attributes that the candidate can be told. fixed: those that have one value.

    forced: numbers of a plan (N, C, O) that are given, or 1 where the candidate's layout has no axis for them.
    """

    truth: Truth
    told: frozenset[str]
    fixed: Mapping[str, Any]
    rank: int
    forced: Mapping[str, int] = field(default_factory=dict)

    def cases(self) -> Iterator[Case]:
        """Those whose attributes the candidate can be told; rank 0: the sizes and values alone vary."""
        for number, (name, plan) in enumerate(PLANS):
            changed = plan.changed()
            about = changed & {"strides", "pads", "dilations", "group"}
            if any(a not in self.told or a in self.fixed for a in about):
                continue
            if not self.rank and changed & {"kernel", "outputs"}:
                continue
            if (case := self.case(name, plan, number)) is not None:
                yield case

    def case(self, name: str, plan: Plan, seed: int = 0) -> Case | None:
        """The case of a plan; None where no output is left, or no group can be."""
        numbers: dict[str, Any] = dict(self.forced)
        plan = replace(plan, **numbers)
        attributes = self._attributes(plan)
        if attributes["group"] > 1 and "group" not in self.fixed and self.forced.keys() & {"C", "O"}:
            return None
        env = self._numbers(plan, attributes)
        if env is None:
            return None
        if any(n < 1 for o in self.truth.context.operands for n in self.truth.shape(o.name, env)):
            return None
        names = [n for n in ("x", "w", "b") if self.truth.context.has(n) and n in self.truth.layer.inputs]
        drawn = {n: _drawn(10 * seed + k, self.truth.shape(n, env)) for k, n in enumerate((*names, "dy"))}
        tensors = {n: _valued(n, a, plan.values, "w" not in names) for n, a in drawn.items()}
        pads = attributes["pads"]
        if isinstance(pads, str):
            attributes["pads"] = tuple(env_named(env, f"{side}_{a}") for side in "pq" for a in LETTERS[self.rank])
            attributes["auto_pad"] = "SAME_UPPER" if pads == "same" else "SAME_LOWER"
        known = {n: v for n, v in attributes.items() if n == "auto_pad" or _speaks_of(self.truth.layer, n)}
        entry = REGISTRY.get(self.truth.layer.name)
        if entry is not None and "alpha" in entry.attributes:
            known["alpha"] = float(str(dict(self.truth.layer.attributes).get("alpha", "0.01")))
        return Case(name, plan, known, env, tensors)

    def _attributes(self, plan: Plan) -> dict[str, Any]:
        rank = self.rank

        def every(value: Any, count: int) -> Any:
            if not isinstance(value, (tuple, list)):
                return value if isinstance(value, str) else (value,) * count
            # Plans have three axes; of pads all begins, then all ends.
            whole = tuple(value)
            return (
                whole if len(whole) == count else whole[:rank] + whole[3 : 3 + rank] if count > rank else whole[:rank]
            )

        out: dict[str, Any] = {"kernel_shape": plan.kernel[:rank], "group": plan.group}
        out |= {"strides": every(plan.strides, rank), "dilations": every(plan.dilations, rank)}
        out |= {"pads": every(plan.pads, 2 * rank)}
        for name in WINDOW:
            if name in self.fixed:
                count = 2 * rank if name == "pads" else rank
                out[name] = self.fixed[name] if name == "group" else every(self.fixed[name], count)
        if out["strides"] == "kernel":
            out["strides"] = out["kernel_shape"]
        return out

    def _numbers(self, plan: Plan, attributes: Mapping[str, Any]) -> Env | None:
        """A number for every symbol, by the names that the layers give them."""
        named: dict[str, int] = {"N": plan.N, "C": plan.C, "IC": plan.C, "OC": plan.O, "G": attributes["group"]}
        named |= {"I": plan.C + 2, "O": plan.O}
        free = {s.name for s in symbols_of(self.truth.layer)}
        for k, a in enumerate(LETTERS.get(self.rank, "")):
            kernel, stride, dilation = (attributes[n][k] for n in ("kernel_shape", "strides", "dilations"))
            span, reach = dilation * (kernel - 1) + 1, stride * (plan.outputs[k] - 1)
            if isinstance(attributes["pads"], str):
                extent = reach + 1 + min(plan.more, stride - 1)
                total = max(reach + span - extent, 0)
                before, after = total // 2, total - total // 2
                before, after = (before, after) if attributes["pads"] == "same" else (after, before)
            else:
                before, after = attributes["pads"][k], attributes["pads"][self.rank + k]
                extent = max(reach + span - before - after + min(plan.more, stride - 1), 1)
            if f"O{a.upper()}" not in free:  # a transposed layer: its input is what the plan calls outputs
                extent = plan.outputs[k]
            named |= {a.upper(): extent, f"K{a.upper()}": kernel, f"s_{a}": stride, f"d_{a}": dilation}
            named |= {f"p_{a}": before, f"q_{a}": after, f"e_{a}": 0}
        named |= {"H": named.get("H", 4), "W": named.get("W", 5), "D": named.get("D", 2)}
        env = {s: named[s.name] for s in symbols_of(self.truth.layer) if s.name in named}
        return with_outputs(self.truth.layer, env)


def with_outputs(layer: Layer, env: Mapping[sp.Symbol, int]) -> Env | None:
    """The numbers with the output sizes that follow; None where no output is left."""
    out = dict(env)
    context = layer.context.substitute(out)
    for symbol, e in sizes_of(context, (), (), set(context.sizes)).derived:
        out[symbol] = int(e.xreplace(out))
    return out if all(v >= 1 for s, v in out.items() if s.is_positive) else None


def env_named(env: Env, name: str, default: int = 0) -> int:
    return next((v for s, v in env.items() if s.name == name), default)


def _drawn(seed: int, shape: tuple[int, ...]) -> Array:
    """Small integers without zero."""
    draw = np.random.default_rng(seed)
    return draw.integers(1, 6, shape).astype(float) * draw.choice((-1.0, 1.0), shape)


def _valued(name: str, a: Array, values: str, without_weights: bool) -> Array:
    """The array as the plan wants its values. Layers without weights see few values, so that windows hold ties."""
    if values == "quarters":
        return a + np.random.default_rng(a.size).choice((0.25, 0.5, 0.75), a.shape)
    if name != "x":
        return a
    if values == "distinct":
        return np.random.default_rng(a.size).permutation(a.size).reshape(a.shape) - a.size // 2 + 0.5
    if values == "border":
        inner = tuple(slice(1, -1) if k > a.ndim - 3 else slice(None) for k in range(a.ndim))
        return a - np.pad(a[inner], [(1, 1) if k > a.ndim - 3 else (0, 0) for k in range(a.ndim)])
    return np.sign(a) * (np.abs(a) % 3) if without_weights else a


def _speaks_of(layer: Layer, attribute: str) -> bool:
    letters = {"strides": "s_", "pads": "p_", "dilations": "d_", "group": "G", "kernel_shape": "K"}
    return any(s.name.startswith(letters[attribute]) for s in symbols_of(layer))

"""Sizes and attributes that expose what convenient shapes hide."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp

from symconv.ir import Layer
from symconv.layers.axes import LETTERS
from symconv.lower.sizes import sizes_of
from symconv.verify.binding import Binding
from symconv.verify.dense import Array, Env
from symconv.verify.truth import Truth, random_integers, symbols_of


@dataclass(frozen=True)
class Case:
    """name: what it is about. attributes: of the window. tensors: of the layer, groups apart, adjoint of y included."""

    name: str
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


# What a case changes of the plain one: sizes first, then attributes; an attribute that the candidate cannot be told, or
# that the layer fixes, takes the case out.
_CONVOLUTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("smallest", {"N": 1, "C": 1, "O": 1, "image": 3, "kernel": (2, 2)}),
    ("square", {"N": 1, "C": 2, "O": 2, "image": 5, "kernel": (3, 3)}),
    ("batch, C != D, non-square", {}),
    ("one image", {"N": 1, "kernel": (2, 3)}),
    ("one channel, non-square", {"N": 1, "C": 1, "O": 1, "kernel": (3, 2)}),
    ("one channel, stride with leftover rows", {"N": 1, "C": 1, "O": 1, "kernel": (3, 3), "strides": 2, "more": 1}),
    ("one channel, pad 1", {"N": 1, "C": 1, "O": 1, "kernel": (3, 3), "pads": 1}),
    ("even kernel", {"kernel": (2, 4)}),
    ("stride with leftover rows", {"kernel": (3, 3), "strides": 2, "more": 1}),
    ("stride > kernel", {"kernel": (2, 2), "strides": 3}),
    ("pad 1", {"kernel": (3, 3), "pads": 1}),
    ("pad and stride", {"kernel": (3, 3), "pads": 1, "strides": 2, "more": 1}),
    ("dilation", {"dilations": 2}),
    ("dilation and stride", {"kernel": (3, 3), "dilations": 2, "strides": 3}),
    ("groups", {"group": 2, "C": 2, "O": 3, "N": 2}),
    ("asymmetric pads", {"pads": (1, 0, 0, 2), "kernel": (3, 3)}),
)
_PLAIN = {"N": 3, "C": 2, "O": 4, "image": 5, "kernel": (3, 2), "strides": 1, "pads": 0, "dilations": 1, "group": 1}
# Attributes that are numbers of a window are put in case by case; the others belong to the formula.
WINDOW = ("strides", "pads", "dilations", "group", "kernel_shape")


def cases_of(truth: Truth, binding: Binding, fixed: Mapping[str, Any], rank: int) -> Iterator[Case]:
    """The cases for a layer of `rank` spatial axes; rank 0: the sizes alone vary. fixed: attributes of the layer."""
    for number, (name, change) in enumerate(_CONVOLUTIONS if rank else _CONVOLUTIONS[:3]):
        told = [a for a in ("strides", "pads", "dilations", "group") if a in change]
        if any(not binding.takes(a) or a in fixed for a in told):
            continue
        if isinstance(change.get("pads"), tuple) and rank != 2:
            continue
        made = _case(name, {**_PLAIN, **change}, truth, fixed, rank, number)
        if made is not None:
            yield made


def _case(
    name: str, plan: Mapping[str, Any], truth: Truth, fixed: Mapping[str, Any], rank: int, seed: int
) -> Case | None:
    attributes = _attributes(plan, fixed, rank)
    env = _numbers(truth.layer, plan, attributes, rank)
    if env is None:
        return None
    names = [n for n in ("x", "w", "b") if truth.context.has(n) and n in truth.layer.inputs]
    tensors = {n: random_integers(10 * seed + k, truth.shape(n, env)) for k, n in enumerate((*names, "dy"))}
    if "w" not in names:
        # Few values, so that windows of a pool hold ties.
        tensors["x"] = np.sign(tensors["x"]) * (np.abs(tensors["x"]) % 3)
    known = {n: v for n, v in attributes.items() if _speaks_of(truth.layer, n)}
    return Case(name, known, env, tensors)


def _attributes(plan: Mapping[str, Any], fixed: Mapping[str, Any], rank: int) -> dict[str, Any]:
    def every(value: Any, count: int) -> tuple[int, ...]:
        return tuple(value) if isinstance(value, (tuple, list)) else (value,) * count

    out: dict[str, Any] = {"kernel_shape": every(plan["kernel"], rank)[:rank] if rank < 3 else (*plan["kernel"], 2)}
    out |= {"strides": every(plan["strides"], rank), "dilations": every(plan["dilations"], rank)}
    out |= {"pads": every(plan["pads"], 2 * rank), "group": plan["group"]}
    for name in WINDOW:
        if name in fixed:
            count = 2 * rank if name == "pads" else rank
            out[name] = fixed[name] if name == "group" else every(fixed[name], count)
    return out


def _numbers(layer: Layer, plan: Mapping[str, Any], attributes: Mapping[str, Any], rank: int) -> Env | None:
    """A number for every symbol, by the names that the layers give them."""
    named: dict[str, int] = {"N": plan["N"], "C": plan["C"], "IC": plan["C"], "OC": plan["O"], "G": attributes["group"]}
    named |= {"I": plan["C"] + 2, "O": plan["O"]}
    for k, a in enumerate(LETTERS.get(rank, "")):
        kernel, stride, dilation = (attributes[n][k] for n in ("kernel_shape", "strides", "dilations"))
        before, after = attributes["pads"][k], attributes["pads"][rank + k]
        outputs = max(1, plan["image"] - 3 + k)
        extent = stride * (outputs - 1) + dilation * (kernel - 1) + 1 - before - after + plan.get("more", 0)
        named |= {a.upper(): max(extent, 1), f"K{a.upper()}": kernel, f"s_{a}": stride, f"d_{a}": dilation}
        named |= {f"p_{a}": before, f"q_{a}": after, f"e_{a}": 0}
    named |= {"H": named.get("H", 4), "W": named.get("W", 5), "D": named.get("D", 2)}
    env = {s: named[s.name] for s in symbols_of(layer) if s.name in named}
    return _with_outputs(layer, env)


def _with_outputs(layer: Layer, env: dict[sp.Symbol, int]) -> Env | None:
    """The output sizes that follow; None where no output is left."""
    context = layer.context.substitute(env)
    derived = sizes_of(context, (), (), set(context.sizes)).derived
    for symbol, e in derived:
        env[symbol] = int(e.xreplace(env))
    return env if all(v >= 1 for s, v in env.items() if s.is_positive) else None


def _speaks_of(layer: Layer, attribute: str) -> bool:
    letters = {"strides": "s_", "pads": "p_", "dilations": "d_", "group": "G", "kernel_shape": "K"}
    return any(s.name.startswith(letters[attribute]) for s in symbols_of(layer))

"""The arguments of a call, from the roles of the parameters and the numbers of a case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from symconv.verify.binding import Binding, Parameter
from symconv.verify.cases import Case
from symconv.verify.dense import Array
from symconv.verify.layouts import Axes, Layout, arranged
from symconv.verify.names import spellings

_WINDOWS = ("pool", "kernel", "filter")
_ARRAYS = ("x", "w", "b", "dy", "y")
_WINDOW = ("strides", "pads", "dilations", "group", "kernel_shape")


class Unsayable(Exception):
    """The candidate has no way to be told this case."""


@dataclass(frozen=True)
class Reading:
    """How a candidate is spoken to.

    lists: nested lists for arrays. paths: where an object keeps its operands, by operand. lazy: only after a forward.
    order: what a tuple that comes back holds.
    """

    layout: Layout
    axes: Axes
    lists: bool = False
    paths: Mapping[str, str] = field(default_factory=dict)
    lazy: bool = False
    order: tuple[str, ...] = ()

    @property
    def missing(self) -> frozenset[str]:
        """Batch, channels and filters for which the layout has no axis: N, C, O."""
        x, y = self.layout.x, self.layout.y
        lacks = {"N": "N" not in x, "C": "C" not in x, "O": "C" not in y}
        return frozenset(n for n, lacking in lacks.items() if lacking and "C" in self.axes.x)

    def __str__(self) -> str:
        return str(self.layout) + (", nested lists" if self.lists else "")


@dataclass(frozen=True)
class Inputs:
    """The arrays of a case, as the formula and as the candidate has them, and what it may be told beside them."""

    canonical: Mapping[str, Array]
    arrays: Mapping[str, Array]
    attributes: Mapping[str, Any]
    counts: Mapping[str, int]

    def call(
        self, name: str, target: str, binding: Binding, constructor: bool = False, cache: str = ""
    ) -> dict[str, Any]:
        """A call for `inside.calls`. cache: the call whose second result is the cache."""
        values = [(p, self._argument(p, constructor, cache)) for p in binding.parameters]
        return {
            "name": name,
            "target": target,
            "arguments": [v for p, v in values if not p.named],
            "named": {p.name: v for p, v in values if p.named},
        }

    def _argument(self, p: Parameter, constructor: bool, cache: str) -> dict[str, Any]:
        if p.role in self.arrays:
            return {"array": p.role}
        if p.role == "cache":
            return {"cache": cache} if cache else self._cache()
        if p.role == "settings":
            return self._settings()
        if p.role in ("x_shape", "w_shape"):
            shape = list(self.arrays[p.role[0]].shape)
            return {"value": shape[self.counts.get("batch_axes", 0) :] if constructor else shape}
        if p.role in ("in_channels", "out_channels"):
            return {"value": self.counts[p.role]}
        if p.role == "learning_rate" or (p.role == "alpha" and "alpha" not in self.attributes):
            return {"value": 1.0}
        if p.role == "optimizer":
            return {"optimizer": True}
        if p.role == "training":
            return {"value": True}
        return {"value": self._attribute(p)}

    def _attribute(self, p: Parameter) -> Any:
        if p.role not in self.attributes:
            raise Unsayable(f"the candidate wants {p.role}, which this layer does not have")
        value = self.attributes[p.role]
        if p.role == "pads" and isinstance(p.default, str):
            return self._word(p.default)
        tupled = p.name.lower().endswith("shape")
        return list(value) if tupled and isinstance(value, (tuple, list)) else plain_value(p.role, value)

    def _word(self, default: str) -> str:
        """'same' or 'valid', spelled as the default is."""
        pads = tuple(self.attributes["pads"])
        if not any(pads):
            word = "valid"
        elif "auto_pad" in self.attributes or self._keeps_size(pads):
            word = "same"
        else:
            raise Unsayable(f"its padding is a word, and there is none for pads {self.attributes['pads']}")
        return word.upper() if default.isupper() else word

    def _keeps_size(self, pads: tuple[int, ...]) -> bool:
        """Is the output as large as the image, with as much padding before as after, or one row more?"""
        kernel, dilations, strides = (self.attributes[n] for n in ("kernel_shape", "dilations", "strides"))
        begins, ends = pads[: len(kernel)], pads[len(kernel) :]
        whole = [d * (k - 1) for d, k in zip(dilations, kernel, strict=True)]
        return set(strides) == {1} and all(
            p + q == n and abs(p - q) < 2 for p, q, n in zip(begins, ends, whole, strict=True)
        )

    def _settings(self) -> dict[str, Any]:
        values = {n: plain_value(n, v) for n, v in self.attributes.items() if n in _WINDOW}
        by_name = {key: {"value": values[r]} for r in values for key in _keys(r)}
        sizes = dict(zip(("height", "width"), self.attributes.get("kernel_shape", ()), strict=False))
        by_name |= {f"{kind}_{side}": {"value": n} for kind in _WINDOWS for side, n in sizes.items()}
        return {"dict": by_name}

    def _cache(self) -> dict[str, Any]:
        """(x, w, b, settings); x alone where the layer has nothing else."""
        operands = [{"array": n} for n in ("x", "w", "b") if n in self.arrays]
        window = any(n in _WINDOW for n in self.attributes)
        if len(operands) == 1 and not window:
            return operands[0]
        return {"tuple": [*operands, self._settings()] if window else operands}


def _keys(role: str) -> list[str]:
    """The keys by which a dictionary of settings may be asked for an attribute."""
    spaced = [n.replace("size", "_size").replace("shape", "_shape") for n in spellings(role)]
    own = ["filter_size", "f"] if role == "kernel_shape" else []
    return list(dict.fromkeys([role, *spellings(role), *spaced, *own]))


def asked(role: str, keys: Sequence[str]) -> bool:
    """Are these keys of a dictionary of settings such as hold the attribute?"""
    sides = [f"{kind}_{side}" for kind in _WINDOWS for side in ("height", "width")] if role == "kernel_shape" else []
    return not set(keys).isdisjoint([*_keys(role), *sides])


def inputs_of(case: Case, tensors: Mapping[str, Array], reading: Reading) -> Inputs:
    """tensors: of the case, canonical, groups joined. Raises `Unsayable` where the layout has no axis for them."""
    axes, layout = reading.axes, reading.layout
    for name, a in tensors.items():
        letters, own = layout.of(name), axes.of(name) if name != "b" else ""
        for letter, n in zip(own, a.shape if own else (), strict=True):
            if letter not in letters and n > 1:
                raise Unsayable(f"in layout {layout} there is no axis {letter} for {n} entries")
    if layout.b == "" and "b" in tensors and tensors["b"].size > 1:
        raise Unsayable(f"a single number cannot say the biases of {tensors['b'].size} filters")
    arrays = {n: arranged(n, a, layout, axes, tensors["dy"].shape) for n, a in tensors.items() if n in _ARRAYS}
    counts = {"in_channels": _count(tensors["x"], axes.x), "out_channels": _count(tensors["dy"], axes.y)}
    counts["batch_axes"] = int("N" in layout.x)
    return Inputs(tensors, arrays, case.attributes, counts)


def _count(a: Array, letters: str) -> int:
    return int(a.shape[letters.index("C")]) if "C" in letters else 1


def plain_value(name: str, value: Any) -> Any:
    """One number where all axes agree, as candidates expect it, otherwise one an axis, or all of a pad."""
    if not isinstance(value, (tuple, list)):
        return value
    if len(set(value)) == 1:
        return value[0]
    half = len(value) // 2
    if name == "pads" and tuple(value[:half]) == tuple(value[half:]):
        return list(value[:half])
    return list(value)

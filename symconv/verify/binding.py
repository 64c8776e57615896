"""What the parameters of a candidate mean, and in which layout it wants its arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Any

import numpy as np

from symconv.ir import UserError
from symconv.layers.axes import LETTERS
from symconv.verify.dense import Array
from symconv.verify.isolation import Call

# Spellings in lower case, without underscores. The first role that has a spelling gets it.
_PARAMETERS = {
    "x": "x input inputs inp xin image img images a aprev data features featuremap",
    "w": "w weight weights kernel kernels filter filters f",
    "b": "b bias biases",
    "dy": "dy dout gradoutput gradout dz delta deltas upstream outputgradient grad grady dldy dldout dldz gout",
    "strides": "s stride strides",
    "pads": "p pad pads padding",
    "dilations": "d dilation dilations rate",
    "group": "g group groups",
    "kernel_shape": "kernelsize kernelshape ksize poolsize size window k",
    "x_shape": "xshape inputshape inshape",
    "w_shape": "wshape weightshape kshape",
    "cache": "cache",
    "settings": "convparam poolparam params param hparameters hparams",
}
_RETURNED = {
    "y": "y out output z result",
    "dx": "dx gradx gradinput dinput inputgradient gx daprev da",
    "dw": "dw gradw gradweight dweight dweights dkernel dfilter dfilters gw",
    "db": "db gradb gradbias dbias gb",
}


def _table(roles: Mapping[str, str]) -> dict[str, str]:
    out: dict[str, str] = {}
    for role, spellings in roles.items():
        for spelling in spellings.split():
            out.setdefault(spelling, role)
    return out


_PARAMETER, _RETURN = _table(_PARAMETERS), _table(_RETURNED)


@dataclass(frozen=True)
class Layout:
    """Axis letters of the arrays: N batch, C channels, O filters, I their channels, and the spatial letters."""

    x: str
    w: str

    def __str__(self) -> str:
        return f"x {self.x}, w {self.w}"


@dataclass(frozen=True)
class Binding:
    """roles: of the parameters in order; a parameter with a default that has no role is left to its default."""

    roles: tuple[tuple[str, str], ...]

    @property
    def backward(self) -> bool:
        return any(role in ("dy", "cache") for _, role in self.roles)

    def takes(self, role: str) -> bool:
        """Can the candidate be told this attribute?"""
        found = [r for _, r in self.roles]
        # A dictionary of settings is known to hold these two; whether the candidate looks for others cannot be seen.
        return role in found or (role in ("strides", "pads") and ("cache" in found or "settings" in found))


def bind(parameters: Sequence[Mapping[str, Any]], given: Mapping[str, str]) -> Binding:
    """Roles by name. given: roles that the user settled. `UserError` where a needed parameter has no known name."""
    roles = []
    for p in parameters:
        name = p["name"]
        if p["kind"] in ("VAR_POSITIONAL", "VAR_KEYWORD"):
            continue
        role = given.get(name) or _PARAMETER.get(name.lower().replace("_", ""))
        if role is None and p["required"]:
            known = ", ".join(_PARAMETERS)
            raise UserError(
                f"parameter {name} of the candidate is not known: say --bind {name}=ROLE with one of {known}"
            )
        if role is not None and p["kind"] != "KEYWORD_ONLY":
            roles.append((name, role))
        elif p["required"]:
            raise UserError(f"parameter {name} of the candidate is keyword-only: wrap it in a function without such")
        else:
            break  # arguments are passed by position: the first one that is left out ends them
    return Binding(tuple(roles))


def layouts(rank: int, has_weights: bool) -> list[Layout]:
    """Every layout that is tried, the usual ones first."""
    s = _spatial(rank)
    xs = [f"NC{s}", f"N{s}C", f"C{s}", f"{s}C", s]
    ws = [f"OI{s}", f"{s}IO", f"O{s}I", f"IO{s}", s] if has_weights else [""]
    return [Layout(x, w) for x in xs for w in ws if (x == s) == (w in (s, "")) or x != s]


def laid_out(a: Array, layout: str, canonical: str) -> Array:
    """A canonical array in a layout; axes that the layout lacks have one entry."""
    for letter in canonical:
        if letter not in layout:
            axis = canonical.index(letter)
            a, canonical = np.take(a, 0, axis=axis), canonical.replace(letter, "")
    return np.ascontiguousarray(np.transpose(a, [canonical.index(letter) for letter in layout]))


def canonical_of(a: Array, layout: str, canonical: str) -> Array:
    """The inverse of `laid_out`."""
    kept = [letter for letter in canonical if letter in layout]
    a = np.transpose(a, [layout.index(letter) for letter in kept])
    for axis, letter in enumerate(canonical):
        if letter not in layout:
            a = np.expand_dims(a, axis)
    return a


def call_of(
    binding: Binding, layout: Layout, attributes: Mapping[str, Any], tensors: Mapping[str, Array], rank: int
) -> Call:
    """The arguments of a case. tensors: canonical, groups joined."""
    arrays = {name: arranged(name, a, layout, rank) for name, a in tensors.items() if name in ("x", "w", "b", "dy")}
    values = {name: _plain(name, v) for name, v in attributes.items()}
    settings = {"dict": {alias: {"value": values[r]} for r in values for alias in _PARAMETERS[r].split()}}

    def argument(role: str) -> Mapping[str, Any]:
        if role in arrays:
            return {"array": role}
        if role == "cache":
            operands: list[Mapping[str, Any]] = [{"array": n} for n in ("x", "w", "b") if n in arrays]
            return {"tuple": [*operands, settings]}
        if role == "settings":
            return settings
        if role in ("x_shape", "w_shape"):
            return {"value": list(arrays[role[0]].shape)}
        if role not in values:
            raise UserError(f"the candidate wants {role}, which this layer does not have")
        return {"value": values[role]}

    return Call([argument(role) for _, role in binding.roles], arrays)


def arranged(name: str, a: Array, layout: Layout, rank: int) -> Array:
    """An operand or adjoint as the candidate sees it; without spatial axes there is one layout."""
    if not rank:
        return a
    s = _spatial(rank)
    kind = name.removeprefix("d")
    if kind in ("x", "y"):
        return laid_out(a, layout.x, f"NC{s}")
    return laid_out(a, layout.w, f"OI{s}") if kind == "w" and layout.w else a


def restored(name: str, a: Array, shape: tuple[int, ...], layout: Layout, rank: int) -> Array:
    """The inverse of `arranged`, in the shape of the formula, groups apart, where the number of entries allows it."""
    kind = name.removeprefix("d")
    if rank and kind in ("x", "y"):
        a = canonical_of(a, layout.x, f"NC{_spatial(rank)}")
    elif rank and kind == "w":
        a = canonical_of(a, layout.w, f"OI{_spatial(rank)}")
    return a.reshape(shape) if a.size == int(np.prod(shape)) else a


def _spatial(rank: int) -> str:
    """The letters of the spatial axes."""
    return LETTERS[rank].upper()


def _plain(name: str, value: Any) -> Any:
    """One number where all axes agree, as candidates expect it, otherwise one an axis, or all of a pad."""
    if not isinstance(value, (tuple, list)):
        return value
    if len(set(value)) == 1:
        return value[0]
    half = len(value) // 2
    if name == "pads" and tuple(value[:half]) == tuple(value[half:]):
        return list(value[:half])
    return list(value)


def outputs_of(
    arrays: Mapping[str, Array], expected: Mapping[str, tuple[int, ...]], returns: Sequence[str]
) -> dict[str, Array] | None:
    """What came back by output: by key, by `returns`, or by shape; None where the shapes allow no reading.

    expected: the shapes in the candidate's layout. A bias gradient may have any shape with the right number of entries.
    """
    if not all(key.isdigit() for key in arrays):
        named = {_RETURN.get(key.lower().replace("_", ""), key): a for key, a in arrays.items()}
        return {name: a for name, a in named.items() if name in expected}
    values = list(arrays.values())
    if returns:
        return dict(zip(returns, values, strict=False))
    names = [n for n in expected if n != "y"] if "y" not in expected else ["y"]
    for order in permutations(names, min(len(names), len(values))):
        if all(_fits(n, a, expected[n]) for n, a in zip(order, values, strict=False)):
            return dict(zip(order, values, strict=False))
    # Nothing fits: the usual order, in which a wrong shape is a finding.
    return dict(zip(names, values, strict=False)) if len(values) == len(names) else None


def _fits(name: str, a: Array, shape: tuple[int, ...]) -> bool:
    return a.shape == shape or (name == "db" and a.size == int(np.prod(shape)))

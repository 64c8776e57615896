"""What the parameters of a candidate mean: a role for each, by its name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from symconv.ir import UserError
from symconv.verify.names import CONSTRUCTED, PARAMETER, ROLES, counted_as, plain

# What a dictionary of settings may hold.
_SETTINGS = ("strides", "pads", "dilations", "group", "kernel_shape")


@dataclass(frozen=True)
class Parameter:
    """named: passed by name, because one before it is left to its default or because it must be."""

    name: str
    role: str
    named: bool = False
    default: Any = None


@dataclass(frozen=True)
class Binding:
    """The parameters that have a role, in order; those with a default and no role are left alone."""

    parameters: tuple[Parameter, ...]

    @property
    def roles(self) -> frozenset[str]:
        return frozenset(p.role for p in self.parameters)

    @property
    def backward(self) -> bool:
        return bool(self.roles & {"dy", "cache"})

    def takes(self, role: str) -> bool:
        """Can the candidate be told this attribute?"""
        return role in self.roles or (role in _SETTINGS and self.asks(role))

    def asks(self, role: str) -> bool:
        """Could it be told only by a dictionary, in which it may not look?"""
        return role not in self.roles and bool(self.roles & {"cache", "settings"})

    def words(self) -> str:
        """The parameters whose name is not their role's."""
        return ", ".join(f"{p.name} is {p.role}" for p in self.parameters if p.name != p.role)


def bind(
    parameters: Sequence[Mapping[str, Any]], given: Mapping[str, str], constructor: bool = False, owner: str = ""
) -> Binding:
    """Roles by name. given: roles that the user settled. `UserError` where a needed parameter has no known name.

    owner: the function or class, for the message.
    """
    table = CONSTRUCTED if constructor else PARAMETER
    pointed = counted_as if constructor else _pointed
    strange = next((r for r in given.values() if r not in ROLES), None)
    if strange is not None:
        raise UserError(f"role {strange!r}: give one of {', '.join(ROLES)}")
    out: list[Parameter] = []
    taken: set[str] = set()
    left_out = False
    for p in parameters:
        name = p["name"]
        if p["kind"] in ("VAR_POSITIONAL", "VAR_KEYWORD"):
            left_out = True
            continue
        word = str(p.get("default")).lower() in ("same", "valid")
        role = given.get(name) or ("pads" if word else table.get(plain(name)) or pointed(name))
        if constructor and role in ("x", "dy", "y"):
            role = counted_as(name)  # arrays come with the calls
        if role in taken or (role is not None and role not in ROLES):
            role = None
        if role is None and p["required"]:
            raise UserError(
                f"parameter {name} of {owner or 'the candidate'} is not known: say --bind {name}=ROLE with one of "
                f"{', '.join(ROLES)}"
            )
        if role is None:
            left_out = True
            continue
        taken.add(role)
        out.append(Parameter(name, role, left_out or p["kind"] == "KEYWORD_ONLY", p.get("default")))
    return Binding(tuple(out))


def _pointed(name: str) -> str | None:
    """The role of a name such as d_L_d_out, dL_dY or x_train: by what it ends or begins with."""
    flat = plain(name)
    if flat.startswith(("dl", "de", "dj", "grad", "delta", "upstream", "derr")):
        return "dy"
    parts = [part for part in name.lower().split("_") if part]
    if {"error", "err", "grad", "gradient", "delta", "loss", "upstream"} & set(parts):
        return "dy"
    return next((PARAMETER[part] for part in parts if part in PARAMETER and len(part) > 1), None)

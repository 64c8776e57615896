"""Attributes as users write them, made into integers and symbols; every mistake is one line.

Names are ONNX's; PyTorch's spellings are accepted for them. An entry is an integer, a name (which makes it
symbolic), or
a SymPy symbol. No string is ever parsed.
"""

from __future__ import annotations

import difflib
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import sympy as sp

from symconv.ir import UserError, checked_name, size

ALIASES = {
    "kernel_size": "kernel_shape",
    "stride": "strides",
    "dilation": "dilations",
    "padding": "pads",
    "groups": "group",
}
_LARGEST = 2**63 - 1


def canonical(layer: str, given: Mapping[str, Any], allowed: Sequence[str]) -> dict[str, Any]:
    """The attributes under ONNX's names. `padding` keeps its meaning: one pad an axis, for both sides."""
    out: dict[str, Any] = {}
    for name, value in given.items():
        target = ALIASES.get(name, name)
        if target not in allowed:
            raise UserError(unknown(f"attribute {name!r} of {layer}", name, [*allowed, *_aliases_of(allowed)]))
        if target in out:
            raise UserError(f"{target} of {layer} is given twice, as {name} too: give one of them ({name}={value!r})")
        out[target] = Padding(value) if name == "padding" else value
    return out


def _aliases_of(allowed: Iterable[str]) -> list[str]:
    return [alias for alias, name in ALIASES.items() if name in set(allowed)]


def unknown(what: str, name: str, known: Sequence[str]) -> str:
    """The message for a name that is none of the known ones, with the nearest of them."""
    near = difflib.get_close_matches(str(name)[:100], known, n=1, cutoff=0.5)
    hint = f"; did you mean {near[0]}?" if near else ""
    return f"unknown {what}{hint} Known: {', '.join(known)}" if near else f"unknown {what}; known: {', '.join(known)}"


class Padding:
    """PyTorch's padding: an integer, one an axis, 'same' or 'valid'."""

    def __init__(self, value: Any) -> None:
        self.value = value


def entry(name: str, value: Any, least: int, symbol: Callable[[str], sp.Symbol]) -> sp.Expr:
    """One entry of an attribute: an integer >= least, or a symbol."""
    allowed = f"an integer >= {least} or a name such as {name[0]}"
    if isinstance(value, sp.Symbol):
        return symbol(value.name)
    if isinstance(value, str):
        try:
            return symbol(checked_name(value))
        except UserError:
            raise UserError(f"{name} has the entry {shown(value)}: give {allowed}") from None
    try:
        if isinstance(value, bool):
            raise TypeError
        number = operator.index(value)
    except TypeError:
        raise UserError(f"{name} has the entry {shown(value)}: give {allowed}") from None
    if not least <= number <= _LARGEST:
        raise UserError(f"{name} has the entry {shown(number)}: give {allowed}, at most 2**63 - 1")
    return sp.Integer(number)


def shown(value: Any) -> str:
    """A value in a message: whole where it is short, cut where a user pasted a book."""
    text = (
        repr(value) if not isinstance(value, int) or abs(value) < 10**60 else f"an integer of {value.bit_length()} bits"
    )
    return text if len(text) <= 80 else f"{text[:60]}... ({len(text)} characters)"


def per_axis(
    name: str,
    value: Any,
    letters: str,
    default: Sequence[str],
    least: int = 1,
    symbol: Callable[[str], sp.Symbol] = size,
) -> tuple[sp.Expr, ...]:
    """One entry an axis; a single one is for all axes; None is symbolic, under the default names."""
    if value is None:
        return tuple(symbol(d) for d in default)
    entries = tuple(value) if isinstance(value, (tuple, list)) else (value,) * len(default)
    if len(entries) != len(default):
        raise UserError(
            f"{name} = {shown(entries)} has {len(entries)} entries: give {len(default)}, "
            f"one for each of the axes {', '.join(letters)}"
            + (" at the beginning, then at the end" if name == "pads" else "")
        )
    return tuple(entry(name, v, least, symbol) for v in entries)


def number(name: str, value: Any, default: sp.Expr, least: int = 1) -> sp.Expr:
    """A single attribute."""
    return default if value is None else entry(name, value, least, size)


def flag(name: str, value: Any) -> bool:
    """0 or 1."""
    if value in (None, 0, 1, False, True):
        return bool(value)
    raise UserError(f"{name} = {shown(value)}: give 0 or 1")

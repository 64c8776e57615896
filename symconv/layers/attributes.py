"""Attributes as users write them, made into integers and symbols; every mistake is one line.

Names are ONNX's; PyTorch's spellings are accepted for them. An entry is an integer, a name (which makes it symbolic) or
a SymPy symbol. No string is ever parsed.
"""

from __future__ import annotations

import difflib
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sympy as sp

from symconv.ir import UserError, checked_name, offset, size
from symconv.layers.axes import AXES

ALIASES = {
    "kernel_size": "kernel_shape",
    "stride": "strides",
    "dilation": "dilations",
    "padding": "pads",
    "groups": "group",
}
_LARGEST = 2**63 - 1
_SAME = {"same": "SAME_UPPER", "valid": "VALID"}
_OFFSETS = ("pads", "output_padding")
_SIZES = ("kernel_shape", "strides", "dilations", "group", "in_channels", "out_channels", "input_shape", "p")

# What the layers call their own symbols. A name stands for one kind of symbol only, or it would be two, unnoticed.
_INDEX_NAMES = frozenset({*"ngcoi", "oc", "ic", *(name for a in AXES[3] for name in a.indices)})
_SIZE_NAMES = frozenset({*"NGC", "OC", "IC", *(name for a in AXES[3] for name in a.sizes)})
_OFFSET_NAMES = frozenset(name for a in AXES[3] for name in a.offsets)


@dataclass(frozen=True)
class Kind:
    """What an entry may be: an integer >= least, or a symbol of this kind whose name is not `taken` by another kind."""

    symbol: Callable[[str], sp.Symbol]
    least: int
    taken: frozenset[str] = frozenset()


SIZE = Kind(size, 1, _INDEX_NAMES | _OFFSET_NAMES)
PAD = Kind(offset, 0, _INDEX_NAMES | _SIZE_NAMES)


def canonical(layer: str, given: Mapping[str, Any], allowed: Sequence[str], rank: int = 0) -> dict[str, Any]:
    """The attributes under ONNX's names; `padding` as the pads of both sides of each of the `rank` axes."""
    out: dict[str, Any] = {}
    for name, value in given.items():
        target = ALIASES.get(name, name)
        if target not in allowed:
            raise UserError(unknown(f"attribute {name!r} of {layer}", name, [*allowed, *_aliases_of(allowed)]))
        if name == "padding":
            target, value = _from_padding(value, rank)
        if target in out:
            raise UserError(f"{target} of {layer} is given twice, as {name} = {shown(given[name])} too: give it once")
        out[target] = value
    _check_kinds(layer, out)
    return out


def _from_padding(value: Any, rank: int) -> tuple[str, Any]:
    """PyTorch's padding: an integer, one an axis, 'same' or 'valid'."""
    if isinstance(value, str) and value.lower() in _SAME:
        return "auto_pad", _SAME[value.lower()]
    if not isinstance(value, (tuple, list)):
        return "pads", value
    if len(value) != rank:
        raise UserError(f"padding = {shown(value)} has {len(value)} entries: give {rank}, one for each spatial axis")
    return "pads", (*value, *value)


def _check_kinds(layer: str, given: Mapping[str, Any]) -> None:
    """A pad may be 0 and a size may not, so that one name cannot be both."""
    pads = {name: a for a in _OFFSETS for name in _names(given.get(a))}
    for attribute in _SIZES:
        for name in _names(given.get(attribute)):
            if name in pads:
                raise UserError(
                    f"{attribute} and {pads[name]} of {layer} both have the entry {shown(name)}: "
                    f"one is >= 1, the other >= 0, so give them different names"
                )


def _names(value: Any) -> Iterator[str]:
    for entry_ in value if isinstance(value, (tuple, list)) else (value,):
        if isinstance(entry_, (str, sp.Symbol)):
            yield str(entry_)


def _aliases_of(allowed: Iterable[str]) -> list[str]:
    return [alias for alias, name in ALIASES.items() if name in set(allowed)]


def unknown(what: str, name: str, known: Sequence[str]) -> str:
    """The message for a name that is none of the known ones, with the nearest of them."""
    near = difflib.get_close_matches(str(name)[:100], known, n=1, cutoff=0.5)
    if near:
        return f"unknown {what}; did you mean {near[0]}? Known: {', '.join(known)}"
    return f"unknown {what}; known: {', '.join(known)}" if known else f"unknown {what}: it has none"


def entry(name: str, value: Any, kind: Kind = SIZE) -> sp.Expr:
    """One entry of the attribute `name`: an integer or a symbol."""
    allowed = f"an integer >= {kind.least} or a name such as {name[0]}"
    label = value.name if isinstance(value, sp.Symbol) else value
    if isinstance(label, str):
        try:
            symbol = kind.symbol(checked_name(label))
        except UserError:
            raise UserError(f"{name} has the entry {shown(value)}: give {allowed}") from None
        if label in kind.taken:
            raise UserError(f"{name} has the entry {label!r}: the layer has something else of that name; take another")
        return symbol
    try:
        if isinstance(value, bool):
            raise TypeError
        number = operator.index(value)
    except TypeError:
        raise UserError(f"{name} has the entry {shown(value)}: give {allowed}") from None
    if not kind.least <= number <= _LARGEST:
        raise UserError(f"{name} has the entry {shown(number)}: give {allowed}, at most 2**63 - 1")
    return sp.Integer(number)


def shown(value: Any) -> str:
    """A value in a message: on one line, whole where it is short, cut where a user pasted a book."""
    if isinstance(value, int) and abs(value) >= 10**60:
        return f"an integer of {value.bit_length()} bits"
    try:
        text = " ".join(repr(value).split())
    except ValueError:  # Python refuses to spell integers of more than 4300 digits
        return f"a {type(value).__name__} that holds an integer of thousands of digits"
    return text if len(text) <= 80 else f"{text[:60]}... ({len(text)} characters)"


def per_axis(
    name: str, value: Any, axes: Sequence[str], default: Sequence[str], kind: Kind = SIZE
) -> tuple[sp.Expr, ...]:
    """One entry an axis; a single one is for all axes; None is symbolic, under the default names."""
    if value is None:
        return tuple(kind.symbol(d) for d in default)
    entries = tuple(value) if isinstance(value, (tuple, list)) else (value,) * len(default)
    if len(entries) != len(default):
        raise UserError(
            f"{name} = {shown(entries)} has {len(entries)} entries: give {len(default)}, "
            f"one for each of the axes {', '.join(axes)}"
            + (" at the beginning, then at the end" if name == "pads" else "")
        )
    return tuple(entry(name, v, kind) for v in entries)


def number(name: str, value: Any, default: sp.Expr) -> sp.Expr:
    """A single attribute."""
    return default if value is None else entry(name, value)


def flag(name: str, value: Any) -> bool:
    """0 or 1; 0 where it is left out."""
    if value is None or (isinstance(value, int) and value in (0, 1)):
        return bool(value)
    raise UserError(f"{name} = {shown(value)}: give 0 or 1")

"""Declarations of C functions: enough of the language for arrays of numbers and the sizes beside them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from symconv.ir import UserError

REALS = ("float", "double")
_SIGNED = ("int", "long", "long long", "short", "char")
INTEGERS: tuple[str, ...] = (
    *_SIGNED,
    *(f"unsigned {n}" for n in _SIGNED),
    *(f"{u}int{n}_t" for u in ("", "u") for n in (8, 16, 32, 64)),
    *("unsigned", "size_t", "ssize_t", "ptrdiff_t", "bool", "_Bool"),
)
_QUALIFIERS = {"const", "restrict", "__restrict", "__restrict__", "volatile", "register", "static", "signed", "extern"}
_QUALIFIERS |= {"inline", "__inline", "__inline__"}
_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*|^[ \t]*#(?:[^\n\\]|\\.|\\\n)*", re.DOTALL | re.MULTILINE)
_HEAD = re.compile(r"([A-Za-z_][\w\s*]*?[\s*])([A-Za-z_]\w*)\s*\(([^()]*)\)\s*(?=[{;]|\Z)")


@dataclass(frozen=True)
class CParameter:
    """type: of the value, or of what the pointer points to, without qualifiers. const: is that const?"""

    name: str
    type: str
    pointer: bool
    const: bool


@dataclass(frozen=True)
class Prototype:
    name: str
    parameters: tuple[CParameter, ...]
    line: int = 1


def parse_prototype(text: str) -> Prototype:
    """One declaration, such as "void conv(const float *x, float *y, int n)". Raises `UserError` where it is none."""
    for _, found in _declared(text):
        return found
    raise UserError(f"signature {text!r}: give one declaration, such as 'void conv(const float *x, float *y, int n)'")


def find_prototype(source: str, name: str) -> Prototype:
    """The declaration of a function in a source text. Raises `UserError` where it is not there, or static."""
    known = []
    for head, found in _declared(source, only=name):
        if found.name != name:
            known.append(found.name)
        elif "static" in head.split():
            raise UserError(f"function {name} is static, and cannot be called from outside: remove static")
        else:
            return found
    raise UserError(f"there is no function {name} in it; it has {', '.join(dict.fromkeys(known)) or 'none'}")


def _declared(source: str, only: str = "") -> Iterator[tuple[str, Prototype]]:
    """(what stands before the name, the declaration) of every function; only: whose parameters are read."""
    text = _COMMENT.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), source)
    for m in _HEAD.finditer(text):
        head, name, inside = m.groups()
        if {"return", "else", "typedef"} & set(head.split()):
            continue
        line = text.count("\n", 0, m.start(2)) + 1
        parts = [p.strip() for p in inside.split(",")] if not only or name == only else []
        yield head, Prototype(name, tuple(_parameter(p, name) for p in parts if p not in ("", "void")), line)


def _parameter(text: str, function: str) -> CParameter:
    where = f"parameter {text!r} of {function}"
    bare = re.sub(r"\[[^\]]*\]", "*", text)
    words = re.findall(r"[A-Za-z_]\w*", bare)
    if "struct" in words or bare.count("*") > 1 + len(re.findall(r"\]\s*\[", text)):
        raise UserError(f"{where}: give arrays of float or double, and integers")
    if not words:
        raise UserError(f"{where}: it has no name")
    *types, name = words
    kind = " ".join(t for t in types if t not in _QUALIFIERS)
    kind = "long" if kind == "long int" else kind
    pointer = "*" in bare
    if kind not in (*REALS, *INTEGERS):
        raise UserError(f"{where}: its type {kind or name!r} is not known; give float, double or an integer type")
    return CParameter(name, kind, pointer, "const" in types)

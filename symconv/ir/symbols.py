"""Names: the three kinds of integer symbol that a sum is made of.

An *index* runs over a range, a *size* is at least 1, an *offset* (a pad) is at least 0. SymPy tells symbols apart
by name **and** assumptions, so that a size made in two ways would silently be two sizes; every symbol of this
package comes from here. No string is ever parsed: a name becomes a symbol as it stands, or is refused.
"""

from __future__ import annotations

import keyword
import re
from typing import Any

import sympy as sp

from symconv.ir.errors import UserError

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}'*\Z", re.ASCII)


def checked_name(name: str, what: str = "name") -> str:
    """`name` itself when it is a plain identifier (primes may follow), otherwise a `UserError`."""
    if not isinstance(name, str) or not _NAME.match(name) or keyword.iskeyword(name):
        raise UserError(f"{what} {name!r} is not allowed: a letter, then letters, digits or _ (63 at most, no keyword)")
    return name


def index(name: str) -> sp.Symbol:
    """An index: any integer."""
    return sp.Symbol(checked_name(name, "index"), integer=True)


def size(name: str) -> sp.Symbol:
    """A size, a stride or a dilation: an integer >= 1."""
    return sp.Symbol(checked_name(name, "size"), integer=True, positive=True)


def offset(name: str) -> sp.Symbol:
    """A pad: an integer >= 0."""
    return sp.Symbol(checked_name(name, "pad"), integer=True, nonnegative=True)


def fresh(name: str, taken: set[str]) -> sp.Symbol:
    """The index `name` with as many primes as make it differ from every name in `taken`."""
    while name in taken:
        name += "'"
    return index(name)


def integer(value: Any) -> sp.Expr:
    """A SymPy integer expression from an int or an expression; never from a string."""
    return sp.sympify(value, strict=True)

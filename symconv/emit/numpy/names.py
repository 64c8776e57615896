"""Python names for operands, sizes and indices: plain identifiers, no two alike, none that the module needs itself."""

from __future__ import annotations

import keyword
from collections.abc import Iterable

import sympy as sp

# Modules, builtins and parameters that the generated functions speak of.
_TAKEN = frozenset({"np", "out", "dtype", "max", "min", "range", "len", "tuple", "result", "ValueError", "TypeError"})


class Names:
    """Gives names in the order in which they are asked for; a scope inside another one sees its names as taken."""

    def __init__(self, outer: Names | None = None) -> None:
        self.outer = outer
        self.given: dict[object, str] = {}

    def operand(self, name: str) -> str:
        return self._name(("operand", name), name)

    def symbol(self, symbol: sp.Symbol) -> str:
        return self._name(symbol, symbol.name.rstrip("'"))

    def local(self, hint: str) -> str:
        """A name for something that the function computes; the same hint gives the same name."""
        return self._name(("local", hint), hint)

    def known(self, key: object) -> str | None:
        found = self.given.get(key)
        return found if found is not None or self.outer is None else self.outer.known(key)

    def taken(self) -> Iterable[str]:
        yield from self.given.values()
        yield from self.outer.taken() if self.outer else _TAKEN

    def _name(self, key: object, hint: str) -> str:
        found = self.known(key)
        if found is None:
            hint = hint.replace("'", "_")
            found, k, taken = hint, 1, set(self.taken())
            while found in taken or keyword.iskeyword(found) or keyword.issoftkeyword(found):
                k += 1
                found = f"{hint}_{k}"
            self.given[key] = found
        return found

"""C identifiers for the symbols and operands of one kernel: no primes, no keywords, no two alike."""

from __future__ import annotations

import re
from collections.abc import Iterable

import sympy as sp

# Keywords of C11 and C++, and what the generated code itself calls things.
_KEYWORDS = """
alignas alignof and and_eq asm auto bitand bitor bool break case catch char class compl const constexpr const_cast
continue decltype default delete do double dynamic_cast else enum explicit export extern false float for friend goto if
inline int long mutable namespace new noexcept not not_eq nullptr operator or or_eq private protected public register
reinterpret_cast restrict return short signed sizeof static static_assert static_cast struct switch template this
thread_local throw true try typedef typeid typename union unsigned using virtual void volatile wchar_t while xor xor_eq
main
"""
_LOCALS = """
sum best won candidate workspace at kept most bytes rows columns depth panels run from to left right step expected
first second result first_free first_summed second_free second_summed result_rows result_columns first_copy second_copy
"""
_TAKEN = frozenset((_KEYWORDS + _LOCALS).split())
# Weights, vectors and scalars of a stencil's taps; sc_ and SC_ are the support code's.
_NUMBERED = re.compile(r"[wvs]\d+$|sc_", re.IGNORECASE)


class Names:
    """Identifiers by symbol and by operand. Operands come first: they are what a caller sees."""

    def __init__(self, operands: Iterable[str], sizes: Iterable[sp.Symbol]) -> None:
        self._taken = set(_TAKEN)
        self._operands = {name: self._fresh(name) for name in operands}
        self._symbols: dict[sp.Symbol, str] = {}
        for s in sizes:
            self._symbols[s] = self._fresh(s.name)

    def operand(self, name: str) -> str:
        return self._operands[name]

    def __getitem__(self, symbol: sp.Symbol) -> str:
        if symbol not in self._symbols:
            self._symbols[symbol] = self._fresh(symbol.name)
        return self._symbols[symbol]

    def fresh(self, name: str) -> str:
        """An identifier of that name for the printer's own use."""
        return self._fresh(name)

    def _fresh(self, name: str) -> str:
        plain = name.replace("'", "")
        plain = f"v_{plain}" if plain in _TAKEN or _NUMBERED.match(plain) else plain
        out, count = plain, 1
        while out in self._taken:
            count += 1
            out = f"{plain}_{count}"
        self._taken.add(out)
        return out

"""Where a sum has terms, as guards: its ranges, its conditions, and the boxes outside which a factor is zero."""

from __future__ import annotations

from functools import lru_cache

import sympy as sp

from symconv.ir import Access, Context, Guard, IndexedSum, Quot, accesses
from symconv.ir.presburger import box, vanishing


def domain(s: IndexedSum) -> tuple[Guard, ...]:
    """Ranges and guards."""
    return tuple(dict.fromkeys((*(g for r in s.ranges for g in r.guards()), *s.guards)))


@lru_cache(maxsize=1 << 12)
def support(s: IndexedSum, context: Context) -> tuple[Guard, ...]:
    """The domain without the points at which an entry that reads as zero makes the term zero."""
    boxes = (g for a in vanishing(s, s.summand) for g in box(a, context))
    return tuple(dict.fromkeys((*domain(s), *boxes)))


def entry_symbols(e: sp.Expr) -> dict[Access, sp.Symbol]:
    """A real symbol for each entry that the expression speaks of: free variables, for algebra."""
    return {a: sp.Symbol(f"{a.name}@{k}", real=True) for k, a in enumerate(accesses(e))}


def exact_quotients(e: sp.Expr) -> list[Quot]:
    """The quotients in an expression that have a meaning only where they are exact."""
    return sorted(e.atoms(Quot), key=str) if e.has(Quot) else []

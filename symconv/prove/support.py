"""Where a sum has terms, as guards: its ranges, its conditions, and the boxes outside which a factor is zero."""

from __future__ import annotations

from functools import lru_cache

import sympy as sp

from symconv.ir import Access, Between, Context, Guard, IndexedSum, Quot
from symconv.ir.presburger import vanishing


def domain(s: IndexedSum) -> tuple[Guard, ...]:
    """Ranges and guards."""
    return tuple(dict.fromkeys((*(g for r in s.ranges for g in r.guards()), *s.guards)))


def box(a: Access, context: Context) -> tuple[Between, ...]:
    """The entry is inside its operand."""
    return tuple(Between(sp.S.Zero, e, n - 1) for e, n in zip(a.indices, context.shape(a.name), strict=True))


@lru_cache(maxsize=1 << 12)
def support(s: IndexedSum, context: Context) -> tuple[Guard, ...]:
    """The domain without the points at which an entry that reads as zero makes the term zero."""
    boxes = (g for a in vanishing(s, s.summand) for g in box(a, context))
    return tuple(dict.fromkeys((*domain(s), *boxes)))


def exact_quotients(e: sp.Expr) -> list[Quot]:
    """The quotients in an expression that have a meaning only where they are exact."""
    return sorted(e.atoms(Quot), key=str) if e.has(Quot) else []

"""Mistakes of one sum: a bound, a condition, an offset, a stride, an operand, a coefficient, a function."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import sympy as sp

from symconv.ir import Access, Between, Divides, Equal, IndexedSum, Range


def changed_sums(s: IndexedSum) -> Iterator[tuple[str, IndexedSum]]:
    """A sum with one mistake; those that the nouns refuse are left out."""
    for kind, make in _changes(s):
        try:
            changed = make()
        except ValueError:
            continue
        if changed != s:
            yield kind, changed


def _changes(s: IndexedSum) -> Iterator[tuple[str, Callable[[], IndexedSum]]]:
    for k, r in enumerate(s.ranges):
        for wrong in _wrong_ranges(r):
            yield (
                "a bound off by one",
                lambda k=k, wrong=wrong: s.with_(ranges=(*s.ranges[:k], wrong, *s.ranges[k + 1 :])),
            )
    for k, g in enumerate(s.guards):
        rest = (*s.guards[:k], *s.guards[k + 1 :])
        yield "a condition dropped", lambda rest=rest: s.with_(guards=rest)
        yield "a condition changed", lambda rest=rest, g=g: s.with_(guards=(*rest, _wrong_guard(g)))
    for a in s.reads():
        for at in range(len(a.indices)):
            for kind, e in (("an offset", a.indices[at] + 1), ("a stride", 2 * a.indices[at])):
                wrong_read = Access(a.name, *a.indices[:at], e, *a.indices[at + 1 :])
                yield f"{kind} of a read", lambda a=a, b=wrong_read: s.with_(summand=s.summand.xreplace({a: b}))
        for name in ("x", "w", "y", "z"):
            renamed = Access(name, *a.indices)
            yield "an operand renamed", lambda a=a, b=renamed: s.with_(summand=s.summand.xreplace({a: b}))
        yield "zero extension added", lambda a=a: s.with_(extended=s.extended | {a.name})
    for name in s.extended:
        yield "zero extension taken away", lambda name=name: s.with_(extended=s.extended - {name})
    if s.result.indices:
        moved = Access(s.result.name, s.result.indices[0] + 1, *s.result.indices[1:])
        yield "the result moved", lambda: s.with_(result=moved)
        yield "the result reversed", lambda: s.with_(result=Access(s.result.name, *s.result.indices[::-1]))
    for factor in (2, -1):
        yield "a coefficient changed", lambda factor=factor: s.with_(summand=factor * s.summand)
    yield "a term added", lambda: s.with_(summand=s.summand + 1)
    for call in _calls(s.summand):
        yield (
            "a function for its derivative",
            lambda call=call: s.with_(summand=s.summand.xreplace({call: _derivative(call)})),
        )


def _wrong_ranges(r: Range) -> Iterator[Range]:
    for k, b in enumerate(r.uppers):
        for by in (1, -1):
            yield replace(r, uppers=(*r.uppers[:k], b + by, *r.uppers[k + 1 :]))
    for k, b in enumerate(r.lowers):
        yield replace(r, lowers=(*r.lowers[:k], b + 1, *r.lowers[k + 1 :]))


def _wrong_guard(g: Any) -> Any:
    if isinstance(g, Divides):
        return Divides(g.den, g.num + 1)
    return Equal(g.lhs, g.rhs + 1) if isinstance(g, Equal) else Between(g.lo, g.e, g.hi + 1)


def _calls(e: sp.Expr) -> list[sp.Expr]:
    """Functions and powers of one argument in a summand."""
    return [c for c in sp.preorder_traversal(e) if (isinstance(c, sp.Function) or c.is_Pow) and c.atoms(Access)]


def _derivative(call: sp.Expr) -> sp.Expr:
    t = sp.Dummy("t", real=True)
    return call.func(t, *call.args[1:]).diff(t).xreplace({t: call.args[0]})

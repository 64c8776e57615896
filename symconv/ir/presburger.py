"""From the nouns to isl text. The only module that spells isl's syntax.

Symbols are renamed to P0, P1, .. (sizes) and i0, i1, .. (indices): isl reads a repeated name in a tuple as an
equality, and knows no primes. What Presburger arithmetic cannot say raises `Unknown` before isl sees it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache

import islpy as isl
import sympy as sp

from symconv.ir.domain import Between, Divides, Equal, Guard, Range, sort_key
from symconv.ir.errors import Unknown
from symconv.ir.layer import Context
from symconv.ir.nodes import Access, CeilDiv, Quotient
from symconv.ir.sums import IndexedSum


class Names(dict[sp.Symbol, str]):
    """What symbols are called in isl's text. scales: those that will stand for numbers, and may multiply or divide."""

    def __init__(self, names: Mapping[sp.Symbol, str], scales: Iterable[sp.Symbol] = ()) -> None:
        super().__init__(names)
        self.scales = frozenset(scales)

    def is_number(self, e: sp.Expr) -> bool:
        return bool(e.is_Integer) or e in self.scales


def affine(e: sp.Expr, names: Names) -> str:
    """An isl affine expression."""
    if e.is_Integer:
        return f"({int(e)})"  # int() first: SymPy would send each number through its printer
    if e.is_Symbol:
        if e not in names:
            raise Unknown(f"{e} is not among the sizes that the prover was told of")
        return names[e]
    if e.is_Add:
        return "(" + " + ".join([affine(a, names) for a in e.args]) + ")"
    if isinstance(e, Quotient):
        return _quotient(e, names)
    if isinstance(e, (sp.Max, sp.Min)):
        return f"{'max' if isinstance(e, sp.Max) else 'min'}({', '.join(affine(a, names) for a in e.args)})"
    if e.is_Mul and sum(not names.is_number(f) for f in e.args) <= 1:
        return f"({'*'.join(_factor(f, names) for f in sorted(e.args, key=names.is_number, reverse=True))})"
    raise Unknown(f"{sp.sstr(e)} is a product of symbols, which Presburger arithmetic does not have")


def _factor(e: sp.Expr, names: Names) -> str:
    """A factor or a divisor: isl takes numbers there without parentheses only."""
    return str(int(e)) if e.is_Integer else affine(e, names)


def _quotient(e: Quotient, names: Names) -> str:
    if not names.is_number(e.den):
        raise Unknown(f"division by the symbol {e.den}")
    rounding = "ceil" if isinstance(e, CeilDiv) else "floor"
    return f"{rounding}(({affine(e.num, names)})/{_factor(e.den, names)})"


def constraint(g: Guard, names: Names) -> str:
    """An isl formula. Max and Min in bounds become conjunctions: isl's own make unions that explode."""
    if isinstance(g, Equal):
        return f"{affine(g.lhs, names)} = {affine(g.rhs, names)}"
    if isinstance(g, Divides):
        if not names.is_number(g.den):
            raise Unknown(f"divisibility by the symbol {g.den}")
        return f"({affine(g.num, names)}) mod {_factor(g.den, names)} = 0"
    middle = affine(g.e, names)
    lows = g.lo.args if isinstance(g.lo, sp.Max) else (g.lo,)
    highs = g.hi.args if isinstance(g.hi, sp.Min) else (g.hi,)
    return " and ".join(
        [f"{affine(v, names)} <= {middle}" for v in lows] + [f"{middle} <= {affine(v, names)}" for v in highs]
    )


MOST_OPERATIONS = 20_000_000


@contextmanager
def limited(context: isl.Context = isl.DEFAULT_CONTEXT, operations: int = MOST_OPERATIONS) -> Iterator[None]:
    """isl stops after a bounded number of its own operations, some seconds; that and its errors become `Unknown`."""
    context.set_max_operations(operations)
    context.reset_operations()
    try:
        yield
    except isl.Error as error:
        raise Unknown(f"the solver of linear integer arithmetic gave up: {' '.join(str(error).split())}") from None
    finally:
        context.set_max_operations(0)
        context.reset_operations()


@lru_cache(maxsize=256)
def size_names(context: Context) -> Names:
    return Names({s: f"P{k}" for k, s in enumerate(context.sizes)})


@lru_cache(maxsize=256)
def context_text(context: Context) -> str:
    """What is known of the sizes."""
    names = size_names(context)
    known = [f"{names[s]} >= {1 if s.is_positive else 0}" for s in context.sizes if s.is_nonnegative]
    return " and ".join(known + [constraint(a, names) for a in context.assumptions]) or "true"


@lru_cache(maxsize=256)
def possible(context: Context) -> bool:
    """Does any choice of sizes satisfy the context? In an impossible one everything would be proved."""
    one = context.substitute(dict.fromkeys(context.scales, 1)) if context.scales else context
    return not known_sizes(one).is_empty()


@lru_cache(maxsize=256)
def known_sizes(context: Context) -> isl.Set:
    """The sizes that satisfy the context, as a set of parameters."""
    return isl.Set(f"{parameters(context)} -> {{ : {context_text(context)} }}")


@lru_cache(maxsize=256)
def parameters(context: Context) -> str:
    return "[" + ", ".join(size_names(context).values()) + "]"


def all_names(context: Context, indices: Iterable[sp.Symbol]) -> Names:
    return Names({**size_names(context), **{i: f"i{k}" for k, i in enumerate(indices)}})


def range_text(r: Range, names: Names) -> str:
    i = names[r.index]
    return " and ".join(
        [f"{affine(v, names)} <= {i}" for v in r.lowers] + [f"{i} <= {affine(v, names)}" for v in r.uppers]
    )


def domain_text(s: IndexedSum, names: Names) -> str:
    """The domain of a sum: ranges and guards."""
    parts = [range_text(r, names) for r in s.ranges]
    parts += [constraint(g, names) for g in s.guards]
    return " and ".join(parts) or "true"


def box(a: Access, context: Context) -> tuple[Between, ...]:
    """The entry is inside its operand."""
    return tuple(Between(sp.S.Zero, e, n - 1) for e, n in zip(a.indices, context.shape(a.name), strict=True))


def box_text(a: Access, names: Names, context: Context) -> list[str]:
    """The access is inside its operand's box."""
    return [constraint(g, names) for g in box(a, context)]


def vanishing(s: IndexedSum, e: sp.Expr) -> tuple[Access, ...]:
    """The zero-extended accesses of `s` that make the term `e` vanish when they are zero."""
    reads = [a for a in sorted(e.atoms(Access), key=sort_key) if a.name in s.extended]
    return tuple(a for a in reads if e.xreplace({a: sp.S.Zero}) == 0)


def isl_map(
    context: Context, names: Names, indices: Sequence[sp.Symbol], target: Sequence[sp.Expr], where: str
) -> isl.Map:
    """{ [indices] -> [target] : where }"""
    source = ", ".join(names[i] for i in indices)
    image = ", ".join(affine(e, names) for e in target)
    free = isl.Map(f"{parameters(context)} -> {{ [{source}] -> [{image}] }}")
    return free.intersect_domain(isl_set(context, names, indices, where))


def isl_set(context: Context, names: Names, indices: Sequence[sp.Symbol], where: str) -> isl.Set:
    """{ [indices] : where }, for the sizes that satisfy the context"""
    text = f"{parameters(context)} -> {{ [{', '.join(names[i] for i in indices)}] : {where} }}"
    return _parsed(text).intersect_params(known_sizes(context))


@lru_cache(maxsize=1024)
def _parsed(text: str) -> isl.Set:
    """Reading isl's text costs more than most questions about it, and one domain is asked about many times."""
    return isl.Set(text)

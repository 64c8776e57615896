"""The adjoint relation: the gradient read off the forward formula by exchanging roles. It shares no code with `derive`.

A term  c A[a] B[b] ...  of y[i] contributes  c dy[i] B[b] ...  to dA[a]: the forward relation with its columns
permuted. A factor that is no plain access keeps its columns, and its template is differentiated by SymPy alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import islpy as isl
import sympy as sp

from symconv.ir import Access, Context, IndexedSum, index
from symconv.ir.errors import Unknown
from symconv.ir.presburger import all_names, box_text, isl_set
from symconv.prove.relation import Factor, Key, Monomial, Relation, monomials, term_set, without_idle_indices

Columns = list[int]


def adjoint_relation(forward: Iterable[IndexedSum], wrt: str, context: Context) -> Relation:
    """The relation of dE/d`wrt` in terms of the adjoints of what the forward sums write."""
    out: Relation = {}
    for s in forward:
        for m in monomials(s):
            times, needed = without_idle_indices(s, m)
            points = term_set(needed, m, context)
            for key, coefficient, columns in _swapped(s, m, wrt):
                inside = _permuted(points, columns).intersect(_box(wrt, len(columns), context))
                out.setdefault(key, []).append((times * coefficient, inside))
    return out


def _box(wrt: str, columns: int, context: Context) -> isl.Set:
    """Only entries that exist have a gradient: f(A[-1]) with A read as zero there contributes to none."""
    axes = [index(f"a{k}") for k in range(columns)]
    names = all_names(context, axes)
    inside = box_text(Access(wrt, *axes[: len(context.shape(wrt))]), names, context)
    return isl_set(context, names, axes, " and ".join(inside) or "true")


def _swapped(s: IndexedSum, m: Monomial, wrt: str) -> Iterator[tuple[Key, sp.Expr, Columns]]:
    """For each occurrence of `wrt` in the monomial: the key, coefficient and column order of its adjoint term."""
    rank = len(s.result.indices)
    starts = _starts(m.factors, rank)
    for t, factor in enumerate(m.factors):
        for k, access in enumerate(factor.accesses):
            if access.name != wrt:
                continue
            at = starts[t] + sum(len(a.indices) for a in factor.accesses[:k])
            own = list(range(at, at + len(access.indices)))
            rest = [(f.template, _columns(starts[j], f)) for j, f in enumerate(m.factors) if j != t]
            for coefficient, local in _derivative(factor, access, starts[t]):
                if {name for name, _ in local} & {name for name, _ in rest}:
                    raise Unknown(
                        f"the derivative of {factor.template} repeats another factor: their order is not known"
                    )
                parts = sorted([(f"d{s.result.name}", list(range(rank))), *rest, *local], key=lambda p: p[0])
                key = (f"d{wrt}", tuple(name for name, _ in parts))
                yield key, m.coefficient * coefficient, own + [c for _, cols in parts for c in cols]


def _starts(factors: Sequence[Factor], rank: int) -> list[int]:
    out = [rank]
    for f in factors:
        out.append(out[-1] + len(f.point))
    return out


def _columns(start: int, f: Factor) -> Columns:
    return list(range(start, start + len(f.point)))


def _derivative(factor: Factor, access: Access, start: int) -> Iterator[tuple[sp.Expr, list[tuple[str, Columns]]]]:
    """(coefficient, [(template, columns)]) of the derivative of one factor by one of its accesses."""
    if factor.expression == access:
        yield sp.S.One, []
        return
    hole = sp.Dummy("own", real=True)
    derivative = sp.diff(factor.expression.xreplace({access: hole}), hole).xreplace({hole: access})
    if factor.loose:
        raise Unknown(f"the factor {factor.template} mentions an index outside an access")
    where = {e: start + k for k, e in enumerate(factor.point)}
    probe = IndexedSum(Access("probe"), (), (), derivative)
    for m in monomials(probe):
        yield m.coefficient, [(f.template, [where[e] for e in f.point]) for f in m.factors]


def _permuted(points: isl.Set, columns: Columns) -> isl.Set:
    count = points.dim(isl.dim_type.set)
    names = [f"a{k}" for k in range(count)]
    return points.apply(isl.Map(f"{{ [{', '.join(names)}] -> [{', '.join(names[c] for c in columns)}] }}"))

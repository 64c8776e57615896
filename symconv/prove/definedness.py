"""Is a list of sums defined at all? Reads outside an array, inexact quotients, single writers, coverage."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import islpy as isl
import sympy as sp

from symconv.ir import Access, Context, Guard, IndexedSum, Quot, index, sort_key
from symconv.ir.presburger import affine, all_names, box_text, domain_text, isl_map, isl_set
from symconv.prove.smallest import smallest_points


@dataclass(frozen=True)
class Misread:
    """The smallest read outside an operand's box, or quotient that is no integer."""

    sizes: tuple[int, ...]
    operand: str
    at: tuple[int, ...]


def first_misread(sums: Iterable[IndexedSum], context: Context) -> Misread | None:
    """The smallest undefined read of a list of sums, None where every read is defined for all sizes."""
    found = [m for s in sums for a in s.reads() if context.has(a.name) for m in [_misread(s, a, context)] if m]
    return min(found, key=lambda m: (sum(m.sizes), m.sizes, m.operand, m.at), default=None)


def _misread(s: IndexedSum, a: Access, context: Context) -> Misread | None:
    if _ranges_over_its_box(s, a, context):
        return None
    # A factor that is zero outside its box excuses no other one: 0 times an entry that does not exist is an error.
    names = all_names(context, s.indices)
    where = domain_text(s, names)
    exact = [q for q in sorted(a.atoms(Quot), key=sort_key) if q.den.is_Integer]
    fine = [f"({affine(q.num, names)}) mod {q.den} = 0" for q in exact]
    fine += [] if a.name in s.extended else box_text(a, names, context)
    domain = isl_set(context, names, s.indices, where)
    defined = isl_set(context, names, s.indices, " and ".join(fine) or "true")
    if domain.is_subset(defined):
        return None
    read = isl_map(context, names, s.indices, a.indices, "true").intersect_domain(domain.subtract(defined))
    sizes, at = next(smallest_points(read.range(), context))
    return Misread(sizes, a.name, at)


def _ranges_over_its_box(s: IndexedSum, a: Access, context: Context) -> bool:
    """Is every index of the access an index that ranges over that very axis? Then isl need not be asked."""
    ranges = {r.index: r for r in s.ranges}
    axes = zip(a.indices, context.shape(a.name), strict=True)
    return all(e in ranges and sp.S.Zero in ranges[e].lowers and n - 1 in ranges[e].uppers for e, n in axes)


def written(s: IndexedSum, context: Context) -> isl.Map:
    """{ parallel indices -> result entry }, reductions projected away: which iteration writes which entry."""
    names = all_names(context, s.indices)
    domain = isl_set(context, names, s.indices, domain_text(s, names))
    parallel = {r.index for r in s.parallel}
    ranged = isl_map(context, names, s.indices, [i for i in s.indices if i in parallel], "true").intersect_domain(
        domain
    )
    kept = [i for i in s.indices if i in parallel]
    return isl_map(context, all_names(context, kept), kept, s.result.indices, "true").intersect_domain(ranged.range())


def single_writer(sums: Sequence[IndexedSum], context: Context) -> bool:
    """Is every entry of the result written by at most one point of the parallel indices, over all sums together?"""
    seen: isl.Set | None = None
    for s in sums:
        entries = written(s, context)
        if not entries.is_injective() or (seen is not None and not seen.is_disjoint(entries.range())):
            return False
        seen = entries.range() if seen is None else seen.union(entries.range())
    return True


def covers(sums: Sequence[IndexedSum], context: Context) -> bool:
    """Is every entry of the result written by some sum, zeros included, over its parallel indices alone?

    A gather form leaves no entry out even where its reduction is empty, so that guards and reduced ranges do not count.
    """
    shape = context.shape(sums[0].result.name)
    seen: isl.Set | None = None
    for s in sums:
        parallel = {r.index for r in s.parallel}
        bare = s.with_(ranges=s.parallel, summand=sp.S.One, guards=tuple(g for g in s.guards if _only(g, parallel)))
        entries = written(bare, context).range()
        seen = entries if seen is None else seen.union(entries)
    axes = [index(f"a{k}") for k in range(len(shape))]
    names = all_names(context, axes)
    inside = [f"0 <= {names[i]} < {affine(n, names)}" for i, n in zip(axes, shape, strict=True)]
    box = isl_set(context, names, axes, " and ".join(inside) or "true")
    return bool(box.is_subset(seen))


def _only(g: Guard, parallel: set[sp.Symbol]) -> bool:
    return all(i.is_nonnegative or i in parallel for i in g.symbols)

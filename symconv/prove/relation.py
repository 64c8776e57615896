"""The meaning of a sum: a weighted relation between result entries and operand entries.

A point is (result index, access indices); points that coincide add their coefficients. Two lists of sums are equal
for all sizes and all operand values when every cell of lhs - rhs has coefficient zero. The argument needs iteration
-> point to be injective on each side; where it is not, the answer is `Unknown`, never a refutation.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, permutations, product

import islpy as isl
import sympy as sp

from symconv.ir import Access, Apply, Context, IndexedSum, sort_key
from symconv.ir.errors import Unknown
from symconv.ir.presburger import Names, affine, all_names, domain_text, isl_map, vanishing


@dataclass(frozen=True)
class Factor:
    """One factor of a monomial: its shape with holes for the accesses ("x", "f'(#0)"), and what fills the holes."""

    template: str
    expression: sp.Expr
    accesses: tuple[Access, ...]
    loose: tuple[sp.Expr, ...] = ()

    @property
    def point(self) -> tuple[sp.Expr, ...]:
        return tuple(i for a in self.accesses for i in a.indices) + self.loose


@dataclass(frozen=True)
class Monomial:
    """coefficient * product of factors, factors in canonical order of their templates."""

    coefficient: sp.Expr
    factors: tuple[Factor, ...]
    term: sp.Expr

    @property
    def key(self) -> tuple[str, ...]:
        return tuple(f.template for f in self.factors)


def is_free(template: str) -> bool:
    """Is the factor an entry of an operand, or an opaque function of one? Others may be equal in disguise."""
    return "#" not in template


Key = tuple[str, tuple[str, ...]]
Cells = list[tuple[sp.Expr, isl.Set]]
Relation = dict[Key, Cells]
Cell = tuple[Key, sp.Expr, isl.Set]


def monomials(s: IndexedSum) -> Iterator[Monomial]:
    """The summand as a sum of monomials in accesses and opaque functions of accesses."""
    bound = set(s.indices)
    for term in sp.Add.make_args(expanded(s.summand)):
        if term == 0:
            continue
        coefficient, factors = sp.S.One, []
        for base, times in map(_power, sp.Mul.make_args(term)):
            if base.atoms(Access) or base.free_symbols & bound:
                factors += [_factor(base, bound)] * times
            else:
                coefficient *= base**times
        yield Monomial(coefficient, tuple(sorted(factors, key=_factor_order)), term)


def expanded(e: sp.Expr) -> sp.Expr:
    """Products and whole powers of sums multiplied out, and nothing else: exp(a + b) stays one factor."""
    return sp.expand(e, power_base=False, power_exp=False, log=False, basic=False)


def _power(f: sp.Expr) -> tuple[sp.Expr, int]:
    whole = f.is_Pow and f.exp.is_Integer and f.exp > 0
    return (f.base, int(f.exp)) if whole else (f, 1)


def _factor_order(f: Factor) -> tuple[str, list[object]]:
    return f.template, [sort_key(e) for e in f.point]


def _factor(e: sp.Expr, bound: set[sp.Symbol]) -> Factor:
    if isinstance(e, Access):
        return Factor(e.name, e, (e,))
    if isinstance(e, Apply) and isinstance(e.argument, Access):
        return Factor(f"{e.name}^({e.order})({e.argument.name})", e, (e.argument,))
    accesses = sorted(e.atoms(Access), key=sort_key)
    holes = {a: sp.Symbol(f"{a.name}#{k}", real=True) for k, a in enumerate(accesses)}
    rest = e.xreplace(holes)
    loose = sorted(rest.free_symbols & bound, key=lambda i: i.name)
    template = rest.xreplace({i: sp.Symbol(f"#{k}", integer=True) for k, i in enumerate(loose)})
    return Factor(sp.sstr(template), e, tuple(accesses), tuple(loose))


def relation(sums: Iterable[IndexedSum], context: Context) -> Relation:
    """The weighted relation of a list of sums. Raises `Unknown` where it is not affine or not injective."""
    out: Relation = {}
    for s in sums:
        for m in monomials(s):
            times, needed = without_idle_indices(s, m)
            out.setdefault((s.result.name, m.key), []).append((times * m.coefficient, term_set(needed, m, context)))
    return out


def without_idle_indices(s: IndexedSum, m: Monomial) -> tuple[sp.Expr, IndexedSum]:
    """sum_{k=lo}^{hi} F = (hi - lo + 1) F where F does not mention k: the factor, and the sum without such indices."""
    busy = s.result.free_symbols.union(
        *(e.free_symbols for f in m.factors for e in f.point),
        *(g.symbols for g in s.guards),
        *(r.symbols for r in s.ranges),
    )
    times, kept = sp.S.One, []
    for r in s.ranges:
        count = r.uppers[0] - r.lowers[0] + 1
        idle = r.index not in busy and len(r.bounds) == 2 and not count.free_symbols & set(s.indices)
        if idle and count.is_nonnegative:
            times *= count
        else:
            kept.append(r)
    return times, (s if times == 1 else s.with_(ranges=tuple(kept)))


def term_set(s: IndexedSum, m: Monomial, context: Context) -> isl.Set:
    """The points of one monomial of one sum."""
    names = all_names(context, s.indices)
    where = domain_text(s, names, context, vanishing(s, m.term))
    pieces = []
    for order, ordered in _arrangements(m.factors, names):
        target = [*s.result.indices, *(i for k in order for i in m.factors[k].point)]
        pieces.append(isl_map(context, names, s.indices, target, " and ".join([where, *ordered])))
    points = pieces[0]
    for piece in pieces[1:]:
        points = points.union(piece)
    if not points.is_injective():
        raise Unknown(f"several iterations give the same term of {s.result.name}, and multiplicities are not counted")
    return points.range()


def _arrangements(factors: Sequence[Factor], names: Names) -> Iterator[tuple[tuple[int, ...], list[str]]]:
    """Orders of the factors with equal templates, each with the condition under which it is the sorted one.

    x[a] x[b] and x[b] x[a] are one monomial: every point is stored with equal-named factors in lexicographic order.
    """
    groups: dict[str, list[int]] = {}
    for k, f in enumerate(factors):
        groups.setdefault(f.template, []).append(k)
    for choice in product(*(permutations(g) for g in groups.values())):
        conditions = [_lex(factors[a].point, factors[b].point, a > b, names) for g in choice for a, b in pairwise(g)]
        yield tuple(k for g in choice for k in g), conditions


def _lex(a: Sequence[sp.Expr], b: Sequence[sp.Expr], strict: bool, names: Names) -> str:
    """a before b in lexicographic order; equal ones count as before unless `strict`."""
    left, right = [affine(e, names) for e in a], [affine(e, names) for e in b]
    equal = [f"{x} = {y}" for x, y in zip(left, right, strict=True)]
    cases = [" and ".join([*equal[:k], f"{left[k]} < {right[k]}"]) for k in range(len(left))]
    if not strict:
        cases.append(" and ".join(equal) or "true")
    return "(" + " or ".join(f"({c})" for c in cases) + ")" if cases else "false"


def difference(lhs: Relation, rhs: Relation) -> Iterator[Cell]:
    """The cells of lhs - rhs whose coefficient is not identically zero: disjoint sets, each with its coefficient."""
    for key in dict.fromkeys([*lhs, *rhs]):
        weighted = lhs.get(key, []) + [(-c, s) for c, s in rhs.get(key, [])]
        for c, s in _disjoint(weighted):
            if sp.simplify(c) != 0:
                yield key, c, s


def _disjoint(weighted: Cells) -> Cells:
    """Disjoint sets with the total coefficient of each."""
    cells: Cells = []
    for coefficient, new in weighted:
        split: Cells = []
        for c, old in cells:
            both = old.intersect(new)
            if both.is_empty():
                split.append((c, old))
                continue
            split.append((c + coefficient, both))
            split.append((c, old.subtract(new)))
            new = new.subtract(old)
        split.append((coefficient, new))
        cells = [(c, s) for c, s in split if not s.is_empty()]
    return cells

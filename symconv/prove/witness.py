"""Proof of one move by its witness and inverse: the two undo each other, the pieces are disjoint and onto.

before = sum over D of F(J);  after = sum over pieces k of D_k of F_k(J_k);  J = g_k(J_k),  J_k = h_k(J).

    inside      J_k in D_k  =>  g_k(J_k) in D
    undone      J_k in D_k  =>  h_k(g_k(J_k)) = J_k                 so that g_k is injective
    disjoint    J_k in D_k  =>  not (h_l(g_k(J_k)) in D_l  and  g_l(h_l(g_k(J_k))) = g_k(J_k))        for l != k
    onto        J in D      =>  for some k: h_k(J) in D_k  and  g_k(h_k(J)) = J
    the same    J_k in D_k  =>  F(g_k(J_k)) = F_k(J_k), and both add to the same entry

Then the two are equal for all sizes and all values, whatever functions the summands hold. Quotients are read as floors
throughout; that exact ones are exact is checked of each line by `check_defined`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import sympy as sp

from symconv.ir import Access, Divides, Equal, Guard, IndexedSum, Piece, accesses
from symconv.ir.presburger import box
from symconv.prove.ledger import Failed, Ledger, OutOfBounds
from symconv.prove.scalars import vanishes
from symconv.prove.support import domain, entry_symbols, exact_quotients, support


def check_pieces(before: IndexedSum, pieces: Sequence[Piece], ledger: Ledger) -> None:
    """before = sum of the pieces. `Failed` names the condition that does not hold."""
    live = [p for p in pieces if p.after.summand != 0]
    if not live and vanishes(before.summand.xreplace(entry_symbols(before.summand))):
        return
    old = support(before, ledger.context)
    for piece in live:
        _check_inside(before, old, piece, ledger)
        _check_undone(before, piece, ledger)
        _check_same(before, piece, ledger)
    for first, second in combinations(live, 2):
        _check_disjoint(before, first, second, ledger)
    alternatives = tuple(_reached(before, old, piece, ledger) for piece in live)
    ledger.require("onto", before, old, alternatives, "terms are lost: the change of index is not onto")


def _new(piece: Piece, ledger: Ledger) -> tuple[Guard, ...]:
    return support(piece.after, ledger.context)


def _check_inside(before: IndexedSum, old: Sequence[Guard], piece: Piece, ledger: Ledger) -> None:
    forward = dict(piece.witness)
    moved = tuple(g.map(lambda e: e.xreplace(forward)) for g in old)
    why = "terms are added: a condition was dropped, such as divisibility or a range"
    _check_known(moved, piece.after, "the witness")
    ledger.require("inside", piece.after, _new(piece, ledger), (moved,), why)


def _check_undone(before: IndexedSum, piece: Piece, ledger: Ledger) -> None:
    back, forward = dict(piece.inverse), dict(piece.witness)
    for i in piece.after.indices:
        if i not in back and i not in before.indices:
            raise Failed(f"no inverse is given for the index {i}")
        same = Equal(back.get(i, i).xreplace(forward), i)
        _check_known((same,), piece.after, "the inverse")
        why = "the change of index is not injective: a term is counted twice"
        ledger.require(f"{i} is undone", piece.after, _new(piece, ledger), ((same,),), why)


def _check_known(guards: Sequence[Guard], s: IndexedSum, what: str) -> None:
    """Indices that are neither of the sum nor replaced would be free, and mean nothing."""
    known = set(s.indices)
    loose = next((v for g in guards for v in g.symbols if v not in known and v.is_nonnegative is None), None)
    if loose is not None:
        raise Failed(f"{what} leaves the index {loose} open")


def _reached(before: IndexedSum, old: Sequence[Guard], piece: Piece, ledger: Ledger) -> tuple[Guard, ...]:
    """h(J) in D_k and g(h(J)) = J, without what the old domain says already."""
    back, forward = dict(piece.inverse), dict(piece.witness)
    inside = (g.map(lambda e: e.xreplace(back)) for g in _new(piece, ledger))
    returns = (Equal(forward[i].xreplace(back), i) for i in before.indices if i in forward)
    stays = (Equal(back[i], i) for i in before.indices if i in back and i not in forward)
    shown = tuple(g for g in (*inside, *returns, *stays) if g not in old)
    _check_known(shown, before, "the inverse")
    return shown


def _check_disjoint(before: IndexedSum, first: Piece, second: Piece, ledger: Ledger) -> None:
    """That the second piece comes back to where the first one is; first without what does not speak of that."""
    forward, new = dict(first.witness), _new(first, ledger)
    meets = _reached(before, support(before, ledger.context), second, ledger)
    meets = tuple(g.map(lambda e: e.xreplace(forward)) for g in meets)
    returns = tuple(g for g in meets if isinstance(g, Equal))
    touched = frozenset().union(*(g.symbols for g in returns)) & set(first.after.indices)
    near = tuple(g for g in new if g.symbols & touched)
    about = "pieces are disjoint"
    if not ledger.proves(about, first.after, (*near, *returns), ()):
        why = "two pieces overlap: a term is counted twice"
        ledger.require(about, first.after, (*new, *meets), (), why)


def _check_same(before: IndexedSum, piece: Piece, ledger: Ledger) -> None:
    """The entry that is added to, and the summand, at every point of the piece."""
    after, forward = piece.after, dict(piece.witness)
    if before.result.name != after.result.name:
        raise Failed(f"{before.result.name} is computed, and {after.result.name} is written")
    new = _new(piece, ledger)
    moved = before.result.xreplace(forward)
    pairs = tuple(Equal(e, f) for e, f in zip(moved.indices, after.result.indices, strict=True))
    ledger.require("the same entry", after, new, (pairs,), "the result index differs")
    if not same_value(before.summand.xreplace(forward), after, new, ledger):
        raise Failed("the summand differs: an index, a coefficient or a function is wrong")


def same_value(moved: sp.Expr, after: IndexedSum, new: Sequence[Guard], ledger: Ledger) -> bool:
    """Is `moved` the summand of `after` at every point of its domain, for all values of the entries?"""
    if moved == after.summand:
        return True
    holes: dict[Access, Access] = {}
    for a in (*accesses(after.summand), *accesses(moved)):
        rivals = [b for b in dict.fromkeys(holes.values()) if b.name == a.name and len(b.indices) == len(a.indices)]
        holes[a] = next((b for b in rivals if _same_entry(a, b, after, new, ledger)), a)
    difference = moved.xreplace(holes) - after.summand.xreplace(holes)
    return vanishes(difference.xreplace(entry_symbols(difference)))


def _same_entry(a: Access, b: Access, s: IndexedSum, given: Sequence[Guard], ledger: Ledger) -> bool:
    pairs = tuple(Equal(e, f) for e, f in zip(a.indices, b.indices, strict=True))
    return ledger.proves(f"{a.name} is read at the same entry", s, given, (pairs,))


def check_defined(s: IndexedSum, ledger: Ledger) -> None:
    """Every entry is inside its operand unless that reads as zero outside, every exact quotient is exact."""
    held = domain(s)
    for k, g in enumerate(s.guards):
        before = tuple(x for x in held if x not in s.guards[k:])
        for q in (q for e in g.expressions() for q in exact_quotients(e)):
            _require(Divides(q.den, q.num), "a quotient is exact", s, before, ledger)
    for a in (s.result, *accesses(s.summand)):
        for q in exact_quotients(a):
            _require(Divides(q.den, q.num), "a quotient is exact", s, held, ledger)
        if a.name not in s.extended and ledger.context.has(a.name):
            for inside in box(a, ledger.context):
                _require(inside, f"{a.name} stays inside its array", s, held, ledger)


def _require(g: Guard, about: str, s: IndexedSum, given: Sequence[Guard], ledger: Ledger) -> None:
    if not ledger.proves(about, s, given, ((g,),)):
        raise OutOfBounds(f"it is not so that {about}")

"""Proof of one move by its witness: a change of index that is injective, disjoint, onto, and keeps the summand.

before = sum over D of F(J);  after = sum over pieces k of D_k of F_k(J_k);  J = g_k(J_k).
If every g_k is injective on D_k, their images are disjoint and cover the support of D, and F(g_k(J_k)) = F_k(J_k), the
two are equal for all sizes and all operand values. Nothing need be injective in the terms, and factors such as
f'(x[..]) may be opaque.
"""

from __future__ import annotations

from functools import partial

import islpy as isl
import sympy as sp

from symconv.ir import Context, IndexedSum, Move, Piece
from symconv.ir.affine import cancel
from symconv.ir.presburger import affine, all_names, domain_text, isl_map, isl_set, vanishing
from symconv.prove.relation import monomials


def failure(move: Move, context: Context) -> str:
    """Empty when the move is proved; otherwise which of the conditions fails. Raises `Unknown` beyond Presburger."""
    if move.after == (move.before,) and all(i == e for i, e in move.pieces[0].witness):
        return ""  # the same sum, such as a partial derivative and what it is opened into
    seen: isl.Set | None = None
    for piece in move.pieces:
        if piece.after.summand == 0:
            continue
        image = _image(move.before, piece, context)
        if not image.is_injective():
            return "the change of index is not injective: a term is counted twice"
        if seen is not None and not seen.is_disjoint(image.range()):
            return "two pieces overlap: a term is counted twice"
        seen = image.range() if seen is None else seen.union(image.range())
        mismatch = _mismatch(move.before, piece, context)
        if mismatch:
            return mismatch
    domain = _domain(move.before, context)
    if seen is None:
        return "" if domain.is_empty() or move.before.summand == 0 else "terms are lost: no piece is left"
    if not seen.is_subset(domain):
        return "terms are added: a condition was dropped, such as divisibility or a range"
    return "" if domain.is_subset(seen) else "terms are lost: the change of index is not onto"


def _domain(s: IndexedSum, context: Context) -> isl.Set:
    names = all_names(context, s.indices)
    return isl_set(context, names, s.indices, domain_text(s, names, context, vanishing(s, s.summand)))


def _image(before: IndexedSum, piece: Piece, context: Context) -> isl.Map:
    """{ new indices -> old indices } on the domain of the piece."""
    after, old = piece.after, dict(piece.witness)
    names = all_names(context, after.indices)
    where = domain_text(after, names, context, vanishing(after, after.summand))
    return isl_map(context, names, after.indices, [old.get(i, i) for i in before.indices], where)


def _mismatch(before: IndexedSum, piece: Piece, context: Context) -> str:
    old, after = dict(piece.witness), piece.after
    same = partial(_same, after, context=context)
    moved = before.result.xreplace(old)
    if not all(same(u, v) for u, v in zip(moved.indices, after.result.indices, strict=True)):
        return "the result index differs"
    if not _summand_agrees(before.summand.xreplace(old), after, context):
        return "the summand differs: an index is wrong"
    return ""


def _same(s: IndexedSum, a: sp.Expr, b: sp.Expr, context: Context) -> bool:
    """a = b at every point of the domain of s."""
    if sp.expand(cancel(a) - cancel(b)) == 0:
        return True
    names = all_names(context, s.indices)
    equal = isl_set(context, names, s.indices, f"{affine(a, names)} = {affine(b, names)}")
    return bool(_domain(s, context).is_subset(equal))


def _summand_agrees(moved: sp.Expr, after: IndexedSum, context: Context) -> bool:
    """Equal as expressions, or factor by factor with indices that agree on the domain."""
    if moved == after.summand or sp.expand_mul(cancel(moved) - after.summand) == 0:
        return True
    left = list(monomials(after.with_(summand=cancel(moved))))
    right = list(monomials(after))
    if len(left) != 1 or len(right) != 1 or left[0].key != right[0].key:
        return False
    if sp.simplify(left[0].coefficient - right[0].coefficient) != 0:
        return False
    pairs = zip(left[0].factors, right[0].factors, strict=True)
    return all(_same(after, u, v, context) for f, g in pairs for u, v in zip(f.point, g.point, strict=True))

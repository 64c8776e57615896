"""Matrix product: a sum of products of two operands, whose indices fall into rows, columns, summed and batch.

An index of the result and one operand is a row or a column, one of the two operands alone is summed, one of all three
is a batch. Each operand becomes a view with one axis an index (windows: strides only, no copy), the view a matrix.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from math import prod

import sympy as sp

from symconv.ir import Access, Context, IndexedSum, NotApplicable, Range, symbols_in
from symconv.ir.affine import AxisMap, axis_map, coefficients, extremes, never_negative

# A whole batch is multiplied at once where an image has fewer pixels than there are summed channels and taps, up to
# this many bytes of windows in float32.
MOST_BYTES = 32 << 20


@dataclass(frozen=True)
class View:
    """An operand with one axis an index: entry (i, j ..) is operand[start + i moves_i + j moves_j ..].

    order: the indices in the order of the axes. start: first entry read, after padding. before, after: the padding.
    plain: every axis is one index over the whole axis, so that the operand only has to be transposed.
    """

    access: Access
    order: tuple[sp.Symbol, ...]
    start: tuple[sp.Expr, ...]
    steps: tuple[tuple[int, ...], ...]
    before: tuple[sp.Expr, ...]
    after: tuple[sp.Expr, ...]
    plain: bool

    @property
    def padded(self) -> bool:
        return any(e != 0 for e in (*self.before, *self.after))


@dataclass(frozen=True)
class ProductPlan:
    """result[batch, rows, columns] = scale * left[batch, rows, summed] @ right[batch, summed, columns]

    split: an index summed after the products rather than in them, its place in the batch is the first one.
    left_inner, right_inner: are the summed indices the last axes of the view? block: the index that the products are
    taken in blocks of, so that the copies of windows stay small; None: all at once.
    """

    sum: IndexedSum
    ranges: tuple[Range, ...]
    left: View
    right: View
    batch: tuple[sp.Symbol, ...]
    rows: tuple[sp.Symbol, ...]
    columns: tuple[sp.Symbol, ...]
    summed: tuple[sp.Symbol, ...]
    split: sp.Symbol | None
    left_inner: bool
    right_inner: bool
    block: sp.Symbol | None
    result: tuple[AxisMap, ...]
    scale: sp.Expr
    reason: str

    def range_of(self, i: sp.Symbol) -> Range:
        return next(r for r in self.ranges if r.index == i)


@dataclass(frozen=True)
class _Roles:
    """The indices of a product by what mentions them; `right` is the operand of the columns."""

    left: Access
    right: Access
    batch: tuple[sp.Symbol, ...]
    rows: tuple[sp.Symbol, ...]
    columns: tuple[sp.Symbol, ...]
    summed: tuple[sp.Symbol, ...]


def product_plan(s: IndexedSum, context: Context) -> ProductPlan:
    """The plan of a sum of products of two operands over a box; `NotApplicable` for any other sum."""
    factors = sp.Mul.make_args(s.summand)
    entries = [f for f in factors if isinstance(f, Access)]
    scale = sp.Mul(*(f for f in factors if not isinstance(f, Access)))
    indices = set(s.indices)
    if len(entries) != 2 or scale.atoms(Access) or symbols_in(scale) & indices:
        raise NotApplicable("it is no product of two entries")
    if s.guards or any(r.symbols & indices for r in s.ranges):
        raise NotApplicable("its domain is no box")
    result = tuple(axis_map(e, indices) for e in s.result.indices)
    kept = [r.index for r in result if r.index is not None]
    if len(set(kept)) != len(kept) or any(r.step < 0 for r in result):
        raise NotApplicable("its result is not addressed by one index an axis")
    roles = _roles(s, kept, entries)
    return _arranged(s, roles, result, scale, context)


def _roles(s: IndexedSum, kept: Sequence[sp.Symbol], entries: Sequence[Access]) -> _Roles:
    """Columns are the longest end of the result that one operand alone has; rows, what the other has before that."""
    has = {i: tuple(i in symbols_in(a) for a in entries) for i in s.indices}
    summed = tuple(i for i in s.indices if i not in kept)
    if any(has[i] != (True, True) for i in summed) or not summed:
        raise NotApplicable("no index is summed, or one that a single operand has")
    if any(has[i] == (False, False) for i in kept):
        raise NotApplicable("neither operand has an index of the result")
    single = [i for i in kept[-1:] if has[i] != (True, True)]
    if not single:
        raise NotApplicable("both operands have the last index of the result")
    side = has[single[0]]
    columns = tuple(reversed(list(takewhile(lambda i: has[i] == side, reversed(kept)))))
    before = kept[: len(kept) - len(columns)]
    rows = tuple(reversed(list(takewhile(lambda i: has[i] == (side[1], side[0]), reversed(before)))))
    batch = tuple(before[: len(before) - len(rows)])
    left, right = entries if side[1] else entries[::-1]
    return _Roles(left, right, batch, rows, columns, summed)


def _arranged(
    s: IndexedSum, roles: _Roles, result: tuple[AxisMap, ...], scale: sp.Expr, context: Context
) -> ProductPlan:
    """Which index is folded into the columns or summed at the end, and in which order the views are stored."""
    ranges = {r.index: r for r in s.ranges}
    batch, columns, summed = roles.batch, roles.columns, roles.summed
    first = batch[0] if batch and not _mentions(roles.left, batch[0]) else None
    split = _split(roles)
    reason = "one matrix product for each entry of the batch"
    if first is not None and _small(columns, summed, (first, *columns, *summed), ranges):
        batch, columns = batch[1:], (first, *columns)
        reason = "fewer pixels than summed channels and taps: the whole batch in one product"
    elif split is not None and _small(summed[1:], columns, (*columns, *summed), ranges):
        split = None
        reason = "few pixels: the whole batch in one product"
    elif split is not None:
        reason = f"one matrix product for each {split}, then their sum"
    inner = tuple(i for i in summed if i != split)
    lead = (split, *batch) if split is not None else batch
    left_inner = _innermost(roles.left, roles.rows, inner, ranges)
    right_inner = _innermost(roles.right, columns, inner, ranges)
    views = []
    for access, own, last in ((roles.left, roles.rows, left_inner), (roles.right, columns, right_inner)):
        mine = tuple(i for i in lead if _mentions(access, i))
        views.append(_view(s, access, (*mine, *((*own, *inner) if last else (*inner, *own))), ranges, context))
    copied = any(not v.plain and lead[0] in v.order for v in views if lead)
    block = lead[0] if copied else None
    return ProductPlan(
        sum=s,
        ranges=s.ranges,
        left=views[0],
        right=views[1],
        batch=batch,
        rows=roles.rows,
        columns=columns,
        summed=inner,
        split=split,
        left_inner=left_inner,
        right_inner=right_inner,
        block=block,
        result=result,
        scale=scale,
        reason=reason,
    )


def _mentions(a: Access, i: sp.Symbol) -> bool:
    return i in symbols_in(a)


def _split(roles: _Roles) -> sp.Symbol | None:
    """The first summed index, where it alone is the first axis of both operands and others are summed as well."""
    first = roles.summed[0]
    leads = all(a.indices and a.indices[0] == first for a in (roles.left, roles.right))
    alone = all(not _mentions(Access("rest", *a.indices[1:]), first) for a in (roles.left, roles.right))
    return first if leads and alone and len(roles.summed) > 1 else None


def _small(
    few: Sequence[sp.Symbol], many: Sequence[sp.Symbol], every: Sequence[sp.Symbol], ranges: dict[sp.Symbol, Range]
) -> bool:
    """Are `few` fewer than `many`, and a copy of every entry small? Only numbers tell."""
    counts = {i: ranges[i].count for i in every}
    if None in counts.values():
        return False
    known = {i: n or 0 for i, n in counts.items()}
    return prod(known[i] for i in few) < prod(known[i] for i in many) and 4 * prod(known.values()) <= MOST_BYTES


def _innermost(a: Access, own: Sequence[sp.Symbol], inner: Sequence[sp.Symbol], ranges: dict[sp.Symbol, Range]) -> bool:
    """Should the summed indices be the last axes of the view? Where they have the longest run of the last axis."""
    for e in reversed(a.indices):
        here = [i for i in (*own, *inner) if i in symbols_in(e)]
        if here:
            # An extent that is no number is taken to be an image's, and longer than any window.
            return max(here, key=lambda i: (ranges[i].count is None, ranges[i].count or 0, i in inner)) in inner
    return True


def _view(
    s: IndexedSum, a: Access, order: tuple[sp.Symbol, ...], ranges: dict[sp.Symbol, Range], context: Context
) -> View:
    start, steps, before, after = [], [], [], []
    shape = context.shape(a.name)
    for e, n in zip(a.indices, shape, strict=True):
        along, offset = coefficients(e, order)
        outside = _outside(e, n, ranges, context) if a.name in s.extended else (sp.S.Zero, sp.S.Zero)
        before.append(outside[0])
        after.append(outside[1])
        start.append(offset + sum(step * ranges[i].lower for i, step in along.items()) + before[-1])
        steps.append([along.get(i, 0) for i in order])
    if any(sum(map(bool, along)) != 1 for along in zip(*steps, strict=True)):
        raise NotApplicable(f"an index stands on two axes of {a.name}")
    plain = sorted(map(str, a.indices)) == sorted(map(str, order)) and all(
        first == 0 and sp.expand(ranges[e].extent - n) == 0 for first, e, n in zip(start, a.indices, shape, strict=True)
    )
    return View(a, order, tuple(start), tuple(zip(*steps, strict=True)), tuple(before), tuple(after), plain)


def _outside(e: sp.Expr, n: sp.Expr, ranges: dict[sp.Symbol, Range], context: Context) -> tuple[sp.Expr, sp.Expr]:
    """How far an index expression leaves an axis of n entries, before and after."""
    if e in ranges and ranges[e] == Range.box(e, n):
        return sp.S.Zero, sp.S.Zero
    least, greatest = extremes(e, ranges)
    high = sp.expand(greatest - n + 1)
    before = sp.S.Zero if never_negative(least, context.assumptions) else _at_least_0(-least)
    return before, sp.S.Zero if never_negative(-high, context.assumptions) else _at_least_0(high)


def _at_least_0(e: sp.Expr) -> sp.Expr:
    """max(0, e), left as it is where it is no number: SymPy's own way of comparing sizes takes long."""
    return sp.Max(0, e, evaluate=bool(e.is_Integer))

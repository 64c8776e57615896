"""Where the entries of an operand stand: in place, or in a copy with its padding made real and its stride taken out.

An entry that a product reads has the address  base + a(rows or columns) + b(summed):  affine index maps are sums over
the index classes. A copy splits an axis that is read with stride s by residue (polyphase), so that neighbouring outputs
read neighbours: s o + t = s (o + floor(t/s)) + t mod s.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import sympy as sp

from symconv.ir import Access, FloorDiv, Range, index
from symconv.ir.affine import coefficients, extremes
from symconv.lower.classes import Product

Resolve = Callable[[sp.Expr], sp.Expr]
NONE: Mapping[int, int] = MappingProxyType({})


@dataclass(frozen=True)
class CopyAxis:
    """One axis of a copy: the coordinates  step q + r  for lower <= q < lower + extent and r in 0 .. residues - 1.

    residue: the one r of an axis of which a single residue is read. spread: entries of the operand stand that far
    apart, with zeros between them. fixed: the one coordinate of an axis that only batch indices move along; it is no
    axis of the copy.
    """

    lower: sp.Expr
    extent: sp.Expr
    step: int = 1
    residues: int = 1
    residue: int = 0
    spread: int = 1
    fixed: sp.Expr | None = None


@dataclass(frozen=True)
class Copy:
    """A padded, polyphase copy of the part of an operand that one batch entry reads; residues are its outer axes.

    strides: of the axes that are not fixed; residue_strides: of their residues, 0 where there is one; size: of it all.
    """

    operand: str
    axes: tuple[CopyAxis, ...]
    strides: tuple[sp.Expr, ...]
    residue_strides: tuple[sp.Expr, ...]
    size: sp.Symbol


@dataclass(frozen=True)
class Addresses:
    """Address of an entry: base + free + summed; `copy` is None where the operand is read in place.

    definitions: the strides that the addresses speak of, in order. spans: (least, greatest, extent) of every index of
    an operand that is read in place, for the checked build.
    """

    operand: str
    copy: Copy | None
    base: sp.Expr
    free: sp.Expr
    summed: sp.Expr
    size: sp.Expr
    definitions: tuple[tuple[sp.Symbol, sp.Expr], ...]
    spans: tuple[tuple[sp.Expr, sp.Expr, sp.Expr], ...] = ()


@dataclass(frozen=True)
class Placed:
    """A product whose operands and result have addresses: what its plans share.

    add: onto what the result holds already.
    """

    product: Product
    first: Addresses
    second: Addresses
    result: Addresses
    add: bool

    @property
    def target(self) -> str:
        return self.product.result.name

    @property
    def reads(self) -> frozenset[str]:
        return frozenset({self.first.operand, self.second.operand})


@dataclass(frozen=True)
class Roles:
    """The indices of a product by what they do for one operand."""

    batch: Mapping[sp.Symbol, Range]
    free: Mapping[sp.Symbol, Range]
    summed: Mapping[sp.Symbol, Range]

    @property
    def every(self) -> dict[sp.Symbol, Range]:
        return {**self.batch, **self.free, **self.summed}

    def part(self, e: sp.Expr, role: Mapping[sp.Symbol, Range]) -> sp.Expr:
        """The part of an affine expression that the indices of one role make up."""
        found, _ = coefficients(e, self.every)
        return sp.Add(*(c * i for i, c in found.items() if i in role))


def addresses(
    access: Access,
    shape: Sequence[sp.Expr],
    roles: Roles,
    extended: bool,
    resolve: Resolve,
    prefix: str,
    vectors: bool,
    spread: Mapping[int, int] = NONE,
) -> Addresses:
    """In place where every read is inside the operand and neighbours are read as neighbours, otherwise in a copy.

    resolve: sizes in terms of the given ones, so that signs can be told. prefix: of the names of strides. vectors: the
    entries are read as vectors, so that a stride along the last axis is worth a copy. spread: of the axes whose index
    counts an operand with zeros put between its entries; such an operand is always a copy.
    """
    if spread:
        return _copied(access, roles, prefix, spread)
    inside = all(_inside(e, n, roles, resolve) for e, n in zip(access.indices, shape, strict=True))
    strided = vectors and bool(access.indices) and _stream(access.indices[-1], roles)[1] > 1
    if (inside or not extended) and not strided:
        return in_place(access, shape, roles, prefix)
    return _copied(access, roles, prefix, NONE)


def in_place(access: Access, shape: Sequence[sp.Expr], roles: Roles, prefix: str) -> Addresses:
    strides, definitions, size = _row_major(shape, prefix)
    spans = tuple((*extremes(e, roles.every), n) for e, n in zip(access.indices, shape, strict=True))
    zero: sp.Expr = sp.S.Zero
    base = free = summed = zero
    for e, stride in zip(access.indices, strides, strict=True):
        _, constant = coefficients(e, roles.every)
        base += stride * (constant + roles.part(e, roles.batch))
        free += stride * roles.part(e, roles.free)
        summed += stride * roles.part(e, roles.summed)
    return Addresses(access.name, None, base, free, summed, size, definitions, spans)


def _row_major(
    shape: Sequence[sp.Expr], prefix: str
) -> tuple[list[sp.Expr], tuple[tuple[sp.Symbol, sp.Expr], ...], sp.Expr]:
    """(stride of each axis, definitions of those that are no numbers, number of entries)"""
    strides: list[sp.Expr] = []
    definitions: list[tuple[sp.Symbol, sp.Expr]] = []
    size: sp.Expr = sp.S.One
    for axis in range(len(shape) - 1, -1, -1):
        strides.insert(0, size)
        size = size * shape[axis]
        if not size.is_Integer:
            name = index(f"{prefix}_size{axis}")
            definitions.append((name, size))
            size = name
    return strides, tuple(definitions), size


def _inside(e: sp.Expr, extent: sp.Expr, roles: Roles, resolve: Resolve) -> bool:
    """Is every value of the index known to be inside its axis?"""
    low, high = (sp.expand(resolve(b)) for b in extremes(e, roles.every))
    return bool(low.is_nonnegative and sp.expand(resolve(extent) - 1 - high).is_nonnegative)


def _stream(e: sp.Expr, roles: Roles) -> tuple[sp.Expr, int]:
    """The index that runs along an axis, the longest one that moves on it, with its coefficient; (0, 0) if none."""
    found, _ = coefficients(e, {*roles.free, *roles.summed})
    if not found:
        return sp.S.Zero, 0
    ranges = roles.every

    def length(i: sp.Symbol) -> tuple[bool, int]:
        extent = ranges[i].upper - ranges[i].lower
        return (False, int(extent)) if extent.is_Integer else (True, 0)

    longest = max(found, key=length)
    return longest, found[longest]


def _copied(access: Access, roles: Roles, prefix: str, spread: Mapping[int, int]) -> Addresses:
    axes = tuple(replace(_copy_axis(e, roles), spread=spread.get(k, 1)) for k, e in enumerate(access.indices))
    kept = [a for a in axes if a.fixed is None]
    strides, definitions, size = _row_major([a.extent for a in kept], f"{prefix}_copy")
    residue_strides: list[sp.Expr] = []
    total = size
    for a in reversed(kept):
        residue_strides.insert(0, total if a.residues > 1 else sp.S.Zero)
        total = total * a.residues
    whole = index(f"{prefix}_copied")
    copy = Copy(access.name, axes, tuple(strides), tuple(residue_strides), whole)
    zero: sp.Expr = sp.S.Zero
    base = free = summed = zero
    moving = [(e, a) for e, a in zip(access.indices, axes, strict=True) if a.fixed is None]
    for (e, a), stride, residue in zip(moving, strides, residue_strides, strict=True):
        parts = _coordinate(e, a, roles, stride, residue)
        base, free, summed = base + parts[0], free + parts[1], summed + parts[2]
    return Addresses(access.name, copy, base, free, summed, whole, (*definitions, (whole, total)))


def _copy_axis(e: sp.Expr, roles: Roles) -> CopyAxis:
    found, _ = coefficients(e, roles.every)
    if not any(i in roles.free or i in roles.summed for i in found):
        return CopyAxis(sp.S.Zero, sp.S.One, fixed=e)
    stream, step = _stream(e, roles)
    rest = e - step * stream
    if step <= 1 or not _one_role(rest, roles):
        low, high = extremes(e, roles.every)
        return CopyAxis(low, _extent(low, high))
    low, high = extremes(rest, roles.every)
    first, last = roles.every[stream].lower, roles.every[stream].upper
    start = first + FloorDiv(low, sp.Integer(step))
    end = last + FloorDiv(high, sp.Integer(step))
    # Where the rest is one number, one residue is read, and it is the one that is copied.
    single = sp.expand(low - high) == 0 and low.is_Integer
    return CopyAxis(start, _extent(start, end), step, 1 if single else step, int(low) % step if single else 0)


def _extent(low: sp.Expr, high: sp.Expr) -> sp.Expr:
    """Rows from low to high, none where high < low."""
    rows = sp.expand(high - low + 1)
    return rows if rows.is_nonnegative else sp.Max(0, rows, evaluate=False)


def _one_role(e: sp.Expr, roles: Roles) -> bool:
    """Do the indices of `e` play one role, so that its residue is known from one table?"""
    found, _ = coefficients(e, roles.every)
    return sum(any(i in role for i in found) for role in (roles.batch, roles.free, roles.summed)) <= 1


def _coordinate(
    e: sp.Expr, a: CopyAxis, roles: Roles, stride: sp.Expr, residue: sp.Expr
) -> tuple[sp.Expr, sp.Expr, sp.Expr]:
    """(base, free, summed) parts of the address along one axis of a copy."""
    if a.step == 1:
        _, constant = coefficients(e, roles.every)
        base = stride * (constant - a.lower + roles.part(e, roles.batch))
        return base, stride * roles.part(e, roles.free), stride * roles.part(e, roles.summed)
    stream, step = _stream(e, roles)
    rest = sp.expand(e - step * stream)
    quotient = FloorDiv(rest, sp.Integer(step))
    place = stride * quotient + (residue * (rest - step * quotient) if a.residues > 1 else 0)
    parts = [-stride * a.lower, sp.S.Zero, sp.S.Zero]
    role_of = [roles.batch, roles.free, roles.summed]
    parts[next(k for k, role in enumerate(role_of) if stream in role)] += stride * stream
    found, _ = coefficients(rest, roles.every)
    parts[next((k for k, role in enumerate(role_of) if any(i in role for i in found)), 0)] += place
    return parts[0], parts[1], parts[2]

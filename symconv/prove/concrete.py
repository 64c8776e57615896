"""A counterexample made concrete: small operands, and both sides evaluated by the exact interpreter.

Nothing is refuted but here: two values that are fractions and differ, or lie in balls that do not meet.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import product
from math import prod
from typing import Any

from symconv.ir import Apply, Condition, Context, IndexedSum, Statement, UndefinedRead, evaluate, symbols_in
from symconv.ir.interpret import Point, Tensor, values
from symconv.prove.enclosed import ENCLOSED, Enclosed, plain
from symconv.prove.scalars.enclosures import ALLOWED, differ, precision, sign_of
from symconv.prove.verdict import Counterexample, Table

# More entries than this are not shown to a reader, and not needed to tell two sums apart.
_MOST_ENTRIES = 20_000
_PRECISIONS = (80, 1200)


class StandIn(dict[str, Any]):
    """Any opaque function stands for f(t) = t^2 + t while a counterexample is evaluated: f' = 2t + 1, f'' = 2."""

    def __missing__(self, name: str) -> Any:
        return lambda order, t: (t * t + t, 2 * t + 1, 2)[order] if order < 3 else 0


def box(name: str, context: Context, sizes: dict[str, int]) -> Point:
    """The shape of an operand at concrete sizes."""
    values = {s: sizes[s.name] for s in context.sizes}
    return tuple(int(e.xreplace(values)) for e in context.shape(name))


def counting(shape: Point, start: int) -> Tensor:
    """1, 2, 3, .. in scan order, from `start` on: entries that are all different show where a value comes from."""
    return {p: start + k for k, p in enumerate(product(*map(range, shape)))}


def fillings(shapes: dict[str, Point]) -> Iterator[dict[str, Tensor]]:
    """Operands to try: small numbers first, then numbers without short relations, then both signs, then below 1."""
    plain_ones = {n: counting(s, k + 1) for k, (n, s) in enumerate(shapes.items())}
    yield plain_ones
    yield {n: {p: 7**k for k, p in enumerate(t)} for n, t in plain_ones.items()}
    for shift in range(3):
        yield {n: {p: _mixed(v + 5 * shift) for p, v in t.items()} for n, t in plain_ones.items()}
    yield {n: {p: Fraction(v, v + 3) for p, v in t.items()} for n, t in plain_ones.items()}
    yield {n: dict.fromkeys(t, 0) for n, t in plain_ones.items()}
    yield {n: dict.fromkeys(t, -1) for n, t in plain_ones.items()}
    yield {n: {p: -(1000**v) for p, v in t.items()} for n, t in plain_ones.items()}


def _mixed(v: int) -> Fraction:
    """Fractions of both signs, none of them equal."""
    return Fraction((-1) ** (v * v // 3) * (3 * v + 1), 7 + v % 5)


def confirm(
    lhs: Sequence[IndexedSum],
    rhs: Sequence[IndexedSum],
    context: Context,
    sizes: tuple[int, ...],
    prelude: Sequence[Statement] = (),
    domain: Sequence[Condition] = (),
) -> Counterexample | None:
    """Evaluate both sides at these sizes on several fillings of the operands; the first entry that differs, or None.

    A filling outside the domain is passed over: there a formula is not defined as it was written.
    """
    named = {s.name: v for s, v in zip(context.sizes, sizes, strict=True)}
    result = (*lhs, *rhs)[0].result.name
    written = {s.result.name for s in prelude}
    names = sorted({a.name for s in (*prelude, *lhs, *rhs) for a in s.reads()} - written)
    shapes = {n: box(n, context, named) for n in names}
    if sum(map(prod, shapes.values())) > _MOST_ENTRIES:
        return None
    for operands in fillings(shapes):
        for bits in _PRECISIONS:
            sides = [_side((*prelude, *side), context, named, operands, result, bits) for side in (lhs, rhs)]
            at = _difference(sides, bits)
            if at is not None and _satisfies(domain, (*prelude, *lhs, *rhs), context, named, operands, bits):
                return _example(named, result, at, operands, shapes, sides, context, (*lhs, *rhs))
            if None in sides or _exact(sides):
                break
    return None


def _satisfies(
    domain: Sequence[Condition],
    statements: Sequence[Statement],
    context: Context,
    sizes: dict[str, int],
    operands: dict[str, Tensor],
    bits: int,
) -> bool:
    """Do the conditions certainly hold, at every point of the statements that speak of their indices?"""
    if not domain:
        return True
    sums = [s for s in statements if isinstance(s, IndexedSum)]
    exact = {n: {p: Enclosed(Fraction(v)) for p, v in t.items()} for n, t in operands.items()}
    with precision(bits):
        try:
            tensors = evaluate(statements, context, sizes, exact, StandIn(), ENCLOSED)
            for c in domain:
                indices = {v for v in symbols_in(c.expression) if v.is_nonnegative is None}
                for s in (s for s in sums if indices <= set(s.indices)):
                    found = values(c.expression, s, context, sizes, tensors, ENCLOSED, StandIn())
                    if not all(sign_of(plain(v)) in ALLOWED[c.sign] for v in found):
                        return False
        except (ArithmeticError, UndefinedRead, KeyError):
            return False
    return True


def _difference(sides: Sequence[Tensor | None], bits: int) -> Point | None:
    left, right = sides
    if left is None or right is None:
        return None
    with precision(bits):
        return next((p for p in left if differ(plain(left[p]), plain(right.get(p, 0)))), None)


def _exact(sides: Sequence[Tensor | None]) -> bool:
    return all(isinstance(plain(v), Fraction) for side in sides if side is not None for v in side.values())


def _example(
    named: dict[str, int],
    result: str,
    at: Point,
    operands: dict[str, Tensor],
    shapes: dict[str, Point],
    sides: Sequence[Tensor | None],
    context: Context,
    sums: Iterable[IndexedSum],
) -> Counterexample:
    left, right = ({p: shown(v) for p, v in (side or {}).items()} for side in sides)
    tables = tuple(Table(n, nested(operands[n], shapes[n])) for n in operands)
    out = box(result, context, named)
    both = (Table("left", nested(left, out)), Table("right", nested(right, out)))
    return Counterexample(tuple(named.items()), result, at, left[at], right[at], tables, both, _note(sums))


def shown(number: Any) -> Any:
    """A number for a reader: whole or a fraction where it is exact, else some digits of it."""
    value = plain(number) if isinstance(number, Enclosed) else number
    if isinstance(value, Fraction):
        return int(value) if value.denominator == 1 else value
    return value if isinstance(value, int) else float(value.mid())


def _note(sums: Iterable[IndexedSum]) -> str:
    """What the opaque functions stand for, where there are any."""
    names = sorted({f.name for s in sums for f in s.summand.atoms(Apply)})
    return ", ".join(f"{name}(t) = t^2 + t" for name in names)


def _side(
    side: Sequence[Statement],
    context: Context,
    sizes: dict[str, int],
    operands: dict[str, Tensor],
    result: str,
    bits: int,
) -> Tensor | None:
    """The result of one side; None where it is not defined on these operands."""
    if not any(s.result.name == result for s in side):
        return dict.fromkeys(product(*map(range, box(result, context, sizes))), 0)
    exact = {n: {p: Enclosed(Fraction(v)) for p, v in t.items()} for n, t in operands.items()}
    with precision(bits):
        try:
            out: Tensor = evaluate(side, context, sizes, exact, StandIn(), ENCLOSED)[result]
        except (ArithmeticError, UndefinedRead, OverflowError):
            return None
    return out


def nested(tensor: Tensor, shape: Point, prefix: Point = ()) -> Any:
    """Nested lists, as deep as the rank; the number itself at rank 0."""
    if len(prefix) == len(shape):
        return tensor[prefix]
    return [nested(tensor, shape, (*prefix, i)) for i in range(shape[len(prefix)])]


def undefined_by_brute_force(side: Sequence[IndexedSum], context: Context, sizes: tuple[int, ...]) -> bool:
    """Does the interpreter, too, refuse to evaluate this side at these sizes?"""
    named = {s.name: v for s, v in zip(context.sizes, sizes, strict=True)}
    names = {a.name for s in side for a in s.reads()}
    operands = {n: counting(box(n, context, named), 1) for n in names}
    try:
        evaluate(side, context, named, operands, StandIn())
    except (UndefinedRead, ArithmeticError):
        return True
    return False

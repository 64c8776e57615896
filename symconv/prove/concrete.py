"""A counterexample made concrete: small integer operands, and both sides evaluated by the exact interpreter.

This is also the second opinion: a refutation that brute force does not confirm is withdrawn (`confirm` returns None).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from typing import Any

from symconv.ir import Apply, Context, IndexedSum, Statement, UndefinedRead, evaluate
from symconv.ir.interpret import Functions, Number, Point, Tensor
from symconv.prove.verdict import Counterexample, Table

# More entries than this are not shown to a reader, and not needed to tell two sums apart.
_MOST_ENTRIES = 20_000


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


def confirm(
    lhs: Sequence[IndexedSum],
    rhs: Sequence[IndexedSum],
    context: Context,
    sizes: tuple[int, ...],
    prelude: Sequence[Statement] = (),
) -> Counterexample | None:
    """Evaluate both sides at these sizes on two fillings of the operands; the first entry that differs, or None."""
    named = {s.name: v for s, v in zip(context.sizes, sizes, strict=True)}
    result = lhs[0].result.name
    names = sorted(_inputs((*prelude, *lhs, *rhs)) - {s.result.name for s in prelude})
    shapes = {n: box(n, context, named) for n in names}
    if sum(len(list(product(*map(range, s)))) for s in shapes.values()) > _MOST_ENTRIES:
        return None
    for spread in (1, 7):
        operands = {n: _spread(counting(shapes[n], k + 1), spread) for k, n in enumerate(names)}
        left, right = (_side((*prelude, *side), context, named, operands, result) for side in (lhs, rhs))
        at = next((p for p in left if left[p] != right.get(p, 0)), None)
        if at is not None:
            tables = tuple(Table(n, nested(operands[n], shapes[n])) for n in names)
            out = box(result, context, named)
            sides = (Table("left", nested(left, out)), Table("right", nested(right, out)))
            note = _note((*lhs, *rhs))
            return Counterexample(tuple(named.items()), result, at, left[at], right[at], tables, sides, note)
    return None


def _note(sums: Iterable[IndexedSum]) -> str:
    """What the opaque functions stand for, where there are any."""
    names = sorted({f.name for s in sums for f in s.summand.atoms(Apply)})
    return ", ".join(f"{name}(t) = t^2 + t" for name in names)


def _spread(tensor: Tensor, power: int) -> Tensor:
    """Small numbers first; then numbers that no short linear relation holds between."""
    return tensor if power == 1 else {p: power**k for k, p in enumerate(tensor)}


def _inputs(statements: Iterable[Statement]) -> set[str]:
    reads = (s.reads() for s in statements)
    return {a.name for accesses in reads for a in accesses}


def _side(
    side: Iterable[Statement], context: Context, sizes: dict[str, int], operands: dict[str, Tensor], result: str
) -> Tensor:
    functions: Functions = StandIn()
    out: dict[Point, Number] = evaluate(list(side), context, sizes, operands, functions)[result]
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

"""Index grids, printed: open grids of indices, a mask for the domain, reads that are zero where the mask is not set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sympy as sp

from symconv.emit.numpy.block import Block
from symconv.emit.numpy.boxes import half_open
from symconv.emit.numpy.expression import Expressions
from symconv.emit.numpy.integers import Integers, slice_text, tuple_text
from symconv.emit.numpy.names import Names
from symconv.emit.numpy.slices import guard_text
from symconv.ir import Access, Divides, Guard
from symconv.lower.nest import flat
from symconv.lower.vectorized import GridPlan


def print_grid(plan: GridPlan, outer: Names, windows: Mapping[str, tuple[int, ...]], block: Block) -> None:
    """value = np.where(inside, summand, 0), then its sums are added to the result."""
    names = Names(outer)
    integers = Integers(names)
    axes = [names.symbol(b.index) for b in plan.boxes]
    spans = [half_open(b) for b in plan.boxes]
    inside, value, full = names.local("inside"), names.local("value"), names.local("shape")
    if axes:
        stops = [slice_text(integers.text(a), integers.text(z)) for a, z in spans]
        block.add(f"{tuple_text(axes)[1:-1]} = np.ogrid[{', '.join(stops)}{',' * (len(stops) == 1)}]")
    block.add(f"{full} = {tuple_text([f'{axis}.size' for axis in axes])}")
    conditions = [f"({guard_text(g, integers, ' & ')})" for g in _ordered(plan.guards)]
    block.add(f"{inside} = np.broadcast_to({' & '.join(conditions) or 'True'}, {full})")

    def entry(a: Access) -> str:
        return _at(names.operand(a.name), a.indices, integers)

    def winner(a: Access) -> str | None:
        window = windows.get(a.name)
        if window is None:
            return None
        # Counted from 1, so that 0, which is read outside the box, is no unit of the window.
        unit = integers.text(flat(a.indices[-len(window) :], window) + 1)
        return f"{_at(f'{names.operand(a.name)} + 1', a.indices[: -len(window)], integers)} == {unit}"

    def index(i: sp.Symbol) -> str | None:
        return f"{names.symbol(i)}.astype(dtype)" if any(b.index == i for b in plan.boxes) else None

    summand = Expressions(integers, entry, winner, index).text(plan.sum.summand)
    with block.under('with np.errstate(all="ignore"):'):
        block.add(f"{value} = np.where({inside}, {summand}, 0)")
    target = names.operand(plan.sum.result.name)
    if plan.plain:
        summed = [str(k - len(plan.summed)) for k in range(len(plan.summed))]
        axis = summed[0] if len(summed) == 1 else tuple_text(summed)
        block.add(f"{target}[...] += {value}" + (f".sum(axis={axis})" if summed else ""))
        return
    places = [f"np.broadcast_to({integers.text(e)}, {full})[{inside}]" for e in plan.sum.result.indices]
    block.add(f"np.add.at({target}, {tuple_text(places)}, {value}[{inside}])")


def _at(array: str, indices: Sequence[sp.Expr], integers: Integers) -> str:
    return f"_at({', '.join([array, *map(integers.text, indices)])})"


def _ordered(guards: tuple[Guard, ...]) -> list[Guard]:
    """Divisibility first: a quotient in another guard means something under it alone."""
    return sorted(guards, key=lambda g: not isinstance(g, Divides))

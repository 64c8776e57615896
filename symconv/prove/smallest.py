"""The smallest point of a set: smallest sizes first (by their sum, then lexicographically), then the point."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import islpy as isl

from symconv.ir import Context, Unknown
from symconv.ir.presburger import known_sizes, limited, parameters, size_names

_DIM = isl.dim_type
# A coefficient such as 1/B - 1 vanishes at some sizes; this many of the smallest ones are looked at.
_MOST_SIZES = 64
# A condition on the sizes longer than this explains nothing.
_LONGEST = 160


def smallest_sizes(points: isl.Set, context: Context) -> tuple[int, ...]:
    """The sizes with the least sum, then lexicographically least, at which `points` is inhabited."""
    count = len(context.sizes)
    if count == 0:
        return ()
    sizes = isl.Set.from_params(points.params()).move_dims(_DIM.set, 0, _DIM.param, 0, count)
    names = ", ".join(f"a{k}" for k in range(count))
    total = " + ".join(f"a{k}" for k in range(count))
    by_sum = sizes.apply(isl.Map(f"{{ [{names}] -> [{total}, {names}] }}"))
    return _coordinates(by_sum.lexmin().sample_point())[1:]


def smallest_points(points: isl.Set, context: Context) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
    """(sizes, point) in increasing order of the sizes, one point each."""
    for _ in range(_MOST_SIZES):
        if points.is_empty():
            return
        sizes = smallest_sizes(points, context)
        here = points
        for k, value in enumerate(sizes):
            here = here.fix_val(_DIM.param, k, isl.Val(value))
        yield sizes, _coordinates(here.lexmin().sample_point())
        at = " and ".join(f"P{k} = {v}" for k, v in enumerate(sizes)) or "true"
        points = points.subtract(points.intersect_params(isl.Set(f"{parameters(context)} -> {{ : {at} }}")))


def _coordinates(point: isl.Point) -> tuple[int, ...]:
    count = point.get_space().dim(_DIM.set)
    return tuple(int(point.get_coordinate_val(_DIM.set, k).to_python()) for k in range(count))


def equal_where(different: Sequence[isl.Set], context: Context, certain: bool) -> str:
    """In words, the sizes outside all of these sets: those at which two sides agree, and the only ones if `certain`."""
    known = known_sizes(context)
    rest = known
    for points in different:
        rest = rest.subtract(points.params())
    if rest.is_empty():
        return "the two sides differ at all sizes" if certain else ""
    try:
        with limited():
            text = str(rest.coalesce().gist(known))
    except Unknown:
        return ""
    condition = text[text.index(":") + 1 : text.rindex("}")].strip()
    if len(condition) > _LONGEST:
        return ""
    for symbol, name in sorted(size_names(context).items(), key=lambda item: -len(item[1])):
        condition = condition.replace(name, symbol.name)
    return f"the two sides agree {'only ' if certain else ''}where {condition}"

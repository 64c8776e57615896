"""How a kernel's sizes are read off the arrays that it is given, and which shapes have to be checked."""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from symconv.ir import Context, linear
from symconv.lower.kernel import Kernel
from symconv.lower.sizes import axis_symbol, resolved


@dataclass(frozen=True)
class Bound:
    """factor * size + offset = array.shape[axis]"""

    size: sp.Symbol
    array: str
    axis: int
    factor: int
    offset: int


@dataclass(frozen=True)
class Binding:
    """bounds: one for each size that an array tells, in order. shapes: of every array, in terms of the given sizes.

    needed: the shape of `Kernel.shaped` has to be given, since no array tells one of its sizes.
    """

    bounds: tuple[Bound, ...]
    shapes: tuple[tuple[str, tuple[sp.Expr, ...]], ...]
    needed: bool


def binding_of(kernel: Kernel) -> Binding:
    """The arrays of a kernel in the order of its arguments, its result last."""
    sizes, context = kernel.sizes, kernel.context
    sources = [n for n in kernel.inputs if n not in kernel.optional] + ([kernel.shaped] if kernel.shaped else [])
    bounds: dict[sp.Symbol, Bound] = {}
    for name in sources:
        for axis, e in enumerate(_outer(context, name)):
            symbol = axis_symbol(e)
            if symbol in sizes.given and symbol not in bounds:
                factor, offset = linear(e, symbol) or (1, 0)
                bounds[symbol] = Bound(symbol, name, axis, int(factor), int(offset))
    arrays = (*kernel.inputs, *((kernel.shaped,) if kernel.shaped else ()), kernel.result)
    shapes = tuple((name, tuple(resolved(e, sizes) for e in _outer(context, name))) for name in arrays)
    return Binding(tuple(bounds.values()), shapes, any(b.array == kernel.shaped for b in bounds.values()))


def _outer(context: Context, name: str) -> tuple[sp.Expr, ...]:
    return context.operand(name).outer_shape

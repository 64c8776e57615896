"""Size and index expressions at numbers, in exact integers; nothing is compiled from text."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import sympy as sp

from symconv.ir import CeilDiv, FloorDiv, Quot

IntegerFunction = Callable[..., Any]
Extreme = Callable[[Iterable[Any]], Any]


def integer_function(
    e: sp.Expr, symbols: Sequence[sp.Symbol], largest: Extreme = max, smallest: Extreme = min
) -> IntegerFunction:
    """`e` as a function of the values of `symbols`, in that order: integers, or arrays of them.

    largest, smallest: of the values that a Max or Min compares, where they are no plain numbers.
    """
    if e.is_Integer:
        constant = int(e)
        return lambda *_: constant
    if e.is_Symbol:
        position = list(symbols).index(e)
        return lambda *values: values[position]
    args = [integer_function(a, symbols, largest, smallest) for a in e.args]
    if e.is_Add:
        return lambda *values: sum(f(*values) for f in args)
    if e.is_Mul:
        return lambda *values: math.prod(f(*values) for f in args)
    if isinstance(e, (FloorDiv, Quot)):
        return lambda *values: args[0](*values) // args[1](*values)
    if isinstance(e, CeilDiv):
        return lambda *values: -(-args[0](*values) // args[1](*values))
    if isinstance(e, (sp.Max, sp.Min)):
        pick = largest if isinstance(e, sp.Max) else smallest
        return lambda *values: pick(f(*values) for f in args)
    raise ValueError(f"{sp.sstr(e)} is no integer expression of {', '.join(map(str, symbols))}")

"""Printed index expressions mean what they say: read back by Python, they have the same value."""

from __future__ import annotations

import re

import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from symconv.emit.equation import Printer
from symconv.emit.text import ASCII, UNICODE
from symconv.ir import CeilDiv, FloorDiv, index, offset, size

INDICES = [index(name) for name in ("i", "j", "m", "i'", "m'")]
SIZES = [size("H"), size("k1"), size("s"), offset("p")]

coefficients = st.integers(-4, 4)
divisors = st.integers(2, 5)


@st.composite
def affine(draw: st.DrawFn) -> sp.Expr:
    """Integer combinations of indices, sizes, and sizes times indices."""
    e = sp.Integer(draw(coefficients))
    for symbol in (*INDICES, *SIZES):
        e += draw(coefficients) * symbol
    return sp.expand(e + draw(coefficients) * SIZES[2] * INDICES[0])


@st.composite
def quotients(draw: st.DrawFn) -> sp.Expr:
    kind = draw(st.sampled_from([FloorDiv, CeilDiv]))
    inner = draw(coefficients) * kind(draw(affine()), draw(divisors)) + draw(affine())
    pick = draw(st.sampled_from([None, sp.Max, sp.Min]))
    return inner if pick is None else pick(inner, draw(affine()))


def value(e: sp.Expr, at: dict[sp.Symbol, int]) -> int:
    if isinstance(e, FloorDiv | CeilDiv):
        num, den = value(e.num, at), value(e.den, at)
        return num // den if isinstance(e, FloorDiv) else -(-num // den)
    if e.is_Symbol:
        return at[e]
    if e.is_Integer:
        return int(e)
    parts = [value(a, at) for a in e.args]
    if e.is_Add:
        return sum(parts)
    if isinstance(e, sp.Max | sp.Min):
        return (max if isinstance(e, sp.Max) else min)(parts)
    product = 1
    for part in parts:
        product *= part
    return product


def python(text: str) -> str:
    """The Unicode text as a Python expression: signs, primes, subscripts, products without a sign, rounding."""
    text = text.replace("−", "-").replace("·", "*").replace("′", "_prime").replace("₁", "1")
    text = re.sub(r"(?<![\w])(\d+)([A-Za-z⌊⌈])", r"\1*\2", text)
    for left, right, name in (("⌊", "⌋", "floor"), ("⌈", "⌉", "ceil")):
        text = re.sub(f"{left}((?:[^{left}{right}])*)/(\\d+){right}", rf"{name}((\1), \2)", text)
    return text


WORDS = {
    "floor": lambda a, b: a // b,
    "ceil": lambda a, b: -(-a // b),
    "max": max,
    "min": min,
    "__builtins__": {},
}


@given(affine() | quotients(), st.lists(st.integers(1, 9), min_size=9, max_size=9))
def test_text_has_the_value_of_the_expression(e: sp.Expr, values: list[int]) -> None:
    at = dict(zip((*INDICES, *SIZES), values, strict=True))
    names = {symbol.name.replace("'", "_prime"): number for symbol, number in at.items()}
    spaced = Printer(UNICODE).expression(e)
    tight = Printer(UNICODE).expressions.index(e)
    assert tight == re.sub(r"(?<!,) ", "", spaced)
    assert eval(python(spaced), WORDS, names) == value(e, at)
    assert Printer(ASCII).expression(e).isascii()

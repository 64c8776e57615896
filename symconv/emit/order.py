"""In which order terms and factors are written: the article's, never SymPy's.

terms     i' - m,   i + m',   k1 - 1 - m,   s i + d k - p,   i' + 1 - m,   i' - m + m'
factors   coefficient, adjoint, partial derivative, parameters, other operands by order of statement, functions
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import sympy as sp

from symconv.emit.names import split
from symconv.emit.operands import Operands
from symconv.ir import Access, Apply, Partial, Role, sort_key

# Indices of taps follow those of positions: s oh + d kh, i + m.
_TAP_LETTERS = "kmnu"
_TENSORS = (Access, Apply, Partial)
# Of the factors of a product; a partial derivative comes between the two.
_RANKS = {Role.ADJOINT: 0, Role.PARAMETER: 2}


def is_tensor(e: sp.Expr) -> bool:
    """Does the expression speak of entries of operands?"""
    return e.has(*_TENSORS)


def is_index(symbol: sp.Symbol) -> bool:
    """Sizes and pads are known not to be negative; an index is any integer."""
    return symbol.is_nonnegative is None


def symbol_key(symbol: sp.Symbol) -> tuple[Any, ...]:
    name = split(symbol.name)
    return name.stem[0] in _TAP_LETTERS, name.stem, name.digits, name.suffix, name.primes


def ordered_terms(e: sp.Expr, operands: Operands) -> list[tuple[bool, sp.Expr]]:
    """The terms of a sum as (negative?, absolute term). A positive one leads where there is one."""
    signed = [_sign(t) for t in sp.Add.make_args(e)]
    moving = sorted((t for t in signed if depends(t[1])), key=lambda t: _term_key(t[1], operands))
    sizes = sorted((t for t in signed if not depends(t[1]) and not t[1].is_number), key=_size_key)
    numbers = [t for t in signed if t[1].is_number]
    if is_tensor(e):
        leading = [t for t in numbers if not t[0]]
        rest = sizes + [t for t in numbers if t[0]]
    else:
        leading, rest = [], sizes + numbers
    if leading or rest:
        moving_first = [t for t in moving if not t[0]]
        ordered = leading + moving_first + rest + [t for t in moving if t[0]]
    else:
        ordered = moving
    first = next((t for t in ordered if not t[0]), ordered[0])
    ordered.remove(first)
    return [first, *ordered]


def is_negative(term: sp.Expr) -> bool:
    """Does the term carry a minus sign of its own?"""
    return bool(term.as_coeff_Mul()[0].is_negative)


def _sign(term: sp.Expr) -> tuple[bool, sp.Expr]:
    return (True, -term) if is_negative(term) else (False, term)


def depends(term: sp.Expr) -> bool:
    """Does the term depend on an index or an operand?"""
    return is_tensor(term) or any(map(is_index, term.free_symbols))


def _term_key(term: sp.Expr, operands: Operands) -> tuple[Any, ...]:
    if is_tensor(term):
        return 0, min(map(operands.position, _names(term))), sorted(_names(term)), sort_key(term)
    return 1, min(symbol_key(s) for s in term.free_symbols if is_index(s)), sort_key(term)


def _size_key(signed: tuple[bool, sp.Expr]) -> tuple[Any, ...]:
    negative, term = signed
    return negative, sorted(s.name for s in term.free_symbols)


def _names(e: sp.Expr) -> list[str]:
    return [a.name for a in e.atoms(Access)] or [""]


@dataclass
class Factors:
    """A product taken apart: a sign; sizes and numbers over and under the bar; operands' entries likewise."""

    negative: bool = False
    over: list[sp.Expr] = field(default_factory=list)
    under: list[sp.Expr] = field(default_factory=list)
    tensors: list[sp.Expr] = field(default_factory=list)
    divisors: list[sp.Expr] = field(default_factory=list)


def factors(e: sp.Expr, operands: Operands) -> Factors:
    """The factors of a product, each group in the order in which it is written."""
    out = Factors()
    for factor in sp.Mul.make_args(e):
        if factor.is_Rational:
            _put_number(out, factor)
            continue
        if factor.is_Float and factor.is_negative:
            out.negative, factor = not out.negative, -factor
        base, exponent = factor.as_base_exp()
        inverse = factor.is_Pow and is_negative(exponent)
        one = base**-exponent if inverse else factor
        groups = (out.tensors, out.divisors) if is_tensor(factor) else (out.over, out.under)
        groups[inverse].append(one)
    for group in (out.over, out.under):
        group.sort(key=lambda f: _scalar_key(f, operands))
    for group in (out.tensors, out.divisors):
        group.sort(key=lambda f: _tensor_key(f, operands))
    return out


def _put_number(out: Factors, number: sp.Rational) -> None:
    out.negative ^= bool(number < 0)
    if abs(number.p) != 1:
        out.over.append(sp.Integer(abs(number.p)))
    if number.q != 1:
        out.under.append(sp.Integer(number.q))


def _scalar_key(factor: sp.Expr, operands: Operands) -> tuple[Any, ...]:
    """Numbers, strides and dilations, extents, then indices."""
    if factor.is_number:
        return 0, not factor.is_Rational, (), sort_key(factor)
    indices = sorted(symbol_key(s) for s in factor.free_symbols if is_index(s))
    names = sorted(s.name for s in factor.free_symbols)
    return 1 + bool(indices), operands.is_extent(factor), not factor.is_Symbol, tuple(indices), names, sort_key(factor)


def _tensor_key(factor: sp.Expr, operands: Operands) -> tuple[Any, ...]:
    base = factor.base if factor.is_Pow else factor
    names = _names(factor)
    return _rank(base, operands), min(map(operands.position, names)), sorted(names), sort_key(factor)


def _rank(base: sp.Expr, operands: Operands) -> int:
    if isinstance(base, Partial):
        return 1
    if not isinstance(base, Access):
        return 4
    return _RANKS.get(operands.role(base.name), 3)

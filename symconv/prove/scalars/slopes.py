"""Derivatives from a table: what the derivation is held to, while the rules that make it use SymPy's `diff`."""

from __future__ import annotations

from collections.abc import Callable

import sympy as sp

from symconv.ir import Apply, Quotient, Select, Unknown

# f(u) -> f'(u)
_TABLE: dict[type, Callable[[sp.Expr], sp.Expr]] = {
    sp.exp: sp.exp,
    sp.log: lambda u: 1 / u,
    sp.tanh: lambda u: 1 - sp.tanh(u) ** 2,
    sp.sinh: sp.cosh,
    sp.cosh: sp.sinh,
    sp.sin: sp.cos,
    sp.cos: lambda u: -sp.sin(u),
    sp.tan: lambda u: 1 + sp.tan(u) ** 2,
    sp.atan: lambda u: 1 / (1 + u**2),
    sp.erf: lambda u: 2 * sp.exp(-(u**2)) / sp.sqrt(sp.pi),
    sp.Abs: sp.sign,
    sp.sign: lambda u: sp.S.Zero,
}


def derivative(e: sp.Expr, x: sp.Symbol) -> sp.Expr:
    """de/dx; at a kink the slope of the branch that is taken there, 0 for |x| and for steps."""
    if e == x:
        return sp.S.One
    if not e.has(x) or isinstance(e, Quotient):
        return sp.S.Zero
    if e.is_Add:
        return sp.Add(*(derivative(a, x) for a in e.args))
    if e.is_Mul:
        rest = [(a, sp.Mul(*e.args[:k], *e.args[k + 1 :])) for k, a in enumerate(e.args)]
        return sp.Add(*(derivative(a, x) * others for a, others in rest))
    if e.is_Pow and not e.exp.has(x):
        return e.exp * e.base ** (e.exp - 1) * derivative(e.base, x)
    if e.is_Pow:
        return e * (derivative(e.exp, x) * sp.log(e.base) + e.exp * derivative(e.base, x) / e.base)
    if isinstance(e, Select):
        return Select(e.lhs, e.rhs, derivative(e.above, x), derivative(e.below, x))
    if isinstance(e, Apply):
        return Apply(e.args[0], e.order + 1, e.argument) * derivative(e.argument, x)
    if type(e) in _TABLE:
        return _TABLE[type(e)](e.args[0]) * derivative(e.args[0], x)
    raise Unknown(f"the derivative of {type(e).__name__} is not in the checker's table")

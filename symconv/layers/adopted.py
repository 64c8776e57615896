"""A SymPy expression of one variable, built anew from `Arithmetic`: what it cannot say is refused."""

from __future__ import annotations

from functools import reduce

import sympy as sp

from symconv.ir import Select, UserError
from symconv.layers.arithmetic import Arithmetic, Refused, maximum, minimum
from symconv.layers.attributes import shown
from symconv.layers.expression import Read

_CALLED = {f: f.__name__ for f in (sp.exp, sp.log, sp.tanh, sp.sinh, sp.cosh, sp.sin, sp.cos, sp.atan, sp.erf)}
_CALLED[sp.Abs] = "abs"
_KNOWN = ", ".join([*(f.__name__ for f in _CALLED), "tan, sign, Max, Min, Piecewise"])


def adopt(function: sp.Expr, variable: sp.Symbol) -> Read:
    """`function`, an expression of at most one symbol, as an expression of `variable`, and where it is defined."""
    arithmetic = Arithmetic()
    try:
        return Read(_adopted(function, variable, arithmetic), tuple(arithmetic.conditions))
    except Refused as reason:
        raise UserError(f"function = {shown(function)}: {reason}") from None
    except RecursionError:
        raise UserError(f"function = {shown(function)} is nested too deeply") from None


def _adopted(e: sp.Expr, variable: sp.Symbol, arithmetic: Arithmetic) -> sp.Expr:
    if isinstance(e, sp.Piecewise):
        return _cases(e, variable, arithmetic)
    if e.is_Symbol:
        return variable
    if e.is_Float:
        return sp.Rational(str(e))  # the decimal that it shows
    if e.is_Rational or e in (sp.pi, sp.E):
        return e
    args = [_adopted(a, variable, arithmetic) for a in e.args]
    if e.is_Add or e.is_Mul:
        return reduce(arithmetic.add if e.is_Add else arithmetic.multiply, args)
    if e.is_Pow:
        return arithmetic.power(*args)
    if isinstance(e, (sp.Max, sp.Min)):
        # SymPy orders them anyhow; with the numbers last, max(x, 0) has the slope 0 at 0.
        return reduce(maximum if isinstance(e, sp.Max) else minimum, sorted(args, key=lambda a: bool(a.is_number)))
    if isinstance(e, sp.sign):
        return Select(args[0], sp.S.Zero, sp.S.One, Select(sp.S.Zero, args[0], sp.S.NegativeOne, sp.S.Zero))
    if isinstance(e, sp.tan):
        return arithmetic.tangent(*args)
    if type(e) not in _CALLED:
        raise Refused(f"{type(e).__name__} is not known; known are + - * / **, {_KNOWN}")
    return arithmetic.call(_CALLED[type(e)], *args)


def _cases(e: sp.Piecewise, variable: sp.Symbol, arithmetic: Arithmetic) -> sp.Expr:
    """The cases from the last, which holds otherwise, to the first."""
    *most, (last, otherwise) = e.args
    if otherwise != sp.true:
        raise Refused("the last case of a Piecewise holds otherwise: give it the condition True")
    out = _adopted(last, variable, arithmetic)
    for value, condition in reversed(most):
        chosen = _adopted(value, variable, arithmetic)
        if not isinstance(condition, (sp.Gt, sp.Ge, sp.Lt, sp.Le)):
            raise Refused(f"the condition {condition} is not one of >, >=, <, <=")
        greater, smaller = (_adopted(a, variable, arithmetic) for a in (condition.gts, condition.lts))
        strict = isinstance(condition, (sp.Gt, sp.Lt))
        out = Select(greater, smaller, chosen, out) if strict else Select(smaller, greater, out, chosen)
    return out

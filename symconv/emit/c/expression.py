"""Expressions in C: 64-bit index arithmetic, values in the kernel's real type, conditions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import sympy as sp

from symconv.emit.c.names import Names
from symconv.ir import Access, Apply, CeilDiv, Context, FloorDiv, Quot, Select, UserError, sort_key

ATOM, PRODUCT, SUM, TEST = 4, 3, 2, 1
_COMPARISONS: dict[type, str] = {
    sp.StrictGreaterThan: ">",
    sp.GreaterThan: ">=",
    sp.StrictLessThan: "<",
    sp.LessThan: "<=",
    sp.Equality: "==",
    sp.Unequality: "!=",
}
_FUNCTIONS = ("exp", "log", "tanh", "sinh", "cosh", "sin", "cos", "tan", "atan", "erf")


@dataclass(frozen=True)
class Printed:
    """Text, and how tightly it holds together."""

    text: str
    level: int = ATOM

    def at(self, level: int) -> str:
        return self.text if self.level >= level else f"({self.text})"


@dataclass
class Expressions:
    """Prints the expressions of one kernel; `functions` collects the elementary functions that it calls.

    shapes: of the operands, where they are not the context's. guarded: accesses that are tested before they are read.
    """

    names: Names
    context: Context
    shapes: Mapping[str, tuple[sp.Expr, ...]] = field(default_factory=dict)
    functions: set[str] = field(default_factory=set)

    def shape(self, name: str) -> tuple[sp.Expr, ...]:
        return self.shapes[name] if name in self.shapes else self.context.shape(name)

    # Index arithmetic.

    def index(self, e: sp.Expr, level: int = SUM) -> str:
        return self._index(e).at(level)

    def _index(self, e: sp.Expr) -> Printed:
        if e.is_Integer:
            return Printed(str(int(e)), ATOM if e >= 0 else PRODUCT)
        if e.is_Symbol:
            return Printed(self.names[e])
        if e.is_Add:
            return self._sum(sorted(e.args, key=_positive_first), self._index)
        if e.is_Mul:
            return self._index_product(e)
        if isinstance(e, Quot):  # exact, so that C's truncation does not matter
            return Printed(f"{self.index(e.num, PRODUCT)} / {self.index(e.den, ATOM)}", PRODUCT)
        if isinstance(e, (FloorDiv, CeilDiv)):
            name = "sc_floor_div" if isinstance(e, FloorDiv) else "sc_ceil_div"
            return Printed(f"{name}({self.index(e.num)}, {self.index(e.den)})")
        if isinstance(e, (sp.Max, sp.Min)):
            return self._extreme("sc_max" if isinstance(e, sp.Max) else "sc_min", sorted(e.args, key=sort_key))
        if isinstance(e, sp.Piecewise):
            return self._cases(e)
        raise UserError(f"{sp.sstr(e)} cannot be written as index arithmetic in C")

    def _index_product(self, e: sp.Expr) -> Printed:
        c, rest = e.as_coeff_Mul()
        if c == -1:
            return Printed(f"-{self.index(rest, PRODUCT)}", PRODUCT)
        factors = [self.index(a, ATOM) for a in e.args]
        return Printed(" * ".join(factors), PRODUCT)

    def _extreme(self, name: str, args: list[sp.Expr]) -> Printed:
        text = self.index(args[-1])
        for a in reversed(args[:-1]):
            text = f"{name}({self.index(a)}, {text})"
        return Printed(text)

    def _sum(self, terms: list[sp.Expr], one: Callable[[sp.Expr], Printed]) -> Printed:
        text = one(terms[0]).at(PRODUCT)
        for term in terms[1:]:
            negative = bool(term.as_coeff_Mul()[0].is_negative)
            text += f" - {one(-term).at(PRODUCT)}" if negative else f" + {one(term).at(PRODUCT)}"
        return Printed(text, SUM)

    # Entries.

    def entry(self, a: Access) -> str:
        """A[..] with every index checked against its own dimension in a checked build."""
        sizes = self.shape(a.name)
        if not a.indices:
            return f"{self.names.operand(a.name)}[0]"
        text = ""
        for i, n in zip(a.indices, sizes, strict=True):
            one = f"SC_IN({self.index(i)}, {self.index(n)})"
            text = (
                f"({text}) * {self.index(n, ATOM)} + {one}"
                if " " in text and "+" in text
                else (f"{text} * {self.index(n, ATOM)} + {one}" if text else one)
            )
        return f"{self.names.operand(a.name)}[{text}]"

    def inside(self, a: Access) -> str:
        """Is the access within its operand's box?"""
        tests = []
        for i, n in zip(a.indices, self.shape(a.name), strict=True):
            tests += [f"{self.index(i)} >= 0", f"{self.index(i)} < {self.index(n)}"]
        return " && ".join(tests) or "1"

    # Values.

    def value(self, e: sp.Expr, guarded: tuple[Access, ...] = ()) -> str:
        return _Values(self, guarded).printed(e).text

    def condition(self, c: Any) -> str:
        """A relation of index expressions, or And/Or/Not of relations."""
        if isinstance(c, (sp.And, sp.Or)):
            sign = " && " if isinstance(c, sp.And) else " || "
            return sign.join(f"({self.condition(a)})" for a in sorted(c.args, key=sp.default_sort_key))
        if isinstance(c, sp.Not):
            return f"!({self.condition(c.args[0])})"
        if c in (sp.true, sp.false):
            return "1" if c == sp.true else "0"
        return f"{self.index(c.lhs)} {_COMPARISONS[type(c)]} {self.index(c.rhs)}"

    def _cases(self, e: sp.Piecewise) -> Printed:
        *most, (last, _) = e.args
        text = self.index(last)
        for value, c in reversed(most):
            text = f"({self.condition(c)} ? {self.index(value)} : {text})"
        return Printed(text)


class _Values:
    """Values of one expression, in the kernel's real type."""

    def __init__(self, owner: Expressions, guarded: tuple[Access, ...]) -> None:
        self.owner, self.guarded = owner, guarded

    def printed(self, e: sp.Expr) -> Printed:
        if isinstance(e, Access):
            return self._read(e)
        if e.is_Rational:
            return self._number(e)
        if isinstance(e, Select):
            lhs, rhs, above, below = (self.printed(a).at(SUM) for a in e.args)
            return Printed(f"({lhs} > {rhs} ? {above} : {below})")
        if e.is_number and not e.has(Select):
            return Printed(f"SC_R({float(e.evalf(20))!r})", ATOM if e > 0 else PRODUCT)
        if e.is_Symbol:
            return Printed(f"(sc_real){self.owner.names[e]}", PRODUCT)
        if e.is_Add:
            return self.owner._sum(sorted(e.args, key=_positive_first), self.printed)
        if e.is_Mul:
            return self._product(e)
        if e.is_Pow:
            return self._power(e)
        if isinstance(e, (sp.Abs, sp.sign)):
            return self._call("fabs" if isinstance(e, sp.Abs) else "sign", e.args[0])
        if isinstance(e, Apply):
            raise UserError(f"function {e.name} has no expression: a kernel needs one, such as tanh(x)")
        name = type(e).__name__
        if name in _FUNCTIONS:
            return self._call(name, e.args[0])
        if isinstance(e, (Quot, FloorDiv, CeilDiv, sp.Max, sp.Min)):
            return Printed(f"(sc_real){self.owner.index(e, ATOM)}", PRODUCT)
        raise UserError(f"{sp.sstr(e)} cannot be written in C")

    def _read(self, a: Access) -> Printed:
        entry = self.owner.entry(a)
        return Printed(f"({self.owner.inside(a)} ? {entry} : SC_R(0.0))") if a in self.guarded else Printed(entry)

    def _number(self, e: sp.Expr) -> Printed:
        if e.is_Integer and abs(e) < 2**53:
            return Printed(f"SC_R({int(e)}.0)")
        if e.q == 1 or e.p == 1 or abs(e.p) < 2**53 > e.q:
            return Printed(f"SC_R({int(e.p)}.0) / SC_R({int(e.q)}.0)", PRODUCT)
        return Printed(f"SC_R({float(e)!r})")

    def _product(self, e: sp.Expr) -> Printed:
        """Factors over divisors, so that x/9 is one division and not a product with a rounded 1/9."""
        over, under = [], []
        for factor in e.args:
            base, exponent = factor.as_base_exp()
            if factor.is_Rational and not factor.is_Integer:
                over += [sp.Integer(factor.p)] if factor.p != 1 else []
                under.append(sp.Integer(factor.q))
            elif exponent.is_negative and not isinstance(factor, sp.exp):
                under.append(base**-exponent)
            else:
                over.append(factor)
        sign = ""
        if -1 in over:
            over.remove(sp.S.NegativeOne)
            sign = "-"
        top = " * ".join(self.printed(f).at(ATOM) for f in over) or "SC_R(1.0)"
        for divisor in under:
            top += f" / {self.printed(divisor).at(ATOM)}"
        return Printed(sign + top, PRODUCT)

    def _power(self, e: sp.Expr) -> Printed:
        base, exponent = e.args
        if exponent.is_negative:
            return Printed(f"SC_R(1.0) / {self.printed(base**-exponent).at(ATOM)}", PRODUCT)
        if exponent.is_Integer and exponent <= 4:
            return Printed(" * ".join([self.printed(base).at(ATOM)] * int(exponent)), PRODUCT)
        if exponent == sp.Rational(1, 2):
            return self._call("sqrt", base)
        self.owner.functions.add("pow")
        return Printed(f"(sc_real)sc_pow((double){self.printed(base).at(ATOM)}, {_double(exponent)})", PRODUCT)

    def _call(self, name: str, argument: sp.Expr) -> Printed:
        self.owner.functions.add(name)
        return Printed(f"(sc_real)sc_{name}((double){self.printed(argument).at(ATOM)})", PRODUCT)


def _double(e: sp.Expr) -> str:
    if not e.is_Rational:
        raise UserError(f"the exponent {sp.sstr(e)} is no number: a kernel needs one")
    return f"{int(e.p)}.0 / {int(e.q)}.0" if e.q != 1 else f"{int(e.p)}.0"


def _positive_first(e: sp.Expr) -> tuple[bool, bool, Any]:
    """Terms with a minus, then plain numbers, go last."""
    return bool(e.as_coeff_Mul()[0].is_negative), bool(e.is_number), sort_key(e)

"""The shared walk: expressions to printed parts, for every language.

One dispatch table, and precedence handled once: each part knows how tightly it holds together, and `_at_least` puts
parentheses around it where a tighter one is needed. A node without an entry in the table is an error, not a guess.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import sympy as sp

from symconv.emit.language import Language, Level, Printed
from symconv.emit.operands import Operands
from symconv.emit.order import depends, factors, is_negative, is_tensor, ordered_terms
from symconv.ir import Access, Apply, CeilDiv, FloorDiv, Label, Partial, Quot, Quotient, Select, sort_key

_FUNCTIONS = ("exp", "log", "tanh", "sinh", "cosh", "sin", "cos", "tan", "atan", "erf", "sign")


@dataclass(frozen=True)
class Expressions:
    """Prints expressions in one language. `tight`: without spaces around signs, as inside an index or a limit."""

    language: Language
    operands: Operands = field(default_factory=Operands)
    tight: bool = False

    def text(self, e: sp.Expr) -> str:
        return self.walk(e).text

    def index(self, e: sp.Expr) -> str:
        """As the index of an entry or the limit of a sum."""
        return replace(self, tight=True).text(e)

    def walk(self, e: sp.Expr) -> Printed:
        for kind in type(e).__mro__:
            if kind in _TABLE:
                return _TABLE[kind](self, e)
        raise TypeError(f"no printed form for {type(e).__name__} in {sp.sstr(e)}")

    def pieces(self, e: sp.Expr) -> list[str]:
        """A summand cut where a long line may be broken: terms of a sum, or factors of a product."""
        if not e.is_Add:
            return self._product(e)
        out: list[str] = []
        for negative, term in ordered_terms(e, self.operands):
            sign = self.language.minus if negative else self.language.plus
            first, *rest = self._product(term)
            lead = f"{sign} " if out else self.language.minus if negative else ""
            out += [lead + first, *rest]
        return out

    def entry(self, name: str, indices: tuple[sp.Expr, ...]) -> Printed:
        """An entry of an operand, of an adjoint (∂E/∂A where it has no letter of its own), of an inner derivative."""
        pair, of = self.operands.derivative_of(name), self.operands.adjoint_of(name)
        if pair is not None:
            out, inn = pair
            rank = self.operands.rank(out)
            return self.language.derivative(self.entry(out, indices[:rank]).text, self.entry(inn, indices[rank:]).text)
        if of is not None and self.operands.label(name) is None:
            return self.language.derivative(self.operands.notation.error, self.entry(of, indices).text)
        return self._plain_entry(name, indices)

    def _plain_entry(self, name: str, indices: tuple[sp.Expr, ...]) -> Printed:
        head: str | Label = self.operands.label(name) or name
        return self.language.entry(head, [self.index(i) for i in indices], all(i.is_Symbol for i in indices))

    def _at_least(self, e: sp.Expr, level: Level) -> Printed:
        printed = self.walk(e)
        return printed if printed.level >= level else Printed(self.language.parentheses(printed.text))

    def _closed(self, printed: Printed) -> str:
        """Fit to be a factor."""
        return self.language.parentheses(printed.text) if printed.level < Level.PRODUCT else printed.text

    def _product(self, e: sp.Expr) -> list[str]:
        """Coefficient, then the entries of operands; divisors close the product."""
        parts = factors(e, self.operands)
        if not parts.tensors:
            whole = self._ratio(parts.over, parts.under + parts.divisors)
            return [self.language.minus + self._closed(whole)] if parts.negative else [whole.text]
        out = [self._at_least(t, Level.PRODUCT) for t in parts.tensors]
        texts = [p.text for p in out]
        if parts.divisors:
            texts = self.language.divided(out, self._multiplied(parts.divisors))
        if parts.over or parts.under:
            coefficient = self._closed(self._ratio(parts.over, parts.under))
            texts.insert(0, self.language.coefficient(coefficient, fraction=bool(parts.under)))
        if parts.negative:
            texts[0] = self.language.minus + texts[0]
        return texts

    def _ratio(self, over: list[sp.Expr], under: list[sp.Expr]) -> Printed:
        num = self._multiplied(over)
        if not under:
            return num
        return Printed(" ".join(self.language.divided([num], self._multiplied(under))), Level.PRODUCT)

    def _multiplied(self, scalars: list[sp.Expr]) -> Printed:
        """Numbers, sizes and indices multiplied: 2i, s·i, KH·KW"""
        if not scalars:
            return Printed("1")
        if len(scalars) == 1:
            return self.walk(scalars[0])
        text = ""
        for k, e in enumerate(scalars):
            factor = self._at_least(e, Level.POWER).text
            bracketed = isinstance(e, FloorDiv | CeilDiv) and not factor[0].isalpha()
            joined = k == 0 or (scalars[k - 1].is_Integer and (e.is_Symbol or bracketed))
            text += ("" if joined else self.language.times) + factor
        return Printed(text, Level.PRODUCT)

    def _add(self, e: sp.Expr) -> Printed:
        text = ""
        space = "" if (self.tight or not self.language.spaced) and not is_tensor(e) else " "
        for negative, term in ordered_terms(e, self.operands):
            sign = self.language.minus if negative else self.language.plus
            lead = f"{space}{sign}{space}" if text else self.language.minus if negative else ""
            text += lead + " ".join(self._product(term))
        return Printed(text, Level.SUM)

    def _mul(self, e: sp.Expr) -> Printed:
        pieces = self._product(e)
        return Printed(" ".join(pieces), Level.SUM if factors(e, self.operands).negative else Level.PRODUCT)

    def _pow(self, e: sp.Expr) -> Printed:
        if is_negative(e.exp):
            return Printed(" ".join(self._product(e)), Level.PRODUCT)
        if e.exp == sp.S.Half:
            return Printed(self.language.root(self.text(e.base)))
        exponent = self.index(e.exp)
        if e.exp.is_Rational and not e.exp.is_Integer:
            exponent = self.language.quotient(Printed(str(e.exp.p)), Printed(str(e.exp.q)))
        return Printed(self.language.power(self._at_least(e.base, Level.ATOM).text, exponent), Level.POWER)

    def _number(self, e: sp.Expr) -> Printed:
        if e.is_Rational and not e.is_Integer:
            return Printed(" ".join(self._product(e)), Level.SUM if e.is_negative else Level.PRODUCT)
        digits = str(abs(e)) if e.is_Integer else repr(abs(float(e)))
        return Printed(self.language.minus + digits, Level.SUM) if e.is_negative else Printed(digits)

    def _quotient(self, e: Quotient) -> Printed:
        # The quotient of an index is written on one line, in brackets of its own where it is rounded.
        ratio = self.language.quotient(self.walk(e.num), self.walk(e.den))
        if isinstance(e, Quot):
            return Printed(ratio, Level.PRODUCT)
        return Printed((self.language.floor if isinstance(e, FloorDiv) else self.language.ceiling)(ratio))

    def extreme(self, name: str, args: tuple[sp.Expr, ...]) -> str:
        """max or min of bounds; a single one stands for itself."""
        return self.text(args[0]) if len(args) == 1 else self.language.extreme(name, [self.text(a) for a in args])

    def _extreme(self, e: sp.Expr) -> Printed:
        # Numbers, sizes, then what depends on an index: max(0, ..), min(H - k1, i').
        args = sorted(e.args, key=lambda a: (not a.is_number, depends(a), sort_key(a)))
        return Printed(self.extreme("max" if isinstance(e, sp.Max) else "min", tuple(args)))

    def _function(self, e: sp.Expr) -> Printed:
        if e.func.__name__ not in _FUNCTIONS:
            raise TypeError(f"no printed form for {e.func.__name__} in {sp.sstr(e)}")
        return Printed(self.language.call(e.func.__name__, self.text(e.args[0])))

    def _select(self, e: Select) -> Printed:
        if {e.lhs, e.rhs} == {e.above, e.below}:
            name = "max" if e.lhs == e.above else "min"
            return Printed(self.extreme(name, (e.above, e.below)))
        condition = self.language.related([self.text(e.lhs), ">", self.text(e.rhs)])
        if (e.above, e.below) == (1, 0):
            return Printed(self.language.bracket(condition))
        return Printed(self.language.cases([(self.text(e.above), condition), (self.text(e.below), None)]))


def _apply(p: Expressions, e: Apply) -> Printed:
    return Printed(p.language.opaque(e.name, e.order, p.text(e.argument)))


def _partial(p: Expressions, e: Partial) -> Printed:
    return p.language.derivative(p.text(e.out), p.text(e.inn))


_TABLE: dict[type, Callable[[Expressions, sp.Expr], Printed]] = {
    sp.Symbol: lambda p, e: Printed(p.language.name(e.name)),
    sp.Number: Expressions._number,
    type(sp.pi): lambda p, e: Printed(p.language.name("pi")),
    type(sp.E): lambda p, e: Printed(p.language.call("exp", "1")),  # a bare e might be an operand
    sp.Add: Expressions._add,
    sp.Mul: Expressions._mul,
    sp.Pow: Expressions._pow,
    Access: lambda p, e: p.entry(e.name, e.indices),
    Partial: _partial,
    Apply: _apply,
    Quotient: Expressions._quotient,
    sp.Max: Expressions._extreme,
    sp.Min: Expressions._extreme,
    Select: Expressions._select,
    sp.Abs: lambda p, e: Printed(p.language.absolute(p.text(e.args[0]))),
    sp.Function: Expressions._function,
}

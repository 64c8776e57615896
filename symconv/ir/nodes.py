"""What a summand needs and SymPy lacks: accesses, choices, named integer quotients, opaque functions, partials.

Each node rebuilds from `func(*args)`, as SymPy's traversals require. None of them prints itself for a reader
(that is the business of `emit`), and none is ever handed to `simplify`, `doit` or a SymPy `Sum`.
"""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy.core.symbol import Str


class _Node(sp.Expr):
    """A commutative real leaf."""

    is_commutative = True
    is_extended_real = True
    is_real = True

    def _sympystr(self, printer: Any) -> str:
        return f"{type(self).__name__}({', '.join(printer._print(a) for a in self.args)})"


class Access(_Node):
    """A[f_1, ..., f_r]: one entry of operand A. The name is a `Str`, so it is no free symbol and cannot be captured."""

    def __new__(cls, name: str | Str, *indices: Any) -> Access:
        label = name if isinstance(name, Str) else Str(name)
        return sp.Expr.__new__(cls, label, *(sp.sympify(i, strict=True) for i in indices))

    @property
    def name(self) -> str:
        return self.args[0].name

    @property
    def indices(self) -> tuple[sp.Expr, ...]:
        return self.args[1:]

    def _sympystr(self, printer: Any) -> str:
        return f"{self.name}[{', '.join(printer._print(i) for i in self.indices)}]"

    def _eval_derivative(self, symbol: sp.Symbol) -> sp.Expr:
        return sp.S.Zero


class Partial(_Node):
    """d out / d inn of two accesses, unevaluated; `derive.rules.unfold` opens it into a sum over deltas."""

    def __new__(cls, out: Access, inn: Access) -> Partial:
        return sp.Expr.__new__(cls, out, inn)

    @property
    def out(self) -> Access:
        return self.args[0]

    @property
    def inn(self) -> Access:
        return self.args[1]


class Apply(_Node):
    """f(u) (order 0), f'(u) (order 1), ...: a function of one variable that is known by name only."""

    def __new__(cls, name: str | Str, order: Any, argument: Any) -> Apply:
        label = name if isinstance(name, Str) else Str(name)
        return sp.Expr.__new__(cls, label, sp.sympify(order, strict=True), sp.sympify(argument, strict=True))

    @property
    def name(self) -> str:
        return self.args[0].name

    @property
    def order(self) -> int:
        return int(self.args[1])

    @property
    def argument(self) -> sp.Expr:
        return self.args[2]

    def _eval_derivative(self, symbol: sp.Symbol) -> sp.Expr:
        """d f(u) / ds = f'(u) du/ds"""
        return Apply(self.args[0], self.order + 1, self.argument) * self.argument.diff(symbol)


class Select(_Node):
    """`above` where lhs > rhs, otherwise `below`: relu, max and min, with the derivative of the branch that is taken.

    A node of its own, since SymPy folds a Piecewise inside a condition into forms that nobody can print or bound. On
    lhs = rhs the value is `below`, and so is the derivative: relu'(0) = 0, and at a tie max(a, b) has the slope of b.
    """

    def __new__(cls, lhs: Any, rhs: Any, above: Any, below: Any) -> sp.Expr:
        lhs, rhs, above, below = (sp.sympify(a, strict=True) for a in (lhs, rhs, above, below))
        if above == below:
            return above
        if lhs.is_Rational and rhs.is_Rational:
            return above if lhs > rhs else below
        return sp.Expr.__new__(cls, lhs, rhs, above, below)

    @property
    def lhs(self) -> sp.Expr:
        return self.args[0]

    @property
    def rhs(self) -> sp.Expr:
        return self.args[1]

    @property
    def above(self) -> sp.Expr:
        return self.args[2]

    @property
    def below(self) -> sp.Expr:
        return self.args[3]

    def _eval_derivative(self, symbol: sp.Symbol) -> sp.Expr:
        """The derivative of the branch that is taken; none comes from the border between the two."""
        return Select(self.lhs, self.rhs, self.above.diff(symbol), self.below.diff(symbol))


class Quotient(_Node):
    """An integer quotient num/den with den > 0, kept whole: SymPy would distribute it over a sum and lose the floor."""

    is_integer = True

    def __new__(cls, num: Any, den: Any) -> sp.Expr:
        num, den = sp.expand(sp.sympify(num, strict=True)), sp.sympify(den, strict=True)
        if den.is_Integer and den < 1:
            raise ValueError(f"{cls.__name__}: the divisor must be positive, got {den}")
        exact = _exact_quotient(num, den)
        if exact is not None:
            return exact
        if num.is_Integer and den.is_Integer:
            value = cls.of(int(num), int(den))
            if value is not None:
                return sp.Integer(value)
        return sp.Expr.__new__(cls, num, den)

    @staticmethod
    def of(num: int, den: int) -> int | None:
        """The quotient of two numbers, None where it does not exist."""
        raise NotImplementedError

    @property
    def num(self) -> sp.Expr:
        return self.args[0]

    @property
    def den(self) -> sp.Expr:
        return self.args[1]


class Quot(Quotient):
    """num/den where den | num; meaningless elsewhere, so a guard `Divides(den, num)` always stands beside it."""

    @staticmethod
    def of(num: int, den: int) -> int | None:
        return num // den if num % den == 0 else None


class FloorDiv(Quotient):
    """The largest integer q with q den <= num."""

    @staticmethod
    def of(num: int, den: int) -> int | None:
        return num // den


class CeilDiv(Quotient):
    """The smallest integer q with q den >= num."""

    @staticmethod
    def of(num: int, den: int) -> int | None:
        return -(-num // den)


def _exact_quotient(num: sp.Expr, den: sp.Expr) -> sp.Expr | None:
    """num/den as a polynomial with integer coefficients, when it is one; otherwise None."""
    if den == 1:
        return num
    if den.is_Integer:
        terms = [term.as_coeff_Mul() for term in sp.Add.make_args(num)]
        if all(coefficient.is_Integer and coefficient % den == 0 for coefficient, _ in terms):
            return sp.Add(*(coefficient / den * term for coefficient, term in terms))
        return None
    quotients = [_divide_term(term, den) for term in sp.Add.make_args(num)]
    return sp.Add(*quotients) if None not in quotients else None


def _divide_term(term: sp.Expr, den: sp.Expr) -> sp.Expr | None:
    """term/den when the symbol `den` is a factor of `term`."""
    ratio = term / den
    return ratio if not ratio.has(sp.Pow) or ratio.is_polynomial() else None

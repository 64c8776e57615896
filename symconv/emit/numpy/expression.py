"""Summands as NumPy expressions over whole arrays. Numbers are Python scalars, so that float32 stays float32."""

from __future__ import annotations

from collections.abc import Callable

import sympy as sp

from symconv.emit.numpy.integers import Integers, Level
from symconv.ir import Access, Apply, CeilDiv, FloorDiv, Quot, Select, UserError

# SymPy's name of a function and NumPy's; erf is the module's own.
_FUNCTIONS = {
    "exp": "np.exp", "log": "np.log", "tanh": "np.tanh", "sinh": "np.sinh", "cosh": "np.cosh", "sin": "np.sin",
    "cos": "np.cos", "tan": "np.tan", "atan": "np.arctan", "erf": "_erf", "Abs": "np.abs", "sign": "np.sign",
}  # fmt: skip
_EXACT = 2**53


class Expressions:
    """Prints a summand; `entry` says how an access is read, `index` how the values of an index are.

    winner: the condition under which an operand that names the winning unit is 1, None for any other operand.
    """

    def __init__(
        self,
        integers: Integers,
        entry: Callable[[Access], str],
        winner: Callable[[Access], str | None],
        index: Callable[[sp.Symbol], str | None],
    ) -> None:
        self.integers, self.entry, self.winner, self.index = integers, entry, winner, index

    def text(self, e: sp.Expr) -> str:
        return self._printed(stable(e))[0]

    def _at_least(self, e: sp.Expr, level: Level) -> str:
        text, own = self._printed(e)
        return text if own >= level else f"({text})"

    def _printed(self, e: sp.Expr) -> tuple[str, Level]:
        if isinstance(e, Access):
            condition = self.winner(e)
            return (self.entry(e), Level.ATOM) if condition is None else (f"({condition}).astype(dtype)", Level.ATOM)
        if e.is_Symbol:
            values = self.index(e)
            return (self.integers.text(e) if values is None else values), Level.ATOM
        if e.is_number and not e.atoms(sp.Function, Select):
            return self._number(e)
        if e.is_Add:
            return self._sum(e), Level.SUM
        if e.is_Mul:
            return self._product(e)
        if e.is_Pow:
            return self._power(e.base, e.exp)
        if isinstance(e, Select):
            return self._select(e, sp.S.One), Level.ATOM
        if isinstance(e, (FloorDiv, CeilDiv, Quot)):
            return f"({self.integers.text(e)})", Level.ATOM
        return self._call(e), Level.ATOM

    def _number(self, e: sp.Expr) -> tuple[str, Level]:
        if e.is_Integer and abs(e) <= _EXACT:
            return str(e), Level.ATOM if e >= 0 else Level.SUM
        if e.is_Rational and max(abs(e.p), e.q) <= _EXACT:
            return f"{e.p} / {e.q}", Level.QUOTIENT if e > 0 else Level.SUM
        return repr(float(e)), Level.ATOM if e >= 0 else Level.SUM

    def _sum(self, e: sp.Expr) -> str:
        terms = [self._at_least(t, Level.QUOTIENT) if not _negative(t) else self._printed(t)[0] for t in e.args]
        terms.sort(key=lambda t: t.startswith("-"))
        return terms[0] + "".join(f" - {t[1:]}" if t.startswith("-") else f" + {t}" for t in terms[1:])

    def _product(self, e: sp.Expr) -> tuple[str, Level]:
        conditions = [c for f in e.args if isinstance(f, Access) and (c := self.winner(f)) is not None]
        if conditions:
            rest = sp.Mul(*(f for f in e.args if not (isinstance(f, Access) and self.winner(f) is not None)))
            joined = " & ".join(f"({c})" for c in conditions) if len(conditions) > 1 else conditions[0]
            return f"np.where({joined}, {self._branch(rest)}, 0)", Level.ATOM
        choice = next((f for f in e.args if isinstance(f, Select)), None)
        if choice is not None:
            return self._select(choice, sp.Mul(*(f for f in e.args if f is not choice))), Level.ATOM
        if _negative(e):
            text, level = self._product(-e) if (-e).is_Mul else self._printed(-e)
            return f"-{text if level > Level.SUM else f'({text})'}", Level.SUM
        return self._fraction(e)

    def _fraction(self, e: sp.Expr) -> tuple[str, Level]:
        """Factors over the bar, then divisors one by one: x/9 divides, since 1/9 is no floating-point number."""
        over, under = [], []
        for factor in sp.Mul.make_args(e):
            if factor.is_Rational and not factor.is_Integer:
                over += [sp.Integer(factor.p)] if factor.p != 1 else []
                under.append(sp.Integer(factor.q))
            elif factor.is_Pow and _negative(factor.exp):
                under.append(sp.Pow(factor.base, -factor.exp))
            else:
                over.append(factor)
        text = " * ".join(self._at_least(f, Level.POWER if len(over) + len(under) > 1 else Level.SUM) for f in over)
        text = text or "1"
        for divisor in under:
            text += f" / {self._at_least(divisor, Level.POWER)}"
        return text, Level.QUOTIENT if under or len(over) > 1 else Level.ATOM

    def _power(self, base: sp.Expr, exponent: sp.Expr) -> tuple[str, Level]:
        if _negative(exponent):
            return f"1 / {self._at_least(sp.Pow(base, -exponent), Level.POWER)}", Level.QUOTIENT
        if exponent == sp.Rational(1, 2):
            return f"np.sqrt({self._printed(base)[0]})", Level.ATOM
        return f"{self._at_least(base, Level.ATOM)}**{self._at_least(exponent, Level.ATOM)}", Level.POWER

    def _select(self, e: Select, factor: sp.Expr) -> str:
        """np.where; a factor of the whole goes into each branch, so that a branch that is 0 stays 0."""
        lhs, rhs = (self._at_least(a, Level.SUM) for a in (e.lhs, e.rhs))
        above, below = (self._branch(sp.Mul(a, factor)) for a in (e.above, e.below))
        return f"np.where({lhs} > {rhs}, {above}, {below})"

    def _branch(self, e: sp.Expr) -> str:
        """A case; a number is given the dtype, since two numbers alone would make float64."""
        if e == 0:
            return "0"
        text = self._printed(e)[0]
        return f"dtype.type({text})" if not e.atoms(Access) else text

    def _call(self, e: sp.Expr) -> str:
        if isinstance(e, Apply):
            raise UserError(f"{e.name} is known by name only: give the function, such as function = x*exp(-x)")
        if isinstance(e, (sp.Max, sp.Min)):
            name = "np.maximum" if isinstance(e, sp.Max) else "np.minimum"
            first, *others = (self._printed(a)[0] for a in e.args)
            for other in others:
                first = f"{name}({first}, {other})"
            return first
        name = _FUNCTIONS.get(e.func.__name__, "")
        if not name:
            raise UserError(f"{e.func.__name__} is no function that the NumPy target knows: {', '.join(_FUNCTIONS)}")
        return f"{name}({self._printed(e.args[0])[0]})"


def _negative(e: sp.Expr) -> bool:
    return bool(e.as_coeff_Mul()[0].is_negative)


def risky(e: sp.Expr) -> bool:
    """May it overflow or divide by zero on the way to a finite result, or where there is none?"""
    powers = any(not (p.exp.is_Integer and p.exp > 0) and p.base.atoms(Access) for p in e.atoms(sp.Pow))
    return powers or any(f.func.__name__ in _FUNCTIONS for f in e.atoms(sp.Function) if not isinstance(f, sp.Abs))


def stable(e: sp.Expr) -> sp.Expr:
    """exp(u)/(1 + exp(u))^2 = 1/((1 + exp(-u)) (1 + exp(u))): where exp overflows the left side is inf/inf."""
    return e.replace(lambda f: f.is_Mul and f.has(sp.exp), _balanced) if e.has(sp.exp) else e


def _balanced(product: sp.Expr) -> sp.Expr:
    factors = list(product.args)
    for e in [f for f in factors if isinstance(f, sp.exp)]:
        for d in [f for f in factors if f.is_Pow and f.exp.is_Integer and f.exp < 0 and f.base.is_Add]:
            constant, rest = d.base.as_independent(sp.exp)
            if rest != e or constant == 0:
                continue
            factors.remove(e)
            factors.remove(d)
            factors += [1 / (constant * sp.exp(-e.args[0]) + 1), d.base ** (d.exp + 1)]
            return sp.Mul(*factors, evaluate=False) if d.exp == -1 else sp.Mul(*factors)
    return product

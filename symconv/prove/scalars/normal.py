"""An expression as a rational function of generators, each family of functions reduced by its own relations.

    exp(a + b) = exp a exp b;   exp(c m) = exp(m/q)^(c q);   exp(c log|f|) = |f|^c;   b^e = exp(e log b)
    tanh, sinh, cosh through exp;   log of a product = sum of log|irreducible factor|
    |f|^(1/q) = r with r^q = |f| for irreducible f;   sin, cos of sums and multiples;   s^2 = 1 - c^2
    f(-u) = -f(u) for atan and erf

What |.|, max, sign, choices and roots depend on is the sign of irreducible factors. Signs are given; one that is needed
and not given is asked for by `Split`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import sympy as sp
from sympy.polys.fields import FracElement
from sympy.polys.fields import field as fraction_field

from symconv.ir import Apply, Quotient, Select, Unknown
from symconv.ir.budget import FACTORED_DEGREE, FACTORED_TERMS, check_size
from symconv.prove.scalars.conditions import never_negative, positive

Signs = Mapping[sp.Expr, int]


class Split(Exception):
    """The sign of `factor` decides."""

    def __init__(self, factor: sp.Expr) -> None:
        self.factor = factor


class Undefined(Exception):
    """Under these signs the expression has no value at all: it divides by what is zero, or takes log of a negative."""


@dataclass(frozen=True)
class Relation:
    """generator ^ power = value"""

    generator: sp.Symbol
    power: int
    value: sp.Expr


@dataclass
class Generators:
    """The generators met so far, a symbol for each value. units: exp(m/q) stands for all exp(c m)."""

    symbols: dict[tuple, sp.Symbol] = field(default_factory=dict)
    units: dict[sp.Expr, int] = field(default_factory=dict)

    def __call__(self, *key: object, **assumptions: bool) -> sp.Symbol:
        if key not in self.symbols:
            self.symbols[key] = sp.Symbol(f"g@{len(self.symbols)}", real=True, **assumptions)
        return self.symbols[key]

    def key(self, symbol: sp.Expr) -> tuple | None:
        return next((k for k, s in self.symbols.items() if s == symbol), None)


def ratio(e: sp.Expr) -> FracElement:
    """The rational function in lowest terms."""
    if e.has(sp.zoo, sp.nan):
        raise Undefined
    check_size(e)
    symbols = sorted(e.free_symbols, key=lambda s: s.name) or [sp.Symbol("x")]
    try:
        return fraction_field(symbols, sp.QQ)[0].from_expr(e)
    except ZeroDivisionError:
        raise Undefined from None
    except ValueError as error:
        # SymPy's message prints the expression, which may fail in turn; a divisor that is zero in disguise ends here.
        raise Unknown(f"an expression is no rational function of its generators ({type(error).__name__})") from None


def factors(e: sp.Expr) -> tuple[sp.Rational, list[tuple[sp.Expr, int]]]:
    """(number, [(irreducible polynomial, exponent)]) of a rational function; exponents below the bar are negative."""
    if e.is_Symbol:
        return sp.S.One, [(e, 1)]
    if e.is_Rational:
        return e, []
    f = ratio(e)
    if f.numer == 0:
        return sp.S.Zero, []
    number, out = sp.S.One, []
    for part, way in ((f.numer, 1), (f.denom, -1)):
        c, found = _factored(part)
        number *= c**way
        out += [(p, n * way) for p, n in found]
    return number, out


def _factored(p: object) -> tuple[sp.Rational, list[tuple[sp.Expr, int]]]:
    if len(p) > FACTORED_TERMS or max(map(sum, p.monoms()), default=0) > FACTORED_DEGREE:  # type: ignore[attr-defined, arg-type]
        c, bare = p.primitive()  # type: ignore[attr-defined]
        return sp.QQ.to_sympy(c), [(bare.as_expr(), 1)]
    c, found = p.factor_list()  # type: ignore[attr-defined]
    return sp.QQ.to_sympy(c), [(q.as_expr(), n) for q, n in found]


class Normal:
    """Turns expressions into rational functions of symbols, under given signs; collects the relations on the way."""

    def __init__(self, signs: Signs, generators: Generators, strict: bool) -> None:
        self.signs, self.new, self.strict = signs, generators, strict
        self.relations: dict[sp.Symbol, Relation] = {}

    def __call__(self, e: sp.Expr) -> sp.Expr:
        if e.is_Symbol or e.is_Rational:
            return e
        if e is sp.E or isinstance(e, sp.exp) or (e.is_Pow and e.base is sp.E):
            return self.exp_of(self(sp.S.One if e is sp.E else e.exp if e.is_Pow else e.args[0]))
        if e is sp.pi:
            return self.new("pi", positive=True)
        if not e.args:
            raise Undefined
        if e.is_Add or e.is_Mul:
            return e.func(*map(self, e.args))
        if e.is_Pow:
            return self._power(e)
        return self._function(e)

    def _power(self, e: sp.Expr) -> sp.Expr:
        base = self(e.base)
        if e.exp.is_Integer:
            return base ** int(e.exp)
        if e.exp.is_Rational:
            return self.power_of(base, e.exp)
        if e.exp.is_integer and not never_negative(e.base):
            # exp(n log b) would be b^n for positive b alone; a value of its own loses knowledge, and no truth.
            return self.new("power", self._key(base), self._key(self(e.exp)))
        return self.exp_of(self(e.exp) * self.log_of(base))

    def _function(self, e: sp.Expr) -> sp.Expr:
        if isinstance(e, Select):
            return self(e.above if self.sign(self(e.lhs) - self(e.rhs)) > 0 else e.below)
        if isinstance(e, Quotient):
            return self.new("quotient", e)
        if isinstance(e, Apply):
            return self.new("apply", e.name, e.order, self._key(self(e.argument)))
        args = [self(a) for a in e.args]
        if isinstance(e, (sp.Max, sp.Min)):
            return self._extreme(args, 1 if isinstance(e, sp.Max) else -1)
        u = args[0]
        if isinstance(e, sp.log):
            return self.log_of(u)
        if isinstance(e, sp.Abs):
            return self.sign(u, closed=True) * u
        if isinstance(e, sp.sign):
            return sp.Integer(self.sign(u))
        if isinstance(e, (sp.tanh, sp.sinh, sp.cosh)):
            up, down = self.exp_of(u), self.exp_of(-u)
            return {sp.sinh: (up - down) / 2, sp.cosh: (up + down) / 2, sp.tanh: (up - down) / (up + down)}[type(e)]
        if isinstance(e, (sp.sin, sp.cos, sp.tan)):
            sine, cosine = self.angle(u)
            return sine if isinstance(e, sp.sin) else cosine if isinstance(e, sp.cos) else sine / cosine
        if isinstance(e, (sp.atan, sp.erf)):
            way = self._way(u)
            return way * self.new(type(e).__name__, self._key(way * u)) if u != 0 else sp.S.Zero
        return self.new(e.func, *map(self._key, args))

    def _key(self, u: sp.Expr) -> sp.Expr:
        """The same for equal rational functions, relations put to use."""
        return self.reduced(u).as_expr()

    def _way(self, u: sp.Expr) -> int:
        """-1 where the leading coefficient is negative: of u and -u one is the usual one."""
        return -1 if u != 0 and ratio(u).numer.LC < 0 else 1

    def _extreme(self, args: list[sp.Expr], way: int) -> sp.Expr:
        best = args[0]
        for a in args[1:]:
            if a != best and self.sign(a - best, closed=True) == way:
                best = a
        return best

    def sign(self, u: sp.Expr, closed: bool = False) -> int:
        """The sign of u by those of its factors. closed: a factor that is 0 may count as positive or negative."""
        number, found = factors(u)
        if number == 0:
            return 0
        out = 1 if number > 0 else -1
        for f, n in found:
            if positive(f) or (closed and f.is_nonnegative):
                continue
            if f not in self.signs and (n % 2 or (self.strict and not closed)):
                raise Split(f)
            side = self.signs.get(f, 1)
            out *= side if n % 2 else side * side
        return out

    def magnitude(self, f: sp.Expr) -> sp.Expr:
        """|f| of an irreducible factor."""
        return f if positive(f) else self.sign(f, closed=True) * f

    def exp_of(self, u: sp.Expr) -> sp.Expr:
        f, out = ratio(u), sp.S.One
        below = f.denom.as_expr()
        for monomial, c in f.numer.terms():
            m = f.numer.ring({monomial: sp.QQ(1)}).as_expr() / below
            lead, rest = m.as_coeff_Mul()
            out *= self._exp_term(sp.QQ.to_sympy(c) * lead, rest)
        return out

    def _exp_term(self, c: sp.Rational, m: sp.Expr) -> sp.Expr:
        key = self.new.key(m)
        if key is not None and key[0] == "log":
            return self.power_of(self._magnitude_of(key[1]), c)
        unit = self.new.units[m] = int(sp.ilcm(self.new.units.get(m, 1), c.q))
        return self.new("exp", m, unit, positive=True) ** int(c * unit)

    def _magnitude_of(self, f: sp.Expr) -> sp.Expr:
        return f if f.is_Rational else self.magnitude(f)

    def log_of(self, u: sp.Expr) -> sp.Expr:
        number, found = factors(u)
        if not found and number <= 0:
            raise Undefined
        out = sp.S.Zero
        for n, way in ((abs(number.p), 1), (number.q, -1)):
            out += way * sp.Add(*(k * self.new("log", sp.Integer(p)) for p, k in sp.factorint(n).items()))
        for f, n in found:
            out += n * self._log_factor(f)
        return out

    def _log_factor(self, f: sp.Expr) -> sp.Expr:
        key = self.new.key(f)
        if key is not None and key[0] == "exp":
            return key[1] / key[2]
        if key is not None and key[0] == "root":
            return self.log_of(key[1]) / key[2]
        return self.new("log", f)

    def power_of(self, u: sp.Expr, c: sp.Rational) -> sp.Expr:
        """u^c for u >= 0, by the magnitudes of its factors"""
        if c.is_Integer:
            return u ** int(c)
        number, found = factors(u)
        if number == 0 and c > 0:
            return sp.S.Zero
        if not found and number <= 0:
            raise Undefined
        out = sp.S.One
        for n, way in ((abs(number.p), 1), (number.q, -1)):
            for p, k in sp.factorint(n).items():
                out *= self._root(sp.Integer(p), c * k * way)
        for f, n in found:
            out *= self._root(f, c * n)
        return out

    def _root(self, f: sp.Expr, c: sp.Rational) -> sp.Expr:
        """|f|^c for an irreducible f"""
        if c.is_Integer:
            return self._magnitude_of(f) ** int(c)
        key = self.new.key(f)
        if key is not None and key[0] == "exp":
            return self._exp_term(sp.Rational(c) / key[2], key[1])
        unit = self.new.units[("root", f)] = int(sp.ilcm(self.new.units.get(("root", f), 1), c.q))
        r = self.new("root", f, unit, nonnegative=True)
        self.relations[r] = Relation(r, unit, self._magnitude_of(f))
        return r ** int(c * unit)

    def angle(self, u: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
        """(sin u, cos u) over those of its terms, in a unit each"""
        f, sine, cosine = ratio(u), sp.S.Zero, sp.S.One
        below = f.denom.as_expr()
        for monomial, c in f.numer.terms():
            lead, m = (f.numer.ring({monomial: sp.QQ(1)}).as_expr() / below).as_coeff_Mul()
            s, k = self._multiple(sp.QQ.to_sympy(c) * lead, m)
            sine, cosine = sine * k + cosine * s, cosine * k - sine * s
        return sine, cosine

    def _multiple(self, c: sp.Rational, m: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
        unit = self.new.units[("angle", m)] = int(sp.ilcm(self.new.units.get(("angle", m), 1), c.q))
        s, k = self.new("sin", m, unit), self.new("cos", m, unit)
        self.relations[s] = Relation(s, 2, 1 - k**2)
        n, way = abs(int(c * unit)), 1 if c > 0 else -1
        if n > 24:
            raise Unknown(f"an angle {n} times another one; the limit is 24")
        sine, cosine = sp.S.Zero, sp.S.One
        for _ in range(n):
            sine, cosine = sp.expand(sine * k + cosine * s), sp.expand(cosine * k - sine * s)
        return way * sine, cosine

    def reduced(self, e: sp.Expr) -> FracElement:
        """The rational function with no power of a generator that a relation replaces, neither above nor below."""
        f = ratio(e)
        for r in reversed(list(self.relations.values())):
            if f.field.symbols and r.generator in f.field.symbols:
                above, below = (_replaced(p, r) for p in (f.numer, f.denom))
                f = ratio(above / below) if below != 0 else ratio(sp.S.Zero)
        return f

    def is_zero(self, e: sp.Expr) -> bool:
        """Is the numerator zero by the relations, and no denominator?"""
        f = ratio(e)
        if self._numerator(f.denom.as_expr()) == 0:
            raise Undefined
        return bool(self._numerator(f.numer.as_expr()) == 0)

    def is_multiple(self, e: sp.Expr, f: sp.Expr) -> bool:
        """Is the numerator of e divisible by the polynomial f, so that e = 0 where f = 0?"""
        above = self._numerator(ratio(e).numer.as_expr())
        return bool(above == 0) or ratio(above / f).denom.is_ground

    def _numerator(self, polynomial: sp.Expr) -> sp.Expr:
        """What the relations leave of a polynomial; outer roots first, since their values may hold inner ones."""
        for r in reversed(list(self.relations.values())):
            polynomial = ratio(_replaced(ratio(polynomial).numer, r)).numer.as_expr()
        return polynomial


def _replaced(p: object, r: Relation) -> sp.Expr:
    """The polynomial with generator^power replaced by its value"""
    e = p.as_expr()  # type: ignore[attr-defined]
    if r.generator not in e.free_symbols:
        return e
    out = sp.S.Zero
    for (n,), c in sp.Poly(e, r.generator).terms():
        out += c * r.value ** (n // r.power) * r.generator ** (n % r.power)
    return out

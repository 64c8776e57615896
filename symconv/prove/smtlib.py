"""An obligation in SMT-LIB 2, for any other solver: "unsat" is the answer that says it holds.

Printed from the expressions themselves and not from isl's text, so that a mistake in one of the two shows as a
disagreement. In SMT-LIB `div` and `mod` by a positive number are the floor and what it leaves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce

import sympy as sp

from symconv.ir import Between, CeilDiv, Divides, Equal, Guard, Quotient, Unknown
from symconv.prove.obligations import Obligation

Names = Mapping[sp.Symbol, str]


def smtlib(obligation: Obligation) -> str:
    """The obligation as a file: what it says as a comment, its symbols, its premises, and that none of `shown` holds.

    Raises `Unknown` where it is no linear integer arithmetic.
    """
    names = {s: f"|{s.name}|" for s in obligation.symbols}
    if len(set(names.values())) < len(names):
        names = {s: f"|{s.name}#{k}|" for k, s in enumerate(obligation.symbols)}
    lines = [f"; {line}" for line in obligation.about.splitlines()]
    lines += ["; unsat: there are no such integers, so that what is given implies what is shown", "(set-logic QF_LIA)"]
    lines += [f"(declare-const {name} Int)" for name in names.values()]
    lines += ["; given, and known of the sizes", *(f"(assert {formula(g, names)})" for g in obligation.premises)]
    shown = [_join("and", (formula(g, names) for g in conjunction), "true") for conjunction in obligation.shown]
    lines += ["; shown", f"(assert (not {_join('or', shown, 'false')}))", "(check-sat)"]
    return "\n".join(lines) + "\n"


def formula(g: Guard, names: Names) -> str:
    """A condition as a formula."""
    if isinstance(g, Equal):
        return f"(= {term(g.lhs, names)} {term(g.rhs, names)})"
    if isinstance(g, Divides):
        return f"(= (mod {term(g.num, names)} {_divisor(g.den)}) 0)"
    assert isinstance(g, Between)
    return f"(<= {term(g.lo, names)} {term(g.e, names)} {term(g.hi, names)})"


def term(e: sp.Expr, names: Names) -> str:
    """A linear expression as a term."""
    if e.is_Integer:
        return str(int(e)) if e >= 0 else f"(- {-int(e)})"
    if e.is_Symbol and e in names:
        return names[e]
    if isinstance(e, Quotient):
        num, den = term(e.num, names), _divisor(e.den)
        return f"(- (div (- {num}) {den}))" if isinstance(e, CeilDiv) else f"(div {num} {den})"
    if e.is_Add:
        return _join("+", (term(a, names) for a in e.args), "0")
    if isinstance(e, (sp.Max, sp.Min)):
        compare = ">=" if isinstance(e, sp.Max) else "<="
        return reduce(lambda a, b: f"(ite ({compare} {a} {b}) {a} {b})", (term(a, names) for a in e.args))
    factor, rest = e.as_coeff_Mul()
    if e.is_Mul and factor.is_Integer and not rest.is_Mul:
        return f"(* {term(factor, names)} {term(rest, names)})"
    raise Unknown(f"{sp.sstr(e)} has no place in linear integer arithmetic")


def _divisor(e: sp.Expr) -> int:
    if not (e.is_Integer and e > 0):
        raise Unknown(f"division by {sp.sstr(e)}, which is not a positive number")
    return int(e)


def _join(operator: str, parts: Iterable[str], none: str) -> str:
    """(operator part ..); one part is itself, and none at all the neutral element."""
    found = list(parts)
    return f"({operator} {' '.join(found)})" if len(found) > 1 else found[0] if found else none

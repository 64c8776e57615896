"""How much work one question may cost. What exceeds a limit is `Unknown`, with the reason, before the work is done."""

from __future__ import annotations

import math

import sympy as sp

from symconv.ir.errors import Unknown

MOST_TERMS = 3000  # terms of one expression, multiplied out
MOST_CELLS = 600  # cells of one list of sums
MOST_CASES = 400  # combinations of signs in one question
MOST_ROWS = 300  # rows of an elimination; beyond them a combination of signs counts as possible
MOST_NODES = 4000  # nodes of an expression
LARGEST_EXPONENT = 4096
FACTORED_TERMS = 120  # a polynomial beyond these two is not factored: that loses knowledge, and never truth
FACTORED_DEGREE = 64


def check_size(e: sp.Expr) -> None:
    """`Unknown` where the expression, or what it is multiplied out, is too large."""
    nodes = sum(1 for _ in sp.preorder_traversal(e))
    if nodes > MOST_NODES:
        raise Unknown(f"an expression of {nodes} nodes; the limit is {MOST_NODES}")
    count = terms_of(e)
    if count > MOST_TERMS:
        raise Unknown(f"an expression of about {count} terms when multiplied out; the limit is {MOST_TERMS}")


def terms_of(e: sp.Expr) -> int:
    """The number of terms when products and whole powers are multiplied out, at most."""
    if e.is_Add:
        return sum(map(terms_of, e.args))
    if e.is_Mul:
        return math.prod(map(terms_of, e.args))
    if e.is_Pow and e.exp.is_Integer:
        n, t = abs(int(e.exp)), terms_of(e.base)
        if n > LARGEST_EXPONENT:
            raise Unknown(f"an exponent of {n}; the limit is {LARGEST_EXPONENT}")
        return math.comb(n + t - 1, n) if t > 1 else 1
    return 1


def expanded(e: sp.Expr) -> sp.Expr:
    """Products and whole powers of sums multiplied out, and nothing else: exp(a + b) stays one factor."""
    if terms_of(e) > MOST_TERMS:
        raise Unknown(f"more than {MOST_TERMS} terms when multiplied out")
    return sp.expand(e, power_base=False, power_exp=False, log=False, basic=False)

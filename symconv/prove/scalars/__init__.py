"""Exact scalars: is an expression of real numbers zero wherever it is defined, and if not, where is it certainly not?

    conditions   where an expression is defined
    normal       an expression as a rational function of generators: values of exp, log, roots, sin ..
    cases        the signs that |.|, max, sign and choices depend on; the decision `vanishes`
    enclosures   values at rational points: exact, or balls that hold them; the refutation
    slopes       derivatives, from a table of our own

No float is ever compared. `vanishes` claims only what algebra shows; `refutation` only what an exact value shows.
"""

from symconv.prove.scalars.cases import vanishes
from symconv.prove.scalars.conditions import conditions
from symconv.prove.scalars.enclosures import BALLS, differ, enclose, refutation
from symconv.prove.scalars.slopes import derivative

__all__ = ["BALLS", "conditions", "derivative", "differ", "enclose", "refutation", "vanishes"]

"""Can a kernel's work be cut along the first axis of its arrays, each piece by itself?"""

from __future__ import annotations

import sympy as sp

from symconv.ir import Statement
from symconv.lower.kernel import Kernel


def batch_size(kernel: Kernel) -> sp.Symbol | None:
    """The size of the first axis of the result when every entry depends on the entries with the same first index alone.

    Arrays that lack that size are shared by the pieces. None where there is no such size, or it is a number.
    """
    shape = kernel.context.shape(kernel.result)
    if not shape or shape[0] not in kernel.sizes.given:
        return None
    size = shape[0]
    derived = any(e.has(size) for _, e in kernel.sizes.derived)
    names = (*kernel.inputs, kernel.result, *kernel.temporaries)
    if derived or any(_elsewhere(kernel.context.shape(n), size) for n in names):
        return None
    split = {n for n in names if kernel.context.shape(n)[:1] == (size,)}
    statements = [s for stage in kernel.stages for s in stage.gathered]
    return size if all(_stays(s, split) for s in statements) else None


def _elsewhere(shape: tuple[sp.Expr, ...], size: sp.Symbol) -> bool:
    return any(e.has(size) for e in shape[1:]) or bool(shape and shape[0] != size and shape[0].has(size))


def _stays(s: Statement, split: set[str]) -> bool:
    """Does the statement read the cut arrays at its own first index only?"""
    cut = [a for a in s.reads() if a.name in split]
    if s.result.name not in split:
        return not cut
    own = s.result.indices[0]
    return bool(own.is_Symbol) and all(a.indices[0] == own for a in cut)

"""A gradient is a layer: its statements are derived sums, so that it is differentiated and proved like any other.

The derivative of dE/dA once more, with an adjoint v of dE/dA given, is the Hessian-vector product v . d(dE/dA)/dB.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from symconv.derive.strategy import derive
from symconv.ir import IndexedSum, Layer, Operand, Role, Statement


def gradient_layer(layer: Layer, wrt: str) -> Layer:
    """The layer that computes dE/d`wrt` from the inputs of `layer` and dE/d(result).

    Its inputs are those of `layer` that it reads, and the adjoint of the result. Raises `UserError` where there is no
    such gradient.
    """
    sections = derive(layer, wrt).sections
    adjoints = tuple(s for section in sections for s in _written(section.result))
    result, delta = layer.context.adjoint(wrt), layer.context.adjoint(layer.result)
    statements = (*_needed(layer.statements, adjoints), *adjoints)
    written = dict.fromkeys(s.result.name for s in statements)
    read = dict.fromkeys(a.name for s in statements for a in s.reads())
    inputs = tuple(n for n in (*layer.inputs, delta) if n in read)
    operands = tuple(
        _as_data(layer.context.operand(n)) for n in dict.fromkeys((*layer.inputs, *read, *written, result))
    )
    context = replace(layer.context, operands=operands)
    name = f"gradient of {layer.name} by {wrt}"
    return Layer(name, statements, context, inputs, result, domain=layer.domain, attributes=layer.attributes)


def _written(sums: Sequence[IndexedSum]) -> tuple[IndexedSum, ...]:
    """The sums without those that add nothing, unless there is no other one."""
    return tuple(s for s in sums if s.summand != 0) or tuple(sums)


def _needed(statements: Sequence[Statement], by: Sequence[Statement]) -> tuple[Statement, ...]:
    """The statements of the forward pass whose results are read again."""
    wanted = {a.name for s in by for a in s.reads()}
    kept: list[Statement] = []
    for statement in reversed(statements):
        if statement.result.name in wanted:
            wanted |= {a.name for a in statement.reads()}
            kept.append(statement)
    return tuple(reversed(kept))


def _as_data(o: Operand) -> Operand:
    """An adjoint is given, or computed, like any other operand of the new layer."""
    return replace(o, role=Role.DATA, of=()) if o.role is Role.ADJOINT else o

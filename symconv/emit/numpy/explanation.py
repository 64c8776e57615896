"""Why a function is computed as it is: one line a function."""

from __future__ import annotations

from collections.abc import Iterable

import sympy as sp

from symconv.lower.kernel import Kernel
from symconv.lower.vectorized import GridPlan, MaximumPlan, Plan, ProductPlan, SlicesPlan, StagePlan, plans_of


def explained(kernel: Kernel) -> str:
    """The plans of every operand that the function writes; those of one kind are told together."""
    stages = "; ".join(f"{stage.target} by {_stage(stage)}" for stage in plans_of(kernel))
    return f"{kernel.name}: {stages}"


def _stage(stage: StagePlan) -> str:
    told: dict[str, int] = {}
    for chosen in stage.steps:
        text = _told(chosen.plan)
        told[text] = told.get(text, 0) + 1
    return " and ".join(f"{text} ({n} residue classes)" if n > 1 else text for text, n in told.items()) or "zeros"


def _told(plan: Plan) -> str:
    if isinstance(plan, ProductPlan):
        blocks = f", windows copied in blocks of {_names([plan.block])}" if plan.block is not None else ""
        return f"matrix product over {_names(plan.summed)}: {plan.reason}{blocks}"
    if isinstance(plan, MaximumPlan):
        return f"a running maximum over the {plan.positions} places of a window"
    if isinstance(plan, GridPlan):
        return "index grids with a mask: no loops over taps make the domain a box"
    return _slices(plan)


def _slices(plan: SlicesPlan) -> str:
    if plan.taps:
        runs = " x ".join(str(t.count) for t in plan.taps)
        return f"slices of whole arrays, {runs} taps {_names(t.index for t in plan.taps)}: no product of two operands"
    if plan.contracted and len(plan.reads) > 1:
        return f"np.einsum over {_names(b.index for b in plan.summed)}"
    if plan.summed:
        return f"a sum over {_names(b.index for b in plan.summed)}"
    return "an expression of whole arrays"


def _names(indices: Iterable[sp.Symbol]) -> str:
    return ", ".join(i.name.rstrip("'") for i in indices)

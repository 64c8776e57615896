"""Which plan each sum of a kernel gets: matrix products first, then slices, then index grids."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from symconv.ir import FirstMaximum, IndexedSum, NotApplicable, Range, Statement
from symconv.lower.kernel import Kernel, Stage
from symconv.lower.vectorized.grid import GridPlan, grid_plan
from symconv.lower.vectorized.maximum import MaximumPlan, maximum_plan
from symconv.lower.vectorized.product import ProductPlan, product_plan
from symconv.lower.vectorized.slices import SlicesPlan, slices_plan

Plan = SlicesPlan | ProductPlan | GridPlan | MaximumPlan


@dataclass(frozen=True)
class Chosen:
    """One statement's plan. optional: the input without which it is left out, "" for none.

    added: it is added to what earlier steps wrote; otherwise it is the first to write its entries.
    """

    plan: Plan
    optional: str = ""
    added: bool = True


@dataclass(frozen=True)
class StagePlan:
    """Everything that is written to `target`, in order. form: which form of the sums was taken.

    cleared: the operand is set to zero before the first step.
    """

    target: str
    steps: tuple[Chosen, ...]
    form: str
    cleared: bool


def plans_of(kernel: Kernel) -> tuple[StagePlan, ...]:
    """A plan for each stage. Winning units are noted as positions, by the name of the operand that they mask."""
    winners: dict[str, int] = {}
    out = []
    for stage in kernel.stages:
        for s in stage.gathered:
            if isinstance(s, FirstMaximum):
                winners[s.result.name] = len(s.window)
        out.append(_planned(stage, kernel, tuple(winners.items())))
    return tuple(out)


def _planned(stage: Stage, kernel: Kernel, winners: tuple[tuple[str, int], ...]) -> StagePlan:
    context = kernel.context

    def slices(s: IndexedSum) -> Plan:
        return slices_plan(s, context, winners)

    def product(s: IndexedSum) -> Plan:
        try:
            return product_plan(s, context)
        except NotApplicable:
            return slices(s)

    def anything(s: IndexedSum) -> Plan:
        try:
            return slices(s)
        except NotApplicable:
            return grid_plan(s, winners)

    def group(statements: Sequence[Statement], make: Callable[[IndexedSum], Plan]) -> tuple[Plan, ...]:
        return tuple(maximum_plan(s, context) if isinstance(s, FirstMaximum) else make(s) for s in statements)

    whole = [(s,) for s in stage.gathered]
    for form, make in (("pieces", product), ("scattered", slices), ("pieces", slices)):
        sums = stage.phases_of if form == "pieces" else [(s,) for s in stage.scattered]
        try:
            plans = [group(g, make) for g in sums]
        except NotApplicable:
            continue
        if make is not product or all(isinstance(p, ProductPlan) or _once(p) for ps in plans for p in ps):
            return _ordered(stage.target, sums, plans, form, kernel)
    return _ordered(stage.target, whole, [group(g, anything) for g in whole], "grids", kernel)


def _once(plan: Plan) -> bool:
    return isinstance(plan, (ProductPlan, MaximumPlan)) or (isinstance(plan, SlicesPlan) and plan.once)


def _ordered(
    target: str, sums: Sequence[Sequence[Statement]], plans: Sequence[Sequence[Plan]], form: str, kernel: Kernel
) -> StagePlan:
    """The group that writes every entry exactly once goes first, and assigns; the others add."""
    reads = [{a.name for s in g if isinstance(s, IndexedSum) for a in s.reads()} & kernel.optional for g in sums]
    firsts = [
        k
        for k, ps in enumerate(plans)
        if not reads[k] and all(map(_once, ps)) and (form == "pieces" or _everywhere(ps, kernel))
    ]
    first = firsts[0] if firsts else None
    order = sorted(range(len(plans)), key=lambda k: k != first)
    steps = [
        Chosen(p, min(reads[k], default=""), k != first) for k in order for p in plans[k] if k == first or _adds(p)
    ]
    return StagePlan(target, tuple(steps), form, first is None)


def _adds(plan: Plan) -> bool:
    return isinstance(plan, MaximumPlan) or plan.sum.summand != 0


def _everywhere(plans: Sequence[Plan], kernel: Kernel) -> bool:
    """Is it a single plan whose result is addressed by indices that run over whole axes?"""
    if len(plans) != 1 or not isinstance(plans[0], SlicesPlan):
        return False
    s = plans[0].sum
    boxes = {b.index: b for b in plans[0].boxes}
    shape = kernel.context.shape(s.result.name)
    return all(i in boxes and boxes[i] == Range.box(i, n) for i, n in zip(s.result.indices, shape, strict=True))

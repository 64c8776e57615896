"""From a kernel to its plan: for every sum the first plan that applies. A new plan is a module and a line here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sympy as sp

from symconv.ir import IndexedSum, NotApplicable, Statement, UserError
from symconv.lower.contraction import Contraction, contraction
from symconv.lower.kernel import Kernel, Stage
from symconv.lower.loops import Loops, Winners, loops, winners_of
from symconv.lower.stencil import Stencil, stencil

Part = Loops | Contraction | Stencil
ALGORITHMS = ("auto", "direct")


@dataclass(frozen=True)
class Plan:
    """The parts of a kernel in order, and the masks that are stored as winners."""

    kernel: Kernel
    parts: tuple[Part, ...]
    winners: Winners


def plan_kernel(kernel: Kernel, algorithm: str = "auto") -> Plan:
    """algorithm: "direct" for exact loops throughout, "auto" for the fastest plan that applies to each sum."""
    if algorithm not in ALGORITHMS:
        raise UserError(f"algorithm = {algorithm!r}: give one of {', '.join(ALGORITHMS)}")
    winners = winners_of([s for stage in kernel.stages for s in stage.gathered], kernel.context)
    parts = tuple(p for stage in kernel.stages for p in _stage_parts(stage, kernel, winners, algorithm))
    return Plan(kernel, parts, winners)


def _stage_parts(stage: Stage, kernel: Kernel, winners: Winners, algorithm: str) -> list[Part]:
    out: list[Part] = []
    for s, phases in zip(stage.gathered, stage.phases_of, strict=True):
        add = bool(out)
        fast = _fast_parts(s, phases, kernel, winners, add) if algorithm != "direct" else None
        out += fast if fast is not None else [loops(s, kernel.context, winners, add)]
    return out


def _fast_parts(
    gathered: Statement, phases: Sequence[Statement], kernel: Kernel, winners: Winners, add: bool
) -> list[Part] | None:
    """A stencil for the whole sum, or a contraction for every phase; None where neither applies."""
    if not isinstance(gathered, IndexedSum):
        return None
    try:
        return [stencil(gathered, kernel.context, kernel.sizes, add)]
    except NotApplicable:
        return _contractions(gathered, phases, kernel, winners, add)


def _contractions(
    gathered: IndexedSum, phases: Sequence[Statement], kernel: Kernel, winners: Winners, add: bool
) -> list[Part] | None:
    """A contraction for every phase. Where no tap reaches one, everything is filled with zeros first."""
    out: list[Part] = []
    for s in phases:
        if not isinstance(s, IndexedSum):
            return None
        if s.summand == 0:
            continue
        try:
            out.append(contraction(s, kernel.context, kernel.sizes, add))
        except NotApplicable:
            return None
    if len(out) < len(phases) and not add:
        bare = gathered.with_(ranges=gathered.parallel, guards=(), summand=sp.S.Zero)
        out.insert(0, loops(bare, kernel.context, winners, add))
    return out

"""The two files of a layer: name.c and name.h."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from symconv.emit.c.contraction import tile_values
from symconv.emit.c.kernel import KernelText, part_words
from symconv.emit.c.layout import safe
from symconv.emit.c.selftest import self_test_text
from symconv.emit.functions import closure
from symconv.emit.render import render
from symconv.lower.loops import Loops
from symconv.lower.plans import Plan

REALS = {"float32": ("float", "(c##f)", 32), "float64": ("double", "(c)", 64)}


@dataclass(frozen=True)
class CSource:
    """The text of a layer's source, which includes its header, and of the header."""

    source: str
    header: str


def c_source(plans: Sequence[Plan], name: str, dtype: str, header: Sequence[str], self_test: bool = False) -> CSource:
    """name: a C identifier, the prefix of every function. header: lines of the comment at the top of both files.

    self_test: add a main with integer vectors and the expected answers.
    """
    real, literal, bits = REALS[dtype]
    kernels = [KernelText(plan, name, real) for plan in plans]
    bodies = [k.text() for k in kernels]
    comment = "\n".join(["/*", *(f" * {safe(line)}".rstrip() for line in header), " */"])
    pieces = [f'{comment}\n#include "{name}.h"\n\n', render("c/prelude.c.j2", real=real, literal=literal)]
    tiles = sorted({t for k in kernels for t in k.tiles}, key=lambda t: (t.rows, t.vectors))
    if any(not isinstance(p, Loops) for plan in plans for p in plan.parts):
        pieces.append(render("c/panels.c.j2", bits=bits))
    pieces += [render("c/tile.c.j2", **tile_values(t)) for t in tiles]
    functions = closure(sorted(set().union(*(k.functions for k in kernels))))
    pieces += ["\n" + render(f"c/functions/{f}.c.j2") for f in functions]
    tests = self_test_text(kernels) if self_test else ""
    guard = f"SYMCONV_{name.upper()}_H"
    signatures = [k.signature() for k in kernels]
    return CSource(
        "".join([*pieces, *bodies, tests]), render("c/kernel.h.j2", header=comment, guard=guard, functions=signatures)
    )


def plan_lines(plans: Sequence[Plan]) -> list[str]:
    """Every part of every kernel, a line each."""
    return [f"{plan.kernel.name}: {part_words(part)}" for plan in plans for part in plan.parts]

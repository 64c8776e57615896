"""`main` for a generated source: integer inputs, and the answers that the exact interpreter gives for them."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import sympy as sp

from symconv.emit.c.kernel import KernelText
from symconv.emit.render import render
from symconv.ir import IndexedSum, UserError, evaluate
from symconv.lower.evaluate import integer_function
from symconv.lower.kernel import Kernel
from symconv.lower.sizes import shape_values

# What the interpreter visits in a few seconds.
MOST_POINTS = 1_000_000
MOST_ANSWERS = 20_000


@dataclass(frozen=True)
class TestArray:
    name: str
    count: int
    seed: int


@dataclass(frozen=True)
class KernelTest:
    """The values of one test in c/selftest.c.j2; every text is C."""

    name: str
    arrays: tuple[TestArray, ...]
    inputs: tuple[TestArray, ...]
    expected: tuple[str, ...]
    sizes: str
    arguments: str
    result: str
    count: int
    tolerance: str


def self_test_text(kernels: Sequence[KernelText]) -> str:
    """The self-test of all kernels of a source, at the smallest sizes that leave two outputs an axis."""
    sizes = test_sizes([k.kernel for k in kernels])
    return render("c/selftest.c.j2", tests=[_test(k, sizes) for k in kernels])


def test_sizes(kernels: Sequence[Kernel]) -> dict[sp.Symbol, int]:
    """Values of every size that some kernel knows: two or three of each, more where the outputs need it."""
    given = list(dict.fromkeys(s for k in kernels for s in k.sizes.given))
    derived = {s: e for k in kernels for s, e in k.sizes.derived}
    free = [s for s in given if s not in derived]
    for least in range(2, 200):
        values = {s: least + k % 2 for k, s in enumerate(free)}
        for s, e in derived.items():
            known = {t: v for t, v in values.items() if t in e.free_symbols}
            values[s] = integer_function(e, list(known))(*known.values())
        if all(values[s] >= 2 for s in derived):
            return values
    raise UserError("--self-test: no small sizes leave an output; give --input-shape")


def _test(text: KernelText, sizes: dict[sp.Symbol, int]) -> KernelTest:
    kernel = text.kernel
    boxes = {n: _box(kernel, n, sizes) for n in (*kernel.inputs, kernel.result)}
    _check_cost(kernel, sizes)
    tensors = {n: _filled(boxes[n], seed) for seed, n in enumerate(kernel.inputs, 1)}
    statements = [s for stage in kernel.stages for s in stage.gathered]
    named = {s.name: v for s, v in sizes.items()}
    answers = evaluate(statements, kernel.context, named, tensors)[kernel.result].values()
    exact = all(a == int(a) for a in answers)
    arrays = [TestArray(text.names.operand(n), math.prod(boxes[n]), k) for k, n in enumerate(boxes, 1)]
    numbers = ", ".join(str(sizes[s]) for s in kernel.sizes.given)
    return KernelTest(
        text.name,
        tuple(arrays),
        tuple(arrays[:-1]),
        tuple(textwrap.wrap(", ".join(f"{float(a)!r}" for a in answers), 110)),
        numbers,
        ", ".join([*([numbers] if numbers else []), *(a.name for a in arrays), "sc_test_memory"]),
        arrays[-1].name,
        arrays[-1].count,
        "0.0" if exact else "1e-5",
    )


def _box(kernel: Kernel, name: str, sizes: dict[sp.Symbol, int]) -> tuple[int, ...]:
    given = kernel.sizes.given
    shape = shape_values(kernel.context, kernel.sizes, name)
    return tuple(integer_function(e, given)(*(sizes[s] for s in given)) for e in shape)


def _filled(box: tuple[int, ...], seed: int) -> dict[tuple[int, ...], int]:
    """The same integers as sc_test_fill."""
    return {p: (i * 37 + seed * 11) % 9 - 4 for i, p in enumerate(product(*map(range, box)))}


def _check_cost(kernel: Kernel, sizes: dict[sp.Symbol, int]) -> None:
    points = 0
    for stage in kernel.stages:
        for s in stage.gathered:
            volume = 1
            for r in s.ranges if isinstance(s, IndexedSum) else ():
                low, high = (e.xreplace(sizes) for e in (r.lower, r.upper))
                volume *= max(0, int(high - low + 1)) if (high - low).is_Integer else 1
            points += volume
    answers = math.prod(_box(kernel, kernel.result, sizes))
    if points > MOST_POINTS or answers > MOST_ANSWERS:
        raise UserError(
            f"--self-test: {kernel.name} has {points} terms and {answers} answers here; at most {MOST_POINTS} "
            f"and {MOST_ANSWERS} are worked out exactly: give fewer channels, or leave --input-shape out"
        )

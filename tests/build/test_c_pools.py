"""Pools in C against plain loops: ties, NaN, windows in the padding, either divisor, windows that hang over the end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from symconv.api.kernels import prepared
from symconv.build.library import Function, load
from symconv.emit.c.file import c_source
from symconv.layers import build_layer
from symconv.lower.kernel import kernels_of
from symconv.lower.plans import plan_kernel
from tests.build.compilers import needs_compiler

Count = Callable[[str, int], None]
Array = np.ndarray[Any, Any]
Point = tuple[int, ...]
EACH = {1: 40, 2: 40, 3: 20}  # pools of a rank, of each of three kinds: 300 in all
# Every window of at most 4 units an axis, in 3 dimensions, has a number of units that divides this.
DIVISIBLE = 4**3 * 3**3
FLOAT32 = float(np.finfo(np.float32).eps) / 2


@dataclass(frozen=True)
class Axis:
    """A spatial axis: `windows` holds the positions under each window, outside the input or not."""

    extent: int
    kernel: int
    stride: int
    dilation: int
    before: int
    after: int
    ceil_mode: int

    @property
    def windows(self) -> list[list[int]]:
        """By ONNX's words: as many as fit; with ceil_mode one more that begins in the input or its leading pad."""
        room = self.extent + self.before + self.after
        span = self.dilation * (self.kernel - 1) + 1
        starts = [0]
        while starts[-1] + self.stride + span <= room:
            starts.append(starts[-1] + self.stride)
        more = starts[-1] + self.stride
        if self.ceil_mode and starts[-1] + span < room and more < self.extent + self.before:
            starts.append(more)
        return [[s + self.dilation * k - self.before for k in range(self.kernel)] for s in starts]


@st.composite
def axes(draw: st.DrawFn, most: int, ceil_mode: int) -> Axis:
    """One axis: the number of windows first, then the input that has room for them. No draw is lost."""
    kernel, stride, dilation = draw(st.integers(1, 4)), draw(st.integers(1, 4)), draw(st.integers(1, 3))
    span = dilation * (kernel - 1) + 1
    before, after = draw(st.integers(0, min(3, span - 1))), draw(st.integers(0, min(3, span - 1)))
    output, slack = draw(st.integers(1, most)), draw(st.integers(0, stride - 1))
    extent = stride * (output - 1) + span + slack - before - after
    extent += max(0, -((extent - 1) // stride)) * stride
    return Axis(extent, kernel, stride, dilation, before, after, ceil_mode)


@dataclass(frozen=True)
class Pool:
    """A pool at numbers; values: what its input is like."""

    spatial: tuple[Axis, ...]
    lead: tuple[int, int]
    ceil_mode: int
    count_include_pad: int
    values: str
    baked: bool
    seed: int

    @property
    def shape(self) -> Point:
        return (*self.lead, *(a.extent for a in self.spatial))

    @property
    def output(self) -> Point:
        return (*self.lead, *(len(a.windows) for a in self.spatial))

    def attributes(self, kind: str) -> dict[str, Any]:
        columns = [(a.kernel, a.stride, a.dilation, a.before, a.after) for a in self.spatial]
        kernel, strides, dilations, before, after = zip(*columns, strict=True)
        out: dict[str, Any] = {"kernel_shape": kernel, "strides": strides, "dilations": dilations}
        out |= {"pads": before + after, "ceil_mode": self.ceil_mode}
        return out | ({"count_include_pad": self.count_include_pad} if kind == "average" else {})

    def windows(self) -> list[tuple[Point, list[Point]]]:
        """Each output, and the positions under its window in scan order."""
        lines = [a.windows for a in self.spatial]
        outputs = product(*(range(len(line)) for line in lines))
        return [(o, list(product(*(line[k] for line, k in zip(lines, o, strict=True))))) for o in outputs]

    def inside(self, positions: list[Point]) -> list[Point]:
        return [p for p in positions if all(0 <= i < a.extent for i, a in zip(p, self.spatial, strict=True))]

    def counted(self, positions: list[Point]) -> int:
        """How many units the average is over."""
        if not self.count_include_pad:
            return len(self.inside(positions))
        return sum(all(i < a.extent + a.after for i, a in zip(p, self.spatial, strict=True)) for p in positions)


@st.composite
def pools(draw: st.DrawFn, rank: int) -> Pool:
    ceil_mode = draw(st.integers(0, 1))
    spatial = tuple(draw(axes({1: 9, 2: 4, 3: 2}[rank], ceil_mode)) for _ in range(rank))
    lead = draw(st.sampled_from((1, 2, 3, 1, 2, 0))), draw(st.integers(1, 3))
    values = draw(st.sampled_from(("ties", "negative", "nan", "equal", "infinite")))
    flags = draw(st.integers(0, 1)), values, draw(st.integers(0, 3)) == 0 and lead[0] > 0
    return Pool(spatial, lead, ceil_mode, *flags, draw(st.integers(0, 2**16)))


def built(kind: str, pool: Pool) -> dict[str, Function]:
    layer = build_layer(f"{kind}_pool{len(pool.spatial)}d", pool.attributes(kind))
    kernels = kernels_of(prepared(layer, pool.shape if pool.baked else None))
    source = c_source([plan_kernel(k) for k in kernels], "k", "float32", ["pool"])
    return {f.kernel.name: f for f in load(kernels, source, "k", "float32", flags=("-O0",))}


def run(kind: str, pool: Pool, x: Array, dy: Array) -> tuple[Array, Array]:
    """y and dx of the kernels, in arrays that held something else."""
    functions = built(kind, pool)
    y, dx = np.full(dy.shape, np.nan, np.float32), np.full(x.shape, np.nan, np.float32)
    functions["forward"](x.astype(np.float32), out=y)
    given_ = {"dy": dy.astype(np.float32), "x": x.astype(np.float32)}
    backward = functions["grad_input"]
    shape = (x.shape,) if backward.kernel.shaped else ()
    backward(*(given_[n] for n in backward.kernel.inputs), *shape, out=dx)
    return y, dx


def search(rank: int, check: Callable[[Pool], None]) -> int:
    """Run the check on that rank's number of pools; how many there were."""
    seen: list[Pool] = []

    @settings(max_examples=EACH[rank], database=None, phases=(Phase.generate,), derandomize=True)
    @given(pools(rank))
    def one(pool: Pool) -> None:
        seen.append(pool)
        check(pool)

    one()
    assert 2 * sum(bool(pool.lead[0]) for pool in seen) >= len(seen), "too many pools without an image"
    return len(seen)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYMCONV_CACHE_DIR", str(tmp_path))


def maximum_input(pool: Pool) -> Array:
    draw = np.random.default_rng(pool.seed)
    x = draw.integers(-2, 3, pool.shape).astype(np.float64)
    if pool.values == "negative":
        return -1 - abs(x)
    if pool.values == "equal":
        return np.full(pool.shape, -1.0)
    if pool.values == "infinite":
        return draw.choice((-np.inf, -np.inf, 1.0), pool.shape)
    if pool.values == "nan":
        x[draw.random(pool.shape) < 0.2] = np.nan
    return x


def maximum(pool: Pool, x: Array, dy: Array) -> tuple[Array, Array]:
    """The first NaN of a window wins, else its first largest entry; a window without an entry gives 0."""
    y, dx = np.zeros(dy.shape), np.zeros(x.shape)
    for o, positions in pool.windows():
        for n, c in product(*map(range, pool.lead)):
            won: Point | None = None
            for p in pool.inside(positions):
                v, best = x[(n, c, *p)], x[(n, c, *won)] if won else None
                if best is None or v > best or (np.isnan(v) and not np.isnan(best)):
                    won = p
            if won is not None:
                y[(n, c, *o)] = x[(n, c, *won)]
                dx[(n, c, *won)] += dy[(n, c, *o)]
    return y, dx


@needs_compiler
@pytest.mark.parametrize("rank", EACH)
def test_max_pools(rank: int, count_cases: Count) -> None:
    """Bit-equal, and the gradient goes to the first winner alone."""

    def check(pool: Pool) -> None:
        x = maximum_input(pool)
        dy = np.random.default_rng(pool.seed + 1).integers(1, 9, pool.output).astype(np.float64)
        expected = maximum(pool, x, dy)
        for got, right in zip(run("max", pool, x, dy), expected, strict=True):
            assert np.array_equal(got, right, equal_nan=True), pool

    count_cases(f"max pools in C against loops, {rank}-D", search(rank, check))


@needs_compiler
@pytest.mark.parametrize("rank", EACH)
def test_average_pools(rank: int, count_cases: Count) -> None:
    """Bit-equal, on integers that every divisor divides."""

    def check(pool: Pool) -> None:
        draw = np.random.default_rng(pool.seed)
        x, dy = (draw.integers(-4, 5, shape) * DIVISIBLE for shape in (pool.shape, pool.output))
        y, dx, known = np.zeros(dy.shape, np.int64), np.zeros(x.shape, np.int64), np.ones(dy.shape, bool)
        for o, positions in pool.windows():
            count = pool.counted(positions)
            known[(..., *o)] = count > 0
            for p in pool.inside(positions):
                y[(..., *o)] += x[(..., *p)] // count
                dx[(..., *p)] += dy[(..., *o)] // count
        got_y, got_dx = run("average", pool, x, dy)
        # A dilated window may step over the whole input: the average of nothing is whatever it is.
        assert np.array_equal(got_y[known], y[known]), pool
        assert np.array_equal(got_dx, dx), pool

    count_cases(f"average pools in C against loops, {rank}-D", search(rank, check))


@needs_compiler
@pytest.mark.parametrize("rank", EACH)
def test_l2_pools(rank: int, count_cases: Count) -> None:
    """Within a rounding error or two a term: squares of small integers are summed exactly, the root is rounded."""

    def check(pool: Pool) -> None:
        draw = np.random.default_rng(pool.seed)
        x, dy = (draw.integers(1, 5, s) * draw.choice((-1, 1), s) for s in (pool.shape, pool.output))
        y, dx, size, terms = (np.zeros(s) for s in (dy.shape, x.shape, x.shape, x.shape))
        for o, positions in pool.windows():
            inside = pool.inside(positions)
            y[(..., *o)] = np.sqrt(sum((x[(..., *p)] ** 2 for p in inside), start=np.zeros(pool.lead)))
            for p in inside:
                term = dy[(..., *o)] * x[(..., *p)] / y[(..., *o)]
                dx[(..., *p)] += term
                size[(..., *p)] += abs(term)
                terms[(..., *p)] += 1
        got_y, got_dx = run("lp", pool, x, dy)
        assert np.all(abs(got_y - y) <= 2 * FLOAT32 * y), pool
        assert np.all(abs(got_dx - dx) <= (terms + 4) * FLOAT32 * size), pool

    count_cases(f"L2 pools in C against loops, {rank}-D", search(rank, check))


@needs_compiler
def test_the_oracle_reaches_what_is_special() -> None:
    """Clipped windows of ceil_mode, windows that hang over, windows without an entry: each is among the pools."""
    seen = {"clipped": 0, "hangs over": 0, "empty": 0, "padding": 0, "batch of 0": 0}

    @settings(max_examples=200, database=None, phases=(Phase.generate,), derandomize=True)
    @given(pools(1))
    def one(pool: Pool) -> None:
        (a,) = pool.spatial
        room, span = a.extent + a.before + a.after, a.dilation * (a.kernel - 1) + 1
        most = -((span - room) // a.stride) + 1
        seen["clipped"] += a.ceil_mode and len(a.windows) < most
        seen["hangs over"] += a.windows[-1][-1] >= a.extent + a.after
        seen["empty"] += any(not pool.inside(positions) for _, positions in pool.windows())
        seen["padding"] += a.before != a.after
        seen["batch of 0"] += not pool.lead[0]

    one()
    assert all(seen.values()), seen

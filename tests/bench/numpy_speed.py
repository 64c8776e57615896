"""How fast the generated NumPy modules are: beside PyTorch on one thread, and beside im2col by indices with np.add.at.

Run with OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MALLOC_MMAP_THRESHOLD_=4000000000 MALLOC_TRIM_THRESHOLD_=4000000000,
so that no library starts threads and fresh arrays are no page faults. PyTorch and the generated module take turns, and
the median of their times counts: what else runs on the machine slows both alike. The formulation with np.add.at is many
times slower and is timed by itself, in fewer rounds.
"""

from __future__ import annotations

import math
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tests.numpy_gate import load

Array = npt.NDArray[Any]
Call = Callable[[], Any]


@dataclass(frozen=True)
class Shape:
    """A convolution layer with a square image and a square kernel."""

    name: str
    batch: int
    channels: int
    size: int
    filters: int
    kernel: int
    stride: int
    pad: int
    group: int = 1

    @property
    def output(self) -> int:
        return (self.size + 2 * self.pad - self.kernel) // self.stride + 1


@dataclass(frozen=True)
class Row:
    """Medians in seconds; add_at is None where that formulation would take too long."""

    shape: str
    op: str
    ours: float
    torch: float
    add_at: float | None


SHAPES = (
    Shape("3x3 64->64 @56", 8, 64, 56, 64, 3, 1, 1),
    Shape("3x3 stride 2 128 @56", 8, 128, 56, 128, 3, 2, 1),
    Shape("1x1 64->256 @56", 8, 64, 56, 256, 1, 1, 0),
    Shape("3x3 512 @7", 8, 512, 7, 512, 3, 1, 1),
    Shape("image 7x7 @512", 1, 1, 512, 1, 7, 1, 3),
    Shape("depthwise 3x3 128 @56", 8, 128, 56, 128, 3, 1, 1, 128),
)


def arrays(s: Shape) -> dict[str, Array]:
    rng = np.random.default_rng(0)
    shapes = {
        "x": (s.batch, s.channels, s.size, s.size),
        "w": (s.filters, s.channels // s.group, s.kernel, s.kernel),
        "dy": (s.batch, s.filters, s.output, s.output),
    }
    return {name: rng.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}


def ours(s: Shape, a: dict[str, Array], baked: bool) -> dict[str, Call]:
    shape = {"input_shape": a["x"].shape} if baked else {"in_channels": s.channels}
    module = load(
        "conv2d",
        kernel_shape=(s.kernel, s.kernel),
        strides=(s.stride, s.stride),
        pads=(s.pad,) * 4,
        group=s.group,
        out_channels=s.filters,
        **shape,
    )
    x, w, dy = a["x"], a["w"], a["dy"]
    return {
        "forward": lambda: module.forward(x, w),
        "dx": lambda: module.grad_input(dy, w, x.shape),
        "dw": lambda: module.grad_weight(dy, x),
    }


def with_torch(s: Shape, a: dict[str, Array]) -> dict[str, Call]:
    import torch

    torch.set_num_threads(1)
    x, w, dy = (torch.from_numpy(a[name]) for name in ("x", "w", "dy"))
    pads, strides = [s.pad] * 2, [s.stride] * 2

    def backward(wanted: list[bool]) -> Any:
        return torch.ops.aten.convolution_backward(
            dy, x, w, None, strides, pads, [1, 1], False, [0, 0], s.group, wanted
        )[wanted.index(True)].numpy()

    return {
        "forward": lambda: torch.nn.functional.conv2d(x, w, None, strides, pads, 1, s.group).numpy(),
        "dx": lambda: backward([True, False, False]),
        "dw": lambda: backward([False, True, False]),
    }


def with_add_at(s: Shape, a: dict[str, Array]) -> dict[str, Call]:
    """The course formulation: one array of indices for each axis, columns by fancy indexing, np.add.at back."""
    x, w, dy = a["x"], a["w"], a["dy"]
    k, o = s.kernel, s.output
    channels, filters = s.channels // s.group, s.filters // s.group
    rows = np.repeat(np.arange(k), k)[:, None] + s.stride * np.repeat(np.arange(o), o)[None]
    cols = np.tile(np.arange(k), k)[:, None] + s.stride * np.tile(np.arange(o), o)[None]
    rows, cols = np.tile(rows, (channels, 1)), np.tile(cols, (channels, 1))
    depth = np.repeat(np.arange(channels), k * k)[:, None]
    pads = ((0, 0), (0, 0), (s.pad, s.pad), (s.pad, s.pad))

    def columns(image: Array) -> Array:
        return np.pad(image, pads)[:, depth, rows, cols].transpose(1, 2, 0).reshape(channels * k * k, -1)

    def per_group(f: Callable[[int, slice, slice], Array]) -> list[Array]:
        return [
            f(g, slice(g * channels, (g + 1) * channels), slice(g * filters, (g + 1) * filters)) for g in range(s.group)
        ]

    def flat(g: slice) -> Array:
        return dy[:, g].transpose(1, 2, 3, 0).reshape(filters, -1)

    def forward() -> Array:
        def one(_: int, c: slice, f: slice) -> Array:
            y = w[f].reshape(filters, -1) @ columns(x[:, c])
            return y.reshape(filters, o, o, s.batch).transpose(3, 0, 1, 2)

        return np.concatenate(per_group(one), axis=1)

    def grad_input() -> Array:
        def one(_: int, c: slice, f: slice) -> Array:
            cols_ = (w[f].reshape(filters, -1).T @ flat(f)).reshape(channels * k * k, -1, s.batch).transpose(2, 0, 1)
            out = np.zeros((s.batch, channels, s.size + 2 * s.pad, s.size + 2 * s.pad), x.dtype)
            np.add.at(out, (slice(None), depth, rows, cols), cols_)
            return out[:, :, s.pad : s.pad + s.size, s.pad : s.pad + s.size]

        return np.concatenate(per_group(one), axis=1)

    def grad_weight() -> Array:
        def one(_: int, c: slice, f: slice) -> Array:
            return (flat(f) @ columns(x[:, c]).T).reshape(filters, channels, k, k)

        return np.concatenate(per_group(one), axis=0)

    return {"forward": forward, "dx": grad_input, "dw": grad_weight}


def timed(calls: dict[str, Call], rounds: int) -> dict[str, float]:
    """Medians; each round runs every call once, in turn."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for call in calls.values():
        call()
    for _ in range(rounds):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            times[name].append(time.perf_counter() - start)
    return {name: statistics.median(t) for name, t in times.items()}


def measure(rounds: int = 9, baked: bool = True, add_at: bool = True, shapes: tuple[Shape, ...] = SHAPES) -> list[Row]:
    """baked: the sizes are known when the module is generated. add_at: time that formulation as well (it is slow)."""
    rows = []
    for s in shapes:
        a = arrays(s)
        mine, theirs, course = ours(s, a, baked), with_torch(s, a), with_add_at(s, a)
        for op in mine:
            wanted = theirs[op]()
            scale = float(np.abs(wanted).max())
            for call in (mine[op], *([course[op]] if add_at else [])):
                assert float(np.abs(call() - wanted).max()) <= 1e-4 * scale, f"{s.name} {op} is wrong"
            quick = timed({"ours": mine[op], "torch": theirs[op]}, rounds)
            slow = timed({"add_at": course[op]}, max(1, rounds // 3))["add_at"] if add_at else None
            rows.append(Row(s.name, op, quick["ours"], quick["torch"], slow))
    return rows


def geometric_mean(values: list[float]) -> float:
    return math.exp(sum(map(math.log, values)) / len(values))


def table(rows: list[Row]) -> list[str]:
    """One line a row: milliseconds, torch / ours and add_at / ours (above 1: ours is faster), then their means."""
    lines = [f"{'shape':24}{'op':9}{'ours ms':>9}{'torch ms':>10}{'x torch':>9}{'x add.at':>10}"]
    for r in rows:
        course = f"{r.add_at / r.ours:10.2f}" if r.add_at is not None else f"{'-':>10}"
        lines.append(f"{r.shape:24}{r.op:9}{r.ours * 1e3:9.2f}{r.torch * 1e3:10.2f}{r.torch / r.ours:9.2f}{course}")
    for op in ("forward", "dx", "dw", ""):
        chosen = [r for r in rows if op in ("", r.op)]
        course = [r.add_at / r.ours for r in chosen if r.add_at is not None]
        tail = f"{geometric_mean(course):10.2f}" if course else f"{'-':>10}"
        mean = geometric_mean([r.torch / r.ours for r in chosen])
        lines.append(f"{'geometric mean':24}{op or 'all':28}{mean:9.2f}{tail}")
    return lines


def main() -> None:
    arguments = sys.argv[1:]
    rows = measure(baked="--symbolic" not in arguments, add_at="--quick" not in arguments)
    print("\n".join(table(rows)))


if __name__ == "__main__":
    main()

"""The speed of kernels beside PyTorch's, in one process: alternating, medians, every answer compared first.

Run as a module it measures one set of shapes and prints a line of JSON for each; `measured` does that in a child
process whose allocator keeps its memory, since otherwise every fresh output of PyTorch would cost page faults.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from statistics import median
from time import perf_counter
from typing import Any

from symconv.api.shapes import SETS, Shape
from symconv.build.compiler import ToolError

PASSES = ("forward", "backward-data", "backward-weights")
_KEEP = str(4_000_000_000)
_ENVIRONMENT = {
    "MALLOC_MMAP_THRESHOLD_": _KEEP,
    "MALLOC_TRIM_THRESHOLD_": _KEEP,
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}
_SECONDS = 0.5
_LEAST, _MOST = 5, 40


@dataclass(frozen=True)
class Speed:
    """Median seconds of one pass of one layer: ours, PyTorch's by layout, and its operations."""

    name: str
    step: str
    operations: int
    ours: float
    others: dict[str, float]

    @property
    def ratio(self) -> float:
        """How many times as fast as PyTorch in its better layout."""
        return min(self.others.values()) / self.ours


def measured(shapes: str, target: str, only: str = "", seconds: float = _SECONDS) -> Iterator[Speed]:
    """Every pass of every layer of the set whose name contains `only`; `ToolError` where PyTorch is missing."""
    command = [sys.executable, "-m", "symconv.api.speed", shapes, target, only, str(seconds)]
    with subprocess.Popen(
        command, env={**os.environ, **_ENVIRONMENT}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        for line in child.stdout:
            yield Speed(**json.loads(line))
        errors = child.stderr.read()
    if child.returncode:
        raise ToolError(errors.strip().splitlines()[-1] if errors.strip() else "the benchmark was ended")


def main(arguments: list[str]) -> None:
    """SHAPES TARGET ONLY SECONDS"""
    shapes, target, only, seconds = arguments
    for shape in SETS[shapes]:
        if only.lower() in shape.name.lower():
            for speed in measure(shape, target, float(seconds)):
                print(json.dumps(asdict(speed)), flush=True)


def measure(shape: Shape, target: str, seconds: float) -> Iterator[Speed]:
    """The three passes of one layer, on integers, so that the answers have to agree exactly."""
    import numpy as np

    try:
        import torch
    except ImportError:
        raise ToolError("PyTorch is not there: pip install 'symconv[bench]'") from None
    torch.set_num_threads(1)
    draw = np.random.default_rng(1)
    x = draw.integers(-3, 4, (shape.batch, shape.inner, shape.height, shape.height)).astype(np.float32)
    w = draw.integers(-3, 4, (shape.outer, shape.inner // shape.group, shape.kernel, shape.kernel)).astype(np.float32)
    dy = draw.integers(-2, 3, (shape.batch, shape.outer, shape.output, shape.output)).astype(np.float32)
    ours = _our_passes(shape, target, x, w, dy)
    layouts = {"NCHW": torch.contiguous_format} | ({"NHWC": torch.channels_last} if target == "c" else {})
    others = {name: _torch_passes(torch, shape, memory, x, w, dy) for name, memory in layouts.items()}
    for step in PASSES:
        calls = {"ours": ours[step], **{name: passes[step] for name, passes in others.items()}}
        expected = others["NCHW"][step]().numpy()
        if not np.array_equal(ours[step](), expected):
            raise ToolError(f"{shape.name}, {step}: the answers differ")
        times = _alternating(calls, seconds)
        yield Speed(shape.name, step, shape.operations, times.pop("ours"), times)


def _our_passes(shape: Shape, target: str, x: Any, w: Any, dy: Any) -> dict[str, Callable[[], Any]]:
    from symconv.build.kernels import build
    from symconv.layers import build_layer

    k = build(build_layer("conv2d", shape.attributes), target=target)
    y, dx, dw = (a.copy() for a in (dy, x, w))
    return {
        "forward": lambda: k.forward(x, w, out=y),
        "backward-data": lambda: k.grad_input(dy, w, x.shape, out=dx),
        "backward-weights": lambda: k.grad_weight(dy, x, out=dw),
    }


def _torch_passes(torch: Any, shape: Shape, memory: Any, x: Any, w: Any, dy: Any) -> dict[str, Callable[[], Any]]:
    tx, tw, tdy = (torch.from_numpy(a).contiguous(memory_format=memory) for a in (x, w, dy))
    stride, pad, dilation = [shape.stride] * 2, [shape.pad] * 2, [shape.dilation] * 2

    def backward(position: int) -> Any:
        wanted = [position == k for k in range(3)]
        return torch.ops.aten.convolution_backward(
            tdy, tx, tw, None, stride, pad, dilation, False, [0, 0], shape.group, wanted
        )[position]

    return {
        "forward": lambda: torch.nn.functional.conv2d(tx, tw, None, stride, pad, dilation, shape.group),
        "backward-data": lambda: backward(0),
        "backward-weights": lambda: backward(1),
    }


def _alternating(calls: Mapping[str, Callable[[], Any]], seconds: float) -> dict[str, float]:
    """Median seconds of each call; they take turns, so that a slow spell of the machine falls on all of them."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    start, rounds = perf_counter(), 0
    while rounds < _LEAST or (perf_counter() - start < seconds * len(calls) and rounds < _MOST):
        for name, call in calls.items():
            begin = perf_counter()
            call()
            times[name].append(perf_counter() - begin)
        rounds += 1
    return {name: median(values) for name, values in times.items()}


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except ToolError as error:
        sys.exit(str(error))

"""Generated C as text: no warning in any mode, no library, other processors, its own test, indices and bounds."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from typing import Any

import pytest

from symconv.api.kernels import generated_files
from symconv.build.compiler import find_compiler
from symconv.layers import build_layer
from tests.build.compilers import COMPILERS, needs_compiler

Count = Callable[[str, int], None]
Run = subprocess.CompletedProcess[str]
REPOSITORY = Path(__file__).parents[2]
WARNINGS = (
    *("-std=c11", "-Wall", "-Wextra", "-Wconversion", "-Wsign-conversion", "-Wstrict-prototypes"),
    *("-pedantic", "-Werror"),
)


@dataclass(frozen=True)
class Source:
    """A layer and how it is generated."""

    layer: str
    attributes: dict[str, Any]
    options: dict[str, Any] = field(default_factory=dict)

    def files(self, **options: Any) -> dict[str, str]:
        layer = build_layer(self.layer, self.attributes)
        return generated_files(layer, "c", ".", name="k", **{**self.options, **options})

    def write(self, folder: Path, **options: Any) -> None:
        """k.c and k.h."""
        for name, text in self.files(**options).items():
            (folder / name).write_text(text, encoding="utf-8")


THREE = {"kernel_shape": (3, 3), "pads": (1, 1, 1, 1)}
SOURCES = {
    "conv2d": Source("conv2d", THREE),
    "grouped": Source("conv2d", {"kernel_shape": (3, 2), "group": 3, "dilations": (2, 1)}, {"dtype": "float64"}),
    "strided": Source("conv2d", {"kernel_shape": (2, 3), "strides": (2, 1), "bias": 0}),
    "depthwise": Source("conv2d", {**THREE, "group": 4, "in_channels": 4, "out_channels": 4}),
    "baked": Source("conv2d", {**THREE, "out_channels": 5}, {"input_shape": (2, 3, 9, 7)}),
    "direct": Source("conv2d", {**THREE, "strides": (2, 2)}, {"algorithm": "direct", "dtype": "float64"}),
    "conv1d": Source("conv1d", {"kernel_shape": (5,), "pads": (2, 1), "strides": (3,)}, {"algorithm": "direct"}),
    "conv3d": Source("conv3d", {"kernel_shape": (2, 2, 2)}),
    "transposed": Source("conv_transpose2d", {"kernel_shape": (3, 2), "strides": (2, 1), "output_padding": (1, 0)}),
    "max": Source("max_pool2d", {**THREE, "strides": (2, 2), "ceil_mode": 1}),
    "average": Source("average_pool2d", {**THREE, "strides": (2, 1), "dilations": (1, 2)}),
    "L2": Source("lp_pool2d", THREE, {"dtype": "float64"}),
    "sigmoid": Source("sigmoid", {}),
    "tanh": Source("tanh", {"rank": 1}, {"dtype": "float64"}),
    "dense": Source("dense", {}),
    "formula": Source("formula", {"formula": "auto[n, i] = sum(k) new[k]*template[n, 2*i + k - 1] + int[i]"}),
    "functions": Source("elementwise", {"function": "log(1 + x**2)*sin(x) + sqrt(1 + x**2)"}),
}
MODES = {
    "plain": ("-O0",),
    "fast": ("-O3", "-march=native", "-fno-pic"),
    "scalar": ("-O1", "-DSYMCONV_SCALAR"),
    "checked": ("-O1", "-DSYMCONV_CHECK"),
    "freestanding": ("-O2", "-fno-pic", "-ffreestanding", "-DSYMCONV_SCALAR", "-DSYMCONV_CHECK"),
}
CROSS = {
    "aarch64": ("-target", "aarch64-linux-musl"),
    "cortex-m4": ("-target", "thumb-freestanding-eabi", "-mcpu=cortex_m4"),
    "riscv32": ("-target", "riscv32-freestanding-none"),
    "wasm32": ("-target", "wasm32-freestanding"),
}
TESTED = ("conv2d", "conv1d", "transposed", "max", "L2", "sigmoid", "direct")
needs_some = pytest.mark.skipif(not COMPILERS, reason="NEITHER gcc NOR clang HERE: warnings are not tested")
needs_zig = pytest.mark.skipif(find_spec("ziglang") is None, reason="NO ziglang WHEEL: other processors are not tested")
needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="NOT LINUX: pages and signals are not tested")


def ran(*command: object, cwd: Path, **environment: str) -> Run:
    words = list(map(str, command))
    return subprocess.run(
        words, cwd=cwd, env={**os.environ, **environment}, capture_output=True, text=True, check=False, timeout=300
    )


def compiled(*command: object, cwd: Path, **environment: str) -> None:
    done = ran(*command, cwd=cwd, **environment)
    assert done.returncode == 0, f"{done.args}\n{done.stderr[:3000]}"
    assert done.stderr == "", f"{done.args}\n{done.stderr[:3000]}"


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of a source, written once."""
    made: dict[str, Path] = {}

    def folder(name: str) -> Path:
        if name not in made:
            made[name] = tmp_path_factory.mktemp(name)
            SOURCES[name].write(made[name])
        return made[name]

    return folder


@needs_some
@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("compiler", COMPILERS)
def test_no_warnings_and_nothing_undefined(
    name: str, compiler: str, folders: Callable[[str], Path], count_cases: Count
) -> None:
    """In every mode; and nothing is needed from a library, not even the memset and memcpy that loops are made into."""
    folder = folders(name)
    for mode, flags in MODES.items():
        compiled(compiler, *WARNINGS, *flags, "-c", "k.c", "-o", f"{compiler}-{mode}.o", cwd=folder)
    count_cases("generated C without a warning", len(MODES))
    if which("nm") is None:
        pytest.skip("NO nm HERE: undefined symbols are not looked for")
    for mode in ("fast", "freestanding"):
        done = ran("nm", "-u", f"{compiler}-{mode}.o", cwd=folder)
        assert (done.returncode, done.stdout) == (0, ""), mode


CPP = [c for c in ("g++", "clang++") if which(c)]


@pytest.mark.skipif(not CPP, reason="NO C++ COMPILER HERE: the header is not tested in C++")
@pytest.mark.parametrize("name", SOURCES)
def test_the_header_is_cpp(name: str, folders: Callable[[str], Path]) -> None:
    (folders(name) / "k.cc").write_text('#include "k.h"\n#include "k.h"\nint unused_here;\n')
    for compiler in CPP:
        compiled(compiler, "-x", "c++", "-Wall", "-Wextra", "-pedantic", "-Werror", "-fsyntax-only", "k.cc",
                 cwd=folders(name))  # fmt: skip


@pytest.fixture(scope="module")
def zig(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Where zig keeps its files."""
    root = tmp_path_factory.mktemp("zig")
    return {"ZIG_GLOBAL_CACHE_DIR": str(root / "global"), "ZIG_LOCAL_CACHE_DIR": str(root / "local")}


ZIG = (sys.executable, "-m", "ziglang", "cc", "-std=c11", "-O2")


@needs_zig
@pytest.mark.parametrize("target", CROSS)
@pytest.mark.parametrize("name", ["conv2d", "max", "sigmoid"])
def test_other_processors(
    name: str, target: str, folders: Callable[[str], Path], zig: dict[str, str], count_cases: Count
) -> None:
    folder = folders(name)
    compiled(*ZIG, *CROSS[target], "-Wall", "-Wextra", "-Werror", "-c", "k.c", "-o", f"{target}.o", cwd=folder, **zig)
    assert (folder / f"{target}.o").stat().st_size > 500
    count_cases("generated C for other processors", 1)


def number(data: bytes, at: int) -> tuple[int, int]:
    """An unsigned LEB128 number, and where it ends."""
    value = shift = 0
    while True:
        value |= (data[at] & 127) << shift
        at, shift = at + 1, shift + 7
        if not data[at - 1] & 128:
            return value, at


def sections(module: bytes) -> dict[int, bytes]:
    """The sections of a WebAssembly module by their kind; a custom one is 0."""
    assert module[:8] == b"\0asm\1\0\0\0"
    at, found = 8, {}
    while at < len(module):
        kind, (size, start) = module[at], number(module, at + 1)
        found[kind] = module[start : start + size]
        at = start + size
    return found


@needs_zig
@pytest.mark.parametrize("name", ["conv2d", "L2", "tanh"])
def test_webassembly_imports_nothing(name: str, folders: Callable[[str], Path], zig: dict[str, str]) -> None:
    folder = folders(name)
    exported = ("k_forward", "k_grad_input", "k_grad_input_workspace")
    linked = ("-nostdlib", "-Wl,--no-entry", *(f"-Wl,--export={f}" for f in exported))
    compiled(*ZIG, *CROSS["wasm32"], *linked, "k.c", "-o", "k.wasm", cwd=folder, **zig)
    module = sections((folder / "k.wasm").read_bytes())
    assert number(module.get(2, b"\0"), 0)[0] == 0, "the module has imports"
    for function in exported:
        assert function.encode() in module[7], "not among the exports"


# The test that a source brings along.

SANITIZED = ("-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-DSYMCONV_CHECK")


def self_tested(folder: Path, *flags: str) -> Run:
    """Build the self-test and run it."""
    command = (*find_compiler().command, "-std=c11", "-DSYMCONV_SELF_TEST", *flags, "k.c", "-o", "k.exe")
    compiled(*command, cwd=folder)
    return ran(folder / "k.exe", cwd=folder)


@needs_compiler
@pytest.mark.parametrize("name", TESTED)
def test_self_test(name: str, tmp_path: Path, count_cases: Count) -> None:
    SOURCES[name].write(tmp_path, self_test=True)
    modes = [("-O2",), ("-O1", "-DSYMCONV_SCALAR")]
    if which("gcc") or which("clang"):
        modes.append(SANITIZED)
    for flags in modes:
        done = self_tested(tmp_path, *flags)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), flags
    count_cases("self-tests of generated C", len(modes))


@needs_compiler
def test_a_self_test_sees_one_wrong_number(tmp_path: Path) -> None:
    """One expected number of each function in turn: the exit status is the number of functions that fail."""
    SOURCES["baked"].write(tmp_path, self_test=True)
    text = (tmp_path / "k.c").read_text()
    before, *tables = text.split("static const double expected[] = {\n")
    assert len(tables) == 4
    for wrong in (*range(4), None):
        edited = [_one_more(t) if wrong in (k, None) else t for k, t in enumerate(tables)]
        (tmp_path / "k.c").write_text("static const double expected[] = {\n".join([before, *edited]))
        assert self_tested(tmp_path, "-O1").returncode == (4 if wrong is None else 1)


def _one_more(table: str) -> str:
    first, comma, rest = table.partition(",")
    return f"{float(first) + 1}{comma}{rest}"


@needs_compiler
def test_a_self_test_sees_what_is_no_number(tmp_path: Path) -> None:
    SOURCES["sigmoid"].write(tmp_path, self_test=True)
    text = (tmp_path / "k.c").read_text()
    one = "SC_R(1.0));"
    assert one in text
    (tmp_path / "k.c").write_text(text.replace(one, "SC_R(1.0)) * (SC_R(0.0) / SC_R(0.0));", 1))
    assert self_tested(tmp_path, "-O0").returncode >= 1


# Indices that leave their dimension.

DRIVER = """
#include "k.c"
#include <stdio.h>
int main(void)
{
    static float memory[64], w[3], y[64];
    static char workspace[1 << 16];
    const int status = k_forward(1, 1, 8, 1, memory + 32, w, 0, y, workspace);
    printf("ran: %d\\n", status);
    return status;
}
"""


@needs_linux
@needs_compiler
def test_a_checked_build_traps(tmp_path: Path) -> None:
    """An index that reads column -1: with -DSYMCONV_CHECK the program dies of it, without it nothing is seen."""
    source = Source("conv1d", {"kernel_shape": (3,), "pads": (1, 1)}, {"algorithm": "direct"})
    source.write(tmp_path)
    text = (tmp_path / "k.c").read_text()
    right, wrong = "SC_IN(kw + ow - 1, W)", "SC_IN(kw + ow - 2, W)"
    assert right in text
    (tmp_path / "driver.c").write_text(DRIVER)
    compiler = find_compiler().command
    for edited, flags, dies in (
        (False, ("-DSYMCONV_CHECK",), False),
        (True, (), False),
        (True, ("-DSYMCONV_CHECK",), True),
    ):
        (tmp_path / "k.c").write_text(text.replace(right, wrong) if edited else text)
        compiled(*compiler, "-std=c11", "-O1", *flags, "driver.c", "-o", "driver", cwd=tmp_path)
        done = ran(tmp_path / "driver", cwd=tmp_path)
        if dies:
            assert done.returncode in (-signal.SIGILL, -signal.SIGTRAP)
            assert done.stdout == ""
        else:
            assert (done.returncode, done.stdout) == (0, "ran: 0\n")


# Arrays at the very end, or the very start, of the memory that may be touched.
GUARDED = """
import ctypes, faulthandler, math, mmap, sys
import numpy as np
import symconv as sc

faulthandler.enable()
libc = ctypes.CDLL(None, use_errno=True)
libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
held = []

def guarded(shape, dtype, at_end):
    count = math.prod(shape) * np.dtype(dtype).itemsize
    room = -(-count // mmap.PAGESIZE) * mmap.PAGESIZE
    pages = mmap.mmap(-1, room + 2 * mmap.PAGESIZE)
    held.append(pages)
    start = ctypes.addressof(ctypes.c_char.from_buffer(pages))
    for guard in (start, start + mmap.PAGESIZE + room):
        assert libc.mprotect(guard, mmap.PAGESIZE, 0) == 0
    offset = mmap.PAGESIZE + (room - count if at_end else 0)
    return np.frombuffer(pages, dtype, math.prod(shape), offset).reshape(shape)

def copied(a, at_end):
    out = guarded(a.shape, a.dtype, at_end)
    out[...] = a
    return out

def check(layer, x, w, b, **options):
    k, plain = sc.build(layer, **options), sc.build(layer, target="numpy", dtype=options["dtype"])
    y = plain.forward(x, w, b)
    dy = np.random.default_rng(1).integers(-4, 5, y.shape).astype(x.dtype)
    calls = {"forward": ((x, w, b), ()), "grad_input": ((dy, w), (x.shape,)), "grad_weight": ((dy, x), (w.shape,)),
             "grad_bias": ((dy,), (b.shape,))}
    for name, (arrays, shape) in calls.items():
        f = k.functions[name]
        expected = plain.functions[name](*arrays, *shape)
        for at_end in (True, False):
            f._workspace = lambda size: guarded((max(size, 1),), np.uint8, at_end)
            out = copied(np.full_like(expected, np.nan), at_end)
            f(*(copied(a, at_end) for a in arrays), *shape, out=out)
            assert np.array_equal(out, expected), (name, at_end)

draw = np.random.default_rng(0)
count = 0
for c, o, h, w in ((3, 5, 7, 11), (17, 33, 5, 3)):
    for kernel, pad, stride, group in (((1, 1), 0, 1, 1), ((3, 3), 1, 1, 1), ((3, 3), 1, 2, 1), ((3, 3), 1, 1, c)):
        for dtype, algorithm in (("float32", "auto"), ("float64", "auto"), ("float32", "direct")):
            if dtype == "float64" and kernel == (3, 3) or (algorithm == "direct" or group > 1) and c == 17:
                continue
            out = o if group == 1 else c
            case = dict(kernel_shape=kernel, pads=(pad,) * 4, strides=(stride,) * 2, group=group)
            print(case, c, out, h, w, dtype, algorithm, flush=True)
            arrays = (draw.integers(-4, 5, s).astype(dtype)
                      for s in ((2, c, h, w), (out, c // group, *kernel), (out,)))
            channels = dict(in_channels=c, out_channels=c) if group > 1 else {}
            check(sc.Conv2d(**case, **channels), *arrays, dtype=dtype, algorithm=algorithm)
            count += 1
print("done", count, flush=True)
"""


@needs_linux
@needs_compiler
def test_nothing_is_touched_outside_of_the_arrays(tmp_path: Path, count_cases: Count) -> None:
    """Inputs, result and workspace begin, or end, where the next byte may not be touched; no size fits a vector."""
    environment = {"PYTHONPATH": str(REPOSITORY), "SYMCONV_CACHE_DIR": str(tmp_path / "cache")}
    done = ran(sys.executable, "-c", GUARDED, cwd=tmp_path, **environment)
    lines = done.stdout.splitlines()
    assert done.returncode == 0, f"{lines[-1:]}: {done.stderr[-2000:]}"
    assert lines[-1].startswith("done ")
    count_cases("C kernels on arrays between guard pages", 8 * int(lines[-1].split()[1]))

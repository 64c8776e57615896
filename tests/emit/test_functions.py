"""The elementary functions of generated C, against mpmath at 40 digits, compiled by whatever compiler there is."""

from __future__ import annotations

import ctypes
import math
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import mpmath
import numpy as np
import pytest

from symconv.build.compiler import find_compiler, flags_for
from symconv.emit.functions import DEPENDS, closure
from symconv.emit.render import render
from tests.build.compilers import needs_compiler

# Each function, the range that is drawn from evenly, and how many units in the last place it may be off.
CASES: dict[str, tuple[float, float, float]] = {
    "exp": (-745.2, 709.8, 2),
    "log": (0.2, 4, 2),
    "sqrt": (0, 16, 1),
    "tanh": (-20, 20, 3),
    "sinh": (-710.5, 710.5, 3),
    "cosh": (-710.5, 710.5, 2),
    "sin": (-1e5, 1e5, 2),
    "cos": (-1e5, 1e5, 2),
    "tan": (-1e5, 1e5, 3),
    "atan": (-5, 5, 2),
    "erf": (-6.2, 6.2, 3),
    "fabs": (-1, 1, 0),
    "sign": (-1, 1, 0),
}
PUBLIC = (*CASES, "pow")
POW_ULPS = 3.0
WARNINGS = "-Wall -Wextra -Wconversion -Wsign-conversion -Wstrict-prototypes -pedantic -Werror"
EDGES = [5e-324, 1e-320, 2.2250738585072014e-308, 1e-300, 1e-17, 1e-9, 1e-8, 0.4, 0.55, 0.75, 1.0, 1.25, 2.5, 6.0]
PERIODIC = ("sin", "cos", "tan")
POSITIVE = ("log", "sqrt")
INFINITY, NAN = math.inf, math.nan
SPECIAL: dict[str, list[tuple[float, float]]] = {
    "exp": [(INFINITY, INFINITY), (-INFINITY, 0.0), (710.0, INFINITY), (-746.0, 0.0), (0.0, 1.0), (1e300, INFINITY)],
    "log": [(INFINITY, INFINITY), (0.0, -INFINITY), (-0.0, -INFINITY), (-1.0, NAN), (-INFINITY, NAN), (1.0, 0.0)],
    "sqrt": [(INFINITY, INFINITY), (0.0, 0.0), (-0.0, -0.0), (-5e-324, NAN), (-INFINITY, NAN), (9.0, 3.0)],
    "tanh": [(INFINITY, 1.0), (-INFINITY, -1.0), (0.0, 0.0), (-0.0, -0.0)],
    "sinh": [(INFINITY, INFINITY), (-INFINITY, -INFINITY), (711.0, INFINITY), (-711.0, -INFINITY), (-0.0, -0.0)],
    "cosh": [(INFINITY, INFINITY), (-INFINITY, INFINITY), (-711.0, INFINITY), (-0.0, 1.0)],
    "sin": [(INFINITY, NAN), (-INFINITY, NAN), (0.0, 0.0), (-0.0, -0.0), (2.0**41, NAN)],
    "cos": [(INFINITY, NAN), (-INFINITY, NAN), (-0.0, 1.0), (2.0**41, NAN)],
    "tan": [(INFINITY, NAN), (-INFINITY, NAN), (0.0, 0.0), (-0.0, -0.0), (2.0**41, NAN)],
    "atan": [(INFINITY, math.pi / 2), (-INFINITY, -math.pi / 2), (0.0, 0.0), (-0.0, -0.0)],
    "erf": [(INFINITY, 1.0), (-INFINITY, -1.0), (0.0, 0.0), (-0.0, -0.0), (-7.0, -1.0)],
    "fabs": [(INFINITY, INFINITY), (-INFINITY, INFINITY), (-0.0, 0.0), (-2.5, 2.5)],
    "sign": [(INFINITY, 1.0), (-INFINITY, -1.0), (0.0, 0.0), (-0.0, -0.0), (5e-324, 1.0)],
}
POWERS = [
    (NAN, 0.0, 1.0), (1.0, NAN, 1.0), (NAN, 2.0, NAN), (2.0, NAN, NAN), (-2.0, 3.0, -8.0), (-2.0, 0.5, NAN),
    (-8.0, 1 / 3, NAN), (0.0, 0.5, 0.0), (-0.0, 3.0, -0.0), (-0.0, 2.0, 0.0), (-0.0, -3.0, -INFINITY),
    (0.0, -2.5, INFINITY), (INFINITY, 0.5, INFINITY), (INFINITY, -1.0, 0.0), (-INFINITY, 3.0, -INFINITY),
    (-INFINITY, 0.5, INFINITY), (-INFINITY, -3.0, -0.0), (2.0, INFINITY, INFINITY), (0.5, INFINITY, 0.0),
    (2.0, -INFINITY, 0.0), (0.0, -INFINITY, INFINITY), (-1.0, INFINITY, 1.0), (-1.0, 2.0**53 + 2, 1.0),
    (2.0, 1024.0, INFINITY), (-2.0, 1025.0, -INFINITY), (2.0, -1074.0, 5e-324), (2.0, -1080.0, 0.0),
    (1.0 + 2**-52, 1e300, INFINITY), (1.0 - 2**-53, 1e300, 0.0), (5.0, 0.0, 1.0), (-1.0, 2.0**53 - 1, -1.0),
]  # fmt: skip
Count = Callable[[str, int], None]
Function = Callable[..., list[float]]


def source() -> str:
    """All functions in one file, and for each an exported one that takes arrays."""
    pieces = ["#include <float.h>\n#include <stdint.h>\n", *(render(f"c/functions/{f}.c.j2") for f in closure(PUBLIC))]
    for name in PUBLIC:
        two = name == "pow"
        head = f"void t_{name}({'const double *x, const double *y' if two else 'const double *x'}, double *out, int n)"
        call = f"sc_{name}({'x[i], y[i]' if two else 'x[i]'})"
        pieces.append(f"{head};\n{head}\n{{\n    for (int i = 0; i < n; ++i) out[i] = {call};\n}}\n")
    return "\n".join(pieces)


def compiled(folder: Path, flags: list[str], name: str) -> Path:
    """The functions, compiled without one warning."""
    text, built = folder / "functions.c", folder / name
    text.write_text(source(), encoding="utf-8")
    command = [*find_compiler().command, *WARNINGS.split(), *flags, "-o", str(built), str(text)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return built


def loaded(library: ctypes.CDLL, name: str) -> Function:
    function = getattr(library, f"t_{name}")
    function.restype = None

    def call(*columns: list[float]) -> list[float]:
        count = len(columns[0])
        arrays = [(ctypes.c_double * count)(*column) for column in columns]
        out = (ctypes.c_double * count)()
        function(*arrays, out, ctypes.c_int(count))
        return list(out)

    return call


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> list[ctypes.CDLL]:
    """Compiled to the letter of the standard, and as kernels are: with fused multiply-adds, which round otherwise."""
    folder = tmp_path_factory.mktemp("functions")
    strict = ["-std=c11", "-O2", "-ffp-contract=off", "-fPIC", "-shared"]
    fused = list(flags_for(find_compiler(), native=True))
    return [
        ctypes.CDLL(str(compiled(folder, flags, name))) for flags, name in ((strict, "strict.so"), (fused, "fused.so"))
    ]


def off(got: float, exact: mpmath.mpf) -> float:
    """Units in the last place of the exact value between it and a double; overflow has to be infinite."""
    if abs(exact) >= mpmath.ldexp(1 - mpmath.ldexp(1, -54), 1024):
        return 0.0 if math.isinf(got) and (got > 0) == (exact > 0) else INFINITY
    if not math.isfinite(got):
        return INFINITY
    exponent = max(mpmath.frexp(exact)[1] - 53, -1074) if exact else -1074
    return float(mpmath.ldexp(abs(mpmath.mpf(got) - exact), -exponent))


def same(got: float, expected: float) -> bool:
    """Equal with its sign, or both NaN."""
    if math.isnan(expected):
        return math.isnan(got)
    return got == expected and math.copysign(1.0, got) == math.copysign(1.0, expected)


def points(name: str) -> list[float]:
    """About 4,000: over the function's range, over all exponents, where its formula changes, near its zeros."""
    draw = np.random.default_rng(7)
    low, high, _ = CASES[name]
    top = 709 if name in (*POSITIVE, "atan", "fabs", "sign") else 0
    every = np.exp(draw.uniform(-744, top, 700))
    near = [*EDGES, *(math.nextafter(e, 0) for e in EDGES), *(math.nextafter(e, 9) for e in EDGES)]
    drawn = np.concatenate([draw.uniform(low, high, 1600), draw.uniform(-2, 2, 800), every, near])
    if name in PERIODIC:
        multiples = draw.integers(1, 63662, 500) * (math.pi / 2)
        drawn = np.concatenate([drawn, multiples, np.nextafter(multiples, 0)])
    if name == "log":
        drawn = np.concatenate([drawn, 1 + np.exp(draw.uniform(-36, -1, 400)), 1 - np.exp(draw.uniform(-36, -1, 400))])
    values = [float(v) for v in (np.abs(drawn) if name in POSITIVE else np.concatenate([drawn, -drawn[-900:]]))]
    return [v for v in values if v != 0]


@needs_compiler
@pytest.mark.parametrize("name", CASES)
def test_against_mpmath(name: str, libraries: list[ctypes.CDLL], count_cases: Count) -> None:
    xs, bound = points(name), CASES[name][2]
    with mpmath.workdps(40):
        exact_at = abs if name == "fabs" else getattr(mpmath, name)
        exact = [exact_at(mpmath.mpf(x)) for x in xs]
        for library in libraries:
            for x, got, value in zip(xs, loaded(library, name)(xs), exact, strict=True):
                assert off(got, value) <= bound, f"{name}({x!r}) = {got!r}, exactly {value}"
    count_cases("elementary functions in C, points", len(xs))


@needs_compiler
@pytest.mark.parametrize("name", ["sin", "cos"])
def test_large_angles(name: str, libraries: list[ctypes.CDLL]) -> None:
    xs = [float(x) for x in np.random.default_rng(9).uniform(-(2.0**40), 2.0**40, 500)]
    with mpmath.workdps(40):
        for library in libraries:
            for x, got in zip(xs, loaded(library, name)(xs), strict=True):
                assert abs(mpmath.mpf(got) - getattr(mpmath, name)(mpmath.mpf(x))) <= 1e-9, f"{name}({x!r}) = {got!r}"


@needs_compiler
def test_powers(libraries: list[ctypes.CDLL], count_cases: Count) -> None:
    draw = np.random.default_rng(8)
    bases = np.concatenate([np.exp(draw.uniform(-744, 709, 1200)), 1 + draw.uniform(-0.3, 0.4, 1200)])
    xs = [*bases.tolist(), *draw.uniform(0, 30, 800).tolist(), *(-draw.integers(1, 60, 800)).astype(float).tolist()]
    # Powers over all exponents of a double, and then the usual ones.
    ys = [*(draw.uniform(-745, 710, 2400) / np.log(bases)).tolist(), *draw.uniform(-6, 6, 800).tolist()]
    ys += draw.integers(-200, 200, 800).astype(float).tolist()
    with mpmath.workdps(40):
        exact = [mpmath.mpf(x) ** mpmath.mpf(y) for x, y in zip(xs, ys, strict=True)]
        for library in libraries:
            for x, y, got, value in zip(xs, ys, loaded(library, "pow")(xs, ys), exact, strict=True):
                assert off(got, value) <= POW_ULPS, f"pow({x!r}, {y!r}) = {got!r}, exactly {value}"
    count_cases("elementary functions in C, points", len(xs))


@needs_compiler
def test_special_values(libraries: list[ctypes.CDLL]) -> None:
    for library in libraries:
        for name, known in SPECIAL.items():
            xs = [x for x, _ in known] + [NAN]
            for (x, expected), got in zip([*known, (NAN, NAN)], loaded(library, name)(xs), strict=True):
                assert same(got, expected), f"{name}({x!r}) = {got!r}"
        results = loaded(library, "pow")([x for x, _, _ in POWERS], [y for _, y, _ in POWERS])
        for (x, y, expected), got in zip(POWERS, results, strict=True):
            assert same(got, expected), f"pow({x!r}, {y!r}) = {got!r}"


@needs_compiler
def test_nothing_is_left_undefined(tmp_path: Path) -> None:
    if shutil.which("nm") is None:
        pytest.skip("NO nm HERE: whether the functions call a libc is not tested")
    built = compiled(tmp_path, ["-std=c11", "-O2", "-ffreestanding", "-c"], "functions.o")
    assert subprocess.run(["nm", "-u", str(built)], capture_output=True, text=True, check=True).stdout.strip() == ""


def test_closure_names_what_is_needed_first() -> None:
    assert closure(["tanh"]) == ("fabs", "polynomial", "scale2", "exp_shifted", "tanh")
    assert closure(["sin", "cos"]) == closure(["cos", "sin"])
    assert closure([]) == ()
    for name in DEPENDS:
        names = closure([name])
        assert names[-1] == name
        assert all(names.index(needed) < names.index(f) for f in names for needed in DEPENDS[f])
    with pytest.raises(KeyError):
        closure(["gamma"])

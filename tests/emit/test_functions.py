"""The elementary functions of generated C, against mpmath at 40 digits, compiled by whatever compiler there is."""

from __future__ import annotations

import ctypes
import math
import subprocess
from collections.abc import Callable

import mpmath
import numpy as np
import pytest

from symconv.build.compiler import find_compiler
from symconv.emit.functions import DEPENDS, closure
from symconv.emit.render import render
from tests.build.compilers import needs_compiler

# Function: its arguments, and how many units in the last place (of the result, or of `floor`) it may be off.
WIDE = [0.0, 1e-320, 1e-300, 1e-17, 1e-9, 0.1, 0.5, 1.0, 1.5, 2.0, 21.9, 22.1, 700.5, 1e5, 1e300]
CASES: dict[str, tuple[float, float, float, float]] = {  # low, high, ulps, floor
    "exp": (-740, 709, 1.5, 0),
    "expm1": (-30, 30, 2.5, 0),
    "log": (0, 1e6, 1.5, 0),
    "sqrt": (0, 1e9, 0.75, 0),
    "tanh": (-25, 25, 3, 0),
    "sinh": (-709, 709, 3.5, 0),
    "cosh": (-709, 709, 2.5, 0),
    "sin": (-1e5, 1e5, 2, 1e-9),
    "cos": (-1e5, 1e5, 2, 1e-9),
    "tan": (-1e4, 1e4, 4, 1e-9),
    "atan": (-50, 50, 2.5, 0),
    "erf": (-6.5, 6.5, 10, 0),
}
Count = Callable[[str, int], None]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    folder = tmp_path_factory.mktemp("functions")
    names = [n for n in closure(DEPENDS) if n not in ("scale2", "residual", "turn", "wave", "pow")]
    text = "#include <stdint.h>\n" + "\n".join(render(f"c/functions/{n}.c.j2") for n in closure(DEPENDS))
    for n in names:
        text += f"double t_{n}(double x) {{ return sc_{n}(x); }}\n"
    text += "double t_pow(double x, double y) { return sc_pow(x, y); }\n"
    (folder / "f.c").write_text(text)
    warnings = "-std=c11 -O2 -Wall -Wextra -Wconversion -Wsign-conversion -pedantic -Werror".split()  # noqa: SIM905
    command = [*find_compiler().command, *warnings, "-fPIC", "-shared", "-o", str(folder / "f.so"), str(folder / "f.c")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    loaded = ctypes.CDLL(str(folder / "f.so"))
    for n in names:
        getattr(loaded, f"t_{n}").restype = ctypes.c_double
        getattr(loaded, f"t_{n}").argtypes = [ctypes.c_double]
    loaded.t_pow.restype, loaded.t_pow.argtypes = ctypes.c_double, [ctypes.c_double, ctypes.c_double]
    return loaded


def off(got: float, exact: mpmath.mpf, floor: float) -> float:
    """Units in the last place between a double and the exact value."""
    unit = math.ulp(max(abs(float(exact)), floor))
    return float(abs(mpmath.mpf(got) - exact) / unit)


@needs_compiler
@pytest.mark.parametrize("name", CASES)
def test_against_mpmath(name: str, library: ctypes.CDLL, count_cases: Count) -> None:
    low, high, ulps, floor = CASES[name]
    draw = np.random.default_rng(7)
    points = [*draw.uniform(low, high, 600), *draw.uniform(-2, 2, 300), *WIDE, *(-v for v in WIDE)]
    points = [float(p) for p in points if low <= p <= high and (p > 0 or low < 0 or p == low)]
    function, exact = getattr(library, f"t_{name}"), getattr(mpmath, name)
    with mpmath.workdps(40):
        for p in points:
            if name == "log" and p == 0:
                continue
            value = exact(mpmath.mpf(p))
            assert off(function(p), value, floor) <= ulps, f"{name}({p!r}) = {function(p)!r}, exactly {value}"
    count_cases("elementary functions in C, points", len(points))


@needs_compiler
def test_powers(library: ctypes.CDLL) -> None:
    draw = np.random.default_rng(8)
    with mpmath.workdps(40):
        for x, y in zip(draw.uniform(0, 30, 500).tolist(), draw.uniform(-6, 6, 500).tolist(), strict=True):
            assert off(library.t_pow(x, y), mpmath.mpf(x) ** mpmath.mpf(y), 0) <= 8
        for x in (0.3, 2.0, 1e5):
            for p in (2, 3, 5, 7):
                assert off(library.t_pow(x, 1 / p), mpmath.mpf(x) ** mpmath.mpf(1 / p), 0) <= 3
    assert library.t_pow(-2.0, 3.0) == -8
    assert library.t_pow(0.0, 0.5) == 0
    assert library.t_pow(5.0, 0.0) == 1
    assert math.isnan(library.t_pow(-2.0, 0.5))


@needs_compiler
def test_special_values(library: ctypes.CDLL) -> None:
    inf, nan = math.inf, math.nan
    for name in CASES:
        assert math.isnan(getattr(library, f"t_{name}")(nan)), name
    known = {
        ("exp", inf): inf, ("exp", -inf): 0, ("exp", 800.0): inf, ("exp", -800.0): 0, ("log", 0.0): -inf,
        ("log", inf): inf, ("sqrt", inf): inf, ("sqrt", 0.0): 0, ("tanh", inf): 1, ("tanh", -inf): -1,
        ("cosh", -inf): inf, ("sinh", -inf): -inf, ("atan", inf): math.pi / 2, ("erf", -inf): -1,
        ("fabs", -2.5): 2.5, ("sign", -3.0): -1, ("sign", 0.0): 0, ("sign", inf): 1, ("fabs", -inf): inf,
    }  # fmt: skip
    for (name, x), expected in known.items():
        assert getattr(library, f"t_{name}")(x) == expected, (name, x)
    for name in ("log", "sqrt"):
        assert math.isnan(getattr(library, f"t_{name}")(-1.0))
    for name in ("sin", "cos", "tan"):
        assert math.isnan(getattr(library, f"t_{name}")(inf))


def test_closure_names_what_is_needed_first() -> None:
    assert closure(["tanh"]) == ("scale2", "exp", "expm1", "tanh")
    assert closure([]) == ()
    with pytest.raises(KeyError):
        closure(["gamma"])

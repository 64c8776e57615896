"""The elementary functions that generated C brings along, there being no libm: a fragment each, and what it calls."""

from __future__ import annotations

from collections.abc import Iterable

# Helpers of several functions first.
DEPENDS: dict[str, tuple[str, ...]] = {
    "fabs": (),
    "sign": (),
    "head": (),
    "polynomial": (),
    "scale2": (),
    "angle": (),
    "sinusoid": ("polynomial",),
    "exp_shifted": ("scale2", "polynomial"),
    "log_parts": ("head", "scale2", "polynomial"),
    "exp": ("exp_shifted",),
    "log": ("log_parts",),
    "pow": ("fabs", "head", "log_parts", "exp_shifted"),
    "sqrt": ("head", "scale2"),
    "tanh": ("fabs", "polynomial", "exp_shifted"),
    "sinh": ("fabs", "polynomial", "exp_shifted"),
    "cosh": ("fabs", "exp_shifted"),
    "sin": ("fabs", "angle", "sinusoid"),
    "cos": ("angle", "sinusoid"),
    "tan": ("fabs", "angle", "sinusoid"),
    "atan": ("fabs", "polynomial"),
    "erf": ("fabs", "polynomial", "exp_shifted"),
}


def closure(names: Iterable[str]) -> tuple[str, ...]:
    """The named functions and all that they call, each after what it calls; `KeyError` for an unknown name."""
    out: dict[str, None] = {}

    def visit(name: str) -> None:
        for needed in DEPENDS[name]:
            visit(needed)
        out.setdefault(name)

    for name in sorted(names):
        visit(name)
    return tuple(out)

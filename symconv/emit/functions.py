"""The elementary functions that generated C brings along, there being no libm: a fragment each, and what it calls."""

from __future__ import annotations

from collections.abc import Iterable

DEPENDS: dict[str, tuple[str, ...]] = {
    "scale2": (),
    "residual": (),
    "fabs": (),
    "sign": (),
    "turn": (),
    "wave": (),
    "sqrt": ("scale2", "residual"),
    "exp": ("scale2",),
    "expm1": ("exp",),
    "log": ("scale2",),
    "tanh": ("expm1",),
    "sinh": ("exp", "expm1"),
    "cosh": ("exp",),
    "sin": ("turn", "wave"),
    "cos": ("turn", "wave"),
    "tan": ("sin", "cos"),
    "atan": (),
    "erf": ("exp",),
    "pow": ("exp", "log", "residual"),
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

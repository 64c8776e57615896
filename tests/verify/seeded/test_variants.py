"""Every variant of the corpus gives what the reference gives, in its own layout."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.verify.seeded.corpus import Variant, variants
from tests.verify.seeded.kinds import KINDS, activated, told
from tests.verify.seeded.reference import Array, Call
from tests.verify.seeded.samples import calls_of
from tests.verify.seeded.styles import bias_shaped, laid_out

# All axes of x and y, and of w.
_AXES = {
    "conv1d": ("NCW", "OIW"),
    "conv3d": ("NCDHW", "OIDHW"),
    "dense": ("NC", "OI"),
    "conv_transpose2d": ("NCHW", "IOHW"),
}
_OUTPUTS = {"output": "y", "grad_input": "dx", "grad_weight": "dw", "grad_bias": "db", "dW": "dw"}


@pytest.mark.parametrize("variant", variants(), ids=lambda v: v.name)
def test_variants_are_right(variant: Variant) -> None:
    checked = 0
    for call in calls_of(variant.kind):
        usable = _usable(variant, call)
        checked += usable is not None and _agrees(variant, usable)
    assert checked > 0


def _usable(variant: Variant, call: Call) -> Call | None:
    """The part of a call that fits the layout; None where an attribute cannot be told."""
    for name, value in variant.fixed.items():
        found = (*call.begins, *call.ends) if name == "pads" else getattr(call, name.replace("_shape", ""))
        if any(v != value for v in found):
            return None
    if call.group > 1 and "group" not in variant.style.roles and variant.kind != "depthwise":
        return None
    if "N" not in variant.layout.x:
        call = replace(call, x=call.x[:1], dy=call.array("dy")[:1])
    if "C" not in variant.layout.x:
        w, b, dy = call.array("w"), call.array("b"), call.array("dy")
        call = replace(call, x=call.x[:, :1], w=w[:1, :1], b=b[:1], dy=dy[:, :1])
    return call


def _agrees(variant: Variant, call: Call) -> bool:
    """Right, or refused."""
    try:
        returned = variant.function(**_given(variant, call))
    except (NotImplementedError, TypeError, ValueError, AssertionError):
        return False
    for output, found in _named(variant, returned).items():
        exact = _arranged(variant, output, _exact(variant, output, call))
        assert np.shape(found) == exact.shape
        np.testing.assert_allclose(found, exact, rtol=1e-4, atol=2e-5 if "float32" in variant.name else 1e-9)
    return True


def _given(variant: Variant, call: Call) -> dict[str, Any]:
    values = told(KINDS[variant.kind], call)
    for name in ("x", "w", "b", "dy"):
        if name in values:
            values[name] = _arranged(variant, name, values[name])
    values["settings"] = {"stride": values.get("strides"), "pad": values.get("pads")}
    values["cache"] = tuple(values.get(n) for n in ("x", "w", "b", "settings"))
    return {p.name: values[p.role] for p in variant.style.parameters}


def _arranged(variant: Variant, name: str, a: Array) -> Array:
    x, w = _AXES.get(variant.kind, ("NCHW", "OIHW"))
    if name in ("b", "db"):
        return bias_shaped(a, variant.layout.b)
    return laid_out(a, variant.layout.w, w) if name in ("w", "dw") else laid_out(a, variant.layout.x, x)


def _is_backward(variant: Variant) -> bool:
    return bool(variant.style.roles & {"dy", "cache"})


def _named(variant: Variant, returned: Any) -> dict[str, Any]:
    if isinstance(returned, dict):
        return {_OUTPUTS.get(key, key): a for key, a in returned.items()}
    if not _is_backward(variant):
        return {"y": returned[0] if isinstance(returned, tuple) else returned}
    return dict(zip(("dx", "dw", "db"), returned if isinstance(returned, (tuple, list)) else (returned,), strict=False))


def _exact(variant: Variant, output: str, call: Call) -> Array:
    kind = KINDS[variant.kind]
    if kind.family == "activated" and output != "y":
        call = activated(call)
    return kind.compute(call if "b" in variant.style.roles else replace(call, b=None), output)

"""symconv: derive the gradients of tensor layers from their formulas, and prove every step for all sizes.

The stages, each on a floor of its own:

    1. layers   a name and attributes  ->  indexed sums
    2. derive   indexed sums           ->  a derivation of their gradient, step by step
    3. prove    a derivation           ->  a proof for every step, and one for the whole gradient
    4. lower    indexed sums           ->  plans: exact loops, packed products
    5. emit     all of it              ->  text, LaTeX, Markdown, JSON, NumPy, C
    6. build    C and NumPy            ->  functions to call
    7. verify   somebody's function    ->  a verdict, with the mistake's name

>>> import symconv as sc
>>> d = sc.derive(sc.Conv2d(kernel_shape=(3, 3), strides=(2, 2), pads=(1, 1, 1, 1), dilations=(1, 1), group=1), wrt="x")
>>> d.verdict, len(d.result)
('proved', 4)
>>> p = sc.prove("14")
>>> p.readings[1][1].verdict, p.corrected.verdict
('refuted', 'proved')

Nothing heavy is imported until it is used.
"""

from __future__ import annotations

import importlib
import sys
import types
from typing import Any

__version__ = "0.1.0"

_API = ("equal", "gradient", "find_claim", "Derived", "Judged")
_SPECS = (
    *(f"{name}{rank}d" for name in ("Conv", "ConvTranspose", "MaxPool", "AveragePool", "LpPool") for rank in (1, 2, 3)),
    "Dense",
    "Relu",
    "LeakyRelu",
    "Sigmoid",
    "Tanh",
    "Elementwise",
    "SquaredError",
    "CrossCorrelation",
    "Convolution",
    "Formula",
)
_KERNELS = ("generate",)
__all__ = [
    "__version__",
    *_API,
    *_KERNELS,
    *_SPECS,
    "ToolError",
    "UserError",
    "build",
    "derive",
    "prove",
    "testing",
    "verify",
]


class _Package(types.ModuleType):
    """The package as it is used: `symconv.derive(layer)` and `symconv.prove(claim)` are functions.

    Their floors have the same names, and importing a floor makes Python set it as an attribute of the package. A
    property of the module's class comes before that attribute; its setter lets the floor be imported all the same.
    """

    @property
    def derive(self) -> Any:
        return importlib.import_module("symconv.api").derive

    @derive.setter
    def derive(self, floor: types.ModuleType) -> None:
        """The floor stays reachable through `from symconv.derive import ..`."""

    @property
    def prove(self) -> Any:
        return importlib.import_module("symconv.api").prove

    @prove.setter
    def prove(self, floor: types.ModuleType) -> None:
        """As above."""

    @property
    def build(self) -> Any:
        return importlib.import_module("symconv.api.kernels").build

    @build.setter
    def build(self, floor: types.ModuleType) -> None:
        """As above."""

    @property
    def verify(self) -> Any:
        return importlib.import_module("symconv.api").verify

    @verify.setter
    def verify(self, floor: types.ModuleType) -> None:
        """As above."""

    def __getattr__(self, name: str) -> Any:
        if name in _KERNELS:
            return getattr(importlib.import_module("symconv.api.kernels"), name)
        if name == "testing":
            return importlib.import_module("symconv.testing")
        if name == "ToolError":
            return importlib.import_module("symconv.build.compiler").ToolError
        if name in _API:
            return getattr(importlib.import_module("symconv.api"), name)
        if name in _SPECS:
            return importlib.import_module("symconv.layers.specs").SPECS[name]
        if name == "UserError":
            return importlib.import_module("symconv.ir.errors").UserError
        raise AttributeError(f"module 'symconv' has no attribute {name!r}")

    def __dir__(self) -> list[str]:
        return sorted(__all__)


sys.modules[__name__].__class__ = _Package

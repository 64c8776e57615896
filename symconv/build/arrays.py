"""The arrays that a kernel is called with: what is wrong with one is said in a line, before anything runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import sympy as sp

from symconv.ir import UserError
from symconv.lower.binding import Binding, binding_of
from symconv.lower.evaluate import integer_function
from symconv.lower.kernel import Kernel
from symconv.lower.sizes import resolved

Array = npt.NDArray[Any]
LARGEST_BYTES = 2**63 - 1


@dataclass(frozen=True)
class Call:
    """A checked call: the values of the kernel's given sizes, the arrays in its order (None: left out), the result."""

    sizes: tuple[int, ...]
    arrays: tuple[Array | None, ...]
    out: Array


class Checker:
    """Checks the arguments of one kernel against its shapes. contiguous: do the arrays have to be?"""

    def __init__(self, kernel: Kernel, dtype: str, contiguous: bool) -> None:
        self.kernel, self.dtype, self.contiguous = kernel, np.dtype(dtype), contiguous
        self.binding: Binding = binding_of(kernel)
        self.shapes = dict(self.binding.shapes)
        self._functions = {name: _compiled(shape, kernel.sizes.given) for name, shape in self.binding.shapes}
        self._derived = _compiled(tuple(e for _, e in _resolved(kernel)), kernel.sizes.given)

    def call(self, given: Mapping[str, Any], shape: Any, out: Any) -> Call:
        """given: arrays by operand name. shape: of `kernel.shaped`, as a tuple or an array that has it; or None."""
        k = self.kernel
        # A number of NumPy's is what indexing makes of an array without axes.
        given = {name: np.asarray(a) if isinstance(a, np.generic) else a for name, a in given.items()}
        for name in k.inputs:
            if given.get(name) is not None or name not in k.optional:
                self._check_array(name, name, given.get(name))
        found = {name: a.shape for name, a in given.items() if a is not None}
        if shape is not None:
            found[k.shaped] = self._shape_of(shape)
        elif self.binding.needed:
            raise UserError(f"{k.name}: the shape of {k.shaped} is needed, such as {k.shaped}.shape")
        sizes = self._sizes(found)
        for name, actual in found.items():
            self._check_shape(name, actual, sizes)
        result = self._out(out, sizes, [a for a in given.values() if a is not None])
        return Call(sizes, tuple(given.get(name) for name in k.inputs), result)

    def _check_array(self, label: str, name: str, a: Any) -> None:
        """label: what the caller calls the array of operand `name`."""
        where = f"{self.kernel.name}: {label}"
        if not isinstance(a, np.ndarray):
            raise UserError(f"{where} is of type {type(a).__name__}: give a numpy array of {self.dtype}")
        if a.dtype != self.dtype or not a.dtype.isnative:
            raise UserError(f"{where} has dtype {a.dtype}: these kernels were built for {self.dtype}")
        rank = len(self.shapes[name])
        if a.ndim != rank:
            raise UserError(f"{where} has {a.ndim} axes, shape {a.shape}: it needs {rank}, {self._words(name)}")
        if self.contiguous and not (a.flags.c_contiguous and a.flags.aligned):
            advice = "give a contiguous array" if label == "out" else f"pass numpy.ascontiguousarray({name})"
            raise UserError(f"{where} is not contiguous: {advice}")

    def _shape_of(self, shape: Any) -> tuple[int, ...]:
        shape = shape.shape if isinstance(shape, np.ndarray) else shape
        where = f"{self.kernel.name}: the shape of {self.kernel.shaped}"
        if not isinstance(shape, Sequence) or not all(_is_count(n) for n in shape):
            raise UserError(f"{where} is {shape!r}: give a tuple of integers, such as {self.kernel.shaped}.shape")
        rank = len(self.shapes[self.kernel.shaped])
        if len(shape) != rank:
            raise UserError(f"{where} has {len(shape)} axes: it needs {rank}, {self._words(self.kernel.shaped)}")
        return tuple(map(int, shape))

    def _sizes(self, found: Mapping[str, tuple[int, ...]]) -> tuple[int, ...]:
        values = {b.size: (found[b.array][b.axis] - b.offset) // b.factor for b in self.binding.bounds}
        sizes = tuple(values[s] for s in self.kernel.sizes.given)
        for (symbol, _), value in zip(self.kernel.sizes.derived, self._derived(*sizes), strict=True):
            if value < 1:
                shapes = ", ".join(f"{name} {shape}" for name, shape in found.items())
                raise UserError(
                    f"{self.kernel.name}: {symbol} = {value} for {shapes}: the input is too small for the kernel"
                )
        return sizes

    def _check_shape(self, name: str, actual: tuple[int, ...], sizes: tuple[int, ...]) -> None:
        expected = self._functions[name](*sizes)
        if actual != expected:
            raise UserError(f"{self.kernel.name}: {name} has shape {actual}, expected {expected}, {self._words(name)}")

    def _out(self, out: Any, sizes: tuple[int, ...], inputs: Sequence[Array]) -> Array:
        k = self.kernel
        shape = self._functions[k.result](*sizes)
        count = 1
        for n in shape:
            if n < 0:
                raise UserError(f"{k.name}: {k.result} would have shape {shape}")
            count *= n
        if count * self.dtype.itemsize > LARGEST_BYTES:
            raise UserError(f"{k.name}: {k.result} of shape {shape} has more bytes than an address can count")
        if out is None:
            try:
                return np.empty(shape, self.dtype)
            except (MemoryError, ValueError):
                raise UserError(f"{k.name}: there is no memory for {k.result} of shape {shape}") from None
        self._check_array("out", k.result, out)
        if out.shape != shape:
            raise UserError(f"{k.name}: out has shape {out.shape}, expected {shape}")
        if not out.flags.writeable:
            raise UserError(f"{k.name}: out is read-only: give an array that can be written")
        if any(np.may_share_memory(out, a) for a in inputs):
            raise UserError(f"{k.name}: out overlaps an input: give another array")
        return out

    def _words(self, name: str) -> str:
        return f"({', '.join(sp.sstr(e) for e in self.shapes[name])})"


def _is_count(n: Any) -> bool:
    return isinstance(n, (int, np.integer)) and not isinstance(n, bool)


def _resolved(kernel: Kernel) -> tuple[tuple[sp.Symbol, sp.Expr], ...]:
    return tuple((s, resolved(e, kernel.sizes)) for s, e in kernel.sizes.derived)


def _compiled(shape: tuple[sp.Expr, ...], given: tuple[sp.Symbol, ...]) -> Any:
    """The shape as a function of the given sizes, in exact integers."""
    functions = [integer_function(e, given) for e in shape]
    return lambda *sizes: tuple(f(*sizes) for f in functions)

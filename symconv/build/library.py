"""A layer's C kernels, compiled, loaded, and called with arrays."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import numpy as np

from symconv.build.arrays import Array, Checker
from symconv.build.cache import shared_library
from symconv.build.compiler import ToolError
from symconv.emit.c.file import CSource
from symconv.ir import UserError
from symconv.lower.batch import batch_size
from symconv.lower.kernel import Kernel


class Function:
    """One kernel, called with arrays; `out=` is filled where it is given. Subclasses say how it runs."""

    def __init__(self, kernel: Kernel, dtype: str, contiguous: bool) -> None:
        self.kernel, self.checker = kernel, Checker(kernel, dtype, contiguous)
        self.__name__ = kernel.name
        shaped = f", {kernel.shaped}_shape" if kernel.shaped else ""
        self.__doc__ = f"{kernel.result} = {kernel.name}({', '.join(kernel.inputs)}{shaped}, *, out=None)"

    def __repr__(self) -> str:
        return f"<{self.__doc__}>"

    def __call__(self, *arguments: Any, out: Any = None, **named: Any) -> Array:
        k = self.kernel
        shape_name = f"{k.shaped}_shape"
        names = [*k.inputs, *((shape_name,) if k.shaped else ())]
        if len(arguments) > len(names):
            raise UserError(f"{k.name} takes {', '.join(names)}: {len(arguments)} arguments were given")
        given = dict(zip(names, arguments, strict=False))
        for name, value in named.items():
            if name not in names or name in given:
                what = "is given twice" if name in given else "is not among its arguments"
                raise UserError(f"{k.name}: {name} {what}; it takes {', '.join(names)}, out")
            given[name] = value
        shape = given.pop(shape_name, None) if k.shaped else None
        call = self.checker.call(given, shape, out)
        self.run(call.sizes, call.arrays, call.out)
        return call.out

    def run(self, sizes: Sequence[int], arrays: Sequence[Array | None], out: Array) -> None:
        raise NotImplementedError


class CFunction(Function):
    """A kernel out of a shared library. The workspace of a thread is kept from call to call.

    threads: pieces of the batch that run side by side, where the kernel's work can be cut along it.
    """

    def __init__(self, kernel: Kernel, dtype: str, library: ctypes.CDLL, name: str, threads: int) -> None:
        super().__init__(kernel, dtype, contiguous=True)
        batch = batch_size(kernel) if threads > 1 else None
        self._batch = None if batch is None else kernel.sizes.given.index(batch)
        self._cut = [kernel.context.shape(n)[:1] == (batch,) for n in (*kernel.inputs, kernel.result)]
        self._pool = ThreadPoolExecutor(threads) if batch is not None else None
        self._threads = threads
        count = len(kernel.sizes.given)
        self._function = getattr(library, f"{name}_{kernel.name}")
        self._function.restype = ctypes.c_int
        self._function.argtypes = [ctypes.c_int64] * count + [ctypes.c_void_p] * (len(kernel.inputs) + 2)
        self._bytes = getattr(library, f"{name}_{kernel.name}_workspace")
        self._bytes.restype = ctypes.c_int64
        self._bytes.argtypes = [ctypes.c_int64] * count
        self._kept = threading.local()

    def run(self, sizes: Sequence[int], arrays: Sequence[Array | None], out: Array) -> None:
        if self._pool is None or self._batch is None or sizes[self._batch] < 2:
            self._run_piece(sizes, arrays, out)
            return
        # Every piece is waited for before the first error is raised: none may still write when the caller goes on.
        running = [self._pool.submit(self._run_piece, *piece) for piece in self._pieces(sizes, arrays, out)]
        wait(running)
        for one in running:
            one.result()

    def _pieces(
        self, sizes: Sequence[int], arrays: Sequence[Array | None], out: Array
    ) -> Iterator[tuple[Sequence[int], Sequence[Array | None], Array]]:
        assert self._batch is not None
        rows = sizes[self._batch]
        pieces = min(self._threads, rows)
        for k in range(pieces):
            part = slice(rows * k // pieces, rows * (k + 1) // pieces)
            own = [*sizes]
            own[self._batch] = part.stop - part.start
            cut = [a if a is None or not c else a[part] for a, c in zip((*arrays, out), self._cut, strict=True)]
            yield own, cut[:-1], out[part]

    def _run_piece(self, sizes: Sequence[int], arrays: Sequence[Array | None], out: Array) -> None:
        workspace = self._workspace(self._bytes(*sizes))
        addresses = [None if a is None else a.__array_interface__["data"][0] for a in (*arrays, out, workspace)]
        if self._function(*sizes, *addresses):
            raise UserError(f"{self.kernel.name}: these sizes leave no output: {', '.join(map(str, sizes))}")

    def _workspace(self, size: int) -> Array:
        kept = getattr(self._kept, "memory", None)
        if kept is None or kept.size < size:
            try:
                kept = self._kept.memory = np.empty(max(size, 1), np.uint8)
            except (MemoryError, ValueError):
                raise UserError(f"{self.kernel.name}: there is no memory for a workspace of {size} bytes") from None
        return kept


def load(
    kernels: Sequence[Kernel],
    source: CSource,
    name: str,
    dtype: str,
    threads: int = 1,
    flags: tuple[str, ...] = (),
) -> list[Function]:
    """Compile the source, or take it out of the cache, and make its kernels callable.

    flags: of the compiler, after the usual ones. Raises `ToolError` where there is no compiler, or where it fails.
    """
    text = source.source.replace(f'#include "{name}.h"\n', "")
    path = shared_library(text, extra_flags=flags)
    try:
        library = ctypes.CDLL(str(path))
    except OSError as error:
        raise ToolError(f"{path} cannot be loaded: {error}") from None
    return [CFunction(k, dtype, library, name, threads) for k in kernels]

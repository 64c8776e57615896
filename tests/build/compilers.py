"""Which C compilers there are, and what a test says where there is none."""

from __future__ import annotations

import shutil

import pytest

from symconv.build.compiler import CompilerNotFound, find_compiler


def _found() -> bool:
    try:
        find_compiler()
    except CompilerNotFound:
        return False
    return True


NONE = "NO C COMPILER HERE: the C kernels are not tested. Install gcc or clang, or pip install 'symconv[cc]'"
needs_compiler = pytest.mark.skipif(not _found(), reason=NONE)
COMPILERS = [c for c in ("gcc", "clang") if shutil.which(c)]

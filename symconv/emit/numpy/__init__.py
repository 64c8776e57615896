"""The NumPy target: a layer as the text of a Python module that needs NumPy alone.

names, block          identifiers; lines and their indentation
integers, expression  index arithmetic; summands over whole arrays
boxes                 slices
slices, product, grid one plan each
function              signature, checks and body of one function
explanation           why it is computed as it is
"""

from __future__ import annotations

from collections.abc import Sequence

from symconv.emit.equation import Printer
from symconv.emit.numpy.explanation import explained
from symconv.emit.numpy.function import function_of, wrapped
from symconv.emit.render import render
from symconv.emit.text import UNICODE
from symconv.ir import Layer
from symconv.lower.kernel import Kernel, kernels_of

# Functions of the module itself, each with its template; those that nothing calls are left out.
_HELPERS = ("shape", "positive", "windows", "padded", "block", "at", "erf")


def numpy_module(layer: Layer, *, header: str, kernels: Sequence[Kernel] | None = None) -> str:
    """The text of the module. layer: with numbers for all strides and dilations. header: comment lines to put first.

    kernels: of the layer, where they are at hand.
    """
    functions = [function_of(kernel) for kernel in (kernels_of(layer) if kernels is None else kernels)]
    printer = Printer(UNICODE, layer.notation, layer.context)
    body = "\n".join(line for f in functions for line in f.lines)
    used = [f"numpy/{name}.py.j2" for name in _HELPERS if f"_{name}(" in body]
    text = render(
        "numpy/module.py.j2",
        header=header.rstrip("\n"),
        name=layer.name,
        formulas=[line for s in layer.statements for line in wrapped(printer.statement(s))],
        functions=functions,
        helpers=["numpy/checks.py.j2", *used],
    )
    return text.rstrip("\n") + "\n"


def explain(layer: Layer) -> list[str]:
    """One line a function: which plan was chosen, and why."""
    return [explained(kernel) for kernel in kernels_of(layer)]

"""For test suites of one's own: a layer is right, or the test fails with the report.

>>> import symconv as sc
>>> def relu_backward(dout, x):
...     return dout * (x > 0)
>>> sc.testing.check_layer(relu_backward, sc.Relu())
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from symconv.api import verify
from symconv.verify.report import CONVENTIONS, CORRECT


def check_layer(candidate: str | Callable[..., Any], layer: Any, *, strict: bool = False, **options: Any) -> None:
    """Raise `AssertionError` with the report's text unless the candidate is correct.

    strict: a convention, such as the mean over the batch, fails as well. options: those of `symconv.verify`.
    """
    # pytest leaves this frame out of its traceback: what is wrong is in the report.
    __tracebackhide__ = True
    report = verify(candidate, layer, **options)
    if report.verdict != CORRECT and (strict or report.verdict != CONVENTIONS):
        raise AssertionError(report.text())

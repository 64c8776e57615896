"""What a single one reaches: the picture of a mistake that has no name."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from symconv.verify.arguments import Reading
from symconv.verify.cases import Case
from symconv.verify.dense import Array
from symconv.verify.report import Impulse
from symconv.verify.trial import Trial

_MOST_IMPULSES = 40
_MOST_ROWS, _MOST_COLUMNS = 8, 12


def impulse_of(trial: Trial, reading: Reading, case: Case, name: str) -> Impulse | None:
    """The first one whose response is wrong: in dy for a gradient, in x for y; the weights are 1, 2, 3 ..

    None where no single one shows the mistake, as when it needs two entries.
    """
    source = "dy" if name != "y" else "x"
    counted = {n: _counting(a) for n, a in case.tensors.items() if n in ("w", "x") and n != source}
    if "w" not in case.tensors:
        counted = {}  # what a pool or an activation does depends on x
    zero_bias = {"b": np.zeros_like(case.tensors["b"])} if "b" in case.tensors and name == "y" else {}
    shape = case.tensors[source].shape
    for k in range(min(int(np.prod(shape)), _MOST_IMPULSES)):
        at = tuple(int(i) for i in np.unravel_index(k, shape))
        one = np.zeros(shape)
        one[at] = 1
        probe = replace(case, name="impulse", tensors={**case.tensors, **counted, **zero_bias, source: one})
        o = trial.observed(probe, trial.ask(probe, reading), reading)[name]
        if o.actual is not None and o.actual.shape == o.setting.exact.shape and not o.agrees:
            expected, actual = _planes(o.setting.exact, o.actual.astype(float))
            return Impulse(source, at, name, expected, actual)
    return None


def _counting(a: Array) -> Array:
    return np.arange(1.0, a.size + 1).reshape(a.shape)


Rows = tuple[tuple[float, ...], ...]


def _planes(expected: Array, actual: Array) -> tuple[Rows, Rows]:
    """The last two axes of both, where they differ most."""
    flat = [a.reshape(-1, *a.shape[-2:]) if a.ndim > 1 else a.reshape(1, 1, -1) for a in (expected, actual)]
    worst = int(np.argmax(np.abs(np.nan_to_num(flat[0] - flat[1])).sum(axis=(1, 2))))
    rows = [a[worst][:_MOST_ROWS, :_MOST_COLUMNS] for a in flat]
    return _rows(rows[0]), _rows(rows[1])


def _rows(a: Array) -> Rows:
    return tuple(tuple(float(v) for v in row) for row in a)

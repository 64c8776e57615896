"""Gates in two runs: a part with every test run, the rest by `pytest -m gate`."""

from __future__ import annotations

from typing import Any

import pytest

WITH_EVERY_RUN = 5


def gated(count: int) -> list[Any]:
    """The numbers below `count` as parameters; those from the sixth on belong to the run of their own."""
    return [k if k < WITH_EVERY_RUN else pytest.param(k, marks=pytest.mark.gate) for k in range(count)]

"""Digits that are cut, and axes run together by a reshape."""

from __future__ import annotations

import numpy as np

from symconv.verify.mistakes import values
from symconv.verify.mistakes.hypothesis import ALL, LINEAR, H

HYPOTHESES: tuple[H, ...] = (
    *(
        H(
            "integer-truncation",
            ALL,
            f"it is {word} to whole numbers",
            "the numbers themselves",
            "do not use an integer dtype",
            values.rounded(how),
            alone=True,
        )
        for word, how in (("cut", np.trunc), ("rounded down", np.floor), ("rounded", np.rint))
    ),
    H(
        "integer-truncation",
        ALL,
        "its operands are cut to whole numbers",
        "the numbers themselves",
        "do not use an integer dtype",
        values.inputs_rounded(),
        alone=True,
    ),
    *(
        H(
            "integer-truncation",
            ALL,
            f"{name} is cut to whole numbers",
            "the numbers themselves",
            "do not use an integer dtype",
            values.inputs_rounded(name),
            alone=True,
        )
        for name in ("x", "w", "b", "dy")
    ),
    *(
        H(
            "reshape-without-transpose",
            LINEAR,
            "the result is reshaped where its axes should be transposed",
            "its index map",
            "transpose before the reshape",
            change,
            alone=True,
        )
        for change in values.relaid_results()
    ),
    *(
        H(
            "reshape-without-transpose",
            ALL,
            f"{name} is reshaped where its axes should be transposed",
            f"the index map of {name}",
            "transpose before the reshape",
            change,
            alone=True,
        )
        for name in ("dy", "x", "w")
        for change in values.relaid_operands(name)
    ),
)

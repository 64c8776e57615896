"""Winners and divisors of pools."""

from __future__ import annotations

import numpy as np

from symconv.verify.mistakes import choices
from symconv.verify.mistakes.hypothesis import INDEX, H

HYPOTHESES: tuple[H, ...] = (
    H(
        "ties-duplicated",
        ("dx",),
        "every tied maximum gets the whole gradient; the winning unit is one",
        "the article's winning unit",
        "give it to the first of them",
        choices.winners(choices.every_maximum),
    ),
    H(
        "ties-split",
        ("dx",),
        "tied maxima share the gradient",
        "the article's winning unit",
        "give it to the first of them",
        choices.winners(choices.shared),
        convention=True,
    ),
    H(
        "ties-split",
        ("dx",),
        "the last of the tied maxima gets the gradient",
        "the article's winning unit",
        "give it to the first of them",
        choices.winners(choices.last_maximum),
        convention=True,
    ),
    *(
        H(
            "argmax-global",
            ("dx",),
            f"a unit wins where it is the largest of the whole {what}",
            "the article's winning unit",
            "compare inside the window",
            choices.winners(choices.every_maximum, globally=axes),
        )
        for what, axes in (("image", ()), ("image over its channels", (1,)), ("array", (0, 1)))
    ),
    H(
        "argmax-global",
        ("dx",),
        "the place inside the window is used as one in the image",
        INDEX,
        "add the window's own place",
        choices.without_offset,
    ),
    H(
        "pool-divisor",
        ("y", "dx"),
        "the padding is counted where it should not be, or the other way round",
        "the divisor",
        "divide by the number of entries that count",
        choices.sibling("count_include_pad"),
    ),
    H(
        "leftover-rows",
        ("y",),
        "the output size is rounded the other way",
        "the range of the outputs",
        "see ceil_mode",
        choices.sibling("ceil_mode"),
    ),
    *(
        H(
            "pool-divisor",
            ("y", "dx"),
            f"it is divided by {what}",
            "the divisor",
            "divide by the number of entries that count",
            choices.divided_by(divisor),
        )
        for what, divisor in (
            ("nothing", lambda m: 1),
            ("the stride", lambda m: int(np.prod([m.number(f"s_{a}") for a in m.letters]))),
            ("the number of outputs", lambda m: int(np.prod([m.number(f"O{a.upper()}") for a in m.letters]))),
            ("the size of the image", lambda m: int(np.prod([m.number(a.upper()) for a in m.letters]))),
            ("the height of the window", lambda m: m.number("KH")),
            ("its number of axes", lambda m: len(m.letters)),
        )
    ),
)

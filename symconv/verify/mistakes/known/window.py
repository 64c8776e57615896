"""Strides, dilations and pads taken for others; rows that are left over; crops."""

from __future__ import annotations

from symconv.verify.mistakes import numbers
from symconv.verify.mistakes.hypothesis import ALL, GRADIENTS, INDEX, LINEAR, READ_AT, H

HYPOTHESES: tuple[H, ...] = (
    H(
        "stride-ignored",
        ALL,
        "the stride is ignored",
        INDEX,
        READ_AT,
        numbers.taken_for("s", lambda v: 1),
    ),
    *(
        H(code, ("y",), f"{what} inside the windows", INDEX, READ_AT, numbers.inside(change), alone=True)
        for code, what, change in (
            ("stride-ignored", "the stride is ignored", numbers.taken_for("s", lambda v: 1)),
            ("dilation-ignored", "the dilation is ignored", numbers.taken_for("d", lambda v: 1)),
            ("stride-dilation-swapped", "stride and dilation are exchanged", numbers.exchanged("s", "d")),
            ("padding-off-by-one", "the padding is one too large", numbers.taken_for("p", lambda v: v + 1)),
            ("padding-off-by-one", "the padding is one too small", numbers.taken_for("p", lambda v: max(v - 1, 0))),
        )
    ),
    H(
        "dilation-ignored",
        ALL,
        "the dilation is ignored",
        INDEX,
        READ_AT,
        numbers.taken_for("d", lambda v: 1),
    ),
    H(
        "stride-dilation-swapped",
        ALL,
        "stride and dilation are exchanged",
        INDEX,
        READ_AT,
        numbers.exchanged("s", "d"),
    ),
    H(
        "leftover-rows",
        ("dx",),
        "the rows that no window reaches are missing at the end",
        "the range of the rows of dx",
        "make dx as large as x",
        numbers.leftover_cut,
    ),
    H(
        "leftover-rows",
        LINEAR,
        "the rows that no window reaches are taken to be the first",
        INDEX,
        "leave them at the end",
        numbers.leftover_before,
    ),
    H(
        "leftover-rows",
        ("y",),
        "the rows that are left over give another output, with zeros for what is missing",
        "the range of the outputs",
        "round the output size down",
        numbers.leftover_outputs,
    ),
    H(
        "leftover-rows",
        ("dw",),
        "the rows that are left over give more taps",
        "the range of the taps",
        "crop x to the rows that windows reach",
        numbers.leftover_taps,
    ),
    H(
        "empty-crop",
        ("dx",),
        "it is empty: a crop such as [p:-p] takes everything away at p = 0",
        "the crop",
        "crop to [p:p + H]",
        numbers.emptied,
    ),
    H(
        "padding-not-cropped",
        ("dx",),
        "it is the gradient by the padded image",
        "the range of dx",
        "crop to [p:p + H]",
        numbers.uncropped,
    ),
    H(
        "same-padding-mismatch",
        ALL,
        "the larger pad is on the other side",
        INDEX,
        "pad as the forward pass does",
        numbers.exchanged("p", "q"),
    ),
    *(
        H(
            "same-padding-mismatch",
            ALL,
            f"both sides are padded by the {word} of two pads that differ",
            INDEX,
            "pad as the forward pass does: d (K - 1) rows in all",
            numbers.evened(choose),
            alone=True,
        )
        for word, choose in (("smaller", min), ("larger", max))
    ),
    *(
        H(
            "padding-off-by-one",
            ALL,
            f"the padding is one too {word}",
            INDEX,
            READ_AT,
            numbers.taken_for(letters, step),
        )
        for word, step in (("large", lambda v: v + 1), ("small", lambda v: max(0, v - 1)))
        for letters in ("p", "q", "pq")
    ),
    *(
        H(
            "padding-off-by-one",
            ALL,
            f"the windows are one row and one column too {word}",
            INDEX,
            READ_AT,
            numbers.shifted(rows),
        )
        for word, rows in (("early", 1), ("late", -1))
    ),
    H(
        "padding-ignored",
        ALL,
        "the padding is ignored",
        INDEX,
        READ_AT,
        numbers.taken_for("pq", lambda v: 0),
    ),
    H(
        "padding-ignored",
        ALL,
        "the padding before the image is ignored",
        INDEX,
        READ_AT,
        numbers.taken_for("p", lambda v: 0),
    ),
    H(
        "upstream-padded",
        GRADIENTS,
        "dy is padded before it is used",
        "the index of dy",
        "pad x, not dy",
        numbers.upstream_padded(whole=False),
    ),
    H(
        "upstream-padded",
        GRADIENTS,
        "dy is padded on both sides before it is used",
        "the index of dy",
        "pad x, not dy",
        numbers.upstream_padded(whole=True),
    ),
)

"""Sums of which a part is missing, and biases too few or too many."""

from __future__ import annotations

from symconv.verify.mistakes import index, values
from symconv.verify.mistakes.hypothesis import H

HYPOTHESES: tuple[H, ...] = (
    H(
        "batch-first-only",
        ("dw", "db"),
        "only the first image is counted",
        "the sum over n",
        "sum over the batch",
        index.restricted("n", last=False),
    ),
    H(
        "batch-last-only",
        ("dw", "db"),
        "only the last image is counted",
        "the sum over n",
        "add to the gradient, do not assign",
        index.restricted("n", last=True),
    ),
    H(
        "batch-first-only",
        ("y", "dx"),
        "only the first image is computed",
        "the range of n",
        "loop over the batch",
        values.one_image(last=False),
    ),
    H(
        "batch-last-only",
        ("y", "dx"),
        "only the last image is computed",
        "the range of n",
        "loop over the batch",
        values.one_image(last=True),
    ),
    *(
        H(
            f"filter-{'last' if last else 'first'}-only",
            (output,),
            f"only the {'last' if last else 'first'} filter is {done}",
            "the range of the filters",
            "loop over the filters",
            values.one_filter(name, last),
        )
        for last in (False, True)
        for output, name, done in (("y", "y", "computed"), ("dx", "dy", "counted"))
    ),
    *(
        H(
            f"filter-{word}-only",
            ("dx",),
            f"only the {word} filter is counted",
            f"the sum over {i}",
            "sum over the filters",
            index.restricted(i, last=word == "last"),
        )
        for word in ("first", "last")
        for i in ("oc", "o")
    ),
    *(
        H(
            code,
            ("y",),
            f"only the {word} channel is counted",
            f"the sum over {i}",
            "add up all channels, with +=",
            index.restricted(i, last=word == "last"),
        )
        for word, code in (("first", "channel-first-only"), ("last", "assigned-not-accumulated"))
        for i in ("ic", "i")
    ),
    *(
        H(
            "assigned-not-accumulated",
            outputs,
            f"only the last {what} counts: it overwrites the others",
            "the sum over them",
            "add with +=",
            index.spatial(prefix, True, *others),
            alone=True,
        )
        for prefix, what, outputs, others in (
            ("o", "position", ("dw",), ()),
            ("o", "position of the last image", ("dw",), ("n",)),
            ("i", "position", ("dw",), ()),
            ("i", "position of the last image", ("dw",), ("n",)),
            ("k", "tap", ("y", "dx"), ()),
            ("k", "tap of the last channel", ("y",), ("ic",)),
            ("k", "tap of the last filter", ("dx",), ("oc",)),
        )
    ),
    H(
        "assigned-not-accumulated",
        ("dx",),
        "where windows overlap, the last one overwrites the others",
        "the sum over the outputs",
        "add with +=",
        values.assigned("o"),
    ),
    H(
        "assigned-not-accumulated",
        ("dx",),
        "where taps meet, the last one overwrites the others",
        "the sum over the taps",
        "add with +=",
        values.assigned("k"),
    ),
    *(
        H(
            "bias-gradient-not-summed",
            ("db",),
            f"it is not summed over {what}",
            "the sum over n and the positions",
            "sum over all axes but the filters",
            values.unsummed(*kept),
        )
        for kept, what in ((("n",), "the batch"), (("space",), "the positions"), (("n", "space"), "anything"))
    ),
    *(
        H(
            "assigned-not-accumulated",
            ("db",),
            f"only the last {what} counts: it overwrites the others",
            "the sum over n and the positions",
            "add with +=",
            index.spatial("o", True, *others),
            alone=True,
        )
        for what, others in (("position", ()), ("position of the last image", ("n",)))
    ),
    *(
        H(
            "bias-gradient-not-summed",
            ("db",),
            f"only the {word} {what} counts",
            "the sum over n and the positions",
            "sum over all axes but the filters",
            index.spatial("o", word == "last", *others),
            alone=True,
        )
        for word in ("first", "last")
        for what, others in (("position", ()), ("position of one image", ("n",)))
    ),
    H("bias-missing", ("y",), "the bias is missing", "Eq. 7", "add b", values.bias_times(constant=0)),
    *(
        H(
            "bias-repeated",
            ("y",),
            f"the bias is added once for {what}",
            "Eq. 7",
            "add b once",
            values.bias_times(*names),
            alone=True,
        )
        for what, names in (
            ("every input channel", ("IC",)),
            ("every tap", ("KD", "KH", "KW")),
            ("every tap of every channel", ("IC", "KD", "KH", "KW")),
            ("every image", ("N",)),
            ("every row of the kernel", ("KH",)),
            ("every column of the kernel", ("KW",)),
            ("every entry of a row", ("I",)),
        )
    ),
    H("bias-repeated", ("y",), "the bias is added twice", "Eq. 7", "add b once", values.bias_times(constant=2)),
)

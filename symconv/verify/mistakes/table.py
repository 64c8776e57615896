"""The mistakes that are known: a code, the outputs it may explain, its words, and the change of the derived sums.

Simple ones first: where several give the same numbers, the first are named.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from symconv.verify.mistakes import choices, index, numbers, values
from symconv.verify.mistakes.index import Change

_GRADIENTS = ("dx", "dw", "db")
_LINEAR = ("y", "dx", "dw")
_ALL = ("y", *_GRADIENTS)
_AT = "read and write at s i + d m - p"


@dataclass(frozen=True)
class Hypothesis:
    """outputs: that it may explain. what, fix: a sentence each. violates: an equation of the article, or a step.

    convention: a usage, no error. alone: not tried in pairs.
    """

    code: str
    outputs: tuple[str, ...]
    what: str
    violates: str
    fix: str
    change: Change
    convention: bool = False
    alone: bool = False


H = Hypothesis

_RESULTS = (
    H("all-zero", _ALL, "it is zero everywhere", "the whole sum", "compute it", values.zero, alone=True),
    H(
        "incoming-gradient-returned",
        ("dx",),
        "the incoming gradient is returned as it came",
        "Eq. 14, chain rule",
        "multiply by the layer's own derivative",
        values.incoming,
    ),
    H("activation-not-applied", ("y",), "it is z, before the activation", "Eq. 8", "apply it", choices.not_applied),
    H(
        "activation-derivative-missing",
        _GRADIENTS,
        "the derivative of the activation is missing",
        "Eq. 14, chain rule",
        "multiply dy by f'(z)",
        choices.derivative_missing,
    ),
    H(
        "activation-derivative-misplaced",
        _GRADIENTS,
        "the formula of the derivative by y is used with z",
        "Eq. 14, chain rule",
        "use it with y = f(z)",
        choices.derivative_elsewhere,
    ),
    H(
        "activation-derivative-misplaced",
        _GRADIENTS,
        "the derivative is taken at y",
        "Eq. 14, chain rule",
        "take it at z",
        choices.derivative_at_result,
    ),
    H(
        "kink-derivative",
        _GRADIENTS,
        "the derivative at 0 is 1, where it is 0 here; both are in use",
        "the derivative at a kink",
        "none is needed",
        choices.kink,
        convention=True,
    ),
)

_KERNEL = (
    H(
        "kernel-not-rotated",
        ("dx",),
        "the kernel is not rotated: a full correlation with it needs rot180(w)",
        "Eq. 20",
        "flip the kernel along both spatial axes",
        index.flipped(),
    ),
    H("kernel-rotated", ("dw",), "the weight gradient is rotated", "Eq. 13", "do not flip it", index.flipped()),
    H(
        "convolution-for-correlation",
        ("y",),
        "the kernel is flipped: a convolution (Eq. 2) where the layer is a cross-correlation",
        "Eq. 1",
        "do not flip the kernel",
        index.flipped(),
    ),
    *(
        H(
            code,
            (output,),
            f"the kernel is flipped along its {name} only, or not along it",
            equation,
            fix,
            index.flipped(axis),
        )
        for axis, name in ((-1, "width"), (-2, "height"), (-3, "depth"))
        for code, output, equation, fix in (
            ("kernel-not-rotated", "dx", "Eq. 20", "flip both axes of the kernel"),
            ("kernel-rotated", "dw", "Eq. 13", "do not flip it"),
            ("convolution-for-correlation", "y", "Eq. 1", "do not flip the kernel"),
        )
    ),
    H(
        "kernel-transposed",
        _LINEAR,
        "the kernel is transposed",
        "its index map",
        "keep its axes in order",
        index.kernel_transposed,
    ),
    H(
        "channels-swapped",
        _LINEAR,
        "input and output channels of the weights are exchanged",
        "the index map of w",
        "index w[out, in]",
        index.channels_swapped,
    ),
    H(
        "axes-swapped",
        _LINEAR,
        "height and width of the result are exchanged",
        "its index map",
        "keep the axes in order",
        index.result_transposed,
    ),
    *(
        H(
            "axes-swapped",
            _LINEAR,
            f"height and width of {name} are exchanged",
            f"the index map of {name}",
            "keep the axes in order",
            index.operand_transposed(name),
        )
        for name in ("x", "dy")
    ),
    *(
        H(
            "axes-swapped",
            _ALL,
            f"the {name} of height and width are exchanged",
            "the index s i + d m - p",
            _AT,
            numbers.axes_exchanged(letters),
        )
        for letters, name in (("s", "strides"), ("pq", "pads"), ("d", "dilations"), ("spqd", "attributes"))
    ),
    H(
        "axes-swapped",
        ("y", "dx"),
        "height and width of the window are exchanged",
        "the range of the taps",
        "keep the axes in order",
        numbers.window_exchanged,
    ),
    H(
        "groups-ignored",
        _LINEAR,
        "every group takes the channels of the first",
        "the index map of x",
        "offset the channels by g C/G",
        index.first_group,
    ),
    H(
        "groups-ignored",
        _LINEAR,
        "channel c is in group c mod G, where it is in c div (C/G)",
        "the index map of x",
        "split the channels into blocks",
        index.interleaved_groups("x"),
    ),
    H(
        "groups-ignored",
        _ALL,
        "filter o is in group o mod G, where it is in o div (O/G)",
        "the index map of y",
        "split the filters into blocks",
        index.interleaved_groups("y"),
    ),
)

_WINDOW = (
    H(
        "stride-ignored",
        _ALL,
        "the stride is ignored",
        "the index s i + d m - p",
        _AT,
        numbers.taken_for("s", lambda v: 1),
    ),
    *(
        H(code, ("y",), f"{what} inside the windows", "the index s i + d m - p", _AT, numbers.inside(change))
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
        _ALL,
        "the dilation is ignored",
        "the index s i + d m - p",
        _AT,
        numbers.taken_for("d", lambda v: 1),
    ),
    H(
        "stride-dilation-swapped",
        _ALL,
        "stride and dilation are exchanged",
        "the index s i + d m - p",
        _AT,
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
        _LINEAR,
        "the rows that no window reaches are taken to be the first",
        "the index s i + d m - p",
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
    *(
        H(
            "padding-off-by-one",
            _ALL,
            f"the padding is one too {word}",
            "the index s i + d m - p",
            _AT,
            numbers.taken_for(letters, step),
        )
        for word, step in (("large", lambda v: v + 1), ("small", lambda v: max(0, v - 1)))
        for letters in ("p", "q", "pq")
    ),
    *(
        H(
            "padding-off-by-one",
            _ALL,
            f"the windows are one row and one column too {word}",
            "the index s i + d m - p",
            _AT,
            numbers.shifted(rows),
        )
        for word, rows in (("early", 1), ("late", -1))
    ),
    H(
        "padding-ignored",
        _ALL,
        "the padding is ignored",
        "the index s i + d m - p",
        _AT,
        numbers.taken_for("pq", lambda v: 0),
    ),
    H(
        "padding-ignored",
        _ALL,
        "the padding before the image is ignored",
        "the index s i + d m - p",
        _AT,
        numbers.taken_for("p", lambda v: 0),
    ),
    H(
        "same-padding-mismatch",
        _ALL,
        "the larger pad is on the other side",
        "the index s i + d m - p",
        "pad as the forward pass does",
        numbers.exchanged("p", "q"),
    ),
    H(
        "upstream-padded",
        _GRADIENTS,
        "dy is padded before it is used",
        "the index of dy",
        "pad x, not dy",
        numbers.upstream_padded(whole=False),
    ),
    H(
        "upstream-padded",
        _GRADIENTS,
        "dy is padded on both sides before it is used",
        "the index of dy",
        "pad x, not dy",
        numbers.upstream_padded(whole=True),
    ),
)

_PARTS = (
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
            outputs,
            f"only the {word} {what} is counted",
            f"the sum over {i}",
            f"sum over the {what}s",
            index.restricted(i, last=word == "last"),
        )
        for word in ("first", "last")
        for i, what, outputs in (
            ("oc", "filter", ("dx",)),
            ("o", "filter", ("dx",)),
            ("ic", "channel", ("y",)),
            ("i", "channel", ("y",)),
        )
    ),
    *(
        H(
            "assigned-not-accumulated",
            outputs,
            f"only the last {what} counts: it overwrites the others",
            "the sum over them",
            "add with +=",
            index.spatial(prefix, True, *others),
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
            "bias-gradient-not-summed",
            ("db",),
            f"only the {word} {what} counts",
            "the sum over n and the positions",
            "sum over all axes but the filters",
            index.spatial("o", word == "last", *others),
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

_POOLS = (
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
        "the index s i + d m - p",
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
        ("y", "dx"),
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

_DIGITS = (
    *(
        H(
            "integer-truncation",
            _ALL,
            f"it is {word} to whole numbers",
            "the numbers themselves",
            "do not use an integer dtype",
            values.rounded(how),
        )
        for word, how in (("cut", np.trunc), ("rounded down", np.floor), ("rounded", np.rint))
    ),
    H(
        "integer-truncation",
        _ALL,
        "its operands are cut to whole numbers",
        "the numbers themselves",
        "do not use an integer dtype",
        values.inputs_rounded(),
    ),
    *(
        H(
            "integer-truncation",
            _ALL,
            f"{name} is cut to whole numbers",
            "the numbers themselves",
            "do not use an integer dtype",
            values.inputs_rounded(name),
        )
        for name in ("x", "w", "b", "dy")
    ),
    *(
        H(
            "reshape-without-transpose",
            _LINEAR,
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
            _ALL,
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

HYPOTHESES: tuple[Hypothesis, ...] = (*_RESULTS, *_KERNEL, *_WINDOW, *_PARTS, *_POOLS, *_DIGITS)

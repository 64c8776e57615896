"""Mistakes as transformations of the derived sums: what the candidate would compute if it had made them.

A hypothesis changes the sums of an output (an index map, a range), the numbers they are evaluated at (a stride taken
for 1), or what becomes of the value (a mean over the batch). Each yields an array to compare the candidate's with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import sympy as sp

from symconv.ir import Access, IndexedSum, Range, Statement
from symconv.verify.cases import Case
from symconv.verify.dense import Array, Points, Undefined
from symconv.verify.truth import Output, Truth


@dataclass(frozen=True)
class Setting:
    """One output of a layer in one case."""

    truth: Truth
    output: Output
    case: Case

    @cached_property
    def exact(self) -> Array:
        return self.value()

    @cached_property
    def magnitude(self) -> Array:
        return self.truth.magnitude(self.output, self.case.env, self.case.tensors)

    @cached_property
    def guesses(self) -> tuple[tuple[Hypothesis, Array], ...]:
        """Every hypothesis that applies here, with what it would give."""
        return tuple(candidates(self))

    def value(self, output: Output | None = None, env: Mapping[sp.Symbol, int] | None = None) -> Array:
        return self.truth.value(output or self.output, env or self.case.env, self.case.tensors)

    def named(self, name: str) -> int | None:
        """The value of a symbol of the layer, None where it has none of that name."""
        return next((v for s, v in self.case.env.items() if s.name == name), None)

    def changed(self, **values: int) -> Mapping[sp.Symbol, int]:
        """The numbers with others for some symbols; only what changes something is a hypothesis."""
        out = {s: values.get(s.name, v) for s, v in self.case.env.items()}
        if out == dict(self.case.env):
            raise NoDifference
        return out


class NoDifference(Exception):
    """A hypothesis that does not apply here, or changes nothing."""


Compute = Callable[[Setting], Array]


@dataclass(frozen=True)
class Hypothesis:
    """code: stable name. outputs: that it may explain. what, fix: a sentence each. convention: a usage, no error."""

    code: str
    outputs: tuple[str, ...]
    what: str
    fix: str
    compute: Compute
    convention: bool = False


def _sums(s: Setting, change: Callable[[IndexedSum], IndexedSum]) -> Array:
    return s.value(s.output.with_own(tuple(change(x) for x in s.output.own)))


def _reading(s: Setting, name: str, move: Callable[[tuple[sp.Expr, ...]], tuple[sp.Expr, ...]]) -> Array:
    """The output with every access to operand `name` at other indices."""

    def change(x: IndexedSum) -> IndexedSum:
        own = {a: Access(a.args[0], *move(a.indices)) for a in x.reads() if a.name == name}
        if not own:
            raise NoDifference
        return x.with_(summand=x.summand.xreplace(own))

    statements = tuple(change(x) if isinstance(x, IndexedSum) and _reads(x, name) else x for x in s.output.statements)
    if statements == s.output.statements:
        raise NoDifference
    return s.value(replace(s.output, statements=statements))


def _reads(x: Statement, name: str) -> bool:
    return isinstance(x, IndexedSum) and any(a.name == name for a in x.reads())


def _rank(s: Setting) -> int:
    return sum(v.name.startswith("O") and v.name != "OC" for v in s.truth.context.sizes)


def _rotated(s: Setting) -> Array:
    if not s.truth.context.has("w"):
        raise NoDifference
    shape, rank = s.truth.context.shape("w"), _rank(s)
    if s.output.name == "dw":
        return np.flip(s.exact, tuple(range(-rank, 0)))
    return _reading(s, "w", lambda i: (*i[:-rank], *(n - 1 - e for e, n in zip(i[-rank:], shape[-rank:], strict=True))))


def _transposed(s: Setting) -> Array:
    if _rank(s) != 2 or s.named("KH") != s.named("KW"):
        raise NoDifference
    if s.output.name == "dw":
        return np.swapaxes(s.exact, -1, -2)
    return _reading(s, "w", lambda i: (*i[:-2], i[-1], i[-2]))


def _axes_swapped(s: Setting) -> Array:
    value = s.exact
    if _rank(s) != 2 or value.ndim < 2 or value.shape[-1] != value.shape[-2]:
        raise NoDifference
    return np.swapaxes(value, -1, -2)


def _channels_swapped(s: Setting) -> Array:
    rank = _rank(s)
    if s.named("IC") is None or s.named("IC") != s.named("OC"):
        raise NoDifference
    return _reading(s, "w", lambda i: (*i[: -rank - 2], i[-rank - 1], i[-rank - 2], *i[-rank:]))


def _with(*letters: str, value: Callable[[int], int]) -> Compute:
    """Attributes taken for other numbers."""

    def compute(s: Setting) -> Array:
        old = {name: s.named(name) for letter in letters for name in (f"{letter}_d", f"{letter}_h", f"{letter}_w")}
        return s.value(env=s.changed(**{n: value(v) for n, v in old.items() if v is not None}))

    return compute


def _exchanged(s: Setting) -> Array:
    values: dict[str, int] = {}
    for a in "dhw":
        stride, dilation = s.named(f"s_{a}"), s.named(f"d_{a}")
        if stride is not None and dilation is not None:
            values |= {f"s_{a}": dilation, f"d_{a}": stride}
    return s.value(env=s.changed(**values))


def _restricted(index: str, last: bool) -> Compute:
    """One value of an index instead of all of them."""

    def compute(s: Setting) -> Array:
        def change(x: IndexedSum) -> IndexedSum:
            own = [r for r in x.reduced if r.index.name.rstrip("'") == index]
            if len(own) != 1:
                raise NoDifference
            at = own[0].upper if last else own[0].lower
            return x.with_(ranges=tuple(Range(r.index, (at,), (at,)) if r is own[0] else r for r in x.ranges))

        return _sums(s, change)

    return compute


def _without_bias(s: Setting) -> Array:
    rest = tuple(x for x in s.output.own if {a.name for a in x.reads()} != {"b"})
    if len(rest) == len(s.output.own):
        raise NoDifference
    return s.value(s.output.with_own(rest))


def _bias_each_term(s: Setting) -> Array:
    """The bias once for every input channel."""
    bias = tuple(x for x in s.output.own if {a.name for a in x.reads()} == {"b"})
    channels = s.named("IC")
    if not bias or channels in (None, 1):
        raise NoDifference
    return s.exact + (channels - 1) * s.value(s.output.with_own(bias))


def _assigned(s: Setting) -> Array:
    """The last output that meets an entry overwrites what the others wrote."""
    out = np.zeros(s.truth.shape(s.output.name, s.case.env))
    tensors = dict(s.case.tensors)
    others = tuple(x for x in s.output.statements if x.result.name != s.output.name)
    for x in others:
        tensors |= {x.result.name: s.value(Output(x.result.name, others))}
    order = [i for a in s.output.own[0].reads() if a.name == "dy" for i in a.indices if i.is_Symbol]
    shared = {i for e in s.output.own[0].result.indices if e.is_Symbol for i in (e,)}
    steps = [i for i in order if i not in shared and "oc" not in i.name]
    for x in s.output.own:
        points = Points(x.ranges, x.guards, s.case.env)
        value = np.broadcast_to(points.value(x.summand, tensors, x.extended), points.count)
        at = tuple(np.broadcast_to(points.index(e), points.count) for e in x.result.indices)
        key = np.stack([points.at[i] for i in steps]) if steps else np.zeros((1, points.count), int)
        step = np.unique(key, axis=1, return_inverse=True)[1].ravel()
        for t in range(int(step.max(initial=-1)) + 1):
            here = step == t
            part, written = np.zeros_like(out), np.zeros(out.shape, bool)
            cells = tuple(a[here] for a in at)
            np.add.at(part, cells, value[here])
            written[cells] = True
            out = np.where(written, part, out)
    return out


def _every_winner(split: bool) -> Compute:
    """Every largest entry of a window gets the gradient, in full or in equal parts."""

    def compute(s: Setting) -> Array:
        masks = [x for x in s.output.statements if not isinstance(x, IndexedSum)]
        if len(masks) != 1:
            raise NoDifference
        (mask,) = masks
        points = Points(mask.ranges, mask.guards, s.case.env)
        value = points.value(mask.value, s.case.tensors, frozenset())
        at = [np.broadcast_to(points.index(e), points.count) for e in mask.result.indices]
        shape = s.truth.shape(mask.result.name, s.case.env)
        filled = np.full(shape, -np.inf)
        filled[tuple(at)] = value
        window = tuple(range(len(shape) - len(mask.window), len(shape)))
        best = filled.max(axis=window, keepdims=True)
        sel = (filled == best) & np.isfinite(best)
        weight = sel / np.maximum(sel.sum(axis=window, keepdims=True), 1) if split else sel.astype(float)
        tensors = {**s.case.tensors, mask.result.name: weight}
        return s.truth.value(Output(s.output.name, s.output.own), s.case.env, tensors)

    return compute


def _scaled(factor: Callable[[Setting], float | None]) -> Compute:
    def compute(s: Setting) -> Array:
        by = factor(s)
        if by is None or by == 1:
            raise NoDifference
        return s.exact * by

    return compute


def _product(s: Setting, *names: str) -> int | None:
    values = [v for n in names if (v := s.named(n)) is not None]
    return int(np.prod(values)) if values else None


def _over(*names: str) -> Callable[[Setting], float | None]:
    return lambda s: 1 / p if (p := _product(s, *names)) else None


def _times(*names: str) -> Callable[[Setting], float | None]:
    return lambda s: float(p) if (p := _product(s, *names)) else None


_GRADIENTS = ("dx", "dw", "db")
_ALL = ("y", *_GRADIENTS)
_OUT, _IN, _KER = ("OD", "OH", "OW"), ("D", "H", "W"), ("KD", "KH", "KW")

HYPOTHESES: tuple[Hypothesis, ...] = (
    Hypothesis("all-zero", _ALL, "it is zero everywhere", "compute it", lambda s: np.zeros_like(s.exact)),
    Hypothesis("sign", _ALL, "the sign is wrong", "change the sign", _scaled(lambda s: -1.0)),
    Hypothesis(
        "batch-mean",
        _GRADIENTS,
        "it is the mean over the batch, where the gradient is the sum (Eq. 13 summed over images)",
        "sum over the batch; divide where the loss is a mean",
        _scaled(_over("N")),
        convention=True,
    ),
    Hypothesis(
        "incoming-gradient-returned",
        ("dx",),
        "the incoming gradient is returned as it came",
        "multiply by the layer's own derivative",
        lambda s: _as_it_came(s),
    ),
    Hypothesis(
        "kernel-not-rotated",
        ("dx",),
        "the kernel is not rotated: the gradient is a full correlation with rot180(w) (Eq. 20)",
        "flip the kernel along both spatial axes",
        _rotated,
    ),
    Hypothesis("kernel-rotated", ("dw",), "the weight gradient is rotated", "do not flip it (Eq. 13)", _rotated),
    Hypothesis(
        "convolution-for-correlation",
        ("y",),
        "the kernel is flipped: a convolution (Eq. 2) where the layer is a cross-correlation (Eq. 1)",
        "do not flip the kernel",
        _rotated,
    ),
    Hypothesis(
        "kernel-transposed", ("y", "dx", "dw"), "the kernel is transposed", "keep its axes in order", _transposed
    ),
    Hypothesis(
        "axes-swapped", ("y", "dx", "dw"), "height and width are exchanged", "keep the axes in order", _axes_swapped
    ),
    Hypothesis(
        "channels-swapped",
        ("y", "dx"),
        "input and output channels of the weights are exchanged",
        "index w[out, in]",
        _channels_swapped,
    ),
    Hypothesis(
        "stride-ignored",
        _GRADIENTS,
        "the stride is ignored",
        "read and write at s i + d m - p",
        _with("s", value=lambda v: 1),
    ),
    Hypothesis(
        "dilation-ignored", ("dx", "dw"), "the dilation is ignored", "use s i + d m - p", _with("d", value=lambda v: 1)
    ),
    Hypothesis(
        "stride-dilation-swapped", ("dx", "dw"), "stride and dilation are exchanged", "use s i + d m - p", _exchanged
    ),
    Hypothesis(
        "padding-off-by-one",
        ("dx", "dw"),
        "the padding is one too large",
        "use s i + d m - p",
        _with("p", value=lambda v: v + 1),
    ),
    Hypothesis(
        "padding-off-by-one",
        ("dx", "dw"),
        "the padding is one too small",
        "use s i + d m - p",
        _with("p", value=lambda v: max(0, v - 1)),
    ),
    Hypothesis(
        "batch-first-only",
        ("dw", "db"),
        "only the first image is counted",
        "sum over the batch",
        _restricted("n", False),
    ),
    Hypothesis(
        "batch-last-only",
        ("dw", "db"),
        "only the last image is counted",
        "add to the gradient, do not assign",
        _restricted("n", True),
    ),
    Hypothesis(
        "filter-first-only",
        ("dx",),
        "only the first filter is counted",
        "sum over the filters",
        _restricted("oc", False),
    ),
    Hypothesis(
        "filter-last-only",
        ("dx",),
        "only the last filter is counted",
        "add to the gradient, do not assign",
        _restricted("oc", True),
    ),
    Hypothesis("bias-missing", ("y",), "the bias is missing", "add b", _without_bias),
    Hypothesis(
        "bias-repeated", ("y",), "the bias is added once for every input channel", "add b once", _bias_each_term
    ),
    Hypothesis(
        "assigned-not-accumulated",
        ("dx",),
        "where windows overlap, the last one overwrites the others",
        "add with +=",
        _assigned,
    ),
    Hypothesis(
        "ties-duplicated",
        ("dx",),
        "every tied maximum gets the whole gradient; the article's winning unit is one",
        "give it to the first of them",
        _every_winner(split=False),
    ),
    Hypothesis(
        "ties-split",
        ("dx",),
        "tied maxima share the gradient",
        "give it to the first of them",
        _every_winner(split=True),
        convention=True,
    ),
    Hypothesis("scaled", _ALL, "it is divided by the number of outputs", "do not divide", _scaled(_over(*_OUT))),
    Hypothesis(
        "scaled",
        _ALL,
        "it is divided by the number of outputs of the batch",
        "do not divide",
        _scaled(_over("N", *_OUT)),
    ),
    Hypothesis("scaled", _ALL, "it is divided by the number of taps", "do not divide", _scaled(_over(*_KER))),
    Hypothesis("scaled", _ALL, "it is multiplied by the number of taps", "do not multiply", _scaled(_times(*_KER))),
    Hypothesis("scaled", _ALL, "it is multiplied by the batch size", "do not multiply", _scaled(_times("N"))),
    Hypothesis("scaled", _ALL, "it is twice what it should be", "halve it", _scaled(lambda s: 2.0)),
    Hypothesis("scaled", _ALL, "it is half of what it should be", "double it", _scaled(lambda s: 0.5)),
    Hypothesis(
        "integer-truncation",
        _ALL,
        "it is cut to whole numbers",
        "do not use an integer dtype",
        lambda s: np.trunc(s.exact),
    ),
)


def _as_it_came(s: Setting) -> Array:
    dy = s.case.tensors["dy"]
    if dy.shape != s.truth.shape("dx", s.case.env):
        raise NoDifference
    return dy


def candidates(setting: Setting) -> Iterator[tuple[Hypothesis, Array]]:
    """Every hypothesis that applies to this output and case, with what it would give."""
    for h in HYPOTHESES:
        if setting.output.name not in h.outputs:
            continue
        try:
            value = h.compute(setting)
        except (NoDifference, Undefined, IndexError, ValueError):
            continue
        if value.shape == setting.exact.shape:
            yield h, value

"""Mutants that change nothing: the prover decides, for all sizes, and nobody by hand."""

from __future__ import annotations

from itertools import product

import sympy as sp

import symconv as sc
from symconv.api import as_layer
from symconv.ir import IndexedSum, Layer
from symconv.layers import build_layer
from symconv.prove.prover import prove_equal
from symconv.verify.cases import Maker
from symconv.verify.mistakes.hypothesis import Hypothesis
from symconv.verify.mistakes.table import HYPOTHESES
from symconv.verify.model import Setting
from symconv.verify.truth import truth_of
from tests.verify.seeded.corpus import Mutant, mutants
from tests.verify.seeded.kinds import KINDS

_CHANNELS = (1, 2, 3)


def equivalent(mutant: Mutant) -> bool:
    """Is the mutant's mistake proved to change nothing, for all sizes, in the layer that it was made in?

    The same mistake in a layer with groups and channels says which change of the sums it is. That change is made in the
    formula with symbolic groups and channels, and the mutant's own numbers are put in; where the number of channels is
    free it is 1, 2 and 3, as their product with the groups is no Presburger arithmetic.
    """
    hypothesis = _meant(mutant)
    return hypothesis is not None and all(
        _changes_nothing(hypothesis, mutant, numbers) for numbers in _numbers(as_layer(mutant.layer))
    )


def _meant(mutant: Mutant) -> Hypothesis | None:
    """The mistake as verify names it where it shows: in the same mutation of a layer with groups, or without."""
    mutation = mutant.name.split(".", 2)[2]
    names = [f"{kind}.{mutant.output}.{mutation}" for kind in ("grouped", "conv2d")]
    for other in mutants():
        if other.name in names and other.kind != mutant.kind:
            report = sc.verify(other.function, other.layer)
            for cause in report.outputs[other.output].causes:
                found = [h for h in HYPOTHESES if (h.code, h.what) == (cause.code, cause.what)]
                if found:
                    return found[0]
    return None


def _numbers(layer: Layer) -> list[dict[str, int]]:
    """Groups and channels of one group, as numbers."""
    given = dict(layer.attributes)
    group = int(given.get("group", 1))
    if "in_channels" in given:
        return [{"G": group, "IC": int(given["in_channels"]) // group, "OC": int(given["out_channels"]) // group}]
    return [{"G": group, "IC": ic, "OC": oc} for ic, oc in product(_CHANNELS, repeat=2)]


def _changes_nothing(h: Hypothesis, mutant: Mutant, numbers: dict[str, int]) -> bool:
    layer, rank = as_layer(mutant.layer), KINDS[mutant.kind].rank
    # Strides of 1: the mistakes in question do not touch the window.
    window = {"strides": (1,) * rank, "dilations": (1,) * rank, "pads": (0,) * (2 * rank)}
    others = {n: v for n, v in layer.attributes if n == "activation"}
    truth = truth_of(build_layer(layer.name, {**window, **others}))
    maker = Maker(truth, frozenset(("group",)), window, rank)
    case = next(c for c in maker.cases() if c.plan.group > 1)
    model = Setting(truth, truth.outputs[mutant.output], case).model
    put = {s: numbers[s.name] for s in truth.context.sizes if s.name in numbers}
    sides = [[_at(s, put) for s in m.output.statements if isinstance(s, IndexedSum)] for m in (model, h.change(model))]
    return prove_equal(*sides, truth.context.substitute(put)).verdict == "proved"


def _at(s: IndexedSum, put: dict[sp.Symbol, int]) -> IndexedSum:
    return s.map(lambda e: e.xreplace({k: sp.Integer(v) for k, v in put.items()}))

"""The article as one document: its equations in order, each derived here or judged as a claim."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from symconv.article import article_claim
from symconv.article.claims import Judgement, judge
from symconv.article.layers import deltas_layer, weights_layer
from symconv.derive import derive
from symconv.ir import Layer
from symconv.layers import build_layer
from symconv.layers.stack import two_stacked_layers
from symconv.prove.prover import prove_derivation
from symconv.prove.verdict import ProvedDerivation

# The article's equation of a line, by the rule that gives it.
_WEIGHTS = {
    "chain rule": "10",
    "inner derivative": "11",
    "inner forward formula": "11",
    "inner sift": "12",
    "inner discharge": "12",
    "substitute": "13",
}
_DELTAS = {
    "chain rule": "16",
    "region": "16",
    "outputs to taps": "17",
    "inner derivative": "18",
    "inner forward formula": "18",
    "inner sift": "19",
    "inner discharge": "19",
    "substitute": "20",
    "zero extension": "20",
    "reindex": "22",
}


INTRODUCTION = (
    "Every line says which rule gives it and why, and carries the verdict of its proof. Equations that are no line of "
    "a derivation are judged as printed, word for word; `symconv prove` goes through all other readings."
)


@dataclass(frozen=True)
class Chapter:
    """A heading, a remark below it or "", then derivations and claims in the article's order."""

    title: str
    parts: tuple[ProvedDerivation | Judgement, ...]
    remark: str = ""


def chapters() -> Iterator[Chapter]:
    """The document, chapter by chapter; each is proved when it is asked for."""
    yield Chapter(
        "Convolution and the forward pass (Eqs. 1-9)", _as_printed("1", "2", "3", "4", "5", "6", "7", "8", "9")
    )
    weights = _proved(weights_layer(), "w", _WEIGHTS)
    yield Chapter("Gradient of the weights (Eqs. 10-14)", (weights, *_as_printed("14")))
    yield Chapter("Gradient of the bias", (_proved(weights_layer(), "b"),))
    inputs = _proved(deltas_layer(), "x", _DELTAS)
    yield Chapter("Gradient of the input (Eqs. 15-22)", (*_as_printed("15", "Q"), inputs, *_as_printed("21", "22")))
    pools = (_proved(pool, "x") for pool in _pools())
    yield Chapter("Pooling", (*_as_printed("max pooling", "average pooling"), *pools))
    yield Chapter(
        "Two stacked layers: convolution, relu, pooling, convolution",
        (_proved(two_stacked_layers(), "w1"),),
        "The deltas of the second convolution are given; each section hands them one layer down, and the last one "
        "turns them into the gradient of the first layer's weights.",
    )


def _pools() -> tuple[Layer, ...]:
    """The article's pooling layers, 2 x 2 windows side by side."""
    window = {"kernel_shape": (2, 2), "strides": (2, 2), "pads": (0, 0, 0, 0), "dilations": (1, 1)}
    return tuple(build_layer(name, window) for name in ("max_pool2d", "average_pool2d", "lp_pool2d"))


def _proved(layer: Layer, wrt: str, numbers: Mapping[str, str] | None = None) -> ProvedDerivation:
    return prove_derivation(derive(layer, wrt, numbers or {}))


def _as_printed(*numbers: str) -> tuple[Judgement, ...]:
    """Each claim under the reading that takes it word for word, and its corrected form."""
    return judge(replace(claim, readings=claim.readings[:1]) for claim in map(article_claim, numbers))

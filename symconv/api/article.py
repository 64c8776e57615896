"""The article as one document: its equations in order, each derived here or judged as a claim."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from symconv.derive import derive
from symconv.emit.document import Heading, Paragraph, Part
from symconv.ir import Layer
from symconv.layers import build_layer
from symconv.layers.article import deltas_layer, weights_layer
from symconv.layers.stack import two_stacked_layers
from symconv.prove.article import article_claim
from symconv.prove.claims import Judgement, judge
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


def parts() -> Iterator[Part]:
    """The document, part by part."""
    yield Paragraph(
        "Every line says which rule gives it and why, and carries the verdict of its proof. Equations that are "
        "no line of a "
        "derivation are judged as printed, word for word; `symconv prove` goes through all other readings."
    )
    yield Heading("Convolution and the forward pass (Eqs. 1-9)")
    yield from _as_printed("1", "2", "3", "4", "5", "6", "7", "8", "9")
    yield Heading("Gradient of the weights (Eqs. 10-14)")
    yield _proved(weights_layer(), "w", _WEIGHTS)
    yield from _as_printed("14")
    yield Heading("Gradient of the bias")
    yield _proved(weights_layer(), "b", {})
    yield Heading("Gradient of the input (Eqs. 15-22)")
    yield from _as_printed("15", "Q")
    yield _proved(deltas_layer(), "x", _DELTAS)
    yield from _as_printed("21", "22")
    yield Heading("Pooling")
    yield from _as_printed("max pooling", "average pooling")
    yield from (_proved(pool, "x", {}) for pool in _pools())
    yield Heading("Two stacked layers: convolution, relu, pooling, convolution")
    yield Paragraph(
        "The deltas of the second convolution are given; each section hands them one layer down, and the last "
        "one turns "
        "them into the gradient of the first layer's weights."
    )
    yield _proved(two_stacked_layers(), "w1", {})


def _pools() -> tuple[Layer, ...]:
    """The article's pooling layers, 2 x 2 windows side by side."""
    window = {"kernel_shape": (2, 2), "strides": (2, 2), "pads": (0, 0, 0, 0), "dilations": (1, 1)}
    return tuple(build_layer(name, window) for name in ("max_pool2d", "average_pool2d", "lp_pool2d"))


def _proved(layer: Layer, wrt: str, numbers: Mapping[str, str]) -> ProvedDerivation:
    return prove_derivation(derive(layer, wrt, numbers))


def _as_printed(*numbers: str) -> tuple[Judgement, ...]:
    """Each claim under the reading that takes it word for word, and its corrected form."""
    return judge(replace(claim, readings=claim.readings[:1]) for claim in map(article_claim, numbers))

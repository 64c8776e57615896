"""The article as claims: Eqs. 1-22, the region Q, the bias gradient, the rot180 identities, the pooling rules.

Source: Jefkine, "Backpropagation In Convolutional Neural Networks", DeepGrid, 5 September 2016.
"""

from dataclasses import replace
from functools import cache

from symconv.article import definitions, identities, inner, inputs, region, weights
from symconv.article.claims import Claim
from symconv.article.layers import deltas_layer, weights_layer
from symconv.ir import Notation

# Each part of the article, and the letters of the layer that it speaks of.
_PARTS = (
    (definitions.CLAIMS, Notation()),
    (weights.CLAIMS, weights_layer().notation),
    (region.CLAIMS, deltas_layer().notation),
    (inner.CLAIMS, deltas_layer().notation),
    (inputs.CLAIMS, deltas_layer().notation),
    (identities.CLAIMS, Notation()),
)
NUMBERS = tuple(number for claims, _ in _PARTS for number in claims)
"""Equation numbers, and names of what has none, in the article's order."""


@cache
def article_claim(number: str) -> Claim:
    """The claim of that number; `KeyError` where the article has none."""
    build, letters = {n: (build, letters) for claims, letters in _PARTS for n, build in claims.items()}[number]
    return replace(build(), notation=letters)


def article_claims() -> tuple[Claim, ...]:
    """Every claim, in the article's order."""
    return tuple(map(article_claim, NUMBERS))

"""The article as claims: Eqs. 1-22, the region Q, the bias gradient, the rot180 identities, the pooling rules.

Source: Jefkine, "Backpropagation In Convolutional Neural Networks", DeepGrid, 5 September 2016.
"""

from dataclasses import replace
from functools import cache

from symconv.ir import Notation
from symconv.layers.article import deltas_layer, weights_layer
from symconv.prove.article import definitions, identities, inner, inputs, region, weights
from symconv.prove.claims import Claim


@cache
def article_claims() -> tuple[Claim, ...]:
    """Every claim, in the article's order."""
    plain, own, above = Notation(), weights_layer().notation, deltas_layer().notation
    parts = (
        (definitions, plain),
        (weights, own),
        (region, above),
        (inner, above),
        (inputs, above),
        (identities, plain),
    )
    return tuple(replace(claim, notation=letters) for part, letters in parts for claim in part.claims())

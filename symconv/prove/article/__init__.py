"""The article as claims: Eqs. 1-22, the region Q, the bias gradient, the rot180 identities, the pooling rules.

Source: Jefkine, "Backpropagation In Convolutional Neural Networks", DeepGrid, 5 September 2016.
"""

from functools import cache

from symconv.prove.article import definitions, identities, inner, inputs, region, weights
from symconv.prove.claims import Claim


@cache
def article_claims() -> tuple[Claim, ...]:
    """Every claim, in the article's order."""
    parts = (definitions, weights, region, inner, inputs, identities)
    return tuple(claim for part in parts for claim in part.claims())

"""What the article's claims are held against is itself proved: the gradients on their left sides."""

from __future__ import annotations

import pytest

from symconv.article.layers import deltas_layer, weights_layer
from symconv.derive import gradient_form
from symconv.layers.pointwise import squared_error
from symconv.prove.prover import prove_gradient


@pytest.mark.parametrize(
    ("layer", "wrt"),
    [(weights_layer(), "w"), (weights_layer(), "b"), (deltas_layer(), "x"), (squared_error(), "y")],
    ids=lambda v: v if isinstance(v, str) else v.name,
)
def test_the_chain_rule_gradient_is_the_adjoint(layer, wrt: str) -> None:
    """The scatter form equals the adjoint relation, which shares no code with the rules."""
    assert prove_gradient(gradient_form(layer, wrt, "scatter"), layer, wrt).verdict == "proved"

"""Floor 2, the calculus: rules that rewrite indexed sums, and the strategy that strings them into a derivation."""

from symconv.derive.differentiate import unfold
from symconv.derive.forms import FORMS, available_forms, gradient_form
from symconv.derive.gradient import gradient_layer
from symconv.derive.strategy import adjoint_order, derive

__all__ = ["FORMS", "adjoint_order", "available_forms", "derive", "gradient_form", "gradient_layer", "unfold"]

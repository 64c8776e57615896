"""Results that are no result: zeros, what came in, an activation that is missing or misplaced."""

from __future__ import annotations

from symconv.verify.mistakes import choices, values
from symconv.verify.mistakes.hypothesis import ALL, GRADIENTS, H

HYPOTHESES: tuple[H, ...] = (
    H("all-zero", ALL, "it is zero everywhere", "the whole sum", "compute it", values.zero, alone=True),
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
        GRADIENTS,
        "the derivative of the activation is missing",
        "Eq. 14, chain rule",
        "multiply dy by f'(z)",
        choices.derivative_missing,
    ),
    H(
        "activation-derivative-misplaced",
        GRADIENTS,
        "the formula of the derivative by y is used with z",
        "Eq. 14, chain rule",
        "use it with y = f(z)",
        choices.derivative_elsewhere,
    ),
    H(
        "activation-derivative-misplaced",
        GRADIENTS,
        "the derivative is taken at y",
        "Eq. 14, chain rule",
        "take it at z",
        choices.derivative_at_result,
    ),
    H(
        "kink-derivative",
        GRADIENTS,
        "the derivative at 0 is 1, where it is 0 here; both are in use",
        "the derivative at a kink",
        "none is needed",
        choices.kink,
        convention=True,
    ),
    H(
        "weights-updated-first",
        ("dx",),
        "it is computed with the weights as they are after the update",
        "Eq. 20, whose w is that of the forward pass",
        "compute dx before the weights are updated",
        values.weights_updated_first,
    ),
)

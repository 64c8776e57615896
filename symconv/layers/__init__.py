"""Floor 1, layers: forward formulas as indexed sums. The body of a layer is its formula.

attributes, window, axes     what a user wrote -> integers and symbols, an axis at a time
convolution, pooling, pointwise, images, stack     the formulas
expression, formula, naming, custom  a user's own formula, read without SymPy's parser
registry, specs              layers by name, and as Python values
"""

from symconv.layers.registry import REGISTRY, build_layer, layer_from_toml
from symconv.layers.specs import SPECS, Spec

__all__ = ["REGISTRY", "SPECS", "Spec", "build_layer", "layer_from_toml"]

"""Floor 1, layers: forward formulas as indexed sums. The body of a layer is its formula.

attributes, window, axes     what a user wrote -> integers and symbols, an axis at a time
convolution, pooling, pointwise, images, stack     the formulas
arithmetic, conditions              operations on reals, and where they are defined
expression, adopted                 text, or a SymPy expression, -> those operations
formula, naming, unify, custom      a user's own formula: entries and terms, what names are, sizes, the layer
registry, specs              layers by name, and as Python values
"""

from symconv.layers.registry import REGISTRY, build_layer, layer_from_toml
from symconv.layers.specs import SPECS, Spec

__all__ = ["REGISTRY", "SPECS", "Spec", "build_layer", "layer_from_toml"]

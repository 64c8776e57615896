"""A corpus for the verifier: layers with one known mistake (mutants), and right layers in many styles (variants).

Everything here is plain NumPy, written from the definitions of the layers and independent of symconv: a mistake of the
derivation cannot hide behind the same mistake here. `corpus.mutants()` and `corpus.variants()` list what there is.
"""

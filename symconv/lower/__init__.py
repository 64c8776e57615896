"""Lowering: from indexed sums to plans that a printer can write down. Nothing here knows a layer by name.

kernel       layer -> kernels: what a function reads, what it writes, the sums between
sizes        which sizes a caller gives, and how the others follow from them
scan         one sum -> exact loops without guards (islpy)
contraction  one sum -> packed matrix products over address tables
"""

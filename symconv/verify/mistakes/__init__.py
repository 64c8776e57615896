"""Mistakes as changes of the derived sums: what the candidate would compute if it had made them.

index     other index maps: flipped kernels, exchanged channels, groups, one value of an index for all
numbers   other numbers: strides, dilations, pads, rows that are left over
values    other values: zeros, parts of a batch, axes run together, cut digits, a bias too many times
choices   winners of a pool, its divisor, activations
factors   a factor that fits, and what it equals
hypothesis, known, table     all of them, with their codes and words
"""

"""Verification: somebody's layer beside the derived one, and what is wrong with it.

dense        sums evaluated as arrays, at numbers for every size and attribute
truth        what the outputs of a layer are, and how large the terms are that they are made of
cases        sizes and attributes that expose what convenient shapes hide
binding      what the parameters of a candidate mean, and in which layout it wants its arrays
child        the process in which a candidate runs; isolation: its limits
hypotheses   mistakes as transformations of the derived sums
diagnose     which of them reproduces what the candidate computed
report       what was found, in text and JSON
"""

"""Verification: somebody's layer beside the derived one, and what is wrong with it.

What is right:
    dense        sums evaluated as arrays, at numbers for every size and attribute
    truth        what the outputs of a layer are, and how large the terms are that they are made of
    cases        sizes, attributes and values that expose what convenient shapes hide
    model        an output in a case, as something that mistakes can change

What the candidate gives:
    names, binding, arguments    what its parameters mean, and what they get
    layouts                      the order of the axes of its arrays
    drivers, instances, native   how functions, objects and C functions are called
    prototype, c_roles           declarations of C functions
    returned                     which of the arrays that come back is which output
    isolation, inside            the process in which it runs, and its limits
    trial, probing               the cases that are put to it, and how it wants to be spoken to

What is wrong with it:
    compare      its numbers within the rounding of its own precision
    mistakes     the mistakes that are known, as changes of the derived sums
    diagnose     which of them give its numbers
    findings     state, overwritten arguments, calls that end the process
    shrink, consistency, impulse, formula    what helps to see it
    report, render                           what was found, for programs and for people
    verify       all of it
"""

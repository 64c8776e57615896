"""What runs inside the process of a candidate: the standard library and NumPy, and nothing else of symconv.

serve      requests in, answers out
describe   a candidate by name, and what its parameters are
calls      the calls of one request
objects    what an object holds, and an optimizer that takes notes
native     functions of a shared library
"""

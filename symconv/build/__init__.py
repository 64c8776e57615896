"""From C source to a shared library: which compiler, which flags, and where the result is kept."""

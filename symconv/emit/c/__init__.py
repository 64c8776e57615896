"""The C printer: one .c and one .h a layer, C11 without libc, for any target that has 64-bit integers."""

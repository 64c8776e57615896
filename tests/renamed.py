"""One layer under any names of its operands: what a tool does with it may not depend on them."""

from __future__ import annotations

from symconv.ir import Access, Context, IndexedSum, Layer, Operand, Range, Role, index, size

# Names that look like adjoints, inner derivatives, weights or extents, and the plain ones that they stand for.
PLAIN = ("x", "k", "u", "v", "s", "t", "y")
SPELLINGS = (
    PLAIN,
    ("x", "d", "dx", "data", "dist", "dense", "y"),
    ("data", "dx", "x", "w", "wd", "dw", "dy"),
    ("dy", "dd", "ddy", "X", "N", "K", "d"),
    ("y", "dxx", "dyy", "weight", "w0", "sel", "x"),
)


def layer_named(names: tuple[str, ...]) -> Layer:
    """y[i] = sum_m k[m] x[i + m] + u[i] v[i] + s[i]^2 t[i], its operands called by the names; k is a parameter."""
    x, k, u, v, s, t, y = names
    i, m, n, taps = index("i"), index("m"), size("N_i"), size("N_m")
    at = {name: Access(name, i) for name in names}
    box = (Range.box(i, n),)
    sums = (
        IndexedSum(at[y], (*box, Range.box(m, taps)), (), Access(k, m) * Access(x, i + m)),
        IndexedSum(at[y], box, (), at[u] * at[v]),
        IndexedSum(at[y], box, (), at[s] ** 2 * at[t]),
    )
    operands = (
        Operand(x, (n + taps - 1,), ("p",)),
        Operand(k, (taps,), ("m",), role=Role.PARAMETER),
        *(Operand(name, (n,), ("i",)) for name in (u, v, s, t, y)),
    )
    return Layer("renamed", sums, Context((n, taps), (), operands), names[:-1], result=y)

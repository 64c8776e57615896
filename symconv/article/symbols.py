"""The article's letters: positions i, j of outputs and pixels, taps m, n, the sizes, and the shapes made of them."""

from symconv.ir import index, size

i, j, m, n = map(index, "ijmn")
i1, j1, m1, n1 = (index(f"{v}'") for v in "ijmn")
H, W, k1, k2 = map(size, ("H", "W", "k1", "k2"))
O1, O2 = H - k1 + 1, W - k2 + 1
IMAGE, KERNEL, OUTPUT = (H, W), (k1, k2), (O1, O2)

"""A real photograph through a generated C kernel, to a picture on disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import symconv as sc
from tests.build.compilers import needs_compiler

datasets = pytest.importorskip("sklearn.datasets")
image = pytest.importorskip("PIL.Image")


@needs_compiler
def test_edges_of_a_photograph(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Horizontal and vertical edges of the Sobel operator, which are found where the colours change."""
    monkeypatch.setenv("SYMCONV_CACHE_DIR", str(tmp_path / "cache"))
    photograph = datasets.load_sample_image("china.jpg")
    x = np.ascontiguousarray(photograph.transpose(2, 0, 1)[None]).astype(np.float32)
    sobel = np.float32([[1, 0, -1], [2, 0, -2], [1, 0, -1]])
    w = np.stack([np.stack([s] * 3) for s in (sobel, sobel.T)])
    k = sc.build(sc.Conv2d(kernel_shape=(3, 3), pads=(1, 1, 1, 1), in_channels=3, out_channels=2))
    y = k.forward(x, w)
    assert y.shape == (1, 2, 427, 640)
    # Eight-bit colours make every sum exact: the same by slices, in integers, without the border.
    grey = photograph.astype(np.int64).sum(axis=2)
    across = sum(
        int(sobel[i, j]) * grey[i : i + 425, j : j + 638] for i in range(3) for j in range(3) if sobel[i, j] != 0
    )
    assert np.array_equal(y[0, 0, 1:-1, 1:-1], across)
    edges = np.hypot(y[0, 0], y[0, 1])
    path = tmp_path / "edges.png"
    image.fromarray(np.uint8(255 * np.minimum(1, edges / edges.max() * 3))).save(path)
    seen = np.asarray(image.open(path))
    assert seen.shape == (427, 640)
    assert 5 < seen.mean() < 200
    assert len(np.unique(seen)) > 100
    gradient = k.grad_input(y, w, x.shape)
    assert np.isclose(np.vdot(gradient.astype(np.float64), x), np.vdot(y.astype(np.float64), y), rtol=1e-5)

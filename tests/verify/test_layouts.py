"""Layouts: there and back again, for every layer and every layout that is tried."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from symconv.layers import build_layer
from symconv.verify.layouts import BIASES, arranged, axes_of, layouts, restored

SIZES = {"N": 2, "C": 3, "O": 5, "I": 3, "D": 4, "H": 6, "W": 7}
KINDS = ("conv1d", "conv2d", "conv3d", "conv_transpose2d", "dense", "max_pool2d", "relu")


@pytest.mark.parametrize("kind", KINDS)
def test_there_and_back(kind: str, count_cases: Callable[[str, int], None]) -> None:
    axes = axes_of(build_layer(kind, {}).context)
    for layout in layouts(axes):
        for name in "xwy":
            letters = axes.of(name)
            if not letters:
                continue
            shape = [SIZES[a] if a in layout.of(name) else 1 for a in letters]
            a = np.arange(float(np.prod(shape))).reshape(shape)
            there = arranged(name, a, layout, axes)
            assert there.shape == tuple(SIZES[letter] for letter in layout.of(name))
            assert np.array_equal(restored(name, there, layout, axes), a)
            count_cases("operands in a layout", 1)


def test_axes_of_the_layers() -> None:
    words = {kind: (a.x, a.w, a.y) for kind in KINDS if (a := axes_of(build_layer(kind, {}).context))}
    assert words["conv2d"] == ("NCHW", "OIHW", "NCHW")
    assert words["conv_transpose2d"] == ("NCHW", "IOHW", "NCHW")
    assert words["conv3d"] == ("NCDHW", "OIDHW", "NCDHW")
    assert words["dense"] == ("NC", "OI", "NC")
    assert words["max_pool2d"] == ("NCHW", "", "NCHW")


@pytest.mark.parametrize("form", BIASES)
def test_shapes_of_a_bias(form: str) -> None:
    from dataclasses import replace

    axes = axes_of(build_layer("conv2d", {}).context)
    layout = replace(layouts(axes)[0], b=form)
    b = np.arange(5.0 if form else 1.0)
    there = arranged("b", b, layout, axes, (2, 5, 6, 7))
    shapes = {"O": (5,), "O1": (5, 1), "111O": (1, 1, 1, 5), "1O11": (1, 5, 1, 1), "1O": (1, 5), "": ()}
    assert there.shape == shapes.get(form, (5, 6, 7))


def test_the_usual_layout_comes_first() -> None:
    first = layouts(axes_of(build_layer("conv2d", {}).context))[0]
    assert str(first) == "x NCHW, w OIHW"

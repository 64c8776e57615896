"""The layers of `generated/`: what `symconv generate --showcase` writes, in C and NumPy, with an index page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from symconv.api.kernels import explanation, generated_files
from symconv.build.kernels import prepared
from symconv.emit.equation import Printer
from symconv.emit.provenance import MARK, sealed
from symconv.emit.render import render
from symconv.emit.text import UNICODE
from symconv.ir import Layer
from symconv.layers import build_layer


@dataclass(frozen=True)
class Entry:
    """A layer of the showcase: the name of its files, what it is, how it is made."""

    name: str
    about: str
    kind: str
    attributes: Mapping[str, Any]

    @property
    def layer(self) -> Layer:
        return build_layer(self.kind, self.attributes)

    @property
    def formula(self) -> tuple[str, ...]:
        """The statements at the attributes that kernels are built with."""
        layer = prepared(self.layer, None)
        printer = Printer(UNICODE, layer.notation, layer.context)
        return tuple(printer.statement(s) for s in layer.statements)


@dataclass(frozen=True)
class Page:
    """What the index page says of one layer."""

    name: str
    about: str
    formula: tuple[str, ...]
    plan: tuple[str, ...]


_SINGLE = {"in_channels": 1, "out_channels": 1}
SHOWCASE = (
    Entry("article_5x5", "the article's layer, one channel, 5 x 5", "conv2d", {"kernel_shape": (5, 5), **_SINGLE}),
    Entry("article_3x3", "the article's layer, one channel, 3 x 3", "conv2d", {"kernel_shape": (3, 3), **_SINGLE}),
    Entry(
        "resnet_stem",
        "the first layer of a ResNet: 7 x 7, stride 2",
        "conv2d",
        {"kernel_shape": (7, 7), "strides": (2, 2), "pads": (3, 3, 3, 3), "in_channels": 3, "out_channels": 64},
    ),
    Entry(
        "strided_dilated_grouped",
        "3 x 3, stride 2, dilation 2, two groups",
        "conv2d",
        {
            "kernel_shape": (3, 3),
            "strides": (2, 2),
            "dilations": (2, 2),
            "pads": (2, 2, 2, 2),
            "group": 2,
            "in_channels": 8,
            "out_channels": 8,
        },
    ),
    Entry("sequence", "1-D, 5 taps, stride 3", "conv1d", {"kernel_shape": (5,), "strides": (3,), "pads": (2, 2)}),
    Entry("volume", "3-D, 3 x 3 x 3", "conv3d", {"kernel_shape": (3, 3, 3), "pads": (1, 1, 1, 1, 1, 1)}),
    Entry("max_pool_2x2", "maximum of 2 x 2 windows", "max_pool2d", {"kernel_shape": (2, 2), "strides": (2, 2)}),
    Entry("average_pool_2x2", "mean of 2 x 2 windows", "average_pool2d", {"kernel_shape": (2, 2), "strides": (2, 2)}),
)


def showcase_files(output: str | Path) -> dict[str, str]:
    """Every file of the showcase by name, the index page last."""
    files: dict[str, str] = {}
    pages = []
    for entry in SHOWCASE:
        layer = entry.layer
        for target in ("c", "numpy"):
            files |= generated_files(layer, target, output, entry.name, self_test=target == "c" and _small(entry))
        pages.append(Page(entry.name, entry.about, entry.formula, tuple(explanation(layer, "c"))))
    page = render("markdown/showcase.md.j2", mark=MARK, output=str(output), pages=pages)
    return files | {"README.md": sealed(page)}


def _small(entry: Entry) -> bool:
    """Few enough channels for a self-test with all its answers written out."""
    return int(entry.attributes.get("out_channels", 1)) <= 8

"""Layers of well-known networks that the speed of kernels is measured on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Shape:
    """A square 2-D convolution: images (batch, inner, height, height), `outer` filters of kernel by kernel."""

    name: str
    batch: int
    inner: int
    height: int
    outer: int
    kernel: int
    stride: int = 1
    pad: int = 0
    dilation: int = 1
    group: int = 1

    @property
    def output(self) -> int:
        return (self.height + 2 * self.pad - self.dilation * (self.kernel - 1) - 1) // self.stride + 1

    @property
    def operations(self) -> int:
        """Multiplications and additions of any of its three products."""
        taps = self.inner // self.group * self.kernel**2
        return 2 * self.batch * self.outer * self.output**2 * taps

    @property
    def attributes(self) -> dict[str, Any]:
        return {
            "kernel_shape": (self.kernel,) * 2,
            "strides": (self.stride,) * 2,
            "pads": (self.pad,) * 4,
            "dilations": (self.dilation,) * 2,
            "group": self.group,
            "in_channels": self.inner,
            "out_channels": self.outer,
            "bias": 0,
        }


CORE = (
    Shape("ResNet-50 stem 7x7 s2, n8", 8, 3, 224, 64, 7, 2, 3),
    Shape("ResNet-50 1x1 64-256 @56, n8", 8, 64, 56, 256, 1),
    Shape("ResNet-50 1x1 256-64 @56, n1", 1, 256, 56, 64, 1),
    Shape("ResNet-50 1x1 2048-512 @7, n8", 8, 2048, 7, 512, 1),
    Shape("ResNet-50 1x1 s2 256-512 @56, n8", 8, 256, 56, 512, 1, 2),
    Shape("ResNet-50 3x3 64 @56, n8", 8, 64, 56, 64, 3, 1, 1),
    Shape("ResNet-50 3x3 64 @56, n1", 1, 64, 56, 64, 3, 1, 1),
    Shape("ResNet-50 3x3 128 @28, n8", 8, 128, 28, 128, 3, 1, 1),
    Shape("ResNet-50 3x3 256 @14, n8", 8, 256, 14, 256, 3, 1, 1),
    Shape("ResNet-50 3x3 512 @7, n8", 8, 512, 7, 512, 3, 1, 1),
    Shape("ResNet-50 3x3 512 @7, n1", 1, 512, 7, 512, 3, 1, 1),
    Shape("ResNet-50 3x3 s2 128 @56, n8", 8, 128, 56, 128, 3, 2, 1),
    Shape("VGG 3x3 3-64 @224, n1", 1, 3, 224, 64, 3, 1, 1),
    Shape("VGG 3x3 64 @224, n1", 1, 64, 224, 64, 3, 1, 1),
    Shape("VGG 3x3 256 @56, n1", 1, 256, 56, 256, 3, 1, 1),
    Shape("MobileNet depthwise 3x3 128 @56, n8", 8, 128, 56, 128, 3, 1, 1, 1, 128),
    Shape("MobileNet depthwise 3x3 s2 64 @112, n8", 8, 64, 112, 64, 3, 2, 1, 1, 64),
    Shape("MobileNet depthwise 3x3 512 @14, n8", 8, 512, 14, 512, 3, 1, 1, 1, 512),
    Shape("AlexNet 11x11 s4 3-96 @227, n8", 8, 3, 227, 96, 11, 4),
    Shape("AlexNet 5x5 g2 96-256 @27, n8", 8, 96, 27, 256, 5, 1, 2, 1, 2),
    Shape("DeepLab 3x3 d2 512 @28, n1", 1, 512, 28, 512, 3, 1, 2, 2),
    Shape("ResNeXt 3x3 g32 128 @56, n8", 8, 128, 56, 128, 3, 1, 1, 1, 32),
    Shape("LeNet 5x5 1-6 @28, n8", 8, 1, 28, 6, 5, 1, 2),
    Shape("LeNet 5x5 6-16 @14, n8", 8, 6, 14, 16, 5),
    Shape("CS231n 3x3 s2 3-25 @31, n100", 100, 3, 31, 25, 3, 2, 1),
)
SMALL = (
    Shape("3x3 64 @56, n8", 8, 64, 56, 64, 3, 1, 1),
    Shape("3x3 s2 128 @56, n8", 8, 128, 56, 128, 3, 2, 1),
    Shape("1x1 64-256 @56, n8", 8, 64, 56, 256, 1),
    Shape("3x3 512 @7, n8", 8, 512, 7, 512, 3, 1, 1),
    Shape("one image 7x7 @512", 1, 1, 512, 1, 7, 1, 3),
    Shape("depthwise 3x3 128 @56, n8", 8, 128, 56, 128, 3, 1, 1, 1, 128),
)
SETS = {"core": CORE, "small": SMALL}

"""Reference layers in plain NumPy: forward and backward passes as loops over the taps of a window.

The functions stay defined for wrong attributes too: what a window reads outside its image is zero, and what it writes
there is lost. So a mistake can be made by handing them a changed `Call`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Sizes = tuple[int, ...]
Place = tuple[Any, ...]


@dataclass(frozen=True)
class Call:
    """What a layer is given in one call: arrays, and of every attribute one number for each spatial axis.

    x: (N, C, ...space); w: (O, C / group, ...kernel), (C, O, ...kernel) of a transposed convolution, (O, I) of a dense
    layer. sizes: of the output's spatial axes, where they are not what the attributes say. upstream: the gradient that
    came in, where dy has the activation's derivative in it already.
    """

    x: Array
    w: Array | None = None
    b: Array | None = None
    dy: Array | None = None
    kernel: Sizes = ()
    strides: Sizes = ()
    begins: Sizes = ()
    ends: Sizes = ()
    dilations: Sizes = ()
    group: int = 1
    sizes: Sizes = ()
    upstream: Array | None = None

    def array(self, name: str) -> Array:
        found = getattr(self, name)
        assert found is not None, f"this call has no {name}"
        return np.asarray(found)

    @property
    def space(self) -> Sizes:
        """Spatial sizes of the image."""
        return self.x.shape[2:]

    @property
    def rank(self) -> int:
        return len(self.kernel)

    @property
    def padded(self) -> Sizes:
        """Spatial sizes of the image with its padding."""
        return tuple(n + p + q for n, p, q in zip(self.space, self.begins, self.ends, strict=True))

    @property
    def spans(self) -> Sizes:
        """Rows under the window, by axis."""
        return tuple(d * (k - 1) + 1 for k, d in zip(self.kernel, self.dilations, strict=True))

    def with_kernel(self, w: Array) -> Call:
        """The same call with other weights, whose window may have another shape."""
        return replace(self, w=w, kernel=w.shape[2:])


def output_sizes(call: Call) -> Sizes:
    """Windows that fit into the padded image: floor((H + p + q - d (k - 1) - 1) / s) + 1."""
    if call.sizes:
        return call.sizes
    return tuple((n - m) // s + 1 for n, m, s in zip(call.padded, call.spans, call.strides, strict=True))


def framed(image: Array, begins: Sequence[int], sizes: Sequence[int], value: float = 0.0) -> Array:
    """An array of these spatial sizes with the image placed at `begins`; what does not fit is cut off.

    With negative begins it is the inverse: the part of the image that starts there.
    """
    out = np.full((*image.shape[: image.ndim - len(sizes)], *sizes), value, dtype=np.result_type(image, float))
    to: list[slice] = []
    of: list[slice] = []
    for start, n, total in zip(begins, image.shape[image.ndim - len(sizes) :], sizes, strict=True):
        first, last = max(start, 0), min(start + n, total)
        to.append(slice(first, max(first, last)))
        of.append(slice(first - start, max(first, last) - start))
    out[(..., *to)] = image[(..., *of)]
    return out


def frame_sizes(call: Call, sizes: Sizes) -> Sizes:
    """The padded image, or more where the windows reach further."""
    reach = (s * (n - 1) + m for s, n, m in zip(call.strides, sizes, call.spans, strict=True))
    return tuple(max(n, m) for n, m in zip(call.padded, reach, strict=True))


def taps(call: Call, sizes: Sizes) -> Iterator[tuple[Sizes, Place]]:
    """Every tap of the window, and the entries of the padded image that it meets, one for each output."""
    for tap in np.ndindex(*call.kernel):
        steps = zip(tap, sizes, call.strides, call.dilations, strict=True)
        yield tap, (..., *(slice(d * k, d * k + s * (n - 1) + 1, s) for k, n, s, d in steps))


def positions(call: Call, sizes: Sizes) -> Iterator[tuple[Sizes, Place]]:
    """Every position of the output, and its window in the padded image."""
    for at in product(*map(range, sizes)):
        steps = zip(at, call.spans, call.strides, call.dilations, strict=True)
        yield at, (..., *(slice(s * i, s * i + m, d) for i, m, s, d in steps))


def _grouped(a: Array, axis: int, group: int) -> Array:
    """An axis of channels as (group, channels of the group)."""
    return a.reshape(*a.shape[:axis], group, a.shape[axis] // group, *a.shape[axis + 1 :])


def conv_y(call: Call) -> Array:
    """y[n,o,i] = b[o] + sum of w[o,c,k] x[n,c, s i + d k - p]"""
    sizes = output_sizes(call)
    image = _grouped(framed(call.x, call.begins, frame_sizes(call, sizes)), 1, call.group)
    w = _grouped(call.array("w"), 0, call.group)
    y = np.zeros((len(call.x), *w.shape[:2], *sizes))
    for tap, place in taps(call, sizes):
        y += np.einsum("goc,ngc...->ngo...", w[(..., *tap)], image[place])
    return with_bias(y.reshape(len(y), -1, *sizes), call.b)


def with_bias(y: Array, b: Array | None) -> Array:
    return y if b is None else y + b.reshape((-1,) + (1,) * (y.ndim - 2))


def conv_dx_frame(call: Call) -> Array:
    """dx of the padded image."""
    dy, w = _grouped(call.array("dy"), 1, call.group), _grouped(call.array("w"), 0, call.group)
    sizes = dy.shape[3:]
    whole = np.zeros((len(dy), call.group, w.shape[2], *frame_sizes(call, sizes)))
    for tap, place in taps(call, sizes):
        whole[place] += np.einsum("goc,ngo...->ngc...", w[(..., *tap)], dy)
    return whole.reshape(len(dy), -1, *whole.shape[3:])


def cropped(whole: Array, call: Call) -> Array:
    """The image without its padding."""
    return framed(whole, [-p for p in call.begins], call.space)


def conv_dx(call: Call) -> Array:
    """dx[n,c, s i + d k - p] += w[o,c,k] dy[n,o,i]"""
    return cropped(conv_dx_frame(call), call)


def conv_dw(call: Call) -> Array:
    """dw[o,c,k] = sum of dy[n,o,i] x[n,c, s i + d k - p]"""
    dy = _grouped(call.array("dy"), 1, call.group)
    sizes = dy.shape[3:]
    image = _grouped(framed(call.x, call.begins, frame_sizes(call, sizes)), 1, call.group)
    dw = np.zeros((call.group, dy.shape[2], image.shape[2], *call.kernel))
    for tap, place in taps(call, sizes):
        dw[(..., *tap)] = np.einsum("ngoi,ngci->goc", _flat(dy), _flat(image[place]))
    return dw.reshape(-1, *dw.shape[2:])


def _flat(a: Array) -> Array:
    """Spatial axes as one."""
    return a.reshape(*a.shape[:3], -1)


def bias_gradient(call: Call) -> Array:
    dy = call.array("dy")
    return dy.sum(axis=(0, *range(2, dy.ndim)))


def _mirrored(call: Call, y: Array) -> Call:
    """The convolution of which this transposed convolution is the gradient: it reads y and writes x."""
    return replace(call, x=y, dy=call.x, b=None)


def transpose_sizes(call: Call) -> Sizes:
    """s (H - 1) + d (k - 1) + 1 - p - q"""
    if call.sizes:
        return call.sizes
    steps = zip(call.space, call.strides, call.spans, call.begins, call.ends, strict=True)
    return tuple(s * (n - 1) + m - p - q for n, s, m, p, q in steps)


def transpose_y(call: Call) -> Array:
    """y[n,o, s i + d k - p] += w[c,o,k] x[n,c,i], plus b[o]"""
    image = np.zeros((len(call.x), call.array("w").shape[1] * call.group, *transpose_sizes(call)))
    return with_bias(conv_dx(_mirrored(call, image)), call.b)


def transpose_dx(call: Call) -> Array:
    return conv_y(replace(_mirrored(call, call.array("dy")), sizes=call.space))


def transpose_dw(call: Call) -> Array:
    return conv_dw(_mirrored(call, call.array("dy")))


def dense_y(call: Call) -> Array:
    y = call.x @ call.array("w").T
    return y if call.b is None else y + call.b


def dense_dx(call: Call) -> Array:
    return call.array("dy") @ call.array("w")


def dense_dw(call: Call) -> Array:
    return call.array("dy").T @ call.x

"""Right convolutions of images by many algorithms: x (N, C, H, W), w (O, C, KH, KW), one group."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.fft
import scipy.signal

from tests.verify.seeded import reference as layers
from tests.verify.seeded.reference import Array, Call

Pass = Callable[[Call], Array]


def _padded(call: Call) -> Array:
    (top, left), (bottom, right) = call.begins, call.ends
    return np.pad(call.x, ((0, 0), (0, 0), (top, bottom), (left, right)))


def _spread(a: Array, steps: tuple[int, ...]) -> Array:
    """Zeros between the rows and columns."""
    out = np.zeros((*a.shape[:2], *(s * (n - 1) + 1 for n, s in zip(a.shape[2:], steps, strict=True))), a.dtype)
    out[:, :, :: steps[0], :: steps[1]] = a
    return out


def y_by_loops(call: Call) -> Array:
    """A window for every image, filter and position."""
    image, w = _padded(call), call.array("w")
    y = np.zeros((len(image), len(w), *layers.output_sizes(call)), image.dtype)
    (sh, sw), (dh, dw), (kh, kw) = call.strides, call.dilations, call.kernel
    for n, o, i, j in np.ndindex(*y.shape):
        rows, columns = slice(i * sh, i * sh + dh * (kh - 1) + 1, dh), slice(j * sw, j * sw + dw * (kw - 1) + 1, dw)
        y[n, o, i, j] = np.sum(image[n, :, rows, columns] * w[o])
    return y


def columns_of(call: Call) -> Array:
    """im2col: (N, C KH KW, OH OW)."""
    image, sizes = _padded(call), layers.output_sizes(call)
    taken = [image[place] for _, place in layers.taps(call, sizes)]
    return np.stack(taken, axis=2).reshape(len(image), -1, sizes[0] * sizes[1])


def y_by_columns(call: Call) -> Array:
    w = call.array("w")
    y = w.reshape(len(w), -1) @ columns_of(call)
    return y.reshape(len(call.x), len(w), *layers.output_sizes(call))


def y_by_windows(call: Call) -> Array:
    """A view of all windows, and one contraction."""
    windows = np.lib.stride_tricks.sliding_window_view(_padded(call), call.spans, axis=(2, 3))
    (sh, sw), (dh, dw) = call.strides, call.dilations
    return np.einsum("nchwij,ocij->nohw", windows[:, :, ::sh, ::sw, ::dh, ::dw], call.array("w"))


def y_by_taps(call: Call) -> Array:
    """A shifted image for every tap."""
    image, w, sizes = _padded(call), call.array("w"), layers.output_sizes(call)
    y = np.zeros((len(image), len(w), *sizes), image.dtype)
    for tap, place in layers.taps(call, sizes):
        y += np.tensordot(image[place], w[(..., *tap)], axes=(1, 1)).transpose(0, 3, 1, 2)
    return y


def _y_by_products(call: Call, transform: Callable[..., Array], back: Callable[..., Array]) -> Array:
    """Correlation is a product of spectra, one of them conjugate."""
    image, w = _padded(call), _spread(call.array("w"), call.dilations)
    size = (image.shape[2] + w.shape[2], image.shape[3] + w.shape[3])
    spectrum = np.einsum("ncij,ocij->noij", transform(image, size), np.conj(transform(w, size)))
    whole = back(spectrum, size)[:, :, : image.shape[2] - w.shape[2] + 1, : image.shape[3] - w.shape[3] + 1]
    return np.asarray(whole[:, :, :: call.strides[0], :: call.strides[1]])


def y_by_fft(call: Call) -> Array:
    return _y_by_products(call, np.fft.rfft2, np.fft.irfft2)


def y_by_scipy_fft(call: Call) -> Array:
    return _y_by_products(call, scipy.fft.rfft2, scipy.fft.irfft2)


def y_by_correlate2d(call: Call) -> Array:
    """scipy, for every image, filter and channel."""
    image, w = _padded(call), _spread(call.array("w"), call.dilations)
    (sh, sw), sizes = call.strides, layers.output_sizes(call)
    y = np.zeros((len(image), len(w), *sizes), image.dtype)
    for n, o, c in np.ndindex(len(image), *w.shape[:2]):
        y[n, o] += scipy.signal.correlate2d(image[n, c], w[o, c], mode="valid")[::sh, ::sw]
    return y


FORWARD: dict[str, Pass] = {
    "loops": y_by_loops,
    "im2col": y_by_columns,
    "windows": y_by_windows,
    "taps": y_by_taps,
    "fft": y_by_fft,
    "scipy_fft": y_by_scipy_fft,
    "correlate2d": y_by_correlate2d,
}


def _by_reference(call: Call) -> tuple[Array, Array]:
    return layers.conv_dx(call), layers.conv_dw(call)


def _by_loops(call: Call) -> tuple[Array, Array]:
    """Every position gives its window of dx and of dw something."""
    dy, w, image = call.array("dy"), call.array("w"), _padded(call)
    whole, dw = np.zeros_like(image), np.zeros_like(w)
    for at, place in layers.positions(call, dy.shape[2:]):
        for n, o in np.ndindex(*dy.shape[:2]):
            whole[n][place] += dy[n, o][at] * w[o]
            dw[o] += dy[n, o][at] * image[n][place]
    return _unpadded(whole, call), dw


def _unpadded(whole: Array, call: Call) -> Array:
    (top, left), (height, width) = call.begins, call.space
    return whole[:, :, top : top + height, left : left + width]


def _by_columns(call: Call) -> tuple[Array, Array]:
    """im2col for dw, col2im for dx."""
    dy, w = call.array("dy"), call.array("w")
    flat = dy.reshape(*dy.shape[:2], -1)
    dw = np.einsum("nop,nkp->ok", flat, columns_of(call)).reshape(w.shape)
    columns = (w.reshape(len(w), -1).T @ flat).reshape(len(dy), w.shape[1], -1, *dy.shape[2:])
    whole = np.zeros((*call.x.shape[:2], *call.padded), w.dtype)
    for k, (_, place) in enumerate(layers.taps(call, dy.shape[2:])):
        whole[place] += columns[:, :, k]
    return _unpadded(whole, call), dw


def _by_full_convolution(call: Call) -> tuple[Array, Array]:
    """dx: the rotated kernel over dy with zeros in between and around it. dw: dy as a kernel over the image."""
    dy, w = _spread(call.array("dy"), call.strides), _spread(call.array("w"), call.dilations)
    around = [(n - 1, n - 1) for n in w.shape[2:]]
    one = {"strides": (1, 1), "dilations": (1, 1), "begins": (0, 0), "ends": (0, 0)}
    rotated = w[:, :, ::-1, ::-1].swapaxes(0, 1)
    reached = y_by_taps(Call(x=np.pad(dy, ((0, 0), (0, 0), *around)), w=rotated, kernel=w.shape[2:], **one))
    whole = np.zeros((*call.x.shape[:2], *call.padded), w.dtype)
    whole[:, :, : reached.shape[2], : reached.shape[3]] = reached
    image = _padded(call)[:, :, : reached.shape[2], : reached.shape[3]].swapaxes(0, 1)
    dw = y_by_taps(Call(x=image, w=dy.swapaxes(0, 1), kernel=dy.shape[2:], **one)).swapaxes(0, 1)
    return _unpadded(whole, call), dw[:, :, :: call.dilations[0], :: call.dilations[1]]


def _by_scipy(call: Call) -> tuple[Array, Array]:
    """scipy's full convolution for dx, its valid correlation for dw."""
    dy, w = _spread(call.array("dy"), call.strides), _spread(call.array("w"), call.dilations)
    image = _padded(call)
    whole, dw = np.zeros_like(image), np.zeros_like(w)
    height, width = (n + k - 1 for n, k in zip(dy.shape[2:], w.shape[2:], strict=True))
    for n, o, c in np.ndindex(len(dy), *w.shape[:2]):
        whole[n, c, :height, :width] += scipy.signal.convolve2d(dy[n, o], w[o, c], mode="full")
        dw[o, c] += scipy.signal.correlate2d(image[n, c, :height, :width], dy[n, o], mode="valid")
    return _unpadded(whole, call), dw[:, :, :: call.dilations[0], :: call.dilations[1]]


BACKWARD: dict[str, Callable[[Call], tuple[Array, Array]]] = {
    "taps": _by_reference,
    "loops": _by_loops,
    "col2im": _by_columns,
    "full": _by_full_convolution,
    "scipy": _by_scipy,
}

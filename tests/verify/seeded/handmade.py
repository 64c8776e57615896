"""Right layers as people write them by hand, of every kind: real functions with their own signatures."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.signal

from tests.verify.seeded import algorithms
from tests.verify.seeded.kinds import window_call
from tests.verify.seeded.reference import Array, with_bias

windows_of = np.lib.stride_tricks.sliding_window_view


def conv2d_refuses_strides(x: Array, w: Array, b: Array, strides: Any = 1, pads: Any = 0) -> Array:
    if strides != 1:
        raise NotImplementedError("strides other than 1")
    return conv2d_prints(x, w, b, strides, pads)


def conv2d_refuses_dilations(x: Array, w: Array, b: Array, strides: Any = 1, dilations: Any = 1) -> Array:
    assert dilations == 1, "no dilation"
    return conv2d_prints(x, w, b, strides)


def conv2d_refuses_pads(x: Array, w: Array, b: Array, strides: Any = 1, pads: Any = 0) -> Array:
    if isinstance(pads, tuple):
        raise ValueError("one pad for all sides")
    return conv2d_prints(x, w, b, strides, pads)


def conv2d_prints(x: Array, w: Array, b: Array, strides: Any = 1, pads: Any = 0) -> Array:
    call = window_call(w.shape[2:], 2, strides, pads, x=x, w=w, b=b)
    print("input", x.shape, "padded", call.padded)
    return with_bias(algorithms.y_by_taps(call), b)


def conv2d_reversed_memory(x: Array, w: Array, b: Array, strides: Any = 1, pads: Any = 0) -> Array:
    """The result is a view of an array that lies the other way round."""
    y = conv2d_prints(x, w, b, strides, pads)
    return np.ascontiguousarray(y[:, :, ::-1, ::-1].T).T[:, :, ::-1, ::-1]


def conv2d_fortran_order(x: Array, w: Array, b: Array, strides: Any = 1, pads: Any = 0) -> Array:
    return np.asfortranarray(conv2d_prints(x, w, b, strides, pads))


def conv2d_every_second(x: Array, w: Array, b: Array, strides: Any = 1, pads: Any = 0) -> Array:
    """The result is every second entry of a larger array."""
    return np.repeat(conv2d_prints(x, w, b, strides, pads), 2, axis=3)[..., ::2]


def conv2d_named_padding(x: Array, w: Array, b: Array, stride: Any = 1, padding: Any = "valid") -> Array:
    """padding: "valid", "same" for odd kernels, or numbers."""
    if padding == "same" and not all(k % 2 for k in w.shape[2:]):
        raise NotImplementedError("same padding of an even kernel")
    known = {"valid": 0, "same": tuple((k - 1) // 2 for k in w.shape[2:])}
    return conv2d_prints(x, w, b, stride, known[padding] if isinstance(padding, str) else padding)


def conv2d_valid_mode(x: Array, w: Array, b: Array, mode: str = "valid") -> Array:
    y = [sum(scipy.signal.correlate2d(c, k, mode) for c, k in zip(n, o, strict=True)) for n in x for o in w]
    return np.reshape(y, (len(x), len(w), *y[0].shape)) + b[:, np.newaxis, np.newaxis]


def conv2d_same_mode(x: Array, w: Array, b: Array, mode: str = "same") -> Array:
    return conv2d_valid_mode(x, w, b, mode)


def conv2d_optional_bias(x: Array, w: Array, b: Array | None = None, strides: Any = 1, pads: Any = 0) -> Array:
    return conv2d_prints(x, w, np.zeros(len(w)) if b is None else b, strides, pads)


def conv2d_returns_cache(x: Array, w: Array, b: Array, strides: Any = 1, pads: Any = 0) -> Any:
    return conv2d_prints(x, w, b, strides, pads), (x, w, b, {"stride": strides, "pad": pads})


def conv2d_backward_input_only(dy: Array, x: Array, w: Array, strides: Any = 1, pads: Any = 0) -> Any:
    call = window_call(w.shape[2:], 2, strides, pads, x=x, w=w, dy=dy)
    return {"dx": algorithms.BACKWARD["full"](call)[0]}


def conv2d_backward_no_bias(dy: Array, x: Array, w: Array, strides: Any = 1, pads: Any = 0) -> Any:
    return algorithms.BACKWARD["col2im"](window_call(w.shape[2:], 2, strides, pads, x=x, w=w, dy=dy))


def grouped_by_parts(x: Array, w: Array, b: Array, strides: Any = 1, pads: Any = 0, group: int = 1) -> Array:
    """A convolution of its own for every group."""
    parts = zip(np.split(x, group, axis=1), np.split(w, group), np.split(b, group), strict=True)
    return np.concatenate([conv2d_prints(*part, strides, pads) for part in parts], axis=1)


def grouped_backward_by_parts(dy: Array, x: Array, w: Array, strides: Any = 1, pads: Any = 0, group: int = 1) -> Any:
    parts = zip(np.split(dy, group, axis=1), np.split(x, group, axis=1), np.split(w, group), strict=True)
    out = [conv2d_backward_no_bias(*part, strides, pads) for part in parts]
    dx, dw = zip(*out, strict=True)
    return {"dx": np.concatenate(dx, axis=1), "dw": np.concatenate(dw), "db": dy.sum((0, 2, 3))}


def depthwise_by_parts(x: Array, w: Array, b: Array, strides: Any = 1, pads: Any = 0) -> Array:
    return grouped_by_parts(x, w, b, strides, pads, x.shape[1] // w.shape[1])


def depthwise_backward_by_parts(dy: Array, x: Array, w: Array, strides: Any = 1, pads: Any = 0) -> Any:
    return grouped_backward_by_parts(dy, x, w, strides, pads, x.shape[1] // w.shape[1])


def conv2d_relu(x: Array, w: Array, b: Array, strides: Any = 1, pads: Any = 0) -> Array:
    z = conv2d_prints(x, w, b, strides, pads)
    return z * (z > 0)


def conv2d_relu_backward(dy: Array, x: Array, w: Array, b: Array, strides: Any = 1, pads: Any = 0) -> Any:
    dz = np.where(conv2d_prints(x, w, b, strides, pads) > 0, dy, 0)
    return (*conv2d_backward_no_bias(dz, x, w, strides, pads), dz.sum((0, 2, 3)))


def conv1d_by_windows(x: Array, w: Array, b: Array, strides: int = 1, dilations: int = 1) -> Array:
    view = windows_of(x, dilations * (w.shape[2] - 1) + 1, axis=2)[:, :, ::strides, ::dilations]
    return np.einsum("ncwk,ock->now", view, w) + b[:, np.newaxis]


def conv1d_by_correlate(x: Array, w: Array, b: Array) -> Array:
    y = [[sum(map(np.correlate, image, filter_)) + bias for filter_, bias in zip(w, b, strict=True)] for image in x]
    return np.array(y)


def conv1d_channels_last(x: Array, w: Array, b: Array, strides: int = 1) -> Array:
    """x (N, W, C), w (K, I, O)."""
    return np.einsum("nwck,kco->nwo", windows_of(x, len(w), axis=1)[:, ::strides], w) + b


def conv1d_backward_by_convolve(dy: Array, x: Array, w: Array) -> Any:
    dx, dw = np.zeros(x.shape), np.zeros(w.shape)
    for n, o, c in np.ndindex(len(x), *w.shape[:2]):
        dx[n, c] += np.convolve(dy[n, o], w[o, c])
        dw[o, c] += np.correlate(x[n, c], dy[n, o])
    return dx, dw, dy.sum(axis=(0, 2))


def conv3d_by_windows(x: Array, w: Array, b: Array, strides: Any = 1) -> Array:
    s = np.broadcast_to(strides, 3)
    view = windows_of(x, w.shape[2:], axis=(2, 3, 4))[:, :, :: s[0], :: s[1], :: s[2]]
    return np.einsum("ncdhwijk,ocijk->nodhw", view, w, optimize=True) + b.reshape(-1, 1, 1, 1)


def conv3d_by_scipy(x: Array, w: Array, b: Array) -> Array:
    return np.stack([[scipy.signal.correlate(n, o, "valid")[0] for o in w] for n in x]) + b.reshape(-1, 1, 1, 1)


def conv_transpose2d_by_pixels(x: Array, w: Array, b: Array, strides: Any = 1) -> Array:
    """Every pixel stamps its kernel onto the output."""
    (sh, sw), (kh, kw) = np.broadcast_to(strides, 2), w.shape[2:]
    y = np.zeros((len(x), w.shape[1], sh * (x.shape[2] - 1) + kh, sw * (x.shape[3] - 1) + kw))
    for i, j in np.ndindex(*x.shape[2:]):
        y[:, :, i * sh : i * sh + kh, j * sw : j * sw + kw] += np.tensordot(x[:, :, i, j], w, 1)
    return y + b.reshape(-1, 1, 1)


def conv_transpose2d_by_zeros(x: Array, w: Array, b: Array) -> Array:
    """A convolution of the image with a border, by the rotated kernel."""
    image = np.pad(x, ((0, 0), (0, 0), *((k - 1, k - 1) for k in w.shape[2:])))
    return conv2d_prints(image, w[:, :, ::-1, ::-1].swapaxes(0, 1), b)


def dense_matrix(x: Array, w: Array, b: Array) -> Array:
    return x @ w.T + b


def dense_inputs_first(x: Array, w: Array, b: Array) -> Array:
    """w (I, O)."""
    return np.dot(x, w) + b


def dense_einsum_float32(x: Array, w: Array, b: Array) -> Array:
    return np.einsum("ni,oi->no", x.astype("f4"), w.astype("f4")) + b.astype("f4")


def dense_loops(x: Array, w: Array, b: Array) -> Any:
    return [[sum(p * q for p, q in zip(n, o, strict=True)) + c for o, c in zip(w, b, strict=True)] for n in x]


def dense_backward(dy: Array, x: Array, w: Array) -> Any:
    return dy @ w, dy.T @ x, dy.sum(axis=0)


def dense_backward_inputs_first(dout: Array, x: Array, w: Array, b: Array) -> Any:
    return {"dx": dout.dot(w.T), "dw": x.T.dot(dout), "db": dout.sum(axis=0, keepdims=True)}

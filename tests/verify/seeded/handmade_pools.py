"""Right pools and activations as people write them by hand."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.verify.seeded.reference import Array

windows_of = np.lib.stride_tricks.sliding_window_view


def _two(value: Any) -> tuple[int, int]:
    first, second = np.broadcast_to(value, 2)
    return int(first), int(second)


def _windows(x: Array, kernel_shape: Any, strides: Any) -> Array:
    """(N, C, OH, OW, KH, KW)"""
    sh, sw = _two(strides)
    return windows_of(x, _two(kernel_shape), axis=(2, 3))[:, :, ::sh, ::sw]


def max_pool2d_by_windows(x: Array, kernel_shape: Any, strides: Any = 1) -> Array:
    return _windows(x, kernel_shape, strides).max(axis=(4, 5))


def max_pool2d_loops(x: Array, size: Any, stride: Any) -> Array:
    (kh, kw), (sh, sw) = _two(size), _two(stride)
    y = np.empty((*x.shape[:2], (x.shape[2] - kh) // sh + 1, (x.shape[3] - kw) // sw + 1))
    for n, c, i, j in np.ndindex(*y.shape):
        y[n, c, i, j] = np.max(x[n, c, i * sh : i * sh + kh, j * sw : j * sw + kw])
    return y


def max_pool2d_channels_last(x: Array, kernel_shape: Any, strides: Any = 1) -> Array:
    return max_pool2d_by_windows(x.transpose(0, 3, 1, 2), kernel_shape, strides).transpose(0, 2, 3, 1)


def max_pool2d_float32(x: Array, pool_size: Any, stride: Any = 1, padding: Any = 0) -> Array:
    if isinstance(padding, tuple) and len(padding) > 2:
        raise ValueError("the same padding on both sides")
    p, q = _two(padding)
    image = np.pad(x.astype(np.float32), ((0, 0), (0, 0), (p, p), (q, q)), constant_values=-np.inf)
    return max_pool2d_by_windows(image, pool_size, stride)


def max_pool2d_backward(dy: Array, x: Array, kernel_shape: Any, strides: Any = 1) -> Array:
    """argmax, which finds the first maximum."""
    (kh, kw), (sh, sw), dx = _two(kernel_shape), _two(strides), np.zeros_like(x)
    for n, c, i, j in np.ndindex(*dy.shape):
        window = x[n, c, i * sh : i * sh + kh, j * sw : j * sw + kw]
        a, b = np.unravel_index(np.argmax(window), window.shape)
        dx[n, c, i * sh + a, j * sw + b] += dy[n, c, i, j]
    return dx


def max_pool2d_backward_dictionary(dout: Array, x: Array, size: Any, stride: Any = 1) -> Any:
    return {"dx": max_pool2d_backward(dout, x, size, stride)}


def average_pool2d_by_windows(x: Array, kernel_shape: Any, strides: Any = 1) -> Array:
    return _windows(x, kernel_shape, strides).mean(axis=(4, 5))


def average_pool2d_counting(x: Array, size: Any, stride: Any = 1, pad: Any = 0) -> Array:
    """The sum over a window, divided by the same sum over ones."""
    if isinstance(pad, tuple) and len(pad) > 2:
        raise ValueError("the same padding on both sides")
    p, q = _two(pad)
    around = ((0, 0), (0, 0), (p, p), (q, q))
    sums, counts = (_windows(np.pad(a, around), size, stride).sum(axis=(4, 5)) for a in (x, np.ones_like(x)))
    return sums / counts


def average_pool2d_by_sums(x: Array, kernel_shape: Any, strides: Any = 1) -> Array:
    """Differences of cumulative sums."""
    (kh, kw), (sh, sw) = _two(kernel_shape), _two(strides)
    total = np.pad(x, ((0, 0), (0, 0), (1, 0), (1, 0))).cumsum(2).cumsum(3)
    sums = total[..., kh:, kw:] - total[..., :-kh, kw:] - total[..., kh:, :-kw] + total[..., :-kh, :-kw]
    return sums[:, :, ::sh, ::sw] / (kh * kw)


def average_pool2d_backward(dy: Array, x: Array, kernel_shape: Any, strides: Any = 1) -> Array:
    (kh, kw), (sh, sw), dx = _two(kernel_shape), _two(strides), np.zeros(x.shape)
    for i, j in np.ndindex(*dy.shape[2:]):
        dx[:, :, i * sh : i * sh + kh, j * sw : j * sw + kw] += dy[:, :, i : i + 1, j : j + 1] / (kh * kw)
    return dx


def lp_pool2d_by_windows(x: Array, kernel_shape: Any, strides: Any = 1) -> Array:
    return np.linalg.norm(_windows(x, kernel_shape, strides), axis=(4, 5))


def lp_pool2d_loops(x: Array, size: Any, stride: Any) -> Any:
    (kh, kw), (sh, sw) = _two(size), _two(stride)
    rows, columns = range(0, x.shape[2] - kh + 1, sh), range(0, x.shape[3] - kw + 1, sw)
    y = [[np.sqrt((x[:, :, i : i + kh, j : j + kw] ** 2).sum(axis=(2, 3))) for j in columns] for i in rows]
    return np.array(y).transpose(2, 3, 0, 1)


def relu_maximum(x: Array) -> Array:
    return np.maximum(0, x)


def relu_absolute(x: Array) -> Array:
    return (x + np.abs(x)) / 2


def relu_masked(x: Array) -> Array:
    y = x.copy()
    y[y < 0] = 0
    return y


def relu_float32(x: Array) -> Array:
    return np.clip(x.astype(np.float32), 0, None)


def relu_backward_where(dy: Array, x: Array) -> Array:
    return np.where(x > 0, dy, 0)


def relu_backward_masked(x: Array, grad_output: Array) -> Array:
    dx = grad_output.copy()
    dx[x <= 0] = 0
    return dx


def relu_backward_heaviside(dout: Array, x: Array) -> Any:
    return {"dx": dout * np.heaviside(x, 0)}


def tanh_exponentials(x: Array) -> Array:
    return (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x))


def tanh_sigmoid(x: Array) -> Array:
    return 2 / (1 + np.exp(-2 * x)) - 1


def tanh_backward_square(dy: Array, x: Array) -> Array:
    return dy * (1 - np.tanh(x) ** 2)


def tanh_backward_cosh(dout: Array, x: Array) -> Array:
    return dout / np.cosh(x) ** 2

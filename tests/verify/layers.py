"""Hand-written layers in the styles that people use, right and wrong; the name says what is wrong."""

import numpy as np


def forward_loops(x, w, b, stride=1, pad=0):
    n, c, height, width = x.shape
    f, _, kh, kw = w.shape
    padded = np.zeros((n, c, height + 2 * pad, width + 2 * pad))
    padded[:, :, pad : pad + height, pad : pad + width] = x
    out = np.zeros((n, f, (height + 2 * pad - kh) // stride + 1, (width + 2 * pad - kw) // stride + 1))
    for i in range(out.shape[2]):
        for j in range(out.shape[3]):
            window = padded[:, :, i * stride : i * stride + kh, j * stride : j * stride + kw]
            out[:, :, i, j] = np.tensordot(window, w, ([1, 2, 3], [1, 2, 3])) + b
    return out


def forward_flipped(x, w, b):
    return forward_loops(x, w[:, :, ::-1, ::-1], b)


def forward_without_bias(x, w, b):
    return forward_loops(x, w, 0 * b)


def forward_float32(x, w, b, stride=1):
    return forward_loops(x, w, b, stride).astype(np.float32)


def forward_nhwc(image, kernel, bias):
    """Channels last, weights as (kh, kw, in, out)."""
    y = forward_loops(np.transpose(image, (0, 3, 1, 2)), np.transpose(kernel, (3, 2, 0, 1)), bias)
    return np.transpose(y, (0, 2, 3, 1))


def forward_one_image(x, kernel):
    """One image, one channel, one filter."""
    kh, kw = kernel.shape
    out = np.zeros((x.shape[0] - kh + 1, x.shape[1] - kw + 1))
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = (x[i : i + kh, j : j + kw] * kernel).sum()
    return out


def _backward(dout, x, w, stride, pad):
    height, width = x.shape[2:]
    kh, kw = w.shape[2:]
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    dpadded, dw = np.zeros_like(padded), np.zeros_like(w)
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            rows, columns = slice(i * stride, i * stride + kh), slice(j * stride, j * stride + kw)
            dw += np.tensordot(dout[:, :, i, j], padded[:, :, rows, columns], ([0], [0]))
            dpadded[:, :, rows, columns] += np.tensordot(dout[:, :, i, j], w, ([1], [0]))
    return dpadded[:, :, pad : pad + height, pad : pad + width], dw, dout.sum(axis=(0, 2, 3))


def backward_right(dout, cache):
    x, w, _, settings = cache
    return _backward(dout, x, w, settings["stride"], settings["pad"])


def backward_named(grad_output, input, weight, stride=1, padding=0):
    dx, dw, db = _backward(grad_output, input, weight, stride, padding)
    return {"grad_input": dx, "grad_weight": dw, "grad_bias": db}


def backward_batch_mean(dout, cache):
    dx, dw, db = backward_right(dout, cache)
    return dx, dw / len(dout), db / len(dout)


def backward_empty_crop(dout, cache):
    x, w, _, settings = cache
    pad, stride = settings["pad"], settings["stride"]
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    whole, dw, db = _backward(dout, padded, w, stride, 0)
    return whole[:, :, pad:-pad, pad:-pad], dw, db


def backward_not_rotated(dout, cache):
    x, w, _, settings = cache
    dx = _backward(dout, x, w[:, :, ::-1, ::-1], settings["stride"], settings["pad"])[0]
    return (dx, *_backward(dout, x, w, settings["stride"], settings["pad"])[1:])


def backward_first_image(dout, x, w):
    dx, _, db = _backward(dout, x, w, 1, 0)
    return dx, _backward(dout[:1], x[:1], w, 1, 0)[1], db


def backward_last_filter(dout, x, w):
    _, dw, db = _backward(dout, x, w, 1, 0)
    return _backward(dout[:, -1:], x, w[-1:], 1, 0)[0], dw, db


def backward_negative(dout, x, w):
    dx, dw, db = _backward(dout, x, w, 1, 0)
    return dx, -dw, db


def backward_overwrites(dout, x, w):
    dx, dw, db = _backward(dout, x, w, 1, 0)
    kh, kw = w.shape[2:]
    dx = np.zeros_like(x)
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            dx[:, :, i : i + kh, j : j + kw] = np.tensordot(dout[:, :, i, j], w, ([1], [0]))
    return dx, dw, db


def backward_zero(dout, x, w):
    return tuple(np.zeros_like(a) for a in _backward(dout, x, w, 1, 0))


_KEPT = {}


def backward_accumulates(dout, x, w):
    """dw lives on between calls, and is of another shape only where the shape of w is."""
    dx, dw, db = _backward(dout, x, w, 1, 0)
    _KEPT[w.shape] = _KEPT.get(w.shape, 0) + dw
    return dx, _KEPT[w.shape], db


def backward_strange(dout, x, w):
    dx, dw, db = _backward(dout, x, w, 1, 0)
    dx[..., 0] += 1
    return dx, dw, db


def max_pool_ties(dout, x, size=2, stride=2):
    kh, kw = (size, size) if np.isscalar(size) else size
    dx = np.zeros_like(x)
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            window = x[:, :, i * stride : i * stride + kh, j * stride : j * stride + kw]
            mask = window == window.max(axis=(2, 3), keepdims=True)
            dx[:, :, i * stride : i * stride + kh, j * stride : j * stride + kw] += (
                mask * dout[:, :, i : i + 1, j : j + 1]
            )
    return dx


def max_pool_shared(dout, x, size=2, stride=2):
    kh, kw = (size, size) if np.isscalar(size) else size
    dx = np.zeros_like(x)
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            rows, columns = slice(i * stride, i * stride + kh), slice(j * stride, j * stride + kw)
            window = x[:, :, rows, columns]
            mask = window == window.max(axis=(2, 3), keepdims=True)
            mask = mask / mask.sum(axis=(2, 3), keepdims=True)
            dx[:, :, rows, columns] += mask * dout[:, :, i : i + 1, j : j + 1]
    return dx


def relu_right(dout, x):
    return dout * (x > 0)


def relu_forgets(dout, x):
    return dout


def dense_right(x, w, b):
    return x @ w.T + b


def mutates(x, w, b):
    y = forward_loops(x, w, b)
    x[:] = 0
    return y


def loops_forever(x, w, b):
    while True:
        pass


def dies(x, w, b):
    import ctypes

    ctypes.string_at(0)


def raises(x, w, b):
    raise NotImplementedError("some day")


def unknown_parameter(x, w, q):
    return x


def forks(x, w, b):
    import os
    import time

    child = os.fork()
    if child == 0:
        os.setsid()
        time.sleep(60)
    return {"y": forward_loops(x, w, b), "child": child}

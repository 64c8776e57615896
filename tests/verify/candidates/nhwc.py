"""Convolutions with channels last and kernels as (kh, kw, in, out)."""

import numpy as np


def conv_forward_nhwc(x, w, b, stride=1, pad=0):
    """Array style, channels last: one matrix product a window."""
    kh, kw, _, _ = w.shape
    padded = np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    oh = (padded.shape[1] - kh) // stride + 1
    ow = (padded.shape[2] - kw) // stride + 1
    y = np.empty((x.shape[0], oh, ow, w.shape[3]))
    for i in range(oh):
        for j in range(ow):
            window = padded[:, i * stride : i * stride + kh, j * stride : j * stride + kw, :]
            y[:, i, j, :] = np.tensordot(window, w, axes=3) + b
    return y, (padded, x.shape, w, stride, pad)


def conv_backward_nhwc(dy, cache):
    """Array style, channels last. Right."""
    padded, (_, h, width, _), w, stride, pad = cache
    kh, kw, _, _ = w.shape
    dpadded, dw = np.zeros_like(padded), np.zeros_like(w)
    for i in range(dy.shape[1]):
        for j in range(dy.shape[2]):
            rows, cols = slice(i * stride, i * stride + kh), slice(j * stride, j * stride + kw)
            delta = dy[:, i, j, :]
            dpadded[:, rows, cols, :] += np.einsum("no,hwio->nhwi", delta, w)
            dw += np.einsum("nhwi,no->hwio", padded[:, rows, cols, :], delta)
    return dpadded[:, pad : pad + h, pad : pad + width, :], dw, dy.sum(axis=(0, 1, 2))


def conv_backward_nhwc_positions(dy, cache):
    """Array style, channels last, the gradient of the bias summed over the images and not over the positions."""
    dx, dw, _ = conv_backward_nhwc(dy, cache)
    db = dy.sum(axis=0)
    return dx, dw, db


def same_pads(size):
    """Zeros before and after for an output as large as the input."""
    return (size - 1) // 2, size // 2


def conv2d(inputs, kernel, strides=1, padding="VALID"):
    """Framework style: padding by a word. Right for stride 1."""
    kh, kw = kernel.shape[:2]
    if padding == "SAME":
        inputs = np.pad(inputs, ((0, 0), same_pads(kh), same_pads(kw), (0, 0)))
    oh = (inputs.shape[1] - kh) // strides + 1
    ow = (inputs.shape[2] - kw) // strides + 1
    outputs = np.zeros((len(inputs), oh, ow, kernel.shape[3]))
    for i in range(kh):
        for j in range(kw):
            tap = inputs[:, i : i + (oh - 1) * strides + 1 : strides, j : j + (ow - 1) * strides + 1 : strides, :]
            outputs += tap @ kernel[i, j]
    return outputs


def _gradients(upstream, inputs, kernel, strides, before, after):
    """The gradients of `conv2d` with these zeros before and after."""
    kh, kw = kernel.shape[:2]
    _, h, w, _ = inputs.shape
    padded = np.pad(inputs, ((0, 0), (before[0], after[0]), (before[1], after[1]), (0, 0)))
    d_padded, d_kernel = np.zeros_like(padded), np.zeros_like(kernel)
    oh, ow = upstream.shape[1:3]
    for i in range(kh):
        for j in range(kw):
            rows = slice(i, i + (oh - 1) * strides + 1, strides)
            cols = slice(j, j + (ow - 1) * strides + 1, strides)
            d_kernel[i, j] = np.tensordot(padded[:, rows, cols], upstream, ((0, 1, 2), (0, 1, 2)))
            d_padded[:, rows, cols] += upstream @ kernel[i, j].T
    return d_padded[:, before[0] : before[0] + h, before[1] : before[1] + w], d_kernel


def conv2d_backward(upstream, inputs, kernel, strides=1, padding="VALID"):
    """Framework style: padding by a word. Right for stride 1."""
    sizes = kernel.shape[:2] if padding == "SAME" else (1, 1)
    (top, bottom), (left, right) = (same_pads(k) for k in sizes)
    d_inputs, d_kernel = _gradients(upstream, inputs, kernel, strides, (top, left), (bottom, right))
    return {"d_inputs": d_inputs, "d_kernel": d_kernel}


def conv2d_backward_halves(upstream, inputs, kernel, strides=1, padding="VALID"):
    """Framework style, more zeros before than after for even kernels, where the forward pass has more after."""
    if padding == "SAME":
        before = (kernel.shape[0] // 2, kernel.shape[1] // 2)
        after = ((kernel.shape[0] - 1) // 2, (kernel.shape[1] - 1) // 2)
    else:
        before, after = (0, 0), (0, 0)
    d_inputs, d_kernel = _gradients(upstream, inputs, kernel, strides, before, after)
    return {"d_inputs": d_inputs, "d_kernel": d_kernel}


def conv_hwc(image, kernel):
    """Photo style: one image (H, W, C), an odd kernel, as large as it was, edges handled by a test. Right."""
    h, w, _ = image.shape
    kh, kw, _, filters = kernel.shape
    out = np.zeros((h, w, filters))
    for y in range(h):
        for x in range(w):
            for i in range(kh):
                for j in range(kw):
                    row, col = y + i - kh // 2, x + j - kw // 2
                    if 0 <= row < h and 0 <= col < w:
                        out[y, x] += image[row, col] @ kernel[i, j]
    return out


def conv_hwc_swapped(image, kernel):
    """Photo style, the tap of the row added to the column, and the other way round: the kernel transposed."""
    h, w, _ = image.shape
    kh, kw, _, filters = kernel.shape
    out = np.zeros((h, w, filters))
    for y in range(h):
        for x in range(w):
            for i in range(kh):
                for j in range(kw):
                    row, col = y + j - kw // 2, x + i - kh // 2
                    if 0 <= row < h and 0 <= col < w:
                        out[y, x] += image[row, col] @ kernel[i, j]
    return out

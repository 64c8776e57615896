"""Pooling: maxima and means of windows, and who gets the gradient."""

import numpy as np


def max_pool_forward(x, pool_param):
    """Exercise style: settings in a dictionary."""
    height, width, stride = pool_param["pool_height"], pool_param["pool_width"], pool_param["stride"]
    N, C, H, W = x.shape
    H_out, W_out = (H - height) // stride + 1, (W - width) // stride + 1
    out = np.zeros((N, C, H_out, W_out))
    for i in range(H_out):
        for j in range(W_out):
            window = x[:, :, i * stride : i * stride + height, j * stride : j * stride + width]
            out[:, :, i, j] = window.max(axis=(2, 3))
    return out, (x, pool_param)


def max_pool_backward(dout, cache):
    """Exercise style: the position of the first maximum by argmax. Right."""
    x, pool_param = cache
    height, width, stride = pool_param["pool_height"], pool_param["pool_width"], pool_param["stride"]
    dx = np.zeros_like(x)
    N, C, H_out, W_out = dout.shape
    for n in range(N):
        for c in range(C):
            for i in range(H_out):
                for j in range(W_out):
                    hs, ws = i * stride, j * stride
                    window = x[n, c, hs : hs + height, ws : ws + width]
                    row, col = np.unravel_index(window.argmax(), window.shape)
                    dx[n, c, hs + row, ws + col] += dout[n, c, i, j]
    return dx


def max_pool_backward_mask(dout, cache):
    """Exercise style: a mask of the window, in which every tied maximum is true."""
    x, pool_param = cache
    height, width, stride = pool_param["pool_height"], pool_param["pool_width"], pool_param["stride"]
    dx = np.zeros_like(x)
    N, C, H_out, W_out = dout.shape
    for n in range(N):
        for c in range(C):
            for i in range(H_out):
                for j in range(W_out):
                    rows, cols = slice(i * stride, i * stride + height), slice(j * stride, j * stride + width)
                    window = x[n, c, rows, cols]
                    mask = window == np.max(window)
                    dx[n, c, rows, cols] += mask * dout[n, c, i, j]
    return dx


def max_pool_backward_assigned(dout, cache):
    """Exercise style: the window of dx assigned, so that overlapping windows lose what was there."""
    x, pool_param = cache
    height, width, stride = pool_param["pool_height"], pool_param["pool_width"], pool_param["stride"]
    dx = np.zeros_like(x)
    N, C, H_out, W_out = dout.shape
    for n in range(N):
        for c in range(C):
            for i in range(H_out):
                for j in range(W_out):
                    rows, cols = slice(i * stride, i * stride + height), slice(j * stride, j * stride + width)
                    chosen = np.zeros(height * width)
                    chosen[np.argmax(x[n, c, rows, cols])] = dout[n, c, i, j]
                    dx[n, c, rows, cols] = chosen.reshape(height, width)
    return dx


def max_pool_backward_split(dout, cache):
    """Exercise style: tied maxima share the gradient."""
    x, pool_param = cache
    height, width, stride = pool_param["pool_height"], pool_param["pool_width"], pool_param["stride"]
    dx = np.zeros_like(x)
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            rows, cols = slice(i * stride, i * stride + height), slice(j * stride, j * stride + width)
            window = x[:, :, rows, cols]
            mask = window == window.max(axis=(2, 3), keepdims=True)
            share = mask / mask.sum(axis=(2, 3), keepdims=True)
            dx[:, :, rows, cols] += share * dout[:, :, i : i + 1, j : j + 1]
    return dx


def max_pool_backward_last(grad_output, input, kernel_size=2, stride=2):
    """C-like style: a scan with >=, so that the last of the tied maxima gets the gradient."""
    grad_input = np.zeros(input.shape)
    N, C, OH, OW = grad_output.shape
    for n in range(N):
        for c in range(C):
            for i in range(OH):
                for j in range(OW):
                    best, where = -np.inf, None
                    for y in range(i * stride, i * stride + kernel_size):
                        for x in range(j * stride, j * stride + kernel_size):
                            if input[n, c, y, x] >= best:
                                best, where = input[n, c, y, x], (y, x)
                    grad_input[n, c, where[0], where[1]] += grad_output[n, c, i, j]
    return grad_input


def max_pool_backward_global(grad_output, input, kernel_size=2, stride=2):
    """Short style: the gradient goes where a window holds the maximum of the whole image."""
    grad_input = np.zeros(input.shape)
    mask = input == input.max(axis=(2, 3), keepdims=True)
    for i in range(grad_output.shape[2]):
        for j in range(grad_output.shape[3]):
            rows = slice(i * stride, i * stride + kernel_size)
            cols = slice(j * stride, j * stride + kernel_size)
            grad_input[:, :, rows, cols] += mask[:, :, rows, cols] * grad_output[:, :, i : i + 1, j : j + 1]
    return grad_input


def max_pool_backward_no_offset(grad_output, input, kernel_size=2, stride=2):
    """Short style: the position inside the window, used without where the window is."""
    grad_input = np.zeros(input.shape)
    N, C, OH, OW = grad_output.shape
    for n in range(N):
        for c in range(C):
            for i in range(OH):
                for j in range(OW):
                    hs, ws = i * stride, j * stride
                    window = input[n, c, hs : hs + kernel_size, ws : ws + kernel_size]
                    row, col = np.unravel_index(np.argmax(window), window.shape)
                    grad_input[n, c, row, col] += grad_output[n, c, i, j]
    return grad_input


def average_pool_forward(x, kernel_size=2, stride=2, padding=0):
    """Framework style: the mean of those numbers of a window that are inside the image."""
    kh, kw = (kernel_size, kernel_size) if np.isscalar(kernel_size) else kernel_size
    N, C, H, W = x.shape
    OH, OW = (H + 2 * padding - kh) // stride + 1, (W + 2 * padding - kw) // stride + 1
    y = np.zeros((N, C, OH, OW))
    for i in range(OH):
        for j in range(OW):
            rows, cols = inside(i, kh, stride, padding, H), inside(j, kw, stride, padding, W)
            y[:, :, i, j] = x[:, :, rows, cols].mean(axis=(2, 3))
    return y


def inside(position, size, stride, padding, extent):
    """The part of a window that is inside the image, along one axis."""
    start = position * stride - padding
    return slice(max(start, 0), min(start + size, extent))


def average_pool_backward(dy, x, kernel_size=2, stride=2, padding=0):
    """Framework style: divided by as many as were counted. Right."""
    kh, kw = (kernel_size, kernel_size) if np.isscalar(kernel_size) else kernel_size
    dx = np.zeros(x.shape)
    for i in range(dy.shape[2]):
        for j in range(dy.shape[3]):
            rows = inside(i, kh, stride, padding, x.shape[2])
            cols = inside(j, kw, stride, padding, x.shape[3])
            count = (rows.stop - rows.start) * (cols.stop - cols.start)
            dx[:, :, rows, cols] += dy[:, :, i : i + 1, j : j + 1] / count
    return dx


def average_pool_backward_divisor(dy, x, kernel_size=2, stride=2, padding=0):
    """Framework style, divided by the size of the window where the forward pass left the padding out."""
    kh, kw = (kernel_size, kernel_size) if np.isscalar(kernel_size) else kernel_size
    dx = np.zeros(x.shape)
    for i in range(dy.shape[2]):
        for j in range(dy.shape[3]):
            rows = inside(i, kh, stride, padding, x.shape[2])
            cols = inside(j, kw, stride, padding, x.shape[3])
            dx[:, :, rows, cols] += dy[:, :, i : i + 1, j : j + 1] / (kh * kw)
    return dx


def average_pool_backward_kron(dy, x, kernel_size=2):
    """One-line style for windows side by side: the mean's divisor is forgotten."""
    dx = np.zeros_like(x)
    spread = np.kron(dy, np.ones((kernel_size, kernel_size)))
    dx[:, :, : spread.shape[2], : spread.shape[3]] = spread
    return dx

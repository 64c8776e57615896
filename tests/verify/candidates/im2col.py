"""Convolutions as one matrix product: the windows as columns, and back."""

import numpy as np


def im2col(x, kh, kw, stride, pad):
    """The windows of all images: (N * OH * OW, C * kh * kw)."""
    n, c, h, w = x.shape
    oh = (h + 2 * pad - kh) // stride + 1
    ow = (w + 2 * pad - kw) // stride + 1
    img = np.pad(x, [(0, 0), (0, 0), (pad, pad), (pad, pad)], "constant")
    col = np.zeros((n, c, kh, kw, oh, ow))
    for i in range(kh):
        for j in range(kw):
            col[:, :, i, j] = img[:, :, i : i + stride * oh : stride, j : j + stride * ow : stride]
    return col.transpose(0, 4, 5, 1, 2, 3).reshape(n * oh * ow, -1)


def col2im(col, x_shape, kh, kw, stride, pad):
    """The sum of windows where they overlap; room for rows that no window reaches."""
    n, c, h, w = x_shape
    oh = (h + 2 * pad - kh) // stride + 1
    ow = (w + 2 * pad - kw) // stride + 1
    col = col.reshape(n, oh, ow, c, kh, kw).transpose(0, 3, 4, 5, 1, 2)
    img = np.zeros((n, c, h + 2 * pad + stride - 1, w + 2 * pad + stride - 1))
    for i in range(kh):
        for j in range(kw):
            img[:, :, i : i + stride * oh : stride, j : j + stride * ow : stride] += col[:, :, i, j]
    return img[:, :, pad : h + pad, pad : w + pad]


def conv_forward(x, w, b, stride=1, pad=0):
    """Matrix style: rows of windows times columns of filters."""
    n, _, h, width = x.shape
    fn, _, kh, kw = w.shape
    oh = (h + 2 * pad - kh) // stride + 1
    ow = (width + 2 * pad - kw) // stride + 1
    col = im2col(x, kh, kw, stride, pad)
    col_w = w.reshape(fn, -1).T
    out = np.dot(col, col_w) + b
    out = out.reshape(n, oh, ow, fn).transpose(0, 3, 1, 2)
    return out, (x, w, col, col_w, stride, pad)


def conv_backward(dout, cache):
    """Matrix style. Right."""
    x, w, col, col_w, stride, pad = cache
    fn, c, kh, kw = w.shape
    dout = dout.transpose(0, 2, 3, 1).reshape(-1, fn)
    db = np.sum(dout, axis=0)
    dw = np.dot(col.T, dout).transpose(1, 0).reshape(fn, c, kh, kw)
    dx = col2im(np.dot(dout, col_w.T), x.shape, kh, kw, stride, pad)
    return dx, dw, db


def conv_backward_reshaped(dout, cache):
    """Matrix style, (C * kh * kw, F) read as (F, C, kh, kw): the transpose is forgotten."""
    x, w, col, col_w, stride, pad = cache
    fn, c, kh, kw = w.shape
    dout = dout.transpose(0, 2, 3, 1).reshape(-1, fn)
    db = np.sum(dout, axis=0)
    dw = np.dot(col.T, dout).reshape(fn, c, kh, kw)
    dx = col2im(np.dot(dout, col_w.T), x.shape, kh, kw, stride, pad)
    return dx, dw, db


def conv_backward_flattened(dout, cache):
    """Matrix style, dout flattened to (F, N * OH * OW) although the images come first: right for one image."""
    x, w, col, col_w, stride, pad = cache
    fn, _, kh, kw = w.shape
    db = np.sum(dout, axis=(0, 2, 3))
    dout = dout.reshape(fn, -1)
    dw = np.dot(dout, col).reshape(w.shape)
    dx = col2im(np.dot(dout.T, col_w.T), x.shape, kh, kw, stride, pad)
    return dx, dw, db


def conv_backward_last_tap(dout, cache):
    """Matrix style, col2im by taps with = in place of +=: the last tap stays."""
    x, w, col, col_w, stride, pad = cache
    n, c, h, width = x.shape
    fn, _, kh, kw = w.shape
    _, _, oh, ow = dout.shape
    dout = dout.transpose(0, 2, 3, 1).reshape(-1, fn)
    dw = np.dot(dout.T, col).reshape(w.shape)
    dcol = np.dot(dout, col_w.T).reshape(n, oh, ow, c, kh, kw).transpose(0, 3, 4, 5, 1, 2)
    img = np.zeros((n, c, h + 2 * pad + stride - 1, width + 2 * pad + stride - 1))
    for i in range(kh):
        for j in range(kw):
            img[:, :, i : i + stride * oh : stride, j : j + stride * ow : stride] = dcol[:, :, i, j]
    return img[:, :, pad : h + pad, pad : width + pad], dw, dout.sum(axis=0)


def conv_backward_last_window(dout, cache):
    """Matrix style, col2im by windows with = in place of +=: the last window stays."""
    x, w, col, col_w, stride, pad = cache
    n, c, h, width = x.shape
    fn, _, kh, kw = w.shape
    _, _, oh, ow = dout.shape
    dout = dout.transpose(0, 2, 3, 1).reshape(-1, fn)
    dw = np.dot(dout.T, col).reshape(w.shape)
    dcol = np.dot(dout, col_w.T).reshape(n, oh, ow, c, kh, kw)
    img = np.zeros((n, c, h + 2 * pad, width + 2 * pad))
    for y in range(oh):
        for z in range(ow):
            img[:, :, y * stride : y * stride + kh, z * stride : z * stride + kw] = dcol[:, y, z]
    return img[:, :, pad : h + pad, pad : width + pad], dw, dout.sum(axis=0)


def conv_forward_reshaped(x, w, b, stride=1, pad=0):
    """Matrix style, (F, N * OH * OW) read as (N, F, OH, OW): right for one image."""
    n, _, h, width = x.shape
    fn, _, kh, kw = w.shape
    oh = (h + 2 * pad - kh) // stride + 1
    ow = (width + 2 * pad - kw) // stride + 1
    col = im2col(x, kh, kw, stride, pad)
    out = w.reshape(fn, -1) @ col.T + b.reshape(-1, 1)
    return out.reshape(n, fn, oh, ow)

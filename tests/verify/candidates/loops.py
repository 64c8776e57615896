"""Convolutions as nested loops: functions that pass a cache on, channels first and channels last."""

import numpy as np


def conv_forward_naive(x, w, b, conv_param):
    """Exercise style, channels first: settings in a dictionary, a cache for the backward pass."""
    stride, pad = conv_param["stride"], conv_param["pad"]
    N, _, H, W = x.shape
    F, _, HH, WW = w.shape
    H_out = 1 + (H + 2 * pad - HH) // stride
    W_out = 1 + (W + 2 * pad - WW) // stride
    x_pad = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)), mode="constant")
    out = np.zeros((N, F, H_out, W_out))
    for n in range(N):
        for f in range(F):
            for i in range(H_out):
                for j in range(W_out):
                    patch = x_pad[n, :, i * stride : i * stride + HH, j * stride : j * stride + WW]
                    out[n, f, i, j] = np.sum(patch * w[f]) + b[f]
    cache = (x, w, b, conv_param)
    return out, cache


def conv_backward_naive(dout, cache):
    """Exercise style: four loops, the padded gradient cropped by its sizes. Right."""
    x, w, b, conv_param = cache
    stride, pad = conv_param["stride"], conv_param["pad"]
    N, _, H, W = x.shape
    F, _, HH, WW = w.shape
    _, _, H_out, W_out = dout.shape
    x_pad = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)), mode="constant")
    dx_pad, dw, db = np.zeros_like(x_pad), np.zeros_like(w), np.zeros_like(b)
    for n in range(N):
        for f in range(F):
            db[f] += dout[n, f].sum()
            for i in range(H_out):
                for j in range(W_out):
                    hs, ws = i * stride, j * stride
                    dw[f] += x_pad[n, :, hs : hs + HH, ws : ws + WW] * dout[n, f, i, j]
                    dx_pad[n, :, hs : hs + HH, ws : ws + WW] += w[f] * dout[n, f, i, j]
    dx = dx_pad[:, :, pad : pad + H, pad : pad + W]
    return dx, dw, db


def conv_backward_naive_mean(dout, cache):
    """Exercise style, with the mean over the batch in dw and db, as an optimizer might want it."""
    dx, dw, db = conv_backward_naive(dout, cache)
    m = dout.shape[0]
    return dx, dw / m, db / m


def conv_backward_naive_half_mean(dout, cache):
    """Exercise style, with the mean over the batch in dw and forgotten in db."""
    dx, dw, db = conv_backward_naive(dout, cache)
    dw = 1.0 / dout.shape[0] * dw
    return dx, dw, db


def conv_backward_naive_crop(dout, cache):
    """Exercise style, cropped by [pad:-pad], which leaves nothing where pad is 0."""
    x, w, _, conv_param = cache
    stride, pad = conv_param["stride"], conv_param["pad"]
    N, F, H_out, W_out = dout.shape
    HH, WW = w.shape[2], w.shape[3]
    x_pad = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)), mode="constant")
    dx, dw = np.zeros(x_pad.shape), np.zeros(w.shape)
    db = np.sum(dout, axis=(0, 2, 3))
    for n in range(N):
        for f in range(F):
            for i in range(H_out):
                for j in range(W_out):
                    rows = slice(i * stride, i * stride + HH)
                    cols = slice(j * stride, j * stride + WW)
                    dw[f] += dout[n, f, i, j] * x_pad[n, :, rows, cols]
                    dx[n, :, rows, cols] += dout[n, f, i, j] * w[f]
    return dx[:, :, pad:-pad, pad:-pad], dw, db


def conv_backward_naive_leftover(dout, cache):
    """Exercise style, the size of dx worked back from dout: rows that no window reaches are lost."""
    x, w, _, conv_param = cache
    stride, pad = conv_param["stride"], conv_param["pad"]
    N, F, H_out, W_out = dout.shape
    C, HH, WW = w.shape[1:]
    x_pad = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)), mode="constant")
    H = (H_out - 1) * stride + HH - 2 * pad
    W = (W_out - 1) * stride + WW - 2 * pad
    dx_pad = np.zeros((N, C, H + 2 * pad, W + 2 * pad))
    dw = np.zeros_like(w)
    db = dout.sum(axis=3).sum(axis=2).sum(axis=0)
    for n in range(N):
        for f in range(F):
            for i in range(H_out):
                for j in range(W_out):
                    rows = slice(i * stride, i * stride + HH)
                    cols = slice(j * stride, j * stride + WW)
                    dw[f] += dout[n, f, i, j] * x_pad[n, :, rows, cols]
                    dx_pad[n, :, rows, cols] += dout[n, f, i, j] * w[f]
    return dx_pad[:, :, pad : pad + H, pad : pad + W], dw, db


def conv_backward_naive_reset(dout, cache):
    """Exercise style, dw made anew for every image: only the last one counts."""
    x, w, _, conv_param = cache
    stride, pad = conv_param["stride"], conv_param["pad"]
    N, F, H_out, W_out = dout.shape
    HH, WW = w.shape[2:]
    x_pad = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)), mode="constant")
    dx_pad = np.zeros_like(x_pad)
    for n in range(N):
        dw = np.zeros_like(w)
        for f in range(F):
            for i in range(H_out):
                for j in range(W_out):
                    rows = slice(i * stride, i * stride + HH)
                    cols = slice(j * stride, j * stride + WW)
                    dw[f] += dout[n, f, i, j] * x_pad[n, :, rows, cols]
                    dx_pad[n, :, rows, cols] += dout[n, f, i, j] * w[f]
    dx = dx_pad[:, :, pad : pad + x.shape[2], pad : pad + x.shape[3]]
    return dx, dw, np.sum(dout, axis=(0, 2, 3))


def conv_backward_naive_unused(dout, cache):
    """Exercise style, the padded gradient filled and never copied to dx."""
    dx = np.zeros_like(cache[0])
    _dx_pad, dw, db = conv_backward_naive(dout, cache)
    return dx, dw, db


def conv_backward_naive_off_by_one(dout, cache):
    """Exercise style, cropped from pad - 1 where there is any pad, as if positions were counted from one."""
    x, w, b, conv_param = cache
    pad = conv_param["pad"]
    H, W = x.shape[2:]
    x_pad = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    dx_pad, dw, db = conv_backward_naive(dout, (x_pad, w, b, {"stride": conv_param["stride"], "pad": 0}))
    first = max(pad - 1, 0)
    return dx_pad[:, :, first : first + H, first : first + W], dw, db


def zero_pad(X, pad):
    """Zeros around the height and width of images with channels last."""
    return np.pad(X, ((0, 0), (pad, pad), (pad, pad), (0, 0)), "constant", constant_values=0)


def conv_single_step(a_slice, W, b):
    """One filter on one window."""
    return float(np.sum(a_slice * W) + b.item())


def conv_forward(A_prev, W, b, hparameters):
    """Lecture style, channels last: W is (f, f, n_C_prev, n_C), b is (1, 1, 1, n_C)."""
    stride, pad = hparameters["stride"], hparameters["pad"]
    m, n_H_prev, n_W_prev, _ = A_prev.shape
    f_h, f_w, _, n_C = W.shape
    n_H = (n_H_prev - f_h + 2 * pad) // stride + 1
    n_W = (n_W_prev - f_w + 2 * pad) // stride + 1
    Z = np.zeros((m, n_H, n_W, n_C))
    A_prev_pad = zero_pad(A_prev, pad)
    for i in range(m):
        for h in range(n_H):
            for w in range(n_W):
                for c in range(n_C):
                    vert, horiz = h * stride, w * stride
                    a_slice = A_prev_pad[i, vert : vert + f_h, horiz : horiz + f_w, :]
                    Z[i, h, w, c] = conv_single_step(a_slice, W[..., c], b[..., c])
    return Z, (A_prev, W, b, hparameters)


def conv_backward(dZ, cache):
    """Lecture style, channels last. Right."""
    A_prev, W, b, hparameters = cache
    stride, pad = hparameters["stride"], hparameters["pad"]
    _, n_H_prev, n_W_prev, _ = A_prev.shape
    f_h, f_w, _, _ = W.shape
    m, n_H, n_W, n_C = dZ.shape
    A_prev_pad = zero_pad(A_prev, pad)
    dA_prev_pad = np.zeros(A_prev_pad.shape)
    dW, db = np.zeros(W.shape), np.zeros(b.shape)
    for i in range(m):
        for h in range(n_H):
            for w in range(n_W):
                for c in range(n_C):
                    rows = slice(h * stride, h * stride + f_h)
                    cols = slice(w * stride, w * stride + f_w)
                    dA_prev_pad[i, rows, cols, :] += W[:, :, :, c] * dZ[i, h, w, c]
                    dW[:, :, :, c] += A_prev_pad[i, rows, cols, :] * dZ[i, h, w, c]
                    db[:, :, :, c] += dZ[i, h, w, c]
    dA_prev = dA_prev_pad[:, pad : pad + n_H_prev, pad : pad + n_W_prev, :]
    return dA_prev, dW, db


def conv_backward_no_stride(dZ, cache):
    """Lecture style, channels last, the window placed at (h, w) whatever the stride is."""
    A_prev, W, b, hparameters = cache
    pad = hparameters["pad"]
    _, n_H_prev, n_W_prev, _ = A_prev.shape
    f_h, f_w, _, _ = W.shape
    m, n_H, n_W, n_C = dZ.shape
    A_prev_pad = zero_pad(A_prev, pad)
    dA_prev_pad = np.zeros(A_prev_pad.shape)
    dW, db = np.zeros(W.shape), np.zeros(b.shape)
    for i in range(m):
        for h in range(n_H):
            for w in range(n_W):
                for c in range(n_C):
                    vert_start, horiz_start = h, w
                    vert_end, horiz_end = vert_start + f_h, horiz_start + f_w
                    a_slice = A_prev_pad[i, vert_start:vert_end, horiz_start:horiz_end, :]
                    dA_prev_pad[i, vert_start:vert_end, horiz_start:horiz_end, :] += W[..., c] * dZ[i, h, w, c]
                    dW[..., c] += a_slice * dZ[i, h, w, c]
                    db[..., c] += dZ[i, h, w, c]
    return dA_prev_pad[:, pad : pad + n_H_prev, pad : pad + n_W_prev, :], dW, db


def conv_backward_assigns(dZ, cache):
    """Lecture style, channels last, dW and db set anew by every window: the last one stays."""
    A_prev, W, b, hparameters = cache
    stride, pad = hparameters["stride"], hparameters["pad"]
    _, n_H_prev, n_W_prev, _ = A_prev.shape
    f_h, f_w, _, _ = W.shape
    m, n_H, n_W, n_C = dZ.shape
    A_prev_pad = zero_pad(A_prev, pad)
    dA_prev_pad = np.zeros(A_prev_pad.shape)
    dW, db = np.zeros(W.shape), np.zeros(b.shape)
    for i in range(m):
        for h in range(n_H):
            for w in range(n_W):
                for c in range(n_C):
                    rows = slice(h * stride, h * stride + f_h)
                    cols = slice(w * stride, w * stride + f_w)
                    dA_prev_pad[i, rows, cols, :] += W[:, :, :, c] * dZ[i, h, w, c]
                    dW[:, :, :, c] = A_prev_pad[i, rows, cols, :] * dZ[i, h, w, c]
                    db[:, :, :, c] = dZ[i, h, w, c]
    return dA_prev_pad[:, pad : pad + n_H_prev, pad : pad + n_W_prev, :], dW, db

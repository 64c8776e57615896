"""Habits of their own: prints, overwritten arguments, other precisions, settings that are not supported."""

import numpy as np


def _windows(x, kh, kw, stride):
    """All windows as a view: (N, C, OH, OW, kh, kw)."""
    return np.lib.stride_tricks.sliding_window_view(x, (kh, kw), axis=(2, 3))[:, :, ::stride, ::stride]


def forward_prints(x, w, b, stride=1, padding=0):
    """Debugging style: shapes printed in every call. Right."""
    print("x", x.shape, "w", w.shape, "stride", stride)
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    out = np.einsum("nchwij,fcij->nfhw", _windows(x, w.shape[2], w.shape[3], stride), w)
    out = out + b[:, None, None]
    print(f"out: {out.shape}, mean {out.mean():.4f}")
    return out


def forward_float32(x, w, b, stride=1, padding=0):
    """Deep-learning style: single precision throughout. Right."""
    x = np.pad(x.astype(np.float32), ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    cols = _windows(x, w.shape[2], w.shape[3], stride)
    out = np.tensordot(cols, w.astype("float32"), axes=((1, 4, 5), (1, 2, 3))).transpose(0, 3, 1, 2)
    return out + b.astype(np.float32).reshape(1, -1, 1, 1)


def forward_int_buffer(x, w, b, stride=1, padding=0):
    """Image-processing style: a buffer of integers, which cuts every sum."""
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    cols = _windows(x, w.shape[2], w.shape[3], stride)
    out = np.zeros((x.shape[0], w.shape[0], cols.shape[2], cols.shape[3]), dtype=int)
    for f in range(w.shape[0]):
        out[:, f] = (cols * w[f][:, None, None]).sum(axis=(1, 4, 5)) + b[f]
    return out


def forward_turns_weights(x, w, b):
    """Theory style: the argument w flipped in place, then a true convolution. Right once."""
    w[...] = w[:, :, ::-1, ::-1].copy()
    cols = _windows(x, w.shape[2], w.shape[3], 1)
    return np.einsum("nchwij,fcij->nfhw", cols[..., ::-1, ::-1], w) + b[:, None, None]


def forward_stride_unused(x, w, b, stride=1, padding=0):
    """Hasty style: a stride in the signature that nothing looks at."""
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    return np.einsum("nchwij,fcij->nfhw", _windows(x, w.shape[2], w.shape[3], 1), w) + b[:, None, None]


def forward_without_bias(x, w, b, stride=1, padding=0):
    """Hasty style: the bias taken and not added."""
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    return np.einsum("nchwij,fcij->nfhw", _windows(x, w.shape[2], w.shape[3], stride), w)


def forward_ceil(x, w, b, stride=1):
    """Rounding style: the number of windows rounded up, the last ones reading zeros past the image."""
    n, c, h, width = x.shape
    f, _, kh, kw = w.shape
    oh, ow = int(np.ceil((h - kh) / stride)) + 1, int(np.ceil((width - kw) / stride)) + 1
    room = np.zeros((n, c, (oh - 1) * stride + kh, (ow - 1) * stride + kw))
    room[:, :, :h, :width] = x
    out = np.zeros((n, f, oh, ow))
    for i in range(oh):
        for j in range(ow):
            window = room[:, :, i * stride : i * stride + kh, j * stride : j * stride + kw]
            out[:, :, i, j] = np.tensordot(window, w, ([1, 2, 3], [1, 2, 3])) + b
    return out


def backward_no_gaps(dout, x, w, stride=1):
    """Careful style: strides that leave gaps between windows are refused. Right for the others."""
    kh, kw = w.shape[2:]
    if stride > min(kh, kw):
        raise ValueError(f"stride {stride} larger than the kernel {kh} x {kw}")
    dx = np.zeros_like(x)
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            window = dx[:, :, i * stride : i * stride + kh, j * stride : j * stride + kw]
            window += np.tensordot(dout[:, :, i, j], w, axes=1)
    cols = _windows(x, kh, kw, stride)
    return dx, np.einsum("nfhw,nchwij->fcij", dout, cols), dout.sum(axis=(0, 2, 3))


def backward_overlap(dout, x, w, stride=1):
    """Thrifty style: room only for the overlap of two windows, which breaks down where the stride passes the kernel."""
    n, c = x.shape[:2]
    kh, kw = w.shape[2:]
    oh, ow = dout.shape[2:]
    overlap = np.zeros((n, c, kh - stride, kw - stride))  # a negative size where windows have gaps
    dx = np.zeros((n, c, oh * stride + overlap.shape[2], ow * stride + overlap.shape[3]))
    for i in range(kh):
        for j in range(kw):
            tap = np.einsum("nfhw,fc->nchw", dout, w[:, :, i, j])
            dx[:, :, i : i + oh * stride : stride, j : j + ow * stride : stride] += tap
    whole = np.zeros_like(x)
    whole[:, :, : dx.shape[2], : dx.shape[3]] = dx
    dw = np.einsum("nfhw,nchwij->fcij", dout, _windows(x, kh, kw, stride))
    return whole, dw, dout.sum(axis=(0, 2, 3))


def backward_scales_dout(dout, x, w):
    """Training style: the gradient divided by the batch size at the beginning, and all that is made of it."""
    dout = dout / len(dout)
    kh, kw = w.shape[2:]
    dx = np.zeros_like(x)
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            dx[:, :, i : i + kh, j : j + kw] += np.tensordot(dout[:, :, i, j], w, axes=1)
    dw = np.einsum("nfhw,nchwij->fcij", dout, _windows(x, kh, kw, 1))
    return dx, dw, dout.sum(axis=(0, 2, 3))


def backward_consumes_dout(dout, x, w):
    """Thrifty style: every number of dout set to zero once it is used."""
    kh, kw = w.shape[2:]
    dx, dw, db = np.zeros_like(x), np.zeros_like(w), dout.sum(axis=(0, 2, 3))
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            delta = dout[:, :, i, j]
            dx[:, :, i : i + kh, j : j + kw] += np.tensordot(delta, w, axes=1)
            dw += np.tensordot(delta, x[:, :, i : i + kh, j : j + kw], ([0], [0]))
            delta[...] = 0
    return dx, dw, db


def backward_doubled(dout, x, w):
    """Loss style: the 2 of a squared error that the loss has taken care of already."""
    kh, kw = w.shape[2:]
    dout = 2 * dout
    dx = np.zeros_like(x)
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            dx[:, :, i : i + kh, j : j + kw] += np.tensordot(dout[:, :, i, j], w, axes=1)
    dw = np.einsum("nfhw,nchwij->fcij", dout, _windows(x, kh, kw, 1))
    return dx, dw, dout.sum(axis=(0, 2, 3))


def backward_padded_dout(dout, x, w, pad=0):
    """Symmetric style: the zeros put around dout as well as around x, for no reason."""
    kh, kw = w.shape[2:]
    h, width = x.shape[2:]
    around = ((0, 0), (0, 0), (pad, pad), (pad, pad))
    padded, shifted = np.pad(x, around), np.pad(dout, around)[:, :, : dout.shape[2], : dout.shape[3]]
    dx = np.zeros_like(padded)
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            dx[:, :, i : i + kh, j : j + kw] += np.tensordot(shifted[:, :, i, j], w, axes=1)
    dw = np.einsum("nfhw,nchwij->fcij", shifted, _windows(padded, kh, kw, 1))
    return dx[:, :, pad : pad + h, pad : pad + width], dw, dout.sum(axis=(0, 2, 3))

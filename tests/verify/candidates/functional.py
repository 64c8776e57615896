"""Convolutions the way engineers write them: all settings, no loop over images or positions; one axis; groups."""

import numpy as np


def _pair(value):
    """(rows, columns) of one number or of two."""
    return value if isinstance(value, tuple) else (value, value)


def _taps(padded, kernel, output, stride, dilation):
    """Every tap (i, j) of the kernel and the part of the image that it meets."""
    for i in range(kernel[0]):
        for j in range(kernel[1]):
            top, left = i * dilation[0], j * dilation[1]
            rows = slice(top, top + stride[0] * (output[0] - 1) + 1, stride[0])
            cols = slice(left, left + stride[1] * (output[1] - 1) + 1, stride[1])
            yield i, j, padded[:, :, rows, cols]


def _output(padded, kernel, stride, dilation):
    """Rows and columns of the result."""
    sizes = zip(padded.shape[2:], kernel, stride, dilation, strict=True)
    return tuple((n - d * (k - 1) - 1) // s + 1 for n, k, s, d in sizes)


def conv2d(input, weight, bias, stride=1, padding=0, dilation=1, groups=1):
    """Framework style: a sum over taps, groups as an axis. Right."""
    stride, (ph, pw), dilation = _pair(stride), _pair(padding), _pair(dilation)
    padded = np.pad(input, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    kernel = weight.shape[2:]
    oh, ow = _output(padded, kernel, stride, dilation)
    n, filters = input.shape[0], weight.shape[0]
    grouped = weight.reshape(groups, filters // groups, *weight.shape[1:])
    y = np.zeros((n, groups, filters // groups, oh, ow))
    for i, j, part in _taps(padded, kernel, (oh, ow), stride, dilation):
        part = part.reshape(n, groups, -1, oh, ow)
        y += np.einsum("ngchw,gfc->ngfhw", part, grouped[..., i, j])
    return y.reshape(n, filters, oh, ow) + bias.reshape(-1, 1, 1)


def conv2d_interleaved(input, weight, bias, stride=1, padding=0, dilation=1, groups=1):
    """Framework style, channel c in group c % groups where it is in c // (channels / groups)."""
    stride, (ph, pw), dilation = _pair(stride), _pair(padding), _pair(dilation)
    padded = np.pad(input, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    filters, _, kh, kw = weight.shape
    oh, ow = _output(padded, (kh, kw), stride, dilation)
    y = np.zeros((input.shape[0], filters, oh, ow))
    for g in range(groups):
        mine = slice(g * (filters // groups), (g + 1) * (filters // groups))
        for i, j, part in _taps(padded[:, g::groups], (kh, kw), (oh, ow), stride, dilation):
            y[:, mine] += np.einsum("nchw,fc->nfhw", part, weight[mine, :, i, j])
    return y + bias.reshape(-1, 1, 1)


def conv2d_backward(grad_output, input, weight, stride=1, padding=0, dilation=1):
    """Framework style: the taps of `conv2d`, read and added to. Right."""
    stride, (ph, pw), dilation = _pair(stride), _pair(padding), _pair(dilation)
    padded = np.pad(input, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    grad_padded, grad_weight = np.zeros_like(padded), np.zeros_like(weight)
    sizes = weight.shape[2:], grad_output.shape[2:]
    for i, j, part in _taps(padded, *sizes, stride, dilation):
        grad_weight[:, :, i, j] = np.einsum("nfhw,nchw->fc", grad_output, part)
    for i, j, part in _taps(grad_padded, *sizes, stride, dilation):
        part += np.einsum("nfhw,fc->nchw", grad_output, weight[:, :, i, j])
    h, w = input.shape[2:]
    return grad_padded[:, :, ph : ph + h, pw : pw + w], grad_weight, grad_output.sum(axis=(0, 2, 3))


def conv2d_backward_undilated(grad_output, input, weight, stride=1, padding=0, dilation=1):
    """Framework style, the dilation used for dw and forgotten for dx."""
    stride, (ph, pw), dilation = _pair(stride), _pair(padding), _pair(dilation)
    padded = np.pad(input, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    grad_padded, grad_weight = np.zeros_like(padded), np.zeros_like(weight)
    sizes = weight.shape[2:], grad_output.shape[2:]
    for i, j, part in _taps(padded, *sizes, stride, dilation):
        grad_weight[:, :, i, j] = np.einsum("nfhw,nchw->fc", grad_output, part)
    for i, j, part in _taps(grad_padded, *sizes, stride, (1, 1)):
        part += np.einsum("nfhw,fc->nchw", grad_output, weight[:, :, i, j])
    h, w = input.shape[2:]
    return grad_padded[:, :, ph : ph + h, pw : pw + w], grad_weight, grad_output.sum(axis=(0, 2, 3))


def conv2d_exchanged(input, weight, bias, stride=1, padding=0, dilation=1, groups=1):
    """Framework style, the stride unpacked as (width, height)."""
    sw, sh = _pair(stride)
    return conv2d(input, weight, bias, (sh, sw), padding, dilation, groups)


def conv2d_scales_exchanged(input, weight, bias, stride=1, padding=0, dilation=1, groups=1):
    """Framework style, dilation and stride passed on in the wrong order."""
    return conv2d(input, weight, bias, dilation, padding, stride, groups)


def conv_transpose2d(input, weight, bias, stride=1, padding=0):
    """Framework style: every number of the input scattered through the kernel, weight as (in, out, kh, kw). Right."""
    (sh, sw), (ph, pw) = _pair(stride), _pair(padding)
    n, _, h, w = input.shape
    _, filters, kh, kw = weight.shape
    whole = np.zeros((n, filters, (h - 1) * sh + kh, (w - 1) * sw + kw))
    for i, j, part in _taps(whole, (kh, kw), (h, w), (sh, sw), (1, 1)):
        part += np.einsum("nchw,cf->nfhw", input, weight[:, :, i, j])
    rows, cols = whole.shape[2] - ph, whole.shape[3] - pw
    return whole[:, :, ph:rows, pw:cols] + bias.reshape(-1, 1, 1)


def conv_transpose2d_gathered(input, weight, bias, stride=1, padding=0):
    """Paper style: zeros between the numbers, then a correlation, with the kernel as it is and not turned."""
    (sh, sw), (ph, pw) = _pair(stride), _pair(padding)
    n, channels, h, w = input.shape
    kh, kw = weight.shape[2:]
    spread = np.zeros((n, channels, (h - 1) * sh + 1, (w - 1) * sw + 1))
    spread[:, :, ::sh, ::sw] = input
    whole = conv2d(spread, weight.swapaxes(0, 1), bias, 1, (kh - 1, kw - 1))
    return whole[:, :, ph : whole.shape[2] - ph, pw : whole.shape[3] - pw]


def conv2d_weight_grad_rotated(grad_output, input, weight):
    """Theory style: dw as a true convolution, hence flipped."""
    oh, ow = grad_output.shape[2:]
    kh, kw = weight.shape[2:]
    dw = np.zeros_like(weight)
    for i in range(kh):
        for j in range(kw):
            part = input[:, :, kh - 1 - i : kh - 1 - i + oh, kw - 1 - j : kw - 1 - j + ow]
            dw[:, :, i, j] = np.einsum("nfhw,nchw->fc", grad_output, part)
    return {"dw": dw, "db": grad_output.sum(axis=(0, 2, 3))}


def conv1d(x, w, b):
    """Signal style: np.correlate along time. Right."""
    rows = [[sum(map(np.correlate, image, kernel), bias) for kernel, bias in zip(w, b, strict=True)] for image in x]
    return np.array(rows)


def conv1d_flipped(x, w, b):
    """Signal style: np.convolve, which flips the kernel."""
    out = np.zeros((len(x), len(w), x.shape[2] - w.shape[2] + 1))
    for n in range(len(x)):
        for f in range(len(w)):
            out[n, f] = b[f]
            for c in range(x.shape[1]):
                out[n, f] += np.convolve(x[n, c], w[f, c], mode="valid")
    return out


def dense_forward(x, w, b):
    """Exercise style: rows are examples, w is (I, O)."""
    return x.dot(w) + b, (x, w, b)


def dense_backward(dout, cache):
    """Exercise style. Right."""
    x, w, _ = cache
    return dout.dot(w.T), x.T.dot(dout), np.sum(dout, axis=0)


def dense_backward_averaged(dout, cache):
    """Lecture style: dw and db divided by the number of examples."""
    x, w, _ = cache
    m = x.shape[0]
    return np.dot(dout, w.T), np.dot(x.T, dout) / m, np.sum(dout, axis=0) / m


def conv_relu_forward(x, w, b):
    """Sandwich style: a convolution and its relu; the cache holds what went into the relu."""
    z = conv2d(x, w, b)
    return np.maximum(z, 0), (x, w, z)


def conv_relu_backward(dout, cache):
    """Sandwich style. Right."""
    x, w, z = cache
    return conv2d_backward(dout * (z > 0), x, w)


def conv_relu_backward_linear(dout, cache):
    """Sandwich style, the relu forgotten on the way back."""
    x, w, _ = cache
    return conv2d_backward(dout, x, w)

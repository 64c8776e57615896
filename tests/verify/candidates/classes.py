"""Convolutions as classes that keep their weights, each with its way to make them and to hand gradients out."""

import copy
import math

import numpy as np


class Conv2D:
    """Library-from-scratch style: weights made in `initialize`, gradients given to an optimizer. Right."""

    def __init__(self, n_filters, filter_shape, input_shape=None, padding="same", stride=1):
        self.n_filters = n_filters
        self.filter_shape = filter_shape
        self.padding = padding
        self.stride = stride
        self.input_shape = input_shape
        self.trainable = True

    def set_input_shape(self, shape):
        self.input_shape = shape

    def initialize(self, optimizer):
        height, width = self.filter_shape
        channels = self.input_shape[0]
        limit = 1 / math.sqrt(height * width)
        self.W = np.random.uniform(-limit, limit, size=(self.n_filters, channels, height, width))
        self.w0 = np.zeros((self.n_filters, 1))
        self.W_opt = copy.copy(optimizer)
        self.w0_opt = copy.copy(optimizer)

    def pads(self):
        if self.padding == "valid":
            return (0, 0), (0, 0)
        return tuple(((k - 1) // 2, k // 2) for k in self.filter_shape)

    def windows(self, X):
        kh, kw = self.filter_shape
        padded = np.pad(X, ((0, 0), (0, 0), *self.pads()))
        view = np.lib.stride_tricks.sliding_window_view(padded, (kh, kw), axis=(2, 3))
        return view[:, :, :: self.stride, :: self.stride]

    def forward_pass(self, X, training=True):
        self.layer_input = X
        out = np.einsum("nchwij,fcij->nfhw", self.windows(X), self.W)
        return out + self.w0.reshape(1, -1, 1, 1)

    def backward_pass(self, accum_grad):
        W = self.W
        if self.trainable:
            grad_w = np.einsum("nfhw,nchwij->fcij", accum_grad, self.windows(self.layer_input))
            grad_w0 = np.sum(accum_grad, axis=(0, 2, 3)).reshape(self.w0.shape)
            self.W = self.W_opt.update(self.W, grad_w)
            self.w0 = self.w0_opt.update(self.w0, grad_w0)
        (top, bottom), (left, right) = self.pads()
        n, c, height, width = self.layer_input.shape
        padded = np.zeros((n, c, top + height + bottom, left + width + right))
        for i in range(accum_grad.shape[2]):
            for j in range(accum_grad.shape[3]):
                y, x = i * self.stride, j * self.stride
                window = padded[:, :, y : y + self.filter_shape[0], x : x + self.filter_shape[1]]
                window += np.tensordot(accum_grad[:, :, i, j], W, axes=1)
        return padded[:, :, top : top + height, left : left + width]


class Conv3x3:
    """Digits-tutorial style: one grey image (H, W) to (H - 2, W - 2, F); backprop only updates the filters. Right."""

    def __init__(self, num_filters):
        self.num_filters = num_filters
        self.filters = np.random.randn(num_filters, 3, 3) / 9

    def iterate_regions(self, image):
        """Every 3 x 3 region and where it is."""
        h, w = image.shape
        for i in range(h - 2):
            for j in range(w - 2):
                yield image[i : i + 3, j : j + 3], i, j

    def forward(self, input):
        self.last_input = input
        h, w = input.shape
        output = np.zeros((h - 2, w - 2, self.num_filters))
        for region, i, j in self.iterate_regions(input):
            output[i, j] = np.sum(region * self.filters, axis=(1, 2))
        return output

    def backprop(self, d_L_d_out, learn_rate):
        d_L_d_filters = np.zeros(self.filters.shape)
        for region, i, j in self.iterate_regions(self.last_input):
            for f in range(self.num_filters):
                d_L_d_filters[f] += d_L_d_out[i, j, f] * region
        self.filters -= learn_rate * d_L_d_filters
        return None


class Conv3x3Mean(Conv3x3):
    """Digits-tutorial style, the mean over the positions where the gradient is their sum."""

    def backprop(self, d_L_d_out, learn_rate):
        d_L_d_filters = np.zeros(self.filters.shape)
        count = 0
        for region, i, j in self.iterate_regions(self.last_input):
            count += 1
            for f in range(self.num_filters):
                d_L_d_filters[f] += d_L_d_out[i, j, f] * region
        self.filters -= learn_rate * d_L_d_filters / count


class Conv3x3Assigned(Conv3x3):
    """Digits-tutorial style, the gradient of the last region only."""

    def backprop(self, d_L_d_out, learn_rate):
        d_L_d_filters = np.zeros(self.filters.shape)
        for region, i, j in self.iterate_regions(self.last_input):
            for f in range(self.num_filters):
                d_L_d_filters[f] = d_L_d_out[i, j, f] * region
        self.filters -= learn_rate * d_L_d_filters


class ConvParams:
    """Framework style: weights in `params`, gradients in `grads`. Right."""

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0):
        kh, kw = kernel_size if isinstance(kernel_size, tuple) else (kernel_size, kernel_size)
        scale = np.sqrt(2.0 / (in_channels * kh * kw))
        self.params = {
            "W": np.random.randn(out_channels, in_channels, kh, kw) * scale,
            "b": np.zeros(out_channels),
        }
        self.grads = {}
        self.stride, self.padding = stride, padding

    def forward(self, x):
        W, b, s, p = self.params["W"], self.params["b"], self.stride, self.padding
        kh, kw = W.shape[2:]
        self.x = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
        oh, ow = (self.x.shape[2] - kh) // s + 1, (self.x.shape[3] - kw) // s + 1
        out = np.zeros((len(x), len(W), oh, ow)) + b[:, None, None]
        for i in range(kh):
            for j in range(kw):
                tap = self.x[:, :, i : i + s * (oh - 1) + 1 : s, j : j + s * (ow - 1) + 1 : s]
                out += np.einsum("nchw,fc->nfhw", tap, W[:, :, i, j])
        return out

    def backward(self, dout):
        dx, dW, db = self.gradients(dout)
        self.grads["W"], self.grads["b"] = dW, db
        return dx

    def gradients(self, dout):
        W, s, p = self.params["W"], self.stride, self.padding
        kh, kw = W.shape[2:]
        oh, ow = dout.shape[2:]
        dx, dW = np.zeros_like(self.x), np.zeros_like(W)
        for i in range(kh):
            for j in range(kw):
                rows = slice(i, i + s * (oh - 1) + 1, s)
                cols = slice(j, j + s * (ow - 1) + 1, s)
                dW[:, :, i, j] = np.einsum("nfhw,nchw->fc", dout, self.x[:, :, rows, cols])
                dx[:, :, rows, cols] += np.einsum("nfhw,fc->nchw", dout, W[:, :, i, j])
        h, w = dx.shape[2] - 2 * p, dx.shape[3] - 2 * p
        return dx[:, :, p : p + h, p : p + w], dW, dout.sum((0, 2, 3))


class ConvAccumulates(ConvParams):
    """Framework style with gradients in attributes, which grow from call to call for want of zero_grad()."""

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0):
        super().__init__(in_channels, out_channels, kernel_size, stride, padding)
        self.dW = np.zeros_like(self.params["W"])
        self.db = np.zeros_like(self.params["b"])

    def backward(self, dout):
        dx, dW, db = self.gradients(dout)
        self.dW += dW
        self.db += db
        return dx


class ConvUpdates(ConvParams):
    """Framework style, the updated weights in `grads` where the gradients belong."""

    def backward(self, dout, lr=0.01):
        dx, dW, db = self.gradients(dout)
        self.grads["W"] = self.params["W"] - lr * dW
        self.grads["b"] = self.params["b"] - lr * db
        return dx


class LazyConv:
    """Notebook style: the weights are made when the first image shows how many channels there are. Right."""

    def __init__(self, filters, kernel_size):
        self.filters = filters
        self.kernel_size = kernel_size
        self.weights = None
        self.bias = None

    def forward(self, x):
        size = self.kernel_size
        if self.weights is None:
            fan_in = x.shape[1] * size * size
            self.weights = np.random.normal(0, 1 / np.sqrt(fan_in), (self.filters, x.shape[1], size, size))
            self.bias = np.zeros(self.filters)
        self.x = x
        h, w = x.shape[2] - size + 1, x.shape[3] - size + 1
        out = np.zeros((x.shape[0], self.filters, h, w))
        for i in range(h):
            for j in range(w):
                out[:, :, i, j] = np.tensordot(x[:, :, i : i + size, j : j + size], self.weights, ([1, 2, 3],) * 2)
        return out + self.bias[:, np.newaxis, np.newaxis]

    def backward(self, grad):
        size = self.kernel_size
        self.grad_weights = np.zeros_like(self.weights)
        self.grad_bias = grad.sum(axis=(0, 2, 3))
        dx = np.zeros_like(self.x)
        for i in range(grad.shape[2]):
            for j in range(grad.shape[3]):
                window = self.x[:, :, i : i + size, j : j + size]
                self.grad_weights += np.tensordot(grad[:, :, i, j], window, ([0], [0]))
                dx[:, :, i : i + size, j : j + size] += np.tensordot(grad[:, :, i, j], self.weights, ([1], [0]))
        return dx

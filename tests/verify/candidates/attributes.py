"""Layers that keep everything: outputs and gradients are attributes, and the methods return nothing."""

import numpy as np


class LayerDense:
    """Book style: forward sets `output`, backward sets `dinputs`, `dweights` and `dbiases`. Right."""

    def __init__(self, n_inputs, n_neurons):
        self.weights = 0.01 * np.random.randn(n_inputs, n_neurons)
        self.biases = np.zeros((1, n_neurons))

    def forward(self, inputs):
        self.inputs = inputs
        self.output = np.dot(inputs, self.weights) + self.biases

    def backward(self, dvalues):
        self.dweights = np.dot(self.inputs.T, dvalues)
        self.dbiases = np.sum(dvalues, axis=0, keepdims=True)
        self.dinputs = np.dot(dvalues, self.weights.T)


class LayerDenseMean(LayerDense):
    """The same, its gradients divided by the number of rows."""

    def backward(self, dvalues):
        super().backward(dvalues)
        self.dweights = self.dweights / len(dvalues)
        self.dbiases = self.dbiases / len(dvalues)


class ActivationReLU:
    """Book style: the gradient is copied, and cut where the input was not positive. Right."""

    def forward(self, inputs):
        self.inputs = inputs
        self.output = np.maximum(0, inputs)

    def backward(self, dvalues):
        self.dinputs = dvalues.copy()
        self.dinputs[self.inputs <= 0] = 0


def pool_forward(x, pool_param):
    """A dictionary that is asked for the window and the stride, and for nothing else. Right."""
    height, width, stride = pool_param["pool_height"], pool_param["pool_width"], pool_param["stride"]
    n, c, rows, columns = x.shape
    out = np.zeros((n, c, (rows - height) // stride + 1, (columns - width) // stride + 1))
    for i in range(out.shape[2]):
        for j in range(out.shape[3]):
            window = x[:, :, i * stride : i * stride + height, j * stride : j * stride + width]
            out[:, :, i, j] = window.max(axis=(2, 3))
    return out, (x, pool_param)


def correlate(image, kernel, bias=0):
    """One image, one kernel, and a bias that is a number. Right."""
    kh, kw = kernel.shape
    out = np.zeros((image.shape[0] - kh + 1, image.shape[1] - kw + 1))
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = (image[i : i + kh, j : j + kw] * kernel).sum() + bias
    return out

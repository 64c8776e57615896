"""Activations as pairs of functions: forward returns a cache."""

import numpy as np


def relu_forward(x):
    """Exercise style."""
    out = np.maximum(0, x)
    return out, x


def relu_backward(dout, cache):
    """Exercise style. Right."""
    x = cache
    return np.where(x > 0, dout, 0)


def relu_backward_forgotten(dout, cache):
    """Exercise style, the mask forgotten."""
    dx = np.array(dout, copy=True)
    return dx


def relu_backward_in_place(dout, cache):
    """Exercise style, the mask written into the gradient that was passed in."""
    dout[cache <= 0] = 0
    return dout


def relu_forward_in_place(x):
    """Thrifty style: negative numbers of the argument overwritten."""
    x[x < 0] = 0
    return x


def sigmoid(z):
    """The logistic function."""
    return 1.0 / (1.0 + np.exp(-z))


def sigmoid_forward(z):
    """Lecture style: the cache is z."""
    return sigmoid(z), z


def sigmoid_backward(da, cache):
    """Lecture style: the output computed again. Right."""
    s = sigmoid(cache)
    return da * s * (1 - s)


def sigmoid_backward_as_output(da, cache):
    """Lecture style, the cached z taken for the output."""
    s = cache
    return da * s * (1 - s)


def sigmoid_forward_output(z):
    """Lecture style: the cache is the output."""
    a = sigmoid(z)
    return a, a


def sigmoid_backward_twice(da, cache):
    """Lecture style, the sigmoid of the output that is cached already."""
    a = sigmoid(cache)
    return da * a * (1 - a)


def tanh_forward(x):
    """Exercise style: the cache is the output."""
    y = np.tanh(x)
    return y, y


def tanh_backward(dy, cache):
    """Exercise style. Right."""
    return dy * (1 - cache**2)


def tanh_backward_no_square(dy, cache):
    """Exercise style, the square forgotten."""
    return dy * (1 - cache)


def leaky_relu(x, alpha=0.01):
    """One-line style. Right."""
    return np.maximum(alpha * x, x)


def leaky_relu_backward(dout, x, alpha=0.01):
    """One-line style. Right."""
    return dout * np.where(x > 0, 1.0, alpha)


def leaky_relu_backward_zero(dout, x):
    """One-line style, the slope of the left side forgotten."""
    return dout * (x > 0)

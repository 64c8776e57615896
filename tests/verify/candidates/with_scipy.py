"""Convolutions that leave the sums to SciPy, a channel at a time."""

import numpy as np
from scipy import signal


class Convolutional:
    """Network-from-scratch style: one image, a bias for every output position, weights updated in backward. Right."""

    def __init__(self, input_shape, kernel_size, depth):
        input_depth, input_height, input_width = input_shape
        self.depth = depth
        self.input_shape = input_shape
        self.input_depth = input_depth
        self.output_shape = (depth, input_height - kernel_size + 1, input_width - kernel_size + 1)
        self.kernels_shape = (depth, input_depth, kernel_size, kernel_size)
        self.kernels = np.random.randn(*self.kernels_shape)
        self.biases = np.random.randn(*self.output_shape)

    def forward(self, input):
        self.input = input
        self.output = np.copy(self.biases)
        for i in range(self.depth):
            for j in range(self.input_depth):
                self.output[i] += signal.correlate2d(self.input[j], self.kernels[i, j], "valid")
        return self.output

    def backward(self, output_gradient, learning_rate):
        kernels_gradient = np.zeros(self.kernels_shape)
        input_gradient = np.zeros(self.input_shape)
        for i in range(self.depth):
            for j in range(self.input_depth):
                kernels_gradient[i, j] = signal.correlate2d(self.input[j], output_gradient[i], "valid")
                input_gradient[j] += self.spread(output_gradient[i], self.kernels[i, j])
        self.kernels -= learning_rate * kernels_gradient
        self.biases -= learning_rate * output_gradient
        return input_gradient

    def spread(self, gradient, kernel):
        return signal.convolve2d(gradient, kernel, "full")


class ConvolutionalNotRotated(Convolutional):
    """Network-from-scratch style, the full correlation in place of the full convolution."""

    def spread(self, gradient, kernel):
        return signal.correlate2d(gradient, kernel, "full")


class ConvolutionalOnceRotated(Convolutional):
    """Network-from-scratch style, the kernel turned by 90 degrees and not by 180."""

    def spread(self, gradient, kernel):
        return signal.correlate2d(gradient, np.rot90(kernel), "full")


class ConvolutionalLastFilter(Convolutional):
    """Network-from-scratch style, dx set anew by every filter."""

    def backward(self, output_gradient, learning_rate):
        input_gradient = np.zeros(self.input_shape)
        kernels_gradient = np.zeros(self.kernels_shape)
        for i in range(self.depth):
            for j in range(self.input_depth):
                kernels_gradient[i, j] = signal.correlate2d(self.input[j], output_gradient[i], "valid")
                input_gradient[j] = signal.convolve2d(output_gradient[i], self.kernels[i, j], "full")
        self.kernels -= learning_rate * kernels_gradient
        self.biases -= learning_rate * output_gradient
        return input_gradient


class ConvolutionalTrue(Convolutional):
    """Network-from-scratch style, a true convolution: forward and backward agree with each other, not with a layer."""

    def forward(self, input):
        self.input = input
        self.output = self.biases.copy()
        for kernels, plane in zip(self.kernels, self.output, strict=True):
            for channel, kernel in zip(input, kernels, strict=True):
                plane += signal.convolve2d(channel, kernel, "valid")
        return self.output

    def backward(self, output_gradient, learning_rate):
        kernels_gradient = np.zeros(self.kernels_shape)
        input_gradient = np.zeros(self.input_shape)
        for i in range(self.depth):
            for j in range(self.input_depth):
                turned = np.rot90(output_gradient[i], 2)
                kernels_gradient[i, j] = signal.convolve2d(self.input[j], turned, "valid")[::-1, ::-1]
                input_gradient[j] += signal.correlate2d(output_gradient[i], self.kernels[i, j], "full")
        self.kernels -= learning_rate * kernels_gradient
        self.biases -= learning_rate * output_gradient
        return input_gradient


def conv2d_convolved(images, kernels, bias):
    """Signal-processing style: convolve2d, which flips the kernel, where a layer correlates."""
    n, channels = images.shape[:2]
    filters = len(kernels)
    maps = []
    for i in range(n):
        for f in range(filters):
            maps.append(sum(signal.convolve2d(images[i, c], kernels[f, c], mode="valid") for c in range(channels)))
    out = np.array(maps).reshape(n, filters, *maps[0].shape)
    return out + bias[None, :, None, None]


def conv2d_fft(x, weight, bias):
    """Signal-processing style: a fast convolution with the flipped kernel. Right."""
    flipped = weight[:, ::-1, ::-1, ::-1]
    out = [[signal.fftconvolve(image, kernel, mode="valid")[0] for kernel in flipped] for image in x]
    return np.array(out) + bias.reshape(1, -1, 1, 1)


def same_forward(image, kernel):
    """Signal-processing style: one image, one kernel with odd sides, as large as it was. Right."""
    return signal.correlate2d(image, kernel, mode="same", boundary="fill", fillvalue=0)


def same_backward(delta, image, kernel):
    """Signal-processing style: the gradients of `same_forward`. Right."""
    kh, kw = kernel.shape
    grad_image = signal.convolve2d(delta, kernel, mode="same")
    grad_kernel = signal.correlate2d(np.pad(image, ((kh // 2, kh // 2), (kw // 2, kw // 2))), delta, mode="valid")
    return grad_image, grad_kernel


def same_backward_full(delta, image, kernel):
    """Signal-processing style: the gradient of the padded image comes back, not that of the image."""
    kh, kw = kernel.shape
    grad_image = signal.convolve2d(delta, kernel, mode="full")
    grad_kernel = signal.correlate2d(np.pad(image, ((kh // 2, kh // 2), (kw // 2, kw // 2))), delta, mode="valid")
    return grad_image, grad_kernel

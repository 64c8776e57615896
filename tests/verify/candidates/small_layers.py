"""The small classes around a convolution: dense layers, activations, a pool."""

import numpy as np


class Dense:
    """Network-from-scratch style: x is (N, I), W is (I, O). Right."""

    def __init__(self, n_inputs, n_outputs):
        self.W = np.random.randn(n_inputs, n_outputs) * 0.1
        self.b = np.zeros((1, n_outputs))

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, grad):
        self.dW = self.x.T @ grad
        self.db = grad.sum(axis=0, keepdims=True)
        return grad @ self.W.T


class DenseColumnBias(Dense):
    """Network-from-scratch style, the gradient of the bias not summed over the batch."""

    def backward(self, grad):
        self.dW = np.dot(self.x.T, grad)
        self.db = grad
        return np.dot(grad, self.W.T)


class DenseLearns:
    """Gradient-descent style: backward updates the weights first, and then dx is of the new ones."""

    def __init__(self, input_size, output_size):
        self.weights = np.random.rand(input_size, output_size) - 0.5
        self.bias = np.random.rand(1, output_size) - 0.5

    def forward(self, input_data):
        self.input = input_data
        self.output = np.dot(self.input, self.weights) + self.bias
        return self.output

    def backward(self, output_error, learning_rate):
        weights_error = np.dot(self.input.T, output_error)
        self.weights -= learning_rate * weights_error
        self.bias -= learning_rate * output_error.sum(axis=0, keepdims=True)
        return np.dot(output_error, self.weights.T)


class SigmoidDense:
    """Perceptron style: a dense layer and its sigmoid in one. Right."""

    def __init__(self, in_features, out_features):
        self.W = np.random.randn(out_features, in_features)
        self.b = np.random.randn(out_features)

    def forward(self, x):
        self.x = x
        self.a = 1 / (1 + np.exp(-(x @ self.W.T + self.b)))
        return self.a

    def backward(self, da):
        delta = self.delta(da)
        return {"dx": delta @ self.W, "dW": delta.T @ self.x, "db": delta.sum(axis=0)}

    def delta(self, da):
        return da * self.a * (1 - self.a)


class SigmoidDenseLinear(SigmoidDense):
    """Perceptron style, the derivative of the sigmoid forgotten."""

    def delta(self, da):
        return da


class ReLU:
    """Framework style: a mask from forward to backward. Right."""

    def forward(self, x):
        self.mask = x <= 0
        out = x.copy()
        out[self.mask] = 0
        return out

    def backward(self, dout):
        dx = dout.copy()
        dx[self.mask] = 0
        return dx


class ReLUInPlace:
    """Framework style, saving a copy: backward writes into the gradient that it was given."""

    def forward(self, x):
        self.mask = x <= 0
        return np.where(self.mask, 0, x)

    def backward(self, dout):
        dout[self.mask] = 0
        return dout


class ReLUStale:
    """Framework style, the mask of the gradient where that of the input belongs."""

    def forward(self, x):
        self.x = x
        return np.maximum(0, x)

    def backward(self, dout):
        return dout * (dout > 0)


class MaxPool2:
    """Digits-tutorial style, (H, W, F) by 2 x 2 regions: every tied maximum gets the whole gradient."""

    def iterate_regions(self, image):
        """Every 2 x 2 region and where it is."""
        for i in range(image.shape[0] // 2):
            for j in range(image.shape[1] // 2):
                yield image[i * 2 : i * 2 + 2, j * 2 : j * 2 + 2], i, j

    def forward(self, input):
        self.last_input = input
        h, w, num_filters = input.shape
        output = np.zeros((h // 2, w // 2, num_filters))
        for region, i, j in self.iterate_regions(input):
            output[i, j] = np.amax(region, axis=(0, 1))
        return output

    def backprop(self, d_L_d_out):
        d_L_d_input = np.zeros(self.last_input.shape)
        for region, i, j in self.iterate_regions(self.last_input):
            h, w, f = region.shape
            largest = np.amax(region, axis=(0, 1))
            for y in range(h):
                for x in range(w):
                    for k in range(f):
                        if region[y, x, k] == largest[k]:
                            d_L_d_input[i * 2 + y, j * 2 + x, k] = d_L_d_out[i, j, k]
        return d_L_d_input


class MaxPool2First(MaxPool2):
    """Digits-tutorial style, the first maximum of a region gets the gradient. Right."""

    def backprop(self, d_L_d_out):
        d_L_d_input = np.zeros(self.last_input.shape)
        for region, i, j in self.iterate_regions(self.last_input):
            for k in range(region.shape[2]):
                y, x = np.unravel_index(np.argmax(region[:, :, k]), region.shape[:2])
                d_L_d_input[i * 2 + y, j * 2 + x, k] = d_L_d_out[i, j, k]
        return d_L_d_input

"""Layers as students and engineers write them, about half of them right, and what should be said of each.

A file is a style. `CANDIDATES` is the table: the layer that a candidate is meant to be, the attributes that it fixes,
the verdict, and the code of the cause for every output that is not right; outputs that `causes` leaves out are right.
Attributes that a candidate can be told are left out, so that a test may vary them; so are dilations and group, which
are 1 wherever a candidate has no parameter for them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

CORRECT, CONVENTIONS, WRONG = "correct", "correct-with-conventions", "wrong"


@dataclass(frozen=True)
class Candidate:
    """target: a function, a class, or the names of a forward and a backward function of `file`."""

    name: str
    file: str
    target: str | tuple[str, str]
    layer: str
    attributes: Mapping[str, Any]
    verdict: str
    causes: Mapping[str, str]


UNPADDED: dict[str, Any] = {"pads": (0, 0, 0, 0)}
PLAIN = {"strides": (1, 1), **UNPADDED}
SAME = {"kernel_shape": (3, 3), "strides": (1, 1), "pads": (1, 1, 1, 1)}
PHOTO = {**SAME, "bias": 0}
EVEN = {"kernel_shape": (2, 2), "strides": (1, 1), "pads": (0, 0, 1, 1), "bias": 0}
MAP = {"in_channels": 1, "out_channels": 1, "bias": 0, **PLAIN}
SAME_MAP = {**MAP, **SAME}
GREY = {"kernel_shape": (3, 3), "in_channels": 1, "bias": 0, **PLAIN}
HALVES = {"kernel_shape": (2, 2), "strides": (2, 2), **UNPADDED}
LINE = {"strides": (1,), "pads": (0, 0)}
MEAN = {"count_include_pad": 0}
BLOCKS = {**HALVES, **MEAN}
SANDWICH = {"activation": "relu", **PLAIN}
TRUE_CONVOLUTION = "y convolution-for-correlation, dx kernel-not-rotated, dw kernel-rotated"

# By file: the target (two names: forward and backward), the layer, its attributes, the verdict, and the outputs that
# are not right with their cause.
_ROWS: dict[str, tuple[tuple[str, str, dict[str, Any], str, str], ...]] = {
    "loops.py": (
        ("conv_forward_naive", "conv2d", {}, CORRECT, ""),
        ("conv_forward_naive conv_backward_naive", "conv2d", {}, CORRECT, ""),
        ("conv_forward_naive conv_backward_naive_mean", "conv2d", {}, CONVENTIONS, "dw db batch-mean"),
        ("conv_forward_naive conv_backward_naive_half_mean", "conv2d", {}, CONVENTIONS, "dw batch-mean"),
        ("conv_forward_naive conv_backward_naive_crop", "conv2d", {}, WRONG, "dx empty-crop"),
        ("conv_forward_naive conv_backward_naive_leftover", "conv2d", {}, WRONG, "dx leftover-rows"),
        ("conv_forward_naive conv_backward_naive_reset", "conv2d", {}, WRONG, "dw batch-last-only"),
        ("conv_forward_naive conv_backward_naive_unused", "conv2d", {}, WRONG, "dx all-zero"),
        ("conv_forward_naive conv_backward_naive_off_by_one", "conv2d", {}, WRONG, "dx padding-off-by-one"),
        ("conv_forward conv_backward", "conv2d", {}, CORRECT, ""),
        ("conv_forward conv_backward_no_stride", "conv2d", {}, WRONG, "dx dw stride-ignored"),
        ("conv_forward conv_backward_assigns", "conv2d", {}, WRONG, "dw db assigned-not-accumulated"),
    ),
    "im2col.py": (
        ("conv_forward conv_backward", "conv2d", {}, CORRECT, ""),
        ("conv_forward conv_backward_reshaped", "conv2d", {}, WRONG, "dw reshape-without-transpose"),
        ("conv_forward conv_backward_flattened", "conv2d", {}, WRONG, "dx dw reshape-without-transpose"),
        ("conv_forward conv_backward_last_tap", "conv2d", {}, WRONG, "dx assigned-not-accumulated"),
        ("conv_forward conv_backward_last_window", "conv2d", {}, WRONG, "dx assigned-not-accumulated"),
        ("conv_forward_reshaped", "conv2d", {}, WRONG, "y reshape-without-transpose"),
    ),
    "with_scipy.py": (
        ("Convolutional", "conv2d", PLAIN, CORRECT, ""),
        ("ConvolutionalNotRotated", "conv2d", PLAIN, WRONG, "dx kernel-not-rotated"),
        ("ConvolutionalOnceRotated", "conv2d", PLAIN, WRONG, "dx kernel-transposed"),
        ("ConvolutionalLastFilter", "conv2d", PLAIN, WRONG, "dx filter-last-only"),
        ("ConvolutionalTrue", "conv2d", PLAIN, WRONG, TRUE_CONVOLUTION),
        ("conv2d_convolved", "conv2d", PLAIN, WRONG, "y convolution-for-correlation"),
        ("conv2d_fft", "conv2d", PLAIN, CORRECT, ""),
        ("same_forward same_backward", "conv2d", SAME_MAP, CORRECT, ""),
        ("same_forward same_backward_full", "conv2d", SAME_MAP, WRONG, "dx padding-not-cropped"),
    ),
    "classes.py": (
        ("Conv2D", "conv2d", SAME, CORRECT, ""),
        ("Conv3x3", "conv2d", GREY, CORRECT, ""),
        ("Conv3x3Mean", "conv2d", GREY, WRONG, "dw scaled"),
        ("Conv3x3Assigned", "conv2d", GREY, WRONG, "dw assigned-not-accumulated"),
        ("ConvParams", "conv2d", {}, CORRECT, ""),
        ("ConvAccumulates", "conv2d", {}, WRONG, "dw db accumulated-over-calls"),
        ("ConvUpdates", "conv2d", {}, WRONG, "dw db weight-update-returned"),
        ("LazyConv", "conv2d", PLAIN, CORRECT, ""),
    ),
    "small_layers.py": (
        ("Dense", "dense", {}, CORRECT, ""),
        ("DenseColumnBias", "dense", {}, WRONG, "db bias-gradient-not-summed"),
        ("DenseLearns", "dense", {}, WRONG, "dx weights-updated-first"),
        ("SigmoidDense", "dense", {"activation": "sigmoid"}, CORRECT, ""),
        ("SigmoidDenseLinear", "dense", {"activation": "sigmoid"}, WRONG, "dx dw db activation-derivative-missing"),
        ("ReLU", "relu", {}, CORRECT, ""),
        ("ReLUInPlace", "relu", {}, CONVENTIONS, "dx input-mutated"),
        ("ReLUStale", "relu", {}, WRONG, "dx unexplained"),
        ("MaxPool2", "max_pool2d", HALVES, WRONG, "dx ties-duplicated"),
        ("MaxPool2First", "max_pool2d", HALVES, CORRECT, ""),
    ),
    "attributes.py": (
        ("LayerDense", "dense", {}, CORRECT, ""),
        ("LayerDenseMean", "dense", {}, CONVENTIONS, "dw db batch-mean"),
        ("ActivationReLU", "relu", {}, CORRECT, ""),
        ("pool_forward", "max_pool2d", {}, CORRECT, ""),
        ("correlate", "conv2d", {}, CORRECT, ""),
    ),
    "nhwc.py": (
        ("conv_forward_nhwc conv_backward_nhwc", "conv2d", {}, CORRECT, ""),
        ("conv_forward_nhwc conv_backward_nhwc_positions", "conv2d", {}, WRONG, "db bias-gradient-not-summed"),
        ("conv2d conv2d_backward", "conv2d", PHOTO, CORRECT, ""),
        ("conv2d conv2d_backward_halves", "conv2d", EVEN, WRONG, "dx dw same-padding-mismatch"),
        ("conv_hwc", "conv2d", PHOTO, CORRECT, ""),
        ("conv_hwc_swapped", "conv2d", PHOTO, WRONG, "y kernel-transposed"),
    ),
    "pools.py": (
        ("max_pool_forward max_pool_backward", "max_pool2d", UNPADDED, CORRECT, ""),
        ("max_pool_forward max_pool_backward_mask", "max_pool2d", UNPADDED, WRONG, "dx ties-duplicated"),
        ("max_pool_forward max_pool_backward_assigned", "max_pool2d", UNPADDED, WRONG, "dx assigned-not-accumulated"),
        ("max_pool_forward max_pool_backward_split", "max_pool2d", UNPADDED, CONVENTIONS, "dx ties-split"),
        ("max_pool_backward_last", "max_pool2d", UNPADDED, CONVENTIONS, "dx ties-split"),
        ("max_pool_backward_global", "max_pool2d", UNPADDED, WRONG, "dx argmax-global"),
        ("max_pool_backward_no_offset", "max_pool2d", UNPADDED, WRONG, "dx argmax-global"),
        ("average_pool_forward average_pool_backward", "average_pool2d", MEAN, CORRECT, ""),
        ("average_pool_forward average_pool_backward_divisor", "average_pool2d", MEAN, WRONG, "dx pool-divisor"),
        ("average_pool_backward_kron", "average_pool2d", BLOCKS, WRONG, "dx pool-divisor"),
    ),
    "activations.py": (
        ("relu_forward relu_backward", "relu", {}, CORRECT, ""),
        ("relu_forward relu_backward_forgotten", "relu", {}, WRONG, "dx incoming-gradient-returned"),
        ("relu_forward relu_backward_in_place", "relu", {}, CONVENTIONS, "dx input-mutated"),
        ("relu_forward_in_place", "relu", {}, CONVENTIONS, "y input-mutated"),
        ("sigmoid_forward sigmoid_backward", "sigmoid", {}, CORRECT, ""),
        ("sigmoid_forward sigmoid_backward_as_output", "sigmoid", {}, WRONG, "dx activation-derivative-misplaced"),
        ("sigmoid_forward_output sigmoid_backward_twice", "sigmoid", {}, WRONG, "dx activation-derivative-misplaced"),
        ("tanh_forward tanh_backward", "tanh", {}, CORRECT, ""),
        ("tanh_forward tanh_backward_no_square", "tanh", {}, WRONG, "dx unexplained"),
        ("leaky_relu", "leaky_relu", {}, CORRECT, ""),
        ("leaky_relu_backward", "leaky_relu", {}, CORRECT, ""),
        ("leaky_relu_backward_zero", "leaky_relu", {}, WRONG, "dx unexplained"),
    ),
    "lists.py": (
        ("correlate", "conv2d", MAP, CORRECT, ""),
        ("correlate_aliased", "conv2d", MAP, WRONG, "y unexplained"),
        ("correlate_short", "conv2d", MAP, WRONG, "y wrong-shape"),
        ("conv2d", "conv2d", UNPADDED, CORRECT, ""),
        ("conv2d_bias_each_channel", "conv2d", UNPADDED, WRONG, "y bias-repeated"),
        ("conv2d_grads", "conv2d", PLAIN, CORRECT, ""),
        ("relu", "relu", {"rank": 2}, CORRECT, ""),
    ),
    "habits.py": (
        ("forward_prints", "conv2d", {}, CORRECT, ""),
        ("forward_float32", "conv2d", {}, CORRECT, ""),
        ("forward_int_buffer", "conv2d", {}, WRONG, "y integer-truncation"),
        ("forward_turns_weights", "conv2d", PLAIN, CONVENTIONS, "y input-mutated"),
        ("forward_stride_unused", "conv2d", {}, WRONG, "y stride-ignored"),
        ("forward_without_bias", "conv2d", {}, WRONG, "y bias-missing"),
        ("forward_ceil", "conv2d", UNPADDED, WRONG, "y leftover-rows"),
        ("backward_no_gaps", "conv2d", UNPADDED, CORRECT, ""),
        ("backward_overlap", "conv2d", UNPADDED, CORRECT, ""),
        ("backward_scales_dout", "conv2d", PLAIN, CONVENTIONS, "dx dw db batch-mean"),
        ("backward_consumes_dout", "conv2d", PLAIN, CONVENTIONS, "dx dw db input-mutated"),
        ("backward_doubled", "conv2d", PLAIN, WRONG, "dx dw db scaled"),
        ("backward_padded_dout", "conv2d", {"strides": (1, 1)}, WRONG, "dx dw upstream-padded"),
    ),
    "functional.py": (
        ("conv2d", "conv2d", {}, CORRECT, ""),
        ("conv2d_interleaved", "conv2d", {}, WRONG, "y groups-ignored"),
        ("conv2d_exchanged", "conv2d", {}, WRONG, "y axes-swapped"),
        ("conv2d_scales_exchanged", "conv2d", {}, WRONG, "y stride-dilation-swapped"),
        ("conv_transpose2d", "conv_transpose2d", {}, CORRECT, ""),
        ("conv_transpose2d_gathered", "conv_transpose2d", {}, WRONG, "y convolution-for-correlation"),
        ("conv2d_backward", "conv2d", {}, CORRECT, ""),
        ("conv2d_backward_undilated", "conv2d", {}, WRONG, "dx dilation-ignored"),
        ("conv2d_weight_grad_rotated", "conv2d", PLAIN, WRONG, "dw kernel-rotated"),
        ("conv1d", "conv1d", LINE, CORRECT, ""),
        ("conv1d_flipped", "conv1d", LINE, WRONG, "y convolution-for-correlation"),
        ("dense_forward dense_backward", "dense", {}, CORRECT, ""),
        ("dense_forward dense_backward_averaged", "dense", {}, CONVENTIONS, "dw db batch-mean"),
        ("conv_relu_forward conv_relu_backward", "conv2d", SANDWICH, CORRECT, ""),
        (
            "conv_relu_forward conv_relu_backward_linear",
            "conv2d",
            SANDWICH,
            WRONG,
            "dx dw db activation-derivative-missing",
        ),
    ),
    "conv.c": (
        ("conv2d_forward", "conv2d", {}, CORRECT, ""),
        ("conv2d_forward_overread", "conv2d", {}, WRONG, "y nan"),
        ("conv2d_forward_square", "conv2d", {}, WRONG, "y unexplained"),
        ("conv2d_backward_data", "conv2d", {}, CORRECT, ""),
        ("conv2d_backward_data_unstrided", "conv2d", {}, WRONG, "dx stride-ignored"),
        ("conv2d_backward_weights", "conv2d", {}, CORRECT, ""),
        ("conv2d_backward_weights_adds", "conv2d", {}, WRONG, "dw db accumulated-over-calls"),
        ("max_pool2x2", "max_pool2d", HALVES, CORRECT, ""),
    ),
}


def _candidates() -> Iterator[Candidate]:
    for file, rows in _ROWS.items():
        for words, layer, attributes, verdict, mistake in rows:
            forward, *backward = words.split()
            causes: dict[str, str] = {}
            for part in filter(None, mistake.split(", ")):
                *outputs, cause = part.split()
                causes |= dict.fromkeys(outputs, cause)
            yield Candidate(
                f"{file}:{(backward or [forward])[0]}",
                file,
                (forward, backward[0]) if backward else forward,
                layer,
                attributes,
                verdict,
                causes,
            )


CANDIDATES: tuple[Candidate, ...] = tuple(_candidates())

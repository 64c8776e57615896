"""Attributes: aliases, symbols, defaults, and what auto_pad means."""

from __future__ import annotations

import pytest
import sympy as sp

import symconv as sc
from symconv.ir import UserError, offset, size
from symconv.layers import build_layer, layer_from_toml


def test_aliases_give_the_same_layer() -> None:
    """PyTorch's spellings and ONNX's."""
    onnx = build_layer(
        "conv2d", {"kernel_shape": (3, 3), "strides": (2, 2), "pads": (1, 2, 1, 2), "dilations": 1, "group": 1}
    )
    torch = build_layer("conv2d", {"kernel_size": 3, "stride": 2, "padding": (1, 2), "dilation": 1, "groups": 1})
    assert onnx.statements == torch.statements


def test_what_is_left_out_is_symbolic() -> None:
    """Strides and dilations are scales, pads and kernel are sizes."""
    context = build_layer("conv2d", {}).context
    assert {s.name for s in context.scales} == {"s_h", "s_w", "d_h", "d_w"}
    assert {size("KH"), size("G"), offset("p_h"), offset("q_w")} <= set(context.sizes)


def test_a_name_is_a_symbol() -> None:
    """strides=("s", 2), and SymPy symbols by their name."""
    context = build_layer("conv2d", {"strides": ("s", 2), "dilations": (1, sp.Symbol("dil"))}).context
    assert [s.name for s in context.scales] == ["s", "dil"]


@pytest.mark.parametrize(
    ("kernel", "stride", "dilation"), [(3, 1, 1), (3, 2, 1), (2, 1, 1), (2, 2, 1), (5, 3, 1), (3, 2, 2)]
)
@pytest.mark.parametrize("mode", ["SAME_UPPER", "SAME_LOWER"])
def test_auto_pad(kernel: int, stride: int, dilation: int, mode: str) -> None:
    """The output is ceil(extent / stride) in numbers, and the symbolic relations agree with the numbers."""
    given = {"kernel_shape": kernel, "strides": stride, "dilations": dilation, "auto_pad": mode, "group": 1}
    for extent in range(dilation * (kernel - 1) + 1, 12):
        numeric = build_layer("conv1d", {**given, "input_shape": (1, 1, extent)})
        outputs = int(numeric.context.shape("y")[-1])
        assert outputs == -(-extent // stride)
        total = max((outputs - 1) * stride + dilation * (kernel - 1) + 1 - extent, 0)
        small, large = total // 2, total - total // 2
        before, after = (small, large) if mode == "SAME_UPPER" else (large, small)
        symbolic = build_layer("conv1d", given).context
        values = {"W": extent, "OW": outputs, "p_w": before if mode == "SAME_UPPER" else after,
                  "q_w": after if mode == "SAME_UPPER" else before}  # fmt: skip
        put = {s: sp.Integer(values[s.name]) for s in symbolic.sizes if s.name in values}
        assert all(a.lo.xreplace(put) <= a.e.xreplace(put) <= a.hi.xreplace(put) for a in symbolic.assumptions)


def test_specs_are_values() -> None:
    """Equal attributes, equal specs; immutable; checked when made."""
    a, b = sc.Conv2d(strides=(2, 2)), sc.Conv2d(strides=(2, 2))
    assert a == b
    assert hash(a) == hash(b)
    assert a != sc.Conv2d(strides=(2, 1))
    assert repr(a) == "Conv2d(strides=(2, 2))"
    with pytest.raises(AttributeError, match="immutable"):
        a.attributes = {}
    with pytest.raises(UserError, match="did you mean stride"):
        sc.Conv2d(stridez=(2, 2))


def test_a_layer_from_a_file(tmp_path) -> None:
    """The file says the layer and its attributes."""
    path = tmp_path / "layer.toml"
    path.write_text('layer = "conv2d"\nkernel_shape = [3, 3]\nstrides = ["s", 2]\n')
    assert (
        layer_from_toml(path).statements
        == build_layer("conv2d", {"kernel_shape": (3, 3), "strides": ("s", 2)}).statements
    )
    path.write_text("strides = [1, 1]")
    with pytest.raises(UserError, match="layer = "):
        layer_from_toml(path)
    path.write_text("layer = ")
    with pytest.raises(UserError, match="no TOML"):
        layer_from_toml(path)


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"strides": (1, 2, 3)}, "3 entries"),
        ({"strides": True}, "True"),
        ({"strides": 0}, "0"),
        ({"kernel_shape": float("nan")}, "nan"),
        ({"kernel_shape": 1.0}, "1.0"),
        ({"pads": (1, 1)}, "2 entries"),
        ({"auto_pad": "SOME"}, "SAME_UPPER"),
        ({"auto_pad": "VALID", "pads": 1}, "one of them"),
        ({"group": 2, "in_channels": 3}, "divisible"),
        ({"group": 2, "in_channels": 4, "out_channels": 3}, "divisible"),
        ({"in_channels": 4, "input_shape": (1, 3, 8, 8)}, "in_channels"),
        ({"kernel_shape": "for"}, "for"),
        ({"kernel_shape": "a b"}, "a b"),
        ({"strides": ("s", "*/ system")}, "system"),
    ],
)
def test_mistakes(attributes: dict, message: str) -> None:
    """One line that names the value."""
    with pytest.raises(UserError) as caught:
        build_layer("conv2d", attributes)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)

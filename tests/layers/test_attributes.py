"""Attributes: aliases, symbols, defaults, and what auto_pad means."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
import sympy as sp

import symconv as sc
from symconv.ir import UserError, offset, size
from symconv.layers import REGISTRY, build_layer, layer_from_toml


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
        ({"strides": 2**63}, "2**63 - 1"),
        ({"strides": 10**5000}, "16610 bits"),
        ({"strides": (10**5000, 1, 1)}, "3 entries"),
        ({"strides": 2, "stride": 10**5000}, "twice"),
        ({"padding": "same", "auto_pad": "VALID"}, "twice"),
        ({"padding": (1, 1, 1)}, "padding = (1, 1, 1) has 3 entries: give 2"),
        ({"strides": np.ones((2, 2))}, "array"),
        ({"strides": sp.Symbol("a b")}, "strides has the entry a b"),
        ({"strides": ("n", 2)}, "'n'"),
        ({"kernel_shape": "ow"}, "'ow'"),
        ({"pads": ("H", 0, 0, 0)}, "'H'"),
        ({"strides": "t", "pads": "t"}, "different names"),
        ({"bias": 1.0}, "give 0 or 1"),
        ({"input_shape": 5}, "give 4, one for each of the axes n, c, h, w"),
        ({"input_shape": (1, 4, 8, 8), "group": "G"}, "give numbers for both, or group = 1"),
        (
            {"kernel_shape": 3, "strides": 1, "dilations": 2, "pads": 0, "group": 1, "input_shape": (1, 1, 4, 9)},
            "5 rows) is larger than the padded input 4 on axis h",
        ),
        ({"rank": 3}, "unknown attribute 'rank'"),
        ({"name": 3}, "unknown attribute 'name'"),
        ({3: 4}, "unknown attribute 3"),
    ],
)
def test_mistakes(attributes: dict, message: str) -> None:
    """One line that names the value."""
    with pytest.raises(UserError) as caught:
        build_layer("conv2d", attributes)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "attributes", "message"),
    [
        ("conv2", {}, "did you mean conv2d"),
        ("Conv 2d", {}, "unknown layer"),
        (["conv2d"], {}, "unknown layer"),
        ("average_pool1d", {"kernel_shape": 2, "dilations": 1, "pads": 2}, "0/0"),
        ("max_pool2d", {"ceil_mode": 2}, "give 0 or 1"),
        ("max_pool2d", {"input_shape": 5}, "give 4"),
        ("lp_pool2d", {"p": 0}, "p has the entry 0"),
        ("conv_transpose1d", {"kernel_shape": 1, "strides": 1, "pads": 2, "group": 1, "input_shape": (1, 1, 3),
                              "dilations": 1}, "output of -1 rows"),
        ("dense", {"in_channels": "n"}, "'n'"),
        ("relu", {"rank": 6}, "0 to 5"),
        ("relu", {"rank": True}, "True"),
        ("relu", {"alpha": 1}, "known: rank"),
        ("leaky_relu", {"alpha": float("nan")}, "alpha"),
        ("leaky_relu", {"alpha": 10**5000}, "40 digits"),
        ("leaky_relu", {"alpha": "1/0"}, "zero"),
        ("squared_error", {"rank": 1}, "it has none"),
    ],
)  # fmt: skip
def test_mistakes_in_other_layers(name: object, attributes: dict, message: str) -> None:
    """The same rules for every layer."""
    with pytest.raises(UserError) as caught:
        build_layer(name, attributes)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"layer = 'conv2d'\nstrides = " + b"9" * 5000, "no TOML"),
        (b"a = " + b"[" * 5000, "nested too deeply"),
        (b"layer = '\xff'", "no TOML"),
        (b"layer = 'conv2d'\nstridez = 1", "did you mean stride"),
        (b"layer = 'conv2d'\nstrides = nan", "nan"),
        (b"layer = 'conv2d'\nstrides = 1979-05-27", "date"),
        (b"layer = 3", "layer = "),
    ],
)
def test_files_with_mistakes(tmp_path, text: bytes, message: str) -> None:
    """Every error names the file, on one line."""
    path = tmp_path / "layer.toml"
    path.write_bytes(text)
    with pytest.raises(UserError) as caught:
        layer_from_toml(path)
    assert message in str(caught.value)
    assert "layer.toml" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("path", ["missing.toml", ".", "a\0b"])
def test_files_that_cannot_be_read(path: str) -> None:
    """Missing, a folder, no path at all."""
    with pytest.raises(UserError, match="spec "):
        layer_from_toml(path)


def test_attributes_print_as_they_were_understood() -> None:
    """PyTorch's padding is told as ONNX's pads."""
    assert dict(build_layer("conv2d", {"padding": (1, 2)}).attributes) == {"pads": (1, 2, 1, 2)}
    assert dict(build_layer("conv2d", {"padding": 1}).attributes) == {"pads": 1}
    same = build_layer("conv1d", {"padding": "same", "kernel_size": 3, "stride": 1, "dilation": 1})
    assert dict(same.attributes)["auto_pad"] == "SAME_UPPER"


def test_one_name_is_one_symbol() -> None:
    """A name may be shared by attributes of one kind, as that of a square kernel."""
    context = build_layer("conv2d", {"kernel_shape": ("K", "K"), "pads": "p"}).context
    names = [s.name for s in (*context.sizes, *context.scales)]
    assert len(names) == len(set(names))
    assert context.shape("w")[-2:] == (size("K"), size("K"))


def test_specs_can_be_copied_and_kept() -> None:
    """Copies and pickles are equal; what a spec holds cannot be changed; equal specs hash alike."""
    specs = (sc.Conv2d(strides=[2, 1], bias=True), sc.Relu(), sc.Formula("y[i] = x[i]/I", shapes={"x": ("H",)}))
    for spec in specs:
        assert copy.deepcopy(spec) == spec == pickle.loads(pickle.dumps(spec))
        with pytest.raises(TypeError):
            spec.attributes["strides"] = 3
        with pytest.raises(AttributeError, match="immutable"):
            del spec.attributes
    assert hash(specs[0]) == hash(sc.Conv2d(strides=[2, 1], bias=1))


def test_the_registry_tells_what_a_layer_takes() -> None:
    """Every attribute that is listed is taken, and every window layer has its rank."""
    for name, entry in REGISTRY.items():
        assert entry.about
        assert entry.rank == (int(name[-2]) if name[-1] == "d" and name[-2].isdigit() else None)
        for attribute in entry.attributes:
            with pytest.raises(UserError) as caught:
                build_layer(name, {attribute: object()})
            assert "unknown attribute" not in str(caught.value)

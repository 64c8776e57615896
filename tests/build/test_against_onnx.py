"""The forward kernels, C and NumPy, beside ONNX's reference evaluator, over random convolutions on integers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import Phase, given, seed, settings
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

from symconv.build.kernels import build
from symconv.layers import build_layer
from tests.build.compilers import needs_compiler
from tests.layer_strategies import Case, cases

Count = Callable[[str, int], None]
EXAMPLES = 20


def onnx_forward(case: Case) -> np.ndarray:
    """y of ONNX's Conv or ConvTranspose."""
    t, given_ = case.tensors(), case.attributes
    names = ["x", "w", "b"] if case.bias else ["x", "w"]
    arrays = {n: t[n].astype(np.float64) for n in names}
    attributes = {k: list(given_[k]) for k in ("kernel_shape", "strides", "dilations", "pads")}
    if case.transposed:
        attributes["output_padding"] = list(given_["output_padding"])
    op = "ConvTranspose" if case.transposed else "Conv"
    node = helper.make_node(op, names, ["y"], group=given_["group"], **attributes)
    inputs = [helper.make_tensor_value_info(n, TensorProto.DOUBLE, a.shape) for n, a in arrays.items()]
    output = helper.make_tensor_value_info("y", TensorProto.DOUBLE, None)
    graph = helper.make_graph([node], "one", inputs, [output])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    return np.asarray(ReferenceEvaluator(model).run(None, arrays)[0])


@needs_compiler
@pytest.mark.parametrize("rank", [1, 2])
@pytest.mark.parametrize("target", ["c", "numpy"])
def test_forward(rank: int, target: str, count_cases: Count, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYMCONV_CACHE_DIR", str(tmp_path))
    ran: list[Case] = []

    @seed(rank)
    @settings(max_examples=EXAMPLES, database=None, phases=(Phase.generate,), derandomize=False)
    @given(cases(rank))
    def check(case: Case) -> None:
        c = case.convolution
        # The evaluator knows neither an empty batch nor groups of a transposed convolution.
        if c.batch == 0 or (case.transposed and c.groups > 1):
            return
        ran.append(case)
        k = build(build_layer(case.name, case.attributes), target)
        arrays = [case.tensors()[n].astype(np.float32) for n in k.forward.kernel.inputs]
        assert np.array_equal(k.forward(*arrays), onnx_forward(case)), case

    check()
    assert len(ran) >= EXAMPLES // 3
    count_cases(f"forward kernels equal to ONNX's, {target}", len(ran))

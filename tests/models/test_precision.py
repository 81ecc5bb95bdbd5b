"""The graph in half floats and int8, computed by ONNX Runtime without an accelerator."""

from collections import Counter

import numpy as np
import onnx
import onnxruntime
import pytest

from models.card import load_card
from models.onnx_file import INPUT, OUTPUTS, read_graph, to_planes
from models.precision import rewrite
from models.scores import blast_probability


@pytest.fixture(scope="module")
def graph(bundle):
    return read_graph(bundle, load_card(bundle))


def probability(graph, crops, bundle):
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    scores = session.run([OUTPUTS[0]], {INPUT: to_planes(crops)})[0][:, :, 0, 0]
    return blast_probability(scores, temperature=load_card(bundle).temperature)


def operations(graph):
    return Counter(node.op_type for node in onnx.load_from_string(graph).graph.node)


def test_half_floats_keep_inputs_outputs_and_answers(graph, bundle, drawn_crops):
    half = rewrite(graph, "fp16")
    model = onnx.load_from_string(half)
    ends = [*model.graph.input, *model.graph.output]
    assert {each.type.tensor_type.elem_type for each in ends} == {onnx.TensorProto.FLOAT}
    weights = {each.data_type for each in model.graph.initializer if len(each.dims) == 4}
    assert weights == {onnx.TensorProto.FLOAT16}
    gap = np.abs(probability(half, drawn_crops, bundle) - probability(graph, drawn_crops, bundle))
    assert gap.max() < 0.02


def test_int8_stands_around_all_but_the_first_and_last_convolutions(graph, bundle, drawn_crops):
    quantised = rewrite(graph, "int8", drawn_crops)
    found = operations(quantised)
    kept = 1 + 2 * len(OUTPUTS)
    assert found["QuantizeLinear"] == found["DequantizeLinear"] == 2 * (found["Conv"] - kept)
    gap = np.abs(
        probability(quantised, drawn_crops, bundle) - probability(graph, drawn_crops, bundle)
    )
    assert gap.mean() < 0.06


def test_int8_has_no_zero_points(graph, drawn_crops):
    model = onnx.load_from_string(rewrite(graph, "int8", drawn_crops))
    named = {each.name: onnx.numpy_helper.to_array(each) for each in model.graph.initializer}
    points = [node.input[2] for node in model.graph.node if node.op_type == "QuantizeLinear"]
    assert points
    assert not any(named[name].any() for name in points)


def test_nothing_is_left_to_a_library_of_its_own(graph, drawn_crops):
    for made in (rewrite(graph, "fp16"), rewrite(graph, "int8", drawn_crops)):
        onnx.checker.check_model(made, full_check=True)
        model = onnx.load_from_string(made)
        assert {each.domain for each in model.opset_import} <= {"", "ai.onnx"}


@pytest.mark.parametrize(("precision", "words"), [("fp8", "not one of"), ("int8", "needs crops")])
def test_what_cannot_be_made_is_refused(graph, precision, words):
    with pytest.raises(ValueError, match=words):
        rewrite(graph, precision)

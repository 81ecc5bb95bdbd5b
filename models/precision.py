"""Rewrites model.onnx so that its arithmetic is in half floats or int8, as written in the graph.

TensorRT 11 took away the switches that let it choose a precision, and the calibrators with them;
what it and TensorRT 10 both obey are types in the graph: half floats, or pairs of QuantizeLinear
and DequantizeLinear around what is to run in int8. ONNX Runtime reads the same graph, so what a
precision costs is measured without an accelerator (tests/models/test_precision.py).

The only importer of ONNX and of ONNX Runtime's quantiser.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.transformers.float16 import convert_float_to_float16
from onnxruntime.transformers.onnx_model import OnnxModel

from appliance.vocabulary import Crops
from models.onnx_file import INPUT, to_planes

PRECISIONS = ("fp16", "int8")
_SYMMETRIC = {
    "ActivationSymmetric": True,  # TensorRT knows no zero points
    "WeightSymmetric": True,
    "QuantizeBias": False,
    "AddQDQPairToWeight": True,
    # The scale would otherwise span what ReLU6 throws away right after.
    "OpTypesToExcludeOutputQuantization": ["Conv"],
}


def rewrite(graph: bytes, precision: str, calibration: Crops | None = None) -> bytes:
    """Give the graph with its arithmetic in a precision; inputs and outputs stay float32.

    Args:
        graph: model.onnx.
        precision: of PRECISIONS.
        calibration: (n, side, side, 3) uint8, real crops; needed for int8.

    Raises:
        ValueError: another precision, or int8 without crops.
    """
    if precision not in PRECISIONS:
        raise ValueError(f"precision {precision!r} is not one of {PRECISIONS}")
    with TemporaryDirectory() as scratch:
        folded = _folded(graph, Path(scratch))
        if precision == "fp16":
            return _halved(folded)
        if calibration is None or not len(calibration):
            raise ValueError("int8 needs crops to calibrate with")
        return _quantised(folded, calibration, Path(scratch))


def _folded(graph: bytes, scratch: Path) -> onnx.ModelProto:
    """Compute once what does not depend on the input: weights stored as halves, paddings."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(scratch / "folded.onnx")
    onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    model = onnx.load(scratch / "folded.onnx")
    used = {node.domain for node in model.graph.node} | {""}
    kept = [each for each in model.opset_import if each.domain in used]
    del model.opset_import[:]
    model.opset_import.extend(kept)
    return model


def _halved(model: onnx.ModelProto) -> bytes:
    half = OnnxModel(convert_float_to_float16(model, keep_io_types=True))
    half.topological_sort()  # the casts at the ends were put last
    return bytes(half.model.SerializeToString())


def _quantised(model: onnx.ModelProto, calibration: Crops, scratch: Path) -> bytes:
    """Put int8 around every convolution but the first and those that make the outputs.

    The first sees few channels of widest range, the last are small: they cost accuracy and gain
    no time. Measured: README.md.
    """
    with _silence():
        quantize_static(
            model,
            scratch / "int8.onnx",
            _Planes(calibration),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["Conv"],
            nodes_to_exclude=_kept_float(model),
            per_channel=True,
            activation_type=QuantType.QInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
            extra_options=_SYMMETRIC,
        )
    return (scratch / "int8.onnx").read_bytes()


def _kept_float(model: onnx.ModelProto) -> list[str]:
    convolutions = [node for node in model.graph.node if node.op_type == "Conv"]
    first = {node.name for node in convolutions if _reaches(model, node.input[0], {INPUT})}
    last = {node.name for node in convolutions if not _is_convolved(model, node.output[0])}
    return sorted(first | last)


def _reaches(model: onnx.ModelProto, name: str, sources: set[str]) -> bool:
    """Tell whether a value comes from a source without a convolution between."""
    if name in sources:
        return True
    made_by = [node for node in model.graph.node if name in node.output and node.op_type != "Conv"]
    return any(_reaches(model, each, sources) for node in made_by for each in node.input if each)


def _is_convolved(model: onnx.ModelProto, name: str) -> bool:
    """Tell whether any convolution uses a value, directly or through other operations."""
    users = [node for node in model.graph.node if name in node.input]
    return any(
        node.op_type == "Conv" or any(_is_convolved(model, each) for each in node.output)
        for node in users
    )


class _Planes(CalibrationDataReader):  # type: ignore[misc]  # the library has no types
    """Hands crops to the quantiser one by one."""

    def __init__(self, crops: Crops) -> None:
        self._feeds = self._each(crops)

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        """Give the next input, or None after the last."""
        return next(self._feeds, None)

    def _each(self, crops: Crops) -> Iterator[dict[str, NDArray[np.float32]]]:
        for at in range(len(crops)):
            yield {INPUT: to_planes(crops[at : at + 1])}


@contextmanager
def _silence() -> Iterator[None]:
    """Keep the quantiser's advice (to do what `_folded` did) from the terminal and the log."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with redirect_stdout(StringIO()):
            yield
    finally:
        logging.disable(before)

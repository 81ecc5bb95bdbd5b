"""From PyTorch to the two files of a bundle: an int8 TFLite file and an ONNX file.

The way that worked best of those tried (README.md): fold batch normalisation, build the same
layers in Keras with the same numbers, prove that both give the same outputs, then quantise with
real crops. No tensor layout is guessed by a tool, and the operations are those of 2019.
"""

import io
import os
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import onnx
import tensorflow as tf
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from models.training.network import MIDDLE, SPREAD, Block, ConvNorm, Network

OUTPUTS = ("scores", "embedding", "attention")
TOLERANCE = 1e-3
"""Largest difference allowed between PyTorch's and Keras's outputs, in output units."""


def to_tflite(network: Network, calibration: NDArray[np.uint8]) -> bytes:
    """Quantise to int8 weights and activations.

    Args:
        network: trained, any mode.
        calibration: (n, side, side, 3) uint8, real crops of cells from every source.

    Returns:
        A TFLite file: takes (n, side, side, 3) uint8, gives the three outputs as float32.

    Raises:
        ValueError: the Keras twin does not compute what the PyTorch network does.
    """
    twin = to_keras(network)
    _prove_equal(network, twin, calibration[:16])
    converter = tf.lite.TFLiteConverter.from_keras_model(twin)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: _samples(calibration)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.uint8
    converter.inference_output_type = tf.float32
    return bytes(converter.convert())


def _samples(calibration: NDArray[np.uint8]) -> Iterator[list[NDArray[np.float32]]]:
    """Give calibration crops one by one; a black and a white pixel pin its scale."""
    for crop in calibration:
        pinned = crop.copy()
        pinned[0, 0], pinned[0, 1] = 0, 255
        yield [scale(pinned[None])]


def scale(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Do what `network.to_input` does, channels last."""
    return (crops.astype(np.float32) - MIDDLE) / SPREAD


def to_keras(network: Network) -> tf.keras.Model:
    """Build the same network from Keras layers, batch normalisation folded in."""
    side = network.shape.side_px
    inputs = x = tf.keras.Input((side, side, 3), name="crops")
    maps = []
    for place, block in enumerate(network.trunk):
        x = _block(x, block) if isinstance(block, Block) else _conv_norm(x, block)
        if place in network.ends:
            maps.append(x)
    pooled = [tf.keras.layers.GlobalAveragePooling2D(keepdims=True)(each) for each in maps]
    parts = [_conv(each, layer) for each, layer in zip(maps, network.attend, strict=True)]
    larger = [
        tf.keras.layers.UpSampling2D(2**place, interpolation="bilinear")(part) if place else part
        for place, part in enumerate(parts)
    ]
    outputs = [_sum(pooled, network.score), _sum(pooled, network.embed), _added(larger)]
    return tf.keras.Model(inputs, outputs)


def _sum(maps: list[tf.Tensor], layers: nn.ModuleList) -> tf.Tensor:
    return _added([_conv(each, layer) for each, layer in zip(maps, layers, strict=True)])


def _added(tensors: list[tf.Tensor]) -> tf.Tensor:
    return tf.keras.layers.Add()(tensors) if len(tensors) > 1 else tensors[0]


def _block(x: tf.Tensor, block: Block) -> tf.Tensor:
    y = x
    for layer in block.layers:
        y = _conv_norm(y, layer)
    return tf.keras.layers.Add()([x, y]) if block.adds else y


def _conv_norm(x: tf.Tensor, layer: ConvNorm) -> tf.Tensor:
    conv, norm = layer[0], layer[1]
    factor = (norm.weight / torch.sqrt(norm.running_var + norm.eps)).detach()
    weight = (conv.weight * factor[:, None, None, None]).detach()
    bias = (norm.bias - norm.running_mean * factor).detach()
    depthwise = conv.groups > 1
    y = _keras_conv(x, weight, bias, conv.stride[0], depthwise=depthwise)
    return tf.keras.layers.ReLU(6.0)(y) if len(layer) > 2 else y


def _conv(x: tf.Tensor, layer: nn.Conv2d) -> tf.Tensor:
    zeros = torch.zeros(layer.out_channels)
    bias = zeros if layer.bias is None else layer.bias.detach()
    return _keras_conv(x, layer.weight.detach(), bias, 1, depthwise=False)


def _keras_conv(
    x: tf.Tensor, weight: Tensor, bias: Tensor, stride: int, *, depthwise: bool
) -> tf.Tensor:
    kernel = weight.shape[-1]
    if depthwise:
        layer = tf.keras.layers.DepthwiseConv2D(kernel, strides=stride, padding="same")
        values = weight.permute(2, 3, 0, 1)
    else:
        layer = tf.keras.layers.Conv2D(weight.shape[0], kernel, strides=stride, padding="same")
        values = weight.permute(2, 3, 1, 0)
    y = layer(x)
    layer.set_weights([values.numpy(), bias.numpy()])
    return y


def _prove_equal(network: Network, twin: tf.keras.Model, crops: NDArray[np.uint8]) -> None:
    x = scale(crops)
    network.eval()
    with torch.no_grad():
        ours = network(torch.from_numpy(x).permute(0, 3, 1, 2))
    for name, mine, other in zip(OUTPUTS, ours, twin(x), strict=True):
        gap = float(np.abs(mine.permute(0, 2, 3, 1).numpy() - other.numpy()).max())
        if not gap < TOLERANCE:
            raise ValueError(f"the Keras twin's {name} differ by {gap:.2g}")


def to_onnx(network: Network, path: Path) -> None:
    """Write the float network for TensorRT and ONNX Runtime, weights stored as half floats.

    The file takes float crops (n, 3, side, side) scaled as `network.to_input` does and computes
    in single precision: a Cast follows each stored weight, folded when the file is loaded.
    """
    network.eval()
    side = network.shape.side_px
    buffer = io.BytesIO()
    torch.onnx.export(
        network,
        (torch.zeros(1, 3, side, side),),
        buffer,
        input_names=["crops"],
        output_names=list(OUTPUTS),
        dynamic_axes={name: {0: "n"} for name in ("crops", *OUTPUTS)},
        opset_version=17,
        dynamo=False,
    )
    model = onnx.load_from_string(buffer.getvalue())
    _halve_weights(model)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)


def _halve_weights(model: onnx.ModelProto) -> None:
    casts = []
    for tensor in model.graph.initializer:
        if tensor.data_type != TensorProto.FLOAT or len(tensor.dims) < 4:
            continue
        name = tensor.name
        half = numpy_helper.to_array(tensor).astype(np.float16)
        tensor.CopyFrom(numpy_helper.from_array(half, f"{name}_half"))
        casts.append(helper.make_node("Cast", [f"{name}_half"], [name], to=TensorProto.FLOAT))
    for cast in reversed(casts):
        model.graph.node.insert(0, cast)

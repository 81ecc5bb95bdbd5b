"""Builds and runs a TensorRT engine of a bundle: for Jetson and other machines with NVIDIA GPUs.

The only importer of TensorRT and of CUDA. Written for TensorRT 10 and 11: precision stands in the
graph (`models.precision`), so none of the switches that 11 took away is used.
"""

import hashlib
import logging
import threading
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import tensorrt as trt
from cuda.bindings import runtime as cuda
from numpy.typing import NDArray

from appliance.errors import ModelUnusable
from appliance.vocabulary import Crops
from models.batches import Outputs, in_batches
from models.card import Card, load_card
from models.classifier import Prediction
from models.engine_file import (
    EngineKey,
    engine_path,
    read_engine,
    write_engine,
    write_whole,
)
from models.onnx_file import GRAPH, INPUT, OUTPUTS, check_sizes, from_planes, read_graph, to_planes
from models.precision import rewrite
from models.scores import check_crops, to_prediction

LARGEST_BATCH = 16
_OLDEST = 10  # the first with strongly typed networks
_WORKSPACE = 256 << 20  # bytes for tactics; a Jetson shares its memory with everything else
_CACHE = "timing.cache"
_NO_GPU = "Look at nvidia-smi or tegrastats, or set runner = 'litert'."
_log = logging.getLogger(__name__)


class _Log(trt.ILogger):  # type: ignore[misc]  # the library has no types
    """Hands on what the library says, and keeps its last complaint for the person."""

    def __init__(self) -> None:
        super().__init__()
        self.complaint = "it does not say why"

    def log(self, severity: Any, msg: str) -> None:
        """Called by the library, from any of its threads."""
        if severity in (trt.ILogger.INTERNAL_ERROR, trt.ILogger.ERROR):
            self.complaint = msg
            _log.error("TensorRT: %s", msg)
        elif severity == trt.ILogger.WARNING:
            _log.info("TensorRT: %s", msg)


def build_engine(
    bundle: Path, engines: Path, *, precision: str = "fp16", calibration: Crops | None = None
) -> Path:
    """Build the engine of a bundle for this machine; takes minutes.

    Args:
        bundle: folder with card.json and model.onnx.
        engines: folder for the engine and for timings, which make the next build quicker.
        precision: "fp16" or "int8".
        calibration: (n, side, side, 3) uint8, real crops; needed for int8.

    Returns:
        The engine's file; an older one was replaced.

    Raises:
        ModelUnusable: TensorRT, the GPU or the bundle cannot be used, or the build fails.
        CannotWrite: no room.
        ValueError: another precision, or int8 without crops.
    """
    card = load_card(bundle)
    key = EngineKey(precision=precision, **_expected(card))
    graph = rewrite(read_graph(bundle, card), precision, calibration)
    engine = _build(graph, card, engines / _CACHE)
    path = engine_path(engines, card.id)
    write_engine(path, key, engine)
    return path


def _expected(card: Card) -> dict[str, str]:
    """Say what an engine must have been built for to run here."""
    return {
        "model_id": card.id,
        "graph_sha256": card.files[GRAPH],
        "library": _library(),
        "device": _device(),
    }


def _library() -> str:
    if int(trt.__version__.split(".")[0]) < _OLDEST:
        raise ModelUnusable(
            f"TensorRT {trt.__version__} is too old, {_OLDEST} or newer is needed",
            advice="Install JetPack 7 or newer, or set runner = 'litert'.",
        )
    return f"tensorrt {trt.__version__}"


def _device() -> str:
    try:
        answer = cuda.cudaGetDeviceProperties(0)
    except RuntimeError as error:  # CUDA 12's bindings raise where there is no driver
        raise ModelUnusable(f"the GPU cannot be used: {error}", advice=_NO_GPU) from error
    found = _done(answer)
    return f"{found.name.decode().rstrip(chr(0))} ({found.major}.{found.minor})"


def _build(graph: bytes, card: Card, cache: Path) -> bytes:
    log = _Log()
    builder = trt.Builder(log)
    network = builder.create_network(1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED))
    parser = trt.OnnxParser(network, log)
    if not parser.parse(graph):
        reasons = "; ".join(str(parser.get_error(at)) for at in range(parser.num_errors))
        raise ModelUnusable(f"TensorRT cannot read {GRAPH} of {card.id}: {reasons}")
    config = builder.create_builder_config()
    config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, _WORKSPACE)
    profile = builder.create_optimization_profile()
    one = (3, card.side_px, card.side_px)
    profile.set_shape(INPUT, (1, *one), (LARGEST_BATCH, *one), (LARGEST_BATCH, *one))
    config.add_optimization_profile(profile)
    _use_timings(config, cache)
    engine = builder.build_serialized_network(network, config)
    if engine is None:
        raise ModelUnusable(f"TensorRT cannot build an engine of {card.id}: {log.complaint}")
    write_whole(cache, bytes(config.get_timing_cache().serialize()))
    return bytes(engine)


def _use_timings(config: Any, cache: Path) -> None:
    """Start from the timings of the last build, unless they are of another machine or version."""
    known = cache.read_bytes() if cache.exists() else b""
    if not config.set_timing_cache(config.create_timing_cache(known), ignore_mismatch=False):
        config.set_timing_cache(config.create_timing_cache(b""), ignore_mismatch=False)


def open_classifier(bundle: Path, *, engines: Path) -> "TensorRtClassifier":
    """Open the engine that was built here for a bundle, and run it once.

    Args:
        bundle: folder with card.json.
        engines: folder that `build_engine` wrote to.

    Raises:
        ModelUnusable: TensorRT or the GPU cannot be used; or there is no engine, it is damaged,
            or it was built for another network, version or GPU.
    """
    card = load_card(bundle)
    key, engine = read_engine(engine_path(engines, card.id), **_expected(card))
    classifier = TensorRtClassifier(card, key, engine)
    classifier.predict(np.zeros((1, card.side_px, card.side_px, 3), np.uint8))
    return classifier


class TensorRtClassifier:
    """An engine on the GPU. One call runs at a time; made by `open_classifier`.

    Every run computes LARGEST_BATCH cells, the missing ones black: the same kernels then run
    whatever the number of cells, so that the same bytes give the same answer.
    """

    def __init__(self, card: Card, key: EngineKey, engine: bytes) -> None:
        self.card = card
        self.computed_sha256 = hashlib.sha256(engine).hexdigest()
        self.runtime = f"{key.library} {key.precision} on {key.device}"
        self._lock = threading.Lock()
        self._engine = _Engine(engine, card)

    def predict(self, crops: Crops) -> Prediction:
        """Classify cells, as the contract says."""
        check_crops(crops, self.card.side_px)
        with self._lock:
            scores, embedding, attention = in_batches(
                crops, self._run, largest=LARGEST_BATCH, padded=lambda _: LARGEST_BATCH
            )
        return to_prediction(scores, embedding, attention, self.card, crops)

    def _run(self, crops: Crops) -> Outputs:
        return from_planes(*self._engine(to_planes(crops)))


class _Engine:
    """An engine with its buffers on the GPU, for LARGEST_BATCH crops."""

    def __init__(self, engine: bytes, card: Card) -> None:
        log = _Log()
        self._runtime = trt.Runtime(log)  # must outlive the engine
        self._engine = self._runtime.deserialize_cuda_engine(engine)
        if self._engine is None:
            raise ModelUnusable(f"TensorRT cannot load the engine of {card.id}: {log.complaint}")
        self._context = self._engine.create_execution_context()
        if self._context is None:
            raise ModelUnusable(f"there is no room on the GPU for {card.id}: {log.complaint}")
        shape = (LARGEST_BATCH, 3, card.side_px, card.side_px)
        if not self._context.set_input_shape(INPUT, shape):
            raise ModelUnusable(f"the engine of {card.id} does not take crops of its card")
        self._outputs = {name: np.empty(self._shape(name), np.float32) for name in OUTPUTS}
        check_sizes(card, *(self._outputs[name].shape[1] for name in OUTPUTS[:2]))
        self._stream = _done(cuda.cudaStreamCreate())
        weakref.finalize(self, cuda.cudaStreamDestroy, self._stream)
        self._buffers = {INPUT: self._buffer(INPUT, int(np.prod(shape)) * 4)}
        for name, output in self._outputs.items():
            self._buffers[name] = self._buffer(name, output.nbytes)

    def _shape(self, name: str) -> tuple[int, ...]:
        return tuple(self._context.get_tensor_shape(name))

    def _buffer(self, name: str, size: int) -> int:
        address = int(_done(cuda.cudaMalloc(size)))
        weakref.finalize(self, cuda.cudaFree, address)
        if not self._context.set_tensor_address(name, address):
            raise ModelUnusable(f"the engine has no tensor {name}")
        return address

    def __call__(self, planes: NDArray[np.float32]) -> tuple[NDArray[np.float32], ...]:
        """Compute the outputs, in the order of OUTPUTS."""
        to, back = (
            cuda.cudaMemcpyKind.cudaMemcpyHostToDevice,
            cuda.cudaMemcpyKind.cudaMemcpyDeviceToHost,
        )
        source = planes.ctypes.data
        _done(cuda.cudaMemcpyAsync(self._buffers[INPUT], source, planes.nbytes, to, self._stream))
        if not self._context.execute_async_v3(int(self._stream)):
            raise ModelUnusable("the GPU did not take the cells")
        for name, output in self._outputs.items():
            into = output.ctypes.data
            _done(
                cuda.cudaMemcpyAsync(into, self._buffers[name], output.nbytes, back, self._stream)
            )
        _done(cuda.cudaStreamSynchronize(self._stream))
        return tuple(self._outputs[name].copy() for name in OUTPUTS)


def _done(answer: tuple[Any, ...]) -> Any:
    """Give what a CUDA call returned beside its status.

    Raises:
        ModelUnusable: it failed.
    """
    status, *values = answer
    if status != cuda.cudaError_t.cudaSuccess:
        raise ModelUnusable(
            f"the GPU cannot be used: {status.name}",
            advice=_NO_GPU,
        )
    return values[0] if values else None

"""The part of TensorRT and CUDA that the driver calls, computed by ONNX Runtime in main memory.

Not a simulation of a GPU: it lets the driver's own steps (shapes, padding, addresses, keys) run in
a test. `test_tensorrt_api.py` holds every call in here against the genuine libraries.
"""

# ruff: noqa: N801, N802, N803, N815, A002 - the names are those of the libraries
import ctypes
import sys
from enum import Enum, IntEnum
from types import ModuleType, SimpleNamespace

import numpy as np
import onnx
import onnxruntime

_MARK = b"stand-in engine\n"


class ILogger:
    INTERNAL_ERROR, ERROR, WARNING, INFO, VERBOSE = range(5)

    def log(self, severity, msg):
        raise NotImplementedError


class NetworkDefinitionCreationFlag(IntEnum):
    STRONGLY_TYPED = 1


class MemoryPoolType(Enum):
    WORKSPACE = 0


class Memory(bytes):
    """IHostMemory: bytes by the buffer protocol."""


class Network:
    graph = b""


class IOptimizationProfile:
    def set_shape(self, input, min, opt, max):
        self.shapes = {input: (min, opt, max)}


class ITimingCache:
    def __init__(self, content):
        self.content = content

    def serialize(self):
        return Memory(self.content or b"timings")


class IBuilderConfig:
    def __init__(self):
        self.profiles = []
        self.cache = None

    def set_memory_pool_limit(self, pool, pool_size):
        assert pool is MemoryPoolType.WORKSPACE

    def add_optimization_profile(self, profile):
        self.profiles.append(profile)
        return len(self.profiles) - 1

    def create_timing_cache(self, serialized_timing_cache):
        return ITimingCache(serialized_timing_cache)

    def set_timing_cache(self, cache, ignore_mismatch):
        if cache.content not in (b"", b"timings") and not ignore_mismatch:
            return False
        self.cache = cache
        return True

    def get_timing_cache(self):
        return self.cache


class Builder:
    def __init__(self, logger):
        self.logger = logger

    def create_network(self, flags=0):
        assert flags == 1 << int(NetworkDefinitionCreationFlag.STRONGLY_TYPED)
        return Network()

    def create_builder_config(self):
        return IBuilderConfig()

    def create_optimization_profile(self):
        return IOptimizationProfile()

    def build_serialized_network(self, network, config):
        assert config.cache is not None
        smallest, _, largest = config.profiles[0].shapes["crops"]
        if smallest[0] > largest[0] or not network.graph:
            self.logger.log(ILogger.ERROR, "no such shapes")
            return None
        return Memory(_MARK + network.graph)


class OnnxParser:
    def __init__(self, network, logger):
        self.network = network
        self.errors = []

    @property
    def num_errors(self):
        return len(self.errors)

    def parse(self, model, path=None):
        try:
            onnx.checker.check_model(bytes(model), full_check=True)
        except onnx.checker.ValidationError as error:
            self.errors.append(str(error))
            return False
        self.network.graph = bytes(model)
        return True

    def get_error(self, index):
        return self.errors[index]


class IExecutionContext:
    def __init__(self, session):
        self._session = session
        self._shapes = {}
        self._addresses = {}

    def set_input_shape(self, name, shape):
        self._shapes[name] = shape
        empty = {name: np.zeros(shape, np.float32)}
        outputs = [each.name for each in self._session.get_outputs()]
        values = self._session.run(outputs, empty)
        self._shapes |= {each: v.shape for each, v in zip(outputs, values, strict=True)}
        return True

    def get_tensor_shape(self, name):
        return self._shapes[name]

    def set_tensor_address(self, name, memory):
        self._addresses[name] = memory
        return name in self._shapes

    def execute_async_v3(self, stream_handle):
        def seen(name):
            size = int(np.prod(self._shapes[name]))
            numbers = (ctypes.c_float * size).from_address(self._addresses[name])
            return np.frombuffer(numbers, np.float32).reshape(self._shapes[name])

        outputs = [each.name for each in self._session.get_outputs()]
        values = self._session.run(outputs, {"crops": seen("crops")})
        for name, value in zip(outputs, values, strict=True):
            seen(name)[...] = value
        return True


class ICudaEngine:
    def __init__(self, graph):
        self._session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])

    def create_execution_context(self):
        return IExecutionContext(self._session)


class Runtime:
    def __init__(self, logger):
        self.logger = logger

    def deserialize_cuda_engine(self, serialized_engine):
        if not serialized_engine.startswith(_MARK):
            self.logger.log(ILogger.ERROR, "magic tag does not match")
            return None
        return ICudaEngine(serialized_engine.removeprefix(_MARK))


CLASSES = (
    Builder,
    IBuilderConfig,
    ICudaEngine,
    IExecutionContext,
    ILogger,
    IOptimizationProfile,
    ITimingCache,
    OnnxParser,
    Runtime,
)


class cudaError_t(Enum):
    cudaSuccess = 0
    cudaErrorMemoryAllocation = 2
    cudaErrorInsufficientDriver = 35


class cudaMemcpyKind(Enum):
    cudaMemcpyHostToDevice = 1
    cudaMemcpyDeviceToHost = 2


_OK = cudaError_t.cudaSuccess


class Gpu:
    """`cuda.bindings.runtime` of one machine."""

    cudaError_t, cudaMemcpyKind = cudaError_t, cudaMemcpyKind

    def __init__(self):
        self.name = b"Stand-in"
        self.present = True
        self.driver_missing = False
        self.memory = {}

    def cudaGetDeviceProperties(self, device):
        if self.driver_missing:
            raise RuntimeError("Failed to dlopen libcuda.so.1")
        if not self.present:
            return cudaError_t.cudaErrorInsufficientDriver, None
        return _OK, SimpleNamespace(name=self.name, major=8, minor=7)

    def cudaMalloc(self, size):
        block = ctypes.create_string_buffer(size)
        self.memory[ctypes.addressof(block)] = block
        return _OK, ctypes.addressof(block)

    def cudaFree(self, devPtr):
        del self.memory[devPtr]
        return (_OK,)

    def cudaMemcpyAsync(self, dst, src, count, kind, stream):
        ours = dst if kind is cudaMemcpyKind.cudaMemcpyHostToDevice else src
        assert len(self.memory[ours]) == count
        ctypes.memmove(dst, src, count)
        return (_OK,)

    def cudaStreamCreate(self):
        return _OK, 7

    def cudaStreamSynchronize(self, stream):
        return (_OK,)

    def cudaStreamDestroy(self, stream):
        return (_OK,)


def install(monkeypatch, gpu, version="10.13.3"):
    """Let `import tensorrt` and `from cuda.bindings import runtime` find what is here."""
    library = ModuleType("tensorrt")
    library.__version__ = version
    for each in (*CLASSES, NetworkDefinitionCreationFlag, MemoryPoolType):
        setattr(library, each.__name__, each)
    bindings = ModuleType("cuda.bindings")
    bindings.runtime = gpu
    monkeypatch.setitem(sys.modules, "tensorrt", library)
    monkeypatch.setitem(sys.modules, "cuda", ModuleType("cuda"))
    monkeypatch.setitem(sys.modules, "cuda.bindings", bindings)
    return library

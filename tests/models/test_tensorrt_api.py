"""Every call of the stand-in, and so of the driver, against the genuine TensorRT and CUDA.

Needs the libraries, not a GPU. The bindings' docstrings carry their signatures.
"""

import inspect
import re

import pytest

from tests.models import stand_in_tensorrt as stand_in

MADE_BY_US = ("Builder", "OnnxParser", "Runtime")
METHODS = [
    (each, name)
    for each in stand_in.CLASSES
    for name, value in vars(each).items()
    if inspect.isfunction(value)
    and (not name.startswith("_") or (name == "__init__" and each.__name__ in MADE_BY_US))
]
CALLS = [
    name
    for name, value in vars(stand_in.Gpu).items()
    if name.startswith("cuda") and inspect.isfunction(value)
]


@pytest.fixture
def tensorrt():
    return pytest.importorskip("tensorrt", reason="TensorRT is not installed", exc_type=ImportError)


@pytest.fixture
def cuda():
    reason = "cuda-python is not installed"
    return pytest.importorskip("cuda.bindings.runtime", reason=reason, exc_type=ImportError)


def parameters(text: str) -> list[str]:
    """Names between the parentheses of a signature, without self; commas in brackets aside."""
    inside = re.sub(r"\[[^\[\]]*\]", "", text)
    names = [
        part.split(":")[0].split("=")[0].split()[-1] for part in inside.split(",") if part.strip()
    ]
    return [name for name in names if name != "self"]


def signatures(name: str, documentation: str) -> list[list[str]]:
    found = re.findall(rf"{re.escape(name)}\((.*?)\)(?: ->|$)", documentation, re.MULTILINE)
    return [parameters(each) for each in found if "*args" not in each]


@pytest.mark.parametrize(("owner", "name"), METHODS)
def test_tensorrt_has_this_method_with_these_parameters(tensorrt, owner, name):
    ours = [each for each in inspect.signature(getattr(owner, name)).parameters if each != "self"]
    genuine = getattr(getattr(tensorrt, owner.__name__), name)
    offered = signatures(name, genuine.__doc__)
    assert any(each[: len(ours)] == ours for each in offered), offered


@pytest.mark.parametrize(
    "path",
    [
        "NetworkDefinitionCreationFlag.STRONGLY_TYPED",
        "MemoryPoolType.WORKSPACE",
        "OnnxParser.num_errors",
        "ILogger.INTERNAL_ERROR",
        "ILogger.ERROR",
        "ILogger.WARNING",
        "IHostMemory",
        "__version__",
    ],
)
def test_tensorrt_has_this_name(tensorrt, path):
    found = tensorrt
    for name in path.split("."):
        found = getattr(found, name)
    assert found is not None


def test_a_logger_can_be_written_in_python(tensorrt):
    class Log(tensorrt.ILogger):
        def __init__(self):
            super().__init__()
            self.seen = []

        def log(self, severity, msg):
            self.seen.append((severity, msg))

    log = Log()
    log.log(tensorrt.ILogger.ERROR, "words")
    assert log.seen == [(tensorrt.ILogger.ERROR, "words")]


@pytest.mark.parametrize("name", CALLS)
def test_cuda_has_this_call_with_these_parameters(cuda, name):
    ours = [
        each for each in inspect.signature(getattr(stand_in.Gpu, name)).parameters if each != "self"
    ]
    first = getattr(cuda, name).__doc__.splitlines()[0]
    typed = re.search(r"\((.*)\)", first).group(1)
    names = [part.split(":")[0].split()[-1] for part in typed.split(",") if part.strip()]
    assert names == ours


def test_a_cuda_call_answers_with_a_status_first(cuda):
    try:
        status, *_ = cuda.cudaGetDeviceProperties(0)
    except RuntimeError as error:
        pytest.skip(f"no driver: {error}")
    assert isinstance(status, cuda.cudaError_t)
    assert status.name.startswith("cuda")
    assert int(cuda.cudaStream_t()) == 0
    assert cuda.cudaMemcpyKind.cudaMemcpyHostToDevice != cuda.cudaMemcpyKind.cudaMemcpyDeviceToHost
    assert {"name", "major", "minor"} <= set(dir(cuda.cudaDeviceProp()))

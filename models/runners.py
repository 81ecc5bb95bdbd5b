"""Runners by name. A new one is a file with an `open_classifier`, and a line here."""

import importlib
import inspect
from pathlib import Path
from typing import Protocol, cast

from appliance.errors import ModelUnusable, SettingsInvalid
from appliance.vocabulary import Crops
from models.classifier import Classifier

RUNNERS = {
    "litert": "models.litert:open_classifier",
    "onnx": "models.onnxruntime_runner:open_classifier",
    "tensorrt": "models.tensorrt:open_classifier",
}
"""Name to function. It is text, so that a library is needed only where it is used."""
_ADVICE = {
    "onnx": "Install it with: pip install 'scopeside[onnx]'",
    "tensorrt": "TensorRT comes with JetPack; the rest with: pip install 'scopeside[jetson]'",
}


def check_runner(name: str) -> None:
    """Refuse a name that is not in RUNNERS.

    Raises:
        SettingsInvalid: with the names that are.
    """
    if name not in RUNNERS:
        raise SettingsInvalid(f"runner = {name!r}: known are {', '.join(sorted(RUNNERS))}")


def open_runner(name: str, bundle: Path, *, threads: int, engines: Path) -> Classifier:
    """Open a bundle with the runner of a name.

    Args:
        name: key of RUNNERS.
        bundle: folder with card.json.
        threads: for runners on the processor.
        engines: folder of engines, for runners that build one on the machine.

    Raises:
        SettingsInvalid: there is no such runner.
        ModelUnusable: its library is not installed, or the bundle cannot be used.
    """
    check_runner(name)
    module, function = RUNNERS[name].split(":")
    try:
        make = getattr(importlib.import_module(module), function)
    except ImportError as error:
        raise not_installed(name, error) from error
    options = {"threads": threads, "engines": engines}
    wanted = inspect.signature(make).parameters
    return cast(Classifier, make(bundle, **{k: v for k, v in options.items() if k in wanted}))


class EngineBuilder(Protocol):
    """What `models.tensorrt.build_engine` is; it can be imported only where TensorRT is."""

    def __call__(
        self, bundle: Path, engines: Path, *, precision: str, calibration: Crops | None
    ) -> Path:
        """Build an engine and give its file."""


def engine_builder() -> EngineBuilder:
    """Give the function that builds engines.

    Raises:
        ModelUnusable: TensorRT or what the driver needs beside it is not installed.
    """
    try:
        driver = importlib.import_module("models.tensorrt")
    except ImportError as error:
        raise not_installed("tensorrt", error) from error
    return cast(EngineBuilder, driver.build_engine)


def not_installed(name: str, error: ImportError) -> ModelUnusable:
    """Say which library a runner lacks and where it comes from."""
    return ModelUnusable(
        f"the {name} runner needs a library that cannot be used here: {error}",
        advice=_ADVICE.get(name, "Install it, or choose another runner in settings.toml."),
    )

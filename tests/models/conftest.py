"""Fixtures of classifiers: the bundle that is released, and copies of it to spoil."""

import importlib
import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from appliance.settings import Settings
from tests.models import stand_in_tensorrt

BUNDLES = Path(__file__).parents[2] / "models" / "bundles"


@pytest.fixture(scope="session")
def bundle() -> Path:
    """The bundle that the appliance runs by default."""
    return BUNDLES / Settings(data=Path()).model


@pytest.fixture
def spoiled(bundle, tmp_path):
    """Copy the bundle with some entries of its card replaced; None removes one."""

    def spoil(**entries):
        copy = tmp_path / bundle.name
        shutil.copytree(bundle, copy)
        card = json.loads((copy / "card.json").read_text("utf-8")) | entries
        card = {key: value for key, value in card.items() if value is not None}
        (copy / "card.json").write_text(json.dumps(card), "utf-8")
        return copy

    return spoil


@pytest.fixture(scope="session")
def drawn_crops():
    """23 purple discs of many sizes on glass, 128 px: not cells, but something to compute on."""
    random = np.random.default_rng(5)
    crops = np.full((23, 128, 128, 3), 240, np.uint8)
    rows, columns = np.indices((128, 128)) - 64
    for crop, radius in zip(crops, random.integers(20, 60, len(crops)), strict=True):
        inside = np.hypot(rows, columns) < radius
        crop[inside] = random.integers(60, 160, 3) + random.integers(0, 60, (inside.sum(), 3))
    return crops


@pytest.fixture
def gpu(monkeypatch):
    """A machine on which TensorRT and CUDA can be imported; they are stand-ins."""
    found = stand_in_tensorrt.Gpu()
    stand_in_tensorrt.install(monkeypatch, found)
    monkeypatch.delitem(sys.modules, "models.tensorrt", raising=False)
    yield found
    sys.modules.pop("models.tensorrt", None)


@pytest.fixture
def driver(gpu):
    """`models.tensorrt`, on the stand-ins."""
    return importlib.import_module("models.tensorrt")

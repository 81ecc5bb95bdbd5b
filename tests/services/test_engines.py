"""Engines that are tried before they are kept; TensorRT and CUDA are stand-ins."""

import importlib
import sys

import cv2
import numpy as np
import pytest

import models
from appliance import engine_command
from appliance.errors import LabelsUnusable, ModelUnusable
from appliance.pipeline.intake import Limits
from appliance.services import engines
from appliance.settings import Settings
from firmware_hooks.slides import draw_field
from tests.models import stand_in_tensorrt

pytestmark = pytest.mark.slow


@pytest.fixture
def driver(monkeypatch):
    stand_in_tensorrt.install(monkeypatch, stand_in_tensorrt.Gpu())
    monkeypatch.delitem(sys.modules, "models.tensorrt", raising=False)
    yield importlib.import_module("models.tensorrt")
    sys.modules.pop("models.tensorrt", None)
    vars(models).pop("tensorrt", None)


@pytest.fixture(scope="module")
def smears(tmp_path_factory):
    """Three drawn fields of 24 cells, and a note."""
    folder = tmp_path_factory.mktemp("smears")
    for number in range(3):
        field = draw_field(number, width=1600, height=1200, cells=24, blasts=12, red_cover=0.2)
        cv2.imwrite(str(folder / f"{number}.png"), field.pixels[..., ::-1])
    (folder / "note.txt").write_text("three slides", "utf-8")
    return folder


def test_an_engine_that_agrees_is_kept_and_its_gap_said(driver, tmp_path):
    said = engine_command.run_build_engine(Settings(data=tmp_path), "fp16", None)
    kept = tmp_path / "engines" / "all-lite0-1.engine"
    assert kept.is_file()
    assert str(kept) in said
    assert "tensorrt 10.13.3 fp16 on Stand-in (8.7)" in said
    assert 'runner = "tensorrt"' in said


def test_int8_is_calibrated_on_the_cells_of_a_folder(driver, tmp_path, smears):
    said = engine_command.run_build_engine(Settings(data=tmp_path), "int8", smears)
    assert " int8 on " in said


def test_int8_without_pictures_is_refused(driver, tmp_path):
    with pytest.raises(LabelsUnusable, match="has to be calibrated"):
        engine_command.run_build_engine(Settings(data=tmp_path), "int8", None)


def test_an_engine_that_computes_something_else_is_not_kept(driver, tmp_path, monkeypatch):
    settings = Settings(data=tmp_path)
    engine_command.run_build_engine(settings, "fp16", None)
    before = (settings.engines / "all-lite0-1.engine").read_bytes()
    monkeypatch.setattr(driver, "to_planes", lambda crops: np.zeros((16, 3, 128, 128), np.float32))
    with pytest.raises(ModelUnusable, match="was not kept"):
        engine_command.run_build_engine(settings, "fp16", None)
    assert (settings.engines / "all-lite0-1.engine").read_bytes() == before


def test_too_few_cells_do_not_calibrate(smears):
    with pytest.raises(LabelsUnusable, match="calibration needs 50"):
        engines.calibration_crops(
            [smears / "0.png", smears / "note.txt"],
            side_px=128,
            limits=Limits(),
            advance=lambda: None,
        )


def test_without_tensorrt_it_is_said_in_words(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    monkeypatch.delitem(sys.modules, "models.tensorrt", raising=False)
    with pytest.raises(ModelUnusable, match="tensorrt runner needs a library") as caught:
        engine_command.run_build_engine(Settings(data=tmp_path), "fp16", None)
    assert "JetPack" in caught.value.advice

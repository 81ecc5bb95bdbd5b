"""The driver's own steps, on stand-ins for TensorRT and CUDA: keys, refusals, buffers."""

import gc
import importlib
import sys
from dataclasses import replace

import numpy as np
import pytest

from appliance.errors import CannotWrite, ModelUnusable
from models.engine_file import read_engine, write_engine
from tests.models import stand_in_tensorrt


@pytest.fixture
def engine(driver, bundle, tmp_path):
    return driver.build_engine(bundle, tmp_path)


def test_an_engine_says_for_what_it_was_built(engine, bundle):
    key, content = read_engine(engine)
    assert (key.model_id, key.precision) == (bundle.name, "fp16")
    assert (key.library, key.device) == ("tensorrt 10.13.3", "Stand-in (8.7)")
    assert len(content) > 1_000_000
    assert (engine.parent / "timing.cache").read_bytes() == b"timings"


def test_the_runtime_names_version_precision_and_device(driver, engine, bundle):
    opened = driver.open_classifier(bundle, engines=engine.parent)
    assert opened.runtime == "tensorrt 10.13.3 fp16 on Stand-in (8.7)"


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("model_id", "another model id"),
        ("graph_sha256", "another graph"),
        ("library", "another library: other, here tensorrt 10.13.3"),
        ("device", "another device: other, here Stand-in"),
    ],
)
def test_an_engine_for_something_else_is_refused(driver, engine, bundle, entry, words):
    key, content = read_engine(engine)
    write_engine(engine, replace(key, **{entry: "other"}), content)
    with pytest.raises(ModelUnusable, match=words) as caught:
        driver.open_classifier(bundle, engines=engine.parent)
    assert "build-engine" in caught.value.advice


@pytest.mark.parametrize("content", [b"", b"\n", b"[]\n1", b'{"format": 1}\n', b"\xff\xfe"])
def test_what_is_no_engine_is_refused(driver, bundle, tmp_path, content):
    (tmp_path / f"{bundle.name}.engine").write_bytes(content)
    with pytest.raises(ModelUnusable, match="not an engine of this software"):
        driver.open_classifier(bundle, engines=tmp_path)


def test_a_changed_engine_is_refused(driver, engine, bundle):
    content = bytearray(engine.read_bytes())
    content[-1] ^= 1
    engine.write_bytes(content)
    with pytest.raises(ModelUnusable, match="damaged"):
        driver.open_classifier(bundle, engines=engine.parent)


def test_without_an_engine_it_is_said_how_to_build_one(driver, bundle, tmp_path):
    with pytest.raises(ModelUnusable, match="there is no engine") as caught:
        driver.open_classifier(bundle, engines=tmp_path)
    assert "scopeside model build-engine" in caught.value.advice


def test_what_the_library_cannot_load_is_refused_in_its_words(driver, engine, bundle):
    key, _ = read_engine(engine)
    write_engine(engine, key, b"of another library")
    with pytest.raises(ModelUnusable, match="magic tag does not match"):
        driver.open_classifier(bundle, engines=engine.parent)


def test_a_machine_without_a_gpu_is_told_apart(driver, gpu, bundle, tmp_path):
    gpu.present = False
    with pytest.raises(ModelUnusable, match="cudaErrorInsufficientDriver"):
        driver.build_engine(bundle, tmp_path)


def test_a_machine_without_a_driver_is_told_so(driver, gpu, bundle, tmp_path):
    gpu.driver_missing = True
    with pytest.raises(ModelUnusable, match=r"libcuda\.so\.1"):
        driver.build_engine(bundle, tmp_path)


def test_timings_of_another_machine_are_dropped(driver, bundle, tmp_path):
    (tmp_path / "timing.cache").write_bytes(b"of another machine")
    driver.build_engine(bundle, tmp_path)
    assert (tmp_path / "timing.cache").read_bytes() == b"timings"


def test_memory_on_the_gpu_is_given_back(driver, gpu, engine, bundle, drawn_crops):
    opened = driver.open_classifier(bundle, engines=engine.parent)
    opened.predict(drawn_crops)
    assert len(gpu.memory) == 4
    del opened
    gc.collect()
    assert not gpu.memory


def test_int8_is_built_from_crops_and_named(driver, bundle, drawn_crops, tmp_path):
    driver.build_engine(bundle, tmp_path, precision="int8", calibration=drawn_crops)
    opened = driver.open_classifier(bundle, engines=tmp_path)
    assert " int8 on " in opened.runtime
    probability = opened.predict(drawn_crops).blast_probability
    assert np.isfinite(probability).all()


def test_a_folder_that_cannot_be_written_is_named(driver, bundle, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CannotWrite, match="cannot be written"):
        driver.build_engine(bundle, tmp_path / "file")


def test_a_version_that_is_too_old_is_refused(monkeypatch, bundle, tmp_path):
    stand_in_tensorrt.install(monkeypatch, stand_in_tensorrt.Gpu(), version="8.6.2")
    monkeypatch.delitem(sys.modules, "models.tensorrt", raising=False)
    driver = importlib.import_module("models.tensorrt")
    monkeypatch.delitem(sys.modules, "models.tensorrt")
    with pytest.raises(ModelUnusable, match="too old"):
        driver.build_engine(bundle, tmp_path)

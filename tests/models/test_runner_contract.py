"""The contract of `models.classifier`, over every runner and the scripted classifier.

TensorRT appears twice: on stand-ins for its libraries, which proves the driver's own steps, and,
marked hardware, on the genuine ones: `pytest -m hardware tests/models` on a machine with a GPU.
"""

import importlib
import sys
import threading

import numpy as np
import pytest

from appliance.errors import ModelUnusable, SettingsInvalid
from models.card import load_card
from models.runners import RUNNERS, open_runner
from models.scripted import ScriptedClassifier

FIELDS = ("blast_probability", "embedding", "outside", "attention")
MEAN_GAP, LARGEST_GAP = 0.06, 0.25
"""Probability between int8 on LiteRT and float on ONNX Runtime: 0.033 and 0.16 on real cells."""
HALF_GAP = 0.02
"""Between half and single floats; 0.003 on real cells."""


def genuine_driver():
    pytest.importorskip("tensorrt", reason="TensorRT is not installed", exc_type=ImportError)
    driver = importlib.import_module("models.tensorrt")
    try:
        status, *_ = driver.cuda.cudaGetDeviceCount()
    except RuntimeError as error:
        pytest.skip(f"there is no driver here: {error}")
    if status != driver.cuda.cudaError_t.cudaSuccess:
        pytest.skip(f"there is no GPU here: {status.name}")
    return driver


@pytest.fixture(
    params=[
        "scripted",
        "litert",
        "onnx",
        "tensorrt on stand-ins",
        pytest.param("tensorrt fp16", marks=pytest.mark.hardware),
        pytest.param("tensorrt int8", marks=pytest.mark.hardware),
    ]
)
def classifier(request, bundle, tmp_path):
    """Each runner, opened by its name as the appliance does."""
    name = request.param.split()[0]
    if name == "scripted":
        return ScriptedClassifier(load_card(bundle), [0.1, 0.9], outside=[False, False, True])
    if name == "onnx":
        pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")
    elif request.param == "tensorrt on stand-ins":
        request.getfixturevalue("driver").build_engine(bundle, tmp_path)
    elif name == "tensorrt":
        genuine_driver().build_engine(
            bundle,
            tmp_path,
            precision=request.param.split()[1],
            calibration=request.getfixturevalue("drawn_crops"),
        )
    return open_runner(name, bundle, threads=2, engines=tmp_path)


@pytest.fixture
def runner(classifier):
    """The same, without the scripted one, which looks at no cell."""
    if isinstance(classifier, ScriptedClassifier):
        pytest.skip("a script does not look at cells")
    return classifier


def test_a_prediction_has_an_entry_for_each_cell(classifier, drawn_crops):
    prediction = classifier.predict(drawn_crops)
    count = len(drawn_crops)
    assert len(prediction) == count
    assert prediction.blast_probability.shape == prediction.outside.shape == (count,)
    assert prediction.embedding.shape[0] == count
    assert prediction.blast_probability.dtype == prediction.embedding.dtype == np.float32
    assert prediction.outside.dtype == np.bool_
    assert np.isfinite(prediction.embedding).all()
    probability = prediction.blast_probability
    assert np.all((probability >= 0) & (probability <= 1))


def test_no_cell_gives_an_empty_prediction(classifier, drawn_crops):
    prediction = classifier.predict(drawn_crops[:0])
    full = classifier.predict(drawn_crops[:1])
    assert len(prediction) == 0
    assert prediction.embedding.shape == (0, full.embedding.shape[1])
    if full.attention is not None:
        assert prediction.attention.shape == (0, *full.attention.shape[1:])


@pytest.mark.parametrize("shape", [(1, 32, 32, 3), (128, 128, 3), (1, 128, 128, 1)])
def test_crops_of_another_shape_are_refused(classifier, shape):
    with pytest.raises(ValueError, match="expected uint8"):
        classifier.predict(np.zeros(shape, np.uint8))


def test_crops_of_another_type_are_refused(classifier, drawn_crops):
    with pytest.raises(ValueError, match="expected uint8"):
        classifier.predict(drawn_crops / np.float32(255))


def test_the_runtime_is_named(classifier):
    assert classifier.runtime


def test_calls_from_several_threads_do_not_disturb_each_other(classifier, drawn_crops):
    alone = classifier.predict(drawn_crops)
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.append(classifier.predict(drawn_crops)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(answers) == 4
    for answer in answers:
        assert np.array_equal(answer.blast_probability, alone.blast_probability)


def test_the_same_cells_give_the_same_bits(runner, drawn_crops):
    first, second = runner.predict(drawn_crops), runner.predict(drawn_crops)
    for name in FIELDS:
        assert np.array_equal(getattr(first, name), getattr(second, name)), name


def test_a_cell_is_judged_without_regard_to_its_neighbours(runner, drawn_crops):
    together = runner.predict(drawn_crops)
    turned = runner.predict(drawn_crops[::-1])
    for name in FIELDS:
        assert np.array_equal(getattr(turned, name)[::-1], getattr(together, name)), name
    for at in (0, 7, len(drawn_crops) - 1):
        alone = runner.predict(drawn_crops[at : at + 1])
        for name in FIELDS:
            assert np.array_equal(getattr(alone, name)[0], getattr(together, name)[at]), name


def test_runners_agree_with_the_float_network(runner, bundle, drawn_crops, tmp_path):
    pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")
    reference = open_runner("onnx", bundle, threads=1, engines=tmp_path).predict(drawn_crops)
    seen = runner.predict(drawn_crops)
    gap = np.abs(seen.blast_probability - reference.blast_probability)
    if " fp16 " in runner.runtime:
        assert gap.max() <= HALF_GAP
    assert gap.mean() <= MEAN_GAP
    assert gap.max() <= LARGEST_GAP
    assert np.corrcoef(seen.embedding.ravel(), reference.embedding.ravel())[0, 1] > 0.9


@pytest.mark.parametrize(
    ("name", "file"), [("litert", "model.tflite"), ("onnx", "model.onnx")], ids=["litert", "onnx"]
)
def test_a_changed_file_is_refused(spoiled, tmp_path, name, file):
    changed = spoiled()
    content = bytearray((changed / file).read_bytes())
    content[len(content) // 2] ^= 1
    (changed / file).write_bytes(content)
    with pytest.raises(ModelUnusable, match=f"{file} is not the file its card describes"):
        open_runner(name, changed, threads=1, engines=tmp_path)


def test_every_runner_in_the_table_is_in_this_test():
    assert set(RUNNERS) == {"litert", "onnx", "tensorrt"}


def test_an_unknown_runner_is_named_with_those_that_are_known(bundle, tmp_path):
    with pytest.raises(SettingsInvalid, match="known are litert, onnx, tensorrt"):
        open_runner("abacus", bundle, threads=1, engines=tmp_path)


def test_a_runner_whose_library_is_missing_says_where_it_comes_from(bundle, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    monkeypatch.delitem(sys.modules, "models.tensorrt", raising=False)
    with pytest.raises(ModelUnusable, match="tensorrt runner needs a library") as caught:
        open_runner("tensorrt", bundle, threads=1, engines=tmp_path)
    assert "JetPack" in caught.value.advice


def test_each_runner_names_the_file_that_computes(classifier, bundle):
    """The network is named by model.tflite; what computed may be model.onnx, or an engine."""
    card = load_card(bundle)
    if classifier.runtime.startswith("onnxruntime"):
        assert classifier.computed_sha256 == card.files["model.onnx"]
    elif classifier.runtime.startswith("tensorrt"):
        assert len(classifier.computed_sha256) == 64
        assert classifier.computed_sha256 not in card.files.values()
    else:
        assert classifier.computed_sha256 == card.sha256

"""What a bundle says of itself."""

import hashlib
import json

import pytest

from appliance.errors import ModelUnusable
from models.card import CLASSES, load_card


def test_the_released_card_names_every_file_by_its_hash(bundle):
    card = load_card(bundle)
    found = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in bundle.iterdir()
        if path.suffix in {".tflite", ".onnx", ".txt"}
    }
    assert card.files == found
    assert card.sha256 == found["model.tflite"]


def test_the_released_card_is_of_its_folder(bundle):
    card = load_card(bundle)
    assert card.id == bundle.name
    assert card.classes == CLASSES


def test_the_released_files_are_small(bundle):
    assert (bundle / "model.tflite").stat().st_size <= 6_000_000
    assert (bundle / "model.onnx").stat().st_size <= 8 * 2**20


def test_pictures_of_failures_are_there_and_small(bundle):
    named = {failure["picture"] for failure in load_card(bundle).raw["failures"]}
    assert named == {path.name for path in bundle.glob("*.png")}
    page = (bundle / "MODEL_CARD.md").read_text("utf-8")
    for name in named:
        assert (bundle / name).stat().st_size <= 60_000
        assert f"({name})" in page


def test_each_source_is_named_with_its_licence(bundle):
    for source in load_card(bundle).sources:
        assert source["name"]
        assert source["licence"]


def test_a_folder_without_a_card_is_refused(tmp_path):
    with pytest.raises(ModelUnusable, match=r"no card\.json"):
        load_card(tmp_path)


def test_a_card_that_is_not_json_is_refused(tmp_path):
    (tmp_path / "card.json").write_text("{", "utf-8")
    with pytest.raises(ModelUnusable, match="not JSON"):
        load_card(tmp_path)


@pytest.mark.parametrize(
    ("entry", "value", "sentence"),
    [
        ("thresholds", [0.8, 0.2], "not two rising"),
        ("thresholds", [0.1], "cannot be used"),
        ("thresholds", None, "'thresholds' is missing"),
        ("calibration", {"temperature": 0}, "not above zero"),
        ("classes", ["normal", "blast", "unusable"], "classes are"),
        ("input", {"side_px": 8}, "not between 16 and 1024"),
        ("range", {"centres": []}, "table of numbers"),
        ("range", {"centres": [[1, 2]], "spreads": [1]}, "one positive number"),
        ("range", {"centres": [[1, 2]], "spreads": [1, 0]}, "one positive number"),
        ("outputs", {"embedding": 2}, "range has 64 axes"),
        ("files", {}, "'model.tflite' is missing"),
        ("files", [], "'model.tflite' is missing"),
    ],
)
def test_a_card_with_an_impossible_entry_is_refused(spoiled, entry, value, sentence):
    with pytest.raises(ModelUnusable, match=sentence):
        load_card(spoiled(**{entry: value}))


def test_the_raw_card_keeps_what_the_software_does_not_act_on(bundle):
    raw = json.loads((bundle / "card.json").read_text("utf-8"))
    assert load_card(bundle).raw == raw

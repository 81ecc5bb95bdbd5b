"""From a real picture to a suggestion. No measurement: these cells were learned from."""

import csv

import cv2
import numpy as np
import pytest

from appliance.pipeline.cells import find_cells
from appliance.pipeline.crops import crop_cells
from models.litert import open_classifier


@pytest.fixture(scope="module")
def seen(bundle, data_dir):
    """Predictions for the first 12 blasts and 12 normal cells of ALL-IDB2, blasts first."""
    with (data_dir / "labels.csv").open(encoding="utf-8", newline="") as lines:
        listed = [row for row in csv.DictReader(lines) if row["source"] == "allidb2"]
    classifier = open_classifier(bundle)
    crops = []
    for label in ("blast", "normal"):
        for row in [row for row in listed if row["label"] == label][:12]:
            pixels = _read(data_dir / row["file"])
            cells = sorted(find_cells(pixels), key=lambda cell: -cell.nucleus_area_px)[:1]
            crops.append(crop_cells(pixels, cells, side_px=classifier.card.side_px))
    return classifier.predict(np.concatenate(crops))


@pytest.mark.data
@pytest.mark.slow
def test_blasts_are_mostly_likelier_blasts_than_normal_cells(seen):
    half = len(seen) // 2
    assert np.median(seen.blast_probability[:half]) > np.median(seen.blast_probability[half:])


@pytest.mark.data
@pytest.mark.slow
def test_cells_of_a_known_kind_are_hardly_ever_outside_the_training_range(seen):
    assert seen.outside.mean() < 0.25


@pytest.mark.data
def test_experts_masks_and_black_do_not_change_what_the_network_says(bundle, data_dir):
    with (data_dir / "labels.csv").open(encoding="utf-8", newline="") as lines:
        listed = [row["file"] for row in csv.DictReader(lines) if row["source"] == "allidb2"]
    classifier = open_classifier(bundle)
    said = []
    for file in [file for file in listed if "masks" not in file][::4]:
        pixels = _read(data_dir / file)
        mask = _read(data_dir / "allidb2" / "masks" / file.rpartition("/")[2]).min(axis=2) < 200
        plain = max(find_cells(pixels), key=lambda cell: mask[_middle(cell.box)])
        on_black = np.where(mask[..., None], pixels, 0).astype(np.uint8)
        cells = [(pixels, [plain]), (on_black, find_cells(on_black)[:1])]
        crops = [crop_cells(*each, side_px=classifier.card.side_px) for each in cells]
        said.append(classifier.predict(np.concatenate(crops)).blast_probability)
    plainly, cut = np.array(said).T
    assert np.mean((plainly > 0.5) == (cut > 0.5)) > 0.9
    assert np.corrcoef(plainly, cut)[0, 1] > 0.85


def _read(path):
    return np.ascontiguousarray(cv2.imread(str(path))[..., ::-1])


def _middle(box):
    return box.y + box.height // 2, box.x + box.width // 2

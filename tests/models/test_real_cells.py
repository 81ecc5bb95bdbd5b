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
            pixels = np.ascontiguousarray(cv2.imread(str(data_dir / row["file"]))[..., ::-1])
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

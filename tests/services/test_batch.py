"""The fixed JSON object of the command line, and what may be added to its cells."""

import json
from pathlib import Path

import cv2
import pytest

from appliance.pipeline.intake import Limits
from appliance.services import batch
from appliance.settings import Settings
from firmware_hooks.slides import draw_field
from models.card import load_card
from models.scripted import ScriptedClassifier

BUNDLE = Path(__file__).parents[2] / "models" / "bundles" / Settings(data=Path()).model


@pytest.fixture(scope="module")
def analysed(tmp_path_factory):
    path = tmp_path_factory.mktemp("batch") / "field.png"
    pixels = draw_field(5, width=960, height=720, cells=6, blasts=3).pixels
    cv2.imwrite(str(path), pixels[..., ::-1])
    classifier = ScriptedClassifier(load_card(BUNDLE), [0.1, 0.9])
    ((result,),) = batch.run([path], classifier, limits=Limits(), um_per_px=0.1)
    return result


def test_morphology_is_added_to_each_cell_and_changes_nothing_else(analysed):
    plain, more = batch.as_object(analysed), batch.as_object(analysed, morphology=True)
    assert plain["cells"]
    for cell in plain["cells"]:
        assert "morphology" not in cell
    for cell in more["cells"]:
        assert 0 < cell.pop("morphology")["nucleus_share"] <= 1
    assert more == plain


def test_morphology_is_plain_json(analysed):
    given = batch.as_object(analysed, morphology=True)
    found = json.loads(json.dumps(given))["cells"][0]["morphology"]
    assert found == given["cells"][0]["morphology"]
    assert found["nucleus_diameter_um"] > 1
    assert isinstance(found["lobes"], int)

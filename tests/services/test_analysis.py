"""The worker's step: what is the picture's fault fails its field, what is not leaves it waiting."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import cv2
import pytest

from appliance.errors import RecordsUnavailable
from appliance.pipeline.intake import Limits
from appliance.records import examinations, fields, patients
from appliance.records.database import close, proxy
from appliance.services.analysis import AnalysisService
from appliance.settings import Settings
from appliance.vocabulary import APPLIANCE, Crops, FieldState
from appliance.wiring import BUNDLES, Appliance, build
from firmware_hooks.slides import draw_field
from models.card import load_card
from models.classifier import Prediction
from models.scripted import ScriptedClassifier


class Blocking(ScriptedClassifier):
    """A network beside which another process takes the write lock of the records."""

    other: sqlite3.Connection

    def predict(self, crops: Crops) -> Prediction:
        self.other.execute("BEGIN IMMEDIATE")
        return super().predict(crops)


@pytest.fixture
def appliance(tmp_path: Path) -> Iterator[Appliance]:
    yield build(Settings(data=tmp_path, min_free_mb=0))
    close()


@pytest.fixture
def waiting(appliance: Appliance) -> fields.FieldImage:
    patient = patients.register(
        {"medical_record_number": "1", "family_name": "Sato", "sex": "other"}, APPLIANCE
    )
    values = {"specimen": "peripheral-blood", "stain": "wright"}
    examination = examinations.create(patient.id, values, APPLIANCE)
    pixels = draw_field(5, width=960, height=720, cells=6, blasts=3).pixels
    data = cv2.imencode(".png", pixels[..., ::-1])[1].tobytes()
    (taken,) = appliance.capture.add_file(examination.id, "a.png", data, by=APPLIANCE)
    assert taken.field.state == FieldState.ACCEPTED
    return taken.field


_fail = fields.fail


def service(appliance: Appliance, kind: type[ScriptedClassifier]) -> AnalysisService:
    classifier = kind(load_card(BUNDLES / appliance.settings.model), [0.9])
    return AnalysisService("test", appliance.pictures, appliance.views, classifier, Limits())


def test_a_waiting_field_is_analysed_once(appliance, waiting):
    analysis = service(appliance, ScriptedClassifier)
    assert analysis.run_next()
    assert fields.get(waiting.id).state == FieldState.ANALYSED
    assert len(fields.cells_of(waiting.id)) == 6
    assert not analysis.run_next()


def test_a_picture_that_is_gone_fails_its_field_in_words(appliance, waiting):
    appliance.pictures.path(waiting.sha256).unlink()
    assert service(appliance, ScriptedClassifier).run_next()
    row = fields.get(waiting.id)
    assert (row.state, row.reason) == (FieldState.FAILED, "This picture is not in the store.")


def test_records_that_are_locked_too_long_do_not_fail_the_field(appliance, waiting, monkeypatch):
    analysis = service(appliance, Blocking)
    proxy.pragma("busy_timeout", 10)
    with closing(sqlite3.connect(appliance.settings.database)) as other:
        # The lock would be free again by the time that the field is given up.
        monkeypatch.setattr(fields, "fail", lambda *given: (other.rollback(), _fail(*given)))
        analysis.classifier.other = other
        with pytest.raises(RecordsUnavailable, match="locked"):
            analysis.run_next()
    assert fields.get(waiting.id).state == FieldState.ANALYSING
    assert fields.release_all() == 1
    assert service(appliance, ScriptedClassifier).run_next()
    assert fields.get(waiting.id).state == FieldState.ANALYSED

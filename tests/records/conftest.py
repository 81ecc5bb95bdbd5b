"""What the tests of the records share: a patient, an examination, images and what is found."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest

from appliance.permissions import Role
from appliance.records import (
    conclusions,
    decisions,
    examinations,
    fields,
    patients,
    readings,
    report_versions,
    users,
)
from appliance.records.review_tables import ReportVersion
from appliance.records.tables import Cell, Examination, FieldImage, Patient, User
from appliance.review_vocabulary import CellLabel, Finding, ReadingKind, SignatureMeaning
from appliance.vocabulary import (
    Actor,
    Box,
    FieldAnalysis,
    FoundCell,
    ModelStamp,
    Quality,
    QualityCheck,
    SourceImage,
    Suggestion,
    Tally,
    Verdict,
)

SHARP = QualityCheck("focus", 81.0, 40.0, None, "", True, "The image is sharp.")
BLURRED = QualityCheck("focus", 9.0, 40.0, None, "", False, "The image is blurred: focus again.")

STAMP = ModelStamp("all-lite0-1", "c" * 64, "litert 2.3.0", "0.1.0", (0.3, 0.7))


@pytest.fixture
def by(olga: User, actor_of: Callable[[User], Actor]) -> Actor:
    """Olga at the bench."""
    return actor_of(olga)


@pytest.fixture
def patient(by: Actor) -> Patient:
    """A girl of six."""
    return patients.register(
        {
            "medical_record_number": "MRN-0017",
            "family_name": "Núñez",
            "given_name": "Łucja",
            "sex": "female",
            "birth_date": date(2020, 5, 1),
        },
        by,
    )


@pytest.fixture
def examination(patient: Patient, by: Actor) -> Examination:
    """A marrow smear of hers, without images."""
    return examinations.create(patient.id, {"specimen": "bone-marrow", "stain": "wright"}, by)


@pytest.fixture
def image() -> Callable[..., SourceImage]:
    """Makes an image; the same number, the same image."""
    blank = SourceImage(np.zeros((48, 64, 3), np.uint8), "", "image/png")

    def make(number: int = 0, **facts: Any) -> SourceImage:
        return replace(blank, **{"sha256": f"{number:064x}", **facts})

    return make


@pytest.fixture
def sharp() -> Quality:
    """A passport without fault."""
    return Quality((SHARP,))


@pytest.fixture
def blurred() -> Quality:
    """A passport with a failed check."""
    return Quality((BLURRED,))


@pytest.fixture
def field(
    examination: Examination, image: Callable[..., SourceImage], sharp: Quality, by: Actor
) -> FieldImage:
    """The first image of the examination, accepted."""
    return fields.add(examination.id, image(), "field-1.png", 1234, sharp, by)


def _found(at_border: bool, index: int) -> FoundCell:
    square = np.array([[0, 0], [20, 0], [20, 20]], np.int32) + index
    return FoundCell(Box(index, index, 20, 21), square, None, 200.0, None, at_border)


@pytest.fixture
def analysis() -> Callable[..., FieldAnalysis]:
    """Makes an analysis with so many blasts, normal and unsure cells, and cells at the border."""

    def make(blast: int = 0, normal: int = 0, unsure: int = 0, cut: int = 0) -> FieldAnalysis:
        suggestions = (
            [Suggestion.BLAST] * (blast + cut)
            + [Suggestion.NORMAL] * normal
            + [Suggestion.UNSURE] * unsure
        )
        return FieldAnalysis(
            cells=[_found(index < cut, index) for index in range(len(suggestions))],
            verdicts=[Verdict(suggestion, 0.5, False) for suggestion in suggestions],
            tally=Tally(blast, normal, unsure, None),
            model=STAMP,
            timings_ms={"detect": 41.5, "classify": 180.0},
        )

    return make


@pytest.fixture
def clinician(hana: User, actor_of: Callable[[User], Actor]) -> Actor:
    """Hana, who reviews and signs."""
    return actor_of(hana)


@pytest.fixture
def third(database: Any, actor_of: Callable[[User], Actor]) -> Actor:
    """Ivo, a second technician, who has seen nothing yet."""
    return actor_of(users.add("ivo", "Ivo Brandt", Role.TECHNICIAN, "hash", None))


@pytest.fixture
def read(field: FieldImage, analysis: Callable[..., FieldAnalysis]) -> Callable[..., list[Cell]]:
    """Lets the worker read the image: read(blast=2, normal=1), and returns the cells in order."""

    def finish(**cells: int) -> list[Cell]:
        claimed = fields.claim_oldest("w")
        assert claimed is not None
        fields.finish(claimed, analysis(**cells), card={}, by="w")
        return fields.cells_of(claimed.id)

    return finish


@pytest.fixture
def call() -> Callable[..., None]:
    """Shows cells to a reader, who calls them: call(reading, cells, label, by)."""

    def show_and_decide(reading: Any, cells: Any, label: CellLabel, by: Actor) -> None:
        ids = [cell.id for cell in cells]
        decisions.decide(reading.id, ids, label, by, shown=dict.fromkeys(ids, 1500))

    return show_and_decide


@pytest.fixture
def submitted(
    examination: Examination, read: Callable[..., Any], call: Callable[..., None], by: Actor
) -> Examination:
    """The examination with two blasts and a normal cell, called so and submitted by Olga."""
    cells = read(blast=2, normal=1)
    reading = readings.take(examination.id, ReadingKind.FIRST, by)
    call(reading, cells[:2], CellLabel.BLAST, by)
    call(reading, cells[2:], CellLabel.NORMAL, by)
    return readings.submit(reading.id, by)


def conclude(examination: Examination, by: Actor) -> None:
    """Write a calm conclusion."""
    values = {"finding": Finding.NO_BLASTS, "text": "Nothing special.", "critical": False}
    conclusions.write(examination.id, values, 0, by)


def sign(
    examination: Examination,
    by: Actor,
    content: Mapping[str, Any] | None = None,
    *,
    meaning: SignatureMeaning = SignatureMeaning.APPROVED,
    **changed: Any,
) -> ReportVersion:
    """Sign as a page would that was loaded just now; `changed` replaces what it sends."""
    shown = content or {"examination": str(examination.id)}
    sent = {
        "revision": examinations.get(examination.id).revision,
        "content": shown,
        "sha256": report_versions.digest(shown),
        "pdf_sha256": "0" * 64,
        "own_submission_allowed": False,
    }
    return report_versions.sign(examination.id, **{**sent, **changed}, meaning=meaning, by=by)


@pytest.fixture
def signed(submitted: Examination, clinician: Actor) -> Examination:
    """The submitted examination, concluded and signed by Hana."""
    conclude(submitted, clinician)
    sign(submitted, clinician)
    return examinations.get(submitted.id)

"""Examinations with images and cells, written straight into the records."""

from uuid import UUID

import numpy as np

from appliance.records import examinations, fields, patients, users
from appliance.records.tables import Examination, FieldImage, User
from appliance.vocabulary import (
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
from tests.samples import drawing, saved

STAMP = ModelStamp("all-test", "f" * 64, "scripted", "0.1.0", (0.3, 0.7))
SIDE = 64


def examination_of(user: User, **values: object) -> Examination:
    by = users.actor_of(user)
    patient = patients.by_number("4711") or patients.register(
        {
            "medical_record_number": "4711",
            "family_name": "Okafor",
            "given_name": "Ada",
            "sex": "female",
        },
        by,
    )
    given = {"specimen": "peripheral-blood", "stain": "wright", **values}
    return examinations.create(patient.id, given, by)


def picture(number: int) -> bytes:
    """A small drawn picture; each number gives other bytes."""
    image = drawing().copy()
    image.putpixel((number % 96, number // 96), (1, 2, 3))
    return saved(image, "PNG")


def quality(*, passed: bool) -> Quality:
    sentence = "Sharp." if passed else "The picture is blurred: focus again."
    return Quality((QualityCheck("focus", 2.5, 5.5, None, "edges", passed, sentence),))


def add_field(
    appliance,
    examination_id: UUID,
    user: User,
    number: int = 1,
    *,
    passed: bool = True,
    um_per_px: float | None = None,
    name: str = "",
) -> FieldImage:
    data = picture(number)
    image = SourceImage(
        np.asarray(drawing()), appliance.pictures.keep(data), "image/png", um_per_px=um_per_px
    )
    by = users.actor_of(user)
    name = name or f"field {number}.png"
    return fields.add(examination_id, image, name, len(data), quality(passed=passed), by)


def analyse(probabilities: list[float], *, at_border: frozenset[int] = frozenset()) -> FieldImage:
    """Take the oldest waiting field and give it cells; those of `at_border` are not counted."""
    row = fields.claim_oldest("test")
    assert row is not None
    cells = [found(place, at_border=place + 1 in at_border) for place in range(len(probabilities))]
    verdicts = [Verdict(suggested(value), value, False) for value in probabilities]
    analysis = FieldAnalysis(cells, verdicts, Tally(0, 0, 0, None), STAMP, {"detect": 5.0})
    assert fields.finish(row, analysis, card={"id": STAMP.id}, by="test")
    return fields.get(row.id)


def found(place: int, *, at_border: bool = False) -> FoundCell:
    x, y = 4 + place % 8 * 10, 4 + place // 8 * 10
    nucleus = np.array([[x, y], [x + 8, y], [x + 8, y + 8]], np.int32)
    return FoundCell(Box(x, y, 8, 8), nucleus, nucleus, 32.0, 64.0, at_border)


def suggested(probability: float) -> Suggestion:
    if probability >= 0.7:
        return Suggestion.BLAST
    return Suggestion.UNSURE if probability >= 0.3 else Suggestion.NORMAL

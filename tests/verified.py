"""A laboratory that has read some of its own drawn slides: examinations, verified and submitted."""

from functools import cache
from uuid import UUID

import cv2

from appliance.records import decisions, examinations, fields, patients, readings, users
from appliance.records.tables import User
from appliance.review_vocabulary import CellLabel, DecisionWay, ReadingKind
from appliance.vocabulary import Box
from appliance.wiring import Appliance
from firmware_hooks.drawing import Kind
from firmware_hooks.slides import DrawnField, draw_field


@cache
def drawn(seed: int) -> DrawnField:
    """One small field of the laboratory's slides: twelve cells, about eight of them whole."""
    return draw_field(seed, width=900, height=675, cells=12, blasts=6, red_cover=0.1)


def imaged(appliance: Appliance, user: User, slides: list[DrawnField], number: str) -> UUID:
    """Register a patient with an examination and add fields to it; the worker has yet to come."""
    by = users.actor_of(user)
    person = {"medical_record_number": number, "family_name": "Drawn", "sex": "other"}
    patient = patients.register(person, by)
    values = {"specimen": "peripheral-blood", "stain": "wright"}
    examination = examinations.create(patient.id, values, by)
    for place, slide in enumerate(slides):
        data = cv2.imencode(".png", slide.pixels[..., ::-1])[1].tobytes()
        (taken,) = appliance.capture.add_file(examination.id, f"{place}.png", data, by=by)
        if taken.field.state == "refused":
            fields.override(taken.field.id, "Drawn smaller than a camera sees", by)
    return examination.id


def read(examination_id: UUID, user: User, slides: list[DrawnField]) -> None:
    """Have every cell of an examination shown and called what was drawn, and submit it."""
    by = users.actor_of(user)
    reading = readings.take(examination_id, ReadingKind.FIRST, by)
    for row, slide in zip(fields.of_examination(examination_id), slides, strict=True):
        found = fields.cells_of(row.id)
        decisions.showed(reading.id, {cell.id: 2000 for cell in found}, by)
        called: dict[CellLabel, list[UUID]] = {CellLabel.BLAST: [], CellLabel.NORMAL: []}
        for cell in found:
            box = Box(cell.x, cell.y, cell.width, cell.height)
            called[_truth(slide, box)].append(cell.id)
        for label, ids in called.items():
            if ids:
                decisions.decide(reading.id, ids, label, by, DecisionWay.SEVERAL)
    readings.submit(reading.id, by)


def _truth(slide: DrawnField, box: Box) -> CellLabel:
    nearest = min(slide.white_cells, key=lambda cell: _gap(cell.box, box))
    return CellLabel.BLAST if nearest.kind is Kind.BLAST else CellLabel.NORMAL


def _gap(one: Box, other: Box) -> float:
    across = one.x + one.width / 2 - other.x - other.width / 2
    down = one.y + one.height / 2 - other.y - other.height / 2
    return across**2 + down**2

"""Reads the drawn slides of a demo lab as its people would: every cell, then the signature.

Cells are called what was drawn, by the same steps that a page takes; nothing is written past them.
"""

from collections.abc import Sequence
from math import hypot
from typing import Any
from uuid import UUID

from appliance.records import conclusions, decisions, examinations, fields, readings
from appliance.records.tables import Cell
from appliance.review_vocabulary import CellLabel, DecisionWay, ReadingKind
from appliance.services.review import Review
from appliance.vocabulary import Actor, Box
from firmware_hooks.drawing import Kind
from firmware_hooks.slides import DrawnCell

_LOOKED_MS = 1500


def submit(examination_id: UUID, truths: Sequence[Sequence[DrawnCell]], by: Actor) -> None:
    """Show a technician every cell, call it what was drawn, and submit.

    Args:
        examination_id: analysed, read by nobody.
        truths: what was drawn, image by image.
        by: the technician.
    """
    reading = readings.take(examination_id, ReadingKind.FIRST, by)
    called: dict[CellLabel, list[UUID]] = {}
    for image, truth in zip(fields.of_examination(examination_id), truths, strict=True):
        for cell in fields.cells_of(image.id):
            called.setdefault(_label(cell, truth), []).append(cell.id)
    for label, ids in called.items():
        shown = dict.fromkeys(ids, _LOOKED_MS)
        decisions.decide(reading.id, ids, label, by, DecisionWay.SEVERAL, shown=shown)
    readings.submit(reading.id, by)


def sign(
    examination_id: UUID, conclusion: dict[str, Any], review: Review, password: str, by: Actor
) -> None:
    """Conclude a submitted examination and sign it, as a clinician does."""
    conclusions.write(examination_id, conclusion, 0, by)
    draft = review.draft(examination_id)
    revision = examinations.get(examination_id).revision
    review.sign(examination_id, revision, draft.sha256, password, by)


def _label(cell: Cell, truth: Sequence[DrawnCell]) -> CellLabel:
    white = [drawn for drawn in truth if drawn.kind.is_white]
    box = Box(cell.x, cell.y, cell.width, cell.height)
    nearest = min(white, key=lambda drawn: _gap(drawn.box, box), default=None)
    if nearest is None or _gap(nearest.box, box) > max(box.width, box.height) / 2:
        return CellLabel.NOT_A_CELL
    return CellLabel.BLAST if nearest.kind is Kind.BLAST else CellLabel.NORMAL


def _gap(one: Box, other: Box) -> float:
    """Return the distance of two boxes' middles, pixels."""
    across = one.x + one.width / 2 - other.x - other.width / 2
    down = one.y + one.height / 2 - other.y - other.height / 2
    return hypot(across, down)

"""Cells that a reader adds, merges or splits. What was found stays; the new cells count instead.

Each edit is one batch of decisions, so that `decisions.undo` takes it back as a whole.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from peewee import fn
from uuid_utils.compat import uuid7

from appliance.errors import Conflict, Forbidden, InvalidInput, NotFound
from appliance.records import decisions, outlines
from appliance.records.database import transaction
from appliance.records.readings import require_mine
from appliance.records.review_tables import Reading
from appliance.records.revisions import fetch
from appliance.records.standing import Label, LastCall, last_calls
from appliance.records.tables import Cell, FieldImage
from appliance.review_vocabulary import CellLabel, CellOrigin, DecisionWay, ReadingKind
from appliance.vocabulary import Actor, Box, FieldState, Outline

MOST_PARTS = 20
"""Cells that are merged, or made by a split, at once."""


def add(
    reading_id: UUID,
    field_id: UUID,
    box: Box,
    nucleus: Outline | None,
    label: CellLabel | None,
    by: Actor,
) -> Cell:
    """Add a cell that was missed.

    Args:
        reading_id: the person's own, open and not blind.
        field_id: the analysed image that shows it.
        box: around the cell, in pixels of the image.
        nucleus: its outline in pixels; an ellipse in the box where None.
        label: what it is called, None to call it later.
        by: the reader.

    Returns:
        The cell, numbered after the last of its image; not counted where the edge cuts it.

    Raises:
        NotFound: no such reading or image.
        Forbidden: the reading is somebody else's, or blind.
        Conflict: it is at its end, or the image is not analysed.
        InvalidInput: the box does not lie in the image, or the label cannot be given.
    """
    with transaction():
        row = _sighted(reading_id, by)
        field = _field(row, field_id)
        _require_label(label)
        points = (
            outlines.ellipse(box) if nucleus is None else [[int(x), int(y)] for x, y in nucleus]
        )
        cell = _make(field, box, points, CellOrigin.ADDED, by)
        _decide(row, {cell.id: label or ""}, {}, "cell:add", by)
    return cell


def merge(reading_id: UUID, cell_ids: Iterable[UUID], label: CellLabel | None, by: Actor) -> Cell:
    """Make one cell of several that are parts of it.

    Args:
        reading_id: the person's own, open and not blind.
        cell_ids: two or more of one image.
        label: what the cell is called, None to call it later.
        by: the reader.

    Raises:
        NotFound: no such reading, or a cell that is not of its examination.
        Forbidden: the reading is somebody else's, or blind.
        Conflict: it is at its end, or one of the cells was merged or split before.
        InvalidInput: fewer than two, or not of one image, or the label cannot be given.
    """
    ids = list(dict.fromkeys(cell_ids))
    with transaction():
        row = _sighted(reading_id, by)
        _require_label(label)
        if not 2 <= len(ids) <= MOST_PARTS:
            raise InvalidInput({"cells": f"Select two to {MOST_PARTS} cells to merge."})
        parts, last = _parts(row, ids)
        if len({part.__data__["field"] for part in parts}) != 1:
            raise InvalidInput({"cells": "Only cells of one image can be merged."})
        points = outlines.hull(point for part in parts for point in part.nucleus)
        box = outlines.union([_box(part) for part in parts])
        cell = _make(parts[0].field, box, points, CellOrigin.MERGED, by, replaces=ids)
        calls: dict[UUID, Label] = dict.fromkeys(ids, CellLabel.REPLACED)
        _decide(row, {**calls, cell.id: label or ""}, last, "cell:merge", by)
    return cell


def split(reading_id: UUID, cell_id: UUID, boxes: Sequence[Box], by: Actor) -> list[Cell]:
    """Make several cells of one that was found as one; they are to be called anew.

    Args:
        reading_id: the person's own, open and not blind.
        cell_id: which.
        boxes: two or more, around the cells in pixels of the image.
        by: the reader.

    Raises:
        NotFound: no such reading, or a cell that is not of its examination.
        Forbidden: the reading is somebody else's, or blind.
        Conflict: it is at its end, or the cell was merged or split before.
        InvalidInput: fewer than two boxes, or one that does not lie in the image.
    """
    with transaction():
        row = _sighted(reading_id, by)
        if not 2 <= len(boxes) <= MOST_PARTS:
            raise InvalidInput({"boxes": f"Mark two to {MOST_PARTS} cells to split it into."})
        (whole,), last = _parts(row, [cell_id])
        cells = [
            _make(whole.field, box, outlines.ellipse(box), CellOrigin.SPLIT, by, replaces=[cell_id])
            for box in boxes
        ]
        calls: dict[UUID, Label] = {cell_id: CellLabel.REPLACED}
        calls |= dict.fromkeys([cell.id for cell in cells], "")
        _decide(row, calls, last, "cell:split", by)
    return cells


def _sighted(reading_id: UUID, by: Actor) -> Reading:
    row = require_mine(reading_id, by)
    if row.kind == ReadingKind.SECOND:
        raise Forbidden(
            "A second reading calls the cells as they are: it adds, merges and splits none.",
            advice="Call it unsure or not a cell, and tell the first reader.",
        )
    if row.kind == ReadingKind.ADJUDICATION:
        raise Forbidden(
            "An adjudication decides only about what the readers call differently.",
            advice="Add, merge or split cells in a review.",
        )
    return row


def _field(row: Reading, field_id: UUID) -> FieldImage:
    field = fetch(FieldImage, field_id)
    if field.__data__["examination"] != row.__data__["examination"]:
        raise NotFound(
            "This image is not of this examination.", advice="Open the examination again."
        )
    if field.state != FieldState.ANALYSED:
        raise Conflict(
            f"Image {field.number} is not analysed.",
            advice="Wait for the analysis, or go on with another image.",
        )
    return field


def _parts(row: Reading, ids: Sequence[UUID]) -> tuple[list[Cell], dict[UUID, LastCall]]:
    last = last_calls(ids)
    decisions.require_callable(row, last, ids)
    cells = Cell.select(Cell, FieldImage).join(FieldImage).where(Cell.id.in_(ids))
    return list(cells.order_by(FieldImage.number, Cell.number)), last


def _make(
    field: FieldImage,
    box: Box,
    nucleus: outlines.Points,
    origin: CellOrigin,
    by: Actor,
    replaces: Iterable[UUID] = (),
) -> Cell:
    width, height = field.width, field.height
    inside = all(0 <= x < width and 0 <= y < height for x, y in nucleus)
    if not outlines.is_within(box, width, height) or not inside or len(nucleus) < 3:
        raise InvalidInput({"box": "Mark the cell within the image."})
    cell: Cell = Cell.create(
        field=field.id,
        number=_last_number(field) + 1,
        x=int(box.x),
        y=int(box.y),
        width=int(box.width),
        height=int(box.height),
        nucleus=nucleus,
        nucleus_area_px=outlines.area(nucleus),
        counted=not outlines.is_cut(box, width, height),
        origin=origin,
        made_by=by.user_id,
        replaces=[str(part) for part in replaces],
    )
    return cell


def _decide(
    row: Reading,
    calls: Mapping[UUID, Label],
    last: Mapping[UUID, LastCall],
    action: str,
    by: Actor,
) -> None:
    decisions.write(row, calls, last, uuid7(), DecisionWay.EDIT, by, action)


def _require_label(label: CellLabel | None) -> None:
    if label is not None and (label not in [*CellLabel] or label == CellLabel.REPLACED):
        raise InvalidInput({"label": "Choose what the cell is called from the list."})


def _last_number(field: FieldImage) -> int:
    numbers: Any = Cell.select(fn.MAX(Cell.number)).where(Cell.field == field.id)
    return numbers.scalar() or 0


def _box(cell: Cell) -> Box:
    return Box(cell.x, cell.y, cell.width, cell.height)

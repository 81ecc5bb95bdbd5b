"""White cells with their suggestions: written once with their field, never changed."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from appliance.records.tables import Cell, FieldImage, ModelRelease
from appliance.vocabulary import FoundCell, ModelStamp, Outline, Verdict

_CELLS_AT_ONCE = 500  # 16 columns each; SQLite takes 32,766 values in a statement


def write(field_id: UUID, cells: Iterable[FoundCell], verdicts: Iterable[Verdict]) -> None:
    """Write the cells of a field, numbered from 1 in the order given.

    For `fields.finish`, within its transaction.

    Raises:
        ValueError: there are not as many verdicts as cells.
    """
    rows = [
        Cell(
            field=field_id,
            number=number,
            x=int(cell.box.x),
            y=int(cell.box.y),
            width=int(cell.box.width),
            height=int(cell.box.height),
            nucleus=_points(cell.nucleus),
            outline=None if cell.outline is None else _points(cell.outline),
            nucleus_area_px=float(cell.nucleus_area_px),
            cell_area_px=None if cell.cell_area_px is None else float(cell.cell_area_px),
            counted=bool(cell.counted),
            suggestion=verdict.suggestion,
            blast_probability=float(verdict.blast_probability),
            outside_training_range=bool(verdict.outside_training_range),
        )
        for number, (cell, verdict) in enumerate(zip(cells, verdicts, strict=True), start=1)
    ]
    Cell.bulk_create(rows, batch_size=_CELLS_AT_ONCE)


def release_of(model: ModelStamp, card: Mapping[str, Any]) -> ModelRelease:
    """Return the row of a classifier; its first result here writes it, with its card."""
    known = ModelRelease.get_or_none(ModelRelease.sha256 == model.sha256)
    return known or ModelRelease.create(name=model.id, sha256=model.sha256, card=dict(card))


def cells_of(field_id: UUID) -> list[Cell]:
    """Return the cells of a field in reading order, uncounted ones too."""
    return list(Cell.select().where(Cell.field == field_id).order_by(Cell.number))


def count_of(field_id: UUID) -> int:
    """Count the cells of a field, uncounted and replaced ones too: also its highest number."""
    return int(Cell.select().where(Cell.field == field_id).count())


def cells_of_examination(examination_id: UUID) -> list[Cell]:
    """Return the cells of all fields in order; each with the number and hash of its field."""
    return list(
        Cell.select(Cell, FieldImage.id, FieldImage.number, FieldImage.sha256, FieldImage.page)
        .join(FieldImage)
        .where(FieldImage.examination == examination_id)
        .order_by(FieldImage.number, Cell.number)
    )


def places_in(examination_id: UUID) -> list[Cell]:
    """Return the cells of all fields in order without their outlines, which are most of a cell.

    For galleries: two thousand cells with outlines take a second to read, without a tenth.
    """
    columns = [
        column for column in Cell._meta.sorted_fields if column.name not in {"nucleus", "outline"}
    ]
    return list(
        Cell.select(*columns)
        .join(FieldImage)
        .where(FieldImage.examination == examination_id)
        .order_by(FieldImage.number, Cell.number)
    )


def _points(outline: Outline) -> list[list[int]]:
    return [[int(x), int(y)] for x, y in outline]

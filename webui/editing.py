"""Cells that a reader adds by pointing at a missed one, merges, or splits."""

from typing import Any
from uuid import UUID

from flask import Blueprint, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from appliance.errors import Conflict, Forbidden, InvalidInput
from appliance.permissions import Permission
from appliance.records import decisions, edits, fields, readings
from appliance.records.review_tables import Reading
from appliance.records.tables import Cell, FieldImage
from appliance.review_vocabulary import CellLabel
from appliance.services.pointing import Pointing, parts_of, touching
from webui import boards, cellviews, opened, readers
from webui.access import actor, appliance, needs
from webui.notices import Undo, notice
from webui.sessions import safe_path, wants_json

pages = Blueprint("editing", __name__)


@pages.get("/fields/<uuid:field_id>/missed")
@needs(Permission.CELL_DECIDE)
def show_missed(field_id: UUID) -> str:
    """Show the picture to point at a missed cell; the viewer does the same in its own way."""
    row = opened.field(field_id)
    return render_template(
        "editing/missed.html",
        field=row,
        examination=row.examination,
        choices=cellviews.CALLS[:-1],
        labels=cellviews.LABELS,
    )


@pages.post("/fields/<uuid:field_id>/missed")
@needs(Permission.CELL_DECIDE)
def add_missed(field_id: UUID) -> ResponseReturnValue:
    """Add the cell at a point of the picture, called as the reader calls it."""
    row, sent = fields.get(field_id), readers.body()
    reading = _reading_of(row)
    label = readers.label(sent)
    called = decisions.standing(row.__data__["examination"], by=actor())
    others = [cell for cell in fields.cells_of(field_id) if not called[cell.id].replaced]
    try:
        found = Pointing(appliance().views).cell_at(row, *_point(sent), others)
    except (Conflict, InvalidInput) as error:
        if wants_json():
            raise
        notice(f"{error.sentence} {error.advice}", kind="attention")
        return redirect(url_for("fields.show", field_id=field_id), 303)
    cell = edits.add(reading.id, field_id, found.box, found.nucleus, label, actor())
    words = f"Cell {cell.number} is added as {cellviews.LABELS[label]}."
    notice(words, undo=_undo(reading, url_for("fields.show", field_id=field_id)))
    return redirect(url_for("fields.show", field_id=field_id, cell=cell.number), 303)


@pages.post("/readings/<uuid:reading_id>/merge")
@needs(Permission.CELL_DECIDE)
def merge(reading_id: UUID) -> ResponseReturnValue:
    """Make one cell of those that are selected."""
    row, sent = readers.mine(reading_id), readers.body()
    ids = readers.uuids(sent, "cell")
    readers.keep_shown(row.id, sent)
    parts = [cell for cell in _cells_of(row) if cell.id in ids]
    if len({cell.__data__["field"] for cell in parts}) == 1 and not touching(parts):
        raise InvalidInput({"cell": "Only cells that touch each other can be merged."})
    cell = edits.merge(row.id, ids, _common_label(row, ids), actor())
    return _done(row, [cell], f"{len(ids)} cells are merged into cell {cell.number}.")


@pages.post("/readings/<uuid:reading_id>/cells/<uuid:cell_id>/split")
@needs(Permission.CELL_DECIDE)
def split(reading_id: UUID, cell_id: UUID) -> ResponseReturnValue:
    """Make several cells of one: at the points that were tapped, or by its nucleus."""
    row, sent = readers.mine(reading_id), readers.body()
    cell = next((each for each in _cells_of(row) if each.id == cell_id), None)
    if cell is None:
        raise Conflict("This cell was merged or split in the meantime.")
    whole = fields.cells_of(cell.__data__["field"])[cell.number - 1]
    made = edits.split(row.id, cell_id, parts_of(whole, _centres(sent)), actor())
    return _done(row, made, f"Cell {cell.number} is split into {len(made)}. Call each of them.")


def _reading_of(row: FieldImage) -> Reading:
    """Return the reading in which this person may add a cell to a field now."""
    kind = readers.kind_now(row.examination)
    if kind is None:
        raise Forbidden(
            "You cannot add a cell to this examination now.",
            advice="Cells are added while an examination is read or reviewed.",
        )
    return readings.take(row.__data__["examination"], kind, actor())


def _cells_of(row: Reading) -> list[Cell]:
    return [view.row for view in boards.board_of(row, actor()).views]


def _common_label(row: Reading, ids: list[UUID]) -> CellLabel | None:
    """Return what a person called all of the parts; None, to be called anew, where they differ."""
    called = decisions.standing(row.__data__["examination"], by=actor())
    labels = {called[cell_id].label for cell_id in ids if cell_id in called}
    label = labels.pop() if len(labels) == 1 else ""
    return label or None


def _point(sent: Any) -> tuple[float, float]:
    """Read a point in pixels of the image; a picture used as a button sends "at.x" and "at.y"."""
    try:
        x, y = (float(readers.one(sent, name) or readers.one(sent, f"at.{name}")) for name in "xy")
    except ValueError as error:
        raise InvalidInput({"x": "Tap the place of the cell in the picture."}) from error
    return x, y


def _centres(sent: Any) -> list[tuple[float, float]]:
    """Read points written as "x,y"."""
    given = sent.get("centre", [])
    try:
        pairs = [str(each).split(",") for each in (given if isinstance(given, list) else [given])]
        return [(float(x), float(y)) for x, y in pairs]
    except ValueError as error:
        raise InvalidInput({"centre": "Tap the middle of each cell."}) from error


def _done(row: Reading, made: list[Cell], sentence: str) -> ResponseReturnValue:
    if wants_json():
        return jsonify(said=sentence, reload=True, cells=[{"id": str(cell.id)} for cell in made])
    back = safe_path(request.form.get("back") or url_for("reading.next_cell", reading_id=row.id))
    notice(sentence, undo=_undo(row, back))
    return redirect(back, 303)


def _undo(row: Reading, back: str) -> Undo:
    return Undo(url_for("reading.undo", reading_id=row.id), {"back": back})

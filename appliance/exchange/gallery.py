"""Cells as pictures, the likeliest blast first, and fields in small."""

import io
from collections.abc import Sequence

from appliance.exchange.drawing import Area
from appliance.exchange.fieldview import draw_small, outline_room
from appliance.exchange.marks import draw_cross, draw_frame, draw_mark, mark_width, sign_of, word_of
from appliance.exchange.report import CellEntry, FieldEntry
from appliance.exchange.sheet import ALARM, LEFT, MUTED, NOTE, SHADE, WIDTH, Sheet, Type
from appliance.exchange.wording import percent, probability

PER_ROW = 8
_GAP = 2.6
_SIDE = (WIDTH - _GAP * (PER_ROW - 1)) / PER_ROW
_ROW = _SIDE + 8.6
FIELDS_PER_ROW = 3
_FIELD_GAP = 4.0
_FIELD_WIDTH = (WIDTH - _FIELD_GAP * (FIELDS_PER_ROW - 1)) / FIELDS_PER_ROW
_FIELD_HEIGHT = _FIELD_WIDTH * 0.75


def write_gallery(sheet: Sheet, cells: Sequence[CellEntry], *, total: int) -> None:
    """Write the cells in the order given.

    Args:
        sheet: at whose cursor.
        cells: sorted, with thumbnails.
        total: how many cells there are; said where not all are shown.
    """
    sheet.heading("Cells by blast probability", keep=_ROW + 5.0)
    if total > len(cells):
        sheet.paragraph(
            f"The {len(cells)} likeliest blasts of {total} cells; all cells are in the record.",
            NOTE,
        )
    for start in range(0, len(cells), PER_ROW):
        sheet.need(_ROW)
        for i, cell in enumerate(cells[start : start + PER_ROW]):
            _card(sheet, cell, LEFT + i * (_SIDE + _GAP), sheet.cursor)
        sheet.cursor += _ROW
    if any(cell.outside_training_range for cell in cells):
        sheet.paragraph(
            "A grey bar in a picture: the cell is outside the range the classifier was trained on.",
            NOTE,
        )


def _card(sheet: Sheet, cell: CellEntry, x: float, y: float) -> None:
    sign = sign_of(cell)
    if cell.thumbnail is None:
        sheet.set_fill_color(*SHADE)
        sheet.rect(x, y, _SIDE, _SIDE, style="F")
    else:
        sheet.image(io.BytesIO(cell.thumbnail), x, y, _SIDE, _SIDE)
    draw_frame(sheet, sign, Area(x, y, _SIDE, _SIDE))
    if cell.outside_training_range:
        sheet.set_fill_color(*MUTED)
        sheet.rect(x, y + _SIDE - 1.3, _SIDE, 1.3, style="F")
    kind = Type(7.5, bold=True, colour=sign.colour)
    sheet.put(x, y + _SIDE + 3.4, cell.label, Type(7.5))
    sheet.put(x + _SIDE, y + _SIDE + 3.4, probability(cell.blast_probability), kind, align="R")
    draw_mark(sheet, sign, x, y + _SIDE + 6.5, 7.0)
    word = Type(7, colour=sign.colour)
    sheet.put_within(
        x + mark_width(7.0), y + _SIDE + 6.5, word_of(cell), _SIDE - mark_width(7.0), word
    )


def write_fields(sheet: Sheet, fields: Sequence[FieldEntry], *, total: int) -> None:
    """Write fields in small, three to a row, with their boxes and counts."""
    sheet.heading("Fields", keep=_FIELD_HEIGHT + 12.0)
    if total > len(fields):
        sheet.paragraph(f"The first {len(fields)} of {total} fields.", NOTE)
    for start in range(0, len(fields), FIELDS_PER_ROW):
        sheet.need(_FIELD_HEIGHT + 10.5)
        for i, field in enumerate(fields[start : start + FIELDS_PER_ROW]):
            x = LEFT + i * (_FIELD_WIDTH + _FIELD_GAP)
            room = Area(x, sheet.cursor, _FIELD_WIDTH, _FIELD_HEIGHT)
            draw_small(sheet, field, room)
            outline_room(sheet, room)
            _field_caption(sheet, field, x, sheet.cursor + _FIELD_HEIGHT)
        sheet.cursor += _FIELD_HEIGHT + 10.5


def _field_caption(sheet: Sheet, field: FieldEntry, x: float, y: float) -> None:
    used = sheet.put(x, y + 3.6, f"Field {field.number}", Type(8, bold=True)) + 2.0
    if not field.quality.passed:
        draw_cross(sheet, x + used, y + 3.6, 1.8, ALARM)
        used += 2.6
        used += sheet.put(x + used, y + 3.6, "gate", Type(7.5, bold=True, colour=ALARM)) + 2.0
    room = _FIELD_WIDTH - used
    sheet.put_within(x + _FIELD_WIDTH, y + 3.6, field.name, room, NOTE, align="R")
    if field.tally is None:
        sheet.put(x, y + 7.0, field.state.value, Type(7.5, bold=True, colour=ALARM))
        return
    fraction = field.tally.blast_fraction
    counts = f"{field.tally.blast} blast, {field.tally.normal} normal, {field.tally.unsure} unsure"
    said = counts if fraction is None else f"{counts}: {percent(fraction)}"
    sheet.put_within(x, y + 7.0, said, _FIELD_WIDTH, Type(7.5))

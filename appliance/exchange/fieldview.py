"""A field with boxes, numbers and scale bar, drawn over the picture so that print is sharp."""

import io
from collections import Counter
from collections.abc import Sequence

from appliance.exchange.drawing import Area, fit, free_corner, place_labels, scale_bar_um
from appliance.exchange.marks import (
    NOT_COUNTED,
    SIGNS,
    draw_casing,
    draw_frame,
    draw_legend,
    draw_mark,
    mark_width,
    sign_of,
)
from appliance.exchange.report import CellEntry, FieldEntry
from appliance.exchange.sheet import (
    BOTTOM,
    HAIRLINE,
    INK,
    LEFT,
    MM_PER_PT,
    NOTE,
    PAPER,
    SHADE,
    WIDTH,
    Sheet,
    Type,
)
from appliance.exchange.wording import number

CROWDED = 60
"""Cells in a field from which on the numbers are set smaller."""
_LEAST_HEIGHT = 70.0
_UNDER = 12.0
"""Room for the legend and the caption in mm."""


def write_field(sheet: Sheet, field: FieldEntry) -> None:
    """Write the field over the page's width with numbered boxes, a scale bar and the legend."""
    sheet.heading("Field", keep=_LEAST_HEIGHT + _UNDER)
    if field.picture is None:
        sheet.paragraph("The picture of this field cannot be shown.", NOTE)
        return
    room = Area(LEFT, sheet.cursor, WIDTH, BOTTOM - sheet.cursor - _UNDER)
    area = fit(field.width, field.height, room)
    sheet.set_fill_color(*SHADE)
    sheet.rect(LEFT, area.y, WIDTH, area.height, style="F")
    sheet.image(io.BytesIO(field.picture), area.x, area.y, area.width, area.height)
    boxes = _frames(sheet, field, area, weight=1.0)
    _numbers(sheet, field.cells, boxes, area)
    if field.um_per_px:
        _scale_bar(sheet, field.width * field.um_per_px, area, boxes)
    baseline = area.y + area.height + 5.0
    counts = Counter(sign_of(cell).word for cell in field.cells)
    signs = (*SIGNS.values(), NOT_COUNTED)
    draw_legend(sheet, LEFT + 0.5, baseline, {sign.word: counts[sign.word] for sign in signs})
    sheet.put_within(LEFT, baseline + 4.4, _caption(field), WIDTH, NOTE)
    sheet.cursor = baseline + 7.0


def draw_small(sheet: Sheet, field: FieldEntry, room: Area) -> Area:
    """Draw a field in small, boxes without numbers; return where it lies."""
    area = fit(field.width, field.height, room)
    sheet.set_fill_color(*SHADE)
    sheet.rect(room.x, room.y, room.width, room.height, style="F")
    if field.picture is None:
        middle = room.y + room.height / 2
        sheet.put(room.x + room.width / 2, middle, "no picture", NOTE, align="C")
        return area
    middle = room.y + (room.height - area.height) / 2
    area = Area(area.x, middle, area.width, area.height)
    sheet.image(io.BytesIO(field.picture), area.x, area.y, area.width, area.height)
    _frames(sheet, field, area, weight=0.55)
    return area


def _frames(sheet: Sheet, field: FieldEntry, area: Area, *, weight: float) -> list[Area]:
    scale = area.width / field.width
    boxes = [
        Area(
            area.x + cell.box.x * scale,
            area.y + cell.box.y * scale,
            cell.box.width * scale,
            cell.box.height * scale,
        )
        for cell in field.cells
    ]
    # Certain frames last, so that none hides under a dashed one.
    order = sorted(range(len(boxes)), key=lambda i: sign_of(field.cells[i]).line)
    for i in order:
        draw_casing(sheet, sign_of(field.cells[i]), boxes[i], weight=weight)
        draw_frame(sheet, sign_of(field.cells[i]), boxes[i], weight=weight)
    return boxes


def _numbers(sheet: Sheet, cells: Sequence[CellEntry], boxes: list[Area], within: Area) -> None:
    size = 5.2 if len(cells) > CROWDED else 6.4
    height = size * MM_PER_PT * 1.12
    kinds = [Type(size, bold=True, colour=sign_of(cell).colour) for cell in cells]
    widths = [
        mark_width(size) + sheet.measure(str(cell.number), kind) + 0.9
        for cell, kind in zip(cells, kinds, strict=True)
    ]
    places = place_labels(boxes, [(width, height) for width in widths], within)
    with sheet.local_context(fill_opacity=0.86):
        sheet.set_fill_color(*PAPER)
        for place in places:
            sheet.rect(place.x, place.y, place.width, place.height, style="F")
    for cell, kind, place in zip(cells, kinds, places, strict=True):
        baseline = place.y + 0.8 * height
        draw_mark(sheet, sign_of(cell), place.x + 0.4, baseline, size)
        sheet.put(place.x + 0.4 + mark_width(size), baseline, str(cell.number), kind)


def _scale_bar(sheet: Sheet, um_across: float, area: Area, boxes: Sequence[Area]) -> None:
    um = scale_bar_um(um_across)
    length = area.width * um / um_across
    width, height = max(length, 12.0) + 4.0, 6.6
    place = free_corner(area, (width, height), boxes)
    x, y = place.x, place.y
    with sheet.local_context(fill_opacity=0.86):
        sheet.set_fill_color(*PAPER)
        sheet.rect(x, y, width, height, style="F")
    sheet.set_fill_color(*INK)
    sheet.rect(x + (width - length) / 2, y + 4.6, length, 0.8, style="F")
    sheet.put(x + width / 2, y + 3.6, f"{number(um)} µm", Type(7.5, bold=True), align="C")


def _caption(field: FieldEntry) -> str:
    page = f", image {field.page + 1} of {field.pages} in the file" if field.pages > 1 else ""
    scale = "" if field.um_per_px else " Scale not known: sizes are in pixels."
    return f"{field.name}{page}, {field.width} x {field.height} pixels.{scale}"


def outline_room(sheet: Sheet, room: Area) -> None:
    """Draw a hairline around a small field."""
    sheet.set_draw_color(*HAIRLINE)
    sheet.set_line_width(0.2)
    sheet.rect(room.x, room.y, room.width, room.height)

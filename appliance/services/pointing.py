"""Finds the cell that a person points at, and the cells that they see in what was found as one.

Nothing is suggested of what it is: the network is not asked.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from appliance.errors import Conflict, InvalidInput
from appliance.pipeline.cells import find_cell_at
from appliance.pipeline.splitting import split_boxes
from appliance.records.tables import Cell, FieldImage
from appliance.services.views import Views
from appliance.vocabulary import Box, FoundCell, Outline

_USUAL_UM = 14.0
"""Width of a lymphoblast, where a field shows no other cell; Bennett et al. 1976 have 10 to 20."""
_USUAL_SHARE = 0.08
"""Of the field's shorter side, where its scale is unknown as well."""
_SAME = 0.4
"""Overlap (intersection over union) from which two boxes are one cell."""
_CORNERS = 24


@dataclass(frozen=True)
class Pointing:
    """Turns points on a field's picture into cells."""

    views: Views

    def cell_at(self, row: FieldImage, x: float, y: float, others: Sequence[Cell]) -> FoundCell:
        """Return the cell at a point: what looks like one, or a circle of the usual size.

        Args:
            row: the field.
            x: of the point, in pixels of the image.
            y: likewise.
            others: the cells it has already.

        Raises:
            InvalidInput: the point lies outside the image.
            Conflict: that cell is there already, or the edge of the image cuts it.
        """
        if not (0 <= x < row.width and 0 <= y < row.height):
            raise InvalidInput({"x": "Point at a place inside the image."})
        pixels = self.views.pixels(row)
        found = find_cell_at(pixels, x, y, um_per_px=row.um_per_px)
        found = found or _circle(x, y, _usual_px(row, others) / 2)
        known = next((each for each in others if _overlap(_box(each), found.box) >= _SAME), None)
        if known is not None:
            raise Conflict(
                f"This is cell {known.number} already.", advice="Open it to call it something else."
            )
        if found.at_border or not _lies_inside(found.box, row):
            raise Conflict(
                "The edge of the image cuts this cell, so it is not counted.",
                advice="Take a field that shows the whole cell.",
            )
        return found


def parts_of(cell: Cell, centres: Sequence[tuple[float, float]]) -> list[Box]:
    """Return the boxes of the cells that make up one.

    Args:
        cell: what was found as one.
        centres: where a person sees a cell each, in pixels of the image; none: by its nucleus.

    Raises:
        InvalidInput: these are not two places or more.
    """
    outline = None if cell.outline is None else _points(cell.outline)
    boxes = split_boxes(_points(cell.nucleus), outline, centres)
    if len(boxes) < 2:
        raise InvalidInput({"centre": "Tap the middle of two cells or more."})
    return boxes


def touching(cells: Iterable[Cell]) -> bool:
    """Say whether cells of one field hang together, each box meeting another's."""
    boxes = [_box(cell) for cell in cells]
    joined, rest = boxes[:1], boxes[1:]
    while near := [box for box in rest if any(_meet(box, one) for one in joined)]:
        joined += near
        rest = [box for box in rest if box not in near]
    return not rest


def _usual_px(row: FieldImage, others: Sequence[Cell]) -> float:
    if others:
        return median(max(cell.width, cell.height) for cell in others)
    if row.um_per_px:
        return _USUAL_UM / float(row.um_per_px)
    return _USUAL_SHARE * min(row.width, row.height)


def _circle(x: float, y: float, radius: float) -> FoundCell:
    turn = np.linspace(0, 2 * math.pi, _CORNERS, endpoint=False)
    ring = np.rint(np.stack([x + radius * np.cos(turn), y + radius * np.sin(turn)], axis=1))
    left, top = (int(edge) for edge in ring.min(axis=0))
    right, bottom = (int(edge) for edge in ring.max(axis=0))
    return FoundCell(
        box=Box(left, top, right - left + 1, bottom - top + 1),
        nucleus=ring.astype(np.int32),
        outline=None,
        nucleus_area_px=math.pi * radius**2,
        cell_area_px=None,
        at_border=False,
    )


def _points(stored: object) -> Outline:
    return np.array(stored, np.int32).reshape(-1, 2)


def _box(cell: Cell) -> Box:
    return Box(cell.x, cell.y, cell.width, cell.height)


def _lies_inside(box: Box, row: FieldImage) -> bool:
    right, bottom = box.x + box.width, box.y + box.height
    return box.x > 0 and box.y > 0 and right < row.width and bottom < row.height


def _meet(one: Box, other: Box) -> bool:
    return (
        one.x <= other.x + other.width
        and other.x <= one.x + one.width
        and one.y <= other.y + other.height
        and other.y <= one.y + one.height
    )


def _overlap(one: Box, other: Box) -> float:
    wide = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    high = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    if wide <= 0 or high <= 0:
        return 0.0
    both = wide * high
    return both / (one.width * one.height + other.width * other.height - both)

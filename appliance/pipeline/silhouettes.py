"""Cells that were cut out of their slide: whoever cut them drew their outlines already."""

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from appliance.pipeline.outlines import outline
from appliance.pipeline.surround import Mask, is_stained
from appliance.vocabulary import Box, FoundCell, Pixels

_MOST = 4
"""Nuclei of one piece, the lobes of a granulocyte at most; what has more is no single cell."""
_LEAST = 0.2
"""Area of a cell over that of the largest beside it; what is smaller is a shred."""


def as_cut(pixels: Pixels, shown: Mask, found: Sequence[FoundCell]) -> list[FoundCell]:
    """Give cells the outlines that they were cut out along.

    Args:
        pixels: (height, width, 3) uint8, RGB.
        shown: what is not black, as `surround.cut_out` gives it.
        found: cells by their nuclei, which are kept.

    Returns:
        One for each piece that has a found cell or is mostly stained.
    """
    count, labels, sizes, _ = cv2.connectedComponentsWithStats(shown)
    least = _LEAST * sizes[1:, cv2.CC_STAT_AREA].max()
    cells = []
    for piece in range(1, count):
        mask = np.equal(labels, piece).view(np.uint8)
        inside = [cell for cell in found if labels[_middle(cell.box)] == piece]
        area = int(sizes[piece, cv2.CC_STAT_AREA])
        if len(inside) > _MOST:
            cells += inside
        elif area >= least and (inside or is_stained(pixels, mask)):
            cells.append(_cell(mask, area, inside))
    return cells


def _middle(box: Box) -> tuple[int, int]:
    return round(box.y + box.height / 2), round(box.x + box.width / 2)


def _cell(mask: Mask, area: int, inside: Sequence[FoundCell]) -> FoundCell:
    """Make one cell of a piece, with the largest nucleus found in it."""
    box = Box(*cv2.boundingRect(mask))
    size = (mask.shape[1], mask.shape[0])
    drawn = outline(mask, 0, 0, 1.0, size)
    if not inside:
        nothing = np.empty((0, 2), np.int32)
        return FoundCell(box, nothing, drawn, 0.0, float(area), at_border=False)
    largest = max(inside, key=lambda cell: cell.nucleus_area_px)
    return replace(largest, box=box, outline=drawn, cell_area_px=float(area), at_border=False)

"""Pictures for paper: the field scaled down, a stamp of each cell, and where labels stand."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from appliance.vocabulary import Box, Pixels

FIELD_EDGE_PX = 2100
"""Longest edge of a field over the page's width: 300 dots an inch."""
SMALL_EDGE_PX = 480
"""Of a field in small, three to a row: 220 dots an inch."""
STAMP_PX = 224
"""Edge of a cell's picture: 280 dots an inch at 20 mm."""
STAMP_MARGIN = 0.18
"""Of the cell's longer side: enough to see its neighbours touch."""


def scaled_jpeg(pixels: Pixels, *, longest_px: int, quality: int = 88) -> bytes:
    """Scale an image down (never up) and compress it.

    Args:
        pixels: the image.
        longest_px: of the longer edge of what comes back.
        quality: of JPEG, 1 to 95; 88 shows no blocks at 300 dots an inch.
    """
    picture = Image.fromarray(pixels)
    scale = longest_px / max(picture.size)
    if scale < 1:
        size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
        # Decimating by whole numbers first takes a quarter of the time and is not visible.
        picture = picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
    return _jpeg(picture, quality)


def thumbnail(pixels: Pixels, box: Box) -> bytes:
    """Cut a square around a cell, at most `STAMP_PX` on a side; white beyond the image's edge."""
    side = max(8, round(max(box.width, box.height) * (1 + 2 * STAMP_MARGIN)))
    left, top = box.x + (box.width - side) // 2, box.y + (box.height - side) // 2
    height, width = pixels.shape[:2]
    square = np.full((side, side, 3), 255, np.uint8)
    x0, x1 = max(left, 0), min(left + side, width)
    y0, y1 = max(top, 0), min(top + side, height)
    if x0 < x1 and y0 < y1:
        square[y0 - top : y1 - top, x0 - left : x1 - left] = pixels[y0:y1, x0:x1]
    picture = Image.fromarray(square)
    if side > STAMP_PX:
        picture = picture.resize((STAMP_PX, STAMP_PX), Image.Resampling.LANCZOS, reducing_gap=2.0)
    return _jpeg(picture, 86)


def _jpeg(picture: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    # Full colour resolution: stain is what a reader looks at.
    picture.save(out, "JPEG", quality=quality, subsampling=0, optimize=True)
    return out.getvalue()


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle on the page, in mm."""

    x: float
    y: float
    width: float
    height: float

    def overlap(self, other: "Area") -> float:
        """Return the common area in mm²."""
        across = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        down = min(self.y + self.height, other.y + other.height) - max(self.y, other.y)
        return max(across, 0.0) * max(down, 0.0)


def fit(width: int, height: int, room: Area, *, largest_mm_per_px: float = 0.5) -> Area:
    """Place an image in a room, centred across, as large as it goes without coarse pixels."""
    scale = min(room.width / width, room.height / height, largest_mm_per_px)
    across, down = width * scale, height * scale
    return Area(room.x + (room.width - across) / 2, room.y, across, down)


def place_labels(
    boxes: Sequence[Area], sizes: Sequence[tuple[float, float]], within: Area
) -> list[Area]:
    """Place a label beside each box so that few cover each other or another box.

    Each label takes, in order, the free one of eight places around its box (or inside it) that
    covers least; labels placed before stay where they are.

    Args:
        boxes: in mm.
        sizes: (width, height) of each label in mm.
        within: labels never leave it.
    """
    placed: list[Area] = []
    for i, (box, size) in enumerate(zip(boxes, sizes, strict=True)):
        others = [other for j, other in enumerate(boxes) if j != i]
        choices = [_held(choice, within) for choice in _around(box, size)]
        costs = [
            sum(4 * choice.overlap(p) for p in placed)
            + sum(choice.overlap(o) for o in others)
            + 0.5 * choice.overlap(box)
            for choice in choices
        ]
        placed.append(choices[costs.index(min(costs))])
    return placed


def _around(box: Area, size: tuple[float, float]) -> list[Area]:
    width, height = size
    left, right = box.x, box.x + box.width
    above, below = box.y - height - 0.2, box.y + box.height + 0.2
    beside = [(right + 0.2, box.y), (left - width - 0.2, box.y)]
    outside = [(left, above), (right - width, above), (left, below), (right - width, below)]
    inside = [(left + 0.3, box.y + 0.3), (right - width - 0.3, box.y + box.height - height - 0.3)]
    return [Area(x, y, width, height) for x, y in (*outside, *beside, *inside)]


def _held(area: Area, within: Area) -> Area:
    x = min(max(area.x, within.x), within.x + within.width - area.width)
    y = min(max(area.y, within.y), within.y + within.height - area.height)
    return Area(x, y, area.width, area.height)


def free_corner(area: Area, size: tuple[float, float], boxes: Sequence[Area]) -> Area:
    """Return the corner of a picture, lower right first, that covers least of the boxes."""
    width, height = size
    left, right = area.x + 2.0, area.x + area.width - width - 2.0
    top, bottom = area.y + 2.0, area.y + area.height - height - 2.0
    corners = ((right, bottom), (left, bottom), (right, top), (left, top))
    places = [Area(x, y, width, height) for x, y in corners]
    return min(places, key=lambda place: sum(place.overlap(box) for box in boxes))


def scale_bar_um(um_across: float) -> float:
    """Choose a round length for the scale bar: the longest of 1-2-5 below a fifth of the image.

    Args:
        um_across: width of the image in micrometres.
    """
    steps = [base * 10.0**power for power in range(-2, 5) for base in (1, 2, 5)]
    return max((step for step in steps if step <= um_across / 5), default=steps[0])

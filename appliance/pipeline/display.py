"""Pictures for the eye: a browser's copy of a field, its thumbnail, and an atlas of its cells.

Nothing is decided from what is made here; the original and its pixels stay what they are.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.vocabulary import Box, Pixels

ATLAS_COLUMNS = 16
MAX_DISPLAY_SIDE_PX = 6000
"""A 7-inch panel's browser still scrolls this smoothly; larger fields are shown reduced."""


def display_jpeg(pixels: Pixels, *, max_side_px: int = MAX_DISPLAY_SIDE_PX) -> bytes:
    """Encode a field for a browser, reduced where its longer side exceeds `max_side_px`."""
    return _jpeg(_fit(pixels, max_side_px), quality=90)


def thumbnail_jpeg(pixels: Pixels, *, side_px: int = 320) -> bytes:
    """Encode a small copy of the whole field."""
    return _jpeg(_fit(pixels, side_px), quality=82)


def cell_atlas_jpeg(pixels: Pixels, boxes: Sequence[Box], *, tile_px: int = 160) -> bytes:
    """Lay out a square view of each cell in rows of `ATLAS_COLUMNS` tiles.

    One file for the gallery of a field: a browser fetches and decodes it once.

    Args:
        pixels: (height, width, 3) uint8, RGB.
        boxes: the cells in the order of their numbers; each is shown with a margin around it.
        tile_px: edge of a tile.

    Returns:
        JPEG of (rows * tile_px, columns * tile_px); one blank tile where there is no cell.
    """
    columns = min(max(len(boxes), 1), ATLAS_COLUMNS)
    rows = -(-max(len(boxes), 1) // columns)
    atlas = np.full((rows * tile_px, columns * tile_px, 3), 128, np.uint8)
    for index, box in enumerate(boxes):
        row, column = divmod(index, columns)
        top, left = row * tile_px, column * tile_px
        atlas[top : top + tile_px, left : left + tile_px] = cell_view(pixels, box, side_px=tile_px)
    return _jpeg(atlas, quality=88)


def cell_view(pixels: Pixels, box: Box, *, side_px: int, margin: float = 0.2) -> Pixels:
    """Cut a square around a cell, `margin` of its longer side wider on each side.

    Beyond the image's edge the edge pixels repeat: a black frame would look like a finding.
    """
    side = max(box.width, box.height) * (1 + 2 * margin)
    centre_x, centre_y = box.x + box.width / 2, box.y + box.height / 2
    scale = side_px / side
    shift = np.array(
        [
            [scale, 0, side_px / 2 - centre_x * scale],
            [0, scale, side_px / 2 - centre_y * scale],
        ],
        dtype=np.float64,
    )
    smooth = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    view = cv2.warpAffine(
        pixels, shift, (side_px, side_px), flags=smooth, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(view, dtype=np.uint8)


def attention_png(attention: NDArray[np.float32]) -> bytes:
    """Pack the attention maps of a field, one below the other, as they came from the network.

    Args:
        attention: (n, h, w), 0 to 1; n at least 1.
    """
    levels = np.rint(np.clip(attention, 0, 1) * 255).astype(np.uint8)
    _, encoded = cv2.imencode(".png", levels.reshape(-1, levels.shape[2]))
    return encoded.tobytes()


def one_attention_png(packed: bytes, index: int, *, side_px: int = 160) -> bytes | None:
    """Cut one cell's map out of what `attention_png` made, smoothed for the eye.

    Returns:
        Greyscale PNG of (side_px, side_px) over the square that the network saw, white where most
        spoke for the suggestion; None where the field has no such map.
    """
    levels = cv2.imdecode(np.frombuffer(packed, np.uint8), cv2.IMREAD_GRAYSCALE)
    if levels is None:
        return None
    edge = levels.shape[1]
    one = levels[index * edge : (index + 1) * edge]
    if index < 0 or len(one) < edge:
        return None
    smooth = cv2.resize(one, (side_px, side_px), interpolation=cv2.INTER_CUBIC)
    _, encoded = cv2.imencode(".png", smooth)
    return encoded.tobytes()


def _fit(pixels: Pixels, side_px: int) -> Pixels:
    longer = max(pixels.shape[:2])
    if longer <= side_px:
        return pixels
    scale = side_px / longer
    return np.asarray(
        cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), dtype=np.uint8
    )


def _jpeg(pixels: Pixels, *, quality: int) -> bytes:
    _, encoded = cv2.imencode(
        ".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality]
    )
    return encoded.tobytes()

"""Cuts each cell out as the network takes it: one size, one white, nothing of the slide around it.

A slide's background alone tells ALL-IDB's classes apart (AUC 0.89), so it is hidden here, in
training and at the bench alike: what lies outside the cell is glass.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.pipeline.surround import on_glass
from appliance.vocabulary import Crops, FoundCell, Outline, Pixels

GLASS = 240
"""Grey level of empty glass in a crop, after the white of the field was set to it."""
MARGIN = 1.10
"""Edge of the square over the longer side of the cell's box: room for a faint rim of cytoplasm."""
RIM = 0.015
"""Widening of the outline, in crop edges, so that a tight outline does not cut the membrane."""
NUCLEUS_TO_CELL = 1.45
"""Widening of the nucleus, about its own centre, where the outline of the cell is unknown."""
_SUBPIXEL_BITS = 4


def crop_cells(pixels: Pixels, cells: Sequence[FoundCell], *, side_px: int) -> Crops:
    """Cut each cell out as a square, scaled to the cell's own size, on empty glass.

    Args:
        pixels: (height, width, 3) uint8, RGB.
        cells: as `find_cells` gives them for these pixels.
        side_px: edge of the square the network was trained on; from its card.

    Returns:
        (len(cells), side_px, side_px, 3) uint8, in the order of cells; (0, …) for none.

    Raises:
        ValueError: a cell's box lies wholly outside the picture.
    """
    crops = np.full((len(cells), side_px, side_px, 3), GLASS, np.uint8)
    if not cells:
        return crops
    pixels = on_glass(pixels)
    table = _white_table(pixels)
    for crop, cell in zip(crops, cells, strict=True):
        crop[:] = _crop(pixels, cell, side_px, table)
    return crops


def crop_masks(cells: Sequence[FoundCell], *, side_px: int) -> NDArray[np.uint8]:
    """Give what of each crop is cell: 255 inside its outline, 0 where the slide was hidden.

    Returns:
        (len(cells), side_px, side_px) uint8.
    """
    masks = np.zeros((len(cells), side_px, side_px), np.uint8)
    for mask, cell in zip(masks, cells, strict=True):
        mask[:] = _mask(cell, side_px)
    return masks


def _crop(
    pixels: Pixels, cell: FoundCell, side_px: int, table: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    """Cut one cell; only its surroundings are looked at, so a large field costs no more."""
    height, width = pixels.shape[:2]
    left, top, edge = _square(cell)
    x0, y0 = max(int(left), 0), max(int(top), 0)
    x1, y1 = min(int(left + edge) + 2, width), min(int(top + edge) + 2, height)
    if x0 >= x1 or y0 >= y1:
        raise ValueError(f"the cell at {cell.box} lies outside the {width} x {height} picture")
    part = pixels[y0:y1, x0:x1]
    scale = side_px / edge
    if scale < 0.5:
        # Averaging first keeps fine noise from folding into texture when a large cell shrinks.
        factor = 0.5 / scale
        size = (max(round(part.shape[1] / factor), 1), max(round(part.shape[0] / factor), 1))
        smaller = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
    else:
        smaller = part
    fx, fy = smaller.shape[1] / part.shape[1], smaller.shape[0] / part.shape[0]
    # Pixel centres: crop u shows x = left + (u + 0.5) / scale - 0.5 of the whole image.
    matrix = np.array(
        [
            [fx / scale, 0, fx * (left - x0 + 0.5 / scale) - 0.5],
            [0, fy / scale, fy * (top - y0 + 0.5 / scale) - 0.5],
        ]
    )
    crop = cv2.warpAffine(
        smaller,
        matrix,
        (side_px, side_px),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return _on_glass(np.asarray(cv2.LUT(crop, table), np.uint8), _mask(cell, side_px))


def _on_glass(crop: NDArray[np.uint8], mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    # A weight for each value: NumPy takes four times as long to spread one over three channels.
    weight = cv2.merge([mask, mask, mask]).astype(np.uint16)
    return np.asarray((crop * weight + GLASS * (255 - weight) + 127) // 255, np.uint8)


def _square(cell: FoundCell) -> tuple[float, float, float]:
    """Give left, top and edge, in pixels of the image, of the square around a cell's box."""
    box = cell.box
    edge = MARGIN * max(box.width, box.height, 1)
    return box.x + box.width / 2 - edge / 2, box.y + box.height / 2 - edge / 2, edge


def _mask(cell: FoundCell, side_px: int) -> NDArray[np.uint8]:
    """Draw the cell's outline into its crop, with a soft edge."""
    left, top, edge = _square(cell)
    outline = _outline_of(cell)
    corners = (outline + 0.5 - (left, top)) * (side_px / edge) - 0.5
    mask = np.zeros((side_px, side_px), np.uint8)
    fixed = np.rint(corners * (1 << _SUBPIXEL_BITS)).astype(np.int32)
    cv2.fillPoly(mask, [fixed], 255, shift=_SUBPIXEL_BITS)
    rim = max(round(RIM * side_px), 1)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * rim + 1,) * 2)
    return np.asarray(cv2.blur(cv2.dilate(mask, disc), (rim | 1, rim | 1)), np.uint8)


def _outline_of(cell: FoundCell) -> Outline | NDArray[np.float64]:
    """The cell's outline, or its nucleus widened, or, where neither is there, an ellipse."""
    if cell.outline is not None and len(cell.outline) >= 3:
        return cell.outline
    if len(cell.nucleus) >= 3:
        hull = cv2.convexHull(np.asarray(cell.nucleus, np.int32))[:, 0].astype(np.float64)
        centre = hull.mean(axis=0)
        return np.asarray(centre + NUCLEUS_TO_CELL * (hull - centre), np.float64)
    turn = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    box = cell.box
    radii = np.array([box.width, box.height]) / 2
    centre = np.array([box.x, box.y]) + radii - 0.5
    return np.asarray(centre + radii * np.stack([np.cos(turn), np.sin(turn)], axis=1), np.float64)


def _white_table(pixels: Pixels) -> NDArray[np.uint8]:
    """Make the (256, 1, 3) table that sets the field's white to GLASS, channel by channel.

    Dividing by the white is what takes lamp and white balance out (Beer-Lambert); black stays.
    """
    levels = np.arange(256)[:, None, None] * (GLASS / _white(pixels))
    return np.asarray(np.clip(np.rint(levels), 0, 255), np.uint8)


def _white(pixels: Pixels) -> NDArray[np.float64]:
    """Estimate the colour of empty glass: the median of the brightest tenth, clipped part aside."""
    step = max(round((pixels.shape[0] * pixels.shape[1] / 40_000) ** 0.5), 1)
    sample = pixels[::step, ::step].reshape(-1, 3)
    # The darkest channel decides: glass is bright in all three, a red cell only in red.
    brightness = np.minimum.reduce([sample[:, 0], sample[:, 1], sample[:, 2]])
    bright = sample[brightness >= np.quantile(brightness, 0.9)]
    return np.asarray(np.maximum(np.median(bright, axis=0), 64.0), np.float64)

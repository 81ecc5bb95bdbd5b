"""Crops that are no usable cell, made from real ones and from nothing: the third class.

A finder that is handed a holiday picture will find something; the network must say so.
"""

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.pipeline.cells import find_cells
from appliance.pipeline.crops import GLASS, crop_cells, crop_masks
from appliance.vocabulary import Pixels
from models.training import foreign_slides, strangers
from models.training.cells_table import UNUSABLE, Cells, Row, table

SHARE = 0.03  # made crops, of each making, as a share of the real cells that are not unusable
PICTURES, PER_PICTURE = 60, 8  # drawn of each kind, and cells taken of one at most
SPOILT, DRAWN = "made", "drawn"
Crop = NDArray[np.uint8]
Random = np.random.Generator


def spoil(cells: Cells, random: Random) -> Cells:
    """Make unusable cells from real ones; each keeps the block of the cell it was made from."""
    usable = np.flatnonzero(cells.label != UNUSABLE)
    count = max(int(SHARE * len(usable)), 1)
    rows = []
    for kind, make in MAKERS.items():
        for index in random.choice(usable, count):
            crop = make(cells.crops[index], cells.masks[index], random)
            rows.append(
                Row(
                    crop,
                    cells.masks[index],
                    UNUSABLE,
                    SPOILT,
                    f"{cells.source[index]}/{cells.block[index]}",
                    str(cells.picture[index]),
                    kind,
                )
            )
    return table(rows)


def drawn(each: int) -> Iterator[tuple[str, int, Pixels]]:
    """Draw pictures that are no smear: kind, number, picture."""
    for place, (kind, draw) in enumerate({**strangers.LEARNT, **foreign_slides.LEARNT}.items()):
        for number in range(each):
            yield kind, number, draw(np.random.default_rng([77, place, number]))


def found_in(kind: str, number: int, picture: Pixels, *, side_px: int) -> Iterator[Row]:
    """Give what the finder takes for cells in a picture that is no smear, a few of them."""
    cells = find_cells(picture)
    cells = cells[:: max(len(cells) // PER_PICTURE, 1)][:PER_PICTURE]
    crops = crop_cells(picture, cells, side_px=side_px)
    for crop, mask in zip(crops, crop_masks(cells, side_px=side_px), strict=True):
        block = f"{kind}:{number}"
        yield Row(crop, mask, UNUSABLE, DRAWN, block, block, kind)


def _behind(mask: NDArray[np.uint8], inside: Crop) -> Crop:
    weight = mask[..., None] / 255
    return np.asarray(inside * weight + GLASS * (1 - weight), np.uint8)


def wrong_colours(crop: Crop, mask: NDArray[np.uint8], random: Random) -> Crop:
    """Turn the hue to where no Romanowsky stain goes: green, yellow, orange, pure red."""
    hsv = cv2.cvtColor(crop, cv2.COLOR_RGB2HSV).astype(np.int16)
    hsv[..., 0] = (hsv[..., 0] + random.integers(45, 136)) % 180
    hsv[..., 1] = np.clip(hsv[..., 1] * random.uniform(0.8, 1.6), 0, 255)
    return _behind(mask, cv2.cvtColor(hsv.astype(np.uint8), cv2.COLOR_HSV2RGB))


def negative(crop: Crop, mask: NDArray[np.uint8], random: Random) -> Crop:
    """Turn dark to light, as a fluorescence or dark-field picture has it."""
    inverted = 255 - crop
    if random.random() < 0.5:
        inverted = np.repeat(inverted.mean(axis=2, keepdims=True), 3, axis=2).astype(np.uint8)
    return _behind(mask, inverted)


def noise(crop: Crop, mask: NDArray[np.uint8], random: Random) -> Crop:
    """Fill the outline with coloured noise of a random grain."""
    grain = int(random.integers(2, 33))
    base = random.integers(0, 256, 3)
    spread = random.uniform(10, 120)
    coarse = np.clip(base + random.normal(0, spread, (grain, grain, 3)), 0, 255).astype(np.uint8)
    mode = cv2.INTER_CUBIC if random.random() < 0.6 else cv2.INTER_NEAREST
    return _behind(mask, cv2.resize(coarse, crop.shape[:2], interpolation=mode))


def drawing(crop: Crop, mask: NDArray[np.uint8], random: Random) -> Crop:
    """Draw lines, letters, boxes and gradients inside the outline."""
    side = crop.shape[0]
    ramp = np.linspace(0, 1, side)[None, :, None]
    one, other = random.integers(0, 256, 3), random.integers(0, 256, 3)
    canvas = np.ascontiguousarray(
        np.broadcast_to(one * (1 - ramp) + other * ramp, crop.shape).astype(np.uint8)
    )
    for _ in range(int(random.integers(0, 12))):
        colour = [int(value) for value in random.integers(0, 256, 3)]
        start, end = random.integers(0, side, (2, 2)).tolist()
        form = random.integers(3)
        if form == 0:
            cv2.line(canvas, start, end, colour, int(random.integers(1, 12)))
        elif form == 1:
            cv2.rectangle(canvas, start, end, colour, -1)
        else:
            text = chr(int(random.integers(48, 91)))
            size = random.uniform(0.5, 4)
            cv2.putText(canvas, text, start, cv2.FONT_HERSHEY_SIMPLEX, size, colour, 3)
    return _behind(mask, canvas)


def smudge(crop: Crop, mask: NDArray[np.uint8], random: Random) -> Crop:
    """Smear and thin the cell until nobody could read it, as burst cells are."""
    length = int(random.integers(crop.shape[0] // 3, crop.shape[0] // 2)) | 1
    smeared = cv2.blur(cv2.blur(crop, (length, length)), (length, 3))
    faint = GLASS - (GLASS - smeared.astype(np.float32)) * random.uniform(0.3, 0.8)
    return _behind(mask, faint.astype(np.uint8))


def defocused(crop: Crop, mask: NDArray[np.uint8], random: Random) -> Crop:
    """Blur beyond what the poorest optics of a usable picture do: no chromatin can be seen."""
    sigma = crop.shape[0] * random.uniform(0.05, 0.14)
    return _behind(mask, np.asarray(cv2.GaussianBlur(crop, (0, 0), sigma), np.uint8))


def colourless(crop: Crop, mask: NDArray[np.uint8], random: Random) -> Crop:
    """Take the colour away, wholly or but for a tint: the stain cannot be told."""
    grey = crop @ np.array((0.299, 0.587, 0.114))
    tint = random.uniform(0.85, 1.1, 3) if random.random() < 0.4 else np.ones(3)
    return _behind(mask, np.clip(grey[..., None] * tint, 0, 255).astype(np.uint8))


def crowd(crop: Crop, mask: NDArray[np.uint8], random: Random) -> Crop:
    """Show several small cells as if they were one: the wrong magnification, or a clump."""
    side, times = crop.shape[0], int(random.integers(2, 5))
    small = cv2.resize(crop, (side // times + 1,) * 2, interpolation=cv2.INTER_AREA)
    shift = random.integers(0, side // times, 2)
    tiled = np.roll(np.tile(small, (times, times, 1))[:side, :side], shift, axis=(0, 1))
    return _behind(np.asarray(cv2.blur(mask, (9, 9)), np.uint8), np.asarray(tiled, np.uint8))


MAKERS = {
    "wrong-colours": wrong_colours,
    "negative": negative,
    "noise": noise,
    "drawing": drawing,
    "smudge": smudge,
    "defocused": defocused,
    "colourless": colourless,
    "crowd": crowd,
}

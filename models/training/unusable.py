"""Crops that are no usable cell, made from real ones and from nothing: the third class.

A finder that is handed a holiday picture will find something; the network must say so.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.pipeline.crops import GLASS
from models.training.cells_table import UNUSABLE, Cells, Row, table

SHARE = 0.03  # made crops, of each making, as a share of the real cells that are not unusable
SOURCE = "made"
Crop = NDArray[np.uint8]
Random = np.random.Generator


def add(cells: Cells, random: Random) -> Cells:
    """Give the cells with made ones after them; a made one keeps the block it was made from."""
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
                    SOURCE,
                    f"{cells.source[index]}/{cells.block[index]}",
                    str(cells.picture[index]),
                    kind,
                )
            )
    return _joined(cells, table(rows))


def _joined(one: Cells, other: Cells) -> Cells:
    return Cells(
        *(
            np.concatenate([getattr(one, name), getattr(other, name)])
            for name in Cells.__dataclass_fields__
        )
    )


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


MAKERS = {
    "wrong-colours": wrong_colours,
    "negative": negative,
    "noise": noise,
    "drawing": drawing,
    "smudge": smudge,
}

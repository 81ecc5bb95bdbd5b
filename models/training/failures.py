"""Pictures of known failures for a bundle's page, drawn by us, with what its network said.

No picture of a data set may be shown, so smears are drawn and spoilt in the way that goes wrong.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from appliance.services.analysis import analyse
from appliance.vocabulary import FieldAnalysis, Pixels, SourceImage, Suggestion
from firmware_hooks.slides import DrawnField, draw_field
from models.classifier import Classifier

WIDTH, HEIGHT = 400, 300
COLOURS = 40
"""In the saved picture: noise costs space, and a page needs none of it."""
UM_PER_PX = 0.13
OUTLINES = {
    Suggestion.BLAST: (200, 30, 30),
    Suggestion.NORMAL: (20, 130, 60),
    Suggestion.UNSURE: (109, 62, 180),
}


@dataclass(frozen=True, slots=True)
class Failure:
    """A way in which things go wrong, and a picture of it."""

    name: str
    what: str
    draw: Callable[[], tuple[Pixels, DrawnField]]


def write_failures(folder: Path, classifier: Classifier) -> list[dict[str, str]]:
    """Draw all, write them into a folder as failure-….png, and say what the network said."""
    found = []
    for failure in FAILURES:
        pixels, field = failure.draw()
        seen = analyse(SourceImage(pixels, "", "image/png", um_per_px=UM_PER_PX), classifier)
        name = f"failure-{failure.name}.png"
        picture = Image.fromarray(_outlined(pixels, seen)).quantize(COLOURS, dither=0)
        picture.save(folder / name, optimize=True)
        found.append({"picture": name, "what": failure.what, "said": _said(field, seen)})
    return found


def _outlined(pixels: Pixels, seen: FieldAnalysis) -> Pixels:
    picture = cv2.medianBlur(pixels, 3)
    for cell, verdict in zip(seen.cells, seen.verdicts, strict=True):
        if cell.outline is not None:
            colour = OUTLINES[verdict.suggestion]
            cv2.polylines(picture, [cell.outline.reshape(-1, 1, 2)], True, colour, 2, cv2.LINE_AA)
    return np.asarray(picture, np.uint8)


def _said(field: DrawnField, seen: FieldAnalysis) -> str:
    """Say what was drawn and what was found."""
    blasts = sum(cell.kind.value == "blast" for cell in field.white_cells)
    counts = dict.fromkeys(Suggestion, 0)
    for verdict in seen.verdicts:
        counts[verdict.suggestion] += 1
    outside = sum(verdict.outside_training_range for verdict in seen.verdicts)
    return (
        f"drawn: {blasts} blasts, {len(field.white_cells) - blasts} normal; found: "
        f"{len(seen.cells)} cells, suggested {counts[Suggestion.BLAST]} blast, "
        f"{counts[Suggestion.NORMAL]} normal, {counts[Suggestion.UNSURE]} unsure, "
        f"of which {outside} outside the training range"
    )


def _field(seed: int, *, cells: int = 4, blasts: int = 3, defocus_um: float = 0.0) -> DrawnField:
    return draw_field(
        seed,
        width=WIDTH,
        height=HEIGHT,
        cells=cells,
        blasts=blasts,
        red_cover=0.2,
        defocus_um=defocus_um,
        um_per_px=UM_PER_PX,
    )


def _touching() -> tuple[Pixels, DrawnField]:
    """Crowd so many blasts into one field that they lie against each other."""
    field = _field(23, cells=9, blasts=9)
    return field.pixels, field


def _defocused() -> tuple[Pixels, DrawnField]:
    field = _field(9, defocus_um=1.6)
    return field.pixels, field


def _smudged() -> tuple[Pixels, DrawnField]:
    """Smear every white cell along one direction, as the spreading glass does."""
    field = _field(5)
    pixels = field.pixels.copy()
    for cell in field.white_cells:
        box = cell.box
        across, down = slice(box.x, box.x + box.width), slice(box.y, box.y + box.height)
        smeared = cv2.blur(pixels[down, across], (max(box.width // 2, 1), max(box.height // 6, 1)))
        pixels[down, across] = smeared
    return pixels, field


def _stained_over() -> tuple[Pixels, DrawnField]:
    """Drop grains of precipitated stain over the field."""
    field = _field(5)
    random = np.random.default_rng(2)
    grains = np.zeros(field.pixels.shape[:2], np.float32)
    for _ in range(260):
        place = int(random.integers(WIDTH)), int(random.integers(HEIGHT))
        cv2.circle(grains, place, int(random.integers(1, 5)), 1.0, -1, cv2.LINE_AA)
    density = grains[..., None] * np.array((0.35, 0.65, 0.2), np.float32)
    return np.asarray(field.pixels * 10**-density, np.uint8), field


def _thick() -> tuple[Pixels, DrawnField]:
    """Cover everything with red cells in layers."""
    field = draw_field(
        9, width=WIDTH, height=HEIGHT, cells=4, blasts=3, red_cover=1.4, um_per_px=UM_PER_PX
    )
    return field.pixels, field


FAILURES = (
    Failure(
        "touching", "Blasts that touch are joined or cut apart, then judged by parts", _touching
    ),
    Failure("defocus", "Out of focus: chromatin cannot be seen, cells look smooth", _defocused),
    Failure("smudge", "Cells smeared in spreading", _smudged),
    Failure("precipitate", "Grains of dried stain over cells and glass", _stained_over),
    Failure("thick", "A thick part of the smear: red cells lie over white ones", _thick),
)

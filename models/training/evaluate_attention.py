"""Does the attention map lie on the cell? Measured against masks that experts drew.

    python -m models.training.evaluate_attention ../shared/data [--bundle FOLDER] [--out FOLDER]

The share of a map's weight inside the cell of the expert's mask, beside the share of the crop that
the cell covers: what a map that knows nothing would have.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.pipeline.cells import find_cells
from appliance.pipeline.crops import MARGIN, crop_cells
from appliance.vocabulary import Box
from models.classifier import Classifier
from models.figures import with_interval
from models.litert import open_classifier
from models.training.evaluate_cells import Masks, allidb2_masks, wbcseg_masks
from models.training.held_out import attention_inside
from models.training.page import shown
from models.training.sources import central, read_pixels
from models.training.trying import command_line, keep

FOLDERS: dict[str, tuple[str, Callable[[Path], Masks]]] = {
    "allidb2": ("allidb2/[bn]*/*.png", allidb2_masks),
    "wbcseg1": ("wbcseg/images/*.png", wbcseg_masks),
}


def on_the_cell(data: Path, classifier: Classifier) -> dict[str, dict[str, Any]]:
    """Give the share of attention on the cell, and of the crop that is cell, by source."""
    found = {}
    for source, (pattern, masks_of) in FOLDERS.items():
        pairs = [_shares(path, masks_of, classifier) for path in sorted(data.glob(pattern))]
        shares = np.array([pair for pair in pairs if pair is not None])
        pictures = np.array([f"{number}" for number in range(len(shares))])
        found[source] = {
            name: with_interval(
                lambda rows, column=column: float(column[rows].mean()), pictures
            ).as_json()
            for name, column in zip(("attention", "area"), shares.T, strict=True)
        }
    return found


def _shares(
    path: Path, masks_of: Callable[[Path], Masks], classifier: Classifier
) -> tuple[float, float] | None:
    """Give both shares of one picture; None where its cell is not found or has no map."""
    pixels = read_pixels(path)
    cells = central(find_cells(pixels), pixels)
    if not cells:
        return None
    seen = classifier.predict(crop_cells(pixels, cells, side_px=classifier.card.side_px))
    if seen.attention is None or not seen.attention.any():
        return None
    nucleus, cell = masks_of(path)
    mask = _as_cropped(nucleus | cell, cells[0].box, classifier.card.side_px)
    share = attention_inside(seen.attention, mask[None])[0]
    return float(share), float(mask.mean() / 255)


def _as_cropped(mask: NDArray[np.bool_], box: Box, side_px: int) -> NDArray[np.uint8]:
    """Cut a mask as `pipeline.crops` cuts the cell of this box."""
    edge = MARGIN * max(box.width, box.height, 1)
    left, top = box.x + (box.width - edge) / 2, box.y + (box.height - edge) / 2
    step = edge / side_px
    where = np.array([[step, 0, left + step / 2 - 0.5], [0, step, top + step / 2 - 0.5]])
    how = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
    white = np.where(mask, np.uint8(255), np.uint8(0))
    return np.asarray(cv2.warpAffine(white, where, (side_px, side_px), flags=how), np.uint8)


def as_page(found: dict[str, dict[str, Any]]) -> str:
    """Write the shares as Markdown."""
    lines = ["| source | attention on the cell | crop that is cell |", "|---|---|---|"]
    lines += [f"| {s} | {shown(f['attention'])} | {shown(f['area'])} |" for s, f in found.items()]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Read the command line, measure, and write attention.json and attention.md."""
    given = command_line(__doc__).parse_args()
    classifier = open_classifier(given.bundle, threads=1)
    found = on_the_cell(given.data, classifier)
    kept = {"sha256": classifier.card.sha256, "attention": found}
    keep(given.out, "attention", kept, as_page(found))


if __name__ == "__main__":
    main()

"""Contact sheets: fields with the found cells drawn in, to be looked at by a person."""

from pathlib import Path

import cv2
import numpy as np

from appliance.pipeline.cells import find_cells
from appliance.vocabulary import Pixels

NUCLEUS = (0, 220, 0)
CELL = (255, 140, 0)
CUT = (150, 150, 150)
FIELDS = 50
COLUMNS = 5
SIDE = 448


def drawn(pixels: Pixels, side: int = SIDE) -> Pixels:
    """The picture on a square with outlines: nucleus green, cell orange, cut cells grey."""
    height, width = pixels.shape[:2]
    scale = side / max(height, width)
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    small = cv2.resize(pixels, (round(width * scale), round(height * scale)), interpolation=how)
    for cell in find_cells(pixels):
        for outline, colour in (
            (cell.outline, CUT if cell.at_border else CELL),
            (cell.nucleus, NUCLEUS),
        ):
            if outline is not None:
                points = np.rint((outline + 0.5) * scale - 0.5).astype(np.int32)
                cv2.polylines(small, [points.reshape(-1, 1, 2)], True, colour, 1, cv2.LINE_AA)
    sheet = np.zeros((side, side, 3), np.uint8)
    sheet[: small.shape[0], : small.shape[1]] = small
    return sheet


def contact_sheets(data: Path, out: Path) -> list[Path]:
    """Draw 50 fields of taleqani, spread over its classes, and 12 of allidb1."""
    taleqani = sorted((data / "taleqani").glob("*/*.jpg"))
    allidb1 = sorted((data / "allidb1/fields").glob("*.jpg"))
    chosen = {
        "taleqani_1": taleqani[7 :: len(taleqani) // FIELDS][: FIELDS // 2],
        "taleqani_2": taleqani[7 :: len(taleqani) // FIELDS][FIELDS // 2 : FIELDS],
        "allidb1": allidb1[3::5],
    }
    return [_sheet(paths, out / f"cells_{name}.png") for name, paths in chosen.items()]


def _sheet(paths: list[Path], to: Path) -> Path:
    """Write one sheet."""
    tiles = []
    for path in paths:
        pixels = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if pixels is None:
            raise OSError(f"{path} is not a picture")
        tiles.append(drawn(np.ascontiguousarray(pixels[..., ::-1])))
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % COLUMNS)
    rows = [np.hstack(tiles[i : i + COLUMNS]) for i in range(0, len(tiles), COLUMNS)]
    cv2.imwrite(str(to), np.vstack(rows)[..., ::-1])
    return to

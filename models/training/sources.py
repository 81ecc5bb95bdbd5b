"""What each folder of the data gives: cells found by our own pipeline, with their labels.

Cells are found and cut by the code that runs at the bench, so that the network learns what it
will see. How much each label is worth is said in README.md.
"""

import csv
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from xml.etree import ElementTree

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.pipeline.cells import find_cells
from appliance.pipeline.crops import GLASS, crop_cells, crop_masks
from appliance.vocabulary import Box, FoundCell, Pixels
from models.training.cells_table import BLAST, NORMAL, UNUSABLE, Row

PER_FIELD = 5  # cells taken of a taleqani field at most, so that crowded fields do not rule
PBC_BLOCKS = 10
Listing = dict[str, str]


def read_pixels(path: Path) -> Pixels:
    """Read a training picture as RGB."""
    pixels = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if pixels is None:
        raise OSError(f"{path} is not a picture")
    return np.ascontiguousarray(pixels[..., ::-1])


def listing(data: Path) -> list[Listing]:
    """Read labels.csv."""
    with (data / "labels.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@dataclass(frozen=True, slots=True)
class Cut:
    """How cells are cut out."""

    side_px: int
    around: bool = False
    """Show what the network never sees, the slide around the cell, and hide the cell instead."""

    def __call__(
        self, pixels: Pixels, cells: Sequence[FoundCell]
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Give crops and masks."""
        masks = crop_masks(cells, side_px=self.side_px)
        if not self.around:
            return crop_cells(pixels, cells, side_px=self.side_px), masks
        whole = crop_cells(pixels, [_unmasked(cell) for cell in cells], side_px=self.side_px)
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9))
        for crop, mask in zip(whole, masks, strict=True):
            crop[cv2.dilate(mask, disc) > 0] = GLASS
        return whole, masks


def _unmasked(cell: FoundCell) -> FoundCell:
    """Give the cell with an outline that hides nothing of its crop."""
    box = cell.box
    reach = max(box.width, box.height)
    left, top = box.x - reach, box.y - reach
    right, low = box.x + box.width + reach, box.y + box.height + reach
    corners = np.array([[left, top], [right, top], [right, low], [left, low]], np.int32)
    return replace(cell, outline=corners)


def _rows(
    pixels: Pixels, cells: Sequence[FoundCell], cut: Cut, entry: Listing, label: int, kind: str
) -> Iterator[Row]:
    for crop, mask in zip(*cut(pixels, cells), strict=True):
        yield Row(crop, mask, label, entry["source"], entry["block"], entry["file"], kind)


def central(cells: Sequence[FoundCell], pixels: Pixels) -> list[FoundCell]:
    """Take the cell that a single-cell picture was taken of: the one nearest its middle."""
    height, width = pixels.shape[:2]

    def gap(cell: FoundCell) -> float:
        box = cell.box
        return abs(box.x + box.width / 2 - width / 2) + abs(box.y + box.height / 2 - height / 2)

    nearest = sorted(cells, key=gap)[:1]
    return [cell for cell in nearest if gap(cell) < (width + height) / 6]


def allidb1(data: Path, entry: Listing, cut: Cut) -> Iterator[Row]:
    """Read a field: cells on an expert's centroid are blasts; all of a healthy field are normal.

    Other cells of a field with blasts are not called by anybody and left out.
    """
    pixels = read_pixels(data / entry["file"])
    cells = [cell for cell in find_cells(pixels) if not cell.at_border]
    if entry["label"] == "normal":
        yield from _rows(pixels, cells, cut, entry, NORMAL, "field")
        return
    centroids = _centroids(data, entry)
    blasts = [cell for cell in cells if any(_holds(cell.box, point) for point in centroids)]
    yield from _rows(pixels, blasts, cut, entry, BLAST, "centroid")


def _centroids(data: Path, entry: Listing) -> NDArray[np.float64]:
    path = data / "allidb1" / "centroids" / f"{Path(entry['file']).stem}.xyc"
    return np.loadtxt(path, ndmin=2).reshape(-1, 2)


def _holds(box: Box, point: NDArray[np.float64]) -> bool:
    return bool(0 <= point[0] - box.x < box.width and 0 <= point[1] - box.y < box.height)


def taleqani(data: Path, entry: Listing, cut: Cut) -> Iterator[Row]:
    """Read a field: every cell gets the label of its field, which is only mostly right."""
    pixels = read_pixels(data / entry["file"])
    cells = [cell for cell in find_cells(pixels) if not cell.at_border]
    step = max(len(cells) / PER_FIELD, 1)
    taken = [cells[int(index * step)] for index in range(min(len(cells), PER_FIELD))]
    label = BLAST if entry["label"] == "blast" else NORMAL
    yield from _rows(pixels, taken, cut, entry, label, entry["block"].split(":")[0])


def allidb2(data: Path, entry: Listing, cut: Cut) -> Iterator[Row]:
    """Read a single cell, called by experts."""
    pixels = read_pixels(data / entry["file"])
    label = BLAST if entry["label"] == "blast" else NORMAL
    yield from _rows(pixels, central(find_cells(pixels), pixels), cut, entry, label, "single")


def pbc(data: Path, entry: Listing, cut: Cut) -> Iterator[Row]:
    """Read a single normal cell; platelets are no cells to be judged."""
    pixels = read_pixels(data / entry["file"])
    if entry["label"] == "platelet":
        # The finder leaves platelets out, as it should; here they are wanted, so cut blindly.
        edge = pixels.shape[0] // 3
        yield from _rows(
            pixels, [_as_cell(Box(edge, edge, edge, edge))], cut, entry, UNUSABLE, "platelet"
        )
        return
    cells = central(find_cells(pixels), pixels)
    yield from _rows(pixels, cells, cut, entry, NORMAL, entry["label"])


def wbcseg(data: Path, entry: Listing, cut: Cut) -> Iterator[Row]:
    """Read a single cell of a source whose cells are all normal."""
    pixels = read_pixels(data / entry["file"])
    yield from _rows(pixels, central(find_cells(pixels), pixels), cut, entry, NORMAL, "single")


def bccd(data: Path, entry: Listing, cut: Cut) -> Iterator[Row]:
    """Read a field of normal blood; its red cells and platelets are what must not be judged."""
    pixels = read_pixels(data / entry["file"])
    boxes = _boxes(data, entry)
    cells = [cell for cell in find_cells(pixels) if not cell.at_border]
    whites = [cell for cell in cells if any(_overlap(cell.box, box) > 0.5 for box in boxes["WBC"])]
    yield from _rows(pixels, whites, cut, entry, NORMAL, "field")
    for name in ("RBC", "Platelets"):
        apart = [box for box in boxes[name] if all(_overlap(box, c.box) < 0.05 for c in cells)]
        others = [_as_cell(box) for box in apart[:2] if min(box.width, box.height) > 12]
        yield from _rows(pixels, others, cut, entry, UNUSABLE, name)


def _boxes(data: Path, entry: Listing) -> dict[str, list[Box]]:
    path = data / "bccd" / "boxes" / f"{Path(entry['file']).stem}.xml"
    found: dict[str, list[Box]] = defaultdict(list)
    for item in ElementTree.parse(path).iter("object"):  # noqa: S314 - a file of the data set
        corner = [int(item.findtext(f"bndbox/{k}", "0")) for k in ("xmin", "ymin", "xmax", "ymax")]
        box = Box(corner[0], corner[1], corner[2] - corner[0], corner[3] - corner[1])
        found[item.findtext("name", "")].append(box)
    return found


def _overlap(one: Box, other: Box) -> float:
    """Intersection over the smaller of both boxes."""
    across = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    down = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    least = min(one.width * one.height, other.width * other.height)
    return max(across, 0) * max(down, 0) / max(least, 1)


def _as_cell(box: Box) -> FoundCell:
    nothing = np.empty((0, 2), np.int32)
    return FoundCell(box, nothing, None, 0.0, None, at_border=False)


READERS: dict[str, Callable[[Path, Listing, Cut], Iterator[Row]]] = {
    "allidb1": allidb1,
    "allidb2": allidb2,
    "bccd": bccd,
    "pbc": pbc,
    "taleqani": taleqani,
    "wbcseg1": wbcseg,
}
BOTH_CLASSES = {"allidb1", "allidb2", "taleqani"}
NOT_CELLS = {"centroids", "mask", "boxes"}


def pictures(data: Path) -> list[Listing]:
    """List the pictures that have cells, with a block for every one.

    Where the data names no block, runs of file names stand in: cameras number what they take.
    """
    entries = [entry for entry in listing(data) if entry["label"] not in NOT_CELLS]
    loose: dict[tuple[str, str], list[Listing]] = defaultdict(list)
    for entry in entries:
        if not entry["block"]:
            loose[entry["source"], entry["label"]].append(entry)
    for (_, label), members in loose.items():
        members.sort(key=lambda entry: _number(entry["file"]))
        for place, entry in enumerate(members):
            entry["block"] = f"{label}:{place * PBC_BLOCKS // len(members)}"
    return entries


def _number(file: str) -> tuple[int, str]:
    digits = "".join(c for c in Path(file).stem if c.isdigit())
    return int(digits or 0), file

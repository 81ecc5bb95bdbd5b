"""Score the finding of white cells on marked images.

    python -m models.training.evaluate_cells ../shared/data [--out build/evaluation]

Every figure is given for the images that thresholds were chosen on (`tuned`), for those they
were not (`held_out`), and for both. Images count as tuned by their place in the sorted list: the
first half of bccd and of each kind of pbc, every even one of allidb1, allidb2 and wbcseg. That
is not a clean split: the held-out images come from the same sittings and slides, the width of red
cells was checked on a sample of both parts, and fields of both were looked at. A source that was
never seen is another matter. taleqani has no marked cells: its fields are written out to look at.
"""

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.pipeline.cells import find_cells
from appliance.vocabulary import Box, FoundCell, Pixels
from models.training import cell_scores as scores
from models.training.cell_sheets import contact_sheets
from models.training.cell_trials import trials

Masks = tuple[NDArray[np.bool_], NDArray[np.bool_]]
PARTS = ("held_out", "tuned", "all")


@dataclass
class Table:
    """Figures by name and part, filled as the sources are gone through."""

    rows: dict[str, dict[str, scores.Score]] = field(default_factory=dict)

    def put(self, name: str, part: str, score: scores.Score) -> None:
        """Write one figure."""
        self.rows.setdefault(name, {})[part] = score

    def markdown(self) -> str:
        """The table as Markdown."""
        lines = ["| figure | " + " | ".join(PARTS) + " |", "|---" * 4 + "|"]
        for name, row in self.rows.items():
            lines.append(f"| {name} | " + " | ".join(str(row.get(p, "")) for p in PARTS) + " |")
        return "\n".join(lines)


def read(path: Path) -> Pixels:
    """Read a picture as RGB."""
    pixels = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if pixels is None:
        raise OSError(f"{path} is not a picture")
    return np.ascontiguousarray(pixels[..., ::-1])


def halves(paths: Sequence[Path]) -> dict[str, list[Path]]:
    """First half tuned, second held out."""
    middle = len(paths) // 2
    return {"tuned": list(paths[:middle]), "held_out": list(paths[middle:])}


def alternating(paths: Sequence[Path]) -> dict[str, list[Path]]:
    """Even places tuned, odd held out."""
    return {"tuned": list(paths[::2]), "held_out": list(paths[1::2])}


def marked_boxes(path: Path, name: str) -> list[Box]:
    """Read the boxes of one kind from a Pascal VOC file."""
    boxes = []
    for item in ElementTree.parse(path).iter("object"):  # noqa: S314 - our own data folder
        if item.findtext("name") == name:
            ends = [
                int(item.findtext(f"bndbox/{k}", "0")) for k in ("xmin", "ymin", "xmax", "ymax")
            ]
            boxes.append(Box(ends[0], ends[1], ends[2] - ends[0], ends[3] - ends[1]))
    return boxes


def score_bccd(data: Path, table: Table) -> None:
    """Recall and precision of whole cells at IoU 0.5; cells cut by the edge count too."""
    counts: dict[str, NDArray[np.int64]] = {}
    paths = sorted((data / "bccd/images").glob("*.jpg"))
    for part, chosen in halves(paths).items():
        total = np.zeros(6, np.int64)
        for path in chosen:
            pixels = read(path)
            truth = marked_boxes(data / "bccd/boxes" / f"{path.stem}.xml", "WBC")
            total += _bccd_counts(pixels, truth)
        counts[part] = total
    counts["all"] = sum(counts.values(), np.zeros(6, np.int64))
    for part, (hit, marked, found, whole_hit, whole, near) in counts.items():
        table.put("bccd recall, IoU 0.5", part, scores.share(int(hit), int(marked)))
        table.put("bccd precision, IoU 0.5", part, scores.share(int(hit), int(found)))
        table.put(
            "bccd recall, cells inside the frame", part, scores.share(int(whole_hit), int(whole))
        )
        table.put("bccd recall, IoU 0.1", part, scores.share(int(near), int(marked)))


def _bccd_counts(pixels: Pixels, truth: list[Box]) -> NDArray[np.int64]:
    """Hits, marked, found; hits and marked inside the frame; hits at IoU 0.1."""
    found = [cell.box for cell in find_cells(pixels)]
    taken = scores.matched(found, truth)
    height, width = pixels.shape[:2]
    whole = {
        j
        for j, box in enumerate(truth)
        if box.x > 2
        and box.y > 2
        and box.x + box.width < width - 2
        and box.y + box.height < height - 2
    }
    near = scores.matched(found, truth, 0.1)
    return np.array(
        [len(taken), len(truth), len(found), len(whole & taken.keys()), len(whole), len(near)]
    )


def centroids(path: Path) -> list[tuple[float, float]]:
    """Read the x, y pairs of an .xyc file."""
    lines = path.read_text(encoding="ascii").split("\n")
    pairs = [line.split() for line in lines if line.strip()]
    return [(float(x), float(y)) for x, y in pairs]


def score_allidb1(data: Path, table: Table) -> None:
    """Blast centroids inside a found cell, and inside a cell of their own."""
    hits: dict[str, list[tuple[bool, bool]]] = {}
    paths = sorted((data / "allidb1/fields").glob("*_1.jpg"))
    for part, chosen in alternating(paths).items():
        hits[part] = []
        for path in chosen:
            cells = find_cells(read(path))
            used: set[int] = set()
            for x, y in centroids(data / "allidb1/centroids" / f"{path.stem}.xyc"):
                holding = {i for i, cell in enumerate(cells) if scores.inside(cell, x, y)}
                hits[part].append((bool(holding), bool(holding - used)))
                used |= set(sorted(holding - used)[:1])
    hits["all"] = [hit for part in hits.values() for hit in part]
    for part, both in hits.items():
        table.put(
            "allidb1 blast centroids inside a cell",
            part,
            scores.share(sum(h for h, _ in both), len(both)),
        )
        table.put(
            "allidb1 blast centroids, a cell each",
            part,
            scores.share(sum(o for _, o in both), len(both)),
        )


def central(pixels: Pixels) -> list[FoundCell]:
    """The found cells whose box holds the middle of the picture."""
    y, x = pixels.shape[0] / 2, pixels.shape[1] / 2
    return [
        cell
        for cell in find_cells(pixels)
        if cell.box.x <= x <= cell.box.x + cell.box.width
        and cell.box.y <= y <= cell.box.y + cell.box.height
    ]


def score_central(name: str, split: dict[str, list[Path]], table: Table) -> None:
    """Share of pictures in which a found cell holds the middle, and in which just one does."""
    numbers = {part: [len(central(read(path))) for path in paths] for part, paths in split.items()}
    numbers["all"] = [n for part in numbers.values() for n in part]
    for part, found in numbers.items():
        table.put(f"{name} found", part, scores.share(sum(n > 0 for n in found), len(found)))
        table.put(f"{name} found once", part, scores.share(sum(n == 1 for n in found), len(found)))


def score_masks(
    name: str, split: dict[str, list[Path]], masks: Callable[[Path], Masks], table: Table
) -> None:
    """Dice of nucleus and cell of the cell that overlaps the marked one most; 0 where none does."""
    values: dict[str, list[tuple[float, float]]] = {}
    for part, paths in split.items():
        values[part] = [_dice_of(read(path), *masks(path)) for path in paths]
    values["all"] = [pair for part in values.values() for pair in part]
    for part, pairs in values.items():
        table.put(f"{name} nucleus Dice", part, scores.mean([n for n, _ in pairs]))
        table.put(f"{name} cell Dice", part, scores.mean([c for _, c in pairs]))


def _dice_of(
    pixels: Pixels, nucleus: NDArray[np.bool_], cell: NDArray[np.bool_]
) -> tuple[float, float]:
    shape = cell.shape[0], cell.shape[1]
    best, value = None, 0
    for each in find_cells(pixels):
        common = (
            int((scores.filled(each.outline, shape) & cell).sum())
            if each.outline is not None
            else 0
        )
        if common > value:
            best, value = each, common
    if best is None or best.outline is None:
        return 0.0, 0.0
    return (
        scores.dice(scores.filled(best.nucleus, shape), nucleus),
        scores.dice(scores.filled(best.outline, shape), cell),
    )


def wbcseg_masks(path: Path) -> Masks:
    """255 nucleus, 128 cytoplasm."""
    grey = cv2.imread(str(path.parents[1] / "masks" / path.name), cv2.IMREAD_GRAYSCALE)
    if grey is None:
        raise OSError(f"no mask for {path}")
    return np.asarray(grey > 200), np.asarray(grey > 64)


def allidb2_masks(path: Path) -> Masks:
    """Cyan nucleus, blue cytoplasm, white background."""
    red, green, blue = np.moveaxis(read(path.parents[1] / "masks" / path.name), 2, 0) > 128
    return green & ~red, blue & ~red


def single_cells(data: Path) -> Iterator[tuple[str, dict[str, list[Path]]]]:
    """Name and split of each set of single-cell pictures."""
    for kind in ("blast", "normal"):
        yield f"allidb2 {kind}", alternating(sorted((data / "allidb2" / kind).glob("*.png")))
    kinds = sorted(path.name for path in (data / "pbc").iterdir() if path.is_dir())
    leukocytes = [kind for kind in kinds if kind != "platelet"]
    splits = {kind: halves(sorted((data / "pbc" / kind).glob("*.jpg"))) for kind in kinds}
    joined = {
        part: [path for kind in leukocytes for path in splits[kind][part]] for part in PARTS[:2]
    }
    yield "pbc all but platelets", joined
    for kind in leukocytes:
        yield f"pbc {kind}", splits[kind]
    yield "pbc platelet (should not be)", splits["platelet"]


def main() -> None:
    """Measure, print the table, write it with the pictures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, default=Path("build/evaluation"))
    chosen = parser.parse_args()
    data, out = chosen.data, chosen.out
    out.mkdir(parents=True, exist_ok=True)
    table = Table()
    score_bccd(data, table)
    score_allidb1(data, table)
    for name, split in single_cells(data):
        score_central(name, split, table)
    score_masks(
        "wbcseg", alternating(sorted((data / "wbcseg/images").glob("*.png"))), wbcseg_masks, table
    )
    allidb2 = sorted((data / "allidb2").glob("[bn]*/*.png"))
    score_masks("allidb2", alternating(allidb2), allidb2_masks, table)
    other = trials(data)
    pictures = contact_sheets(data, out)
    report = {
        "figures": {n: {p: s.as_json() for p, s in row.items()} for n, row in table.rows.items()},
        "trials": other,
        "pictures": [path.name for path in pictures],
    }
    (out / "cells.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    lines = [table.markdown(), "", "| trial | result |", "|---|---|"]
    lines += [f"| {name} | {value} |" for name, value in other.items()]
    (out / "cells.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()

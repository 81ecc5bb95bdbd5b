"""Does it matter that a cell was cut out of its slide and laid on black? The same cells, both ways.

    python -m models.training.evaluate_cut_out ../shared/data [--bundle FOLDER] [--out FOLDER]

Cells of allidb2 are cut along the masks that experts drew; the network learned from the fields
they come from, so only the difference says anything. Those of taleqani, of blocks it did not learn
from, along the outline that the finder drew.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.pipeline.cells import find_cells
from appliance.pipeline.crops import crop_cells
from appliance.vocabulary import FoundCell, Pixels
from models.classifier import Classifier, Prediction
from models.figures import auc
from models.litert import open_classifier
from models.training.evaluate_cells import allidb2_masks
from models.training.folds import part_of
from models.training.page import cut_out_list
from models.training.sources import central, pictures, read_pixels
from models.training.trying import command_line, keep

Mask = NDArray[np.bool_]
MARGIN = 1.8
"""Edge of the black square over the longer side of the cell."""


def listed(data: Path) -> Iterator[tuple[str, bool, Pixels, FoundCell, Mask]]:
    """Give source, whether a blast, picture, cell and the mask to cut along, of every cell."""
    for entry in pictures(data):
        source, blast = entry["source"], entry["label"] == "blast"
        pixels = read_pixels(data / entry["file"])
        if source == "allidb2":
            mask = np.logical_or(*allidb2_masks(data / entry["file"]))
            for cell in central(find_cells(pixels), pixels):
                yield source, blast, pixels, cell, _piece_with(mask, cell)
        elif source == "taleqani" and part_of(source, entry["block"]) == "test":
            whole = [c for c in find_cells(pixels) if not c.at_border and c.outline is not None]
            for cell in whole:
                yield source, blast, pixels, cell, _drawn(pixels, cell)


def _piece_with(mask: Mask, cell: FoundCell) -> Mask:
    """Take the piece of a mask that has most of a cell's box; masks may have specks beside it."""
    _, labels = cv2.connectedComponents(mask.view(np.uint8))
    box = cell.box
    inside = labels[box.y : box.y + box.height, box.x : box.x + box.width]
    counts = np.bincount(inside[inside > 0], minlength=2)
    return np.asarray(labels == max(int(counts.argmax()), 1), np.bool_)


def _drawn(pixels: Pixels, cell: FoundCell) -> Mask:
    mask = np.zeros(pixels.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.asarray(cell.outline, np.int32)], 1)
    return mask > 0


def on_black(pixels: Pixels, mask: Mask) -> Pixels:
    """Cut along a mask, and lay what is inside in the middle of a black square."""
    left, top, width, height = cv2.boundingRect(mask.view(np.uint8))
    edge = round(MARGIN * max(width, height))
    square = np.zeros((edge, edge, 3), np.uint8)
    x, y = (edge - width) // 2, (edge - height) // 2
    window = np.s_[top : top + height, left : left + width]
    square[y : y + height, x : x + width] = np.where(mask[window][..., None], pixels[window], 0)
    return square


def compare(data: Path, classifier: Classifier) -> dict[str, dict[str, Any]]:
    """Give by source what the network says of cells as they are and of the same ones cut out."""
    side = classifier.card.side_px
    rows: dict[str, list[tuple[bool, float, float, float, float]]] = {}
    for source, blast, pixels, cell, mask in listed(data):
        plain = classifier.predict(crop_cells(pixels, [cell], side_px=side))
        cut = on_black(pixels, mask)
        again = classifier.predict(crop_cells(cut, find_cells(cut)[:1], side_px=side))
        rows.setdefault(source, []).append((blast, *_said(plain), *_said(again)))
    return {source: _figures(listing) for source, listing in rows.items()}


def _said(seen: Prediction) -> tuple[float, float]:
    """Give probability and flag of the one cell seen; not numbers where none was found."""
    if not len(seen):
        return float("nan"), float("nan")
    return float(seen.blast_probability[0]), float(seen.outside[0])


def _figures(rows: list[tuple[bool, float, float, float, float]]) -> dict[str, Any]:
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    blast, plain, outside, cut, outside_cut = columns
    found = ~np.isnan(cut)
    return {
        "cells": len(rows),
        "not_found": int((~found).sum()),
        "auc": round(auc(blast[found], plain[found]), 4),
        "auc_cut_out": round(auc(blast[found], cut[found]), 4),
        "probability_gap_mean": round(float(np.abs(plain - cut)[found].mean()), 4),
        "outside": round(float(outside[found].mean()), 4),
        "outside_cut_out": round(float(outside_cut[found].mean()), 4),
    }


def main() -> None:
    """Read the command line, measure, and write cut_out.json and .md."""
    given = command_line(__doc__).parse_args()
    classifier = open_classifier(given.bundle, threads=1)
    kept: dict[str, Any] = {
        "sha256": classifier.card.sha256,
        "cut_out": compare(given.data, classifier),
    }
    keep(given.out, "cut_out", kept, cut_out_list(kept["cut_out"]) + "\n")


if __name__ == "__main__":
    main()

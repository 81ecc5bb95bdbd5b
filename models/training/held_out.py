"""Scores a finished bundle, as it runs at the bench, on cells it never learned from."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.classifier import Classifier, Prediction
from models.figures import Figure, auc_figure, calibration_error, with_interval
from models.training.cells_table import BLAST, NORMAL, UNUSABLE, Cells
from models.training.figures import rate_figure
from models.training.folds import parts
from models.training.unusable import DRAWN, SPOILT

Figures = dict[str, Figure]
NORMAL_ONLY = ("pbc", "bccd", "wbcseg1")


def held_out_figures(classifier: Classifier, cells: Cells) -> Figures:
    """Give figures on the test part of the split, by what they say.

    Args:
        classifier: the bundle, on its real runtime.
        cells: the whole table; only the test part is looked at.
    """
    tested = cells.where(parts(cells) == "test")
    seen = classifier.predict(tested.crops)
    found: Figures = {}
    found |= _weak(tested, seen)
    found |= _normal_only(tested, seen, classifier.card.thresholds[1])
    found |= _range(tested, seen)
    if seen.attention is not None:
        usable = tested.label < UNUSABLE
        share = attention_inside(seen.attention[usable], tested.masks[usable])
        found["attention inside the cell"] = with_interval(
            lambda rows: float(share[rows].mean()), tested.block[usable]
        )
    return found


def _weak(cells: Cells, seen: Prediction) -> Figures:
    """Figures against taleqani's labels, which are of fields and not of cells."""
    chosen = (cells.source == "taleqani") & (cells.label < UNUSABLE)
    blast, block = cells.label[chosen] == BLAST, cells.block[chosen]
    probability = seen.blast_probability[chosen].astype(np.float64)
    name = "taleqani, blocks not trained on (labels of fields)"
    return {
        f"{name}: AUC": auc_figure(blast, probability, block),
        f"{name}: calibration error": with_interval(
            lambda rows: calibration_error(blast[rows], probability[rows]), block
        ),
    }


def _normal_only(cells: Cells, seen: Prediction, high: float) -> Figures:
    called = (seen.blast_probability >= high) & ~seen.outside
    found = {}
    for source in NORMAL_ONLY:
        chosen = (cells.source == source) & (cells.label == NORMAL)
        if chosen.any():
            name = f"{source}, blocks not trained on: normal cells suggested as blasts"
            found[name] = rate_figure(called[chosen], cells.block[chosen])
    return found


def _range(cells: Cells, seen: Prediction) -> Figures:
    usable = cells.label < UNUSABLE
    groups = {
        f"usable cells of {source} flagged as outside": usable & (cells.source == source)
        for source in np.unique(cells.source[usable])
    } | {
        "usable cells flagged as outside": usable,
        "spoilt cells flagged as outside": cells.source == SPOILT,
        "cells found in drawn pictures flagged as outside": cells.source == DRAWN,
        "red cells and platelets flagged as outside": (cells.label == UNUSABLE)
        & ~np.isin(cells.source, (SPOILT, DRAWN)),
    }
    return {
        name: rate_figure(seen.outside[chosen], cells.block[chosen])
        for name, chosen in groups.items()
        if chosen.any()
    }


def attention_inside(
    attention: NDArray[np.float32], masks: NDArray[np.uint8]
) -> NDArray[np.float64]:
    """Give the share of each map's weight that lies on the cell, (n,)."""
    height, width = attention.shape[1:]
    shares = np.zeros(len(masks))
    for index, (seen, mask) in enumerate(zip(attention, masks, strict=True)):
        cell = cv2.resize(mask, (width, height), interpolation=cv2.INTER_AREA) / 255
        shares[index] = (seen * cell).sum() / max(float(seen.sum()), 1e-9)
    return shares


def as_json(figures: Figures) -> dict[str, Any]:
    """Give figures as a card has them."""
    return {name: figure.as_json() for name, figure in figures.items()}

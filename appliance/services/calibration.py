"""Fits a site head to a laboratory's verified cells, says how good it is, and keeps it.

Every figure is of cells that the head it is measured on had not seen, and stands beside the same
figure of the network as it came.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from appliance import clock
from appliance.errors import LabelsUnusable
from appliance.pipeline.intake import Limits
from appliance.services.labels import Labels, read_labels
from appliance.services.matching import Matched, match
from appliance.services.performance import (
    Band,
    Performance,
    Probabilities,
    Truths,
    band_of,
    performance,
)
from models.card import Card
from models.classifier import Classifier
from models.figures import Figure, auc, with_interval
from models.head_fitting import (
    PENALTIES,
    Fitted,
    SiteCells,
    cross_validated,
    fit,
    groups_suffice,
    leaning,
)
from models.site_head import Numbers, SiteHead, linear_as_json, write_site_head
from models.trained_on import TrainedOn

LEAST = 10
"""Cells of either class below which nothing is fitted."""


@dataclass(frozen=True, eq=False)
class Trial:
    """A head that was fitted and kept, and what it is worth on cells it had not seen."""

    head: SiteHead
    by_group: bool
    """Whether whole groups were held out; single cells where a class comes from one group only."""
    band: Band
    site: Performance
    network: Performance
    gain: Figure
    """AUC of the head less that of the network, on the same cells."""


@dataclass(frozen=True, eq=False)
class Calibration:
    """A head that was fitted and kept, and all there is to say of it."""

    head: SiteHead
    labels: Labels
    matched: Matched
    judged_by: str
    """What was held out together: the column of the labels, "file" or "cell"."""
    band: Band
    site: Performance
    network: Performance
    gain: Figure
    """AUC of the head less that of the network, on the same cells."""


def calibrate(
    labels: Path,
    classifier: Classifier,
    out: Path,
    *,
    limits: Limits,
    advance: Callable[[], None] = lambda: None,
) -> Calibration:
    """Read labels, find their cells, fit a head, try it, and write it to a folder.

    Args:
        labels: LABELS.csv.
        classifier: the network as it came, without a site head.
        out: folder for site-head.json.
        limits: of intake.
        advance: called after each picture.

    Raises:
        LabelsUnusable: labels and pictures do not match, or there are fewer than LEAST cells of
            either class.
        ModelUnusable: the head cannot be written.
    """
    listed = read_labels(labels)
    check_enough(np.array([row.blast for row in listed.rows], np.bool_), "labelled")
    matched = match(listed, classifier, limits=limits, advance=advance)
    facts = {"labels_sha256": listed.sha256, "not_found": len(matched.unmatched)}
    made = fit_and_try(
        matched.cells,
        matched.numbers,
        classifier.card,
        out,
        grouped_by=listed.grouped_by,
        facts=facts,
    )
    judged_by = listed.grouped_by if made.by_group else "cell"
    return Calibration(
        made.head, listed, matched, judged_by, made.band, made.site, made.network, made.gain
    )


def fit_and_try(
    cells: SiteCells,
    numbers: Numbers,
    card: Card,
    out: Path,
    *,
    grouped_by: str,
    facts: Mapping[str, Any],
) -> Trial:
    """Fit a head to verified cells, try it on cells held out, and write it to a folder.

    Args:
        cells: with the numbers beside their embedding.
        numbers: what was measured of each cell.
        card: of the network that the cells were embedded by.
        out: folder for site-head.json.
        grouped_by: what a group of the cells is: "patient", "slide", "file".
        facts: more for site-head.json, on where the cells come from.

    Raises:
        LabelsUnusable: there are fewer than LEAST cells of either class.
        ModelUnusable: the head cannot be written.
    """
    check_enough(cells.blast, "found")
    cells = leaning(cells, numbers)
    held_out = cross_validated(cells)
    whole = groups_suffice(cells.blast, cells.group)
    block = cells.group if whole else np.array([f"{n}" for n in range(len(cells))])
    band = band_of(held_out, cells.blast)
    low, high = card.thresholds
    site = performance(held_out, cells.blast, block, (band.low, band.middle, band.high))
    network = performance(cells.probability, cells.blast, block, (low, (low + high) / 2, high))
    said = {
        "judged_by": grouped_by if whole else "cell",
        "groups": len(np.unique(cells.group)),
        "figures": {"site_head": site.as_json(), "head_in_use": network.as_json()},
        "numbers": {"names": list(numbers.names), "usual": numbers.usual.tolist()},
        **facts,
    }
    head = write_site_head(out, {**_content(fit(cells), cells, band, card), **said})
    return Trial(head, whole, band, site, network, _gain(cells, held_out, block))


def learned_from(labels: Labels, known: TrainedOn) -> list[Path]:
    """List the labelled pictures that the network itself was trained on: they flatter it."""
    files = sorted({row.file for row in labels.rows})
    return [file for file in files if known.has(hashlib.sha256(file.read_bytes()).hexdigest())]


def check_enough(blast: Truths, which: str) -> None:
    """Refuse what is too little to learn from.

    Args:
        blast: (n,), of each cell.
        which: of what kind the cells are, for the sentence: "labelled", "found", "verified".

    Raises:
        LabelsUnusable: there are fewer than LEAST cells of either class.
    """
    blasts, normals = int(blast.sum()), int((~blast).sum())
    if min(blasts, normals) < LEAST:
        raise LabelsUnusable(
            f"{blasts} blasts and {normals} normal cells are {which}; "
            f"at least {LEAST} of each are needed",
            advice="Verify more cells; 50, from several slides, are a good beginning.",
        )


def _content(fitted: Fitted, cells: SiteCells, band: Band, card: Card) -> dict[str, Any]:
    return {
        "model": {"id": card.id, "sha256": card.sha256},
        "date": clock.now().date().isoformat(),
        "cells": {"blast": int(cells.blast.sum()), "normal": int((~cells.blast).sum())},
        "thresholds": [band.low, band.high],
        "unsure_band": {
            "method": "class-conditional split conformal on cross-validated probabilities",
            "blasts_called_normal_at_most": round(band.blast_error, 4),
            "normal_called_blast_at_most": round(band.normal_error, 4),
        },
        "fit": {
            "shares": dict(zip(map(str, PENALTIES), fitted.shares, strict=True)),
            "temperature": round(fitted.temperature, 4),
        },
        "head": linear_as_json(fitted.linear),
    }


def _gain(cells: SiteCells, held_out: Probabilities, block: NDArray[np.str_]) -> Figure:
    blast, new, old = cells.blast, held_out.astype(float), cells.probability.astype(float)

    def measure(rows: NDArray[np.intp]) -> float:
        return auc(blast[rows], new[rows]) - auc(blast[rows], old[rows])

    return with_interval(measure, block, stratum=blast.astype("U5"))

"""Fits a site head to the cells that readers verified here, when a person asked for one.

The cells are embedded anew from the stored originals, by their stored outlines, so that nothing
has to be kept for it; what they were given then is compared, so that a cell that is not the same
any more teaches nothing.
"""

import logging
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from typing import Any

import numpy as np

from appliance import __version__
from appliance.errors import (
    ApplianceError,
    DiskFull,
    LabelsUnusable,
    ModelUnusable,
    RecordsUnavailable,
)
from appliance.pipeline.intake import Limits
from appliance.records import site_cells, site_verifications
from appliance.records.pictures import PictureStore
from appliance.records.review_tables import SiteVerification
from appliance.records.site_cells import SiteCell
from appliance.services.calibration import Trial, check_enough, fit_and_try
from appliance.services.gathering import Gathered, gather
from models.classifier import Classifier
from models.head_fitting import groups_suffice, leaning
from models.learning_curve import Point, curve

log = logging.getLogger(__name__)

MOST_EACH = 500
"""Cells of either class that are learned from, the newest: more teach little and take minutes."""
MOST_CHANGED = 0.10
"""Share of cells that are not what they were, from which nothing is learned."""
SIZES = (0, 10, 20, 30, 50, 100, 200, 500)
DRAWS = 8
"""Of the learning curve, for each size."""


class Interrupted(Exception):
    """The worker is to end; the fit is taken up again by the next one."""


@dataclass(frozen=True)
class SiteFitting:
    """Fits what is wanted, one at a time."""

    pictures: PictureStore
    limits: Limits
    network: Classifier
    """As it came, without a site head."""
    folder: Path
    """Of the laboratory's heads, each in a folder named by its SHA-256."""
    simulated: bool
    """Whether drawn cells may teach: only in a demo laboratory."""
    long: Callable[[], AbstractContextManager[None]] = nullcontext
    """Held while a computation goes on that lets nothing else be done."""

    def run_next(self, go_on: Callable[[], bool]) -> bool:
        """Fit the head that is wanted; return whether one was.

        Args:
            go_on: called between pictures and trials, where other work may be done; False breaks
                the fit off.

        Raises:
            RecordsUnavailable, DiskFull: the outcome cannot be written; it is tried again.
        """
        row = site_verifications.wanted()
        if row is None or not site_verifications.begin(row.id):
            return row is not None
        try:
            self._fit(row, go_on)
        except Interrupted:
            log.info("the fit of a site head is taken up again later")
        except (RecordsUnavailable, DiskFull):
            raise
        except ApplianceError as error:
            site_verifications.refuse(row.id, f"{_sentence(error.sentence)} {error.advice}")
        return True

    def _fit(self, row: SiteVerification, go_on: Callable[[], bool]) -> None:
        started, card = time.monotonic(), self.network.card
        if row.model_sha256 != card.sha256:
            raise ModelUnusable("another classifier is in use by now", advice="Ask again.")
        listed = site_cells.verified(card.sha256, simulated=self.simulated)
        check_enough(np.array([cell.blast for cell in listed], np.bool_), "verified")
        gathered = self._gather(newest(listed, MOST_EACH), go_on)
        facts = {"not_found": gathered.changed + gathered.missing, "learned_from": "records"}
        unnamed = self.folder / ".unfinished"
        with self.long():
            made = fit_and_try(
                gathered.cells,
                gathered.numbers,
                card,
                unnamed,
                grouped_by="patient",
                facts=facts,
            )
        points = list(self._curve(gathered, go_on))
        _name(unnamed, self.folder / made.head.stamp.sha256)
        blasts = int(gathered.cells.blast.sum())
        counts = {
            "blast": blasts,
            "normal": len(gathered.cells) - blasts,
            "examinations": gathered.examinations,
        }
        said = figures(made, gathered, points)
        said["seconds"] = round(time.monotonic() - started, 1)
        site_verifications.fitted(row.id, made.head.stamp.sha256, counts, said)

    def _gather(self, chosen: list[SiteCell], go_on: Callable[[], bool]) -> Gathered:
        gathered = gather(
            chosen,
            self.network,
            self.pictures,
            self.limits,
            self.folder,
            advance=lambda: _require(go_on),
        )
        if gathered.changed > MOST_CHANGED * len(chosen):
            raise LabelsUnusable(
                f"{gathered.changed} of {len(chosen)} verified cells are not given the probability "
                "that they were given when they were read",
                advice="Compute an examination again, which names what differs.",
            )
        return gathered

    def _curve(self, gathered: Gathered, go_on: Callable[[], bool]) -> Iterable[Point]:
        """Try more and more cells; between the sizes other work may be done."""
        grouped = gathered.cells if _by_patient(gathered) else gathered.alone
        cells = leaning(grouped, gathered.numbers)
        for size in SIZES:
            _require(go_on)
            with self.long():
                points = curve(cells, sizes=(size,), draws=DRAWS)
            yield from points


def newest(listed: Iterable[SiteCell], most: int) -> list[SiteCell]:
    """Take so many of either class, in the order given."""
    taken: list[SiteCell] = []
    room = {True: most, False: most}
    for cell in listed:
        if room[cell.blast]:
            room[cell.blast] -= 1
            taken.append(cell)
    return taken


def figures(made: Trial, gathered: Gathered, points: Iterable[Point]) -> dict[str, Any]:
    """Say what a head is worth, as JSON holds it."""
    band = made.band
    return {
        "judged_by": "patient" if made.by_group else "cell",
        "groups": len(np.unique(gathered.cells.group)),
        "mixed": _mixed(gathered),
        "site_head": made.site.as_json(),
        "network": made.network.as_json(),
        "gain": made.gain.as_json(),
        "band": {
            "low": band.low,
            "high": band.high,
            "blast_error": round(band.blast_error, 4),
            "normal_error": round(band.normal_error, 4),
        },
        "curve": [_point(point) for point in points],
        "changed": gathered.changed,
        "missing": gathered.missing,
        "outside": gathered.outside,
        "pipeline": __version__,
    }


def _point(point: Point) -> dict[str, Any]:
    names = ("auc", "auc_low", "auc_high", "calibration_error")
    found = {name: float(getattr(point, name)) for name in names}
    finite = {
        name: round(value, 4) if np.isfinite(value) else None for name, value in found.items()
    }
    return {"cells": point.cells, **finite}


def _mixed(gathered: Gathered) -> int:
    """Count the patients who gave cells of both classes."""
    cells = gathered.cells
    return len(np.intersect1d(cells.group[cells.blast], cells.group[~cells.blast]))


def _by_patient(gathered: Gathered) -> bool:
    return groups_suffice(gathered.cells.blast, gathered.cells.group)


def _require(go_on: Callable[[], bool]) -> None:
    if not go_on():
        raise Interrupted


def _name(unnamed: Path, named: Path) -> None:
    """Give a head's folder its name; the same cells give the same head again.

    Raises:
        ModelUnusable: it cannot be written.
    """
    try:
        if named.exists():
            rmtree(unnamed)
        else:
            unnamed.rename(named)
    except OSError as error:
        raise ModelUnusable(f"{named} cannot be written: {error.strerror}") from error


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."

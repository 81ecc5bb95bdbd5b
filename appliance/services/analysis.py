"""Knows the order of the stages after the quality gate, and takes waiting fields one by one.

The only code that does: detect, crop, classify, decide, count. Each stage is a plain function of
the one before.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from uuid import UUID

import numpy as np

from appliance import __version__
from appliance.errors import ApplianceError, DiskFull, ModelUnusable, RecordsUnavailable
from appliance.pipeline import crops, intake, tally, verdicts
from appliance.pipeline.cells import find_cells
from appliance.records import fields, site_verifications
from appliance.records.database import transaction
from appliance.records.pictures import PictureStore
from appliance.records.tables import FieldImage
from appliance.services.classifying import classify
from appliance.services.stored import stored_image
from appliance.services.views import Views
from appliance.vocabulary import (
    Box,
    Crops,
    FieldAnalysis,
    FoundCell,
    ModelStamp,
    SourceImage,
    Verdict,
)
from models.classifier import Classifier, Prediction

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Looked:
    """The cells of one image, cut out: what any head on the network is asked about."""

    image: SourceImage
    cells: list[FoundCell]
    crops: Crops


def analyse(image: SourceImage, classifier: Classifier) -> FieldAnalysis:
    """Find the white cells of one image and suggest a class for each."""
    timings: dict[str, float] = {}
    return _analysed(look(image, classifier, timings), classifier, timings)


def look(image: SourceImage, classifier: Classifier, timings: dict[str, float]) -> Looked:
    """Find the white cells of one image and cut them out; milliseconds go into `timings`."""
    with _timed(timings, "detect"):
        cells = find_cells(image.pixels, um_per_px=image.um_per_px)
    with _timed(timings, "crop"):
        batch = crops.crop_cells(image.pixels, cells, side_px=classifier.card.side_px)
    return Looked(image, cells, batch)


def judge(looked: Looked, classifier: Classifier) -> tuple[list[Verdict], Prediction]:
    """Suggest a class for each cell, by the thresholds of the classifier's card."""
    prediction = classify(looked.image, looked.cells, looked.crops, classifier)
    decided = verdicts.decide(
        np.asarray(prediction.blast_probability),
        thresholds=classifier.card.thresholds,
        outside=prediction.outside,
    )
    return decided, prediction


def _analysed(looked: Looked, classifier: Classifier, timings: dict[str, float]) -> FieldAnalysis:
    with _timed(timings, "classify"):
        decided, seen = judge(looked, classifier)
    cells = looked.cells
    counted = [verdict for cell, verdict in zip(cells, decided, strict=True) if cell.counted]
    so_many, maker = tally.tally(counted), stamp(classifier)
    return FieldAnalysis(cells, decided, so_many, maker, timings, seen.attention)


def stamp(classifier: Classifier) -> ModelStamp:
    """Name the maker of a result."""
    card = classifier.card
    return ModelStamp(
        id=card.id,
        sha256=card.sha256,
        runtime=classifier.runtime,
        pipeline=__version__,
        thresholds=card.thresholds,
        site_head=card.site_head,
        computed_sha256=classifier.computed_sha256,
    )


@dataclass(frozen=True, eq=False)
class Shadow:
    """A site head that is computed beside the one in use."""

    verification_id: UUID
    classifier: Classifier


@dataclass(frozen=True)
class AnalysisService:
    """Takes accepted fields out of the records, oldest first, and writes back what was found."""

    worker: str
    """Name of this run of the worker: a claim by an earlier run is not ours."""
    pictures: PictureStore
    views: Views
    classifier: Classifier
    limits: intake.Limits
    verified: bool = False
    """Whether the laboratory has verified the classifier at this microscope."""
    shadow: Shadow | None = None
    """A head on trial, asked about the same cells; nobody sees what it says while reading."""

    def run_next(self) -> bool:
        """Analyse the oldest accepted field; return whether there was one.

        Raises:
            RecordsUnavailable, DiskFull: the finding cannot be written; the field is not at fault
                and is taken up again by the next run of the worker.
        """
        row = fields.claim_oldest(self.worker)
        if row is None:
            return False
        try:
            self._analyse(row)
        except (RecordsUnavailable, DiskFull):
            raise
        except ApplianceError as error:
            fields.fail(row, error.sentence)
            log.warning("field %s cannot be analysed: %s", row.id, type(error).__name__)
        return True

    def _analyse(self, row: FieldImage) -> None:
        timings: dict[str, float] = {}
        with _timed(timings, "decode"):
            image = stored_image(row, self.pictures, self.limits)
        looked = look(image, self.classifier, timings)
        analysis = _analysed(looked, self.classifier, timings)
        analysis = replace(analysis, model=replace(analysis.model, verified_here=self.verified))
        beside = self._beside(looked)
        boxes: list[Box] = [cell.box for cell in analysis.cells]
        self.views.prepare(row, image.pixels, boxes, analysis.attention)
        with transaction():
            written = fields.finish(row, analysis, card=self.classifier.card.raw, by=self.worker)
            if written and self.shadow is not None and beside is not None:
                site_verifications.keep_shadows(self.shadow.verification_id, row.id, beside)

    def _beside(self, looked: Looked) -> list[Verdict] | None:
        """Ask the head on trial; its faults are no fault of the field."""
        if self.shadow is None:
            return None
        try:
            return judge(looked, self.shadow.classifier)[0]
        except ModelUnusable as error:
            log.warning("the head on trial was not asked: %s", error.sentence)
            return None


@contextmanager
def _timed(timings: dict[str, float], stage: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    timings[stage] = (time.perf_counter() - started) * 1000

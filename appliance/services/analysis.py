"""Knows the order of the stages after the quality gate, and takes waiting fields one by one.

The only code that does: detect, crop, classify, decide, count. Each stage is a plain function of
the one before.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np

from appliance import __version__
from appliance.errors import ApplianceError, DiskFull, RecordsUnavailable
from appliance.pipeline import crops, intake, tally, verdicts
from appliance.pipeline.cells import find_cells
from appliance.records import fields
from appliance.records.pictures import PictureStore
from appliance.records.tables import FieldImage
from appliance.services.classifying import classify
from appliance.services.views import Views
from appliance.vocabulary import Box, FieldAnalysis, ModelStamp, SourceImage
from models.classifier import Classifier

log = logging.getLogger(__name__)


def analyse(image: SourceImage, classifier: Classifier) -> FieldAnalysis:
    """Find the white cells of one image and suggest a class for each."""
    timings: dict[str, float] = {}
    with _timed(timings, "detect"):
        cells = find_cells(image.pixels, um_per_px=image.um_per_px)
    with _timed(timings, "crop"):
        batch = crops.crop_cells(image.pixels, cells, side_px=classifier.card.side_px)
    with _timed(timings, "classify"):
        prediction = classify(image, cells, batch, classifier)
    decided = verdicts.decide(
        np.asarray(prediction.blast_probability),
        thresholds=classifier.card.thresholds,
        outside=prediction.outside,
    )
    counted = [verdict for cell, verdict in zip(cells, decided, strict=True) if cell.counted]
    return FieldAnalysis(cells, decided, tally.tally(counted), stamp(classifier), timings)


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
    )


@dataclass(frozen=True)
class AnalysisService:
    """Takes accepted fields out of the records, oldest first, and writes back what was found."""

    worker: str
    """Name of this run of the worker: a claim by an earlier run is not ours."""
    pictures: PictureStore
    views: Views
    classifier: Classifier
    limits: intake.Limits

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
        started = time.perf_counter()
        data = self.pictures.read(row.sha256)
        image = intake.read_images(data, name=row.original_name, limits=self.limits)[row.page]
        if image.um_per_px is None:
            image = replace(image, um_per_px=row.um_per_px)
        decoded_ms = (time.perf_counter() - started) * 1000
        analysis = analyse(image, self.classifier)
        analysis.timings_ms["decode"] = decoded_ms
        boxes: list[Box] = [cell.box for cell in analysis.cells]
        self.views.prepare(row, image.pixels, boxes)
        fields.finish(row, analysis, card=self.classifier.card.raw, by=self.worker)


@contextmanager
def _timed(timings: dict[str, float], stage: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    timings[stage] = (time.perf_counter() - started) * 1000

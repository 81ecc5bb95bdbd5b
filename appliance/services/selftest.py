"""Is the appliance fit to work: answered quickly for /readyz, thoroughly for `scopeside doctor`."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from appliance import clock
from appliance.errors import ApplianceError
from appliance.records import audit, database, index
from appliance.services import audit_trail, heads, heartbeat
from models.card import Card
from models.classifier import Classifier

_RELEASED = datetime(2026, 11, 1, tzinfo=UTC)  # a clock before this was never set


@dataclass(frozen=True)
class Check:
    """One line: what was looked at, whether it is well, and a sentence."""

    name: str
    passed: bool
    sentence: str
    """For everybody."""
    remedy: str = ""
    """What an administrator does about it, where there is something."""

    def __str__(self) -> str:
        """Say it with its remedy."""
        return f"{self.sentence}: {self.remedy}" if self.remedy else self.sentence


@dataclass(frozen=True)
class Selftest:
    """What can be asked of a running appliance without keeping anybody waiting."""

    data: Path
    min_free_bytes: int
    card: Card | None
    model_error: str
    site_heads: Path
    """Folder of the laboratory's own heads."""

    def quick(self) -> list[Check]:
        """Look at model, disk, clock, records and worker in a few milliseconds."""
        checks = [self._model(), self.disk(), clock_is_set(), _records(), self._worker()]
        return [*checks, self._site_head()] if checks[3].passed else checks

    def _model(self) -> Check:
        if self.card is None:
            return Check("model", False, self.model_error)
        return Check("model", True, f"{self.card.id} ({self.card.sha256[:12]})")

    def disk(self) -> Check:
        """Say whether there is room for more images."""
        free = shutil.disk_usage(self.data).free
        sentence = f"{free / 1e9:.1f} GB free"
        if free >= self.min_free_bytes:
            return Check("disk", True, sentence)
        return Check("disk", False, f"only {sentence}", "export or archive old examinations")

    def _site_head(self) -> Check:
        passed, sentence = heads.standing(self.card, self.site_heads)
        return Check("site-head", passed, sentence)

    def _worker(self) -> Check:
        age = heartbeat.age_s(self.data)
        if age is None:
            waits = "analysis is not running, so images wait"
            return Check("worker", False, waits, "start it with scopeside work")
        if age > heartbeat.STALE_AFTER_S:
            waits = f"analysis has not answered for {age:.0f} s, so images wait"
            return Check("worker", False, waits, "start it again with scopeside work")
        return Check("worker", True, "analysing")


def clock_is_set() -> Check:
    """Say whether the device's clock can be right."""
    now = clock.now()
    if now < _RELEASED:
        return Check(
            "clock", False, f"the clock says {now:%Y-%m-%d}", "set it, or connect a network"
        )
    return Check("clock", True, f"{now:%Y-%m-%d %H:%M} UTC")


def thorough(open_model: Callable[[], Classifier]) -> list[Check]:
    """Read every page of the database, follow the audit chain, and run one inference."""
    return [_integrity(), _index(), _audit_chain(), _inference(open_model)]


def _records() -> Check:
    try:
        database.ping()
    except ApplianceError as error:
        return Check("records", False, error.sentence)
    return Check("records", True, "open")


def _integrity() -> Check:
    fault = database.integrity_fault()
    return Check("database", not fault, fault or "every page is intact")


def _index() -> Check:
    fault = index.fault()
    if fault:
        return Check("search", False, fault, "scopeside doctor --rebuild-index")
    return Check("search", True, "lists and searches show every record")


def _audit_chain() -> Check:
    broken = audit.first_break()
    if broken is None:
        return Check("audit", True, f"the chain is whole up to entry {audit.head().sequence}")
    return Check("audit", False, str(audit_trail.explain(broken)))


def _inference(open_model: Callable[[], Classifier]) -> Check:
    # Importing a runtime proves nothing: tflite-runtime imports under NumPy 2 and fails only here.
    try:
        classifier = open_model()
        side = classifier.card.side_px
        classifier.predict(np.full((1, side, side, 3), 200, np.uint8))
    except ApplianceError as error:
        return Check("inference", False, error.sentence)
    return Check("inference", True, f"{classifier.card.id} on {classifier.runtime}")

"""What people made of an examination, as pages show it: state, counts, second readings."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from appliance.exchange.wording import (
    fraction_sentence,
    limit_sentence,
    more_cells_sentence,
    percent,
    verified_sentence,
)
from appliance.records import amendments, examinations, handling
from appliance.records.handling import Handling
from appliance.records.overview import Listed
from appliance.records.review_tables import Reading
from appliance.records.steps import SIGNED
from appliance.records.tables import Examination, FieldImage
from appliance.review_vocabulary import ReadingKind, ReadingState
from appliance.services.verified import verified_tally
from appliance.vocabulary import ExaminationStatus, Tally
from webui import shapes

CLOSED = frozenset({ExaminationStatus.CANCELLED, ExaminationStatus.ENTERED_IN_ERROR})

_DONE = {
    "registered": "Registered",
    "partial": "Imaged",
    "preliminary": "Submitted",
    "final": "Signed",
    "amended": "Amended",
    "corrected": "Corrected",
    "cancelled": "Cancelled",
    "entered-in-error": "Marked as entered in error",
}


@dataclass(frozen=True)
class State:
    """The state of an examination in words, with who brought it there, when and why."""

    words: str
    by: str
    at: datetime
    reason: str
    kind: str
    """ok, attention, fault or quiet, as `ui.tag` takes it."""

    @property
    def closed(self) -> bool:
        """Whether it must be told apart at a glance: cancelled, or entered in error."""
        return self.kind == "fault"


@dataclass(frozen=True)
class Counted:
    """The counts that stand now: of verified cells, or of suggestions where there are none."""

    tally: Tally
    sentences: tuple[str, ...]
    """Fraction, limit, and how many more cells would settle it; the last two may be empty."""
    verified: bool
    words: str
    """How far the verification is."""
    state: str
    """Of the tag that says so."""


@dataclass(frozen=True)
class Part:
    """What became of a second reading or an adjudication."""

    row: Reading
    title: str
    words: str
    state: str
    """Of its tag."""


@dataclass(frozen=True)
class Before:
    """The last examination of the same patient, to compare with."""

    examination: Examination
    tally: Tally
    verified: bool

    @property
    def words(self) -> str:
        """Its blast fraction with the interval, and whether people verified it."""
        if self.tally.blast_fraction is None or self.tally.interval95 is None:
            return "no cell decided"
        low, high = (100 * bound for bound in self.tally.interval95)
        said = f"{percent(self.tally.blast_fraction)} blasts ({low:.1f} to {high:.1f} %)"
        return _unbroken(said if self.verified else f"{said}, suggested only")


def state_of(examination: Examination, being_amended: bool) -> State:
    """Say in which state an examination is, and who brought it there."""
    if being_amended:
        amendment = amendments.open_amendment(examination.id)
        if amendment is not None:
            words = "Being amended" if amendment.status == "amended" else "Being corrected"
            by = amendment.begun_by.full_name
            return State(words, by, amendment.created_at, amendment.reason, "attention")
    step, before = _last_step(examination)
    words = _DONE[str(examination.status)]
    if before == ExaminationStatus.PRELIMINARY and examination.status == ExaminationStatus.PARTIAL:
        return State("Sent back", step.author, step.at, step.reason, "attention")
    kind = "quiet"
    if examination.status in CLOSED:
        kind = "fault"
    elif examination.status in SIGNED:
        kind = "ok"
    return State(words, step.author, step.at, step.reason, kind)


def counted(
    listed: Listed, handled: Handling, limit: float, *, model_verified: bool = False
) -> Counted:
    """Return what is known of the cells: what people called them, or else what is suggested.

    Args:
        listed: the examination.
        handled: how far people are with it.
        limit: blast fraction that decides.
        model_verified: whether the laboratory has verified the model at this microscope.
    """
    progress = handled.progress
    if not progress.verified:
        tally = shapes.tally(listed.by_suggestion)
        words = "Suggestions, not verified"
        if not model_verified:
            words = "Suggestions, not yet verified at this microscope"
        return Counted(
            tally, _said(fraction_sentence(tally), tally, limit), False, words, "attention"
        )
    tally = verified_tally(progress)
    said = _said(verified_sentence(tally), tally, limit)
    if progress.complete:
        return Counted(tally, said, True, f"All {progress.counted} cells verified", "ok")
    words = f"{progress.verified} of {progress.counted} cells verified"
    return Counted(tally, said, True, words, "attention")


def model_verified(rows: Sequence[FieldImage]) -> bool:
    """Say whether all suggestions come from a model that was verified at this microscope."""
    stamps = [row.stamp for row in rows if row.stamp]
    return bool(stamps) and all(stamp.get("verified_here") for stamp in stamps)


def parts(rows: Iterable[Reading]) -> list[Part]:
    """Write in words what became of each second reading and adjudication."""
    titles = {ReadingKind.SECOND: "Second reading", ReadingKind.ADJUDICATION: "Adjudication"}
    found = []
    for row in rows:
        kind = ReadingKind(row.kind)
        if kind in titles:
            words, state = _become(row)
            found.append(Part(row, titles[kind], words, state))
    return found


def before(examination: Examination, *, hidden: Collection[UUID] = ()) -> Before | None:
    """Find the patient's examination before this one that has counts and is not closed.

    Args:
        examination: this one.
        hidden: whose counts are kept from this person.
    """
    earlier = [
        row
        for row in examinations.of_patient(examination.__data__["patient"])
        if row.examination.created_at < examination.created_at
        and row.examination.status not in CLOSED
        and row.examination.id not in hidden
        and row.cells
    ]
    if not earlier:
        return None
    listed = earlier[0]
    found = counted(listed, handling.of_one(listed.examination.id), limit=0.5)
    return Before(listed.examination, found.tally, found.verified)


def overridden(rows: Sequence[FieldImage]) -> list[FieldImage]:
    """Return the images that somebody went on with after the quality gate."""
    return [row for row in rows if row.override_at is not None]


def _become(row: Reading) -> tuple[str, str]:
    reader = row.reader.full_name if row.reader else ""
    if row.state == ReadingState.WANTED:
        return "wanted, nobody has taken it on", "attention"
    if row.state == ReadingState.OPEN:
        return f"under way: {reader}", "busy"
    if row.state == ReadingState.WAIVED:
        return f"waived: {row.note}", "quiet"
    return f"done by {reader}", "ok"


def _said(first: str, tally: Tally, limit: float) -> tuple[str, ...]:
    sentences = (first, limit_sentence(tally, limit), more_cells_sentence(tally, limit))
    return tuple(_unbroken(said) for said in sentences)


def _unbroken(sentence: str) -> str:
    """Keep each number and its percent sign on one line."""
    return sentence.replace(" %", "\N{NO-BREAK SPACE}%")


def _last_step(examination: Examination) -> tuple[Any, str]:
    """Return the version that brought the present status, and the status before it."""
    versions = examinations.history(examination.id)
    for version in versions:
        for change in version.changes:
            if change.field == "status":
                return version, str(change.before or "")
    return versions[-1], ""

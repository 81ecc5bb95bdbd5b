"""What a list says of an examination: its result in words, and what is still missing."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from uuid import UUID

from appliance.records import handling
from appliance.records.handling import Handling
from appliance.records.overview import Listed
from appliance.records.steps import SIGNED
from appliance.review_vocabulary import ReadingKind
from appliance.services.verified import verified_tally
from appliance.vocabulary import ExaminationStatus, Tally, how_many
from webui import labels, shapes
from webui.cases import CLOSED


@dataclass(frozen=True)
class Missing:
    """What an examination waits for, in words, with the state of its tag."""

    words: str
    state: str
    """ok, busy, attention, fault or quiet, as `ui.tag` takes it."""


@dataclass(frozen=True)
class Line:
    """One examination as lists show it."""

    listed: Listed
    tally: Tally
    """Of verified cells where there are any, of suggestions otherwise."""
    verified: bool
    """Whether every counted cell was called by a person."""
    missing: Missing
    counted: int
    critical: bool = False
    closed: str = ""
    """Cancelled, or entered in error: told apart at a glance."""
    hidden: bool = False
    """Counts and conclusion are kept from this person, who may read it blind."""

    @property
    def cells(self) -> str:
        """Counted cells in words."""
        return how_many(self.counted, "cell")

    @property
    def interval(self) -> str:
        """The exact 95 % interval of the blast fraction in words; empty without a decided cell."""
        if self.tally.interval95 is None:
            return ""
        low, high = (100 * bound for bound in self.tally.interval95)
        return f"{low:.0f} to {high:.0f} %"


def lines(rows: Iterable[Listed], *, hidden: Collection[UUID] = ()) -> list[Line]:
    """Sum up the examinations of a list, with what people have done with each.

    Args:
        rows: the list.
        hidden: of which counts and conclusion are kept from this person.
    """
    every = list(rows)
    handled = handling.of([listed.examination.id for listed in every])
    return [
        line(listed, handled[listed.examination.id], hidden=listed.examination.id in hidden)
        for listed in every
    ]


def line(listed: Listed, handled: Handling | None = None, *, hidden: bool = False) -> Line:
    """Sum an examination up."""
    handled = handled or Handling()
    if hidden:
        pending = handled.pending & {ReadingKind.SECOND}
        handled = replace(handled, conclusion=None, pending=pending)
    reached, status = handled.progress, ExaminationStatus(listed.examination.status)
    tally = verified_tally(reached) if reached.verified else shapes.tally(listed.by_suggestion)
    return Line(
        listed,
        tally,
        verified=bool(reached.counted) and reached.complete,
        missing=missing(listed, handled),
        counted=reached.counted or listed.cells,
        critical=bool(handled.conclusion and handled.conclusion.critical),
        closed=labels.STATUSES[status] if status in CLOSED else "",
        hidden=hidden,
    )


def missing(listed: Listed, handled: Handling | None = None) -> Missing:
    """Say what an examination waits for, the most pressing thing first."""
    handled, status = handled or Handling(), ExaminationStatus(listed.examination.status)
    if status in CLOSED:
        return Missing(labels.STATUSES[status], "fault")
    if handled.untold:
        return Missing("Critical, not told", "attention")
    if status in SIGNED:
        if handled.amendment is not None:
            return Missing("Being amended", "busy")
        return Missing(labels.STATUSES[status], "ok")
    return _of_images(listed) or _of_people(listed, handled, status)


def _of_images(listed: Listed) -> Missing | None:
    if listed.need_you:
        words = how_many(listed.need_you, "image needs you", "images need you")
        return Missing(words, "attention")
    if listed.waiting:
        return Missing(f"{listed.analysed} of {listed.fields} read", "busy")
    return None if listed.fields else Missing("No images yet", "attention")


def _of_people(listed: Listed, handled: Handling, status: ExaminationStatus) -> Missing:
    reached = handled.progress
    counted = reached.counted or listed.cells
    if not counted:
        return Missing("No cell found", "attention")
    if status == ExaminationStatus.PRELIMINARY:
        if ReadingKind.ADJUDICATION in handled.pending:
            return Missing("To adjudicate", "attention")
        if ReadingKind.SECOND in handled.pending:
            return Missing("Second reading", "quiet")
        return Missing("To sign" if handled.conclusion else "To conclude", "quiet")
    if reached.counted and reached.complete:
        return Missing("To submit", "attention")
    if reached.verified:
        return Missing(f"{reached.verified} of {counted} called", "quiet")
    return Missing(f"{counted} to verify", "quiet")

"""What this person may do next with an examination: the main action, those beside it, the rest."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from flask import url_for

from appliance.permissions import Permission
from appliance.records import steps
from appliance.records.handling import Handling
from appliance.records.overview import Listed
from appliance.review_vocabulary import BEFORE_SUBMISSION
from appliance.vocabulary import ExaminationStatus
from webui.access import may


@dataclass(frozen=True)
class Action:
    """A link that leads to a step, or the button that begins to read."""

    label: str
    address: str
    symbol: str
    begins: bool = False
    """Whether it is the button of the page's form `begin`."""


@dataclass(frozen=True)
class Actions:
    """All of an examination's, for its page."""

    main: Action | None
    beside: list[Action] = field(default_factory=list)
    """Often wanted with it; they stand in the bar at the bottom."""
    further: list[Action] = field(default_factory=list)
    """Rarely wanted; most need a reason."""


def of(listed: Listed, handled: Handling, *, blind: bool = False, offered: bool = False) -> Actions:
    """Return what may be done, by state and by permission.

    Args:
        listed: the examination.
        handled: how far people are with it.
        blind: the person reads it blind, and may do nothing else with it.
        offered: the person may read it blind, so that nothing leads to what others called.
    """
    status = ExaminationStatus(listed.examination.status)
    if blind:
        return Actions(_to("Go on reading", "reading.show", listed, "cells"))
    if offered:
        return Actions(Action("Second readings", url_for("second.show_list"), "cells"))
    every = list(_main(listed, handled, status))
    further = [*_further(listed, handled, status)]
    return Actions(every[0] if every else None, every[1:], further)


def _main(listed: Listed, handled: Handling, status: ExaminationStatus) -> Iterator[Action]:
    """Yield the main action, then those beside it."""
    if status in BEFORE_SUBMISSION:
        yield from _at_the_bench(listed)
    elif status == ExaminationStatus.PRELIMINARY or handled.amendment is not None:
        yield from _before_signing(listed, handled)
    elif status in steps.SIGNED:
        yield _to("Open the report", "signing.show_newest", listed, "report")
        if may(Permission.REPORT_SIGN):
            yield _to("Amend", "signing.show_amend", listed, "edit")
        yield _cells(listed)
    elif listed.analysed:
        yield _cells(listed)
        yield _to("Report", "signing.show_newest", listed, "report")


def _at_the_bench(listed: Listed) -> Iterator[Action]:
    adds = may(Permission.FIELD_ADD)
    words = "Look at the images" if listed.fields else "Add images"
    if not listed.analysed:
        if adds:
            yield _to(words, "upload.show", listed, "upload")
        return
    if may(Permission.CELL_DECIDE):
        yield _reading("Read the cells", listed)
    else:
        yield _cells(listed)
    if adds:
        yield _to("Add images", "upload.show", listed, "upload")
    yield _to("Report", "reports.show", listed, "report")


def _before_signing(listed: Listed, handled: Handling) -> Iterator[Action]:
    concludes = may(Permission.CONCLUSION_WRITE)
    if concludes and handled.conclusion is None:
        yield _to("Conclude", "concluding.show", listed, "edit")
    elif may(Permission.REPORT_SIGN):
        yield _to("Sign", "signing.show", listed, "check")
    if concludes:
        yield _reading("Review the cells", listed)
        if handled.conclusion is not None:
            yield _to("Conclusion", "concluding.show", listed, "edit")
    else:
        yield _cells(listed)
    yield _to("Report", "reports.show", listed, "report")


def _further(listed: Listed, handled: Handling, status: ExaminationStatus) -> Iterator[Action]:
    submitted = status == ExaminationStatus.PRELIMINARY
    amended = handled.amendment is not None
    if submitted and may(Permission.CONCLUSION_WRITE):
        yield _to("Send back to the bench", "reviewing.show_send_back", listed, "undo")
    if (submitted or amended) and may(Permission.READING_ADJUDICATE) and not handled.pending:
        yield _to("Ask for a second reading", "second.show_ask", listed, "people")
    if amended and may(Permission.REPORT_SIGN):
        yield _to("Give up the amendment", "signing.show_give_up", listed, "undo")
    if status in (*BEFORE_SUBMISSION, ExaminationStatus.PRELIMINARY) and may(
        Permission.EXAMINATION_CANCEL
    ):
        yield _to("Cancel the examination", "reviewing.show_cancel", listed, "cross")
    if status in steps.SIGNED and not amended and may(Permission.EXAMINATION_VOID):
        yield _to("Entered in error", "reviewing.show_void", listed, "warning")


def _cells(listed: Listed) -> Action:
    return _to("Look at the cells", "fields.show_gallery", listed, "cells")


def _reading(label: str, listed: Listed) -> Action:
    address = url_for("reading.begin", examination_id=listed.examination.id)
    return Action(label, address, "cells", begins=True)


def _to(label: str, endpoint: str, listed: Listed, symbol: str) -> Action:
    return Action(label, url_for(endpoint, examination_id=listed.examination.id), symbol)

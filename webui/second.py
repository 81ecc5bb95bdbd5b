"""Second readings and adjudications: offered, taken on, asked for, waived; where readers agree."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from appliance.errors import Conflict, Forbidden, InvalidInput
from appliance.permissions import Permission
from appliance.records import agreements, cells, fields, handling, readings, standing
from appliance.records.agreements import Pair, agreement, blind
from appliance.records.handling import Handling
from appliance.records.readings import Wanted
from appliance.review_vocabulary import CellLabel, ReadingKind, ReadingState
from appliance.services.statistics.agreement import Agreement
from appliance.services.statistics.agreement import agreement as kappa_of
from webui import cases, cellviews, labels, offers, opened, reasons
from webui.access import actor, may, needs
from webui.cellviews import CellView
from webui.forms import Entries, Form
from webui.notices import notice

pages = Blueprint("second", __name__)

ASKING = ("Rare or difficult cells", "The result changes the treatment", "For training")
WAIVING = ("Nobody else is here to read", "The case is clear", "The result is urgent")
_CALLS = tuple(label for label in CellLabel if label != CellLabel.REPLACED)


@dataclass(frozen=True)
class Offer:
    """A reading that this person may take on or has begun; it names no result."""

    wanted: Wanted
    cells: int
    begun: bool

    @property
    def is_second(self) -> bool:
        """Whether it is a blind second reading, and no adjudication."""
        return bool(self.wanted.reading.kind == ReadingKind.SECOND)


@dataclass(frozen=True)
class Difference:
    """One cell that two readers call differently."""

    view: CellView
    first: str
    second: str
    settled: str
    """What the third decided; empty where nobody did."""


@pages.get("/second-readings")
@needs(Permission.READING_SECOND)
def show_list() -> str:
    """Show what this person may read a second time, or settle; without any result."""
    rows = offers.mine()
    found = handling.of([row.examination.id for row in rows])
    opened.listing("reading:list", len(rows))
    return render_template("second/list.html", offers=_offers(rows, found), words=labels)


@pages.post("/examinations/<uuid:examination_id>/second-reading")
@needs(Permission.READING_SECOND)
def take_second(examination_id: UUID) -> ResponseReturnValue:
    """Take a blind second reading on."""
    return _take(examination_id, ReadingKind.SECOND)


@pages.post("/examinations/<uuid:examination_id>/adjudication")
@needs(Permission.READING_ADJUDICATE)
def take_adjudication(examination_id: UUID) -> ResponseReturnValue:
    """Take an adjudication on."""
    return _take(examination_id, ReadingKind.ADJUDICATION)


@pages.get("/examinations/<uuid:examination_id>/agreement")
@needs(Permission.EXAMINATION_READ)
def show_agreement(examination_id: UUID) -> str:
    """Show second readings, how far the readers agree, and where they differ."""
    examination = opened.examination(examination_id)
    standing.require_sighted(examination_id, actor())
    pairs = agreement(examination_id)
    compared = blind(pairs)
    handled = handling.of_one(examination_id)
    return render_template(
        "second/agreement.html",
        examination=examination,
        patient=examination.patient,
        parts=cases.parts(readings.of_examination(examination_id)),
        compared=len(compared),
        agreed=sum(pair.agreed for pair in compared),
        changed=sum(pair.met != pair.first for pair in compared),
        kappa=_kappa(compared),
        table=_table(compared),
        columns=[labels.CALLS[label] for label in _CALLS],
        differences=_differences(examination_id, pairs),
        may_ask=may(Permission.READING_ADJUDICATE) and _is_open(examination.status, handled),
        pending=handled.pending,
        words=labels,
    )


@pages.get("/examinations/<uuid:examination_id>/second-reading/ask")
@needs(Permission.READING_ADJUDICATE)
def show_ask(examination_id: UUID) -> str:
    """Ask why somebody else should read it, too."""
    return _ask_page(examination_id, Form())


@pages.post("/examinations/<uuid:examination_id>/second-reading/ask")
@needs(Permission.READING_ADJUDICATE)
def ask(examination_id: UUID) -> ResponseReturnValue:
    """Ask for a second reading."""
    entries = Entries(request.form)
    try:
        reason = reasons.reason_from(entries, ASKING)
        readings.ask(examination_id, ReadingKind.SECOND, reason, actor())
    except InvalidInput as error:
        return _ask_page(examination_id, entries.refused(error)), 422
    notice("A second reading is asked for. It is offered to whoever has not seen the calls.")
    return redirect(url_for("second.show_agreement", examination_id=examination_id), 303)


@pages.get("/readings/<uuid:reading_id>/waive")
@needs(Permission.READING_ADJUDICATE)
def show_waive(reading_id: UUID) -> str:
    """Ask why a second reading is not waited for."""
    return _waive_page(reading_id, Form())


@pages.post("/readings/<uuid:reading_id>/waive")
@needs(Permission.READING_ADJUDICATE)
def waive(reading_id: UUID) -> ResponseReturnValue:
    """Do without a second reading or an adjudication, with a reason that is printed."""
    entries = Entries(request.form)
    examination_id = readings.get(reading_id).__data__["examination"]
    try:
        readings.waive(reading_id, reasons.reason_from(entries, WAIVING), actor())
    except InvalidInput as error:
        return _waive_page(reading_id, entries.refused(error)), 422
    notice("It is waived; the reason is kept and printed.")
    return redirect(url_for("second.show_agreement", examination_id=examination_id), 303)


def _take(examination_id: UUID, kind: ReadingKind) -> ResponseReturnValue:
    try:
        row = readings.take(examination_id, kind, actor())
    except (Conflict, Forbidden) as error:
        notice(f"{error.sentence} {error.advice}", kind="attention")
        return redirect(url_for("second.show_list"), 303)
    return redirect(url_for("reading.show_reading", reading_id=row.id), 303)


def _offers(rows: Sequence[Wanted], found: dict[UUID, Handling]) -> list[Offer]:
    return [
        Offer(row, _due(row, found[row.examination.id]), row.reading.state == ReadingState.OPEN)
        for row in rows
    ]


def _due(row: Wanted, handled: Handling) -> int:
    """Count the cells to be called; fewer for whoever has read the examination before."""
    reader = actor().user_id
    if reader is None or row.reading.kind != ReadingKind.SECOND:
        return handled.progress.counted
    return len(agreements.due(row.examination.id, reader))


def _is_open(status: str, handled: Handling) -> bool:
    return status == "preliminary" or handled.amendment is not None


def _kappa(pairs: Sequence[Pair]) -> Agreement | None:
    """Return Cohen's kappa over the kinds of calls; None without a pair.

    All cells are of one patient, so that it has no interval over patients: it is of this smear.
    """
    if not pairs:
        return None
    codes: dict[CellLabel, int] = {label: number for number, label in enumerate(_CALLS)}
    first, second = (
        np.array([codes[label] for label in side], np.int64)
        for side in ([p.met for p in pairs if p.met], [p.second for p in pairs])
    )
    return kappa_of(first, second, np.arange(len(pairs)), kinds=len(_CALLS))


def _table(pairs: Sequence[Pair]) -> list[tuple[str, list[int]]]:
    """Count the pairs: a row for each call of the first reader, a column for the second's."""
    found = Counter((pair.met, pair.second) for pair in pairs)
    return [(labels.CALLS[first], [found[first, second] for second in _CALLS]) for first in _CALLS]


def _differences(examination_id: UUID, pairs: Sequence[Pair]) -> list[Difference]:
    differing = {pair.cell_id: pair for pair in pairs if pair.differs}
    if not differing:
        return []
    places, called = cells.places_in(examination_id), standing.standing(examination_id)
    views = cellviews.views_in(fields.of_examination(examination_id), places, called)
    return [_difference(view, differing[view.row.id]) for view in views if view.row.id in differing]


def _difference(view: CellView, pair: Pair) -> Difference:
    settled = labels.CALLS[pair.adjudicated] if pair.adjudicated else ""
    return Difference(view, labels.CALLS[pair.first], labels.CALLS[pair.second], settled)


def _ask_page(examination_id: UUID, form: Form) -> str:
    examination = opened.examination(examination_id)
    return render_template(
        "second/ask.html",
        examination=examination,
        patient=examination.patient,
        possible=_is_open(examination.status, handling.of_one(examination_id)),
        ready=ASKING,
        form=form,
    )


def _waive_page(reading_id: UUID, form: Form) -> str:
    row = readings.get(reading_id)
    examination = opened.examination(row.__data__["examination"])
    return render_template(
        "second/waive.html",
        examination=examination,
        patient=examination.patient,
        part=next(iter(cases.parts([row])), None),
        possible=row.state in readings.PENDING,
        reading_id=reading_id,
        ready=WAIVING,
        form=form,
    )

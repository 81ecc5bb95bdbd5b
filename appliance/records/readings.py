"""People's ways through the cells of an examination: first, review, second and adjudication.

The first reading ends with the submission. A second reader works blind; where the two differ, a
third adjudicates. Who has read in one of these parts takes none that must be independent of it.

An examination that is sent back and submitted again is compared anew: cells that no second reader
has called are read a second time, and what the first reader changed since is settled by a third
where it differs.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple
from uuid import UUID

from peewee import JOIN

from appliance.clock import now
from appliance.errors import Conflict, Forbidden
from appliance.records import agreements
from appliance.records.agreements import Pair, agreement
from appliance.records.database import transaction
from appliance.records.entries import reason_of
from appliance.records.review_tables import CellDecision, CellDisplay, Reading
from appliance.records.revisions import fetch, insert, update
from appliance.records.standing import blind, is_blind
from appliance.records.steps import person, require_complete, require_stage
from appliance.records.tables import Examination, Patient, User
from appliance.review_vocabulary import ReadingKind, ReadingState
from appliance.vocabulary import Actor, ExaminationStatus, how_many

__all__ = [
    "PENDING",
    "Pair",
    "Wanted",
    "agreement",
    "ask",
    "close",
    "close_pending",
    "get",
    "is_blind",
    "of_examination",
    "require_mine",
    "submit",
    "take",
    "waive",
    "wanted",
]

PENDING = (ReadingState.WANTED, ReadingState.OPEN)
"""States of a reading that is not at its end."""
INDEPENDENT = (ReadingKind.SECOND, ReadingKind.ADJUDICATION)
"""Kinds that are asked for, and keep an examination from being signed until they are done."""


class Wanted(NamedTuple):
    """A reading that waits for somebody, or that somebody has begun."""

    reading: Reading
    examination: Examination
    patient: Patient


def take(examination_id: UUID, kind: ReadingKind, by: Actor) -> Reading:
    """Return the person's open reading of a kind, begun if there is none.

    A first reading or a review is made; a second reading or an adjudication must have been asked
    for, and is taken on.

    Raises:
        NotFound: no such examination.
        Conflict: the examination is not in the state for it, or nobody asked for it.
        Forbidden: the person has read it in a part that this one must be independent of.
    """
    with transaction():
        examination = fetch(Examination, examination_id)
        require_stage(examination, kind)
        reader = person(by)
        of_kind = (Reading.examination == examination_id) & (Reading.kind == kind)
        own = Reading.get_or_none(
            of_kind, Reading.reader == reader, Reading.state == ReadingState.OPEN
        )
        if own is not None:
            return own
        _require_independent(examination_id, kind, by)
        if kind not in INDEPENDENT:
            row = Reading(examination=examination_id, kind=kind, reader=reader)
            insert(row, "reading:take", by=by, details=_belongs(row))
            return row
        row = _oldest_wanted(of_kind)
        taken = {"reader": reader, "state": ReadingState.OPEN}
        update(row, taken, "reading:take", by=by, details=_belongs(row))
    return row


def ask(examination_id: UUID, kind: ReadingKind, because: str, by: Actor) -> Reading:
    """Ask for a second reading or an adjudication; return the one that waits already, if any.

    Args:
        examination_id: submitted and not signed, or being amended.
        kind: SECOND or ADJUDICATION.
        because: in a sentence.
        by: who asks.

    Raises:
        NotFound: no such examination.
        InvalidInput: no reason is given.
        Conflict: the examination is in no state for it, or this kind cannot be asked for.
    """
    because = reason_of(because, required=True)
    with transaction():
        examination = fetch(Examination, examination_id)
        require_stage(examination, kind)
        if kind not in INDEPENDENT:
            raise Conflict(
                "Only a second reading or an adjudication can be asked for.",
                advice="Open the examination to read it yourself.",
            )
        waiting = (Reading.kind == kind) & Reading.state.in_(PENDING)
        row = Reading.get_or_none(Reading.examination == examination_id, waiting)
        if row is None:
            row = Reading(
                examination=examination_id,
                kind=kind,
                state=ReadingState.WANTED,
                asked_because=because,
            )
            insert(row, "reading:ask", by=by, details=_belongs(row))
    return row


def waive(reading_id: UUID, reason: str, by: Actor) -> Reading:
    """Do without a second reading or an adjudication that was asked for.

    Raises:
        NotFound: no such reading.
        InvalidInput: no reason is given.
        Conflict: it is at its end already, or of a kind that is never waived.
    """
    reason = reason_of(reason, required=True)
    with transaction():
        row = fetch(Reading, reading_id)
        if row.kind not in INDEPENDENT or row.state not in PENDING:
            raise Conflict(
                "Only a second reading or an adjudication that is not done yet can be waived.",
                advice="Reload the page to see the state it has now.",
            )
        close(row, ReadingState.WAIVED, "reading:waive", by, reason)
    return row


def submit(reading_id: UUID, by: Actor, *, second_because: str = "") -> Examination:
    """End a reading: the first makes the examination preliminary.

    A second reading is compared with the first, and an adjudication is asked for where they
    differ.

    Args:
        reading_id: the person's own, open.
        by: its reader.
        second_because: of a first reading: why a second one is asked for, empty if none is.

    Raises:
        NotFound: no such reading.
        Forbidden: it is somebody else's.
        Conflict: it is not open, or something is left to do; the sentence says what.
    """
    with transaction():
        row = require_mine(reading_id, by)
        examination = fetch(Examination, row.__data__["examination"])
        if row.kind == ReadingKind.FIRST:
            _submit_first(row, examination, second_because, by)
        elif row.kind == ReadingKind.SECOND:
            _submit_second(row, by)
        elif row.kind == ReadingKind.ADJUDICATION:
            _submit_adjudication(row, by)
        else:
            raise Conflict(
                "A review is not submitted by itself.",
                advice="Sign the report, or send the examination back.",
            )
    return examination


def get(reading_id: UUID) -> Reading:
    """Return a reading.

    Raises:
        NotFound: no such reading.
    """
    return fetch(Reading, reading_id)


def of_examination(examination_id: UUID) -> list[Reading]:
    """Return the readings of an examination with their readers, in the order they were begun."""
    return list(_with_readers().where(Reading.examination == examination_id))


def wanted(kind: ReadingKind | None = None) -> list[Wanted]:
    """Return the second readings and adjudications that are not done, oldest first.

    Args:
        kind: only this one.
    """
    kinds = INDEPENDENT if kind is None else (kind,)
    rows: Any = (
        Reading.select(Reading, Examination, Patient)
        .join(Examination)
        .join(Patient)
        .where(Reading.state.in_(PENDING), Reading.kind.in_(kinds))
        .order_by(Reading.created_at, Reading.id)
    )
    return [Wanted(row, row.examination, row.examination.patient) for row in rows]


def require_mine(reading_id: UUID, by: Actor) -> Reading:
    """Return a reading in which this person may decide now.

    Raises:
        NotFound: no such reading.
        Forbidden: it is somebody else's.
        Conflict: it is at its end, or the examination is no longer in the state for it.
    """
    row = fetch(Reading, reading_id)
    reader = row.__data__["reader"]
    if reader is not None and reader != person(by):
        raise Forbidden(
            "This reading is somebody else's.", advice="Open the examination to begin your own."
        )
    if row.state != ReadingState.OPEN:
        why = f" {row.note}" if row.state == ReadingState.WAIVED else ""
        raise Conflict(
            f"This reading is over and takes no more decisions.{why}",
            advice="Open the examination again to see how far it is.",
        )
    require_stage(fetch(Examination, row.__data__["examination"]), ReadingKind(row.kind))
    return row


def close(row: Reading, state: ReadingState, action: str, by: Actor, note: str = "") -> None:
    """Bring a reading to its end; for the sibling modules, within their transactions."""
    ended: dict[str, Any] = {"state": state, "note": note}
    if state == ReadingState.SUBMITTED:
        ended = {"state": state, "submitted_at": now()}
    update(row, ended, action, by=by, reason=note, details=_belongs(row))


def close_pending(
    examination_id: UUID,
    kinds: Iterable[ReadingKind],
    state: ReadingState,
    by: Actor,
    note: str = "",
) -> None:
    """Bring the readings of some kinds that are not done to their end."""
    action = "reading:waive" if state == ReadingState.WAIVED else "reading:submit"
    pending = Reading.kind.in_([*kinds]) & Reading.state.in_(PENDING)
    for row in Reading.select().where(Reading.examination == examination_id, pending):
        close(row, state, action, by, note)


def _submit_first(row: Reading, examination: Examination, because: str, by: Actor) -> None:
    if examination.status == ExaminationStatus.REGISTERED:
        raise Conflict(
            f"Examination {examination.accession_number} has no image yet.",
            advice="Add images, or cancel the examination.",
        )
    require_complete(examination.id)
    close(row, ReadingState.SUBMITTED, "reading:submit", by)
    note = f"Submitted with the reading of {by.name}."
    close_pending(examination.id, [ReadingKind.FIRST], ReadingState.WAIVED, by, note)
    preliminary = {"status": ExaminationStatus.PRELIMINARY}
    update(examination, preliminary, "examination:submit", by=by)
    if because:
        ask(examination.id, ReadingKind.SECOND, because, by)
    _compare_anew(examination.id, by)


def _submit_second(row: Reading, by: Actor) -> None:
    examination_id = row.__data__["examination"]
    called = blind(row.id)
    left = sum(not called[key].label for key in agreements.due(examination_id, person(by)))
    if left:
        raise Conflict(
            f"{how_many(left, 'cell is', 'cells are')} not called in this reading yet.",
            advice="Call every counted cell, then submit.",
        )
    close(row, ReadingState.SUBMITTED, "reading:submit", by)
    _settle(examination_id, by)


def _compare_anew(examination_id: UUID, by: Actor) -> None:
    """Hold what is submitted again against a second reading that was done before.

    Cells that it does not cover are to be read a second time, and calls that were changed since
    are to be settled where they differ.
    """
    new = len(agreements.unread(examination_id))
    if new:
        there = how_many(new, "cell is", "cells are")
        because = f"{there} there now that no second reader has called."
        ask(examination_id, ReadingKind.SECOND, because, by)
    _settle(examination_id, by, again=True)


def _settle(examination_id: UUID, by: Actor, *, again: bool = False) -> None:
    """Ask for an adjudication of what two readers call differently and nobody has settled.

    Args:
        examination_id: which.
        by: whose submission led to it.
        again: compared once before, so that only calls changed since are a reason to ask.
    """
    pairs = agreements.differing(examination_id)
    unsettled = [pair for pair in pairs if not pair.adjudicated]
    if not unsettled:
        _waive_idle(examination_id, by, in_vain=not pairs)
    elif not again or any(pair.changed for pair in unsettled):
        because = f"First and second reader call {how_many(len(unsettled), 'cell')} differently."
        ask(examination_id, ReadingKind.ADJUDICATION, because, by)


def _waive_idle(examination_id: UUID, by: Actor, *, in_vain: bool) -> None:
    """Call adjudications off that nobody has decided anything in, or that decided in vain."""
    adjudications = (Reading.kind == ReadingKind.ADJUDICATION) & Reading.state.in_(PENDING)
    note = "Nothing is left to settle between first and second reader."
    for row in Reading.select().where(Reading.examination == examination_id, adjudications):
        decided = CellDecision.select().where(CellDecision.reading == row.id)
        if in_vain or not decided.exists():
            close(row, ReadingState.WAIVED, "reading:waive", by, note)


def _submit_adjudication(row: Reading, by: Actor) -> None:
    pairs = agreements.differing(row.__data__["examination"])
    left = sum(not pair.adjudicated for pair in pairs)
    if left:
        raise Conflict(
            f"{how_many(left, 'cell is', 'cells are')} not adjudicated yet.",
            advice="Decide about every cell that the readers call differently, then submit.",
        )
    close(row, ReadingState.SUBMITTED, "reading:submit", by)


def _oldest_wanted(of_kind: Any) -> Reading:
    waiting = Reading.select().where(of_kind, Reading.state == ReadingState.WANTED)
    row: Reading | None = waiting.order_by(Reading.created_at, Reading.id).first()
    if row is None:
        raise Conflict(
            "Nobody asked for this reading, or somebody else has taken it on.",
            advice="Choose another one from the work list.",
        )
    return row


def _require_independent(examination_id: UUID, kind: ReadingKind, by: Actor) -> None:
    """Refuse a part to somebody whose earlier part it must be independent of."""
    own = (Reading.examination == examination_id) & (Reading.reader == by.user_id)
    kinds = {row.kind for row in Reading.select().where(own)}
    if kind == ReadingKind.SECOND and (
        ReadingKind.FIRST in kinds or ReadingKind.ADJUDICATION in kinds or _has_seen(own)
    ):
        _refuse("You have seen what the cells were called, so you cannot read them blind.")
    if kind == ReadingKind.ADJUDICATION and kinds & {ReadingKind.FIRST, ReadingKind.SECOND}:
        _refuse("You were the first or second reader, so a third person must adjudicate.")
    if kind == ReadingKind.FIRST and kinds & set(INDEPENDENT):
        _refuse("You were the second reader or adjudicator, so you cannot be the first, too.")
    if kind == ReadingKind.REVIEW and is_blind(examination_id, by):
        raise Forbidden(
            "You are reading this examination blind, so you cannot review it yet.",
            advice="Submit your second reading first.",
        )


def _has_seen(own: Any) -> bool:
    """Say whether a person has read with the suggestions and calls of others in view."""
    sighted = Reading.select(Reading.id).where(own, Reading.kind != ReadingKind.SECOND)
    shown = CellDisplay.select().where(CellDisplay.reading.in_(sighted))
    decided = CellDecision.select().where(CellDecision.reading.in_(sighted))
    return bool(shown.exists() or decided.exists())


def _refuse(sentence: str) -> None:
    raise Forbidden(sentence, advice="Leave this reading to somebody else.")


def _with_readers() -> Any:
    rows = Reading.select(Reading, User).join(User, JOIN.LEFT_OUTER)
    return rows.order_by(Reading.created_at, Reading.id)


def _belongs(row: Reading) -> dict[str, Any]:
    return {"examination": str(row.__data__["examination"]), "kind": row.kind}

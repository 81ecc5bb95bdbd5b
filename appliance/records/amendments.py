"""That a signed report is being changed: begun with a reason, then signed or given up.

While it is open, cells may be called otherwise and the conclusion rewritten; the signed version
stays as it is. Given up, everything is as it was signed.
"""

from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from peewee import fn
from uuid_utils.compat import uuid7

from appliance.clock import from_iso
from appliance.errors import Conflict, InvalidInput
from appliance.records import decisions, revisions
from appliance.records.database import transaction
from appliance.records.entries import reason_of
from appliance.records.readings import close_pending, take
from appliance.records.review_tables import Amendment, CellDecision, Conclusion, Reading
from appliance.records.revisions import fetch, insert, update
from appliance.records.standing import Label, last_calls
from appliance.records.steps import SIGNED, person
from appliance.records.tables import AuditEvent, Cell, Examination, FieldImage, Row
from appliance.review_vocabulary import (
    CellLabel,
    CellOrigin,
    DecisionWay,
    ReadingKind,
    ReadingState,
)
from appliance.vocabulary import Actor, ExaminationStatus

STATUSES = (ExaminationStatus.AMENDED, ExaminationStatus.CORRECTED)
"""What a report can become: amended where something was added, corrected where it was wrong."""


def begin_amendment(examination_id: UUID, status: str, reason: str, by: Actor) -> Amendment:
    """Open a signed examination for changes.

    Args:
        examination_id: which.
        status: what its report will be, one of `STATUSES`.
        reason: printed on the new version.
        by: who.

    Raises:
        NotFound: no such examination.
        InvalidInput: no reason is given, or no such status.
        Conflict: it is not signed, or is being amended already.
    """
    reason = reason_of(reason, required=True)
    if status not in [*STATUSES]:
        raise InvalidInput({"status": "Choose whether the report is amended or corrected."})
    with transaction():
        examination = fetch(Examination, examination_id)
        if examination.status not in SIGNED:
            raise Conflict(
                f"Examination {examination.accession_number} is "
                f"{ExaminationStatus(examination.status).words}: "
                "only a signed report is amended.",
                advice="Change it directly, as long as it is not signed.",
            )
        if open_amendment(examination_id) is not None:
            raise Conflict(
                f"The report of examination {examination.accession_number} is being amended.",
                advice="Go on with that amendment, or give it up first.",
            )
        row = Amendment(
            examination=examination_id, status=status, reason=reason, begun_by=person(by)
        )
        details = {"examination": str(examination_id), "status": status}
        insert(row, "report:amend", by=by, reason=reason, details=details)
    return row


def give_up_amendment(amendment_id: UUID, reason: str, by: Actor) -> Amendment:
    """Put everything back as it was signed, and close the examination again.

    Raises:
        NotFound: no such amendment.
        InvalidInput: no reason is given.
        Conflict: it is signed or given up already.
    """
    reason = reason_of(reason, required=True)
    with transaction():
        row = fetch(Amendment, amendment_id)
        if row.state != ReadingState.OPEN:
            raise Conflict(
                "This amendment is signed or given up already.",
                advice="Reload the page to see the report as it is now.",
            )
        examination_id = row.__data__["examination"]
        _restore_cells(row, by)
        _restore_conclusion(row, by)
        close_pending(examination_id, [*ReadingKind], ReadingState.WAIVED, by, reason)
        details = {"examination": str(examination_id)}
        given_up = {"state": ReadingState.WAIVED}
        update(row, given_up, "report:amend-given-up", by=by, reason=reason, details=details)
    return row


def open_amendment(examination_id: UUID) -> Amendment | None:
    """Return the amendment that is under way; None where there is none."""
    return Amendment.get_or_none(
        Amendment.examination == examination_id, Amendment.state == ReadingState.OPEN
    )


def _restore_cells(row: Amendment, by: Actor) -> None:
    """Call every cell again what it was called when the amendment was begun."""
    calls = dict(_signed_calls(row))
    last = last_calls([*calls])
    calls = {key: label for key, label in calls.items() if last[key].label != label}
    if calls:
        reading = take(row.__data__["examination"], ReadingKind.REVIEW, by)
        decisions.write(reading, calls, last, uuid7(), DecisionWay.UNDO, by)


def _noted_since(row: Amendment, subjects: Iterable[Row]) -> list[AuditEvent]:
    """Return what was noted of some records since an amendment was begun.

    By the numbers of the audit log: they only grow, whatever the clock was set to.
    """
    begun = AuditEvent.select(fn.MIN(AuditEvent.sequence)).where(
        AuditEvent.subject_type == "amendment", AuditEvent.subject_id == str(row.id)
    )
    ids = [str(subject.id) for subject in subjects]
    events = AuditEvent.select().where(
        AuditEvent.subject_id.in_(ids), AuditEvent.sequence > begun.scalar()
    )
    return list(events.order_by(AuditEvent.sequence))


def _signed_calls(row: Amendment) -> Iterable[tuple[UUID, Label]]:
    """Go through the cells that were called since, with what they were called before.

    A reading is at its end before a report is signed, so those begun since are of the amendment.
    """
    readings = Reading.select().where(Reading.examination == row.__data__["examination"])
    since = {
        event.subject_id
        for event in _noted_since(row, readings)
        if event.details.get("revision") == 1
    }
    rows: Any = (
        CellDecision.select(
            *(CellDecision.cell, CellDecision.label, Cell.origin, CellDecision.reading)
        )
        .join(Cell)
        .join(FieldImage)
        .where(
            FieldImage.examination == row.__data__["examination"],
            CellDecision.blind == False,  # noqa: E712
        )
        .order_by(CellDecision.cell, CellDecision.number)
        .tuples()
    )
    for cell_id, of_cell in groupby(rows, key=itemgetter(0)):
        decided = list(of_cell)
        before = [each for each in decided if str(each[3]) not in since]
        if len(before) == len(decided):
            continue
        if before:
            yield cell_id, CellLabel(before[-1][1]) if before[-1][1] else ""
        else:
            yield cell_id, "" if decided[0][2] == CellOrigin.FOUND else CellLabel.REPLACED


def _restore_conclusion(row: Amendment, by: Actor) -> None:
    conclusion = Conclusion.get_or_none(Conclusion.examination == row.__data__["examination"])
    if conclusion is None:
        return
    noted = _noted_since(row, [conclusion])
    since = [event.details["revision"] for event in noted if "revision" in event.details]
    number = min([*since, conclusion.revision + 1]) - 1
    kept = revisions.history("conclusion", conclusion.id)
    signed = next(version.content for version in kept if version.number == number)
    before = {name: signed[name] for name in ("finding", "text", "critical")}
    if any(conclusion.__data__[name] != before[name] for name in ("finding", "critical")):
        told_by, told_at = signed["acknowledged_by"], signed["acknowledged_at"]
        before |= {
            "told_to": signed["told_to"],
            "acknowledged_by": UUID(told_by) if told_by else None,
            "acknowledged_at": from_iso(told_at) if told_at else None,
        }
    details = {"examination": str(row.__data__["examination"])}
    update(conclusion, before, "conclusion:restore", by=by, details=details)

"""Named steps of an examination outside reading and signing: sent back, cancelled, void."""

from typing import Any
from uuid import UUID

from appliance.errors import Conflict
from appliance.records.database import transaction
from appliance.records.entries import reason_of
from appliance.records.examinations import OPEN
from appliance.records.readings import close_pending
from appliance.records.review_tables import Reading
from appliance.records.revisions import fetch, update
from appliance.records.steps import SIGNED, is_amended
from appliance.records.tables import Examination
from appliance.review_vocabulary import ReadingKind, ReadingState
from appliance.vocabulary import Actor, ExaminationStatus


def send_back(examination_id: UUID, revision: int, reason: str, by: Actor) -> Examination:
    """Give a submitted examination back to its first reader.

    The first reading is open again, with the reason as its note.

    Args:
        examination_id: which.
        revision: the one that the person saw.
        reason: what is to be done again.
        by: who.

    Raises:
        NotFound: no such examination.
        InvalidInput: no reason is given.
        Conflict: changed since `revision`, or not submitted.
    """
    reason = reason_of(reason, required=True)
    with transaction():
        row = fetch(Examination, examination_id, revision)
        if row.status != ExaminationStatus.PRELIMINARY:
            _refuse(row, "only a submitted examination is sent back")
        _step(row, ExaminationStatus.PARTIAL, "examination:send-back", reason, by)
        first = _submitted_first(examination_id)
        if first is not None:
            again = {"state": ReadingState.OPEN, "submitted_at": None, "note": reason}
            details = {"examination": str(examination_id), "kind": first.kind}
            update(first, again, "reading:reopen", by=by, reason=reason, details=details)
    return row


def cancel(examination_id: UUID, revision: int, reason: str, by: Actor) -> Examination:
    """Give up an examination before it is signed; its images and readings stay.

    Raises:
        NotFound: no such examination.
        InvalidInput: no reason is given.
        Conflict: changed since `revision`, or signed, cancelled or void already.
    """
    reason = reason_of(reason, required=True)
    with transaction():
        row = fetch(Examination, examination_id, revision)
        if row.status not in OPEN:
            _refuse(row, "only one that is not signed is cancelled")
        _step(row, ExaminationStatus.CANCELLED, "examination:cancel", reason, by)
        close_pending(examination_id, [*ReadingKind], ReadingState.WAIVED, by, reason)
    return row


def void(examination_id: UUID, revision: int, reason: str, by: Actor) -> Examination:
    """Mark a signed examination as entered in error; its reports stay readable, so marked.

    Raises:
        NotFound: no such examination.
        InvalidInput: no reason is given.
        Conflict: changed since `revision`, not signed, or being amended.
    """
    reason = reason_of(reason, required=True)
    with transaction():
        row = fetch(Examination, examination_id, revision)
        if row.status not in SIGNED:
            _refuse(row, "only a signed one is marked as entered in error")
        if is_amended(examination_id):
            raise Conflict(
                f"The report of examination {row.accession_number} is being amended.",
                advice="Sign the amendment, or give it up first.",
            )
        _step(row, ExaminationStatus.ENTERED_IN_ERROR, "examination:void", reason, by)
    return row


def _step(row: Examination, status: ExaminationStatus, action: str, reason: str, by: Actor) -> None:
    update(row, {"status": status}, action, by=by, reason=reason, details=_from(row))


def _from(row: Examination) -> dict[str, Any]:
    return {"from": row.status}


def _submitted_first(examination_id: UUID) -> Reading | None:
    row: Reading | None = (
        Reading.select()
        .where(
            Reading.examination == examination_id,
            Reading.kind == ReadingKind.FIRST,
            Reading.state == ReadingState.SUBMITTED,
        )
        .order_by(Reading.submitted_at.desc())
        .first()
    )
    return row


def _refuse(row: Examination, rule: str) -> None:
    raise Conflict(
        f"Examination {row.accession_number} is {ExaminationStatus(row.status).words}: {rule}.",
        advice="Reload the page to see the state it has now.",
    )

"""Past results that are to be computed again, and what came of it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from appliance.clock import now
from appliance.errors import Conflict
from appliance.records import fields
from appliance.records.database import transaction
from appliance.records.review_tables import Replay
from appliance.records.revisions import fetch, insert, update
from appliance.records.tables import FieldImage
from appliance.vocabulary import APPLIANCE, Actor, FieldState

MAX_ATTEMPTS = 5
"""After so many that broke off with the worker, a replay is given up."""


def ask(field_id: UUID, by: Actor) -> Replay:
    """Have the result of one image computed again.

    Raises:
        NotFound: no such image.
        Conflict: it has no result, or is being computed again already.
    """
    with transaction():
        field = fetch(FieldImage, field_id)
        if field.state != FieldState.ANALYSED:
            raise Conflict("This image has no result to compute again.", advice="Wait for it.")
        if _open_of(field_id) is not None:
            raise Conflict("This image is being computed again already.", advice="Wait for it.")
        return _ask(field, by)


def ask_all(examination_id: UUID, by: Actor) -> int:
    """Have every result of an examination computed again; return how many were asked for.

    Images that are being computed again already are left out.
    """
    with transaction():
        waiting = [
            _ask(field, by)
            for field in fields.of_examination(examination_id)
            if field.state == FieldState.ANALYSED and _open_of(field.id) is None
        ]
    return len(waiting)


def wanted() -> Replay | None:
    """Return the oldest that is not computed."""
    found = Replay.select().where(Replay.finished_at.is_null())
    row: Replay | None = found.order_by(Replay.created_at, Replay.id).first()
    return row


def begin(replay_id: UUID) -> bool:
    """Note that the worker begins; give up what broke off with it too often.

    Returns:
        Whether to go on.
    """
    with transaction():
        row = fetch(Replay, replay_id)
        begun = (row.outcome or {}).get("begun", 0) + 1
        if begun > MAX_ATTEMPTS:
            why = f"The computation broke off {begun - 1} times with the worker."
            finish(replay_id, None, {"sentence": why})
            return False
        update(row, {"outcome": {"begun": begun}}, "replay:begun", by=APPLIANCE)
    return True


def finish(replay_id: UUID, matched: bool | None, outcome: Mapping[str, Any]) -> None:
    """Write what came of it.

    Args:
        replay_id: which.
        matched: None where it could not be computed.
        outcome: JSON values: what was compared and what differed, or a sentence why not.
    """
    with transaction():
        row = fetch(Replay, replay_id)
        found = {"finished_at": now(), "matched": matched, "outcome": dict(outcome)}
        details = {"matched": matched, "field": str(row.__data__["field"])}
        update(row, found, "replay:done", by=APPLIANCE, details=details)


def last_of_examination(examination_id: UUID) -> dict[UUID, Replay]:
    """Return the last replay of each image of an examination that has one."""
    found = (
        Replay.select()
        .join(FieldImage)
        .where(FieldImage.examination == examination_id)
        .order_by(Replay.created_at, Replay.id)
    )
    return {row.__data__["field"]: row for row in found}


def _ask(field: FieldImage, by: Actor) -> Replay:
    row = Replay(field=field.id, requested_by=by.user_id)
    details = {"field": str(field.id), "examination": str(field.__data__["examination"])}
    insert(row, "replay:run", by=by, details=details)
    return row


def _open_of(field_id: UUID) -> Replay | None:
    return Replay.get_or_none(Replay.field == field_id, Replay.finished_at.is_null())

"""Every version of a record, whole: nothing is overwritten without the old one being kept.

`insert` and `update` are how the sibling modules write: the row, its revision, its audit event
and its outbox entry in one transaction, or none of them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import reduce
from operator import or_
from typing import Any, TypeVar
from uuid import UUID

from appliance.clock import to_iso
from appliance.errors import Conflict, NotFound
from appliance.records import audit, index
from appliance.records.database import transaction
from appliance.records.review_tables import (
    Amendment,
    Conclusion,
    PatientMerge,
    Reading,
    Replay,
    SiteVerification,
)
from appliance.records.tables import (
    ClinicalDetails,
    Examination,
    FieldImage,
    OutboxEntry,
    Patient,
    Revision,
    Row,
    User,
)
from appliance.vocabulary import Actor

R = TypeVar("R", bound=Row)

# Counters, claims and secrets: what they are now matters, what they were does not.
_UNRECORDED: dict[type[Row], frozenset[str]] = {
    User: frozenset({"password_hash", "failures", "locked_until", "last_login_at"}),
    FieldImage: frozenset({"claimed_by", "attempts"}),
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that a revision changed; values as JSON holds them."""

    field: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Version:
    """One revision of a record with what it changed."""

    number: int
    at: datetime
    author: str
    reason: str
    content: Mapping[str, Any]
    changes: tuple[Difference, ...]
    """Against the version before; of the first version, everything that was filled in."""


def record(row: Row, *, by: Actor, reason: str = "") -> None:
    """Keep the row as it is now as a revision, and put it down for lists and the central server."""
    subject = {"subject_type": row._meta.table_name, "subject_id": row.id}
    number = row.__data__["revision"]
    with transaction():
        Revision.create(
            **subject,
            number=number,
            content=snapshot(row),
            author=by.user_id,
            author_name=by.name,
            reason=reason,
        )
        OutboxEntry.create(**subject, subject_revision=number)
        index.keep(row)


def snapshot(row: Row) -> dict[str, Any]:
    """Return the columns of a row as JSON values; counters, claims and secrets left out."""
    left_out = _UNRECORDED.get(type(row), frozenset())
    return {
        field.name: _plain(row.__data__.get(field.name))
        for field in row._meta.sorted_fields
        if field.name not in left_out
    }


def insert(
    row: Row,
    action: str,
    *,
    by: Actor,
    reason: str = "",
    details: Mapping[str, Any] | None = None,
) -> None:
    """Write a new row with its first revision, audit event and outbox entry."""
    with transaction():
        row.save(force_insert=True)
        record(row, by=by, reason=reason)
        audit.note(action, by=by, subject=row, details={"revision": 1, **(details or {})})


def update(
    row: Row,
    values: Mapping[str, Any],
    action: str,
    *,
    by: Actor,
    reason: str = "",
    details: Mapping[str, Any] | None = None,
) -> bool:
    """Write what differs with the next revision, an audit event and an outbox entry.

    Args:
        row: as it stands in the database; read it in the same transaction.
        values: by column; those that are equal already are left out.
        action: for the audit event, whose details name the changed columns, never their content.
        by: who.
        reason: why, where a reason was asked for.
        details: more for the audit event.

    Returns:
        Whether anything differed.
    """
    changed = {name: value for name, value in values.items() if row.__data__.get(name) != value}
    if not changed:
        return False
    number = row.__data__["revision"] + 1
    for name, value in {**changed, "revision": number}.items():
        setattr(row, name, value)
    noted = {"revision": number, "fields": sorted(changed), **(details or {})}
    with transaction():
        row.save(only=[*changed, "revision"])
        record(row, by=by, reason=reason)
        audit.note(action, by=by, subject=row, details=noted)
    return True


def renew(
    row: Row,
    action: str,
    *,
    by: Actor,
    reason: str = "",
    details: Mapping[str, Any] | None = None,
) -> None:
    """Give a row its next revision though no column of it changes: what belongs to it did."""
    row.__data__["revision"] += 1
    noted = {"revision": row.__data__["revision"], **(details or {})}
    with transaction():
        row.save(only=["revision"])
        record(row, by=by, reason=reason)
        audit.note(action, by=by, subject=row, details=noted)


def append(
    row: Row, action: str = "", *, by: Actor, details: Mapping[str, Any] | None = None
) -> None:
    """Write a row that is never changed, which is its own only revision.

    Args:
        row: new.
        action: for the audit event; empty where that of another row names this one.
        by: who.
        details: for the audit event.
    """
    subject = {"subject_type": row._meta.table_name, "subject_id": row.id}
    with transaction():
        row.save(force_insert=True)
        OutboxEntry.create(**subject, subject_revision=1)
        if action:
            audit.note(action, by=by, subject=row, details=dict(details or {}))


def fetch(table: type[R], row_id: UUID, revision: int | None = None) -> R:
    """Read one row; with `revision`, only if it is still the one that the person saw.

    Raises:
        NotFound: no such row.
        Conflict: somebody else has changed it since.
    """
    row = table.get_or_none(table.id == row_id)
    if row is None:
        raise NotFound
    if revision is not None and row.__data__["revision"] != revision:
        raise Conflict("Somebody else has changed this record in the meantime.")
    return row


def history(subject_type: str, subject_id: UUID) -> list[Revision]:
    """Return all revisions of a record, oldest first.

    Args:
        subject_type: its table: "patient", "clinical_details", "examination", "field_image",
            "user".
        subject_id: its id.
    """
    return list(
        Revision.select()
        .where(Revision.subject_type == subject_type, Revision.subject_id == subject_id)
        .order_by(Revision.number)
    )


def belonging(table: type[R], row: Row) -> list[R]:
    """Return the rows of a table that belong to a record, oldest first."""
    links = [field for field in table._meta.refs if field.rel_model is type(row)]
    condition = reduce(or_, (field == row.id for field in links))
    return list(table.select().where(condition).order_by(table.created_at))


def versions(subject_type: str, subject_id: UUID) -> list[Version]:
    """Return all versions of a record with what each changed, newest first."""
    compared = list(_compared(history(subject_type, subject_id), _ORDER[subject_type]))
    return compared[::-1]


def _compared(revisions: list[Revision], order: Sequence[str]) -> Iterator[Version]:
    before: Mapping[str, Any] = {}
    for revision in revisions:
        after = revision.content
        changes = tuple(
            Difference(name, before.get(name), after.get(name))
            for name in order
            if (before.get(name) or None) != (after.get(name) or None)
        )
        yield Version(
            number=revision.number,
            at=revision.created_at,
            author=revision.author_name,
            reason=revision.reason,
            content=after,
            changes=changes,
        )
        before = after


_NEVER_SHOWN = frozenset({"id", "created_at", "revision", "search_text"})
_ORDER = {
    table._meta.table_name: [
        field.name for field in table._meta.sorted_fields if field.name not in _NEVER_SHOWN
    ]
    for table in (
        *(User, Patient, ClinicalDetails, Examination, FieldImage),
        *(Reading, Conclusion, Amendment, PatientMerge, SiteVerification, Replay),
    )
}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return to_iso(value)
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, UUID | str) else value

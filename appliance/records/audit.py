"""Who did or read what: a log in which each entry carries the hash of the one before.

A changed, removed or inserted entry breaks the chain at its place. A chain that was cut off at its
end is still whole: compare `head` with one noted elsewhere (a report, a backup).
"""

import hashlib
import json
import sqlite3
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from appliance.clock import now, to_iso
from appliance.records.database import proxy, transaction
from appliance.records.paging import Page, counted
from appliance.records.tables import AuditEvent, Row
from appliance.vocabulary import Actor

_COLUMNS = (
    "sequence",
    "at",
    "actor_id",
    "actor_name",
    "action",
    "subject_type",
    "subject_id",
    "address",
    "details",
    "previous_hash",
)
_START = "0" * 64


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry of the chain, to be kept where nobody who can write here can write."""

    sequence: int
    hash: str


def note(
    action: str,
    *,
    by: Actor,
    subject: Row | None = None,
    details: dict[str, Any] | None = None,
) -> None:
    """Add one entry, within the transaction that is under way or in one of its own.

    Args:
        action: thing:done, for instance patient:read.
        by: who, and from which address.
        subject: the row it was done to, if any.
        details: JSON values; never names, numbers or findings of a patient.
    """
    with transaction():
        event = following(head(), action, by=by, at=now(), subject=subject, details=details)
        AuditEvent.insert(event).execute()


def following(
    last: Head,
    action: str,
    *,
    by: Actor,
    at: datetime,
    subject: Row | None = None,
    details: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the columns of the entry that follows `last`; written by `note`, or in bulk."""
    entry: dict[str, Any] = {
        "sequence": last.sequence + 1,
        "at": to_iso(at),
        "actor_id": by.user_id.hex if by.user_id else None,
        "actor_name": by.name,
        "action": action,
        "subject_type": subject._meta.table_name if subject else "",
        "subject_id": str(subject.id) if subject else "",
        "address": by.address,
        "details": json.dumps(details or {}, sort_keys=True, ensure_ascii=False),
        "previous_hash": last.hash,
    }
    row = {**entry, "actor_id": by.user_id, "details": details or {}, "hash": _hash(entry)}
    row["at"] = AuditEvent.at.python_value(entry["at"])
    return row


def head() -> Head:
    """Return the last entry's number and hash; 0 and zeros before the first."""
    last = (
        AuditEvent.select(AuditEvent.sequence, AuditEvent.hash)
        .order_by(AuditEvent.sequence.desc())
        .tuples()
        .first()
    )
    return Head(*last) if last else Head(0, _START)


def recent(
    limit: int = 50,
    offset: int = 0,
    *,
    action: str = "",
    actor_id: UUID | None = None,
    subject_id: UUID | None = None,
) -> Page[AuditEvent]:
    """List entries, newest first.

    Args:
        limit: entries on a page.
        offset: entries to leave out.
        action: only actions that begin so: "login:" or "patient:read".
        actor_id: only what this person did.
        subject_id: only what was done to this record.
    """
    found = AuditEvent.select()
    if action:
        found = found.where(AuditEvent.action.startswith(action))
    if actor_id:
        found = found.where(AuditEvent.actor_id == actor_id)
    if subject_id:
        found = found.where(AuditEvent.subject_id == str(subject_id))
    found = found.order_by(AuditEvent.sequence.desc())
    rows = list(found.limit(limit).offset(offset))
    if not (action or actor_id or subject_id):
        return Page(rows, head().sequence, limit, offset)  # they are numbered without gaps
    so_many = found.select(AuditEvent.sequence).limit(counted(limit, offset)).count()
    return Page.of(rows, so_many, limit, offset)


def verify() -> int | None:
    """Follow the whole chain; return the number of the first broken entry, None if it is whole."""
    expected = Head(0, _START)
    with closing(_entries()) as entries:
        for entry, stored_hash in entries:
            follows = (
                entry["sequence"] == expected.sequence + 1
                and entry["previous_hash"] == expected.hash
                and _hash(entry) == stored_hash
            )
            if not follows:
                return expected.sequence + 1
            expected = Head(entry["sequence"], stored_hash)
    return None


def _entries() -> Generator[tuple[dict[str, Any], str], None, None]:
    """Read the columns as they are stored, since decoding would hide some changes."""
    columns = ", ".join(f'"{name}"' for name in (*_COLUMNS, "hash"))
    with _any_bytes_as_text():
        for row in proxy.execute_sql(f'SELECT {columns} FROM audit_event ORDER BY "sequence"'):  # noqa: S608
            values = [value.hex if isinstance(value, UUID) else value for value in row]
            yield dict(zip(_COLUMNS, values, strict=False)), values[-1]


@contextmanager
def _any_bytes_as_text() -> Iterator[None]:
    """Let SQLite hand out text that a changed byte made undecodable, instead of failing."""
    connection = proxy.connection()
    if not isinstance(connection, sqlite3.Connection):
        yield
        return
    connection.text_factory = lambda stored: stored.decode("utf-8", "surrogateescape")
    try:
        yield
    finally:
        connection.text_factory = str


def _hash(entry: dict[str, Any]) -> str:
    canonical = json.dumps(entry, sort_keys=True, separators=(",", ":"), default=repr)
    return hashlib.sha256(canonical.encode("utf-8")).hexdigest()

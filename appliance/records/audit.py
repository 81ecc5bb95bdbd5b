"""Who did or read what: a log in which each entry carries the hash of the one before.

A changed, removed or inserted entry breaks the chain at its place. A chain that was cut off at its
end is still whole: compare `head` with one noted elsewhere (a report, a backup).
"""

import hashlib
import json
import sqlite3
from array import array
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from peewee import DatabaseError, ModelSelect

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
EXPORTED = (*_COLUMNS, "hash")
"""Names of what `stored` gives out of each entry, in the order of a table."""

_START = "0" * 64


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry of the chain, to be kept where nobody who can write here can write."""

    sequence: int
    hash: str


class BreakKind(StrEnum):
    """How the chain is broken at an entry."""

    CHANGED = "changed"
    """Its content and its own hash no longer agree."""
    MISSING = "missing"
    """There is none of this number, but there are later ones."""
    UNLINKED = "unlinked"
    """Whole in itself, but it names another one before it than the one that stands there."""
    UNREADABLE = "unreadable"
    """The file is damaged here."""


@dataclass(frozen=True, slots=True)
class Break:
    """The first entry at which the chain does not hold; every one before it is as it was written.

    What it says of itself is shown as it stands now, and may be what was changed.
    """

    sequence: int
    kind: BreakKind
    at: str = ""
    action: str = ""
    actor_name: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries; what is left out does not narrow."""

    action: str = ""
    """Only actions that begin so: "login:" or "patient:read"."""
    actor_id: UUID | None = None
    """Only what this person did."""
    subject_id: UUID | None = None
    """Only what was done to this record."""
    since: datetime | None = None
    """Only from this moment on, aware."""
    until: datetime | None = None
    """Only before this moment, aware."""

    @property
    def is_all(self) -> bool:
        """Whether every entry is wanted."""
        return self == Wanted()


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
    limit: int = 50, offset: int = 0, wanted: Wanted | None = None, **narrowed: Any
) -> Page[AuditEvent]:
    """List entries, newest first; those of a period or a person by their time.

    Args:
        limit: entries on a page.
        offset: entries to leave out.
        wanted: which; all where it is not given.
        narrowed: the same, by the names of `Wanted`.

    Raises:
        ValueError: an entry was changed past the software so that it cannot be decoded.
    """
    wanted = wanted or Wanted(**narrowed)
    found = _found(wanted)
    rows = list(found.order_by(*_newest_first(wanted)).limit(limit).offset(offset))
    if wanted.is_all:
        return Page(rows, head().sequence, limit, offset)  # they are numbered without gaps
    so_many = found.select(AuditEvent.sequence).limit(counted(limit, offset)).count()
    return Page.of(rows, so_many, limit, offset)


def last(action: str) -> AuditEvent | None:
    """Return the last entry of exactly this action.

    Raises:
        ValueError: it was changed past the software so that it cannot be decoded.
    """
    found = AuditEvent.select().where(AuditEvent.action == action)
    entry: AuditEvent | None = found.order_by(AuditEvent.sequence.desc()).first()
    return entry


def has_done(action: str, by: Actor, *, after: int) -> bool:
    """Say whether a person did exactly this after the entry of a number."""
    later = (AuditEvent.action == action) & (AuditEvent.sequence > after)
    return bool(AuditEvent.select().where(later, AuditEvent.actor_id == by.user_id).exists())


def actions() -> list[str]:
    """Return every action that stands in the log, in alphabetical order."""
    found, last = [], ""
    # A step through the index for each: DISTINCT would read all of it.
    while last := _next_action(last):
        found.append(last)
    return found


def stored(wanted: Wanted, *, batch: int = 1000) -> Iterator[dict[str, Any]]:
    """Give out entries as they are stored, oldest first, with the hashes: for an export.

    The hash of an entry is the SHA-256 of its other values as JSON with sorted keys, no blanks
    and characters beyond ASCII escaped. Nobody is kept from writing while they are read.
    """
    found = _found(wanted).select(AuditEvent.sequence).order_by(AuditEvent.sequence).tuples()
    numbers = array("q", (number for (number,) in found.iterator()))
    for start in range(0, len(numbers), batch):
        some = numbers[start : start + batch]
        chosen = set(some)
        with closing(_entries(f"WHERE sequence BETWEEN {some[0]} AND {some[-1]}")) as entries:
            for entry, stored_hash in entries:
                if entry["sequence"] in chosen:
                    yield {**entry, "hash": stored_hash}


def first_break() -> Break | None:
    """Follow the whole chain; return where it does not hold first, None if it is whole."""
    expected = Head(0, _START)
    try:
        with closing(_entries()) as entries:
            for entry, stored_hash in entries:
                kind = _fault(entry, stored_hash, expected)
                if kind is BreakKind.MISSING:
                    return Break(expected.sequence + 1, kind)
                if kind:
                    said = (_printable(entry[name]) for name in ("at", "action", "actor_name"))
                    return Break(entry["sequence"], kind, *said)
                expected = Head(entry["sequence"], stored_hash)
    except (DatabaseError, sqlite3.DatabaseError):
        return Break(expected.sequence + 1, BreakKind.UNREADABLE)
    return None


def _fault(entry: dict[str, Any], stored_hash: str, expected: Head) -> BreakKind | None:
    if entry["sequence"] != expected.sequence + 1:
        return BreakKind.MISSING
    if _hash(entry) != stored_hash:
        return BreakKind.CHANGED
    return None if entry["previous_hash"] == expected.hash else BreakKind.UNLINKED


def _found(wanted: Wanted) -> "ModelSelect[AuditEvent]":
    found = AuditEvent.select()
    if wanted.action:
        found = found.where(AuditEvent.action.startswith(wanted.action))
    if wanted.actor_id:
        found = found.where(AuditEvent.actor_id == wanted.actor_id)
    if wanted.subject_id:
        found = found.where(AuditEvent.subject_id == str(wanted.subject_id))
    if wanted.since:
        found = found.where(AuditEvent.at >= wanted.since)
    if wanted.until:
        found = found.where(AuditEvent.at < wanted.until)
    return found


def _newest_first(wanted: Wanted) -> tuple[Any, ...]:
    """Order as an index has it: sorting would look at every entry of a period."""
    by_time = wanted.since or wanted.until or wanted.actor_id
    return (*((AuditEvent.at.desc(),) if by_time else ()), AuditEvent.sequence.desc())


def _next_action(after: str) -> str:
    later = AuditEvent.select(AuditEvent.action).where(AuditEvent.action > after)
    row = later.order_by(AuditEvent.action).tuples().first()
    return str(row[0]) if row else ""


def _entries(where: str = "") -> Generator[tuple[dict[str, Any], str], None, None]:
    """Read the columns as they are stored, since decoding would hide some changes."""
    columns = ", ".join(f'"{name}"' for name in (*_COLUMNS, "hash"))
    with _any_bytes_as_text():
        for row in proxy.execute_sql(
            f'SELECT {columns} FROM audit_event {where} ORDER BY "sequence"'  # noqa: S608
        ):
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


def _printable(value: object) -> str:
    """Write what stands in a column, even where a changed byte made it undecodable."""
    text = value if isinstance(value, str) else repr(value)
    return text.encode("utf-8", "replace").decode("utf-8")


def _hash(entry: dict[str, Any]) -> str:
    canonical = json.dumps(entry, sort_keys=True, separators=(",", ":"), default=repr)
    return hashlib.sha256(canonical.encode("utf-8")).hexdigest()

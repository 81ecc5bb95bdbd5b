"""Writes very many invented records at once, each with its revisions, outbox and audit entries.

For demo labs and measurements: nothing is validated and no guard stands meanwhile, so nothing that
a person entered may ever come this way.
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from peewee import Model

from appliance.errors import RecordsUnavailable
from appliance.records import audit, guards, index, schema
from appliance.records.audit import Head
from appliance.records.database import optimise, proxy, transaction
from appliance.records.revisions import snapshot
from appliance.records.tables import AuditEvent, OutboxEntry, Revision, Row
from appliance.vocabulary import Actor

_AT_ONCE = 20_000  # rows: a transaction of a second or so
_CACHE_KIB = 256_000


class Bulk:
    """Gathers rows and writes them in the order of their references."""

    def __init__(self) -> None:
        self._rows: dict[type[Model], list[tuple[Any, ...]]] = {table: [] for table in schema.ALL}
        self._last: Head = audit.head()
        self._gathered = 0

    def add(self, row: Row) -> None:
        """Take a row as it is."""
        self._take(type(row), row.__data__)

    def keep(self, row: Row, action: str, *, by: Actor, at: datetime, reason: str = "") -> None:
        """Keep a row as it is now as a revision, as `revisions.insert` and `update` do.

        The row itself is added once, when it is what it will be.
        """
        subject = {"subject_type": row._meta.table_name, "subject_id": row.id}
        number = row.__data__["revision"]
        author = {"author": by.user_id, "author_name": by.name, "reason": reason}
        content = snapshot(row)
        self.add(Revision(**subject, number=number, content=content, created_at=at, **author))
        self.add(OutboxEntry(**subject, subject_revision=number, created_at=at))
        event = audit.following(
            self._last, action, by=by, at=at, subject=row, details={"revision": number}
        )
        self._last = Head(event["sequence"], event["hash"])
        self._take(AuditEvent, event)

    def write(self, *, at_least: int = _AT_ONCE) -> None:
        """Write what was gathered, if it is worth a transaction."""
        if self._gathered < at_least:
            return
        with transaction():
            for table, rows in self._rows.items():
                if rows:
                    proxy.connection().executemany(_statement(table), rows)
                    rows.clear()
        self._gathered = 0

    def _take(self, table: type[Model], values: Mapping[str, Any]) -> None:
        self._rows[table].append(tuple([to(values.get(name)) for name, to in _columns(table)]))
        self._gathered += 1


@contextmanager
def writing() -> Iterator[Bulk]:
    """Hand out a `Bulk`; afterwards all is written, the guards stand and the index is complete.

    Raises:
        RecordsUnavailable: the records are not in SQLite.
    """
    if not isinstance(proxy.connection(), sqlite3.Connection):
        raise RecordsUnavailable("Invented records are only written in bulk into SQLite.")
    cache, foreign_keys = proxy.pragma("cache_size"), proxy.pragma("foreign_keys")
    proxy.pragma("cache_size", -_CACHE_KIB)
    proxy.pragma("foreign_keys", 0)
    guards.remove(proxy.obj)
    try:
        bulk = Bulk()
        yield bulk
        bulk.write(at_least=1)
        index.rebuild()
    finally:
        guards.install(proxy.obj)
        proxy.pragma("foreign_keys", foreign_keys)
        proxy.pragma("cache_size", cache)
    optimise()


_Columns = list[tuple[str, Callable[[Any], Any]]]
_known: dict[type[Model], _Columns] = {}


def _columns(table: type[Model]) -> _Columns:
    if table not in _known:
        _known[table] = [(f.name, f.db_value) for f in table._meta.sorted_fields]
    return _known[table]


def _statement(table: type[Model]) -> str:
    columns = [field.column_name for field in table._meta.sorted_fields]
    names, marks = ", ".join(f'"{name}"' for name in columns), ", ".join("?" * len(columns))
    return f'INSERT INTO "{table._meta.table_name}" ({names}) VALUES ({marks})'  # noqa: S608

"""Finds places in an index by the beginnings of words: the only SQL here that SQLite alone speaks.

SQLite reads an FTS5 table beside the index, which hands out places newest first without sorting,
so that a page of a list costs the same among a hundred records and a hundred thousand. Another
database looks through the terms themselves.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from peewee import DatabaseError, SqliteDatabase

from appliance.records.database import proxy
from appliance.records.index_tables import IndexRow

FORM = 5
"""Raised when the terms are made differently, so that an older index is made anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """What must be true of a record; what is left empty does not narrow."""

    beginnings: Sequence[str] = ()
    """Folded; each must begin one of its words."""
    facts: Sequence[Sequence[str]] = ()
    """Of each group, one fact must be among its terms."""
    first: int | None = None
    """Lowest place."""
    end: int | None = None
    """Place that is too high."""
    without: Sequence[int] = ()
    """Places that are not found."""


def places(table: type[IndexRow], sought: Sought, limit: int, offset: int = 0) -> list[int]:
    """Return the places of what is found, newest first.

    Args:
        table: which index.
        sought: what is asked for.
        limit: how many at most.
        offset: how many of the newest to leave out.
    """
    if _has_terms(sought):
        matched, given = _matched(table, sought)
        return [place for (place,) in _run(f"{matched} LIMIT ? OFFSET ?", (*given, limit, offset))]
    return looked_through(table, sought, limit, offset)


def count(table: type[IndexRow], sought: Sought, at_most: int) -> int:
    """Count what is found, up to so many."""
    if _has_terms(sought):
        matched, given = _matched(table, sought)
        counting = f"SELECT COUNT(*) FROM ({matched} LIMIT ?)"  # noqa: S608
        ((found,),) = _run(counting, (*given, at_most))
        return int(found)
    return int(_looked_for(table, sought).limit(at_most).count())


def looked_through(table: type[IndexRow], sought: Sought, limit: int, offset: int = 0) -> list[int]:
    """Return what `places` does, in words that every database understands."""
    found = _looked_for(table, sought).order_by(table.place.desc())
    return [place for (place,) in found.limit(limit).offset(offset).tuples()]


def put(table: type[IndexRow], place: int, terms: str) -> None:
    """Take up a row that was written to the index."""
    if _is_sqlite():
        take = f"INSERT INTO {_name(table)} (rowid, terms) VALUES (?, ?)"  # noqa: S608
        _run(take, (place, terms))


def drop(table: type[IndexRow], place: int, terms: str) -> None:
    """Forget a row of the index; the terms are those it was put with."""
    if _is_sqlite():
        name = _name(table)
        forget = f"INSERT INTO {name} ({name}, rowid, terms) VALUES ('delete', ?, ?)"  # noqa: S608
        _run(forget, (place, terms))


def rebuild(table: type[IndexRow]) -> None:
    """Read the whole index anew."""
    if _is_sqlite():
        _run(f"INSERT INTO {_name(table)} ({_name(table)}) VALUES ('rebuild')")  # noqa: S608


def is_whole(table: type[IndexRow]) -> bool:
    """Say whether what SQLite finds by is what stands in the index."""
    if not _is_sqlite():
        return True
    name = _name(table)
    try:
        _run(f"INSERT INTO {name} ({name}, rank) VALUES ('integrity-check', 1)")  # noqa: S608
    except DatabaseError:
        return False
    return True


def is_current() -> bool:
    """Say whether the terms were made as this version of the software makes them."""
    return not _is_sqlite() or proxy.pragma("user_version") == FORM


def mark_current() -> None:
    """Note that they were."""
    if _is_sqlite():
        proxy.pragma("user_version", FORM)


def _has_terms(sought: Sought) -> bool:
    """Say whether SQLite's inverted index is asked; it finds nothing by places alone."""
    return _is_sqlite() and bool(sought.beginnings or sought.facts)


def _matched(table: type[IndexRow], sought: Sought) -> tuple[str, list[str | int]]:
    """Write the query for what is found, newest first, with its values."""
    parts = [f"{_quoted(word)}*" for word in sought.beginnings]
    parts += [f"({' OR '.join(_quoted(fact) for fact in group)})" for group in sought.facts]
    given: list[str | int] = [" AND ".join(parts)]
    name, bounds = _name(table), ""
    for condition, place in ((">=", sought.first), ("<", sought.end)):
        if place is not None:
            bounds += f" AND rowid {condition} ?"
            given.append(place)
    if sought.without:
        bounds += f" AND rowid NOT IN ({', '.join('?' * len(sought.without))})"
        given += sought.without
    query = f"SELECT rowid FROM {name} WHERE {name} MATCH ?{bounds} ORDER BY rowid DESC"  # noqa: S608
    return query, given


def _looked_for(table: type[IndexRow], sought: Sought) -> Any:
    found: Any = table.select(table.place)
    for condition in _conditions(table, sought):
        found = found.where(condition)
    return found


def _conditions(table: type[IndexRow], sought: Sought) -> Iterable[Any]:
    for word in sought.beginnings:
        yield table.terms.contains(f" {word}")
    for group in sought.facts:
        one = table.terms.contains(f" {group[0]} ")
        for fact in group[1:]:
            one |= table.terms.contains(f" {fact} ")
        yield one
    if sought.first is not None:
        yield table.place >= sought.first
    if sought.end is not None:
        yield table.place < sought.end
    if sought.without:
        yield table.place.not_in(list(sought.without))


def _quoted(word: str) -> str:
    return '"' + word.replace('"', '""') + '"'


def _name(table: type[IndexRow]) -> str:
    return f"{table._meta.table_name}_fts"


def _run(statement: str, given: Sequence[Any] = ()) -> Iterable[tuple[Any, ...]]:
    found: Iterable[tuple[Any, ...]] = proxy.execute_sql(statement, given)
    return found


def _is_sqlite() -> bool:
    return isinstance(proxy.obj, SqliteDatabase)

"""Versions of a record in words: what changed, from what to what, who did it and why."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from appliance.clock import from_iso
from appliance.errors import Conflict
from appliance.exchange.wording import measured
from appliance.records.revisions import Version
from webui import display

Words = Callable[[Any], str]
"""Turns a value as revisions hold it (JSON) into what a page shows."""


@dataclass(frozen=True)
class Shown:
    """How one column appears in a history."""

    label: str
    words: Words


@dataclass(frozen=True)
class Change:
    """One column that a version changed; texts fit to be shown."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Step:
    """One version of a record as a page shows it."""

    number: int
    at: datetime
    author: str
    reason: str
    changes: tuple[Change, ...]


def plain(value: Any) -> str:
    """Show text as it is."""
    return str(value or "") or display.NOTHING


def day(value: Any) -> str:
    """Show a date."""
    return display.day(date.fromisoformat(value) if value else None)


def moment(value: Any) -> str:
    """Show date and time in the appliance's zone."""
    return display.moment(from_iso(value) if value else None)


def flag(value: Any) -> str:
    """Show yes or no."""
    return "Yes" if value else "No"


def number(unit: str) -> Words:
    """Show a number with its unit."""
    return lambda value: display.NOTHING if value is None else measured(value, unit)


def word(labels: Mapping[str, str]) -> Words:
    """Show a code by its label."""
    return lambda code: labels.get(code, plain(code))


def codes(labels: Mapping[str, str]) -> Words:
    """Show a list of codes by their labels."""
    return lambda given: ", ".join(labels.get(code, code) for code in given or ()) or plain("")


def steps(versions: Iterable[Version], columns: Mapping[str, Shown]) -> list[Step]:
    """Write versions in words, in the order given; columns that are not named are left out."""
    return [
        Step(version.number, version.at, version.author, version.reason, _changes(version, columns))
        for version in versions
    ]


def since(versions: Iterable[Version], columns: Mapping[str, Shown], revision: int) -> list[Step]:
    """Write what others did after the version that a person saw; [] where it is the last.

    For a refused change: the page shows it, with what was typed kept.
    """
    return steps((version for version in versions if version.number > revision), columns)


def before(versions: Sequence[Version], number: int, names: Iterable[str]) -> dict[str, Any]:
    """Return the values that a version replaced, to put them back.

    Args:
        versions: all of them, newest first.
        number: of the version to take back; it must be the last one.
        names: the columns that matter; those the version left alone are not returned.

    Raises:
        Conflict: it is the first version, or there is a later one.
    """
    if len(versions) < 2 or versions[0].number != number:
        raise Conflict("This cannot be taken back: the record was changed once more.")
    wanted = set(names)
    return {
        change.field: _value(change.field, versions[1].content.get(change.field))
        for change in versions[0].changes
        if change.field in wanted
    }


def _value(name: str, stored: Any) -> Any:
    """Turn a value as revisions hold it into what the records take."""
    if stored and name.endswith("_at"):
        return from_iso(stored)
    return date.fromisoformat(stored) if stored and name.endswith(("_date", "_on")) else stored


def _changes(version: Version, columns: Mapping[str, Shown]) -> tuple[Change, ...]:
    return tuple(
        Change(shown.label, shown.words(change.before), shown.words(change.after))
        for change in version.changes
        if (shown := columns.get(change.field))
    )

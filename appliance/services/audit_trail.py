"""Says in plain words what a broken audit chain means, and notes changed settings in the log."""

import json
from dataclasses import dataclass, fields
from typing import Any

from appliance.clock import from_iso
from appliance.records import audit
from appliance.records.audit import Break, BreakKind
from appliance.records.database import transaction
from appliance.settings import Settings
from appliance.vocabulary import APPLIANCE

SETTINGS_CHANGED = "settings:changed"
"""The action under which a start with other settings than the last one is noted."""

_SECRET = ("secret", "password", "token", "key")
"""A setting whose name has one of these never enters the log."""

_MEANINGS = {
    BreakKind.CHANGED: "Its content is not what Scopeside wrote: it was changed in the file.",
    BreakKind.MISSING: "It was removed from the file, since there are later ones.",
    BreakKind.UNLINKED: "It does not follow the entry before it as that stands now: that one was "
    "exchanged and sealed anew, or this one was put in between.",
    BreakKind.UNREADABLE: "The file is damaged there and cannot be read any further.",
}


@dataclass(frozen=True)
class Explained:
    """A broken chain in sentences, for a page and for a terminal."""

    what: str
    meaning: str
    advice: str

    def __str__(self) -> str:
        """All of it."""
        return f"{self.what} {self.meaning} {self.advice}"


def explain(broken: Break) -> Explained:
    """Name the first broken entry, say what that means and what to do."""
    said = f" ({_moment(broken.at)}, {broken.action} by {broken.actor_name})"
    whole = _whole(broken.sequence - 1)
    return Explained(
        what=f"The chain is broken at entry {broken.sequence}{said if broken.at else ''}.",
        meaning=f"{_MEANINGS[broken.kind]} Scopeside itself never does that: a person "
        f"or a failing disk did, past the software. {whole}; what comes after proves nothing.",
        advice="Do not delete or mend anything. Copy the whole data folder as it is, find out who "
        "had access to the device and its disk, and compare with an earlier export or backup. New "
        "entries are still written and linked to the last one.",
    )


def note_settings(settings: Settings) -> None:
    """Write down which settings differ from those of the last start, before and after.

    The first start notes all of them, so that what was in force is known at any later time.
    """
    effective = {
        f.name: getattr(settings, f.name)
        for f in fields(Settings)
        if f.name != "data" and not any(word in f.name for word in _SECRET)
    }
    with transaction():  # of two processes that start together one notes it
        before = _noted()
        changed: dict[str, Any] = {
            name: [before.get(name), value]
            for name, value in effective.items()
            if name not in before or before[name] != value
        }
        if changed:
            audit.note(SETTINGS_CHANGED, by=APPLIANCE, details=changed)


def _noted() -> dict[str, Any]:
    """Return the settings in force at the last start, as the log has them."""
    noted: dict[str, Any] = {}
    for entry in audit.stored(audit.Wanted(action=SETTINGS_CHANGED)):
        try:
            changed = json.loads(entry["details"])
            noted |= {name: after for name, (_, after) in changed.items()}
        except (AttributeError, TypeError, ValueError):
            continue  # changed past the software, which keeps nobody from starting
    return noted


def _moment(stored: str) -> str:
    """Write a time for a reader; one that was tampered with as it stands."""
    try:
        return f"{from_iso(stored):%Y-%m-%d %H:%M:%S} UTC"
    except ValueError:
        return stored


def _whole(entries: int) -> str:
    if entries == 0:
        return "No entry before it vouches for the log"
    if entries == 1:
        return "Entry 1 is as it was written"
    return f"Entries 1 to {entries} are as they were written"

"""Notices on the next page: what was done, with a way to undo it. They stay until dismissed."""

from dataclasses import dataclass, field
from typing import Any

from flask import session

_KEY = "notices"
_AT_MOST = 5


@dataclass(frozen=True)
class Undo:
    """A form of one button that takes something back."""

    address: str
    """Where it is posted to."""
    fields: dict[str, str] = field(default_factory=dict)
    label: str = "Undo"


def notice(text: str, *, kind: str = "done", undo: Undo | None = None) -> None:
    """Say something on the next page.

    Args:
        text: a sentence.
        kind: done, attention or fault.
        undo: what takes it back.
    """
    entry: dict[str, Any] = {"text": text, "kind": kind}
    if undo is not None:
        entry["undo"] = {"address": undo.address, "fields": undo.fields, "label": undo.label}
    session[_KEY] = [*session.get(_KEY, []), entry][-_AT_MOST:]


def take() -> list[dict[str, Any]]:
    """Return the notices and forget them."""
    taken: list[dict[str, Any]] = session.pop(_KEY, [])
    return taken

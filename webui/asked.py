"""Reads what an address asks for; what is malformed counts as not given, never as an error."""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import TypeVar

from flask import request

K = TypeVar("K", bound=StrEnum)

_FIRST, _LAST = date(1950, 1, 1), date(2199, 12, 31)
_MOST_PAGES = 1_000_000


def word(name: str, allowed: Iterable[str]) -> str:
    """Return one of the allowed words, or an empty text."""
    value = request.args.get(name, "")
    return value if value in set(allowed) else ""


def one_of(name: str, kind: type[K]) -> K | None:
    """Return a member of an enumeration, or None."""
    value = word(name, [str(member) for member in kind])
    return kind(value) if value else None


def day(name: str) -> date | None:
    """Return a date that a calendar of this century and the last may have, or None."""
    try:
        value = date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None
    return value if _FIRST <= value <= _LAST else None


def page() -> int:
    """Return the number of the page, from 1."""
    return min(max(request.args.get("page", 1, int), 1), _MOST_PAGES)

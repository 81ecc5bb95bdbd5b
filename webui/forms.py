"""What a person typed: read into values, each mistake in words at its field, nothing lost."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from werkzeug.datastructures import MultiDict

from appliance.errors import InvalidInput

_NUMBER = re.compile(r"[+-]?\d{1,12}([.,]\d{0,9})?|[+-]?[.,]\d{1,9}")


@dataclass(frozen=True)
class Form:
    """What a template shows: what was typed, and a sentence for each wrong field."""

    values: Mapping[str, str] = field(default_factory=dict)
    lists: Mapping[str, list[str]] = field(default_factory=dict)
    """Of fields with several answers (tick boxes)."""
    errors: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, **values: object) -> "Form":
        """Show values that are already recorded, as they would be typed."""
        plain = {name: _typed(value) for name, value in values.items() if not _several(value)}
        lists = {name: [str(v) for v in value] for name, value in values.items() if _several(value)}  # type: ignore[attr-defined]
        return cls(plain, lists)

    def value(self, name: str) -> str:
        """Return what stands in a field."""
        return self.values.get(name, "")

    def has(self, name: str, code: str) -> bool:
        """Say whether a code is chosen in a field of one or several answers."""
        return code == self.values.get(name) or code in self.lists.get(name, [])


class Entries:
    """Reads a posted form field by field, gathering mistakes; `check` raises them together."""

    def __init__(self, posted: MultiDict[str, str]) -> None:
        self._posted = posted
        self._secrets: set[str] = set()
        self.errors: dict[str, str] = {}

    def text(self, name: str, *, required: bool = False, longest: int = 200) -> str:
        """Read a line or more of text, without blanks around it."""
        value = self._posted.get(name, "").strip()
        if required and not value:
            self.errors[name] = "Fill this in."
        elif len(value) > longest:
            self.errors[name] = f"Use at most {longest} characters; these are {len(value)}."
        elif any(ord(sign) < 32 and sign not in "\r\n\t" for sign in value):
            self.errors[name] = "Remove the control characters."
        return value

    def secret(self, name: str) -> str:
        """Read a password exactly as it was typed."""
        self._secrets.add(name)
        value = self._posted.get(name, "")
        if not value:
            self.errors[name] = "Fill this in."
        return value

    def new_password(self, name: str, again: str) -> str:
        """Read a new password, typed twice."""
        value, repeated = self.secret(name), self.secret(again)
        if value and repeated and value != repeated:
            self.errors[again] = "The two passwords differ: type the same one again."
        return value

    def number(
        self,
        name: str,
        *,
        low: float | None = None,
        high: float | None = None,
        required: bool = False,
    ) -> float | None:
        """Read a number with a point or a comma; None where nothing was typed."""
        value = self.text(name, required=required, longest=40)
        if not value or name in self.errors:
            return None
        if not _NUMBER.fullmatch(value):
            self.errors[name] = "Type a number, for instance 12.5."
            return None
        number = float(value.replace(",", "."))
        if (low is not None and number < low) or (high is not None and number > high):
            self.errors[name] = _between(low, high)
        return number

    def whole(self, name: str, *, default: int = 0) -> int:
        """Read a whole number, for instance the revision a page was made from."""
        value = self._posted.get(name, "").strip()
        if not value:
            return default
        if not re.fullmatch(r"\d{1,9}", value):
            self.errors[name] = "Type a whole number."
            return default
        return int(value)

    def day(self, name: str, *, required: bool = False) -> date | None:
        """Read a date as browsers send it: 2026-03-31."""
        value = self.text(name, required=required, longest=40)
        if not value or name in self.errors:
            return None
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.errors[name] = "Type a date as year-month-day, for instance 2026-03-31."
            return None

    def moment(self, name: str, *, required: bool = False) -> datetime | None:
        """Read date and time in the appliance's zone; returned aware."""
        value = self.text(name, required=required, longest=40)
        if not value or name in self.errors:
            return None
        try:
            return datetime.fromisoformat(value).astimezone()
        except (ValueError, OverflowError):
            self.errors[name] = "Type date and time, for instance 2026-03-31 14:05."
            return None

    def choice(self, name: str, allowed: Iterable[str], *, required: bool = True) -> str:
        """Read one of the allowed codes."""
        value = self._posted.get(name, "")
        if (value or required) and value not in {str(code) for code in allowed}:
            self.errors[name] = "Choose one of the list."
        return value

    def choices(self, name: str, allowed: Iterable[str]) -> list[str]:
        """Read any of the allowed codes, in the order they are allowed."""
        chosen = set(self._posted.getlist(name))
        codes = [str(code) for code in allowed]
        if chosen - set(codes):
            self.errors[name] = "Choose from the list."
        return [code for code in codes if code in chosen]

    def flag(self, name: str) -> bool:
        """Read a tick box."""
        return bool(self._posted.get(name))

    def check(self) -> None:
        """Raise InvalidInput if any field read so far was wrong."""
        if self.errors:
            raise InvalidInput(dict(self.errors))

    def refused(self, error: InvalidInput) -> Form:
        """Return the form to show again, with what was typed and the sentences at the fields."""
        return replace(self.as_typed(), errors=error.fields)

    def as_typed(self, **renewed: object) -> Form:
        """Return the form to show again as it was typed, passwords aside.

        Args:
            renewed: values that are shown instead, for instance the revision that is now current.
        """
        typed = self._posted.to_dict() | {name: _typed(value) for name, value in renewed.items()}
        shown = {name: value for name, value in typed.items() if name not in self._secrets}
        return Form(shown, dict(self._posted.lists()))


def _several(value: object) -> bool:
    return isinstance(value, list | tuple | set | frozenset)


def _typed(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone().strftime("%Y-%m-%dT%H:%M")
    if isinstance(value, float):
        return f"{value:.12g}"  # all that was typed, so that saving again changes nothing
    return str(value)


def _between(low: float | None, high: float | None) -> str:
    if low is None:
        return f"Type a number up to {high:g}."
    return f"Type a number from {low:g}." if high is None else f"Type {low:g} to {high:g}."

"""Checks what a person entered, entry by entry, and gathers a sentence for each that is wrong.

Values arrive as plain Python: turning the text of a form into them is the page's part.
"""

import math
import unicodedata
from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from appliance.clock import now
from appliance.errors import InvalidInput

CLOCK_TOLERANCE = timedelta(minutes=5)
"""How far a time may lie ahead: the clock on the wall and the device's differ a little."""


def today() -> date:
    """Return the date on the wall, where the appliance stands."""
    return now().astimezone().date()


class Entries:
    """The entries of one form; ask for each, then call `done`."""

    def __init__(self, values: Mapping[str, Any], known: Collection[str]) -> None:
        self.values = values
        self.problems: dict[str, str] = {
            name: f"{name} is not an entry of this form." for name in values if name not in known
        }
        self.checked: dict[str, Any] = {}

    def problem(self, name: str, sentence: str) -> None:
        """Note what is wrong with an entry; the first sentence stays."""
        self.problems.setdefault(name, sentence)

    def done(self) -> dict[str, Any]:
        """Return the checked values.

        Raises:
            InvalidInput: with a sentence for each entry that breaks a rule.
        """
        if self.problems:
            raise InvalidInput(self.problems)
        return self.checked

    def text(
        self, name: str, label: str, *, longest: int, required: bool = False, lines: bool = False
    ) -> str:
        """Take text in any script: composed (NFC), trimmed, without control characters.

        What only consists of signs that cannot be seen counts as nothing.
        """
        given = self.values.get(name)
        if not isinstance(given, str | None):
            self.problem(name, f"{label} must be text.")
            return ""
        text = unicodedata.normalize("NFC", given or "").replace("\r\n", "\n").strip()
        text = "" if all(_is_unseen(character) for character in text) else text
        if required and not text:
            self.problem(name, f"Enter the {_lower(label)}.")
        elif len(text) > longest:
            self.problem(name, f"{label} is longer than {longest} characters.")
        elif any(_is_control(character, lines) for character in text):
            self.problem(name, f"{label} contains a character that cannot be printed.")
        else:
            self.checked[name] = text
            return text
        return ""

    def choice(self, name: str, label: str, kind: type[StrEnum]) -> None:
        """Take one of the words of an enumeration."""
        given = self.values.get(name)
        if given not in [*kind]:
            self.problem(name, f"Choose the {_lower(label)}.")
        self.checked[name] = str(given)

    def code(self, name: str, label: str, known: Collection[str]) -> None:
        """Take one of the known codes, or nothing."""
        given = self.values.get(name) or ""
        if given and given not in known:
            self.problem(name, f"Choose the {_lower(label)} from the list.")
        self.checked[name] = given

    def codes(self, name: str, label: str, known: Collection[str]) -> None:
        """Take any number of the known codes; kept once each, in the order of the list."""
        given = self.values.get(name) or []
        if isinstance(given, str) or any(code not in known for code in given):
            self.problem(name, f"Choose {_lower(label)} from the list.")
        else:
            self.checked[name] = [code for code in known if code in given]

    def number(self, name: str, label: str, *, low: float, high: float, unit: str) -> float | None:
        """Take a finite number within limits, or None."""
        given = self.values.get(name)
        self.checked[name] = None
        if given is None:
            return None
        if not _is_number(given) or not low <= given <= high:
            sentence = f"{label} must be between {low:g} and {high:g} {unit}".rstrip()
            self.problem(name, f"{sentence}.")
            return None
        self.checked[name] = float(given)
        return float(given)

    def truth(self, name: str, label: str) -> None:
        """Take yes or no."""
        given = self.values.get(name, False)
        if not isinstance(given, bool):
            self.problem(name, f"{label} must be yes or no.")
        self.checked[name] = given

    def day(self, name: str, label: str, *, earliest: date, required: bool = False) -> date | None:
        """Take a date that is neither before `earliest` nor in the future."""
        given = self.values.get(name)
        self.checked[name] = given
        if given is None:
            if required:
                self.problem(name, f"Enter the {_lower(label)}.")
            return None
        if not isinstance(given, date) or isinstance(given, datetime):
            self.problem(name, f"{label} must be a date.")
        elif given > today():
            self.problem(name, f"{label} lies in the future.")
        elif given < earliest:
            self.problem(name, f"{label} lies before {earliest.year}.")
        else:
            return given
        return None

    def moment(self, name: str, label: str, *, earliest: datetime) -> datetime | None:
        """Take a moment with its time zone, neither before `earliest` nor in the future."""
        given = self.values.get(name)
        self.checked[name] = given
        if given is None:
            return None
        if not isinstance(given, datetime) or given.tzinfo is None:
            self.problem(name, f"{label} must be a time with its time zone.")
        elif given > now() + CLOCK_TOLERANCE:
            self.problem(name, f"{label} lies in the future.")
        elif given < earliest:
            self.problem(name, f"{label} lies before {earliest.year}.")
        else:
            return given
        return None


def reason_of(text: str, *, required: bool, name: str = "reason") -> str:
    """Check the reason a person gives for a step.

    Raises:
        InvalidInput: it is asked for and missing, or longer than 1000 characters.
    """
    entries = Entries({name: text}, {name})
    reason = entries.text(name, "Reason", longest=1000, required=required, lines=True)
    entries.done()
    return reason


def _is_number(given: object) -> bool:
    return isinstance(given, int | float) and not isinstance(given, bool) and math.isfinite(given)


def _is_control(character: str, lines: bool) -> bool:
    if lines and character in "\n\t":
        return False
    return character in _TURNING or unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"}


_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""They turn the direction of writing by force: what is read is then not what is stored."""


def _is_unseen(character: str) -> bool:
    return character.isspace() or unicodedata.category(character) == "Cf"


def _lower(label: str) -> str:
    """Write a label inside a sentence; a name like LDH stays as it is."""
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]

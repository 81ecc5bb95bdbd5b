"""Values side by side, with what differs and what is unusual in words and signs, never by colour.

For two registrations of one person, and for findings of several dates.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from appliance.records import ranges
from appliance.records.clinical import MEASUREMENTS
from appliance.records.merging import belongings
from appliance.records.tables import ClinicalDetails, Patient
from webui import display, labels

_SIGNS = {"above": "↑", "below": "↓", "": ""}


@dataclass(frozen=True)
class Value:
    """One cell of a comparison."""

    words: str
    changed: bool = False
    """Since the column before it."""
    step: str = ""
    """By how much, for numbers: +12 or -0.4."""
    side: str = ""
    """above or below what is usual, or nothing."""

    @property
    def sign(self) -> str:
        """An arrow up or down for what is unusual."""
        return _SIGNS[self.side]


@dataclass(frozen=True)
class Line:
    """One row of a comparison."""

    label: str
    values: tuple[Value, ...]
    unit: str = ""
    usual: str = ""
    """Range at the last date, in words."""

    @property
    def differs(self) -> bool:
        """Whether not all of its values are the same."""
        return any(value.changed for value in self.values)


def registrations(one: Patient, other: Patient) -> list[Line]:
    """Compare two registrations: what is entered, and how much belongs to each."""
    lines = [
        _line(shown.label, [shown.words(_plain(row.__data__.get(name))) for row in (one, other)])
        for name, shown in labels.PATIENT.items()
        if name != "simulated" or one.simulated or other.simulated
    ]
    mine, theirs = belongings(one.id), belongings(other.id)
    lines.append(_line("Registered", [display.day(r.created_at.date()) for r in (one, other)]))
    for kind, label in (
        ("examination", "Examinations"),
        ("clinical_details", "Dates of clinical details"),
    ):
        lines.append(_line(label, [str(mine[kind]), str(theirs[kind])]))
    return lines


def findings(patient: Patient, details: Sequence[ClinicalDetails]) -> list[Line]:
    """Compare findings of several dates, given oldest first; empty rows are left out."""
    lines = [_numbers(patient, details, m.column, m.label, m.unit) for m in MEASUREMENTS]
    measured = {m.column for m in MEASUREMENTS} | {"observed_on"}
    for name, shown in labels.CLINICAL.items():
        if name not in measured:
            lines.append(
                _line(shown.label, [shown.words(row.__data__.get(name)) for row in details])
            )
    return [line for line in lines if {v.words for v in line.values} != {display.NOTHING}]


def _numbers(
    patient: Patient, details: Sequence[ClinicalDetails], column: str, label: str, unit: str
) -> Line:
    values: list[Value] = []
    before: float | None = None
    known = None
    for row in details:
        number = row.__data__.get(column)
        known = ranges.usual(column, patient.sex, patient.birth_date, row.observed_on)
        values.append(_number(number, before, known, is_first=not values))
        before = number
    return Line(label, tuple(values), unit, known.words if known else "")


def _number(
    number: float | None, before: float | None, known: ranges.Range | None, *, is_first: bool
) -> Value:
    if number is None:
        return Value(display.NOTHING, changed=not is_first and before is not None)
    step = "" if before is None or before == number else f"{number - before:+.4g}"
    side = known.side(number) if known else ""
    return Value(f"{number:.10g}", not is_first and number != before, step, side)


def _line(label: str, words: Sequence[str]) -> Line:
    values = [
        Value(text, changed=at > 0 and text != words[at - 1]) for at, text in enumerate(words)
    ]
    return Line(label, tuple(values))


def _plain(value: Any) -> Any:
    """Return a value as `labels` take it: dates as JSON holds them."""
    return value.isoformat() if hasattr(value, "isoformat") else value

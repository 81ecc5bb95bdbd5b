"""Findings of several dates side by side, as the patient's page shows them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from appliance.records.clinical import MEASUREMENTS
from appliance.records.tables import ClinicalDetails
from webui import labels
from webui.display import NOTHING

DATES = 4
"""Columns that a small screen can show beside the labels."""


@dataclass(frozen=True)
class Finding:
    """One line of the table: what, in which unit, and its value at each date."""

    label: str
    unit: str
    values: tuple[str, ...]
    is_number: bool
    trend: str = ""
    """Points of a line through all dates, in a box of 100 by 24; empty for fewer than two."""


@dataclass(frozen=True)
class Table:
    """The findings of the last dates, the latest first."""

    dates: tuple[ClinicalDetails, ...]
    findings: tuple[Finding, ...]
    more: int
    """Earlier dates that are not shown."""


def table(details: Sequence[ClinicalDetails]) -> Table:
    """Put the last dates side by side; what was found at none of them is left out."""
    shown = tuple(details[:DATES])
    units = {m.column: m.unit for m in MEASUREMENTS}
    lines = (
        Finding(
            shown_as.label,
            units.get(name, ""),
            _values(shown, name),
            name in units,
            _trend(details, name) if name in units else "",
        )
        for name, shown_as in labels.CLINICAL.items()
        if name != "observed_on"
    )
    filled = tuple(line for line in lines if set(line.values) != {NOTHING})
    return Table(shown, filled if shown else (), len(details) - len(shown))


def _trend(details: Sequence[ClinicalDetails], name: str) -> str:
    """Draw the numbers over time, from nought to the highest, so that a fall looks like one."""
    known = [(row.observed_on.toordinal(), row.__data__[name]) for row in details[::-1]]
    points = [(on, value) for on, value in known if value is not None]
    if len(points) < 2:
        return ""
    first, days = points[0][0], max(points[-1][0] - points[0][0], 1)
    most = max(value for _, value in points) or 1
    return " ".join(
        f"{2 + 96 * (on - first) / days:.1f},{22 - 20 * value / most:.1f}" for on, value in points
    )


def figure(value: float | None) -> str:
    """Write a number as it was entered, without trailing noughts."""
    return NOTHING if value is None else f"{value:.10g}"


def _values(shown: Sequence[ClinicalDetails], name: str) -> tuple[str, ...]:
    return tuple(_words(name, row.__data__[name]) for row in shown)


def _words(name: str, value: Any) -> str:
    if isinstance(value, int | float) or value is None:
        return figure(value)
    return labels.CLINICAL[name].words(value)

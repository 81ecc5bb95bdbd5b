"""Counts over time as small charts with their tables: plain SVG, drawn as the page is made."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from appliance.records import ranges
from appliance.records.clinical import MEASUREMENTS
from appliance.records.overview import Listed
from appliance.records.ranges import Range
from appliance.records.standing import Progress
from appliance.records.steps import SIGNED
from appliance.records.tables import ClinicalDetails, Patient
from appliance.review_vocabulary import CellLabel
from webui.findings import figure

WIDTH, HEIGHT = 300, 110
_LEFT, _RIGHT, _TOP, _BOTTOM = 8, 8, 8, 8


@dataclass(frozen=True)
class Point:
    """One value with its place in the chart."""

    on: date
    shown: str
    side: str
    """above or below what is usual, or nothing."""
    x: float
    y: float


@dataclass(frozen=True)
class Series:
    """One count over time, oldest first, in a box of `WIDTH` by `HEIGHT`."""

    label: str
    unit: str
    points: tuple[Point, ...]
    top: str
    """Value at the upper edge; the lower one is nought."""
    usual: str = ""
    """The usual range at the last date, in words."""
    band: tuple[float, float] | None = None
    """Upper edge and height of the usual range, as far as the chart shows it."""

    @property
    def line(self) -> str:
        """Points of the polyline."""
        return " ".join(f"{point.x:.1f},{point.y:.1f}" for point in self.points)

    @property
    def sentence(self) -> str:
        """What the chart shows, for who cannot see it."""
        first, last = self.points[0], self.points[-1]
        return (
            f"{self.label}: from {first.shown} to {last.shown} {self.unit} "
            f"over {len(self.points)} dates; the table has all of them"
        )


def of_findings(patient: Patient, details: Sequence[ClinicalDetails]) -> list[Series]:
    """Draw each measurement that was entered at two dates or more.

    Args:
        patient: whose; age and sex decide what is usual.
        details: latest first, as `clinical.of_patient` returns them.
    """
    drawn = []
    for m in MEASUREMENTS:
        known = [
            (row.observed_on, value)
            for row in reversed(details)
            if (value := row.__data__.get(m.column)) is not None
        ]
        if len(known) > 1:
            usual = ranges.usual(m.column, patient.sex, patient.birth_date, known[-1][0])
            drawn.append(_series(m.label, m.unit, known, usual))
    return drawn


def of_reports(listed: Iterable[Listed], reached: Mapping[UUID, Progress]) -> list[Series]:
    """Draw the verified blast fraction of the signed examinations, in percent.

    Args:
        listed: newest first.
        reached: what was called in each, by `standing.progress_of`.
    """
    known = []
    for each in reversed(list(listed)):
        row = each.examination
        labels = reached[row.id].by_label if row.id in reached else {}
        blasts, normal = labels.get(CellLabel.BLAST, 0), labels.get(CellLabel.NORMAL, 0)
        if row.status in SIGNED and blasts + normal:
            on = (row.collected_at or row.created_at).astimezone().date()
            known.append((on, round(100 * blasts / (blasts + normal), 1)))
    known.sort(key=lambda pair: pair[0])
    label = "Blasts among verified leukocytes, signed reports"
    return [_series(label, "%", known, None)] if len(known) > 1 else []


def _series(
    label: str, unit: str, known: Sequence[tuple[date, float]], usual: Range | None
) -> Series:
    first, days = known[0][0], max((known[-1][0] - known[0][0]).days, 1)
    most = max(value for _, value in known)
    # Nought at the foot, so that a fall looks like one; the usual range in view where it is near.
    top = _rounded_up(max(most, min(usual.high, 2 * most)) if usual else most)
    points = tuple(
        Point(
            on,
            figure(value),
            usual.side(value) if usual else "",
            _LEFT + (WIDTH - _LEFT - _RIGHT) * (on - first).days / days,
            _height(value, top),
        )
        for on, value in known
    )
    words = usual.words if usual else ""
    return Series(label, unit, points, f"{top:g}", words, _band(usual, top))


def _band(usual: Range | None, top: float) -> tuple[float, float] | None:
    if usual is None or usual.low >= top or usual.high == 0:
        return None
    upper = _height(min(usual.high, top), top)
    return upper, _height(usual.low, top) - upper


def _height(value: float, top: float) -> float:
    return HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * value / top


def _rounded_up(value: float) -> float:
    """Return the next of 1, 1.5, 2, 2.5, 3, 4, 5, 6, 8 and 10 times a power of ten."""
    if value <= 0:
        return 1.0
    power = 1.0
    while value > 10 * power:
        power *= 10
    while value <= power:
        power /= 10
    return next(
        step * power for step in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10) if step * power >= value
    )

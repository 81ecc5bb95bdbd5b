"""All statistics as rows of one list, for a spreadsheet: no picture, no patient."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from appliance.services.statistics.accuracy import Accuracy
from appliance.services.statistics.cells import CALLS, LABELS
from appliance.services.statistics.lines import Line
from appliance.services.statistics.weekly import Course
from appliance.services.statistics.workload import Work

COLUMNS = ("part", "of", "figure", "value", "low95", "high95", "n", "patients", "note")
"""low95 to high95: the interval, but quartiles where the part is a week's."""


@dataclass(frozen=True, slots=True)
class Row:
    """One figure; what is None stays empty."""

    part: str
    of: str
    figure: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: int | None = None
    patients: int | None = None
    note: str = ""

    def cells(self) -> tuple[Any, ...]:
        """Give the row in the order of COLUMNS; numbers to six digits, NaN as empty."""
        told = (self.value, self.low, self.high)
        numbers = ("" if v is None or np.isnan(v) else f"{v:.6g}" for v in told)
        return (
            self.part,
            self.of,
            self.figure,
            *numbers,
            "" if self.n is None else self.n,
            "" if self.patients is None else self.patients,
            self.note,
        )


def rows(accuracy: Accuracy, work: Work, courses: Sequence[Course]) -> Iterator[Row]:
    """List everything the scorecard shows."""
    yield from _of_lines("cells", "", [accuracy.agreed, *accuracy.cells])
    yield from _of_counts(accuracy)
    yield from _of_curves(accuracy)
    yield from _of_lines("readers", "", accuracy.readers)
    if accuracy.readers_table is not None:
        yield from _of_table("readers", accuracy.readers_table, LABELS, LABELS)
    yield from _of_lines("examinations", "", accuracy.cases)
    sides = ("at limit", "below limit")
    yield from _of_table("examinations", accuracy.cases_table, sides, sides)
    for group in accuracy.groups:
        for name, _, lines in group.rows:
            yield from _of_lines(group.title.lower(), name, lines)
    yield from _of_work(work)
    for course in courses:
        yield from _of_course(course)


def _of_lines(part: str, of: str, lines: Sequence[Line]) -> Iterator[Row]:
    for line in lines:
        figure = line.figure
        if figure is None:
            yield Row(part, of, line.name, note=f"withheld: {line.missing}")
        else:
            yield Row(
                part,
                of,
                line.name,
                figure.value,
                figure.low,
                figure.high,
                figure.cells,
                figure.blocks,
                line.meaning,
            )


def _of_counts(accuracy: Accuracy) -> Iterator[Row]:
    counts = accuracy.counts
    for name in ("examinations", "patients", "verified", "unsure", "other", "not_a_cell", "added"):
        yield Row("cells", "", name.replace("_", " "), n=getattr(counts, name))
    yield from _of_table("cells", accuracy.table, LABELS[:2], CALLS)


def _of_table(part: str, table: Any, of: Sequence[str], against: Sequence[str]) -> Iterator[Row]:
    for row, name in zip(table.tolist(), of, strict=True):
        for count, other in zip(row, against, strict=True):
            yield Row(part, str(name), f"counted as {other}", n=count)


def _of_curves(accuracy: Accuracy) -> Iterator[Row]:
    if accuracy.roc is None or accuracy.reliability is None:
        yield Row("roc", "", "Area", note=f"withheld: {accuracy.roc_missing}")
        missing = accuracy.reliability_missing
        yield Row("calibration", "", "Calibration error", note=f"withheld: {missing}")
        return
    roc, bins = accuracy.roc, accuracy.reliability
    area, error = roc.area, bins.error
    yield Row("roc", "", "Area", area.value, area.low, area.high, area.cells, area.blocks)
    for threshold, alarms, value, low, high in zip(
        roc.thresholds, roc.false_alarms, roc.sensitivity, roc.low, roc.high, strict=True
    ):
        told = f"from {threshold:.4f}" if np.isfinite(threshold) else "none"
        yield Row("roc", told, "Sensitivity", value, low, high)
        yield Row("roc", told, "Specificity", 1 - alarms)
    yield Row(
        "calibration",
        "",
        "Calibration error",
        error.value,
        error.low,
        error.high,
        error.cells,
        error.blocks,
    )
    for said, seen, low, high, cells in zip(
        bins.said, bins.seen, bins.low, bins.high, bins.cells, strict=True
    ):
        yield Row("calibration", f"said {said:.3f}", "Share of blasts", seen, low, high, int(cells))


def _of_work(work: Work) -> Iterator[Row]:
    yield Row("work", "", "Examinations registered", n=work.registered)
    for status, count in work.by_status.items():
        yield Row("work", "", f"Examinations {status}", n=count)
    yield from _of_lines("work", "", [work.hours, *work.lines])
    for name, count in work.failures:
        yield Row("work", "quality gate", f"Failed {name}", n=count)
    for week in work.weeks:
        of = f"week from {week.monday}"
        yield Row("work", of, "Registered", n=week.registered)
        yield Row("work", of, "Hours", week.median, week.quicker, week.slower, week.signed)


def _of_course(course: Course) -> Iterator[Row]:
    low, median, high = course.reference or (None, None, None)
    yield Row("drift", "reference", course.name, median, low, high, course.reference_count)
    for monday, each in course.weeks:
        of = f"week from {monday}"
        yield Row("drift", of, course.name, each.median, each.low, each.high, each.count)
        yield Row(
            "drift", of, f"{course.name}, stability index", each.index, note=each.steadiness.value
        )

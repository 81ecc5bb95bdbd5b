"""Drift: scores, focus and colour week by week, held against what the model was verified on."""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import numpy as np

from appliance.records.scorecard import Case, Picture
from appliance.records.scored_cells import SeenCell
from appliance.services.statistics.blocks import Blocks, Floats
from appliance.services.statistics.drift import Shift, Steadiness, shift
from appliance.services.statistics.weeks import week_of, weeks_between

QUANTITIES = (
    ("score", "Blast probability", "What the model says of cells."),
    ("focus", "Focus", "Edge widths per cell, as the quality gate measures it."),
    (
        "stain",
        "Colour",
        "Distance in hue of nuclei and red cells, as the quality gate measures it.",
    ),
)
"""Key, name and meaning; the last two are checks of the quality passport."""


@dataclass(frozen=True, slots=True, eq=False)
class Quantity:
    """Numbers, each with the day and the examination it is of."""

    values: Floats
    week: Blocks
    """(n,) ordinal of the Monday."""
    case: Blocks
    """(n,)."""


@dataclass(frozen=True, slots=True)
class Course:
    """One quantity over the weeks."""

    key: str
    name: str
    meaning: str
    reference: tuple[float, float, float] | None
    """Quartiles; None where there is nothing to hold weeks against."""
    reference_count: int
    weeks: Sequence[tuple[date, Shift]]

    @property
    def shifted(self) -> list[tuple[date, Shift]]:
        """The weeks that shifted."""
        return [(day, each) for day, each in self.weeks if each.steadiness is Steadiness.SHIFTED]

    @property
    def is_adrift(self) -> bool:
        """Whether the last week with numbers enough has shifted."""
        judged = [e.steadiness for _, e in self.weeks if e.steadiness is not Steadiness.TOO_FEW]
        return judged[-1:] == [Steadiness.SHIFTED]


def courses(
    reference: tuple[Sequence[Picture], Iterable[SeenCell]],
    period: tuple[Sequence[Picture], Iterable[SeenCell]],
    days: tuple[date, date],
) -> list[Course]:
    """Hold each week against the reference.

    Scores are compared of one model only, the last of the period: another one scores otherwise
    without anything having drifted.

    Args:
        reference: images and their cells that stand for how it was.
        period: those that are asked about.
        days: first and last day.
    """
    model = _last_model(period[0])
    found = []
    for key, name, meaning in QUANTITIES:
        was, now = (
            _scores(cells, model) if key == "score" else _checks(pictures, key)
            for pictures, cells in (reference, period)
        )
        found.append(_course(key, name, meaning, was, now, days))
    return found


def _course(
    key: str, name: str, meaning: str, was: Quantity, now: Quantity, days: tuple[date, date]
) -> Course:
    quartiles = None
    if len(was.values):
        low, median, high = (float(q) for q in np.quantile(was.values, [0.25, 0.5, 0.75]))
        quartiles = low, median, high
    weeks = []
    for monday in weeks_between(*days):
        of = now.week == monday.toordinal()
        weeks.append((monday, shift(was.values, now.values[of], was.case, now.case[of])))
    return Course(key, name, meaning, quartiles, len(was.values), weeks)


def _last_model(pictures: Sequence[Picture]) -> str:
    named = [picture for picture in pictures if picture.model]
    last = max(named, key=lambda picture: picture.case.registered_at, default=None)
    return last.model if last else ""


def _scores(cells: Iterable[SeenCell], model: str) -> Quantity:
    return _quantity(
        (cell.probability, cell.picture.case)
        for cell in cells
        if cell.suggestion and cell.picture.model == model
    )


def _checks(pictures: Sequence[Picture], name: str) -> Quantity:
    return _quantity(
        (picture.checks[name][0], picture.case) for picture in pictures if name in picture.checks
    )


def _quantity(numbers: Iterable[tuple[float, Case]]) -> Quantity:
    known: dict[UUID, tuple[int, int]] = {}
    values, weeks, cases = array("d"), array("l"), array("l")
    for value, case in numbers:
        if case.id not in known:
            known[case.id] = len(known), week_of(case.registered_at).toordinal()
        number, week = known[case.id]
        values.append(value)
        weeks.append(week)
        cases.append(number)
    return Quantity(np.array(values), np.array(weeks, np.intp), np.array(cases, np.intp))

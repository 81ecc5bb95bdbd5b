"""Work figures: how much came, how long it took, what the quality gate held back."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np

from appliance.records.scorecard import SIGNED, Picture
from appliance.services.statistics.blocks import Blocks
from appliance.services.statistics.cells import ReadCells
from appliance.services.statistics.lines import Line, line
from appliance.services.statistics.minimum import Missing, missing
from appliance.services.statistics.proportions import share
from appliance.services.statistics.weeks import week_of, weeks_between
from appliance.vocabulary import ExaminationStatus, FieldState
from models.figures import Figure

IMAGES = 20
"""Images, and signed reports, before a share or a median of them is shown."""


@dataclass(frozen=True, slots=True)
class WorkWeek:
    """What one week brought; times in hours, NaN where nothing was signed."""

    monday: date
    registered: int
    signed: int
    quicker: float
    """Hours within which a quarter was signed."""
    median: float
    slower: float
    """Hours within which three quarters were."""


@dataclass(frozen=True, slots=True)
class Work:
    """Work figures of a period."""

    registered: int
    by_status: dict[ExaminationStatus, int]
    weeks: Sequence[WorkWeek]
    hours: Line
    """Median hours to the first signature."""
    slowest: float
    """Hours within which nine in ten were signed; NaN where that is withheld."""
    images: int
    lines: Sequence[Line]
    failures: Sequence[tuple[str, int]]
    """Checks of the quality gate with the images that failed them, most first."""


def work(
    volume: dict[date, dict[ExaminationStatus, int]],
    turnaround: Sequence[tuple[datetime, timedelta]],
    pictures: Sequence[Picture],
    cells: ReadCells,
    period: tuple[date, date],
) -> Work:
    """Count the work.

    Args:
        volume: examinations by day of registration and state.
        turnaround: moments of signature, and how long it took.
        pictures: images of the sample.
        cells: of submitted examinations of the sample.
        period: first and last day.
    """
    by_status: Counter[ExaminationStatus] = Counter()
    for counted in volume.values():
        by_status.update(counted)
    hours = np.array([took / timedelta(hours=1) for _, took in turnaround])
    return Work(
        registered=sum(by_status.values()),
        by_status={status: by_status[status] for status in ExaminationStatus},
        weeks=_weeks(volume, turnaround, weeks_between(*period)),
        hours=_median(hours),
        slowest=float(np.quantile(hours, 0.9)) if len(hours) >= IMAGES else float("nan"),
        images=len(pictures),
        lines=[*_gate(pictures), _changed(cells)],
        failures=_failures(pictures),
    )


def _weeks(
    volume: dict[date, dict[ExaminationStatus, int]],
    turnaround: Sequence[tuple[datetime, timedelta]],
    mondays: Sequence[date],
) -> list[WorkWeek]:
    registered: Counter[date] = Counter()
    for day, counted in volume.items():
        registered[week_of(day)] += sum(counted.values())
    signed: dict[date, list[float]] = {}
    for end, took in turnaround:
        signed.setdefault(week_of(end), []).append(took / timedelta(hours=1))
    nothing = (float("nan"),) * 3
    return [
        WorkWeek(
            monday,
            registered[monday],
            len(signed.get(monday, [])),
            *(map(float, np.quantile(signed[monday], [0.25, 0.5, 0.75])))
            if monday in signed
            else nothing,
        )
        for monday in mondays
    ]


def _median(hours: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Line:
    def measure() -> Figure:
        low, high = median_interval(len(hours))
        ordered = np.sort(hours)
        value = float(np.median(hours))
        return Figure(value, float(ordered[low]), float(ordered[high]), len(hours), len(hours))

    return line(
        "Turn-around, hours",
        "From receipt of the specimen (where recorded, else registration) to the first signature.",
        [("signed reports", Missing(max(IMAGES - len(hours), 0), 0))],
        measure,
        share=False,
    )


def median_interval(count: int) -> tuple[int, int]:
    """Say between which of so many ordered numbers the median lies, 95 %, counted from 0.

    Free of any distribution: how many numbers lie below the median is binomial with one half
    (Conover 1999, Practical Nonparametric Statistics, 3.2).
    """
    below = np.cumsum(_halves(count))
    low = int(np.searchsorted(below, 0.025, side="right"))
    return max(low - 1, 0), min(count - low, count - 1)


def _halves(count: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Give the binomial probabilities of 0 to count heads, by logarithms so that none is lost."""
    steps = np.arange(1, count + 1)
    logs = np.concatenate([[0.0], np.cumsum(np.log((count - steps + 1) / steps))])
    return np.asarray(np.exp(logs - count * np.log(2)), np.float64)


def _gate(pictures: Sequence[Picture]) -> list[Line]:
    patient = _numbered(str(picture.case.patient) for picture in pictures)
    failed = np.array([not picture.passed for picture in pictures], np.bool_)
    overridden = np.array([picture.overridden for picture in pictures], np.bool_)
    broken = np.array([picture.state is FieldState.FAILED for picture in pictures], np.bool_)
    images = [("images", missing(patient, cells=IMAGES))]
    return [
        line(
            "Held back by the quality gate",
            "Of the images, the share that failed a check.",
            images,
            lambda: share(failed, patient),
        ),
        line(
            "Gate overridden",
            "Of the images that failed, the share somebody went on with, giving a reason.",
            [("images that failed", missing(patient[failed], cells=IMAGES))],
            lambda: share(overridden[failed], patient[failed]),
        ),
        line(
            "Analysis broken off",
            "Of the images, the share whose analysis failed.",
            images,
            lambda: share(broken, patient),
        ),
    ]


def _changed(cells: ReadCells) -> Line:
    decided = cells.where(cells.decided)
    return line(
        "Suggestions changed",
        "Of the cells suggested to be blast or normal, the share readers called the other.",
        [("cells", missing(decided.patient))],
        lambda: share(decided.label != decided.call, decided.patient),
    )


def _failures(pictures: Sequence[Picture]) -> list[tuple[str, int]]:
    failed = Counter(
        name for picture in pictures for name, (_, passed) in picture.checks.items() if not passed
    )
    return failed.most_common()


def _numbered(values: Iterable[str]) -> Blocks:
    known: dict[str, int] = {}
    return np.array([known.setdefault(value, len(known)) for value in values], np.intp)


def signed_of(by_status: dict[ExaminationStatus, int]) -> int:
    """Count the signed among them."""
    return sum(by_status[status] for status in SIGNED)

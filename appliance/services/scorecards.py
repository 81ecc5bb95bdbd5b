"""Counts the laboratory's statistics, draws them, and keeps them for some minutes.

A count takes some tenths of a second and changes slowly, so a page says when it was made and offers
to make it again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from threading import Lock
from typing import Any, Generic, TypeVar, cast

from appliance.clock import now
from appliance.records import scorecard, scored_cells
from appliance.records.scorecard import COUNTED, SUBMITTED, Asked, Offered, Picture, Sample
from appliance.services.statistics import drawn
from appliance.services.statistics.accuracy import Accuracy, accuracy
from appliance.services.statistics.cells import gather
from appliance.services.statistics.listed import Row, rows
from appliance.services.statistics.weekly import Course, courses
from appliance.services.statistics.workload import Work, work

T = TypeVar("T")

FRESH = timedelta(minutes=10)
REFERENCE = 100
"""Examinations that stand for how it was, at most."""
_KEPT = 24


@dataclass(frozen=True, slots=True)
class Drift:
    """Weeks against a reference, and what that reference is."""

    courses: Sequence[Course]
    verified_on: date | None
    """Day the site head in use was fitted; None where there is none and the first count."""
    examinations: int
    """Of the reference."""


@dataclass(frozen=True, slots=True)
class Counted(Generic[T]):
    """Statistics with their pictures, and what they were counted from."""

    at: datetime
    examinations: int
    """That the period has."""
    looked_at: int
    """Of them, those whose images and cells were counted."""
    offered: Offered
    result: T
    charts: dict[str, str]
    """SVG by name."""


class Scorecards:
    """The statistics service of one appliance."""

    def __init__(self, *, decision_limit: float) -> None:
        self.decision_limit = decision_limit
        self._kept: dict[tuple[str, Asked], Counted[Any]] = {}
        self._counting = Lock()

    def accuracy(self, asked: Asked, *, again: bool = False) -> Counted[Accuracy]:
        """Compare model and readers; `again` counts anew whatever is kept."""
        return self._counted("accuracy", asked, self._accuracy, again)

    def work(self, asked: Asked, *, again: bool = False) -> Counted[Work]:
        """Count the work."""
        return self._counted("work", asked, self._work, again)

    def drift(self, asked: Asked, *, again: bool = False) -> Counted[Drift]:
        """Hold weeks against the reference."""
        return self._counted("drift", asked, self._drift, again)

    def adrift(self, asked: Asked) -> list[str]:
        """Name the quantities that are not as they were, counted anew and without a picture."""
        drift, _, _ = self._weeks(asked)
        return [course.name for course in drift.courses if course.is_adrift]

    def rows(self, asked: Asked) -> list[Row]:
        """List all of it, for a spreadsheet."""
        return list(
            rows(
                self.accuracy(asked).result,
                self.work(asked).result,
                self.drift(asked).result.courses,
            )
        )

    def _counted(
        self, part: str, asked: Asked, count: Callable[[Asked], Counted[T]], again: bool
    ) -> Counted[T]:
        # One at a time: who waits for the same count finds it done.
        with self._counting:
            found = self._kept.get((part, asked))
            if found is None or again or now() - found.at > FRESH:
                found = count(asked)
                self._kept.pop((part, asked), None)
                self._kept[part, asked] = found
                while len(self._kept) > _KEPT:
                    del self._kept[next(iter(self._kept))]
            return cast(Counted[T], found)

    def _accuracy(self, asked: Asked) -> Counted[Accuracy]:
        sample, pictures = scorecard.look(asked, SUBMITTED)
        offered = _offered(asked, pictures)
        cells = gather(scored_cells.cells_of(pictures), dict(offered.operators))
        read = cells.where(cells.label >= 0)
        cases = list({picture.case.id: picture.case for picture in pictures}.values())
        result = accuracy(read, scored_cells.blind_pairs(cases), decision_limit=self.decision_limit)
        charts = drawn.of_accuracy(result, self.decision_limit)
        return Counted(now(), sample.total, len(sample.cases), offered, result, charts)

    def _work(self, asked: Asked) -> Counted[Work]:
        sample, pictures = scorecard.look(asked, COUNTED)
        submitted = [picture for picture in pictures if picture.case.status in SUBMITTED]
        result = work(
            scorecard.volume(asked),
            scorecard.turnaround(asked),
            pictures,
            gather(scored_cells.cells_of(submitted), {}),
            (asked.since, asked.until),
        )
        offered = _offered(asked, pictures)
        charts = drawn.of_work(result)
        return Counted(now(), sample.total, len(sample.cases), offered, result, charts)

    def _drift(self, asked: Asked) -> Counted[Drift]:
        drift, sample, pictures = self._weeks(asked)
        return Counted(
            now(),
            sample.total,
            len(sample.cases),
            _offered(asked, pictures),
            drift,
            drawn.of_courses(drift.courses),
        )

    def _weeks(self, asked: Asked) -> tuple[Drift, Sample, list[Picture]]:
        head = scorecard.head_in_use()
        reference = scorecard.before(head.created_at if head else None, asked, limit=REFERENCE)
        sample, pictures = scorecard.look(asked, COUNTED)
        was = scorecard.pictures_of(reference, asked)
        found = courses(
            (was, scored_cells.cells_of(was)),
            (pictures, scored_cells.cells_of(pictures)),
            (asked.since, asked.until),
        )
        verified_on = head.created_at.astimezone().date() if head else None
        return Drift(found, verified_on, len(reference)), sample, pictures


def _offered(asked: Asked, pictures: Sequence[Picture]) -> Offered:
    """List the choices of the whole period, though one of them may be taken already."""
    if asked != asked.widened:
        cases = scorecard.sample(asked.widened, COUNTED).cases
        pictures = scorecard.pictures_of(cases, asked.widened)
    return scorecard.offered(pictures)

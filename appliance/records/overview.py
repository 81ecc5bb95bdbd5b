"""Lists and counts over examinations: the worklist, a patient's history, tallies.

Each list takes five queries, however many rows it has and however many there are.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from peewee import SQL, fn

from appliance.records import fulltext
from appliance.records.fulltext import Sought
from appliance.records.index import WAITING, fact, place_of
from appliance.records.index_tables import ExaminationIndex
from appliance.records.paging import Page, counted
from appliance.records.search import fold
from appliance.records.tables import Cell, Examination, FieldImage, Patient
from appliance.review_vocabulary import BEFORE_SUBMISSION, Finding
from appliance.vocabulary import ExaminationStatus, FieldState, Specimen, Suggestion


class Needs(StrEnum):
    """What an examination waits for."""

    ATTENTION = "attention"
    """A person: an image was refused by the quality gate, or its analysis failed, and the
    examination is open."""
    REFUSED = "refused"
    FAILED = "failed"
    WAITING = "waiting"
    """The worker: an image is not analysed yet."""
    IMAGES = "images"
    """There is no image at all."""
    CAPTURE = "capture"
    """The bench: it is not submitted, and has no image, or one that is not read."""
    READING = "reading"
    """Its first reader: every image is at its end, nothing is submitted."""
    SIGNING = "signing"
    """The clinician: it is submitted, or its signed report is being amended."""
    SECOND = "second"
    """A second reader or an adjudicator."""
    ADJUDICATION = "adjudication"
    """A third, to settle what two readers call differently."""
    TELLING = "telling"
    """Somebody who tells the ward: the result is critical."""


_OF_RESULTS = (Needs.TELLING, Needs.ADJUDICATION)
_ROWS = fn.COUNT(SQL("*"))  # by the index alone: ids are not in it
# A cell that a person added was never put to the network.
_SUGGESTED = Cell.suggestion.is_null(False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Which examinations are asked for; what is left empty does not narrow."""

    text: str = ""
    """Beginnings of the patient's number and names, and of the parts of the accession number."""
    status: ExaminationStatus | None = None
    specimen: Specimen | None = None
    date_from: date | None = None
    """First day of registration, as the clock on the wall counts."""
    date_to: date | None = None
    """Last day, inclusive."""
    patient_id: UUID | None = None
    needs: Needs | None = None
    has_blasts: bool | None = None
    """Whether a counted cell is called a blast, by a person or else by the network; False asks for
    analysed ones without."""
    finding: Finding | None = None
    """What was concluded."""
    signed_on: date | None = None
    """Day of the last signature, as the clock on the wall counts."""
    hidden: frozenset[UUID] = frozenset()
    """Examinations whose result must not be told: what asks for a result does not find them."""

    @property
    def tells_results(self) -> bool:
        """Whether what is found has a certain result, so that finding it tells it."""
        asked = self.has_blasts is not None or self.finding is not None
        return asked or self.needs in _OF_RESULTS


@dataclass(frozen=True, slots=True)
class Listed:
    """One examination in a list, with its patient and what its images came to."""

    examination: Examination
    patient: Patient
    by_state: dict[FieldState, int] = field(default_factory=dict)
    by_suggestion: dict[Suggestion, int] = field(default_factory=dict)
    """Counted cells only."""

    @property
    def fields(self) -> int:
        """Images."""
        return sum(self.by_state.values())

    @property
    def waiting(self) -> int:
        """Images that the worker has yet to finish."""
        return sum(self.by_state.get(state, 0) for state in WAITING)

    @property
    def refused(self) -> int:
        """Images that failed the quality gate."""
        return self.by_state.get(FieldState.REFUSED, 0)

    @property
    def failed(self) -> int:
        """Images whose analysis broke off."""
        return self.by_state.get(FieldState.FAILED, 0)

    @property
    def stopped(self) -> int:
        """Images that are either."""
        return self.refused + self.failed

    @property
    def need_you(self) -> int:
        """Those of them that a person may still go on with; once submitted they are left out."""
        return self.stopped if self.examination.status in BEFORE_SUBMISSION else 0

    @property
    def analysed(self) -> int:
        """Images with a result."""
        return self.by_state.get(FieldState.ANALYSED, 0)

    @property
    def cells(self) -> int:
        """Counted cells."""
        return sum(self.by_suggestion.values())

    @property
    def blasts(self) -> int:
        """Counted cells suggested to be blasts."""
        return self.by_suggestion.get(Suggestion.BLAST, 0)

    @property
    def normal(self) -> int:
        """Counted cells suggested to be normal."""
        return self.by_suggestion.get(Suggestion.NORMAL, 0)

    @property
    def unsure(self) -> int:
        """Counted cells that the network leaves to the person."""
        return self.by_suggestion.get(Suggestion.UNSURE, 0)


def find(query: Query | None = None, limit: int = 25, offset: int = 0) -> Page[Listed]:
    """List examinations, those registered last first.

    How many there are is only counted as far as `paging` says, so that it takes no longer among
    a hundred thousand.
    """
    asked = query or Query()
    if asked.text and not fold(asked.text):
        return Page([], 0, limit, offset)
    sought = _sought(asked)
    total = fulltext.count(ExaminationIndex, sought, counted(limit, offset))
    places = fulltext.places(ExaminationIndex, sought, limit, offset)
    rows = _joined().join(ExaminationIndex, on=ExaminationIndex.examination == Examination.id)
    shown = rows.where(ExaminationIndex.place.in_(places))
    listed = _summarised(list(shown.order_by(ExaminationIndex.place.desc())))
    return Page.of(listed, total, limit, offset)


def of_patient(patient_id: UUID) -> list[Listed]:
    """Return all examinations of a patient, newest first; for after `patients.open_for`."""
    rows = _joined().where(Examination.patient == patient_id)
    return _summarised(list(rows.order_by(Examination.created_at.desc(), Examination.id.desc())))


def summary(examination_id: UUID) -> Listed | None:
    """Return one examination as lists show it; None where there is none."""
    listed = _summarised(list(_joined().where(Examination.id == examination_id)))
    return listed[0] if listed else None


def counts() -> dict[ExaminationStatus, int]:
    """Count the examinations in each status, the empty ones too."""
    rows: Any = Examination.select(Examination.status, _ROWS).group_by(Examination.status).tuples()
    found: dict[str, int] = dict(rows)
    return {status: found.get(status, 0) for status in ExaminationStatus}


def fields_by_state() -> dict[FieldState, int]:
    """Count all images in each state, the empty ones too: for monitors of the device."""
    rows: Any = FieldImage.select(FieldImage.state, _ROWS).group_by(FieldImage.state).tuples()
    found: dict[str, int] = dict(rows)
    return {state: found.get(state, 0) for state in FieldState}


def needing_attention(at_most: int = 1000) -> int:
    """Count the open examinations with an image that was refused or whose analysis failed."""
    return needing(Needs.ATTENTION, at_most)


def count(query: Query, at_most: int = 1000) -> int:
    """Count what a query finds, for the tabs of the work list."""
    return fulltext.count(ExaminationIndex, _sought(query), at_most)


def needing(needs: Needs, at_most: int = 1000) -> int:
    """Count the examinations that wait for something, for the tabs of the work list."""
    sought = Sought(facts=[[fact("needs", needs)]])
    return fulltext.count(ExaminationIndex, sought, at_most)


def tally_of(examination_id: UUID) -> dict[Suggestion, int]:
    """Count the counted cells of an examination by suggestion, all three named."""
    return _complete(_suggestions([examination_id]).get(examination_id, {}))


def tally_of_field(field_id: UUID) -> dict[Suggestion, int]:
    """Count the counted cells of one image by suggestion, all three named."""
    rows: Any = (
        Cell.select(Cell.suggestion, fn.COUNT(Cell.id))
        .where(Cell.field == field_id, Cell.counted == True, _SUGGESTED)  # noqa: E712
        .group_by(Cell.suggestion)
        .tuples()
    )
    return _complete({Suggestion(name): count for name, count in rows})


def tallies_of_fields(examination_id: UUID) -> dict[UUID, dict[Suggestion, int]]:
    """Count the counted cells of each analysed image of an examination, in one query."""
    rows: Any = (
        FieldImage.select(FieldImage.id, Cell.suggestion, fn.COUNT(Cell.id))
        .join(Cell)
        .where(FieldImage.examination == examination_id, Cell.counted == True, _SUGGESTED)  # noqa: E712
        .group_by(FieldImage.id, Cell.suggestion)
        .tuples()
    )
    found = {key: _complete(by_name) for key, by_name in _nested(rows, Suggestion).items()}
    analysed = FieldImage.select(FieldImage.id).where(
        FieldImage.examination == examination_id, FieldImage.state == FieldState.ANALYSED
    )
    return {row.id: found.get(row.id, _complete({})) for row in analysed}


def _joined() -> Any:
    return Examination.select(Examination, Patient).join(Patient).switch(Examination)


def _sought(query: Query) -> Sought:
    asked = (
        ("status", query.status),
        ("specimen", query.specimen),
        ("patient", query.patient_id),
        ("needs", query.needs),
        ("blasts", None if query.has_blasts is None else ("yes" if query.has_blasts else "no")),
        ("finding", query.finding),
        ("signed", query.signed_on),
    )
    first, last = query.date_from, query.date_to
    return Sought(
        beginnings=fold(query.text),
        facts=[[fact(kind, value)] for kind, value in asked if value is not None],
        first=place_of(_midnight(first)) if first else None,
        end=place_of(_midnight(min(last, _LAST_DAY) + _ONE_DAY)) if last else None,
        without=_places_of(query.hidden) if query.tells_results else (),
    )


def _places_of(examination_ids: Iterable[UUID]) -> list[int]:
    its_own = ExaminationIndex.examination.in_(list(examination_ids))
    rows: Any = ExaminationIndex.select(ExaminationIndex.place).where(its_own).tuples()
    return [place for (place,) in rows]


_ONE_DAY = timedelta(days=1)
_FIRST_DAY, _LAST_DAY = date(1900, 1, 1), date(9000, 1, 1)


def _midnight(day: date) -> datetime:
    # Beside the calendar's ends no zone can be reckoned, and no record was made there.
    return datetime.combine(min(max(day, _FIRST_DAY), _LAST_DAY), time()).astimezone()


def _summarised(rows: Sequence[Examination]) -> list[Listed]:
    ids = [row.id for row in rows]
    states, suggestions = _states(ids), _suggestions(ids)
    return [
        Listed(row, row.patient, states.get(row.id, {}), suggestions.get(row.id, {}))
        for row in rows
    ]


def _states(ids: Sequence[UUID]) -> dict[UUID, dict[FieldState, int]]:
    rows: Any = (
        FieldImage.select(FieldImage.examination, FieldImage.state, fn.COUNT(FieldImage.id))
        .where(FieldImage.examination.in_(ids))
        .group_by(FieldImage.examination, FieldImage.state)
        .tuples()
    )
    return _nested(rows, FieldState)


def _suggestions(ids: Sequence[UUID]) -> dict[UUID, dict[Suggestion, int]]:
    rows: Any = (
        FieldImage.select(FieldImage.examination, Cell.suggestion, fn.COUNT(Cell.id))
        .join(Cell)
        .where(FieldImage.examination.in_(ids), Cell.counted == True, _SUGGESTED)  # noqa: E712
        .group_by(FieldImage.examination, Cell.suggestion)
        .tuples()
    )
    return _nested(rows, Suggestion)


def _nested(rows: Iterable[tuple[UUID, str, int]], kind: type[Any]) -> dict[UUID, dict[Any, int]]:
    nested: dict[UUID, dict[Any, int]] = {}
    for key, name, count in rows:
        nested.setdefault(key, {})[kind(name)] = count
    return nested


def _complete(found: dict[Suggestion, int]) -> dict[Suggestion, int]:
    return {suggestion: found.get(suggestion, 0) for suggestion in Suggestion}

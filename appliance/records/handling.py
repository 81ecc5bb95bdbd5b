"""What people have done with examinations, and what is asked of them: for lists, steps and actions.

A list takes four queries, however many rows it has.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from appliance.records.readings import INDEPENDENT, PENDING, Wanted, wanted
from appliance.records.review_tables import Amendment, Conclusion, Reading
from appliance.records.standing import Progress, progress_of
from appliance.review_vocabulary import ReadingKind, ReadingState
from appliance.vocabulary import Actor


@dataclass(frozen=True, slots=True)
class Handling:
    """How far people are with one examination."""

    progress: Progress = field(default_factory=Progress)
    conclusion: Conclusion | None = None
    pending: frozenset[ReadingKind] = frozenset()
    """Second readings and adjudications that are asked for and not done."""
    amendment: Amendment | None = None
    """The one that is under way."""
    submitter: UUID | None = None
    """Who submitted the first reading."""

    @property
    def untold(self) -> bool:
        """Whether the result is critical and nobody was told of it."""
        row = self.conclusion
        return bool(row and row.critical and row.acknowledged_at is None)


def of_one(examination_id: UUID) -> Handling:
    """Return how far people are with one examination."""
    return of([examination_id])[examination_id]


def of(examination_ids: Sequence[UUID]) -> dict[UUID, Handling]:
    """Return it for all examinations of a list; all of them are named."""
    ids = list(examination_ids)
    reached = progress_of(ids)
    pending: dict[UUID, set[ReadingKind]] = {}
    submitters: dict[UUID, UUID] = {}
    for examination_id, kind, state, reader in _readings(ids):
        if kind in INDEPENDENT and state in PENDING:
            pending.setdefault(examination_id, set()).add(ReadingKind(kind))
        elif kind == ReadingKind.FIRST and state == ReadingState.SUBMITTED:
            submitters[examination_id] = reader
    conclusions = _by_examination(Conclusion.select().where(Conclusion.examination.in_(ids)))
    is_open = Amendment.state == ReadingState.OPEN
    amendments = _by_examination(Amendment.select().where(Amendment.examination.in_(ids), is_open))
    return {
        key: Handling(
            progress=reached[key],
            conclusion=conclusions.get(key),
            pending=frozenset(pending.get(key, ())),
            amendment=amendments.get(key),
            submitter=submitters.get(key),
        )
        for key in ids
    }


def offered(by: Actor) -> list[Wanted]:
    """Return the second readings and adjudications that this person has begun or may take on.

    Who has read an examination in view of the suggestions takes no second reading of it; who was
    first or second reader adjudicates nothing. `readings.take` has the last word.
    """
    rows = [
        row
        for row in wanted()
        if row.reading.state == ReadingState.WANTED or row.reading.__data__["reader"] == by.user_id
    ]
    if not rows:
        return []
    own: Any = Reading.select(Reading.examination, Reading.kind).where(
        Reading.reader == by.user_id, Reading.examination.in_([row.examination.id for row in rows])
    )
    parts: dict[UUID, set[str]] = {}
    for examination_id, kind in own.tuples():
        parts.setdefault(examination_id, set()).add(kind)
    return [row for row in rows if _may_take(row, parts.get(row.examination.id, set()))]


def _may_take(row: Wanted, parts: set[str]) -> bool:
    if row.reading.state != ReadingState.WANTED:
        return True
    second = row.reading.kind == ReadingKind.SECOND
    excluded = _BEFORE_SECOND if second else (ReadingKind.FIRST, ReadingKind.SECOND)
    return not parts & set(excluded)


_BEFORE_SECOND = (ReadingKind.FIRST, ReadingKind.REVIEW, ReadingKind.ADJUDICATION)


def _readings(ids: Sequence[UUID]) -> list[tuple[UUID, str, str, UUID]]:
    rows: Any = Reading.select(Reading.examination, Reading.kind, Reading.state, Reading.reader)
    return list(rows.where(Reading.examination.in_(ids)).order_by(Reading.submitted_at).tuples())


def _by_examination(rows: Any) -> dict[UUID, Any]:
    return {row.__data__["examination"]: row for row in rows}

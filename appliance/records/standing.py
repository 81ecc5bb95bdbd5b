"""What cells are called at this moment, and how far the reading of an examination is.

The last decision that is not blind stands. What a blind reader has called is kept apart.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple
from uuid import UUID

from peewee import JOIN, SQL, fn

from appliance.errors import Forbidden
from appliance.records.review_tables import CellDecision, CellDisplay, Reading
from appliance.records.revisions import fetch
from appliance.records.tables import Cell, FieldImage, User
from appliance.review_vocabulary import CellLabel, DecisionWay, ReadingKind, ReadingState
from appliance.vocabulary import Actor

Label = CellLabel | Literal[""]
"""What a cell is called; empty where nobody has called it."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What one cell is called."""

    label: Label
    """Empty as long as nobody has called it, or where the call was taken back."""
    reader_name: str = ""
    at: datetime | None = None
    how: DecisionWay | None = None
    displayed: bool = False
    """Whether it was on the screen of a reader."""

    @property
    def replaced(self) -> bool:
        """Whether other cells, made from it, count instead."""
        return self.label == CellLabel.REPLACED


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the cells of an examination are; counted ones that are not replaced."""

    counted: int = 0
    verified: int = 0
    displayed: int = 0
    by_label: Mapping[CellLabel, int] = field(default_factory=dict)
    """Verified ones by what they are called; labels without a cell are absent."""

    @property
    def complete(self) -> bool:
        """Whether every counted cell was shown and called."""
        return self.counted == self.verified == self.displayed

    @property
    def leukocytes(self) -> int:
        """Blasts, normal and unsure ones together."""
        leukocytes = (CellLabel.BLAST, CellLabel.NORMAL, CellLabel.UNSURE)
        return sum(self.by_label.get(label, 0) for label in leukocytes)

    @property
    def blast_fraction(self) -> float | None:
        """Blasts among those called blast or normal; None where there is none."""
        blasts = self.by_label.get(CellLabel.BLAST, 0)
        decided = blasts + self.by_label.get(CellLabel.NORMAL, 0)
        return blasts / decided if decided else None


@dataclass(frozen=True, slots=True)
class Called:
    """One decision in the history of a cell."""

    number: int
    label: Label
    reader_name: str
    at: datetime
    how: DecisionWay
    kind: ReadingKind
    """Of the reading in which it was made."""

    @property
    def blind(self) -> bool:
        """Whether it stands apart from the record."""
        return self.kind == ReadingKind.SECOND


class LastCall(NamedTuple):
    """The last decision about one cell."""

    examination_id: UUID
    number: int
    """Of the last decision of any kind; 0 before the first."""
    label: Label
    reader_id: UUID | None
    """Whose the label is."""


def standing(examination_id: UUID, *, by: Actor | None = None) -> dict[UUID, Standing]:
    """Return what every cell of an examination is called, replaced and uncounted ones too.

    Args:
        examination_id: which.
        by: for whom, where a person is to see it.

    Raises:
        Forbidden: this person reads the examination blind.
    """
    if by is not None:
        require_sighted(examination_id, by)
    return _called(FieldImage.examination == examination_id, of_record(), _DISPLAYED)


def blind(reading_id: UUID) -> dict[UUID, Standing]:
    """Return for every cell what a blind reader has called it in one reading.

    Raises:
        NotFound: no such reading.
    """
    examination_id = fetch(Reading, reading_id).__data__["examination"]
    shown = fn.EXISTS(
        CellDisplay.select(SQL("1")).where(
            CellDisplay.cell == Cell.id, CellDisplay.reading == reading_id
        )
    )
    return _called(FieldImage.examination == examination_id, of_reading(reading_id), shown)


def progress(examination_id: UUID) -> Progress:
    """Count how far the cells of one examination are."""
    return progress_of([examination_id])[examination_id]


def progress_of(examination_ids: Sequence[UUID]) -> dict[UUID, Progress]:
    """Count it for all examinations of a list, in one query; all of them are named."""
    label = fn.COALESCE(_last(_LAST.label, of_record()), "")
    rows: Any = (
        Cell.select(FieldImage.examination, label, _DISPLAYED, fn.COUNT(Cell.id))
        .join(FieldImage)
        .where(FieldImage.examination.in_(list(examination_ids)), Cell.counted == True)  # noqa: E712
        .group_by(SQL("1"), SQL("2"), SQL("3"))
        .tuples()
    )
    found: dict[UUID, list[tuple[str, bool, int]]] = {}
    for examination_id, label, displayed, count in rows:
        found.setdefault(examination_id, []).append((label, bool(displayed), count))
    return {key: _progress(found.get(key, [])) for key in examination_ids}


def last_calls(cell_ids: Sequence[UUID], domain: Any = None) -> dict[UUID, LastCall]:
    """Return what stands of some cells, to write the next decision about each.

    Args:
        cell_ids: which; what is no cell is left out.
        domain: which decisions count, `of_record` (as by default) or `of_reading`.
    """
    counts = of_record() if domain is None else domain
    label, reader = _last(_LAST.label, counts), _last(_LAST.reader, counts)
    columns = (Cell.id, FieldImage.examination, _last(_LAST.number), label, reader)
    found: dict[UUID, LastCall] = {}
    for start in range(0, len(cell_ids), _AT_ONCE):
        some = Cell.id.in_(cell_ids[start : start + _AT_ONCE])
        rows: Any = Cell.select(*columns).join(FieldImage).where(some).tuples()
        for cell_id, examination_id, number, name, reader_id in rows:
            whose = _READER.python_value(reader_id)
            found[cell_id] = LastCall(examination_id, number or 0, _label(name), whose)
    return found


def history(cell_id: UUID, *, by: Actor | None = None) -> list[Called]:
    """Return all decisions about a cell, oldest first; blind ones once their reading is submitted.

    Args:
        cell_id: which.
        by: for whom, where a person is to see it.

    Raises:
        NotFound: no such cell.
        Forbidden: this person reads the examination blind.
    """
    if by is not None:
        cell = fetch(Cell, cell_id)
        require_sighted(cell.field.__data__["examination"], by)
    apart = (Reading.kind == ReadingKind.SECOND) & (Reading.state != ReadingState.SUBMITTED)
    rows: Any = (
        CellDecision.select(
            *(CellDecision.number, CellDecision.label, User.full_name),
            *(CellDecision.created_at, CellDecision.how, Reading.kind),
        )
        .join(Reading)
        .switch(CellDecision)
        .join(User, on=CellDecision.reader == User.id)
        .where(CellDecision.cell == cell_id, ~apart)
        .order_by(CellDecision.number)
        .tuples()
    )
    return [
        Called(number, _label(label), name, at, DecisionWay(how), ReadingKind(kind))
        for number, label, name, at, how, kind in rows
    ]


def is_blind(examination_id: UUID, by: Actor) -> bool:
    """Say whether a person has begun a blind reading of an examination and not submitted it."""
    own = (Reading.examination == examination_id) & (Reading.reader == by.user_id)
    blind = (Reading.kind == ReadingKind.SECOND) & (Reading.state == ReadingState.OPEN)
    return bool(Reading.select().where(own, blind).exists())


def require_sighted(examination_id: UUID, by: Actor) -> None:
    """Refuse to show what others called the cells to somebody who reads them blind.

    Raises:
        Forbidden: this person does.
    """
    if is_blind(examination_id, by):
        raise Forbidden(
            "You are reading this examination blind, so what others called its cells is hidden.",
            advice="Submit your second reading first.",
        )


def of_record() -> Any:
    """Return the condition for decisions that enter the record, within `labels`."""
    return _LAST.blind == False  # noqa: E712


def of_reading(reading_id: UUID) -> Any:
    """Return the condition for decisions of one reading, within `labels`."""
    return _LAST.reading == reading_id


_READER: Any = CellDecision.reader
_AT_ONCE = 10_000  # SQLite takes 32,766 values in a statement
_LAST: Any = CellDecision.alias("last")
_DISPLAYED = fn.EXISTS(
    CellDisplay.select(SQL("1"))
    .join(Reading)
    .where(CellDisplay.cell == Cell.id, Reading.kind != ReadingKind.SECOND)
)


def _last(column: Any, domain: Any = None) -> Any:
    """Return a column of the last decision about a cell, as part of a query over cells."""
    of_cell = _LAST.select(column).where(_LAST.cell == Cell.id)
    if domain is not None:
        of_cell = of_cell.where(domain)
    return of_cell.order_by(_LAST.number.desc()).limit(1)


def _called(which: Any, domain: Any, displayed: Any) -> dict[UUID, Standing]:
    is_last = CellDecision.number == _last(_LAST.number, domain)
    rows: Any = (
        Cell.select(
            *(Cell.id, CellDecision.label, User.full_name),
            *(CellDecision.created_at, CellDecision.how, displayed),
        )
        .join(FieldImage)
        .switch(Cell)
        .join(CellDecision, JOIN.LEFT_OUTER, on=(CellDecision.cell == Cell.id) & is_last)
        .join(User, JOIN.LEFT_OUTER, on=CellDecision.reader == User.id)
        .where(which)
        .tuples()
    )
    return {
        cell_id: Standing(
            _label(label), name or "", at, DecisionWay(how) if how else None, bool(seen)
        )
        for cell_id, label, name, at, how, seen in rows
    }


def _label(stored: str | None) -> Label:
    return CellLabel(stored) if stored else ""


def _progress(counts: Sequence[tuple[str, bool, int]]) -> Progress:
    counts = [each for each in counts if each[0] != CellLabel.REPLACED]
    by_label: dict[CellLabel, int] = {}
    for label, _, count in counts:
        if label:
            by_label[CellLabel(label)] = by_label.get(CellLabel(label), 0) + count
    return Progress(
        counted=sum(count for _, _, count in counts),
        verified=sum(by_label.values()),
        displayed=sum(count for _, displayed, count in counts if displayed),
        by_label=by_label,
    )

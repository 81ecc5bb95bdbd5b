"""Where first and second reader agree about the cells of an examination, and where not.

The decisions of a cell are numbered in the order in which they were made, blind ones too: that
tells what came after what, whatever the clock was set to.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple
from uuid import UUID

from appliance.records.review_tables import CellDecision, Reading
from appliance.records.standing import Label, standing
from appliance.records.tables import Cell, FieldImage
from appliance.review_vocabulary import CellLabel, ReadingKind, ReadingState


@dataclass(frozen=True, slots=True)
class Pair:
    """What two readers called one cell, each without the other's call."""

    cell_id: UUID
    first: CellLabel
    second: CellLabel
    adjudicated: CellLabel | None = None
    """What a third decided of these two calls, None where nobody did."""
    changed: bool = False
    """Whether the first reader called it once more after the second had."""
    met: CellLabel | None = None
    """What the first reader had called it before the second did, when neither could know of the
    other's call; None where it was not called then. Agreement is counted of these."""

    @property
    def differs(self) -> bool:
        """Whether they call it differently as it stands."""
        return self.first != self.second

    @property
    def agreed(self) -> bool:
        """Whether they called it the same, each without the other's call."""
        return self.met == self.second


class _Call(NamedTuple):
    """One decision, with the reading it was made in."""

    cell_id: UUID
    number: int
    label: Label
    kind: str
    state: str


def agreement(examination_id: UUID) -> list[Pair]:
    """Compare what second readers called last with the first reader's calls.

    Only second readings that are submitted count. The first reader's own last call counts,
    whatever was reviewed since; of a cell that only the reviewer made or called, what the reviewer
    had called it before the second reader did. Cells of which one call is missing, and those that
    were merged or split since, are left out.
    """
    if not _called_blind(examination_id):
        return []
    pairs = [_pair([*calls]) for _, calls in groupby(_calls(examination_id), attrgetter("cell_id"))]
    return [pair for pair in pairs if pair is not None]


def blind(pairs: Iterable[Pair]) -> list[Pair]:
    """Return the pairs of which each call was made without the other: what agreement is of.

    A call that the first reader changed once the second's could be seen says nothing of that.
    """
    return [pair for pair in pairs if pair.met is not None]


def differing(examination_id: UUID) -> list[Pair]:
    """Return the pairs that differ, of cells that still count: what is to be adjudicated."""
    pairs = [pair for pair in agreement(examination_id) if pair.differs]
    record = standing(examination_id) if pairs else {}
    return [pair for pair in pairs if not record[pair.cell_id].replaced]


def due(examination_id: UUID, reader_id: UUID) -> list[UUID]:
    """Return the cells that a person calls in a second reading.

    All that count, but whoever has submitted a second reading of the examination before calls
    those that are new since.
    """
    known, counted = _called_blind(examination_id, reader_id), _counted(examination_id)
    return [key for key in counted if key not in known] or counted


def unread(examination_id: UUID) -> list[UUID]:
    """Return the cells that came since the examination was read a second time.

    Nothing where no second reading is submitted.
    """
    known = _called_blind(examination_id)
    return [key for key in _counted(examination_id) if key not in known] if known else []


def _counted(examination_id: UUID) -> list[UUID]:
    record = standing(examination_id)
    rows: Any = (
        Cell.select(Cell.id)
        .join(FieldImage)
        .where(FieldImage.examination == examination_id, Cell.counted == True)  # noqa: E712
        .order_by(FieldImage.number, Cell.number)
        .tuples()
    )
    return [key for (key,) in rows if not record[key].replaced]


def _called_blind(examination_id: UUID, reader_id: UUID | None = None) -> set[UUID]:
    """Return the cells that second readers, or one of them, have called and submitted."""
    done = (
        (Reading.examination == examination_id)
        & (Reading.kind == ReadingKind.SECOND)
        & (Reading.state == ReadingState.SUBMITTED)
    )
    if reader_id is not None:
        done &= Reading.reader == reader_id
    rows: Any = CellDecision.select(CellDecision.cell).join(Reading).where(done).distinct()
    return {key for (key,) in rows.tuples()}


def _calls(examination_id: UUID) -> Iterable[_Call]:
    """Return all decisions about the cells of an examination, cell by cell, oldest first."""
    rows: Any = (
        CellDecision.select(
            *(CellDecision.cell, CellDecision.number, CellDecision.label),
            *(Reading.kind, Reading.state),
        )
        .join(Reading)
        .switch(CellDecision)
        .join(Cell)
        .join(FieldImage)
        .where(FieldImage.examination == examination_id)
        .order_by(FieldImage.number, Cell.number, CellDecision.number)
        .tuples()
    )
    return [_Call(*row) for row in rows]


def _pair(calls: list[_Call]) -> Pair | None:
    """Compare what one cell was called; None where one of the two calls is missing."""
    second = _last(
        call
        for call in calls
        if call.kind == ReadingKind.SECOND and call.state == ReadingState.SUBMITTED
    )
    if second is None:
        return None
    before = [call for call in calls if call.number < second.number]
    reviewed = _last(call for call in before if call.kind == ReadingKind.REVIEW)
    first = _last(call for call in calls if call.kind == ReadingKind.FIRST) or reviewed
    if first is None or first.label == CellLabel.REPLACED:
        return None
    met = first if first in before else _last(c for c in before if c.kind == ReadingKind.FIRST)
    settles = max(first.number, second.number)
    third = _last(
        call for call in calls if call.kind == ReadingKind.ADJUDICATION and call.number > settles
    )
    return Pair(
        second.cell_id,
        CellLabel(first.label),
        CellLabel(second.label),
        CellLabel(third.label) if third else None,
        changed=first.number > second.number,
        met=CellLabel(met.label) if met and met.label != CellLabel.REPLACED else None,
    )


def _last(calls: Iterable[_Call]) -> _Call | None:
    """Return the last of them; None where there is none, or it was taken back."""
    last = None
    for call in calls:
        last = call
    return last if last is not None and last.label else None

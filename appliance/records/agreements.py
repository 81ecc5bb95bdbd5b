"""Where first and second reader agree about the cells of an examination, and where not."""

from dataclasses import dataclass
from typing import Any
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
    """What a third decided, None where nobody did."""

    @property
    def differs(self) -> bool:
        """Whether they called it differently."""
        return self.first != self.second


def agreement(examination_id: UUID) -> list[Pair]:
    """Compare the last submitted second reading with the first; nothing before it is submitted.

    The first reader's own last call counts, whatever was reviewed since; of a cell that only the
    reviewer made or called, the reviewer's. Cells of which one call is missing, and those that
    were merged or split since, are left out.
    """
    second = (
        Reading.select()
        .where(
            Reading.examination == examination_id,
            Reading.kind == ReadingKind.SECOND,
            Reading.state == ReadingState.SUBMITTED,
        )
        .order_by(Reading.submitted_at.desc())
        .first()
    )
    if second is None:
        return []
    return _pairs(_calls(examination_id), second.id, second.submitted_at)


def differing(examination_id: UUID) -> list[Pair]:
    """Return the pairs that differ, of cells that still count: what is to be adjudicated."""
    pairs = [pair for pair in agreement(examination_id) if pair.differs]
    record = standing(examination_id) if pairs else {}
    return [pair for pair in pairs if not record[pair.cell_id].replaced]


def _calls(examination_id: UUID) -> list[tuple[Any, ...]]:
    """Return all decisions about the cells of an examination, cell by cell, oldest first."""
    rows: Any = (
        CellDecision.select(
            *(CellDecision.cell, CellDecision.label, CellDecision.created_at),
            *(CellDecision.reading, Reading.kind),
        )
        .join(Reading)
        .switch(CellDecision)
        .join(Cell)
        .join(FieldImage)
        .where(FieldImage.examination == examination_id)
        .order_by(FieldImage.number, Cell.number, CellDecision.number)
        .tuples()
    )
    return list(rows)


def _pairs(calls: list[tuple[Any, ...]], second_id: UUID, submitted_at: Any) -> list[Pair]:
    first: dict[UUID, Label] = {}
    review: dict[UUID, Label] = {}
    second: dict[UUID, Label] = {}
    third: dict[UUID, Label] = {}
    for cell_id, label, at, reading_id, kind in calls:
        if kind == ReadingKind.FIRST:
            first[cell_id] = label
        elif kind == ReadingKind.REVIEW and at <= submitted_at:
            review[cell_id] = label
        elif kind == ReadingKind.ADJUDICATION and at >= submitted_at:
            third[cell_id] = label
        elif reading_id == second_id:
            second[cell_id] = label
    pairs = []
    for cell_id, other in second.items():
        own = first.get(cell_id) or review.get(cell_id)
        if own and other and own != CellLabel.REPLACED:
            settled = third.get(cell_id)
            adjudicated = CellLabel(settled) if settled else None
            pairs.append(Pair(cell_id, CellLabel(own), CellLabel(other), adjudicated))
    return pairs

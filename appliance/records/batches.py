"""Names what a reader would take back next, so that a button can say it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from peewee import fn

from appliance.errors import Conflict
from appliance.records.decisions import batches_to_undo, taken_back
from appliance.records.review_tables import CellDecision, Reading
from appliance.records.revisions import fetch
from appliance.review_vocabulary import CellLabel, DecisionWay


@dataclass(frozen=True, slots=True)
class Batch:
    """What was decided together and is not taken back yet."""

    how: DecisionWay
    labels: Mapping[str, int]
    """How many cells were called what in it; of an edit, the parts are REPLACED."""

    @property
    def count(self) -> int:
        """Cells in it."""
        return sum(self.labels.values())

    @property
    def parts(self) -> int:
        """Of an edit: cells that others stand for since."""
        return self.labels.get(CellLabel.REPLACED, 0)


def next_to_undo(reading_id: UUID) -> Batch | None:
    """Return what `decisions.undo` would take back; None where there is nothing.

    Raises:
        NotFound: no such reading.
    """
    row = fetch(Reading, reading_id)
    for batch in batches_to_undo(reading_id):
        try:
            if taken_back(row, batch):
                return _described(batch)
        except Conflict:
            return None  # somebody else went on from the edit
    return None


def _described(batch: UUID) -> Batch:
    rows: Any = (
        CellDecision.select(CellDecision.label, CellDecision.how, fn.COUNT(CellDecision.id))
        .where(CellDecision.batch == batch)
        .group_by(CellDecision.label, CellDecision.how)
        .tuples()
    )
    found = list(rows)
    return Batch(DecisionWay(found[0][1]), {label: count for label, _, count in found})

"""Cells as statistics take them: what the model suggested, what readers made of it.

Read only. Whose cells they are stands in `scorecard`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from peewee import fn

from appliance.records.database import proxy
from appliance.records.review_tables import CellDecision, Reading
from appliance.records.scorecard import Case, Picture, in_batches, with_cases
from appliance.records.tables import Cell
from appliance.review_vocabulary import CellLabel, ReadingKind, ReadingState


@dataclass(frozen=True, slots=True)
class SeenCell:
    """One counted cell of a picture."""

    picture: Picture
    suggestion: str
    """Of the model; empty for a cell that a person added."""
    probability: float
    """Of a blast; NaN without a suggestion."""
    label: str
    """What readers call it, empty as long as nobody did."""


@dataclass(frozen=True, slots=True)
class BlindPair:
    """One cell that a second reader called without knowing what the first did."""

    patient: UUID
    suggestion: str
    first: str
    second: str


_DONE_BLIND = (Reading.kind == ReadingKind.SECOND) & (Reading.state == ReadingState.SUBMITTED)


def cells_of(pictures: Sequence[Picture]) -> Iterator[SeenCell]:
    """Give the counted cells of images, with what stands of their readings."""
    by_key = {picture.key: picture for picture in pictures}
    decision = CellDecision.alias()
    standing = (
        decision.select(decision.label)
        .where(decision.cell == Cell.id, decision.blind == False)  # noqa: E712
        .order_by(decision.number.desc())
        .limit(1)
    )
    for keys in in_batches(list(by_key)):
        rows = proxy.execute(
            Cell.select(Cell.field, Cell.suggestion, Cell.blast_probability, standing).where(
                Cell.field.in_([UUID(key) for key in keys]),
                Cell.counted == True,  # noqa: E712
            )
        )
        for key, suggestion, probability, label in rows:
            if label != CellLabel.REPLACED:
                known = float("nan") if probability is None else float(probability)
                yield SeenCell(by_key[key], suggestion or "", known, label or "")


def blind_pairs(cases: Sequence[Case]) -> list[BlindPair]:
    """Give the cells that a second reader has called, beside what the first reader called them."""
    last = fn.ROW_NUMBER().over(
        partition_by=[CellDecision.cell, CellDecision.blind],
        order_by=[CellDecision.number.desc()],
    )

    def decisions(ids: Sequence[UUID]) -> Any:
        return (
            CellDecision.select(
                Reading.examination, CellDecision.cell, Reading.kind, CellDecision.label,
                Cell.suggestion, last,
            )
            .join(Reading)
            .switch(CellDecision)
            .join(Cell)
            .where(
                Reading.examination.in_(_read_twice(ids)),
                (Reading.kind == ReadingKind.FIRST) | _DONE_BLIND,
                Cell.counted == True,  # noqa: E712
            )
        )  # fmt: skip

    calls: dict[str, dict[str, str]] = {}
    about: dict[str, tuple[UUID, str]] = {}
    for (_, cell, kind, label, suggestion, place), case in with_cases(cases, decisions):
        if place == 1:
            calls.setdefault(cell, {})[kind] = label
            about[cell] = case.patient, suggestion or ""
    return [
        BlindPair(*about[cell], of[ReadingKind.FIRST], of[ReadingKind.SECOND])
        for cell, of in calls.items()
        if of.get(ReadingKind.FIRST) and of.get(ReadingKind.SECOND)
    ]


def _read_twice(ids: Sequence[UUID]) -> list[UUID]:
    rows = Reading.select(Reading.examination).where(
        Reading.examination.in_(list(ids)),
        _DONE_BLIND,
    )
    return [row.__data__["examination"] for row in rows]

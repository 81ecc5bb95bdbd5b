"""Cells as statistics take them: what the model suggested, what readers made of it.

Read only. Whose cells they are stands in `scorecard`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

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
    """One cell that two readers called, each without knowing what the other did."""

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
    """Give the cells that a second reader has called, beside what the first had called them then.

    What the first reader changed afterwards is left out: the second's call could be seen by then.
    """

    def decisions(ids: Sequence[UUID]) -> Any:
        return (
            CellDecision.select(
                Reading.examination, CellDecision.cell, Reading.kind, CellDecision.label,
                Cell.suggestion, CellDecision.number,
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

    calls: dict[str, list[tuple[int, str, str]]] = {}
    about: dict[str, tuple[UUID, str]] = {}
    for (_, cell, kind, label, suggestion, number), case in with_cases(cases, decisions):
        calls.setdefault(cell, []).append((number, kind, label))
        about[cell] = case.patient, suggestion or ""
    found = ((about[cell], _called_blind(made)) for cell, made in calls.items())
    return [BlindPair(*whose, *both) for whose, both in found if all(both)]


def _called_blind(made: Iterable[tuple[int, str, str]]) -> tuple[str, str]:
    """Return what the first reader had called a cell when the second called it, and the second."""
    first = called = second = ""
    for _, kind, label in sorted(made):
        if kind == ReadingKind.FIRST:
            called = label
        else:
            first, second = called, label
    return first, second


def _read_twice(ids: Sequence[UUID]) -> list[UUID]:
    rows = Reading.select(Reading.examination).where(
        Reading.examination.in_(list(ids)),
        _DONE_BLIND,
    )
    return [row.__data__["examination"] for row in rows]

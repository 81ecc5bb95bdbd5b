"""What readers see and call: displays and decisions, each with who and when, none ever changed.

A decision stands until a later one; the network's suggestion stays beside it untouched. What was
decided together is one batch, and is taken back together.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID, uuid5

from peewee import chunked
from uuid_utils.compat import uuid7

from appliance.errors import Conflict, InvalidInput, NotFound
from appliance.records.agreements import differing
from appliance.records.database import transaction
from appliance.records.readings import require_mine
from appliance.records.review_tables import CellDecision, CellDisplay, Reading
from appliance.records.revisions import renew
from appliance.records.standing import (
    Called,
    Label,
    LastCall,
    Progress,
    Standing,
    blind,
    history,
    last_calls,
    of_reading,
    progress,
    progress_of,
    standing,
)
from appliance.records.tables import Cell
from appliance.review_vocabulary import CellLabel, CellOrigin, DecisionWay, ReadingKind
from appliance.vocabulary import Actor, how_many

__all__ = [
    "Called",
    "Decided",
    "Label",
    "Progress",
    "Standing",
    "batches_to_undo",
    "blind",
    "decide",
    "decide_each",
    "history",
    "progress",
    "progress_of",
    "require_callable",
    "showed",
    "standing",
    "taken_back",
    "undo",
    "write",
]

LONGEST_DISPLAY_MS = 3_600_000
"""Longer displays are kept as an hour: somebody left the screen on."""
_OF_THESE = "of these cells was", "of these cells were"
_ROWS_AT_ONCE = 1000  # 10 columns each; SQLite takes 32,766 values in a statement


@dataclass(frozen=True, slots=True)
class Decided:
    """What a batch of decisions did."""

    batch: UUID
    before: Mapping[UUID, Label]
    """What each cell was called; empty where nobody had called it."""
    after: Mapping[UUID, Label]
    """What each is called now."""
    changed: int
    """For so many cells a decision was written; the others were called so by this reader."""


def showed(reading_id: UUID, shown: Mapping[UUID, int], by: Actor) -> int:
    """Keep which cells were on a reader's screen, and for how long; the first time counts.

    Args:
        reading_id: the person's own, open.
        shown: milliseconds by cell.
        by: its reader.

    Returns:
        For how many cells it was new.

    Raises:
        NotFound: no such reading, or a cell that is not of its examination.
        Forbidden: it is somebody else's.
        Conflict: it is at its end.
    """
    with transaction():
        row = require_mine(reading_id, by)
        _require_of(row, last_calls([*shown]), shown)
        return _keep_shown(row, shown, by)


def decide(
    reading_id: UUID,
    cell_ids: Iterable[UUID],
    label: CellLabel,
    by: Actor,
    how: DecisionWay = DecisionWay.ONE,
    *,
    shown: Mapping[UUID, int] | None = None,
    display_ms: int = 0,
) -> Decided:
    """Call one or several cells, in one batch.

    Args:
        reading_id: the person's own, open.
        cell_ids: of its examination; of an adjudication, those called differently.
        label: any but REPLACED.
        by: the reader.
        how: ONE, SEVERAL or SCREEN.
        shown: milliseconds for which cells have been on the screen until now; kept as `showed`
            does, in the same transaction.
        display_ms: with SCREEN, every cell must have been shown so long.

    Raises:
        NotFound: no such reading, or a cell that is not of its examination.
        Forbidden: the reading is somebody else's.
        Conflict: the reading is at its end, a cell was merged or split, or was not shown.
        InvalidInput: the label cannot be given.
    """
    labels = dict.fromkeys(cell_ids, label)
    return decide_each(reading_id, labels, by, how, shown=shown, display_ms=display_ms)


def decide_each(
    reading_id: UUID,
    labels: Mapping[UUID, CellLabel],
    by: Actor,
    how: DecisionWay = DecisionWay.SEVERAL,
    *,
    shown: Mapping[UUID, int] | None = None,
    display_ms: int = 0,
) -> Decided:
    """Call each cell what is named for it, all in one batch; else as `decide`."""
    ids, seen = list(labels), dict(shown or {})
    if not {*labels.values()} <= {*CellLabel} - {CellLabel.REPLACED}:
        raise InvalidInput({"label": "Choose what the cells are called from the list."})
    if how in (DecisionWay.UNDO, DecisionWay.EDIT):
        raise InvalidInput({"how": "Cells are called one by one, several at once or by screen."})
    with transaction():
        row = require_mine(reading_id, by)
        last = _last_of(row, ids, seen)
        _keep_shown(row, seen, by)
        if how == DecisionWay.SCREEN:
            _require_shown(row, ids, seen, display_ms)
        calls: dict[UUID, Label] = {
            key: label
            for key, label in labels.items()
            if (last[key].label, last[key].reader_id) != (label, by.user_id)
        }
        batch = uuid7()
        if calls:
            write(row, calls, last, batch, how, by)
    before = {key: last[key].label for key in ids}
    return Decided(batch, before, dict(labels), len(calls))


def undo(reading_id: UUID, by: Actor) -> Decided | None:
    """Take back the person's last batch in a reading that is not taken back yet.

    Cells that somebody else has called since keep that. An edit is taken back as a whole: cells
    made by it no longer count, those they were made from do again.

    Returns:
        What it did; None where nothing is left to take back.

    Raises:
        NotFound: no such reading.
        Forbidden: it is somebody else's.
        Conflict: it is at its end, or somebody else went on from the edit.
    """
    with transaction():
        row = require_mine(reading_id, by)
        for batch in batches_to_undo(reading_id):
            calls = taken_back(row, batch)
            if calls:
                last = last_calls([*calls], _domain(row))
                undoing = _undoing(batch)
                write(row, calls, last, undoing, DecisionWay.UNDO, by)
                before = {key: last[key].label for key in calls}
                return Decided(undoing, before, calls, len(calls))
    return None


def write(
    row: Reading,
    calls: Mapping[UUID, Label],
    last: Mapping[UUID, LastCall],
    batch: UUID,
    how: DecisionWay,
    by: Actor,
    action: str = "",
) -> None:
    """Write the decisions of one batch, with the reading's next revision.

    For the sibling modules, within their transactions.

    Args:
        row: the reading, which `require_mine` gave.
        calls: labels by cell.
        last: of each cell; one that is not named has no decision yet.
        batch: new.
        how: in which way.
        by: the reader.
        action: for the audit event; by default cell:decide or cell:undo.
    """
    decisions = [
        {
            "reading": row.id,
            "cell": cell_id,
            "reader": by.user_id,
            "number": last[cell_id].number + 1 if cell_id in last else 1,
            "blind": row.kind == ReadingKind.SECOND,
            "label": label,
            "batch": batch,
            "how": how,
        }
        for cell_id, label in calls.items()
    ]
    for some in chunked(decisions, _ROWS_AT_ONCE):
        CellDecision.insert_many(some).execute()
    action = action or ("cell:undo" if how == DecisionWay.UNDO else "cell:decide")
    details = {
        "examination": str(row.__data__["examination"]),
        "batch": str(batch),
        "count": len(calls),
    }
    renew(row, action, by=by, details=details)


def require_callable(row: Reading, last: Mapping[UUID, LastCall], ids: Collection[UUID]) -> None:
    """Refuse cells that are not of the examination of a reading, or that no longer count.

    Raises:
        NotFound: one is not of it.
        Conflict: one was merged or split.
    """
    _require_of(row, last, ids)
    gone = sum(last[key].label == CellLabel.REPLACED for key in ids)
    if gone:
        raise Conflict(
            f"{how_many(gone, *_OF_THESE)} merged or split in the meantime.",
            advice="Reload the page and call the new cells.",
        )


def _domain(row: Reading) -> Any:
    """Return which decisions a reading goes on from: a blind one from its own only."""
    return of_reading(row.id) if row.kind == ReadingKind.SECOND else None


def _last_of(row: Reading, ids: Collection[UUID], seen: Collection[UUID]) -> dict[UUID, LastCall]:
    """Return what stands of the cells to be called, if they may be called in this reading."""
    record = last_calls([*{*ids, *seen}])
    _require_of(row, record, seen)
    require_callable(row, record, ids)
    if row.kind == ReadingKind.ADJUDICATION:
        allowed = {pair.cell_id for pair in differing(row.__data__["examination"])}
        if not allowed.issuperset(ids):
            raise Conflict(
                "An adjudication decides only about cells that the readers call differently.",
                advice="Choose among the cells on the page.",
            )
    domain = _domain(row)
    return record if domain is None else last_calls([*ids], domain)


def _require_of(row: Reading, found: Mapping[UUID, LastCall], ids: Iterable[UUID]) -> None:
    examination_id = row.__data__["examination"]
    for key in ids:
        if key not in found or found[key].examination_id != examination_id:
            raise NotFound(
                "One of these cells is not of this examination.",
                advice="Reload the page and choose the cells again.",
            )


def _keep_shown(row: Reading, shown: Mapping[UUID, int], by: Actor) -> int:
    known = _shown_ms(row) if shown else {}
    displays = [
        {
            "reading": row.id,
            "cell": cell_id,
            "reader": by.user_id,
            "milliseconds": min(max(int(milliseconds), 0), LONGEST_DISPLAY_MS),
        }
        for cell_id, milliseconds in shown.items()
        if cell_id not in known
    ]
    for some in chunked(displays, _ROWS_AT_ONCE):
        CellDisplay.insert_many(some).execute()
    return len(displays)


def _shown_ms(row: Reading) -> dict[UUID, int]:
    rows: Any = CellDisplay.select(CellDisplay.cell, CellDisplay.milliseconds)
    return dict(rows.where(CellDisplay.reading == row.id).tuples())


def _require_shown(
    row: Reading, ids: Collection[UUID], seen: Mapping[UUID, int], display_ms: int
) -> None:
    kept = _shown_ms(row)
    short = sum(key not in kept or max(kept[key], seen.get(key, 0)) < display_ms for key in ids)
    if short:
        raise Conflict(
            f"{how_many(short, *_OF_THESE)} not on the screen for {display_ms / 1000:g} s yet.",
            advice="Look at them, then try again, or call them one by one.",
        )


def batches_to_undo(reading_id: UUID) -> list[UUID]:
    """Return the batches of a reading that are not taken back, the last one first."""
    rows: Any = (
        CellDecision.select(CellDecision.batch, CellDecision.how)
        .where(CellDecision.reading == reading_id)
        .distinct()
        .order_by(CellDecision.batch.desc())
        .tuples()
    )
    batches = list(rows)
    undone = {batch for batch, how in batches if how == DecisionWay.UNDO}
    return [
        batch for batch, how in batches if how != DecisionWay.UNDO and _undoing(batch) not in undone
    ]


def _undoing(batch: UUID) -> UUID:
    """Return the id of the batch that takes another back: it names it, and comes but once."""
    return uuid5(batch, "undo")


def taken_back(row: Reading, batch: UUID) -> dict[UUID, Label]:
    """Return what the cells of a batch were called before it, unless somebody went on from it."""
    in_batch = CellDecision.select(CellDecision.cell).where(CellDecision.batch == batch)
    is_blind = CellDecision.blind == (row.kind == ReadingKind.SECOND)
    rows: Any = (
        CellDecision.select(
            *(CellDecision.cell, CellDecision.label, CellDecision.batch),
            *(CellDecision.how, CellDecision.reading, Cell.origin),
        )
        .join(Cell)
        .where(CellDecision.cell.in_(in_batch), is_blind)
        .order_by(CellDecision.cell, CellDecision.number)
        .tuples()
    )
    calls: dict[UUID, Label] = {}
    for cell_id, of_cell in groupby(rows, key=itemgetter(0)):
        decisions = [
            each for each in of_cell if row.kind != ReadingKind.SECOND or each[4] == row.id
        ]
        at = next(index for index, each in enumerate(decisions) if each[2] == batch)
        edited = decisions[at][3] == DecisionWay.EDIT
        if any(each[4] != row.id for each in decisions[at + 1 :]):
            if edited:
                raise Conflict(
                    "Somebody else has called these cells since they were added, merged or split.",
                    advice="Merge or split them again instead of taking it back.",
                )
            continue
        calls[cell_id] = _label_before(decisions, at, edited)
    return calls


def _label_before(decisions: list[tuple[Any, ...]], at: int, edited: bool) -> Label:
    if at > 0:
        label = decisions[at - 1][1]
        return CellLabel(label) if label else ""
    made = edited and decisions[at][5] != CellOrigin.FOUND
    return CellLabel.REPLACED if made else ""

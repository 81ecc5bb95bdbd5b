"""The cells of a reading as its page lays them out: groups, pages, what is left, what to undo.

What the reader must not see is taken off the cells here, before any template has them.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final
from uuid import UUID

from flask import url_for

from appliance.records import agreements, cells, decisions, fields
from appliance.records.agreements import Pair
from appliance.records.batches import Batch, next_to_undo
from appliance.records.decisions import Standing
from appliance.records.tables import Cell, Examination, FieldImage
from appliance.review_vocabulary import DecisionWay, ReadingKind
from appliance.vocabulary import Actor, Suggestion, how_many
from webui import cellviews, opened, shapes
from webui.cellviews import LABELS, OPEN, CellView

TODO: Final = "todo"
"""The chip of what is left."""
ORDER: Final = (OPEN, *cellviews.CALLS)
"""Groups as they stand on the page."""
PAGE: Final = 120
"""Cells on a page."""
_SIGHTED = (ReadingKind.FIRST, ReadingKind.REVIEW)
_VERIFIABLE = (Suggestion.BLAST, Suggestion.NORMAL)


@dataclass(frozen=True)
class Board:
    """The counted cells of one reading, sorted for its page."""

    reading_id: UUID
    kind: ReadingKind
    examination: Examination
    rows: Sequence[FieldImage]
    views: Sequence[CellView]
    pairs: Mapping[UUID, Pair] = field(default_factory=dict)
    """Of an adjudication: what the two readers called each cell."""
    rest: bool = False
    """Of a second reading: only cells that came since this person read all of them."""

    @property
    def sighted(self) -> bool:
        """Whether suggestions and the calls of others are shown."""
        return self.kind in _SIGHTED

    @cached_property
    def counts(self) -> dict[str, int]:
        """Cells of each group, the empty ones too."""
        found = Counter(view.group for view in self.views)
        return {group: found[group] for group in ORDER}

    @cached_property
    def todo(self) -> list[CellView]:
        """What keeps the reading from being submitted: not called, or never on the screen."""
        return [view for view in self.views if self.is_todo(view)]

    def is_todo(self, view: CellView) -> bool:
        """Say whether a cell is still to be called or to be seen."""
        return not view.verified or (self.sighted and not view.standing.displayed)

    def is_verifiable(self, view: CellView) -> bool:
        """Say whether a cell may be verified with the rest of its screen.

        Where the network is unsure, or knows nothing like it, a person calls it by itself.
        """
        return self.sighted and not view.verified and view.row.suggestion in _VERIFIABLE

    def in_group(self, group: str) -> list[CellView]:
        """Return the cells of a chip; all where there is no such chip."""
        if group == TODO:
            return self.todo
        if group in ORDER:
            return [view for view in self.views if view.group == group]
        return list(self.views)

    def after(self, cell_id: UUID | None) -> CellView | None:
        """Return the next cell that is left, from the top again after the last one."""
        order = [view.row.id for view in self.views]
        start = order.index(cell_id) + 1 if cell_id in order else 0
        turned = [*self.views[start:], *self.views[:start]]
        return next((view for view in turned if self.is_todo(view)), None)

    def page_of(self, view: CellView) -> int:
        """Return the page of the whole board that shows a cell, from 1."""
        return [each.row.id for each in self.views].index(view.row.id) // PAGE + 1

    def view(self, cell_id: UUID) -> CellView | None:
        """Return one of its cells."""
        return next((view for view in self.views if view.row.id == cell_id), None)

    def spoken(self, view: CellView) -> str:
        """Say what a screen reader says of a tile: nothing more than the eye may see."""
        if self.sighted:
            return f"{view.spoken}{'' if view.verified else ', not verified'}"
        called = f"called {view.label}" if view.verified else "not called"
        return f"Cell {view.number} of field {view.field.number}: {called}"

    def address(self, **query: Any) -> str:
        """Return the address of its page."""
        given = {name: value for name, value in query.items() if value}
        if self.sighted:
            return url_for("reading.show", examination_id=self.examination.id, **given)
        return url_for("reading.show_reading", reading_id=self.reading_id, **given)

    def state(self) -> dict[str, Any]:
        """Say how far the reading is, for the page's head and foot."""
        verified = [view for view in self.views if view.verified]
        tally = shapes.tally(cellviews.current(verified))
        share, interval = tally.blast_fraction, tally.interval95
        return {
            "total": len(self.views),
            "verified": len(verified),
            "todo": len(self.todo),
            "counts": self.counts,
            "fraction": "" if share is None else f"{share * 100:.1f} %",
            "interval": "" if interval is None else _percents(interval),
            "undo": undo_words(next_to_undo(self.reading_id)),
            "submit": self.submit_words,
        }

    @property
    def submit_words(self) -> str:
        """What the main button says when nothing is left; empty for a review, which is signed."""
        if self.kind == ReadingKind.REVIEW:
            return ""
        what = "decision" if self.kind == ReadingKind.ADJUDICATION else "cell"
        return f"Submit {how_many(len(self.views), what)}"


def board_of(row: Any, by: Actor) -> Board:
    """Lay out an open reading for its reader.

    Raises:
        Forbidden: the person reads the examination blind in another reading.
    """
    kind, examination_id = ReadingKind(row.kind), row.__data__["examination"]
    images = fields.of_examination(examination_id)
    places = cells.places_in(examination_id)
    record = decisions.standing(examination_id, by=by if kind in _SIGHTED else None)
    called = record if kind in _SIGHTED else decisions.blind(row.id)
    if kind not in _SIGHTED:
        places = [_bare(cell) for cell in places]
    pairs: dict[UUID, Pair] = {}
    views = counted = [
        view
        for view in cellviews.views_in(images, places, called)
        if view.row.counted and not record[view.row.id].replaced
    ]
    if kind == ReadingKind.ADJUDICATION:
        pairs = _to_settle(examination_id, called)
        views = [view for view in counted if view.row.id in pairs]
    elif kind == ReadingKind.SECOND:
        due = {*agreements.due(examination_id, row.__data__["reader"])}
        views = [view for view in counted if view.row.id in due]
    examination, rest = opened.examination_again(examination_id), len(views) < len(counted)
    views = sorted(views, key=_place)
    return Board(row.id, kind, examination, images, views, pairs, rest=rest)


def _to_settle(examination_id: UUID, called: Mapping[UUID, Standing]) -> dict[UUID, Pair]:
    """Return what an adjudication decides, or has decided; not what an earlier one has settled."""
    return {
        pair.cell_id: pair
        for pair in agreements.differing(examination_id)
        if not pair.adjudicated or called[pair.cell_id].label
    }


def undo_words(batch: Batch | None) -> str:
    """Name what undo takes back: "6 cells to Blast"; empty where there is nothing."""
    if batch is None:
        return ""
    if batch.how == DecisionWay.EDIT:
        return _edit_words(batch)
    if len(batch.labels) > 1:
        return f"{how_many(batch.count, 'cell')} verified"
    (label,) = batch.labels
    return f"{how_many(batch.count, 'cell')} to {LABELS.get(label, label)}"


def _edit_words(batch: Batch) -> str:
    if not batch.parts:
        return "the added cell"
    return "the split" if batch.parts == 1 else f"the merge of {batch.parts} cells"


def _place(view: CellView) -> tuple[int, bool, float, int, int]:
    likely = -(view.row.blast_probability or 0.0)
    return ORDER.index(view.group), view.verified, likely, view.field.number, view.number


def _bare(cell: Cell) -> Cell:
    """Take off what the network says; the row is not written back."""
    cell.suggestion, cell.blast_probability, cell.outside_training_range = None, None, False
    return cell


def _percents(interval: Sequence[float]) -> str:
    low, high = (round(edge * 100) for edge in interval)
    return f"{low}\N{EN DASH}{high}"

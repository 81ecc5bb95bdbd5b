"""What would be taken back next is named, as long as there is something."""

import pytest

from appliance.records import decisions, edits, readings
from appliance.records.batches import Batch, next_to_undo
from appliance.review_vocabulary import CellLabel, DecisionWay, ReadingKind

BLAST, NORMAL = CellLabel.BLAST, CellLabel.NORMAL


@pytest.fixture
def cells(read):
    return read(blast=2, normal=1)


@pytest.fixture
def first(examination, cells, by):
    return readings.take(examination.id, ReadingKind.FIRST, by)


def test_each_batch_is_named_as_it_comes_to_the_top(first, cells, by):
    assert next_to_undo(first.id) is None
    decisions.decide(first.id, [cells[0].id], BLAST, by)
    decisions.decide_each(first.id, {cells[1].id: BLAST, cells[2].id: NORMAL}, by)
    assert next_to_undo(first.id) == Batch(DecisionWay.SEVERAL, {BLAST: 1, NORMAL: 1})
    decisions.undo(first.id, by)
    assert next_to_undo(first.id) == Batch(DecisionWay.ONE, {BLAST: 1})
    decisions.undo(first.id, by)
    assert next_to_undo(first.id) is None


def test_cells_called_differently_in_one_batch_are_taken_back_together(
    examination, first, cells, by
):
    decisions.decide_each(first.id, {cells[1].id: BLAST, cells[2].id: NORMAL}, by)
    decisions.undo(first.id, by)
    assert decisions.progress(examination.id).verified == 0


def test_an_edit_says_how_many_cells_went_into_it(first, cells, by):
    edits.merge(first.id, [cells[0].id, cells[1].id], BLAST, by)
    batch = next_to_undo(first.id)
    assert batch is not None
    assert (batch.how, batch.count, batch.parts) == (DecisionWay.EDIT, 3, 2)


def test_what_somebody_else_went_on_from_is_not_offered(first, cells, by, third):
    decisions.decide(first.id, [cells[0].id], BLAST, by)
    theirs = readings.take(first.__data__["examination"], ReadingKind.FIRST, third)
    decisions.decide(theirs.id, [cells[0].id], NORMAL, third)
    assert next_to_undo(first.id) is None

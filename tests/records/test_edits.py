"""Cells are added, merged and split without anything that was found being lost."""

import numpy as np
import pytest

from appliance.errors import Conflict, Forbidden, InvalidInput, NotFound
from appliance.records import audit, decisions, edits, examinations, fields, readings
from appliance.records.tables import Cell
from appliance.review_vocabulary import CellLabel, CellOrigin, ReadingKind
from appliance.vocabulary import Box

BLAST, NORMAL, REPLACED = CellLabel.BLAST, CellLabel.NORMAL, CellLabel.REPLACED
MISSED = Box(30, 20, 12, 14)


@pytest.fixture
def cells(read) -> list[Cell]:
    """A cell at the edge, and two that are counted."""
    return read(blast=2, cut=1)


@pytest.fixture
def first(examination, cells, by):
    """Olga's first reading."""
    return readings.take(examination.id, ReadingKind.FIRST, by)


def called(examination) -> list[str]:
    standing = decisions.standing(examination.id)
    return [standing[cell.id].label for cell in fields.cells_of_examination(examination.id)]


def test_a_missed_cell_is_added_after_the_last(examination, field, cells, first, by):
    nucleus = np.array([[32, 22], [40, 22], [36, 30]], np.int32)
    cell = edits.add(first.id, field.id, MISSED, nucleus, BLAST, by)
    kept = Cell.get_by_id(cell.id)
    assert (kept.number, kept.origin, kept.counted) == (4, CellOrigin.ADDED, True)
    assert (kept.suggestion, kept.blast_probability, kept.made_by.full_name) == (
        (None, None, by.name)
    )
    assert (kept.nucleus, kept.nucleus_area_px) == (nucleus.tolist(), 32.0)
    assert called(examination) == ["", "", "", BLAST]
    assert decisions.progress(examination.id).counted == 3
    assert next(iter(audit.recent(1))).action == "cell:add"


def test_an_added_cell_may_be_called_later(examination, field, first, by):
    cell = edits.add(first.id, field.id, MISSED, None, None, by)
    assert decisions.progress(examination.id).verified == 0
    decisions.decide(first.id, [cell.id], NORMAL, by)
    assert called(examination)[-1] == NORMAL


def test_an_added_cell_at_the_edge_is_not_counted(field, first, by):
    assert not edits.add(first.id, field.id, Box(50, 20, 14, 10), None, BLAST, by).counted


@pytest.mark.parametrize("box", [Box(60, 20, 5, 5), Box(-1, 2, 9, 9), Box(3, 3, 0, 4)])
def test_a_cell_outside_the_image_is_refused(field, first, by, box: Box):
    with pytest.raises(InvalidInput, match="within the image"):
        edits.add(first.id, field.id, box, None, BLAST, by)


def test_merged_cells_count_as_one(examination, cells, first, by):
    decisions.decide(first.id, [cells[1].id], NORMAL, by)
    merged = edits.merge(first.id, [cells[1].id, cells[2].id], BLAST, by)
    assert (merged.x, merged.y, merged.width, merged.height) == (1, 1, 21, 22)
    assert merged.replaces == [str(cells[1].id), str(cells[2].id)]
    assert called(examination) == ["", REPLACED, REPLACED, BLAST]
    assert decisions.progress(examination.id).by_label == {BLAST: 1}
    assert decisions.progress(examination.id).counted == 1


def test_a_split_cell_counts_as_its_parts_which_are_called_anew(examination, cells, first, by):
    decisions.decide(first.id, [cells[1].id], BLAST, by)
    parts = edits.split(first.id, cells[1].id, [Box(2, 2, 9, 9), Box(12, 2, 9, 9)], by)
    assert [part.number for part in parts] == [4, 5]
    assert called(examination) == ["", REPLACED, "", "", ""]
    assert decisions.progress(examination.id).counted == 3


def test_every_edit_is_taken_back_as_a_whole(examination, field, cells, first, by):
    decisions.decide(first.id, [cells[1].id], NORMAL, by)
    edits.add(first.id, field.id, MISSED, None, BLAST, by)
    merged = edits.merge(first.id, [cells[1].id, cells[2].id], BLAST, by)
    edits.split(first.id, merged.id, [Box(2, 2, 9, 9), Box(12, 2, 9, 9)], by)
    expected = [
        ["", REPLACED, REPLACED, BLAST, BLAST, REPLACED, REPLACED],
        ["", NORMAL, "", BLAST, REPLACED, REPLACED, REPLACED],
        ["", NORMAL, "", REPLACED, REPLACED, REPLACED, REPLACED],
        ["", "", "", REPLACED, REPLACED, REPLACED, REPLACED],
    ]
    for labels in expected:
        decisions.undo(first.id, by)
        assert called(examination) == labels
    assert decisions.undo(first.id, by) is None
    assert decisions.progress(examination.id).counted == 2


def test_what_was_merged_is_not_called_merged_or_split_again(cells, first, by):
    ids = [cells[1].id, cells[2].id]
    edits.merge(first.id, ids, BLAST, by)
    for step in (
        lambda: decisions.decide(first.id, ids[:1], BLAST, by),
        lambda: edits.merge(first.id, ids, BLAST, by),
        lambda: edits.split(first.id, ids[0], [Box(2, 2, 9, 9), Box(12, 2, 9, 9)], by),
    ):
        with pytest.raises(Conflict, match="merged or split in the meantime"):
            step()


def test_an_edit_that_somebody_went_on_from_is_not_taken_back(examination, cells, first, by, third):
    merged = edits.merge(first.id, [cells[1].id, cells[2].id], BLAST, by)
    other = readings.take(examination.id, ReadingKind.FIRST, third)
    decisions.decide(other.id, [merged.id], NORMAL, third)
    with pytest.raises(Conflict, match="Somebody else has called these cells"):
        decisions.undo(first.id, by)
    assert called(examination) == ["", REPLACED, REPLACED, NORMAL]


def test_a_merge_takes_two_cells_of_one_image(
    examination, cells, first, image, sharp, analysis, by
):
    fields.add(examination.id, image(1), "b.png", 1, sharp, by)
    fields.finish(fields.claim_oldest("w"), analysis(blast=1), card={}, by="w")
    elsewhere = fields.cells_of_examination(examination.id)[-1]
    for ids in ([cells[1].id], [cells[1].id, cells[1].id], [cells[1].id, elsewhere.id]):
        with pytest.raises(InvalidInput):
            edits.merge(first.id, ids, BLAST, by)
    with pytest.raises(InvalidInput):
        edits.split(first.id, cells[1].id, [Box(2, 2, 9, 9)], by)
    with pytest.raises(InvalidInput):
        edits.merge(first.id, [cells[1].id, cells[2].id], REPLACED, by)


def test_an_image_of_another_examination_takes_no_cell(patient, field, first, by):
    other = examinations.create(patient.id, {"specimen": "bone-marrow", "stain": "giemsa"}, by)
    reading = readings.take(other.id, ReadingKind.FIRST, by)
    with pytest.raises(NotFound):
        edits.add(reading.id, field.id, MISSED, None, BLAST, by)


def test_an_image_that_is_not_analysed_takes_no_cell(examination, field, by):
    reading = readings.take(examination.id, ReadingKind.FIRST, by)
    with pytest.raises(Conflict, match="not analysed"):
        edits.add(reading.id, field.id, MISSED, None, BLAST, by)


def test_a_blind_reader_edits_nothing(submitted, field, by, third):
    readings.ask(submitted.id, ReadingKind.SECOND, "drawn at random", by)
    second = readings.take(submitted.id, ReadingKind.SECOND, third)
    with pytest.raises(Forbidden, match="adds, merges and splits none"):
        edits.add(second.id, field.id, MISSED, None, BLAST, third)

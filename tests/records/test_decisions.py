"""Every display and every decision is kept with who and when; the last that is not blind stands."""

from uuid import uuid4

import pytest

from appliance.errors import Conflict, Forbidden, InvalidInput, NotFound
from appliance.records import audit, decisions, examinations, fields, readings, revisions
from appliance.records.tables import Cell
from appliance.review_vocabulary import CellLabel, DecisionWay, ReadingKind
from appliance.vocabulary import Suggestion

BLAST, NORMAL, UNSURE = CellLabel.BLAST, CellLabel.NORMAL, CellLabel.UNSURE


@pytest.fixture
def cells(read) -> list[Cell]:
    """Two suggested blasts and a suggested normal cell, nobody has called them."""
    return read(blast=2, normal=1)


@pytest.fixture
def first(examination, cells, by):
    """Olga's first reading."""
    return readings.take(examination.id, ReadingKind.FIRST, by)


def labels(examination) -> list[str]:
    called = decisions.standing(examination.id)
    return [called[cell.id].label for cell in fields.cells_of_examination(examination.id)]


def test_nothing_is_called_before_a_person_does(examination, cells):
    assert labels(examination) == ["", "", ""]
    assert decisions.progress(examination.id) == decisions.Progress(counted=3)


def test_the_last_decision_stands_with_who_and_the_suggestion_stays(examination, cells, first, by):
    decisions.decide(first.id, [cells[0].id], NORMAL, by)
    decided = decisions.decide(first.id, [cells[0].id], BLAST, by)
    standing = decisions.standing(examination.id)[cells[0].id]
    assert (standing.label, standing.reader_name, standing.how) == (BLAST, by.name, "one")
    assert decided.before == {cells[0].id: NORMAL}
    assert decided.changed == 1
    assert Cell.get_by_id(cells[0].id).suggestion == Suggestion.BLAST
    assert [each.label for each in decisions.history(cells[0].id)] == [NORMAL, BLAST]


def test_a_batch_is_one_revision_of_the_reading_and_one_audit_event(cells, first, by):
    decided = decisions.decide(first.id, [c.id for c in cells], BLAST, by, DecisionWay.SEVERAL)
    assert readings.get(first.id).revision == 2
    assert revisions.history("reading", first.id)[-1].number == 2
    event = next(iter(audit.recent(1)))
    assert event.action == "cell:decide"
    assert event.details["count"] == 3
    assert event.details["batch"] == str(decided.batch)
    assert audit.first_break() is None


def test_what_is_called_so_already_by_the_same_reader_is_not_written_again(cells, first, by):
    decisions.decide(first.id, [cells[0].id], BLAST, by)
    assert decisions.decide(first.id, [cells[0].id], BLAST, by).changed == 0
    assert len(decisions.history(cells[0].id)) == 1
    assert readings.get(first.id).revision == 2


def test_a_display_is_kept_once_with_its_first_length(examination, cells, first, by):
    assert decisions.showed(first.id, {cells[0].id: 400, cells[1].id: 1200}, by) == 2
    assert decisions.showed(first.id, {cells[0].id: 9000}, by) == 0
    assert decisions.progress(examination.id).displayed == 2
    assert decisions.standing(examination.id)[cells[0].id].displayed
    assert not decisions.standing(examination.id)[cells[2].id].displayed


def test_a_screen_is_called_together_only_after_it_was_looked_at(examination, cells, first, by):
    ids = [cell.id for cell in cells]
    screen = {"how": DecisionWay.SCREEN, "display_ms": 1000}
    decisions.showed(first.id, dict.fromkeys(ids[:2], 1000), by)
    with pytest.raises(Conflict, match="1 of these cells was not on the screen for 1 s"):
        decisions.decide(first.id, ids, NORMAL, by, **screen)
    with pytest.raises(Conflict, match="not on the screen"):
        decisions.decide(first.id, ids, NORMAL, by, shown={ids[2]: 999}, **screen)
    assert labels(examination) == ["", "", ""]
    decisions.decide(first.id, ids, NORMAL, by, shown={ids[2]: 1001}, **screen)
    assert labels(examination) == [NORMAL] * 3


def test_progress_counts_what_is_shown_and_called(examination, cells, first, by, call):
    call(first, cells[:1], BLAST, by)
    call(first, cells[1:2], NORMAL, by)
    progress = decisions.progress(examination.id)
    assert (progress.counted, progress.verified, progress.displayed) == (3, 2, 2)
    assert progress.by_label == {BLAST: 1, NORMAL: 1}
    assert progress.blast_fraction == 0.5
    assert not progress.complete


def test_progress_of_a_list_names_every_examination(examination, cells, patient, by):
    other = examinations.create(patient.id, {"specimen": "bone-marrow", "stain": "giemsa"}, by)
    progress = decisions.progress_of([examination.id, other.id])
    assert [progress[key].counted for key in (examination.id, other.id)] == [3, 0]
    assert progress[other.id].complete


def test_cells_cut_by_the_edge_are_not_counted(examination, read):
    read(blast=1, cut=2)
    assert decisions.progress(examination.id).counted == 1


def test_undo_takes_back_batch_after_batch(examination, cells, first, by):
    ids = [cell.id for cell in cells]
    decisions.decide(first.id, ids, NORMAL, by, DecisionWay.SEVERAL)
    decisions.decide(first.id, ids[:1], BLAST, by)
    assert decisions.undo(first.id, by).after == {ids[0]: NORMAL}
    assert labels(examination) == [NORMAL] * 3
    assert decisions.undo(first.id, by).changed == 3
    assert labels(examination) == ["", "", ""]
    assert decisions.undo(first.id, by) is None
    assert [each.how for each in decisions.history(ids[0])] == ["several", "one", "undo", "undo"]


def test_after_undo_one_goes_on_as_before(examination, cells, first, by):
    decisions.decide(first.id, [cells[0].id], BLAST, by)
    decisions.undo(first.id, by)
    decisions.decide(first.id, [cells[1].id], UNSURE, by)
    decisions.undo(first.id, by)
    assert labels(examination) == ["", "", ""]
    assert decisions.undo(first.id, by) is None


def test_undo_leaves_alone_what_somebody_else_has_called_since(
    examination, cells, first, by, third
):
    decisions.decide(first.id, [c.id for c in cells], NORMAL, by)
    other = readings.take(examination.id, ReadingKind.FIRST, third)
    decisions.decide(other.id, [cells[0].id], BLAST, third)
    assert decisions.undo(first.id, by).changed == 2
    assert labels(examination) == [BLAST, "", ""]
    assert decisions.undo(first.id, by) is None


def test_only_the_reader_decides_in_a_reading(cells, first, third):
    with pytest.raises(Forbidden, match="somebody else's"):
        decisions.decide(first.id, [cells[0].id], BLAST, third)
    with pytest.raises(Forbidden):
        decisions.showed(first.id, {cells[0].id: 1}, third)
    with pytest.raises(Forbidden):
        decisions.undo(first.id, third)


def test_a_cell_of_another_examination_is_refused(first, by):
    with pytest.raises(NotFound, match="not of this examination"):
        decisions.decide(first.id, [uuid4()], BLAST, by)
    with pytest.raises(NotFound):
        decisions.showed(first.id, {uuid4(): 5}, by)


@pytest.mark.parametrize("label", ["replaced", "lymphoma", ""])
def test_only_labels_of_the_list_are_given(cells, first, by, label: str):
    with pytest.raises(InvalidInput):
        decisions.decide(first.id, [cells[0].id], label, by)


def test_after_the_submission_the_first_reading_takes_nothing_more(submitted, by):
    first = readings.of_examination(submitted.id)[0]
    cell = fields.cells_of_examination(submitted.id)[0]
    with pytest.raises(Conflict, match="over and takes no more decisions"):
        decisions.decide(first.id, [cell.id], NORMAL, by)


def test_thousands_of_cells_are_called_in_one_batch(examination, read, by, database):
    many = read(blast=2000)
    reading = readings.take(examination.id, ReadingKind.FIRST, by)
    ids = [cell.id for cell in many]
    decided = decisions.decide(reading.id, ids, BLAST, by, shown=dict.fromkeys(ids, 2000))
    assert decided.changed == 2000
    assert decisions.progress(examination.id).complete
    assert decisions.undo(reading.id, by).changed == 2000
    assert decisions.progress(examination.id).verified == 0

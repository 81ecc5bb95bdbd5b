"""Sent back and submitted again, the calls are held anew against a second reading that was done."""

from datetime import datetime, timedelta

import pytest

from appliance.errors import Conflict
from appliance.permissions import Role
from appliance.records import (
    agreements,
    decisions,
    edits,
    examinations,
    fields,
    readings,
    states,
    users,
)
from appliance.review_vocabulary import CellLabel, ReadingKind
from appliance.vocabulary import Box
from tests.records.conftest import conclude, sign

FIRST, SECOND, ADJUDICATION = ReadingKind.FIRST, ReadingKind.SECOND, ReadingKind.ADJUDICATION
BLAST, NORMAL, UNSURE = CellLabel.BLAST, CellLabel.NORMAL, CellLabel.UNSURE


@pytest.fixture
def yun(database, actor_of):
    """One more technician."""
    return actor_of(users.add("yun", "Yun Ito", Role.TECHNICIAN, "hash", None))


@pytest.fixture
def agreed(submitted, by, third):
    """Ivo has read it a second time, and calls every cell as Olga does."""
    readings.ask(submitted.id, SECOND, "Drawn at random.", by)
    cells = fields.cells_of_examination(submitted.id)
    read_blind(submitted, third, cells[:2], cells[2:])
    assert waiting() == []
    return submitted


@pytest.fixture
def back(clinician, by):
    """Sends an examination back and returns the first reading, open again."""

    def send_back(examination):
        revision = examinations.get(examination.id).revision
        states.send_back(examination.id, revision, "Look at cell 1 again.", clinician)
        return readings.take(examination.id, FIRST, by)

    return send_back


@pytest.fixture
def one_more(agreed, back, image, sharp, analysis, by):
    """Sent back, it got an image with one more cell, and was submitted again."""
    first = back(agreed)
    cell = imaged(agreed, image(1), sharp, analysis, by)
    decisions.decide(first.id, [cell.id], BLAST, by, shown={cell.id: 900})
    readings.submit(first.id, by)
    return cell


def imaged(examination, picture, sharp, analysis, by):
    """Add an image with one more cell, and give that cell."""
    fields.add(examination.id, picture, "late.png", 1, sharp, by)
    fields.finish(fields.claim_oldest("w"), analysis(blast=1), card={}, by="w")
    return fields.cells_of_examination(examination.id)[-1]


def read_blind(examination, reader, blasts, normal):
    second = readings.take(examination.id, SECOND, reader)
    for cells, label in ((blasts, BLAST), (normal, NORMAL)):
        decisions.decide(second.id, [cell.id for cell in cells], label, reader)
    readings.submit(second.id, reader)


def waiting():
    return [row.reading.kind for row in readings.wanted()]


def because():
    (row,) = readings.wanted()
    return row.reading.asked_because


def unsettled(examination):
    return [pair for pair in agreements.differing(examination.id) if not pair.adjudicated]


def test_a_call_that_is_changed_after_the_second_reading_is_settled_by_a_third(
    agreed, back, by, clinician
):
    first, cell = back(agreed), fields.cells_of_examination(agreed.id)[0]
    decisions.decide(first.id, [cell.id], NORMAL, by)
    assert waiting() == []
    readings.submit(first.id, by)
    assert waiting() == [ADJUDICATION]
    assert because() == "First and second reader call 1 cell differently."
    conclude(agreed, clinician)
    with pytest.raises(Conflict, match="not done yet"):
        sign(agreed, clinician)
    own = readings.take(agreed.id, ADJUDICATION, clinician)
    decisions.decide(own.id, [cell.id], BLAST, clinician)
    readings.submit(own.id, clinician)
    assert decisions.standing(agreed.id)[cell.id].label == BLAST
    assert waiting() == []


def test_a_call_changed_towards_the_second_reader_s_settles_it_and_is_no_agreement(
    differing, back, by
):
    first, cell = back(differing), fields.cells_of_examination(differing.id)[0]
    decisions.decide(first.id, [cell.id], NORMAL, by)
    readings.submit(first.id, by)
    pair = agreements.agreement(differing.id)[0]
    assert (pair.met, pair.first, pair.second) == (BLAST, NORMAL, NORMAL)
    assert not pair.differs
    assert [pair.agreed for pair in agreements.blind(agreements.agreement(differing.id))] == [
        False,
        True,
        True,
    ]


def test_a_cell_that_came_after_the_second_reading_is_compared_once_it_is_read_blind(
    agreed, one_more, third
):
    second = readings.take(agreed.id, SECOND, third)
    decisions.decide(second.id, [one_more.id], BLAST, third)
    readings.submit(second.id, third)
    assert len(agreements.blind(agreements.agreement(agreed.id))) == 4


def test_calls_that_stay_are_not_compared_again(agreed, back, by):
    readings.submit(back(agreed).id, by)
    assert waiting() == []


@pytest.fixture
def differing(submitted, by, third):
    """Ivo has called one of Olga's blasts normal."""
    readings.ask(submitted.id, SECOND, "Drawn at random.", by)
    cells = fields.cells_of_examination(submitted.id)
    read_blind(submitted, third, cells[1:2], [cells[0], cells[2]])
    return submitted


def test_what_was_waived_is_not_asked_for_again_as_long_as_nothing_changes(
    differing, back, by, clinician
):
    (wanted,) = readings.wanted()
    readings.waive(wanted.reading.id, "The case is clear.", clinician)
    first, cells = back(differing), fields.cells_of_examination(differing.id)
    readings.submit(first.id, by)
    assert waiting() == []
    first = back(differing)
    decisions.decide(first.id, [cells[1].id], UNSURE, by)
    readings.submit(first.id, by)
    assert waiting() == [ADJUDICATION]


def test_a_first_reader_does_not_undo_what_a_third_has_settled(differing, back, by, clinician):
    cell = fields.cells_of_examination(differing.id)[0]
    own = readings.take(differing.id, ADJUDICATION, clinician)
    decisions.decide(own.id, [cell.id], NORMAL, clinician)
    readings.submit(own.id, clinician)
    readings.submit(back(differing).id, by)
    assert (waiting(), unsettled(differing)) == ([], [])
    first = back(differing)
    decisions.decide(first.id, [cell.id], BLAST, by)
    readings.submit(first.id, by)
    assert waiting() == [ADJUDICATION]
    assert [pair.cell_id for pair in unsettled(differing)] == [cell.id]
    again = readings.take(differing.id, ADJUDICATION, clinician)
    with pytest.raises(Conflict, match="1 cell is not adjudicated yet"):
        readings.submit(again.id, clinician)


def test_no_third_waits_once_the_readers_agree(differing, back, by):
    assert waiting() == [ADJUDICATION]
    first, cell = back(differing), fields.cells_of_examination(differing.id)[0]
    decisions.decide(first.id, [cell.id], NORMAL, by)
    readings.submit(first.id, by)
    assert waiting() == []
    (third,) = [row for row in readings.of_examination(differing.id) if row.kind == ADJUDICATION]
    assert third.state == "waived"
    assert third.note == "Nothing is left to settle between first and second reader."


def test_a_third_who_has_settled_it_may_still_submit_that(differing, back, by, clinician):
    cell = fields.cells_of_examination(differing.id)[0]
    own = readings.take(differing.id, ADJUDICATION, clinician)
    decisions.decide(own.id, [cell.id], NORMAL, clinician)
    readings.submit(back(differing).id, by)
    assert waiting() == [ADJUDICATION]
    readings.submit(own.id, clinician)
    assert waiting() == []


def test_for_new_cells_the_second_reading_is_asked_for_again(agreed, one_more, clinician):
    assert waiting() == [SECOND]
    assert because() == "1 cell is there now that no second reader has called."
    conclude(agreed, clinician)
    with pytest.raises(Conflict, match="not done yet"):
        sign(agreed, clinician)


def test_whoever_read_it_before_calls_the_new_cells_only(agreed, one_more, third):
    second = readings.take(agreed.id, SECOND, third)
    assert agreements.due(agreed.id, third.user_id) == [one_more.id]
    with pytest.raises(Conflict, match="1 cell is not called in this reading yet"):
        readings.submit(second.id, third)
    decisions.decide(second.id, [one_more.id], NORMAL, third)
    readings.submit(second.id, third)
    pairs = {pair.cell_id: pair.differs for pair in agreements.agreement(agreed.id)}
    assert list(pairs.values()) == [False, False, False, True]
    assert waiting() == [ADJUDICATION]


def test_somebody_else_calls_all_of_them(agreed, one_more, third, yun):
    second = readings.take(agreed.id, SECOND, yun)
    assert len(agreements.due(agreed.id, yun.user_id)) == 4
    decisions.decide(second.id, [one_more.id], BLAST, yun)
    with pytest.raises(Conflict, match="3 cells are not called"):
        readings.submit(second.id, yun)


def test_a_second_opinion_that_somebody_asks_for_is_of_all_cells(agreed, clinician, third):
    readings.ask(agreed.id, SECOND, "The result changes the treatment.", clinician)
    assert len(agreements.due(agreed.id, third.user_id)) == 3


def test_a_cell_that_was_split_since_is_called_by_the_second_reader_too(agreed, back, by):
    first, cell = back(agreed), fields.cells_of_examination(agreed.id)[0]
    parts = edits.split(first.id, cell.id, [Box(2, 2, 6, 6), Box(9, 9, 6, 6)], by)
    seen = {part.id: 900 for part in parts}
    decisions.decide(first.id, list(seen), BLAST, by, shown=seen)
    readings.submit(first.id, by)
    assert waiting() == [SECOND]
    assert because() == "2 cells are there now that no second reader has called."


def test_a_second_reading_under_way_goes_on_and_takes_the_new_cells_in(
    submitted, back, by, third, image, sharp, analysis
):
    readings.ask(submitted.id, SECOND, "Drawn at random.", by)
    second = readings.take(submitted.id, SECOND, third)
    first = back(submitted)
    cell = imaged(submitted, image(1), sharp, analysis, by)
    decisions.decide(first.id, [cell.id], BLAST, by, shown={cell.id: 900})
    readings.submit(first.id, by)
    assert [row.reading.id for row in readings.wanted()] == [second.id]
    assert len(agreements.due(submitted.id, third.user_id)) == 4


def test_the_comparison_goes_by_the_order_of_calls_not_by_the_clock(
    agreed, back, by, clinician, monkeypatch
):
    class Clock(datetime):
        @classmethod
        def now(cls, zone):
            return super().now(zone) - timedelta(hours=1)

    monkeypatch.setattr("appliance.clock.datetime", Clock)
    first, cell = back(agreed), fields.cells_of_examination(agreed.id)[0]
    decisions.decide(first.id, [cell.id], NORMAL, by)
    readings.submit(first.id, by)
    own = readings.take(agreed.id, ADJUDICATION, clinician)
    decisions.decide(own.id, [cell.id], BLAST, clinician)
    readings.submit(own.id, clinician)
    assert unsettled(agreed) == []

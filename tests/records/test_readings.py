"""First, second and third reader each keep to their part, and nobody plays two of them."""

import pytest

from appliance.errors import Conflict, Forbidden, InvalidInput
from appliance.records import decisions, examinations, fields, readings, states
from appliance.review_vocabulary import CellLabel, ReadingKind, ReadingState
from appliance.vocabulary import APPLIANCE

FIRST, REVIEW = ReadingKind.FIRST, ReadingKind.REVIEW
SECOND, ADJUDICATION = ReadingKind.SECOND, ReadingKind.ADJUDICATION
BLAST, NORMAL = CellLabel.BLAST, CellLabel.NORMAL


def status(examination) -> str:
    return examinations.get(examination.id).status


def cells_of(examination):
    return fields.cells_of_examination(examination.id)


@pytest.fixture
def asked(submitted, by):
    """Of the submitted examination, a second reading is wanted."""
    return readings.ask(submitted.id, SECOND, "drawn at random", by)


@pytest.fixture
def second(asked, submitted, third):
    """Ivo has taken it on."""
    return readings.take(submitted.id, SECOND, third)


@pytest.fixture
def differing(second, submitted, third):
    """Ivo calls one blast normal."""
    cells = cells_of(submitted)
    decisions.decide(second.id, [cells[0].id], BLAST, third)
    decisions.decide(second.id, [cells[1].id, cells[2].id], NORMAL, third)
    readings.submit(second.id, third)
    return submitted


def test_a_person_goes_on_with_the_reading_they_have_begun(examination, by, third):
    own = readings.take(examination.id, FIRST, by)
    assert readings.take(examination.id, FIRST, by) == own
    assert readings.take(examination.id, FIRST, third) != own


def test_only_a_person_reads(examination):
    with pytest.raises(Forbidden, match="Only a person"):
        readings.take(examination.id, FIRST, APPLIANCE)


def test_the_first_submission_makes_it_preliminary(submitted, by):
    assert status(submitted) == "preliminary"
    (first,) = readings.of_examination(submitted.id)
    assert (first.state, first.reader.full_name) == ("submitted", by.name)
    assert first.submitted_at is not None
    assert examinations.history(submitted.id)[0].changes[0].after == "preliminary"


def test_an_examination_without_image_is_not_submitted(examination, by):
    first = readings.take(examination.id, FIRST, by)
    with pytest.raises(Conflict, match="no image yet"):
        readings.submit(first.id, by)


def test_it_is_not_submitted_while_an_image_is_analysed(examination, field, by):
    first = readings.take(examination.id, FIRST, by)
    with pytest.raises(Conflict, match="1 image is still being analysed"):
        readings.submit(first.id, by)


def test_it_is_not_submitted_before_every_cell_is_called_and_shown(examination, read, call, by):
    cells = read(blast=2, cut=1)
    first = readings.take(examination.id, FIRST, by)
    call(first, cells[1:2], BLAST, by)
    with pytest.raises(Conflict, match="1 cell is not verified yet"):
        readings.submit(first.id, by)
    decisions.decide(first.id, [cells[2].id], BLAST, by)
    with pytest.raises(Conflict, match="1 cell was never on a reader's screen"):
        readings.submit(first.id, by)
    assert status(examination) == "partial"
    decisions.showed(first.id, {cells[2].id: 1500}, by)
    readings.submit(first.id, by)
    assert status(examination) == "preliminary"


def test_with_the_submission_other_first_readings_end(examination, read, call, by, third):
    cells = read(blast=1)
    other = readings.take(examination.id, FIRST, third)
    first = readings.take(examination.id, FIRST, by)
    call(first, cells, BLAST, by)
    readings.submit(first.id, by, second_because="drawn at random")
    assert readings.get(other.id).state == ReadingState.WAIVED
    with pytest.raises(Conflict, match=f"is over .* Submitted with the reading of {by.name}"):
        readings.require_mine(other.id, third)
    (wanted,) = readings.wanted()
    assert (wanted.reading.kind, wanted.reading.asked_because) == (SECOND, "drawn at random")
    assert wanted.patient.id == examination.patient_id


def test_before_the_submission_there_is_only_a_first_reading(examination, clinician):
    for kind in (REVIEW, SECOND, ADJUDICATION):
        with pytest.raises(Conflict, match="not submitted yet"):
            readings.take(examination.id, kind, clinician)


def test_after_the_submission_there_is_no_first_reading(submitted, third):
    with pytest.raises(Conflict, match="first reading is over"):
        readings.take(submitted.id, FIRST, third)


def test_a_second_reading_must_be_asked_for(submitted, third):
    with pytest.raises(Conflict, match="Nobody asked"):
        readings.take(submitted.id, SECOND, third)


def test_asking_twice_is_asking_once(asked, submitted, by):
    assert readings.ask(submitted.id, SECOND, "models differ", by) == asked
    with pytest.raises(InvalidInput):
        readings.ask(submitted.id, SECOND, " ", by)
    with pytest.raises(Conflict, match="Only a second reading"):
        readings.ask(submitted.id, REVIEW, "why not", by)


def test_who_has_seen_the_labels_does_not_read_blind(asked, submitted, by, clinician):
    with pytest.raises(Forbidden, match="cannot read them blind"):
        readings.take(submitted.id, SECOND, by)
    review = readings.take(submitted.id, REVIEW, clinician)
    decisions.showed(review.id, {cells_of(submitted)[0].id: 900}, clinician)
    with pytest.raises(Forbidden, match="cannot read them blind"):
        readings.take(submitted.id, SECOND, clinician)


def test_a_blind_reader_sees_no_labels_until_it_is_submitted(second, submitted, third):
    cells = cells_of(submitted)
    for look in (
        lambda: decisions.standing(submitted.id, by=third),
        lambda: decisions.history(cells[0].id, by=third),
        lambda: readings.take(submitted.id, REVIEW, third),
    ):
        with pytest.raises(Forbidden, match="blind"):
            look()
    decisions.decide(second.id, [cell.id for cell in cells], NORMAL, third)
    assert len(decisions.history(cells[0].id)) == 1
    readings.submit(second.id, third)
    assert len(decisions.history(cells[0].id, by=third)) == 2


def test_blind_decisions_do_not_enter_the_record(second, submitted, third):
    cells = cells_of(submitted)
    decisions.decide(second.id, [cells[0].id], NORMAL, third)
    assert decisions.standing(submitted.id)[cells[0].id].label == BLAST
    called = decisions.blind(second.id)
    assert [called[cell.id].label for cell in cells] == [NORMAL, "", ""]
    assert decisions.undo(second.id, third).after == {cells[0].id: ""}


def test_a_second_reading_calls_every_cell(second, submitted, third):
    decisions.decide(second.id, [cells_of(submitted)[0].id], BLAST, third)
    with pytest.raises(Conflict, match="2 cells are not called"):
        readings.submit(second.id, third)


def test_readers_who_agree_need_no_third(second, submitted, third):
    cells = cells_of(submitted)
    decisions.decide(second.id, [cell.id for cell in cells[:2]], BLAST, third)
    decisions.decide(second.id, [cells[2].id], NORMAL, third)
    assert readings.agreement(submitted.id) == []
    readings.submit(second.id, third)
    assert [pair.differs for pair in readings.agreement(submitted.id)] == [False] * 3
    assert readings.wanted() == []


def test_a_third_settles_what_they_call_differently(differing, clinician, by, third):
    (wanted,) = readings.wanted(ADJUDICATION)
    assert "1 cell differently" in wanted.reading.asked_because
    for reader in (by, third):
        with pytest.raises(Forbidden, match="third person"):
            readings.take(differing.id, ADJUDICATION, reader)
    own = readings.take(differing.id, ADJUDICATION, clinician)
    cells = cells_of(differing)
    with pytest.raises(Conflict, match="only about cells that the readers call differently"):
        decisions.decide(own.id, [cells[0].id], BLAST, clinician)
    with pytest.raises(Conflict, match="1 cell is not adjudicated"):
        readings.submit(own.id, clinician)
    decisions.decide(own.id, [cells[1].id], NORMAL, clinician)
    readings.submit(own.id, clinician)
    pair = next(pair for pair in readings.agreement(differing.id) if pair.differs)
    assert (pair.first, pair.second, pair.adjudicated) == (BLAST, NORMAL, NORMAL)
    assert decisions.standing(differing.id)[cells[1].id].label == NORMAL


def test_the_second_reader_does_not_become_the_first_of_what_is_sent_back(
    differing, clinician, third
):
    row = examinations.get(differing.id)
    states.send_back(row.id, row.revision, "Read again.", clinician)
    with pytest.raises(Forbidden, match="cannot be the first"):
        readings.take(row.id, FIRST, third)


def test_what_is_asked_for_can_be_waived_with_a_reason(asked, clinician):
    with pytest.raises(InvalidInput):
        readings.waive(asked.id, "", clinician)
    waived = readings.waive(asked.id, "Only one reader on duty.", clinician)
    assert (waived.state, waived.note) == ("waived", "Only one reader on duty.")
    assert readings.wanted() == []
    with pytest.raises(Conflict, match="can be waived"):
        readings.waive(asked.id, "again", clinician)


def test_a_review_ends_with_the_signature_not_by_itself(submitted, clinician):
    review = readings.take(submitted.id, REVIEW, clinician)
    with pytest.raises(Conflict, match="not submitted by itself"):
        readings.submit(review.id, clinician)

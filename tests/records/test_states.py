"""An examination moves by named steps only, each with its reason."""

import pytest

from appliance.errors import Conflict, InvalidInput
from appliance.records import decisions, examinations, fields, readings, states
from appliance.review_vocabulary import CellLabel, ReadingKind, ReadingState

FIRST, SECOND = ReadingKind.FIRST, ReadingKind.SECOND


def test_what_is_sent_back_is_read_on_by_its_first_reader(submitted, clinician, by):
    back = states.send_back(submitted.id, submitted.revision, "Two cells were missed.", clinician)
    assert back.status == "partial"
    assert examinations.history(back.id)[0].reason == "Two cells were missed."
    first = readings.take(submitted.id, FIRST, by)
    assert (first.note, first.submitted_at) == ("Two cells were missed.", None)
    cell = fields.cells_of_examination(submitted.id)[0]
    decisions.decide(first.id, [cell.id], CellLabel.NORMAL, by)
    assert readings.submit(first.id, by).status == "preliminary"
    assert len(readings.of_examination(submitted.id)) == 1


def test_only_what_is_submitted_is_sent_back(examination, field, clinician):
    row = examinations.get(examination.id)
    with pytest.raises(Conflict, match="only a submitted examination"):
        states.send_back(row.id, row.revision, "why not", clinician)


def test_a_cancelled_examination_is_closed_with_its_readings(submitted, third, by):
    readings.ask(submitted.id, SECOND, "drawn at random", by)
    second = readings.take(submitted.id, SECOND, third)
    cancelled = states.cancel(submitted.id, submitted.revision, "Wrong patient.", by)
    assert cancelled.status == "cancelled"
    assert readings.get(second.id).state == ReadingState.WAIVED
    with pytest.raises(Conflict):
        readings.take(submitted.id, ReadingKind.REVIEW, by)
    with pytest.raises(Conflict, match="only one that is not signed"):
        states.cancel(submitted.id, cancelled.revision, "Again.", by)


def test_the_worker_finishes_what_was_cancelled_meanwhile(examination, field, analysis, by):
    claimed = fields.claim_oldest("w")
    row = examinations.get(examination.id)
    states.cancel(row.id, row.revision, "Registered twice.", by)
    assert fields.finish(claimed, analysis(blast=1), card={}, by="w")


def test_every_step_has_a_reason_and_the_revision_that_was_seen(submitted, by):
    for step in (states.send_back, states.cancel, states.void):
        with pytest.raises(InvalidInput):
            step(submitted.id, submitted.revision, " ", by)
        with pytest.raises(Conflict):
            step(submitted.id, submitted.revision - 1, "reason", by)


def test_a_signed_examination_is_void_but_not_cancelled(signed, clinician):
    for step in (states.cancel, states.send_back):
        with pytest.raises(Conflict):
            step(signed.id, signed.revision, "reason", clinician)
    void = states.void(signed.id, signed.revision, "Another patient's smear.", clinician)
    assert void.status == "entered-in-error"
    with pytest.raises(Conflict, match="only a signed one"):
        states.void(signed.id, void.revision, "again", clinician)


def test_what_is_not_signed_is_not_void(submitted, clinician):
    with pytest.raises(Conflict, match="only a signed one"):
        states.void(submitted.id, submitted.revision, "reason", clinician)

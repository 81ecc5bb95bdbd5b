"""What is given up is as it was signed."""

from datetime import datetime, timedelta

import pytest

from appliance.errors import Conflict, InvalidInput
from appliance.records import amendments, conclusions, decisions, edits, fields, readings
from appliance.records.revisions import versions
from appliance.review_vocabulary import CellLabel, Finding, ReadingKind, SignatureMeaning
from appliance.vocabulary import Box
from tests.records.conftest import sign

BLAST, NORMAL, REPLACED = CellLabel.BLAST, CellLabel.NORMAL, CellLabel.REPLACED
UNSURE = CellLabel.UNSURE


@pytest.fixture
def amendment(signed, clinician):
    """The signed report is being corrected."""
    return amendments.begin_amendment(signed.id, "corrected", "Miscounted.", clinician)


@pytest.fixture
def review(amendment, signed, clinician):
    """Hana's reading for it."""
    return readings.take(signed.id, ReadingKind.REVIEW, clinician)


def called(examination) -> list[str]:
    standing = decisions.standing(examination.id)
    return [standing[cell.id].label for cell in fields.cells_of_examination(examination.id)]


def test_a_signed_examination_is_read_only_with_an_amendment(signed, clinician):
    with pytest.raises(Conflict, match="takes no more changes"):
        readings.take(signed.id, ReadingKind.REVIEW, clinician)


def test_only_what_is_signed_is_amended_and_with_a_reason(submitted, clinician):
    with pytest.raises(Conflict, match="only a signed report"):
        amendments.begin_amendment(submitted.id, "amended", "reason", clinician)
    with pytest.raises(InvalidInput):
        amendments.begin_amendment(submitted.id, "amended", "", clinician)
    with pytest.raises(InvalidInput):
        amendments.begin_amendment(submitted.id, "final", "reason", clinician)


def test_given_up_cells_are_called_as_they_were_signed(amendment, review, signed, field, clinician):
    cells = fields.cells_of_examination(signed.id)
    before = called(signed)
    decisions.decide(review.id, [cells[0].id], NORMAL, clinician)
    edits.merge(review.id, [cells[1].id, cells[2].id], BLAST, clinician)
    edits.add(review.id, field.id, Box(30, 20, 12, 14), None, BLAST, clinician)
    amendments.give_up_amendment(amendment.id, "It was right.", clinician)
    assert called(signed) == [*before, REPLACED, REPLACED]
    assert decisions.progress(signed.id).complete
    assert readings.get(review.id).state == "waived"
    assert versions("amendment", amendment.id)[0].reason == "It was right."
    with pytest.raises(Conflict, match="signed or given up already"):
        amendments.give_up_amendment(amendment.id, "again", clinician)


def test_somebody_else_may_give_it_up(amendment, review, signed, clinician, third):
    cells = fields.cells_of_examination(signed.id)
    before = called(signed)
    decisions.decide(review.id, [cells[0].id], NORMAL, clinician)
    amendments.give_up_amendment(amendment.id, "It was right.", third)
    assert called(signed) == before


def test_a_given_up_conclusion_is_as_it_was_signed(amendment, signed, clinician):
    signed_one = conclusions.of(signed.id)
    critical = {"finding": Finding.BLASTS_AT_LIMIT, "text": "ALL.", "critical": True}
    row = conclusions.write(signed.id, critical, signed_one.revision, clinician)
    conclusions.acknowledge(row.id, "Dr Ruiz", clinician)
    amendments.give_up_amendment(amendment.id, "It was right.", clinician)
    row = conclusions.of(signed.id)
    kept = (row.finding, row.text, row.critical, row.told_to, row.acknowledged_at)
    assert kept == (signed_one.finding, signed_one.text, False, "", None)
    assert row.revision == 4


@pytest.fixture(params=[-1, 1], ids=["back", "forward"])
def clock_set(signed, monkeypatch, request):
    """The clock is set by an hour once the report is signed; set forward, it is right again later.

    Whichever way: what was signed lies beside what is changed since in the order of time.
    """

    class Clock(datetime):
        ahead = timedelta(hours=request.param)

        @classmethod
        def now(cls, zone):
            return super().now(zone) + cls.ahead

    monkeypatch.setattr("appliance.clock.datetime", Clock)
    return Clock


def test_a_clock_that_is_set_does_not_confuse_what_was_signed(clock_set, signed, clinician):
    cells, before = fields.cells_of_examination(signed.id), called(signed)
    concluded = conclusions.of(signed.id)
    amendment = amendments.begin_amendment(signed.id, "corrected", "Miscounted.", clinician)
    clock_set.ahead = timedelta(hours=-2)
    review = readings.take(signed.id, ReadingKind.REVIEW, clinician)
    decisions.decide(review.id, [cell.id for cell in cells], UNSURE, clinician)
    critical = {"finding": Finding.BLASTS_AT_LIMIT, "text": "ALL.", "critical": True}
    conclusions.write(signed.id, critical, concluded.revision, clinician)
    amendments.give_up_amendment(amendment.id, "It was right.", clinician)
    assert called(signed) == before
    row = conclusions.of(signed.id)
    assert (row.finding, row.text, row.critical) == (concluded.finding, concluded.text, False)


def test_the_second_of_two_amendments_goes_back_to_the_first(signed, clinician):
    cells, before = fields.cells_of_examination(signed.id), called(signed)
    for label, signs in ((UNSURE, True), (NORMAL, False)):
        amendment = amendments.begin_amendment(signed.id, "corrected", "Miscounted.", clinician)
        review = readings.take(signed.id, ReadingKind.REVIEW, clinician)
        decisions.decide(review.id, [cells[0].id], label, clinician)
        known = conclusions.of(signed.id)
        values = {"finding": Finding.NOT_CONCLUSIVE, "text": label, "critical": False}
        conclusions.write(signed.id, values, known.revision, clinician)
        if signs:
            content = {"number": 2}
            sign(signed, clinician, content, meaning=SignatureMeaning.CORRECTED)
    amendments.give_up_amendment(amendment.id, "It was right.", clinician)
    assert called(signed) == [UNSURE, *before[1:]]
    assert conclusions.of(signed.id).text == UNSURE


def test_an_untouched_amendment_is_given_up_without_a_trace_in_the_cells(
    amendment, signed, clinician
):
    amendments.give_up_amendment(amendment.id, "It was right.", clinician)
    assert len(readings.of_examination(signed.id)) == 1
    assert amendments.open_amendment(signed.id) is None

"""How far people are with examinations, in few queries, and who is offered a second reading."""

from appliance.records import conclusions, decisions, handling, readings, report_versions
from appliance.records.handling import Handling
from appliance.records.tables import Examination
from appliance.review_vocabulary import Finding, ReadingKind


def conclude(examination, by, *, critical=False):
    known = conclusions.of(examination.id)
    values = {"finding": Finding.NO_BLASTS, "text": "", "critical": critical}
    return conclusions.write(examination.id, values, known.revision if known else 0, by)


def test_an_untouched_examination_has_nothing(examination):
    assert handling.of_one(examination.id) == Handling()
    assert handling.of([]) == {}


def test_it_tells_submission_conclusion_and_what_is_pending(submitted, by, clinician):
    readings.ask(submitted.id, ReadingKind.SECOND, "Drawn at random.", by)
    row = conclude(submitted, clinician, critical=True)
    found = handling.of_one(submitted.id)
    assert (found.progress.counted, found.progress.verified) == (3, 3)
    assert found.submitter == by.user_id
    assert found.pending == {ReadingKind.SECOND}
    assert found.conclusion == row
    assert found.untold
    conclusions.acknowledge(row.id, "Ward 3", clinician)
    assert not handling.of_one(submitted.id).untold


def test_an_open_amendment_is_told_and_a_signed_one_is_not(submitted, clinician):
    conclude(submitted, clinician)
    for_signing = report_versions.next_version(submitted.id)
    content = {"n": 1}
    report_versions.sign(
        *(submitted.id, Examination.get_by_id(submitted.id).revision, content),
        *(report_versions.digest(content), "a" * 64, for_signing.meaning, clinician),
        own_submission_allowed=False,
    )
    assert handling.of_one(submitted.id).amendment is None
    amendment = report_versions.begin_amendment(submitted.id, "amended", "More cells", clinician)
    assert handling.of_one(submitted.id).amendment == amendment


def test_a_second_reading_is_offered_to_who_has_not_read(submitted, by, third, clinician):
    readings.ask(submitted.id, ReadingKind.SECOND, "Drawn at random.", by)
    assert handling.offered(by) == []
    assert len(handling.offered(third)) == len(handling.offered(clinician)) == 1
    readings.take(submitted.id, ReadingKind.REVIEW, clinician)
    assert handling.offered(clinician) == []
    own = readings.take(submitted.id, ReadingKind.SECOND, third)
    assert [row.reading for row in handling.offered(third)] == [own]


def test_an_adjudication_is_offered_to_a_third(submitted, by, third, clinician):
    readings.ask(submitted.id, ReadingKind.SECOND, "Drawn at random.", by)
    second = readings.take(submitted.id, ReadingKind.SECOND, third)
    cells = list(decisions.blind(second.id))
    decisions.decide(second.id, cells, "normal", third, shown=dict.fromkeys(cells, 2000))
    readings.submit(second.id, third)
    assert handling.offered(by) == handling.offered(third) == []
    (offer,) = handling.offered(clinician)
    assert offer.reading.kind == ReadingKind.ADJUDICATION


def test_a_list_takes_four_queries(submitted, examination, database):
    statements = []
    database.connection().set_trace_callback(statements.append)
    found = handling.of([submitted.id, examination.id])
    database.connection().set_trace_callback(None)
    assert found[submitted.id].progress.counted == 3
    assert len(statements) == 4

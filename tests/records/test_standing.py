"""Lists ask for many examinations at once, and no page waits for two thousand cells."""

from peewee import Database

from appliance.records import decisions, examinations, readings, report_versions, standing
from appliance.records.overview import Needs
from appliance.review_vocabulary import CellLabel, ReadingKind, SignatureMeaning
from tests.records.conftest import conclude, sign


def statements(database: Database, ask) -> int:
    """Count the statements that something takes."""
    run: list[str] = []
    database.connection().set_trace_callback(run.append)
    ask()
    database.connection().set_trace_callback(None)
    return len(run)


def test_progress_and_standing_take_one_query_however_many(database, submitted, patient, by):
    entries = {"specimen": "bone-marrow", "stain": "wright"}
    ids = [submitted.id, *(examinations.create(patient.id, entries, by).id for _ in range(5))]
    assert statements(database, lambda: decisions.progress_of(ids)) == 1
    assert statements(database, lambda: decisions.standing(submitted.id)) == 1
    assert decisions.progress_of([]) == {}


def test_the_last_calls_name_number_label_and_reader(submitted, by):
    (cell_id, *_) = decisions.standing(submitted.id)
    last = standing.last_calls([cell_id])[cell_id]
    assert (last.examination_id, last.number) == (submitted.id, 1)
    assert (last.label, last.reader_id) == (CellLabel.BLAST, by.user_id)


def waiting_for(*needs: Needs) -> list[int]:
    return [examinations.needing(each) for each in needs]


def test_tabs_of_the_work_list_follow_an_examination(
    examination, field, read, call, by, clinician, third
):
    tabs = (Needs.READING, Needs.SIGNING, Needs.SECOND, Needs.ADJUDICATION)
    assert waiting_for(*tabs) == [0, 0, 0, 0]
    cells = read(blast=1)
    assert waiting_for(*tabs) == [1, 0, 0, 0]
    first = readings.take(examination.id, ReadingKind.FIRST, by)
    call(first, cells, CellLabel.BLAST, by)
    readings.submit(first.id, by, second_because="drawn at random")
    assert waiting_for(*tabs) == [0, 1, 1, 0]
    second = readings.take(examination.id, ReadingKind.SECOND, third)
    decisions.decide(second.id, [cells[0].id], CellLabel.NORMAL, third)
    readings.submit(second.id, third)
    assert waiting_for(*tabs) == [0, 1, 1, 1]
    (wanted,) = readings.wanted()
    readings.waive(wanted.reading.id, "Nobody else is here.", clinician)
    assert waiting_for(*tabs) == [0, 1, 0, 0]
    conclude(examination, clinician)
    sign(examination, clinician)
    assert waiting_for(*tabs) == [0, 0, 0, 0]
    report_versions.begin_amendment(examination.id, "amended", "More was found.", clinician)
    assert waiting_for(*tabs) == [0, 1, 0, 0]
    assert [row.examination for row in examinations.find(examinations.Query(needs=Needs.SIGNING))]
    sign(examination, clinician, {"version": 2}, meaning=SignatureMeaning.AMENDED)
    assert waiting_for(*tabs) == [0, 0, 0, 0]

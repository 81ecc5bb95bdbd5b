"""What is found by words and facts follows the records at every step."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from peewee import Database

from appliance.records import examinations, fields, fulltext, index, patients
from appliance.records.examinations import Query
from appliance.records.fulltext import Sought
from appliance.records.index_tables import ExaminationIndex, PatientIndex
from appliance.records.paging import COUNTED
from appliance.records.revisions import update
from appliance.records.tables import Examination, FieldImage, Patient
from appliance.vocabulary import Actor, ExaminationStatus


def numbers(text: str = "", **query: object) -> list[str]:
    found = examinations.find(Query(text=text, **query))
    return [listed.examination.accession_number for listed in found]


@pytest.fixture
def numbered(patient: Patient, by: Actor) -> Examination:
    values = {"accession_number": "26-0193", "specimen": "bone-marrow", "stain": "wright"}
    return examinations.create(patient.id, values, by)


@pytest.mark.parametrize(
    "typed", ["26-0193", "0193", "193", "260193", "26 01", "nun 193", "Lucja", "mrn-0017 26"]
)
def test_an_examination_is_found_by_its_number_and_its_patient(numbered, typed: str):
    assert numbers(typed) == ["26-0193"]


@pytest.mark.parametrize("typed", ["93", "26-0194", "nun 194", "statuspartial", "§needsimages"])
def test_what_begins_no_word_of_it_finds_nothing(numbered, typed: str):
    assert numbers(typed) == []


def test_what_happens_to_an_examination_is_found_at_once(
    numbered: Examination, image, sharp, blurred, analysis, by: Actor
):
    fields.add(numbered.id, image(1), "a.png", 1, blurred, by)
    assert numbers(needs="attention") == numbers(needs="refused") == ["26-0193"]
    fields.add(numbered.id, image(2), "b.png", 1, sharp, by)
    assert numbers(needs="waiting") == ["26-0193"]
    fields.finish(fields.claim_oldest("w"), analysis(0, 3), card={}, by="w")
    assert numbers(has_blasts=False) == ["26-0193"]
    (refused, _) = fields.of_examination(numbered.id)
    fields.override(refused.id, "the only one there is", by)
    fields.finish(fields.claim_oldest("w"), analysis(2, 3), card={}, by="w")
    assert numbers(needs="attention") == numbers(has_blasts=False) == []
    assert numbers("nunez", has_blasts=True, status=ExaminationStatus.PARTIAL) == ["26-0193"]


@pytest.mark.parametrize("status", [ExaminationStatus.PRELIMINARY, ExaminationStatus.CANCELLED])
def test_no_image_of_an_examination_that_takes_none_needs_anybody(
    numbered: Examination, image, blurred, by: Actor, status: ExaminationStatus
):
    fields.add(numbered.id, image(1), "a.png", 1, blurred, by)
    update(examinations.get(numbered.id), {"status": status}, "examination:change", by=by)
    assert numbers(needs="attention") == []
    assert numbers(needs="refused", status=status) == ["26-0193"]


def test_a_new_name_of_the_patient_finds_all_examinations(numbered, patient, by: Actor):
    patients.change(patient.id, {"family_name": "Kowalska"}, 1, by)
    assert numbers("kowal") == ["26-0193"]
    assert numbers("nunez") == []


def test_what_was_written_in_the_same_moment_is_listed_once_each(patient, by, monkeypatch):
    moment = datetime(2026, 3, 1, tzinfo=UTC)
    monkeypatch.setattr("appliance.records.tables.Row.created_at.default", lambda: moment)
    values = {"specimen": "bone-marrow", "stain": "wright"}
    made = [examinations.create(patient.id, values, by).accession_number for _ in range(3)]
    assert numbers() == made[::-1]


def test_the_index_made_anew_is_the_index_that_was_kept(
    numbered: Examination, field: FieldImage, analysis, by: Actor
):
    fields.finish(fields.claim_oldest("w"), analysis(1), card={}, by="w")
    kept = [list(table.select().order_by(table.place).tuples()) for table in _INDICES]
    assert index.rebuild() == 3
    assert [list(table.select().order_by(table.place).tuples()) for table in _INDICES] == kept
    assert numbers("nunez", has_blasts=True) != []


_INDICES = (PatientIndex, ExaminationIndex)


def test_records_of_before_there_was_an_index_are_taken_up_once(numbered, database: Database):
    for table in _INDICES:
        table.delete().execute()
        fulltext.rebuild(table)
    database.pragma("user_version", 0)
    index.ensure()
    assert numbers("nun") == ["26-0193"]
    ExaminationIndex.delete().execute()
    index.ensure()
    assert ExaminationIndex.select().count() == 0


@pytest.mark.parametrize("spoil", ["form", "terms", "missing", "strayed", "forgotten"])
def test_an_index_that_does_not_show_the_records_is_found_out(
    numbered: Examination, database: Database, spoil: str
):
    index.ensure()
    assert index.fault() == ""
    row = ExaminationIndex.get()
    if spoil == "form":
        database.pragma("user_version", 0)
    elif spoil == "terms":
        ExaminationIndex.update(terms=" other ").execute()
    elif spoil == "missing":
        PatientIndex.delete().execute()
    elif spoil == "strayed":
        fulltext.put(ExaminationIndex, row.place + 7, " nobody ")
    else:
        fulltext.drop(ExaminationIndex, row.place, row.terms)
    assert "index of lists and searches" in index.fault()
    index.rebuild()
    assert index.fault() == ""
    assert numbers("nunez") == ["26-0193"]


def test_a_list_is_counted_so_far_and_goes_on(database: Database, by: Actor):
    patient = patients.register(
        {"medical_record_number": "1", "family_name": "Sato", "sex": "other"}, by
    )
    rows = [
        {"place": place, "terms": f" sato {place} ", "examination": patient.id}
        for place in range(COUNTED + 30)
    ]
    with database.connection_context():
        database.pragma("foreign_keys", 0)
        database.execute_sql("DROP INDEX examination_index_examination_id")
        ExaminationIndex.insert_many(rows).execute()
        fulltext.rebuild(ExaminationIndex)
        for text in ("", "sato"):
            first, last = (examinations.find(Query(text=text), 25, n) for n in (0, COUNTED + 25))
            assert (first.total, first.more, first.pages) == (COUNTED, True, COUNTED // 25)
            assert (last.total, last.more, last.number) == (COUNTED + 30, False, last.pages)


WORDS = st.lists(
    st.sampled_from(["nunez", "nu", "王", "小明", "मीरा", "26", "0193", "a"]), max_size=3
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    terms=st.lists(WORDS, min_size=1, max_size=6),
    beginnings=WORDS,
    facts=st.lists(st.lists(st.sampled_from(["§a", "§b"]), min_size=1, max_size=2), max_size=2),
    first=st.none() | st.integers(0, 6),
    end=st.none() | st.integers(0, 6),
    without=st.lists(st.integers(0, 6), max_size=3),
)
def test_every_database_finds_the_same(
    database: Database, terms, beginnings, facts, first, end, without
):
    """The inverted index of SQLite against looking through the terms, as others do."""
    sought = Sought(beginnings=beginnings, facts=facts, first=first, end=end, without=without)
    with database.atomic() as undone:
        database.execute_sql("PRAGMA defer_foreign_keys = 1")
        for place, words in enumerate(terms):
            row = {"place": place, "terms": f" {' '.join([*words, '§' + 'ab'[place % 2]])} "}
            PatientIndex.insert({**row, "patient": f"{place:032x}"}).execute()
            fulltext.put(PatientIndex, place, row["terms"])
        by_index = fulltext.places(PatientIndex, sought, 100)
        assert by_index == fulltext.looked_through(PatientIndex, sought, 100)
        assert not {*without} & {*by_index}
        assert fulltext.count(PatientIndex, sought, 3) == min(3, len(by_index))
        assert fulltext.places(PatientIndex, sought, 2, 1) == by_index[1:3]
        undone.rollback()


def test_a_number_is_the_same_however_it_is_spelled():
    spelled = ["MRN-0017", "mrn 17", "MRN.017", "m-r-n-17"]
    assert len({index.same_number(number) for number in spelled}) == 1
    others = ["MRN-170", "MRN-1-7-0", "MRN-0", "RN-17"]
    assert not {index.same_number(number) for number in others} & {index.same_number("MRN-17")}


def test_places_follow_each_other_as_moments_do():
    moment = datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)
    later = moment + timedelta(microseconds=1)
    assert index.place_of(later) == index.place_of(moment) + 1

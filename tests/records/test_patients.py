from datetime import date, timedelta
from uuid import uuid4

import pytest
from peewee import Database

from appliance.errors import InvalidInput, NotFound
from appliance.records import audit, patients
from appliance.records.entries import today
from appliance.records.tables import Patient
from appliance.vocabulary import Actor

PEOPLE = (
    ("MRN-0001", "Okafor", "Adaeze", date(2020, 3, 14)),
    ("MRN-0002", "Lindqvist", "Nils Åke", date(1992, 8, 2)),
    ("MRN-0103", "देशपांडे", "मीरा", date(2017, 11, 23)),
    ("MRN-0104", "王", "小明", date(2015, 1, 9)),
    ("MRN-0105", "الخطيب", "سارة", date(2019, 6, 30)),
    ("A_5%", "O'Brien", "Órla", None),
)


def entered(**other: object) -> dict[str, object]:
    return {
        "medical_record_number": "7",
        "family_name": "Sato",
        "given_name": "Ren",
        "sex": "male",
        "birth_date": date(2012, 2, 29),
    } | other


@pytest.fixture
def people(database: Database, by: Actor) -> dict[str, Patient]:
    return {
        number: patients.register(
            entered(
                medical_record_number=number, family_name=family, given_name=given, birth_date=born
            ),
            by,
        )
        for number, family, given, born in PEOPLE
    }


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("okaf", "MRN-0001"),
        ("ADAEZE OKA", "MRN-0001"),
        ("mrn-0001", "MRN-0001"),
        ("0002", "MRN-0002"),
        ("ake nils", "MRN-0002"),
        ("देश मीरा", "MRN-0103"),
        ("王小", "MRN-0104"),
        ("小明", "MRN-0104"),
        ("الخط", "MRN-0105"),
        ("orla obrien", "A_5%"),
        ("a_5%", "A_5%"),
    ],
)
def test_a_patient_is_found_by_beginnings_of_number_and_names(people, typed: str, found: str):
    assert [row.medical_record_number for row in patients.find(typed)] == [found]


@pytest.mark.parametrize("typed", ["kafor", "Okafor Nils", "o%r", "001", "小"])
def test_what_no_word_begins_with_finds_nobody(people, typed: str):
    found = patients.find(typed)
    assert [row.given_name for row in found] == (["小明"] if typed == "小" else [])


def test_signs_alone_are_no_words_and_narrow_nothing(people):
    assert patients.find("% _").total == len(PEOPLE)


def test_without_text_the_last_registered_come_first_page_by_page(people):
    first, second = patients.find(limit=4), patients.find(limit=4, offset=4)
    assert [row.medical_record_number for row in first] == [
        "A_5%",
        "MRN-0105",
        "MRN-0104",
        "MRN-0103",
    ]
    assert (len(second), second.total, second.pages) == (2, 6, 2)


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"medical_record_number": ""}, "medical_record_number"),
        ({"medical_record_number": "---"}, "medical_record_number"),
        ({"medical_record_number": "x" * 65}, "medical_record_number"),
        ({"family_name": " "}, "family_name"),
        ({"given_name": "x" * 201}, "given_name"),
        ({"sex": "unknown?"}, "sex"),
        ({"birth_date": today() + timedelta(days=1)}, "birth_date"),
        ({"birth_date": date(1879, 12, 31)}, "birth_date"),
        ({"favourite_colour": "red"}, "favourite_colour"),
    ],
)
def test_an_entry_that_cannot_be_taken_is_named(database, by: Actor, change: dict, wrong: str):
    with pytest.raises(InvalidInput) as refused:
        patients.register(entered(**change), by)
    assert set(refused.value.fields) == {wrong}
    assert patients.find().total == 0


def test_all_wrong_entries_are_named_together(database, by: Actor):
    with pytest.raises(InvalidInput) as refused:
        patients.register({}, by)
    assert set(refused.value.fields) == {"medical_record_number", "family_name", "sex"}


def test_a_number_is_given_once(patient: Patient, by: Actor):
    with pytest.raises(InvalidInput) as refused:
        patients.register(entered(medical_record_number=" MRN-0017 "), by)
    assert refused.value.fields == {
        "medical_record_number": "A patient with this number is registered."
    }


def test_a_number_cannot_be_changed_to_somebody_elses(patient: Patient, by: Actor):
    other = patients.register(entered(), by)
    with pytest.raises(InvalidInput):
        patients.change(other.id, {"medical_record_number": "MRN-0017"}, 1, by)
    kept = patients.change(patient.id, {"medical_record_number": "MRN-0017"}, 1, by)
    assert kept.revision == 1


def test_a_changed_name_is_found_and_the_old_one_not(patient: Patient, by: Actor):
    patients.change(patient.id, {"family_name": "Kowalska"}, 1, by, "married")
    assert patients.find("kowal").total == 1
    assert patients.find("nunez").total == 0


def test_reading_a_record_is_noted(patient: Patient, by: Actor):
    patients.open_for(patient.id, by)
    event = audit.recent(1).rows[0]
    assert (event.action, event.subject_id) == ("patient:read", str(patient.id))


def test_an_unknown_patient_is_not_found_and_nothing_noted(database: Database, by: Actor):
    before = audit.head()
    with pytest.raises(NotFound):
        patients.open_for(uuid4(), by)
    assert audit.head() == before


def test_the_log_never_carries_name_or_number(patient: Patient, by: Actor):
    patients.change(patient.id, {"family_name": "Kowalska"}, 1, by)
    written = " ".join(str(event.details) for event in audit.recent())
    assert not any(word in written for word in ("Kowalska", "Núñez", "Łucja", "0017"))


def test_a_patient_is_found_by_the_exact_number(patient: Patient):
    assert patients.by_number(" MRN-0017") == patient
    assert patients.by_number("MRN-001") is None


def test_a_protected_patient_says_why_until_it_is_lifted(patient: Patient, by: Actor):
    row = patients.protect(patient.id, True, "part of a study", 1, by)
    assert (row.protected, row.protected_reason, row.revision) == (True, "part of a study", 2)
    with pytest.raises(InvalidInput):
        patients.protect(patient.id, False, "", 2, by)
    row = patients.protect(patient.id, False, "study is over", 2, by)
    assert (row.protected, row.protected_reason) == (False, "")
    assert [v.reason for v in patients.history(patient.id)][:2] == [
        "study is over",
        "part of a study",
    ]
    actions = [event.action for event in audit.recent(2)]
    assert actions == ["patient:unprotect", "patient:protect"]


def test_the_history_is_newest_first(patient: Patient, by: Actor):
    patients.change(patient.id, {"sex": "unknown"}, 1, by)
    assert [version.number for version in patients.history(patient.id)] == [2, 1]

"""Somebody who is registered already is pointed out, and nobody else."""

from datetime import date

import pytest

from appliance.records import duplicates, merging, patients
from appliance.records.duplicates import names_alike
from appliance.records.tables import Patient
from appliance.vocabulary import Actor

BORN = date(2020, 5, 1)  # as the patient of these tests, Núñez, Łucja, MRN-0017


def typed(family: str = "Núñez", given: str = "Łucja", born: date | None = BORN, number: str = ""):
    return {
        "family_name": family,
        "given_name": given,
        "birth_date": born,
        "medical_record_number": number,
    }


@pytest.mark.parametrize(
    ("entered", "reason"),
    [
        (typed(), "Same name, same birth date"),
        (typed("NUNEZ", "lucja"), "Same name, same birth date"),
        (typed("Łucja", "Núñez"), "Same name, same birth date"),
        (typed("Nunes", "Lucia"), "Similar name, same birth date"),
        (typed("Nuñze"), "Similar name, same birth date"),
        (typed(given="Łucja Maria"), "Similar name, same birth date"),
        (typed("Núñez-Ibáñez"), "Similar name, same birth date"),
        (typed(born=None), "Same name, a birth date is missing"),
        (typed(born=date(2020, 1, 5)), "Same name, similar birth date"),
        (typed(born=date(2021, 5, 1)), "Same name, similar birth date"),
        (typed("Somebody", "Else", number="mrn 17"), "Same number, spelled differently"),
        ({"medical_record_number": "MRN17"}, "Same number, spelled differently"),
        ({"family_name": "Núñez", "given_name": "Łucja"}, "Same name, a birth date is missing"),
    ],
)
def test_who_may_be_the_same_person_is_pointed_out(patient: Patient, entered: dict, reason: str):
    (alike,) = duplicates.possible(entered)
    assert (alike.patient, alike.reason) == (patient, reason)


@pytest.mark.parametrize(
    "entered",
    [
        typed(born=date(2003, 5, 1)),
        typed(born=date(2013, 8, 9)),
        typed("Okafor", "Adaeze"),
        typed(given="Pedro"),
        typed(given=""),
        typed(given="Pedro", born=None),
        typed("Somebody", "Else", number="MRN-0018"),
        {"birth_date": BORN},
        {},
    ],
)
def test_who_cannot_be_the_same_person_is_not(patient: Patient, entered: dict):
    assert duplicates.possible(entered) == []


def test_the_most_alike_comes_first_and_each_once(patient: Patient, by: Actor):
    same = {"sex": "female", **typed()}
    twin = patients.register(same | {"medical_record_number": "2", "birth_date": None}, by)
    found = duplicates.possible(typed(number="MRN 0017"))
    assert [alike.patient for alike in found] == [patient, twin]
    assert duplicates.possible(typed(), limit=1)[0].patient == patient
    assert [a.patient for a in duplicates.possible(typed(), but=patient.id)] == [twin]


def test_a_merged_registration_is_not_pointed_out(patient: Patient, by: Actor):
    values = {"sex": "female", **typed()} | {"medical_record_number": "2"}
    given_up = patients.register(values, by)
    merging.merge(patient.id, given_up.id, "one person", by)
    assert [alike.patient for alike in duplicates.possible(typed())] == [patient]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (["li", "wei"], ["lu", "wei"], True),
        (["wei", "li"], ["li", "wei"], True),
        (["anna", "anna"], ["anna", "maria"], False),
        (["maria"], ["maria"], True),
        (["maria"], ["maria", "lopez"], False),
        (["マリア", "佐藤"], ["佐藤", "マリア"], True),
        ([], ["maria"], False),
        ([], [], False),
    ],
)
def test_names_are_compared_part_by_part(one: list[str], other: list[str], expected: bool):
    assert names_alike(one, other) is names_alike(other, one) is expected

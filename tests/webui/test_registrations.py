"""Merging, taking back and protecting on the pages, as a clinician does it."""

import re
from datetime import date
from html import unescape

import pytest

from appliance.records import clinical, examinations, merging, patients, users

SMEAR = {"specimen": "bone-marrow", "stain": "wright"}


@pytest.fixture
def browser(as_user):
    return as_user("hana")


@pytest.fixture
def two(app, olga):
    """Two registrations of one girl, each with a smear; the second with findings, too."""
    by, made = users.actor_of(olga), []
    for number, family in (("MRN-17", "Núñez"), ("MRN-170", "Nunes")):
        values = {"family_name": family, "given_name": "Łucja", "birth_date": date(2020, 5, 1)}
        row = patients.register({"medical_record_number": number, "sex": "female", **values}, by)
        examinations.create(row.id, SMEAR, by)
        made.append(row)
    clinical.add(made[1].id, {"observed_on": date(2026, 3, 1)}, by)
    return made


def words(page) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


def posted(kept, **other):
    given = {"survivor": str(kept.id), "reason": "one girl", "revision": 1, "other_revision": 1}
    return given | other


def test_the_other_registration_is_offered_and_compared(browser, two):
    kept, given_up = two
    page = browser.get(f"/patients/{kept.id}/merge")
    assert "Nunes, Łucja" in words(page)
    assert "Similar name, same birth date" in words(page)
    page = browser.get(f"/patients/{kept.id}/merge/{given_up.id}")
    assert "Dates of clinical details 0 Δ 1 differs +" not in words(page)
    assert "Family name Núñez Δ Nunes differs" in words(page)
    assert "Given name Łucja Łucja" in words(page)


def test_the_other_registration_is_searched_for_without_its_name_in_the_address(browser, two):
    kept, _ = two
    answer = browser.post(f"/patients/{kept.id}/merge/search", data={"text": "nunes"})
    assert answer.status_code == 303
    assert "nunes" not in answer.location
    page = browser.get(answer.location)
    assert 'value="nunes"' in page.text
    assert "MRN-170" in page.text
    assert browser.post(f"/patients/{kept.id}/merge/search", data={"text": ""}).status_code == 303


def test_a_merge_moves_the_records_and_leads_to_the_survivor(browser, two):
    kept, given_up = two
    answer = browser.post(f"/patients/{kept.id}/merge/{given_up.id}", data=posted(kept))
    assert answer.location == f"/patients/{kept.id}"
    page = browser.get(answer.location)
    assert "2 records moved" in words(page)
    assert "MRN-170 merged into MRN-17" in words(page)
    old = browser.get(f"/patients/{given_up.id}")
    assert "This registration was merged" in old.text
    assert f'href="/patients/{kept.id}"' in old.text
    for search in ("/search", "/patients/search"):
        assert browser.post(search, data={"text": "MRN-170"}).location == f"/patients/{kept.id}"


def test_the_other_one_may_be_the_one_that_stays(browser, two):
    kept, given_up = two
    data = posted(given_up)
    assert browser.post(f"/patients/{kept.id}/merge/{given_up.id}", data=data).status_code == 303
    assert patients.survivor_of(patients.by_number("MRN-17")) == given_up


def test_a_merge_is_refused_in_words_and_nothing_typed_is_lost(browser, two, olga):
    kept, given_up = two
    path = f"/patients/{kept.id}/merge/{given_up.id}"
    answer = browser.post(path, data=posted(kept, reason=" "))
    assert answer.status_code == 422
    assert "Fill this in." in answer.text
    patients.change(kept.id, {"sex": "other"}, 1, users.actor_of(olga))
    answer = browser.post(path, data=posted(kept))
    assert answer.status_code == 409
    assert "something has changed" in answer.text
    assert "one girl" in answer.text
    assert merging.of_patient(kept.id) == []


def test_a_merge_is_taken_back_with_a_reason(browser, two):
    kept, given_up = two
    browser.post(f"/patients/{kept.id}/merge/{given_up.id}", data=posted(kept))
    (row,) = merging.of_patient(kept.id)
    page = browser.get(f"/merges/{row.id}/undo")
    assert "1 examination and 1 date of clinical details move back" in words(page)
    assert browser.post(f"/merges/{row.id}/undo", data={"reason": ""}).status_code == 422
    answer = browser.post(f"/merges/{row.id}/undo", data={"reason": "two girls"})
    assert answer.location == f"/patients/{given_up.id}"
    page = browser.get(answer.location)
    assert "2 records moved back" in words(page)
    assert "“two girls”" in words(page)
    assert "taken back on" in browser.get(f"/merges/{row.id}/undo").text


def test_records_are_protected_until_that_is_lifted(browser, two):
    kept, _ = two
    path = f"/patients/{kept.id}/protection"
    assert "nothing is deleted" in browser.get(path).text
    assert browser.post(path, data={"revision": 1, "reason": ""}).status_code == 422
    assert browser.post(path, data={"revision": 1, "reason": "a study"}).status_code == 303
    assert "Protected from deletion: “a study”" in words(browser.get(f"/patients/{kept.id}"))
    assert "a study" in browser.get(path).text
    data = {"revision": 2, "reason": "over", "lift": "1"}
    assert browser.post(path, data=data).status_code == 303
    assert "Protected from deletion:" not in words(browser.get(f"/patients/{kept.id}"))


def test_a_technician_neither_merges_nor_protects(as_user, two):
    page = as_user("olga").get(f"/patients/{two[0].id}").text
    assert "/merge" not in page
    assert "/protection" not in page

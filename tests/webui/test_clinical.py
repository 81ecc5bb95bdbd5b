import re
from datetime import date, timedelta
from html import unescape

import pytest

from appliance.clock import now
from appliance.records import audit, clinical, patients, users
from appliance.records.clinical import MEASUREMENTS

TODAY = now().astimezone().date()
TYPED = {
    "observed_on": str(TODAY),
    "haemoglobin_g_per_l": "71,5",
    "white_cells_10e9_per_l": "48.2",
    "neutrophils_10e9_per_l": "0.4",
    "lymphocytes_10e9_per_l": "12",
    "platelets_10e9_per_l": "23",
    "blood_blasts_percent": "62",
    "marrow_blasts_percent": "91",
    "lactate_dehydrogenase_u_per_l": "1240",
    "symptoms": ["fever", "bone-pain"],
    "organ_enlargement": ["spleen"],
    "treatment_phase": "untreated",
    "immunophenotype": "CD19+, CD10+",
    "notes": "Transfused once.\r\nReferred.",
}
UNKNOWN = "00000000-0000-7000-8000-000000000000"


@pytest.fixture
def browser(as_user):
    return as_user("olga")


@pytest.fixture
def patient(app, olga):
    values = {"medical_record_number": "7", "family_name": "Okafor", "sex": "female"}
    return patients.register(values | {"birth_date": date(2020, 5, 1)}, users.actor_of(olga))


@pytest.fixture
def enter(patient, olga):
    """Enters findings straight into the records, so many days ago."""

    def make(days=0, **values):
        given = {"observed_on": TODAY - timedelta(days=days), **values}
        return clinical.add(patient.id, given, users.actor_of(olga))

    return make


def test_the_form_asks_for_everything_with_its_unit(browser, patient):
    page = unescape(browser.get(f"/patients/{patient.id}/findings/new").text)
    for m in MEASUREMENTS:
        assert re.search(rf'name="{m.column}"[^>]*inputmode="decimal"', page)
        assert f">{m.unit}<" in page
    for label in (*clinical.SYMPTOMS.values(), *clinical.ORGANS.values()):
        assert f"<span>{label}</span>" in page
    assert f'name="observed_on" type="date" value="{TODAY}"' in page


def test_findings_are_entered_and_shown_with_their_units(browser, patient):
    answer = browser.post(f"/patients/{patient.id}/findings/new", data=TYPED)
    assert answer.location == f"/patients/{patient.id}"
    (row,) = clinical.of_patient(patient.id)
    assert row.haemoglobin_g_per_l == 71.5
    assert row.symptoms == ["fever", "bone-pain"]
    page = unescape(browser.get(answer.location).text)
    assert re.search(r"Haemoglobin <span[^>]*>g/L</span>.*?71\.5", page, re.S)
    assert re.search(r"White cells <span[^>]*>10⁹/L</span>.*?48\.2", page, re.S)
    assert "Fever, Bone or joint pain" in page
    assert "At diagnosis, untreated" in page


def test_a_date_alone_is_enough(browser, patient):
    data = {"observed_on": str(TODAY)}
    assert browser.post(f"/patients/{patient.id}/findings/new", data=data).status_code == 303


MISTAKES = [
    ({"observed_on": ""}, "Fill this in."),
    ({"observed_on": "2999-01-01"}, "lies in the future"),
    ({"observed_on": "2019-01-01"}, "before the patient's birth"),
    ({"haemoglobin_g_per_l": "7.1"}, "must be between 10 and 300 g/L: check the unit."),
    ({"white_cells_10e9_per_l": "48200"}, "must be between 0 and 2000 10⁹/L"),
    ({"blood_blasts_percent": "101"}, "must be between 0 and 100 %"),
    ({"platelets_10e9_per_l": "many"}, "Type a number, for instance 12.5."),
    ({"neutrophils_10e9_per_l": "60"}, "cannot be more than all white cells"),
    ({"treatment_phase": "x"}, "Choose one of the list."),
    ({"symptoms": ["fever", "x"]}, "Choose from the list."),
    ({"immunophenotype": "x" * 2001}, "Use at most 2000 characters"),
]


def test_what_cannot_be_is_said_at_its_field_and_nothing_typed_is_lost(browser, patient):
    for wrong, said in MISTAKES:
        answer = browser.post(f"/patients/{patient.id}/findings/new", data=TYPED | wrong)
        page = unescape(answer.text)
        assert answer.status_code == 422
        assert said in page
        assert 'aria-invalid="true"' in page
        for name, value in (TYPED | wrong).items():
            if name in {m.column for m in MEASUREMENTS}:
                assert f'name="{name}" type="text" value="{value}"' in page
        assert re.search(r'value="fever" checked', page)
        assert "Transfused once." in page
        assert clinical.of_patient(patient.id) == []


def test_several_mistakes_are_said_together(browser, patient):
    wrong = TYPED | {"haemoglobin_g_per_l": "7.1", "platelets_10e9_per_l": "many"}
    page = browser.post(f"/patients/{patient.id}/findings/new", data=wrong).text
    assert "2 entries need correction" in page


def test_the_last_values_stand_beside_the_fields(browser, patient, enter):
    enter(days=3, haemoglobin_g_per_l=64.0)
    page = unescape(browser.get(f"/patients/{patient.id}/findings/new").text)
    assert re.search(r"\d+ \w+ \d{4}: 64 g/L", page)


def test_the_last_dates_stand_side_by_side(browser, patient, enter):
    for days in range(6):
        enter(days=days, haemoglobin_g_per_l=60.0 + days)
    page = browser.get(f"/patients/{patient.id}").text
    row = re.search(r"Haemoglobin.*?</tr>", page, re.S)[0]
    assert re.findall(r"<td[^>]*>(\d+)</td>", row) == ["60", "61", "62", "63"]
    assert "2 earlier dates are not shown" in page
    assert "Platelets" not in page


def test_a_change_shows_in_the_history_what_it_was_before(browser, enter):
    row = enter(haemoglobin_g_per_l=64.0, symptoms=["fever"])
    form = unescape(browser.get(f"/findings/{row.id}").text)
    assert 'value="64"' in form
    assert 'value="fever" checked' in form
    data = {"observed_on": str(TODAY), "haemoglobin_g_per_l": "65", "symptoms": ["fever", "pallor"]}
    data |= {"revision": 1, "reason": "Typing error"}
    answer = browser.post(f"/findings/{row.id}", data=data)
    assert answer.location == f"/patients/{row.patient_id}"
    page = unescape(browser.get(f"/findings/{row.id}/history").text)
    assert re.search(r"<dt>Haemoglobin</dt>.*?64 g/L.*?65 g/L", page, re.S)
    assert re.search(r"<dt>Symptoms</dt>.*?Fever.*?Pallor, Fever", page, re.S)
    assert "“Typing error”" in page


def test_a_change_can_be_undone(browser, enter):
    row = enter(haemoglobin_g_per_l=64.0, symptoms=["fever"])
    browser.post(f"/findings/{row.id}", data={"observed_on": "2026-01-01", "revision": 1})
    answer = browser.post(f"/findings/{row.id}/take-back", data={"revision": "2"})
    assert answer.status_code == 303
    (after,) = clinical.of_patient(row.patient_id)
    assert (after.haemoglobin_g_per_l, after.symptoms) == (64.0, ["fever"])
    assert after.observed_on == TODAY


def test_saving_what_is_shown_changes_nothing(browser, enter):
    row = enter(lactate_dehydrogenase_u_per_l=12345.678, notes="One.\nTwo.")
    form = browser.get(f"/findings/{row.id}").text
    typed = dict(re.findall(r'name="(\w+)" type="(?:text|date)" value="([^"]*)"', form))
    browser.post(f"/findings/{row.id}", data=typed | {"notes": "One.\r\nTwo.", "revision": 1})
    assert clinical.of_patient(row.patient_id)[0].revision == 1


def test_two_people_changing_at_once_are_told_and_nothing_is_lost(browser, as_user, enter, patient):
    row = enter(haemoglobin_g_per_l=64.0)
    mine = {"observed_on": str(TODAY), "revision": 1}
    as_user("hana").post(f"/findings/{row.id}", data=mine | {"haemoglobin_g_per_l": "70"})
    answer = browser.post(
        f"/findings/{row.id}", data=mine | {"platelets_10e9_per_l": "33", "symptoms": ["fever"]}
    )
    page = unescape(answer.text)
    assert answer.status_code == 409
    assert "Hana Sato" in page
    assert re.search(r"<dt>Haemoglobin</dt>.*?64 g/L.*?70 g/L", page, re.S)
    assert 'name="platelets_10e9_per_l" type="text" value="33"' in page
    assert 'value="fever" checked' in page
    assert 'name="revision" value="2"' in page


def test_the_clinician_enters_findings_and_the_administrator_reads_them(as_user, patient, enter):
    row = enter(haemoglobin_g_per_l=64.0)
    add, change = f"/patients/{patient.id}/findings/new", f"/findings/{row.id}"
    assert as_user("hana").post(add, data=TYPED).status_code == 303
    adam = as_user("adam")
    for path in (add, change):
        assert adam.get(path).status_code == 403
        assert adam.post(path, data=TYPED).status_code == 403
    assert adam.get(f"{change}/history").status_code == 200
    page = adam.get(f"/patients/{patient.id}").text
    assert "Haemoglobin" in page
    assert f'href="{change}"' not in page


def test_reading_findings_is_noted(browser, enter):
    row = enter()
    browser.get(f"/findings/{row.id}/history")
    assert audit.recent(action="clinical:read", subject_id=row.id).total == 1


@pytest.mark.parametrize(
    "path", ["/patients/{}/findings/new", "/findings/{}", "/findings/{}/history"]
)
def test_unknown_findings_are_said_in_words(browser, path):
    answer = browser.get(path.format(UNKNOWN))
    assert answer.status_code == 404
    assert "There is no such record" in answer.text


def test_words_cannot_smuggle_markup_into_the_pages(browser, patient, enter):
    row = enter(immunophenotype="<script>alert(1)</script>", notes="</textarea><b>bold")
    for path in (f"/patients/{patient.id}", f"/findings/{row.id}", f"/findings/{row.id}/history"):
        page = browser.get(path).text
        assert "<script>alert" not in page
        assert "<b>bold" not in page

import pytest

from appliance.records import conclusions, fields, readings, revisions, users
from appliance.review_vocabulary import ReadingKind
from tests import cases
from tests.webui.examples import add_field, examination_of
from webui import history


def test_every_record_that_has_versions_has_a_page_of_them():
    assert {kind.name for kind in history.KINDS} == set(revisions._ORDER)


@pytest.mark.parametrize("kind", history.KINDS, ids=lambda kind: kind.name)
def test_only_what_is_recorded_is_named(kind):
    assert set(kind.shown) <= set(revisions._ORDER[kind.name])


def test_a_person_s_history_says_what_changed_and_who_did_it(as_user, olga, adam):
    by = users.actor_of(adam)
    users.change(olga.id, olga.revision, by, role="clinician")
    page = as_user("adam").get(f"/people/{olga.id}/history").text
    assert "Adam Okoye" in page
    assert "<del><bdi>Technician</bdi></del>" in page
    assert "<ins><bdi>Clinician</bdi></ins>" in page
    assert "argon2" not in page


def test_an_image_s_history_says_who_went_on_and_why(as_user, appliance, olga):
    field = add_field(appliance, examination_of(olga).id, olga, passed=False)
    fields.override(field.id, "No better field on this slide", users.actor_of(olga))
    page = as_user("hana").get(f"/fields/{field.id}/history").text
    assert "No better field on this slide" in page
    assert "Stopped by the quality gate" in page
    assert page.count("Olga Tamm") >= 2


def test_an_examination_leads_to_the_history_of_what_belongs_to_it(as_user, appliance, olga, hana):
    examination = cases.submitted(appliance, olga)
    cases.conclude(examination.id, hana, text="First thoughts.")
    cases.conclude(examination.id, hana, text="Second thoughts.")
    browser = as_user("hana")
    page = browser.get(f"/examinations/{examination.id}/history").text
    (reading,) = readings.of_examination(examination.id)
    assert f"/readings/{reading.id}/history" in page
    conclusion = conclusions.of(examination.id)
    page = browser.get(f"/conclusions/{conclusion.id}/history").text
    assert "<del><bdi>First thoughts.</bdi></del>" in page
    assert "<ins><bdi>Second thoughts.</bdi></ins>" in page


def test_who_reads_blind_does_not_see_a_conclusion_s_history(as_user, appliance, olga, hana, adam):
    examination = cases.submitted(appliance, olga, second_because="Drawn at random")
    cases.conclude(examination.id, adam)
    readings.take(examination.id, ReadingKind.SECOND, users.actor_of(hana))
    conclusion = conclusions.of(examination.id)
    assert as_user("hana").get(f"/conclusions/{conclusion.id}/history").status_code == 403


def test_only_who_may_read_the_log_is_led_to_it(as_user, olga):
    path = f"/patients/{examination_of(olga).patient.id}/history"
    assert "/audit?subject=" in as_user("adam").get(path).text
    assert "/audit?subject=" not in as_user("olga").get(path).text

"""Reports are PDF, open in place, and never carry the patient's name in the file's name."""

import pytest

from appliance.records import audit
from tests.webui.examples import add_field, analyse, examination_of


@pytest.fixture
def examination(olga):
    return examination_of(olga)


@pytest.fixture
def field(appliance, examination, olga):
    add_field(appliance, examination.id, olga, 1)
    return analyse([0.95, 0.05])


def test_the_page_shows_the_report_as_it_prints(as_user, examination, field):
    page = as_user("hana").get(f"/examinations/{examination.id}/report")
    assert page.status_code == 200
    assert f'src="/examinations/{examination.id}/report.pdf' in page.text


def test_an_examination_without_images_has_nothing_to_report(as_user, examination):
    page = as_user("olga").get(f"/examinations/{examination.id}/report")
    assert "Nothing to report yet" in page.text


def test_reports_answer_pdf_in_place(as_user, examination, field):
    browser = as_user("hana")
    for address, name in (
        (f"/examinations/{examination.id}/report.pdf", "-report.pdf"),
        (f"/fields/{field.id}/report.pdf", "-field-1.pdf"),
    ):
        answer = browser.get(address)
        assert answer.data.startswith(b"%PDF-")
        assert answer.content_type == "application/pdf"
        assert answer.headers["Cache-Control"] == "no-store"
        disposition = answer.headers["Content-Disposition"]
        assert disposition.startswith("inline")
        assert f"{examination.accession_number}{name}" in disposition
        assert "Okafor" not in disposition


def test_who_asked_for_a_report_is_audited(as_user, examination, field, hana):
    as_user("hana").get(f"/examinations/{examination.id}/report.pdf")
    actions = {entry.action for entry in audit.recent(actor_id=hana.id)}
    assert any(action.startswith("report:") for action in actions)


def test_a_report_of_nothing_is_not_found(as_user):
    nobody = "00000000-0000-7000-8000-000000000000"
    browser = as_user("hana")
    assert browser.get(f"/examinations/{nobody}/report.pdf").status_code == 404
    assert browser.get(f"/fields/{nobody}/report.pdf").status_code == 404

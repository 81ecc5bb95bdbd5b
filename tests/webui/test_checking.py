"""The page behind the code of a printed report."""

import io

import pytest
from pypdf import PdfReader

from appliance.records import audit, report_versions, users
from appliance.records.database import proxy
from appliance.records.guards import remove
from appliance.services import casebook
from tests import cases


@pytest.fixture
def signed(appliance, app, olga, hana, password):
    """The first version of a report."""
    examination = cases.signed(appliance, olga, hana, password)
    return report_versions.latest(examination.id)


def test_a_current_report_is_said_to_be_genuine_with_who_signed(signed, as_user):
    page = as_user("olga").get(f"/check/{signed.sha256}").text
    assert "Genuine, unchanged and current." in page
    assert "Hana Sato" in page


@pytest.mark.parametrize("typed", ["{}", " {} ", "https://bench-2.lab/check/{}"])
def test_what_a_scanner_types_leads_to_it(signed, as_user, typed):
    browser, code = as_user("olga"), typed.format(signed.sha256.upper())
    for address, name in (("/check", "code"), ("/search", "text")):
        answer = browser.post(address, data={name: code})
        assert answer.location == f"/check/{signed.sha256}"


def test_what_is_no_code_is_said_and_kept(as_user):
    answer = as_user("olga").post("/check", data={"code": "24-0193"})
    assert answer.status_code == 422
    assert 'value="24-0193"' in answer.text


def test_an_unknown_code_is_not_called_genuine(as_user):
    answer = as_user("olga").get(f"/check/{'0' * 64}")
    assert answer.status_code == 404
    assert "No signed report here has this code." in answer.text


def test_a_record_changed_after_its_signature_is_not_called_genuine(signed, as_user):
    remove(proxy.obj)
    proxy.execute_sql("UPDATE report_version SET content = replace(content, 'blast', 'blasts')")
    page = as_user("olga").get(f"/check/{signed.sha256}").text
    assert "This record was changed after it was signed." in page


def test_opening_it_is_a_reading_of_the_record(signed, as_user):
    browser = as_user("olga")
    before = audit.head().sequence
    browser.get(f"/check/{signed.sha256}")
    events = audit.recent(5).rows
    assert any(e.action == "examination:read" and e.sequence > before for e in events)


def test_an_amended_report_is_kept_as_it_was_and_marked(appliance, signed, hana, password):
    by = users.actor_of(hana)
    assert appliance.reporting.kept_pdf(signed, by) == appliance.pictures.read(signed.pdf_sha256)
    examination_id = signed.examination.id
    report_versions.begin_amendment(examination_id, "amended", "Flow cytometry came", by)
    cases.conclude(examination_id, hana, text="Seen again.")
    cases.sign(appliance, examination_id, hana, password)
    old = report_versions.get(signed.id)
    assert casebook.outdated(old).startswith("Superseded by version 2 of ")
    first = PdfReader(io.BytesIO(appliance.reporting.kept_pdf(old, by))).pages[0].extract_text()
    assert "Superseded by version 2" in first
    newest = report_versions.latest(examination_id)
    text = PdfReader(io.BytesIO(appliance.reporting.kept_pdf(newest, by))).pages[0].extract_text()
    assert "Superseded" not in text
    assert "Seen again." in text

"""Signing by password what was shown; versions, amendments, and who is told of them."""

import re
from datetime import date
from html import unescape
from io import BytesIO

import pytest
from pypdf import PdfReader

from appliance.permissions import Role
from appliance.records import (
    audit,
    clinical,
    decisions,
    edits,
    examinations,
    fields,
    readings,
    report_versions,
    users,
)
from appliance.review_vocabulary import ReadingKind
from appliance.settings import Settings
from appliance.vocabulary import Box
from tests.cases import BLAST, NORMAL, call, conclude, imaged, sign, signed, submitted


@pytest.fixture
def settings(tmp_path):
    return Settings(data=tmp_path, min_free_mb=0, login_failures=2)


@pytest.fixture
def browser(as_user):
    return as_user("hana")


@pytest.fixture
def ready(app, appliance, olga, hana):
    """Submitted by Olga, concluded by Hana."""
    examination = submitted(appliance, olga)
    conclude(examination.id, hana)
    return examination


@pytest.fixture
def final(app, appliance, olga, hana, password):
    """Signed once."""
    return signed(appliance, olga, hana, password)


def address(examination, part="sign"):
    return f"/examinations/{examination.id}/{part}"


def shown(browser, examination):
    """What the form of the page carries."""
    page = browser.get(address(examination)).text
    form = page[page.index('id="sign-form"') :]
    return dict(re.findall(r'name="(revision|sha256)" value="([^"]+)"', form))


def plain(page):
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split()).replace("\xa0", " ")


def test_signing_names_the_meaning_and_asks_for_the_password(browser, ready, password):
    page = plain(browser.get(address(ready)).text)
    assert "By signing you state: “ Hana Sato , clinician, reviewed every cell" in page
    assert "Version 1, final" in page
    answer = browser.post(address(ready), data=shown(browser, ready) | {"password": password})
    version = report_versions.latest(ready.id)
    assert answer.location == f"/reports/{version.id}"
    report = plain(browser.get(answer.location).text)
    assert "is signed: version 1, final." in report
    assert "Hana Sato , clinician" in report
    pdf = browser.get(f"/reports/{version.id}/report.pdf")
    assert pdf.data.startswith(b"%PDF")
    assert "Okafor" not in pdf.headers["Content-Disposition"]
    assert examinations.get(ready.id).status == "final"
    assert browser.get(address(ready, "reports")).location == f"/reports/{version.id}"


def test_a_cell_added_after_the_second_reading_is_told_before_signing_and_printed(
    browser, ready, olga, hana, password, password_hash
):
    by, ivo = users.actor_of(hana), users.add("ivo", "Ivo", Role.TECHNICIAN, password_hash, None)
    readings.ask(ready.id, ReadingKind.SECOND, "Drawn at random.", by)
    blind = readings.take(ready.id, ReadingKind.SECOND, users.actor_of(ivo))
    call(blind, [BLAST, BLAST, NORMAL, NORMAL, NORMAL], ivo)
    readings.submit(blind.id, users.actor_of(ivo))
    assert "no second reader" not in plain(browser.get(address(ready)).text)
    review = readings.take(ready.id, ReadingKind.REVIEW, by)
    field = fields.of_examination(ready.id)[0]
    added = edits.add(review.id, field.id, Box(40, 40, 12, 12), None, BLAST, by)
    decisions.showed(review.id, {added.id: 2000}, by)
    page = browser.get(address(ready)).text
    said = "1 cell came after the second reading, so no second reader has called it."
    assert said in plain(page)
    assert address(ready, "second-reading/ask") in page
    answer = browser.post(address(ready), data=shown(browser, ready) | {"password": password})
    pdf = browser.get(f"{answer.location}/report.pdf").data
    printed = " ".join(
        "".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages).split()
    )
    assert "1 cell came later and was not read a second time." in printed


def test_signed_twice_it_is_one_version_and_leads_to_it(browser, ready, password):
    form = shown(browser, ready) | {"password": password}
    first, again = (browser.post(address(ready), data=form) for _ in range(2))
    assert first.location == again.location
    assert len(report_versions.versions_of(ready.id)) == 1


def test_clinical_details_that_are_printed_are_signed_with_the_rest(browser, ready, olga, password):
    form = shown(browser, ready) | {"password": password}
    values = {"observed_on": date(2026, 11, 20), "platelets_10e9_per_l": 31.0}
    clinical.add(ready.patient.id, values, users.actor_of(olga))
    assert browser.post(address(ready), data=form).status_code == 409
    browser.post(address(ready), data=shown(browser, ready) | {"password": password})
    assert report_versions.latest(ready.id).content["clinical"]["platelets_10e9_per_l"] == 31.0


def test_a_wrong_password_signs_nothing_and_locks(browser, ready, hana, password):
    form = shown(browser, ready)
    for wrong in ("", "wrong"):
        answer = browser.post(address(ready), data=form | {"password": wrong})
        assert answer.status_code == 422
    assert "This is not your password." in answer.text
    browser.post(address(ready), data=form | {"password": "wrong"})
    answer = browser.post(address(ready), data=form | {"password": password})
    assert answer.status_code == 401
    assert "locked after too many wrong passwords" in answer.text
    assert examinations.get(ready.id).status == "preliminary"
    assert audit.recent(action="login:locked").total == 1


def test_what_changed_since_it_was_shown_is_shown_anew(browser, ready, hana, password):
    form = shown(browser, ready)
    conclude(ready.id, hana, text="Another thought.")
    answer = browser.post(address(ready), data=form | {"password": password})
    assert answer.status_code == 409
    assert "The record has changed since this page was shown, so nothing was signed." in answer.text
    assert "Another thought." in answer.text
    assert shown(browser, ready)["sha256"] in answer.text
    assert examinations.get(ready.id).status == "preliminary"


def test_what_is_left_to_do_is_listed_and_no_password_asked(browser, appliance, olga, hana):
    raw = imaged(appliance, olga, [0.9, 0.1])
    page = browser.get(address(raw)).text
    assert "there is nothing to sign" in page
    assert 'name="sha256"' not in page
    examination = submitted(appliance, olga, accession_number="26-0777", second_because="Drawn.")
    page = browser.get(address(examination)).text
    assert "There is no conclusion yet." in page
    assert "The second reading is not done yet." in page
    assert 'name="sha256"' not in page
    assert "Write the conclusion" in page


@pytest.mark.parametrize("because", ["conclusion", "second"])
def test_a_form_sent_all_the_same_is_refused(
    browser, appliance, olga, hana, password, because, ready
):
    form = shown(browser, ready)
    if because == "second":
        readings.ask(ready.id, ReadingKind.SECOND, "Rare form", users.actor_of(hana))
        answer = browser.post(address(ready), data=form | {"password": password})
    else:
        bare = submitted(appliance, olga, accession_number="26-0777")
        answer = browser.post(address(bare), data=form | {"password": password})
    assert answer.status_code == 409
    assert report_versions.latest(ready.id) is None


def test_ones_own_submission_is_left_to_somebody_else(browser, appliance, hana):
    examination = submitted(appliance, hana)
    conclude(examination.id, hana)
    page = browser.get(address(examination)).text
    assert "You submitted this examination yourself: somebody else must sign it." in page
    assert 'name="sha256"' not in page


def test_an_amendment_needs_kind_and_reason(browser, final):
    answer = browser.post(address(final, "amend"), data={"status": "amended"})
    assert answer.status_code == 422
    answer = browser.post(address(final, "amend"), data={"reason": "Further cells were read"})
    assert answer.status_code == 422
    data = {"status": "corrected", "reason_text": "The wrong finding was chosen"}
    assert browser.post(address(final, "amend"), data=data).status_code == 303
    page = browser.get(f"/examinations/{final.id}").text
    assert "<strong>Being corrected</strong>" in page
    assert "The wrong finding was chosen" in page
    assert examinations.get(final.id).status == "final"
    assert "This is not possible now" in browser.get(address(final, "amend")).text


def test_an_amendment_is_given_up_with_a_reason(browser, final, hana):
    assert "is not being amended" in browser.get(address(final, "amend/give-up")).text
    assert browser.post(address(final, "amend/give-up")).status_code == 409
    report_versions.begin_amendment(final.id, "amended", "More to say", users.actor_of(hana))
    conclude(final.id, hana, text="Otherwise.")
    assert browser.post(address(final, "amend/give-up")).status_code == 422
    data = {"reason": "Begun by mistake"}
    assert browser.post(address(final, "amend/give-up"), data=data).status_code == 303
    assert "Otherwise." not in browser.get(f"/examinations/{final.id}").text


def test_whoever_opened_the_old_version_is_told(browser, as_user, appliance, final, hana, password):
    first = report_versions.latest(final.id)
    olga = as_user("olga")
    assert olga.get(f"/reports/{first.id}").status_code == 200
    report_versions.begin_amendment(final.id, "amended", "One blast more", users.actor_of(hana))
    conclude(final.id, hana, text="One more.")
    second = sign(appliance, final.id, hana, password)
    told = "version 1, which you opened, was amended"
    assert told in olga.get("/").text
    assert told not in as_user("adam").get("/").text
    old = olga.get(f"/reports/{first.id}").text
    assert "Superseded." in old
    assert f"/reports/{second.id}" in old
    newest = plain(olga.get(f"/reports/{second.id}").text)
    assert "Superseded." not in newest
    assert "What changed since version 1 Text Seen. → became One more." in newest
    assert told not in olga.get("/").text
    marked = olga.get(f"/reports/{first.id}/report.pdf").data
    assert marked != appliance.pictures.read(first.pdf_sha256)


def test_who_may_only_read_opens_but_does_not_sign(as_user, final):
    browser = as_user("adam")
    page = browser.get(browser.get(address(final, "reports")).location).text
    assert "Amend" not in page
    for part in ("sign", "amend", "amend/give-up"):
        assert browser.get(address(final, part)).status_code == 403
        assert browser.post(address(final, part)).status_code == 403

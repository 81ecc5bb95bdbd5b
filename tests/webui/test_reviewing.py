"""Submitted, sent back, cancelled, voided: by whom, with which reason, and how it shows."""

from appliance.records import examinations, readings, users
from appliance.review_vocabulary import ReadingKind
from tests.cases import imaged, read, signed, submitted


def status(examination):
    return examinations.get(examination.id).status


def step(browser, examination, name, revision=None, **fields):
    revision = revision or examinations.get(examination.id).revision
    data = {"revision": revision, **fields}
    return browser.post(f"/examinations/{examination.id}/{name}", data=data)


def test_a_reading_is_submitted_and_says_what_comes_next(as_user, appliance, olga):
    examination = imaged(appliance, olga, [0.9, 0.1])
    reading = read(examination.id, olga)
    browser = as_user("olga")
    answer = browser.post("/readings/submit", data={"reading_id": reading.id})
    assert answer.location == f"/examinations/{examination.id}"
    page = browser.get(answer.location).text
    assert "is submitted for signing" in page
    assert "<strong>Submitted</strong>" in page
    assert status(examination) == "preliminary"


def test_what_is_not_read_is_not_submitted(as_user, appliance, olga):
    examination = imaged(appliance, olga, [0.9, 0.1])
    reading = readings.take(examination.id, ReadingKind.FIRST, users.actor_of(olga))
    browser = as_user("olga")
    answer = browser.post("/readings/submit", data={"reading_id": reading.id})
    assert answer.status_code == 409
    assert "2 cells are not verified yet" in answer.text
    for wrong in ("", "x", "00000000-0000-7000-8000-000000000000"):
        assert browser.post("/readings/submit", data={"reading_id": wrong}).status_code == 404
    other = as_user("hana").post("/readings/submit", data={"reading_id": reading.id})
    assert other.status_code == 403


def test_it_is_sent_back_with_a_reason_that_the_bench_sees(as_user, appliance, olga):
    examination, browser = submitted(appliance, olga), as_user("hana")
    assert "More cells are needed" in browser.get(f"/examinations/{examination.id}/send-back").text
    bare = step(browser, examination, "send-back", reason_text="no")
    assert bare.status_code == 422
    assert "write one of at least 10 letters" in bare.text
    step(browser, examination, "send-back", reason="More cells are needed")
    assert status(examination) == "partial"
    page = as_user("olga").get(f"/examinations/{examination.id}").text
    assert "<strong>Sent back</strong>" in page
    assert "“More cells are needed”" in page


def test_a_step_on_an_older_view_is_refused(as_user, appliance, olga):
    examination = submitted(appliance, olga)
    answer = step(as_user("hana"), examination, "cancel", revision=1, reason="Registered twice")
    assert answer.status_code == 409
    assert status(examination) == "preliminary"


def test_cancelled_is_marked_in_list_page_and_offers_nothing_more(as_user, appliance, olga):
    examination, browser = imaged(appliance, olga, [0.9]), as_user("olga")
    assert step(browser, examination, "cancel", reason="Registered twice").status_code == 303
    assert status(examination) == "cancelled"
    page = browser.get(f"/examinations/{examination.id}").text
    assert "state-fault" in page
    assert "“Registered twice”" in page
    assert "Add images" not in page
    assert "Cancel the examination" not in page
    rows = browser.get("/rows?tab=all").text
    assert "exam-void" in rows
    assert rows.count("Cancelled") == 1
    for part in ("cells", "report"):
        assert "CANCELLED" in browser.get(f"/examinations/{examination.id}/{part}").text
    again = browser.get(f"/examinations/{examination.id}/cancel").text
    assert "This is not possible now" in again


def test_void_marks_report_and_examination(as_user, appliance, olga, hana, password):
    examination = signed(appliance, olga, hana, password)
    browser = as_user("hana")
    assert step(browser, examination, "void", reason="Wrong patient").status_code == 303
    assert status(examination) == "entered-in-error"
    page = browser.get(f"/examinations/{examination.id}").text
    assert "<strong>Marked as entered in error</strong>" in page
    assert "Amend" not in page
    report = browser.get(browser.get(f"/examinations/{examination.id}/reports").location).text
    assert "state-fault" in report
    rows = browser.get("/rows?tab=all").text
    assert "exam-void" in rows
    assert rows.count("Entered in error") == 1
    again = browser.get(f"/examinations/{examination.id}/void").text
    assert "The examination is entered in error." in again

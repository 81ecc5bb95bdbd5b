"""Second readings: offered to whoever can read blind, agreed upon, settled or waived."""

from io import BytesIO

import pytest

from appliance.permissions import Role
from appliance.records import decisions, fields, readings, report_versions, states, users
from appliance.records.tables import Examination
from appliance.review_vocabulary import ReadingKind, ReadingState
from tests.cases import BLAST, NORMAL, call, cells_of, conclude, signed, submitted
from tests.webui.examples import add_field, analyse


@pytest.fixture
def ivo(app, password_hash):
    """A second technician."""
    return users.add("ivo", "Ivo Brandt", Role.TECHNICIAN, password_hash, None)


@pytest.fixture
def asked(ivo, appliance, olga):
    """Olga's three blasts and two normal cells are to be read again."""
    probabilities = [0.9, 0.9, 0.9, 0.1, 0.1]
    return submitted(appliance, olga, probabilities, second_because="Differs by 40 % blasts.")


@pytest.fixture
def differing(asked, ivo):
    """Ivo calls one of the blasts normal."""
    reading = readings.take(asked.id, ReadingKind.SECOND, users.actor_of(ivo))
    call(reading, [BLAST, BLAST, NORMAL, NORMAL, NORMAL], ivo)
    readings.submit(reading.id, users.actor_of(ivo))
    return asked


def address(examination, part):
    return f"/examinations/{examination.id}/{part}"


def test_it_is_offered_without_any_result(as_user, asked):
    browser = as_user("ivo")
    assert "1 second reading is wanted" in browser.get("/").text
    page = browser.get("/second-readings").text
    assert asked.accession_number in page
    assert "5 cells, blind" in page
    assert "%" not in page.split("</header>")[1].split("<footer")[0]
    row = browser.get("/?tab=all").text
    assert "hidden: to be read blind" in row
    assert "60 %" not in row
    examination = browser.get(f"/examinations/{asked.id}").text
    assert "is hidden from you" in examination
    assert "verified leukocytes" not in examination


def test_no_way_leads_to_suggestions_or_calls_before_it_is_read(as_user, asked):
    browser, field = as_user("ivo"), fields.of_examination(asked.id)[0]
    ways = [
        *(address(asked, part) for part in ("cells", "report", "report.pdf")),
        *(f"/fields/{field.id}{part}" for part in ("", "/gallery", "/cells/1", "/report.pdf")),
        f"/fields/{field.id}/cells/1/attention.png",
        *(f"/api/v1/fields/{field.id}{part}" for part in ("", "/cells")),
        f"/api/v1/examinations/{asked.id}",
    ]
    for _ in ("offered", "begun"):
        assert [way for way in ways if browser.get(way).status_code != 403] == []
        listed = browser.get("/api/v1/examinations").json["examinations"][0]
        assert (listed["counts"]["blast"], listed["verified"]["counted"]) == (0, 0)
        original = {"file": (BytesIO(browser.get(f"/fields/{field.id}/original").data), "a.png")}
        sent = browser.post(f"/api/v1/examinations/{asked.id}/fields", data=original).json
        assert sent["taken"][0]["duplicate"]
        assert not (sent["taken"][0]["field"]["counts"] or {}).get("blast")
        assert "hidden: to be read blind" in browser.get(f"/patients/{asked.patient.id}").text
        browser.post(address(asked, "second-reading"))
    assert as_user("hana").get(ways[0]).status_code == 200


def rows_of(page):
    return page.text.count('class="row-link exam"')


def test_no_filter_or_search_by_result_tells_it_to_whoever_is_to_read_blind(as_user, asked, hana):
    conclude(asked.id, hana, critical=True)
    browser = as_user("ivo")
    by_result = ("blasts=yes", "blasts=no", "finding=blasts-at-or-above-limit", "needs=telling")
    for _ in ("offered", "begun"):
        assert rows_of(browser.get("/?tab=all")) == 1
        assert rows_of(browser.get("/?status=preliminary&specimen=peripheral-blood")) == 1
        found = {query: rows_of(browser.get(f"/?{query}")) for query in by_result}
        assert found == dict.fromkeys(by_result, 0)
        told = browser.get("/api/v1/examinations?needs=telling").json
        assert (told["total"], told["examinations"]) == (0, [])
        assert browser.get("/api/v1/examinations?needs=second").json["total"] == 1
        browser.post(address(asked, "second-reading"))
    known = {query: rows_of(as_user("olga").get(f"/?{query}")) for query in by_result}
    assert known == dict.fromkeys(by_result, 1) | {"blasts=no": 0}


def test_the_bell_does_not_tell_whoever_reads_blind_that_it_is_critical(as_user, asked, hana):
    conclude(asked.id, hana, critical=True)
    browser = as_user("hana")
    assert "1 critical result: nobody was told yet" in browser.get("/").text
    browser.post(address(asked, "second-reading"))
    assert "nobody was told yet" not in browser.get("/").text


def test_the_row_of_what_is_to_be_read_blind_does_not_say_that_it_is_critical(as_user, asked, hana):
    conclude(asked.id, hana, critical=True)
    assert "Critical, not told" in as_user("olga").get("/rows?tab=all").text
    page = as_user("ivo").get("/rows?tab=all").text
    assert "Critical" not in page
    assert "Second reading" in page


def test_the_course_of_a_patient_leaves_out_what_is_to_be_read_blind(
    as_user, ivo, appliance, olga, hana, password
):
    first = signed(appliance, olga, hana, password)
    second = signed(appliance, olga, hana, password)
    drawn = "Blasts among verified leukocytes"
    assert drawn in as_user("ivo").get(f"/patients/{first.patient.id}").text
    by = users.actor_of(hana)
    report_versions.begin_amendment(second.id, "corrected", "One blast more", by)
    readings.ask(second.id, ReadingKind.SECOND, "For training", by)
    assert drawn not in as_user("ivo").get(f"/patients/{first.patient.id}").text
    assert drawn in as_user("olga").get(f"/patients/{first.patient.id}").text


def test_beside_a_conclusion_no_count_stands_of_what_the_person_reads_blind(
    as_user, asked, appliance, olga
):
    later, browser = submitted(appliance, olga), as_user("hana")
    last = f'href="/examinations/{asked.id}"'
    assert last in browser.get(address(later, "conclude")).text
    browser.post(address(asked, "second-reading"))
    page = browser.get(address(later, "conclude")).text
    assert last not in page
    assert "60.0 % blasts" not in page


def test_the_scorecard_leaves_out_what_is_to_be_read_blind_and_says_so(as_user, asked):
    left_out = "1 examination is left out for you: you may be asked to read it blind."
    for page in ("/scorecard", "/scorecard/work", "/scorecard/drift"):
        assert left_out in as_user("ivo").get(page).text, page
        assert "left out for you" not in as_user("olga").get(page).text, page
    assert "0 examinations registered" in as_user("ivo").get("/scorecard/work").text
    assert "1 examination registered" in as_user("olga").get("/scorecard/work").text
    of_ivo = as_user("ivo").get("/scorecard/scorecard.csv").text
    of_olga = as_user("olga").get("/scorecard/scorecard.csv").text
    assert of_ivo != of_olga


def test_whoever_reads_blind_does_not_see_what_was_concluded(as_user, asked):
    conclusion = {"revision": 0, "finding": "no-blasts", "text": ""}
    as_user("hana").post(address(asked, "conclude"), data=conclusion)
    assert "no blasts" in as_user("hana").get(f"/examinations/{asked.id}").text.lower()
    assert "no blasts" not in as_user("ivo").get(f"/examinations/{asked.id}").text.lower()


def test_it_is_not_offered_to_the_first_reader(as_user, asked):
    browser = as_user("olga")
    assert "No second reading waits for you" in browser.get("/second-readings").text
    answer = browser.post(address(asked, "second-reading"))
    assert answer.location == "/second-readings"
    assert "cannot read them blind" in browser.get("/second-readings").text


def test_taken_on_it_leads_to_the_cells_and_hides_what_others_called(as_user, asked):
    browser = as_user("ivo")
    answer = browser.post(address(asked, "second-reading"))
    (row,) = readings.wanted()
    assert answer.location == f"/readings/{row.reading.id}/read"
    assert "Go on" in browser.get("/second-readings").text
    for part in ("agreement", "report", "report.pdf"):
        assert browser.get(address(asked, part)).status_code == 403
    assert browser.get(f"/api/v1/examinations/{asked.id}").status_code == 403
    assert "Go on reading" in browser.get(f"/examinations/{asked.id}").text


def test_agreement_has_kappa_a_table_and_the_differing_cells(as_user, differing):
    page = as_user("hana").get(address(differing, "agreement")).text
    assert "first and second reader called 4 of 5 cells the same: kappa 0.62." in page
    assert "otherwise since" not in page
    assert page.count('class="differing-picture cell"') == 1
    assert "First and second reader call 1 cell differently." in page
    assert "Adjudicate" in page


@pytest.fixture
def resubmitted(differing, appliance, ivo, olga, hana):
    """Settled, sent back, and submitted again with one more cell and one call changed."""
    by, revision = users.actor_of(hana), Examination.get_by_id(differing.id).revision
    third = readings.take(differing.id, ReadingKind.ADJUDICATION, by)
    decisions.decide(third.id, [cells_of(differing.id)[2].id], NORMAL, by)
    readings.submit(third.id, by)
    states.send_back(differing.id, revision, "One more field.", by)
    add_field(appliance, differing.id, olga, 500)
    analyse([0.95])
    first = readings.take(differing.id, ReadingKind.FIRST, users.actor_of(olga))
    new = cells_of(differing.id)[5].id
    decisions.decide(first.id, [new], BLAST, users.actor_of(olga), shown={new: 900})
    decisions.decide(first.id, [cells_of(differing.id)[3].id], BLAST, users.actor_of(olga))
    readings.submit(first.id, users.actor_of(olga))
    return differing


def test_agreement_is_of_the_calls_that_the_second_reader_could_not_know(as_user, resubmitted):
    page = as_user("hana").get(address(resubmitted, "agreement")).text
    assert "first and second reader called 4 of 5 cells the same: kappa 0.62." in page
    assert "The first reader has called 1 of the cells otherwise since." in page
    assert page.count('class="differing-picture cell"') == 2


def test_submitted_again_the_new_cells_are_offered_to_the_second_reader(as_user, resubmitted):
    browser = as_user("ivo")
    assert "1 cell, blind" in browser.get("/second-readings").text
    page = browser.get(browser.post(address(resubmitted, "second-reading")).location).text
    assert page.count('data-cell="') == 1
    assert "Only the cells that came since you read it are shown." in page
    assert "95 %" not in page


def test_whoever_has_not_read_it_reads_all_of_it(as_user, resubmitted, password_hash):
    users.add("yun", "Yun Ito", Role.TECHNICIAN, password_hash, None)
    browser = as_user("yun")
    assert "6 cells, blind" in browser.get("/second-readings").text
    page = browser.get(browser.post(address(resubmitted, "second-reading")).location).text
    assert page.count('data-cell="') == 6
    assert "came since" not in page


def test_submitted_again_a_third_settles_only_what_was_not_settled(as_user, resubmitted):
    browser = as_user("hana")
    page = browser.get(browser.post(address(resubmitted, "adjudication")).location).text
    assert page.count('data-cell="') == 1
    assert str(cells_of(resubmitted.id)[3].id) in page
    (reading,) = readings.wanted(ReadingKind.ADJUDICATION)
    sent = {"cell": str(cells_of(resubmitted.id)[3].id), "label": "blast"}
    browser.post(f"/readings/{reading.reading.id}/decide", data=sent)
    page = browser.get(f"/readings/{reading.reading.id}/read").text
    assert page.count('data-cell="') == 1
    assert "Submit 1 decision" in page


def test_a_third_adjudicates_and_nobody_else(as_user, differing):
    assert as_user("ivo").post(address(differing, "adjudication")).status_code == 403
    answer = as_user("hana").post(address(differing, "adjudication"))
    (row,) = readings.wanted()
    assert row.reading.kind == ReadingKind.ADJUDICATION
    assert answer.location == f"/readings/{row.reading.id}/read"


def test_it_is_waived_with_a_reason(as_user, asked):
    browser, (row,) = as_user("hana"), readings.wanted()
    path = f"/readings/{row.reading.id}/waive"
    assert "Nobody else is here to read" in browser.get(path).text
    assert browser.post(path).status_code == 422
    answer = browser.post(path, data={"reason": "The result is urgent"})
    assert answer.location == address(asked, "agreement")
    assert readings.get(row.reading.id).state == ReadingState.WAIVED
    assert "waived: The result is urgent" in browser.get(answer.location).text
    assert "This is not possible now" in browser.get(path).text
    assert browser.post(path, data={"reason": "The result is urgent"}).status_code == 409


def test_a_clinician_asks_for_one(as_user, appliance, olga):
    examination, browser = submitted(appliance, olga), as_user("hana")
    assert "Nobody was asked" in browser.get(address(examination, "agreement")).text
    path = address(examination, "second-reading/ask")
    assert browser.post(path).status_code == 422
    answer = browser.post(path, data={"reason": "For training", "reason_text": "With Ivo"})
    assert answer.location == address(examination, "agreement")
    (row,) = readings.wanted()
    assert row.reading.asked_because == "For training. With Ivo"
    assert as_user("olga").post(path).status_code == 403

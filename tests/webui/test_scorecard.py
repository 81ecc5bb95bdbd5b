"""The pages of the scorecard, and the file that has all of it."""

import csv
import io
from datetime import timedelta

import pytest

from appliance.clock import now
from appliance.records import audit
from appliance.services import drift_watch
from tests.statistics_lab import Bench, blur_last_week, filling, furnish


@pytest.fixture
def bench(app, olga, hana):
    with filling():
        yield Bench(olga, hana)


@pytest.fixture
def furnished(bench):
    furnish(bench, 24, cells=12)


PAGES = ("/scorecard", "/scorecard/work", "/scorecard/drift")


def test_a_new_laboratory_is_told_what_is_missing(as_user):
    browser = as_user("hana")
    assert [browser.get(page).status_code for page in PAGES] == [200, 200, 200]
    page = browser.get("/scorecard").text
    assert "Not enough cells yet" in page
    assert "50 more blasts, from 3 more patients" in page


def test_it_says_in_a_sentence_how_well_the_model_reads_here(as_user, furnished):
    page = as_user("olga").get("/scorecard").text
    since = (now().astimezone() - timedelta(days=89)).strftime("%-d %B %Y")
    assert f"patients verified here since {since} the model agreed" in page
    assert "The area under the curve" in page
    for title in ("Sensitivity", "Positive predictive value", "Kappa, two readers", "Zeiss"):
        assert title in page


def test_pictures_stand_in_the_page_with_a_table_beside_each(as_user, furnished):
    page = as_user("olga").get("/scorecard").text
    assert page.count('class="chart" role="img"') >= 4
    assert "style=" not in page
    drawn = page.split('id="cells-title"')[1]
    assert drawn.index('class="chart"') < drawn.index("Suggested blast")
    work = as_user("olga").get("/scorecard/work").text
    assert work.count('class="chart"') == 2
    assert "24 examinations registered, 24 of them signed" in work
    drift = as_user("olga").get("/scorecard/drift").text
    assert drift.count('class="chart"') == 3
    assert "No site head is in use" in drift


def test_filters_narrow_and_can_be_taken_off(as_user, furnished, olga):
    browser = as_user("hana")
    page = browser.get("/scorecard/work?microscope=Zeiss&days=30").text
    assert "Zeiss: remove this filter" in page
    assert "6 examinations registered" in page
    assert "microscope=Olympus" in page
    assert f"/scorecard/work?operator={olga.id}" in browser.get("/scorecard/work").text
    nobody = browser.get("/scorecard/work?operator=00000000-0000-7000-8000-000000000000").text
    assert "0 examinations registered" in nobody


WRONG = ("days=7000", "from=yesterday", "from=2026-09-01&to=2026-01-01", "operator=x")


def test_what_an_address_says_wrongly_is_no_error(as_user):
    browser = as_user("hana")
    for query in (*WRONG, "batch=" + "x" * 999):
        assert browser.get(f"/scorecard/work?{query}").status_code == 200, query


def test_counting_again_takes_in_what_came_since(as_user, bench):
    browser = as_user("hana")
    assert 'href="/scorecard"' in browser.get("/").text
    assert "0 examinations registered" in browser.get("/scorecard/work").text
    bench.examination()
    assert "0 examinations registered" in browser.get("/scorecard/work").text
    assert "1 examination registered" in browser.get("/scorecard/work?again=1").text
    assert "1 examination registered" in browser.get("/scorecard/work").text


def test_all_of_it_is_saved_as_csv_which_is_audited_and_names_no_patient(as_user, furnished):
    answer = as_user("hana").get("/scorecard/scorecard.csv?days=30")
    assert answer.mimetype == "text/csv"
    until = now().astimezone().date()
    name = f"scorecard-{until - timedelta(days=29)}-to-{until}.csv"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert {"cells", "roc", "readers", "examinations", "work", "drift"} <= {r["part"] for r in rows}
    assert "Secretname" not in answer.text
    assert "MRN-" not in answer.text
    event = audit.recent(1).rows[0]
    assert (event.action, event.actor_name) == ("statistics:export", "Hana Sato")
    assert event.details == {"since": str(until - timedelta(days=29)), "until": str(until)}


def test_the_bell_tells_who_concludes_or_switches_that_something_shifted_until_they_look(
    as_user, appliance, bench
):
    told = "Something has shifted: focus"
    blur_last_week(bench)
    people = {name: as_user(name) for name in ("olga", "hana", "adam")}
    assert told not in people["hana"].get("/account").text
    drift_watch.look(appliance.scorecards)
    pages = {name: browser.get("/account").text for name, browser in people.items()}
    assert {name: told in page for name, page in pages.items()} == {
        "olga": False,
        "hana": True,
        "adam": True,
    }
    assert told in people["hana"].get("/scorecard/drift?days=30").text  # other days than it means
    assert "Focus has shifted in the week of" in people["hana"].get("/scorecard/drift").text
    assert told not in people["hana"].get("/account").text
    assert told in people["adam"].get("/account").text

import sqlite3
from contextlib import closing

import pytest

from appliance.records import audit, users
from appliance.records.database import proxy


@pytest.fixture
def browser(as_user):
    return as_user("adam")


def test_entries_are_listed_newest_first(browser):
    page = browser.get("/audit").text
    assert page.index("login:ok") < page.index("user:add")


def test_what_was_done_stands_in_words_and_ids_are_short(browser, adam, olga):
    audit.note("field:read", by=users.actor_of(adam), details={"examination": str(olga.id)})
    page = browser.get("/audit").text
    assert "Read an image" in page
    assert f"examination …\N{WORD JOINER}{olga.id.hex[-6:]}" in page


def test_a_kind_narrows_the_list(browser):
    page = browser.get("/audit?kind=login").text
    assert "login:ok" in page
    assert "user:add" not in page


def test_one_person_and_one_record_narrow_it_too(browser, adam, olga):
    by = users.actor_of(adam)
    audit.note("user:looked-at", by=by, subject=olga)
    assert "login:ok" not in browser.get(f"/audit?subject={olga.id}").text
    assert "user:looked-at" in browser.get(f"/audit?person={adam.id}").text


@pytest.mark.parametrize("query", ["person=x", "subject='--", "page=x", "page=-1", "page=99999"])
def test_nonsense_in_the_address_is_harmless(browser, query):
    assert browser.get(f"/audit?{query}").status_code == 200


def test_long_logs_have_pages(browser, adam):
    for _ in range(60):
        audit.note("system:test", by=users.actor_of(adam))
    assert "Page 1 of 2" in browser.get("/audit").text
    assert "system:test" in browser.get("/audit?page=2").text


def test_the_chain_is_checked_on_demand(browser):
    answer = browser.get("/audit/chain", headers={"HX-Request": "true"})
    assert "The chain is whole" in answer.text
    assert "<html" not in answer.text


def test_only_administrators_read_it(as_user):
    assert as_user("olga").get("/audit").status_code == 403
    assert as_user("hana").get("/audit/chain").status_code == 403


def _listed(action):
    return audit.recent(action=action).total


@pytest.mark.parametrize(
    ("path", "action"),
    [
        ("/", "examination:list"),
        ("/rows", "examination:list"),
        ("/api/v1/examinations", "examination:list"),
        ("/patients", "patient:list"),
    ],
)
def test_a_list_with_names_is_audited_once_and_not_each_time_it_renews_itself(
    as_user, path, action
):
    browser = as_user("olga")
    browser.get(path, headers={"X-Poll": "1"})
    assert _listed(action) == 1  # asked for without a page before: a reading of its own
    browser.get(path, headers={"X-Poll": "1"})
    assert _listed(action) == 1
    browser.get(path)
    assert _listed(action) == 2


def test_a_search_for_patients_is_audited_without_what_was_typed(as_user):
    as_user("olga").post("/patients/search", data={"text": "Zebra"}, headers={"HX-Request": "true"})
    (event,) = audit.recent(action="patient:list")
    assert event.details == {"total": 0}


def test_lists_open_while_the_log_cannot_be_written(as_user, appliance):
    browser = as_user("olga")
    proxy.pragma("busy_timeout", 10)
    with closing(sqlite3.connect(appliance.settings.database)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert browser.get("/").status_code == 200
        assert browser.get("/patients").status_code == 200
    assert _listed("patient:list") == 0

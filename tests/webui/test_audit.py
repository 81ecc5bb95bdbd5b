import csv
import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from io import StringIO

import pytest

from appliance.records import audit, guards, users
from appliance.records.database import proxy
from appliance.records.entries import today
from appliance.services import audit_trail
from tests.webui.addresses import PEOPLE, all_pages, furnish
from webui.audit import WORDS


@pytest.fixture
def browser(as_user):
    return as_user("adam")


OF_PATIENTS = (
    *("cell_id", "details_id", "examination_id", "field_id", "merge_id", "other_id"),
    *("patient_id", "reading_id", "report_id", "submitted_id", "signed_id"),
)
"""Examples of addresses that show something of a patient."""


def _table(answer):
    return answer.text.split("<tbody>")[1].split("</tbody>")[0]


def test_entries_are_listed_newest_first(browser):
    page = _table(browser.get("/audit"))
    assert page.index("login:ok") < page.index("user:add")


def test_what_was_done_stands_in_words_and_ids_are_short(browser, adam, olga):
    audit.note("field:read", by=users.actor_of(adam), details={"examination": str(olga.id)})
    page = browser.get("/audit").text
    assert "Read an image" in page
    assert f"examination …\N{WORD JOINER}{olga.id.hex[-6:]}" in page


def test_a_kind_narrows_the_list(browser):
    listed = _table(browser.get("/audit?kind=login"))
    assert "login:ok" in listed
    assert "user:add" not in listed


def test_one_person_and_one_record_narrow_it_too(browser, adam, olga):
    by = users.actor_of(adam)
    audit.note("user:looked-at", by=by, subject=olga)
    assert "login:ok" not in _table(browser.get(f"/audit?subject={olga.id}"))
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
    page = browser.get("/audit/chain").text
    assert f"The chain is whole up to entry {audit.head().sequence}" in page
    assert audit.head().hash in page


@pytest.fixture
def tampered(browser, database):
    """A log whose second entry was changed past the software."""
    guards.remove(database)
    database.execute_sql("UPDATE audit_event SET actor_name = 'Nobody' WHERE sequence = 2")


def test_a_broken_chain_names_the_entry_what_it_means_and_what_to_do(browser, tampered):
    page = browser.get("/audit/chain").text
    assert "The chain is broken at entry 2 (20" in page
    assert "user:add by Nobody" in page
    assert "changed in the file" in page
    assert "Copy the whole data folder" in page


def test_what_cannot_be_decoded_leads_to_the_check(browser, database):
    guards.remove(database)
    database.execute_sql("UPDATE audit_event SET details = 'x' WHERE sequence = 2")
    assert browser.get("/audit").location == "/audit/chain"


def test_a_period_narrows_the_list(browser):
    assert "login:ok" in browser.get(f"/audit?since={today()}&until={today()}").text
    assert "Nothing of this kind" in browser.get("/audit?until=2020-01-01").text


def test_it_is_saved_as_csv_and_that_is_noted(browser, adam):
    answer = browser.get(f"/audit/export.csv?person={adam.id}")
    rows = list(csv.DictReader(StringIO(answer.text.lstrip("\N{ZERO WIDTH NO-BREAK SPACE}"))))
    assert {row["actor_name"] for row in rows} == {adam.full_name}
    assert [row["action"] for row in rows][-2:] == ["login:ok", "audit:export"]
    assert "attachment" in answer.headers["Content-Disposition"]
    (noted,) = audit.recent(action="audit:export")
    assert noted.details == {"form": "csv", "person": str(adam.id)}


def test_it_is_saved_as_json_lines_with_the_hashes(browser):
    lines = [json.loads(line) for line in browser.get("/audit/export.jsonl").text.splitlines()]
    assert [line["sequence"] for line in lines] == list(range(1, audit.head().sequence + 1))
    assert lines[-1]["hash"] == audit.head().hash


@pytest.mark.parametrize("path", ["/audit", "/audit/chain", "/audit/export.csv"])
def test_only_administrators_read_it(as_user, path):
    assert as_user("olga").get(path).status_code == 403
    assert as_user("hana").get(path).status_code == 403


def test_changed_settings_are_shown_before_and_after(browser, settings):
    audit_trail.note_settings(settings)
    audit_trail.note_settings(replace(settings, decision_limit=0.25))
    assert "decision_limit 0.2 → 0.25" in browser.get("/audit?kind=settings:").text


class Watched:
    """A person's browser in which nothing was opened before; keeps whether a look was noted."""

    def __init__(self, client):
        self.client, self.noted = client, {}

    def get(self, path):
        with self.client.session_transaction() as session:
            session.pop("opened", None)
        before = audit.head().sequence
        answer = self.client.get(path)
        self.noted[path] = audit.head().sequence > before
        return answer


@pytest.mark.no_cover
def test_every_look_at_a_patients_record_is_noted(
    app, appliance, as_user, olga, hana, adam, password
):
    examples = furnish(appliance, olga, hana, password)
    browsers = {name: Watched(as_user(name)) for name in PEOPLE}
    pages = list(all_pages(app, examples, browsers.__getitem__))
    ids = [str(examples[name]) for name in OF_PATIENTS]
    unseen = [
        page.path
        for page in pages
        if any(one in page.path for one in ids) and not browsers[page.username].noted[page.path]
    ]
    assert unseen == []

    # Pictures and parts belong to a page that was opened; asked for by themselves, they are read.
    for part in ("display.jpg", "cells.jpg", "row", "original", "report.pdf"):
        path = f"/fields/{examples['field_id']}/{part}"
        assert browsers["olga"].get(path).status_code == 200
        assert browsers["olga"].noted[path], part
    assert [action for action in audit.actions() if action not in WORDS] == []


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

from dataclasses import replace

import pytest

from appliance.errors import ModelUnusable
from appliance.records import audit, guards
from appliance.services import audit_trail, selftest
from appliance.settings import Settings
from appliance.vocabulary import APPLIANCE


@pytest.fixture
def log(database):
    for number in range(4):
        audit.note("test:done", by=APPLIANCE, details={"number": number})
    guards.remove(database)
    return database


@pytest.fixture
def plain(tmp_path):
    return Settings(data=tmp_path)


def _changes():
    return [row.details for row in audit.recent(action=audit_trail.SETTINGS_CHANGED)]


def test_a_changed_entry_is_named_with_time_action_and_what_to_do(log):
    log.execute_sql("UPDATE audit_event SET action = 'test:undone' WHERE sequence = 3")
    said = audit_trail.explain(audit.first_break())
    assert said.what.startswith("The chain is broken at entry 3 (20")
    assert "test:undone by appliance)" in said.what
    assert "changed in the file" in said.meaning
    assert "Entries 1 to 2 are as they were written" in said.meaning
    assert "Copy the whole data folder" in said.advice


@pytest.mark.parametrize(
    ("gone", "words"),
    [(1, "No entry before it vouches"), (2, "Entry 1 is as it was"), (3, "Entries 1 to 2 are")],
)
def test_a_missing_entry_says_what_still_holds(log, gone, words):
    log.execute_sql("DELETE FROM audit_event WHERE sequence = ?", (gone,))
    said = audit_trail.explain(audit.first_break())
    assert f"broken at entry {gone}." in said.what
    assert "removed" in said.meaning
    assert words in said.meaning


def test_doctor_says_so_too(log):
    def no_model():
        raise ModelUnusable("There is none.")

    def line():
        return next(check for check in selftest.thorough(no_model) if check.name == "audit")

    assert (line().passed, line().sentence) == (True, "the chain is whole up to entry 4")
    log.execute_sql("UPDATE audit_event SET address = 'x' WHERE sequence = 2")
    assert not line().passed
    assert "broken at entry 2" in line().sentence


def test_the_first_start_notes_all_settings_and_the_next_none(database, plain):
    audit_trail.note_settings(plain)
    audit_trail.note_settings(plain)
    (first,) = _changes()
    assert first["decision_limit"] == [None, 0.2]
    assert "data" not in first


def test_a_start_with_other_settings_notes_before_and_after(database, plain):
    audit_trail.note_settings(plain)
    audit_trail.note_settings(replace(plain, decision_limit=0.25))
    audit_trail.note_settings(replace(plain, decision_limit=0.25))
    audit_trail.note_settings(plain)
    assert _changes()[:2] == [{"decision_limit": [0.25, 0.2]}, {"decision_limit": [0.2, 0.25]}]
    assert len(_changes()) == 3


def test_what_was_tampered_with_keeps_nobody_from_starting(database, plain):
    audit_trail.note_settings(plain)
    guards.remove(database)
    database.execute_sql("UPDATE audit_event SET details = 'no JSON'")
    audit_trail.note_settings(plain)
    assert audit.head().sequence == 2

"""Who is told that numbers have shifted, and how often."""

import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest

from appliance.clock import now
from appliance.records import audit, guards
from appliance.records.database import proxy
from appliance.services import drift_watch
from tests.statistics_lab import Bench, blur_last_week, filling


@pytest.fixture
def shifted(bench, counting):
    blur_last_week(bench)
    drift_watch.look(counting)


def test_a_laboratory_in_which_nothing_shifted_is_told_nothing(bench, counting, hana, actor_of):
    drift_watch.look(counting)
    assert drift_watch.unseen(actor_of(hana)) == []
    assert audit.last(drift_watch.NOTED) is None


def test_everybody_is_told_what_shifted_until_they_have_looked(shifted, hana, olga, adam, actor_of):
    people = [actor_of(each) for each in (hana, adam)]
    assert [drift_watch.unseen(each) for each in people] == [["Focus"], ["Focus"]]
    drift_watch.see(people[0])
    assert [drift_watch.unseen(each) for each in people] == [[], ["Focus"]]


def test_a_state_is_noted_once_and_seen_once(shifted, counting, hana, actor_of):
    for _ in range(3):
        drift_watch.look(counting)
        drift_watch.see(actor_of(hana))
    assert audit.recent(action="drift:").total == 2
    assert drift_watch.unseen(actor_of(hana)) == []


def test_what_shifts_again_after_it_was_steady_is_told_again(
    shifted, bench, counting, hana, actor_of
):
    by = actor_of(hana)
    drift_watch.see(by)
    for place in range(9):  # this week is as it was
        at = now() - timedelta(milliseconds=place)
        bench.picture(bench.examination(at=at), focus=9 + place / 5)
        bench.picture(bench.examination(at=at), focus=9.3 + place / 5)
    drift_watch.look(counting)
    assert drift_watch.unseen(by) == []
    for place in range(18):
        at = now() - timedelta(milliseconds=place)
        bench.picture(bench.examination(at=at), focus=3 + place % 5 / 5)
        bench.picture(bench.examination(at=at), focus=3.5 + place % 5 / 5)
    drift_watch.look(counting)
    assert drift_watch.unseen(by) == ["Focus"]


def test_a_note_changed_past_the_software_keeps_nobody_from_a_page(
    shifted, counting, hana, actor_of
):
    guards.remove(proxy.obj)
    for stored in ("{", "[]", '{"shifted": 3}'):
        where = "WHERE action = 'drift:noted'"
        proxy.execute_sql(f"UPDATE audit_event SET details = ? {where}", (stored,))
        assert drift_watch.unseen(actor_of(hana)) == []
    drift_watch.look(counting)
    assert drift_watch.unseen(actor_of(hana)) == ["Focus"]


def test_who_looks_while_nothing_can_be_written_is_told_again(
    database, counting, hana, actor_of, database_path
):
    with filling():
        blur_last_week(Bench(hana, hana))
    drift_watch.look(counting)
    proxy.pragma("busy_timeout", 10)
    with closing(sqlite3.connect(database_path)) as other:
        other.execute("BEGIN IMMEDIATE")
        drift_watch.see(actor_of(hana))
    assert drift_watch.unseen(actor_of(hana)) == ["Focus"]

import hashlib
import json
import re
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from peewee import Database

from appliance.errors import RecordsUnavailable
from appliance.records import audit, guards, patients
from appliance.records.database import close, integrity_fault, open_database, transaction
from appliance.records.tables import AuditEvent, Patient
from appliance.vocabulary import APPLIANCE, Actor

COLUMNS = [field.column_name for field in AuditEvent._meta.sorted_fields]


@pytest.fixture
def log(database: Database, by: Actor) -> Database:
    """Ten entries; the guards are down, as for somebody who edits the file."""
    for number in range(9):
        audit.note("test:done", by=by, details={"number": number})
    guards.remove(database)
    return database


def first_broken() -> int | None:
    found = audit.first_break()
    return found and found.sequence


def test_an_empty_log_is_whole(database: Database):
    assert first_broken() is None
    assert audit.head() == audit.Head(0, "0" * 64)


def test_entries_follow_each_other(log: Database):
    entries = list(AuditEvent.select().order_by(AuditEvent.sequence))
    assert [entry.sequence for entry in entries] == list(range(1, 11))
    assert [entry.previous_hash for entry in entries[1:]] == [entry.hash for entry in entries[:-1]]
    assert audit.head() == audit.Head(10, entries[-1].hash)
    assert first_broken() is None


def test_an_entry_says_who_did_what_to_which_record_from_where(patient: Patient, by: Actor):
    audit.note("patient:read", by=by, subject=patient, details={"page": "history"})
    entry = audit.recent(1).rows[0]
    assert (entry.actor_id, entry.actor_name) == (by.user_id, "Olga Tamm")
    assert (entry.action, entry.address) == ("patient:read", "127.0.0.1")
    assert (entry.subject_type, entry.subject_id) == ("patient", str(patient.id))
    assert entry.details == {"page": "history"}
    assert entry.at.tzinfo is not None


@pytest.mark.parametrize("column", [name for name in COLUMNS if name != "sequence"])
def test_a_changed_column_is_found_at_its_place(log: Database, column: str):
    log.execute_sql(f'UPDATE audit_event SET "{column}" = \'x\' || "{column}" WHERE sequence = 4')
    log.execute_sql("UPDATE audit_event SET actor_id = 'x' WHERE sequence = 4 AND actor_id IS NULL")
    assert first_broken() == 4


@given(
    sequence=st.integers(1, 10),
    column=st.sampled_from([name for name in COLUMNS if name != "sequence"]),
    position=st.integers(0, 10_000),
    flipped=st.integers(1, 255),
)
@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_changed_byte_is_found_at_its_place(
    log: Database, sequence: int, column: str, position: int, flipped: int
):
    where = f"FROM audit_event WHERE sequence = {sequence}"
    (stored,) = log.execute_sql(f'SELECT CAST("{column}" AS BLOB) {where}').fetchone()
    if stored:
        changed = bytearray(stored)
        changed[position % len(stored)] ^= flipped
        write = f'UPDATE audit_event SET "{column}" = CAST(? AS TEXT) WHERE sequence = {sequence}'
        log.execute_sql(write, (bytes(changed),))
        found = first_broken()
        log.execute_sql(write, (stored,))
        assert (found, first_broken()) == (sequence, None)


@given(sequence=st.integers(1, 10), other=st.integers(-(2**40), 2**40))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_changed_number_is_found(log: Database, sequence: int, other: int):
    if 1 <= other <= 10:
        return  # the table itself takes no number twice
    write = "UPDATE audit_event SET sequence = ? WHERE sequence = ?"
    log.execute_sql(write, (other, sequence))
    found = first_broken()
    log.execute_sql(write, (sequence, other))
    assert found is not None
    assert found <= sequence
    assert first_broken() is None


@pytest.fixture
def image(log: Database, database_path: Path) -> tuple[bytes, list[int]]:
    """The file of the log as it lies on the disk, and where its entries lie in it."""
    hashes = [entry.hash.encode() for entry in AuditEvent.select()]
    log.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    close()
    data = database_path.read_bytes()
    places = {
        place
        for one in hashes
        for found in re.finditer(one, data)
        for place in range(found.start() - 260, found.end() + 4)
    }
    return data, sorted(places)


def _rows(path: Path) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as file:
        file.text_factory = bytes
        return file.execute("SELECT * FROM audit_event ORDER BY sequence").fetchall()


@given(chosen=st.integers(0, 10**6), flipped=st.integers(1, 255))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_byte_changed_on_the_disk_is_found_or_changes_no_entry(
    image: tuple[bytes, list[int]], tmp_path: Path, chosen: int, flipped: int
):
    data, places = image
    changed = bytearray(data)
    changed[places[chosen % len(places)]] ^= flipped
    whole, broken = tmp_path / "whole.sqlite3", tmp_path / "broken.sqlite3"
    whole.write_bytes(data)
    broken.write_bytes(changed)
    try:
        open_database(broken)
        found = audit.first_break() is not None or bool(integrity_fault())
    except RecordsUnavailable:
        found = True
    finally:
        close()
    assert found or _rows(broken) == _rows(whole)


def test_a_break_names_the_entry_as_it_stands(log: Database):
    log.execute_sql("UPDATE audit_event SET actor_name = 'Nobody' WHERE sequence = 4")
    broken = audit.first_break()
    assert broken is not None
    assert (broken.sequence, broken.kind) == (4, audit.BreakKind.CHANGED)
    assert (broken.action, broken.actor_name) == ("test:done", "Nobody")
    assert broken.at.startswith("20")


def test_an_entry_that_was_exchanged_and_sealed_anew_breaks_the_next(log: Database):
    entry = next(e for e in audit.stored(audit.Wanted()) if e["sequence"] == 4)
    forged = entry | {"actor_name": "Nobody"}
    del forged["hash"]
    sealed = hashlib.sha256(json.dumps(forged, sort_keys=True, separators=(",", ":")).encode())
    log.execute_sql(
        "UPDATE audit_event SET actor_name = 'Nobody', hash = ? WHERE sequence = 4",
        (sealed.hexdigest(),),
    )
    broken = audit.first_break()
    assert broken is not None
    assert (broken.sequence, broken.kind) == (5, audit.BreakKind.UNLINKED)


def test_a_removed_entry_is_called_missing(log: Database):
    log.execute_sql("DELETE FROM audit_event WHERE sequence = 6")
    assert audit.first_break() == audit.Break(6, audit.BreakKind.MISSING)


def test_a_file_that_cannot_be_read_on_is_called_so(log: Database, monkeypatch):
    def torn(*_: object) -> None:
        raise sqlite3.DatabaseError("database disk image is malformed")

    monkeypatch.setattr(log, "execute_sql", torn)
    assert audit.first_break() == audit.Break(1, audit.BreakKind.UNREADABLE)


def test_the_hash_of_an_exported_entry_can_be_computed_by_anybody(log: Database):
    entries = list(audit.stored(audit.Wanted(), batch=3))
    assert [entry["sequence"] for entry in entries] == list(range(1, 11))
    for entry in entries:
        rest = {name: value for name, value in entry.items() if name != "hash"}
        text = json.dumps(rest, sort_keys=True, separators=(",", ":"))
        assert hashlib.sha256(text.encode()).hexdigest() == entry["hash"]


def test_entries_are_narrowed_to_a_period(log: Database):
    rows = {row.sequence: row for row in AuditEvent.select()}
    since, until = rows[4].at, rows[8].at
    assert {e.sequence for e in audit.recent(since=since, until=until)} <= set(range(4, 8))
    assert audit.recent(since=rows[10].at + timedelta(seconds=1)).total == 0
    found = [e["sequence"] for e in audit.stored(audit.Wanted(since=since), batch=2)]
    assert found[-1] == 10
    assert found == sorted(found)


@pytest.mark.parametrize("names", [{"since"}, {"until"}, {"since", "until"}, {"actor_id"}])
def test_a_period_or_a_person_is_found_without_looking_at_every_entry(
    log: Database, by: Actor, names: set[str], monkeypatch
):
    rows = {row.sequence: row for row in AuditEvent.select()}
    given = {"since": rows[4].at, "until": rows[8].at, "actor_id": by.user_id}
    asked: list[tuple[str, Sequence[object]]] = []
    ask = log.execute_sql

    def listen(sql: str, params: Sequence[object] = (), **more: object) -> object:
        asked.append((sql, params))
        return ask(sql, params, **more)

    monkeypatch.setattr(log, "execute_sql", listen)
    found = audit.recent(5, **{name: given[name] for name in names})
    assert [row.sequence for row in found] == sorted((row.sequence for row in found), reverse=True)
    plan = [
        step
        for sql, params in asked
        for *_, step in ask(f"EXPLAIN QUERY PLAN {sql}", params)
        if "_wrapped" not in step
    ]
    assert [" ".join(step.split()[:2]) for step in plan] == ["SEARCH t1"] * 2, plan


def test_every_action_of_the_log_is_listed_once(log: Database):
    assert audit.actions() == ["test:done", "user:add"]


def test_text_that_became_bytes_is_found(log: Database):
    log.execute_sql("UPDATE audit_event SET details = CAST(details AS BLOB) WHERE sequence = 5")
    assert first_broken() == 5


@pytest.mark.parametrize("gone", [1, 6])
def test_a_removed_entry_is_found(log: Database, gone: int):
    log.execute_sql("DELETE FROM audit_event WHERE sequence = ?", (gone,))
    assert first_broken() == gone


def test_a_removed_entry_is_found_even_when_the_rest_is_renumbered(log: Database):
    log.execute_sql("DELETE FROM audit_event WHERE sequence = 6")
    for sequence in range(7, 11):
        log.execute_sql(
            "UPDATE audit_event SET sequence = ? WHERE sequence = ?", (sequence - 1, sequence)
        )
    assert first_broken() == 6


def test_an_inserted_entry_is_found(log: Database):
    copied = ", ".join(
        name for name in COLUMNS if name not in {"sequence", "hash", "previous_hash"}
    )
    log.execute_sql(
        f"INSERT INTO audit_event (sequence, {copied}, hash, previous_hash) "
        f"SELECT 11, {copied}, 'forged', hash FROM audit_event WHERE sequence = 10"
    )
    assert first_broken() == 11


def test_swapped_entries_are_found(log: Database):
    for before, after in ((3, 100), (4, 3), (100, 4)):
        log.execute_sql("UPDATE audit_event SET sequence = ? WHERE sequence = ?", (after, before))
    assert first_broken() == 3


def test_a_cut_off_end_is_told_by_a_head_noted_elsewhere(log: Database):
    noted = audit.head()
    log.execute_sql("DELETE FROM audit_event WHERE sequence > 8")
    assert first_broken() is None
    assert audit.head().sequence < noted.sequence


def test_the_chain_goes_on_in_another_process(log: Database, database_path: Path, by: Actor):
    close()
    with closing(sqlite3.connect(database_path)) as file:
        last = file.execute("SELECT max(sequence) FROM audit_event").fetchone()
    audit.note("test:later", by=by)
    assert (last, audit.head().sequence, first_broken()) == ((10,), 11, None)


def test_an_entry_goes_with_its_transaction(database: Database):
    def break_off() -> None:
        with transaction():
            audit.note("test:done", by=APPLIANCE)
            raise KeyError

    with pytest.raises(KeyError):
        break_off()
    assert audit.head().sequence == 0


def test_entries_are_listed_newest_first_page_by_page(log: Database):
    first, last = audit.recent(4), audit.recent(4, 8)
    assert [entry.sequence for entry in first] == [10, 9, 8, 7]
    assert [entry.sequence for entry in last] == [2, 1]
    assert (first.total, first.pages, last.number) == (10, 3, 3)


def test_entries_are_narrowed_to_an_action_a_person_or_a_record(
    patient: Patient, by: Actor, hana, actor_of
):
    audit.note("login:ok", by=actor_of(hana))
    patients.open_for(patient.id, actor_of(hana))
    assert {entry.action for entry in audit.recent(action="patient:")} == {
        "patient:register",
        "patient:read",
    }
    assert audit.recent(actor_id=hana.id).total == 3  # she added herself, came in, and read
    assert audit.recent(subject_id=patient.id).total == 2
    assert audit.recent(action="patient_").total == 0

"""Whoever writes SQL past the rules of the records is stopped by the database itself."""

import pytest
from peewee import Database, IntegrityError

from appliance.records import clinical, fields, guards, users
from appliance.records.database import close, open_database
from appliance.records.tables import FieldImage, User


@pytest.fixture
def filled(database: Database, field: FieldImage, analysis, by) -> Database:
    """Records with at least one row in every table."""
    clinical.add(field.examination.patient_id, {"observed_on": field.created_at.date()}, by)
    claimed = fields.claim_oldest("w")
    fields.finish(claimed, analysis(blast=2), card={}, by="w")
    return database


EVERY_TABLE = (
    "user", "patient", "clinical_details", "examination", "model_release", "field_image", "cell",
    "revision", "audit_event",
)  # fmt: skip


@pytest.mark.parametrize("table", EVERY_TABLE)
def test_no_record_is_removed(filled: Database, table: str):
    before = filled.execute_sql(f'SELECT count(*) FROM "{table}"').fetchone()
    with pytest.raises(IntegrityError, match="never removed"):
        filled.execute_sql(f'DELETE FROM "{table}"')
    assert filled.execute_sql(f'SELECT count(*) FROM "{table}"').fetchone() == before != (0,)


@pytest.mark.parametrize("table", EVERY_TABLE)
def test_no_record_is_replaced(filled: Database, table: str):
    with pytest.raises(IntegrityError, match="never removed"):
        filled.execute_sql(f'INSERT OR REPLACE INTO "{table}" SELECT * FROM "{table}"')


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("model_release", "name"),
        ("cell", "suggestion"),
        ("revision", "content"),
        ("audit_event", "actor_name"),
    ],
)
def test_what_is_written_once_stays_as_it_is(filled: Database, table: str, column: str):
    with pytest.raises(IntegrityError, match="never changed"):
        filled.execute_sql(f"UPDATE \"{table}\" SET {column} = 'other'")


@pytest.mark.parametrize(
    ("table", "column"),
    [("patient", "family_name"), ("clinical_details", "notes"), ("examination", "notes")],
)
def test_a_change_needs_a_new_revision(filled: Database, table: str, column: str):
    with pytest.raises(IntegrityError, match="new revision"):
        filled.execute_sql(f"UPDATE {table} SET {column} = 'other'")


def test_the_image_of_a_field_is_not_exchanged(filled: Database):
    with pytest.raises(IntegrityError, match="never exchanged"):
        filled.execute_sql("UPDATE field_image SET sha256 = 'other', revision = revision + 1")


def test_an_analysed_field_does_not_go_back_into_the_queue(filled: Database):
    with pytest.raises(IntegrityError, match="stays analysed"):
        filled.execute_sql("UPDATE field_image SET state = 'accepted', revision = revision + 1")


def test_guards_that_were_taken_down_stand_again_after_a_start(database_path, database, olga):
    guards.remove(database)
    database.execute_sql("CREATE TRIGGER stray BEFORE DELETE ON cell BEGIN SELECT 1; END")
    close()
    opened = open_database(database_path)
    with pytest.raises(IntegrityError):
        opened.execute_sql('DELETE FROM "user"')
    standing = opened.execute_sql("SELECT count(*) FROM sqlite_master WHERE name = 'stray'")
    assert standing.fetchone() == (0,)


def test_counters_of_a_user_change_without_a_revision(olga: User):
    users.keep(olga, failures=3)
    assert (users.get(olga.id).failures, users.get(olga.id).revision) == (3, 1)

from datetime import UTC, date, datetime
from uuid import uuid4

import pytest
from peewee import Database

from appliance.errors import Conflict, NotFound
from appliance.records import audit, patients, revisions, users
from appliance.records.revisions import Difference
from appliance.records.tables import OutboxEntry, Patient, Revision, User
from appliance.vocabulary import APPLIANCE, Actor


def test_the_first_revision_holds_every_column(patient: Patient, by: Actor):
    (first,) = revisions.history("patient", patient.id)
    assert first.number == 1
    assert first.content == {
        "id": str(patient.id),
        "created_at": patient.created_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "medical_record_number": "MRN-0017",
        "family_name": "Núñez",
        "given_name": "Łucja",
        "sex": "female",
        "birth_date": "2020-05-01",
        "merged_into": None,
        "protected": False,
        "protected_reason": "",
        "simulated": False,
        "search_text": " mrn 0017 nunez lucja",
        "revision": 1,
    }
    assert (first.author_id, first.author_name) == (by.user_id, by.name)


def test_a_change_keeps_the_version_before(patient: Patient, by: Actor):
    patients.change(patient.id, {"given_name": "Lucia"}, 1, by, reason="spelling")
    before, after = revisions.history("patient", patient.id)
    assert (before.content["given_name"], after.content["given_name"]) == ("Łucja", "Lucia")
    assert (before.reason, after.reason) == ("", "spelling")


def test_versions_say_what_each_changed(patient: Patient, by: Actor):
    patients.change(patient.id, {"given_name": "Lucia", "birth_date": None}, 1, by, "spelling")
    newest, first = revisions.versions("patient", patient.id)
    assert newest.changes == (
        Difference("given_name", "Łucja", "Lucia"),
        Difference("birth_date", "2020-05-01", None),
    )
    assert (newest.number, newest.author, newest.reason) == (2, "Olga Tamm", "spelling")
    assert [change.field for change in first.changes] == [
        "medical_record_number",
        "family_name",
        "given_name",
        "sex",
        "birth_date",
    ]


def test_a_change_to_the_same_values_writes_nothing(patient: Patient, by: Actor):
    before = audit.head()
    row = patients.change(patient.id, {"family_name": "Núñez"}, 1, by)
    assert (row.revision, audit.head()) == (1, before)


def test_each_revision_waits_for_the_central_server(patient: Patient, by: Actor):
    patients.change(patient.id, {"sex": "other"}, 1, by)
    entries = OutboxEntry.select().where(OutboxEntry.subject_type == "patient")
    assert [(e.subject_id, e.subject_revision, e.sent_at) for e in entries] == [
        (patient.id, 1, None),
        (patient.id, 2, None),
    ]


def test_the_audit_event_names_columns_but_not_what_stands_in_them(patient: Patient, by: Actor):
    patients.change(patient.id, {"given_name": "Lucia", "sex": "other"}, 1, by)
    details = audit.recent(1).rows[0].details
    assert details == {"fields": ["given_name", "search_text", "sex"], "revision": 2}


def test_a_change_of_what_somebody_else_changed_is_refused(patient: Patient, by: Actor):
    patients.change(patient.id, {"sex": "other"}, 1, by)
    with pytest.raises(Conflict):
        patients.change(patient.id, {"sex": "male"}, 1, by)
    assert revisions.fetch(Patient, patient.id).sex == "other"


def test_what_is_not_there_is_not_found(database: Database):
    with pytest.raises(NotFound):
        revisions.fetch(Patient, uuid4())


def test_secrets_and_counters_of_a_user_are_not_in_the_history(olga: User):
    users.keep(olga, failures=2)
    contents = [revision.content for revision in Revision.select()]
    left_out = {"password_hash", "failures", "locked_until", "last_login_at"}
    assert all(not left_out & content.keys() for content in contents)
    assert contents


def test_times_and_dates_are_written_as_text():
    row = Patient(
        id=uuid4(), birth_date=date(2001, 2, 3), created_at=datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    )
    content = revisions.snapshot(row)
    assert content["birth_date"] == "2001-02-03"
    assert content["created_at"] == "2026-01-02T03:04:00.000000Z"


def test_the_appliance_writes_under_its_own_name(database: Database):
    values = {"medical_record_number": "1", "family_name": "Sato", "sex": "other"}
    row = patients.register(values, APPLIANCE)
    (first,) = revisions.history("patient", row.id)
    assert (first.author_id, first.author_name) == (None, "appliance")

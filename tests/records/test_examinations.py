from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from appliance.clock import now
from appliance.errors import Conflict, InvalidInput, NotFound
from appliance.records import audit, examinations, revisions
from appliance.records.database import transaction
from appliance.records.entries import today
from appliance.records.tables import Examination, Patient
from appliance.vocabulary import Actor, ExaminationStatus

SMEAR = {"specimen": "peripheral-blood", "stain": "giemsa"}
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
YEAR = f"{today():%y}"


def test_an_examination_begins_registered_under_the_next_number(patient: Patient, by: Actor):
    first, second = (examinations.create(patient.id, SMEAR, by) for _ in range(2))
    assert (first.accession_number, second.accession_number) == (f"{YEAR}-0001", f"{YEAR}-0002")
    assert (first.status, first.simulated) == (ExaminationStatus.REGISTERED, False)
    assert first.imaged_at is None


@pytest.mark.parametrize(
    ("taken", "following"),
    [
        ([], "0001"),
        ([f"{YEAR}-0041", f"{YEAR}-0007"], "0042"),
        ([f"{YEAR}-9999"], "10000"),
        ([f"{YEAR}-10000", f"{YEAR}-9999"], "10001"),
        (["24-0500", "LAB-77", f"{YEAR}-SPECIAL-1", f"{YEAR}-77"], "0001"),
    ],
)
def test_the_next_number_follows_the_highest_of_the_year(
    patient: Patient, by: Actor, taken: list[str], following: str
):
    for number in taken:
        examinations.create(patient.id, SMEAR | {"accession_number": number}, by)
    assert examinations.next_accession_number() == f"{YEAR}-{following}"


def test_a_scanned_number_is_kept_and_found(patient: Patient, by: Actor):
    row = examinations.create(patient.id, SMEAR | {"accession_number": " H/26.118 "}, by)
    assert examinations.by_accession_number("H/26.118 ") == row
    assert examinations.by_accession_number("H/26.11") is None


def test_a_number_is_given_once(examination: Examination, patient: Patient, by: Actor):
    taken = SMEAR | {"accession_number": examination.accession_number}
    with pytest.raises(InvalidInput) as refused:
        examinations.create(patient.id, taken, by)
    assert set(refused.value.fields) == {"accession_number"}


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"accession_number": "26 0001"}, "accession_number"),
        ({"accession_number": "x" * 41}, "accession_number"),
        ({"specimen": "tea"}, "specimen"),
        ({"stain": None}, "stain"),
        ({"collected_at": now() + HOUR}, "collected_at"),
        ({"collected_at": datetime(2026, 1, 1)}, "collected_at"),  # noqa: DTZ001
        ({"collected_at": NOON, "received_at": NOON - HOUR}, "received_at"),
        ({"received_at": NOON, "imaged_at": NOON - HOUR}, "imaged_at"),
        ({"collected_at": NOON, "imaged_at": NOON - HOUR}, "imaged_at"),
        ({"um_per_px": 0}, "um_per_px"),
        ({"um_per_px": 11}, "um_per_px"),
        ({"objective": "x" * 41}, "objective"),
        ({"indication": "x" * 2001}, "indication"),
        ({"status": "final"}, "status"),
    ],
)
def test_an_entry_that_cannot_be_taken_is_named(patient, by: Actor, change: dict, wrong: str):
    with pytest.raises(InvalidInput) as refused:
        examinations.create(patient.id, SMEAR | change, by)
    assert set(refused.value.fields) == {wrong}
    assert examinations.find().total == 0


def test_three_times_follow_each_other_in_any_time_zone(patient: Patient, by: Actor):
    tokyo = NOON.astimezone(datetime.strptime("+0900", "%z").tzinfo)
    times = {"collected_at": tokyo, "received_at": NOON, "imaged_at": NOON + HOUR}
    row = examinations.get(examinations.create(patient.id, SMEAR | times, by).id)
    assert (row.collected_at, row.received_at, row.imaged_at) == (NOON, NOON, NOON + HOUR)


def test_an_examination_of_nobody_is_refused(database, by: Actor):
    with pytest.raises(NotFound):
        examinations.create(uuid4(), SMEAR, by)


def test_a_simulated_patient_has_simulated_examinations(database, by: Actor):
    with transaction():
        row = Patient(
            medical_record_number="S", family_name="S", sex="other", simulated=True, search_text=""
        )
        revisions.insert(row, "patient:register", by=by)
    assert examinations.create(row.id, SMEAR, by).simulated


def test_a_change_keeps_what_it_does_not_name(examination: Examination, by: Actor):
    changed = examinations.change(examination.id, {"notes": "clotted"}, 1, by, "seen late")
    assert (changed.notes, changed.revision) == ("clotted", 2)
    assert changed.accession_number == examination.accession_number
    assert [c.field for c in examinations.history(examination.id)[0].changes] == ["notes"]


def test_a_change_of_what_somebody_else_changed_is_refused(examination: Examination, by: Actor):
    examinations.change(examination.id, {"notes": "one"}, 1, by)
    with pytest.raises(Conflict):
        examinations.change(examination.id, {"notes": "two"}, 1, by)


def test_a_closed_examination_takes_no_changes(examination: Examination, by: Actor):
    revisions.update(examination, {"status": ExaminationStatus.CANCELLED}, "test:cancel", by=by)
    with pytest.raises(Conflict, match="is cancelled and takes no more changes"):
        examinations.change(examination.id, {"notes": "late"}, 2, by)


def test_reading_an_examination_is_noted_with_its_patient(examination, patient, by: Actor):
    examinations.open_for(examination.id, by)
    event = audit.recent(1).rows[0]
    assert (event.action, event.subject_id) == ("examination:read", str(examination.id))
    assert event.details == {"patient": str(patient.id)}


def test_an_unknown_examination_is_not_found(database, by: Actor):
    with pytest.raises(NotFound):
        examinations.open_for(uuid4(), by)
    with pytest.raises(NotFound):
        examinations.get(uuid4())

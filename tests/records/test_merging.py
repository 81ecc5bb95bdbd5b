"""Two registrations of one person: made one, taken apart, and nothing lost on the way."""

from collections import Counter
from datetime import date
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from peewee import Database

from appliance.errors import Conflict, InvalidInput, NotFound
from appliance.records import audit, clinical, examinations, index, merging, patients, revisions
from appliance.records.index_tables import ExaminationIndex, PatientIndex
from appliance.records.review_tables import PatientMerge
from appliance.records.tables import ClinicalDetails, Examination, Patient
from appliance.vocabulary import Actor

SMEAR = {"specimen": "bone-marrow", "stain": "wright"}
WHY = "same person, two wards"


@pytest.fixture
def register(database: Database, by: Actor):
    """Registers somebody with so many examinations and findings."""

    def make(number: str, family: str = "Núñez", smears: int = 1, findings: int = 1) -> Patient:
        values = {"medical_record_number": number, "family_name": family, "sex": "female"}
        row = patients.register(values, by)
        for _ in range(smears):
            examinations.create(row.id, SMEAR, by)
        for day in range(1, findings + 1):
            clinical.add(row.id, {"observed_on": date(2026, 3, day)}, by)
        return row

    return make


@pytest.fixture
def two(register) -> tuple[Patient, Patient]:
    """Who survives, with two smears; and her second registration, with one."""
    return register("A-1", smears=2, findings=0), register("B-2", "Nunes", smears=1, findings=2)


def owned(patient_id: UUID) -> dict[str, int]:
    return merging.belongings(patient_id)


def test_a_merge_moves_everything_with_a_revision_each(two, by: Actor):
    kept, given_up = two
    moved = Examination.get(Examination.patient == given_up.id)
    row = merging.merge(kept.id, given_up.id, WHY, by)
    assert owned(kept.id) == {"examination": 3, "clinical_details": 2}
    assert owned(given_up.id) == {"examination": 0, "clinical_details": 0}
    assert row.moved["examination"] == [str(moved.id)]
    last = examinations.history(moved.id)[0]
    assert (last.number, last.author, last.reason) == (2, by.name, WHY)
    assert [(c.field, c.before, c.after) for c in last.changes] == [
        ("patient", str(given_up.id), str(kept.id))
    ]
    actions = Counter(event.action for event in audit.recent(100))
    assert actions["examination:move"] == actions["patient:merge"] == actions["merge:make"] == 1
    assert actions["clinical:move"] == 2
    assert audit.first_break() is None


def test_the_duplicate_stays_readable_and_leads_to_the_survivor(two, by: Actor):
    kept, given_up = two
    merging.merge(kept.id, given_up.id, WHY, by)
    assert patients.open_for(given_up.id, by).family_name == "Nunes"
    assert patients.survivor_of(patients.by_number("B-2")) == kept
    assert list(patients.find("B-2")) == [kept]
    assert list(patients.find("nunes")) == []
    assert list(patients.find()) == [kept]
    assert {e.patient.id for e in examinations.find()} == {kept.id}


def test_a_registration_that_was_given_up_takes_no_more_entries(two, by: Actor):
    kept, given_up = two
    merging.merge(kept.id, given_up.id, WHY, by)
    for step in (
        lambda: patients.change(given_up.id, {"sex": "other"}, 2, by),
        lambda: examinations.create(given_up.id, SMEAR, by),
        lambda: clinical.add(given_up.id, {"observed_on": date(2026, 3, 1)}, by),
        lambda: merging.merge(kept.id, given_up.id, WHY, by),
        lambda: merging.merge(given_up.id, kept.id, WHY, by),
    ):
        with pytest.raises(Conflict, match="merged into another"):
            step()


def test_taken_back_everything_is_as_it_was(two, by: Actor):
    kept, given_up = two
    before = owned(kept.id), owned(given_up.id)
    row = merging.merge(kept.id, given_up.id, WHY, by)
    undone = merging.undo(row.id, "two sisters", by)
    assert (undone.put_back, undone.stayed) == (3, 0)
    assert (owned(kept.id), owned(given_up.id)) == before
    assert list(patients.find("nunes")) == [given_up]
    assert patients.change(given_up.id, {"sex": "other"}, 3, by).revision == 4
    with pytest.raises(Conflict, match="taken back already"):
        merging.undo(row.id, "again", by)


def test_what_came_since_stays_with_the_survivor(two, by: Actor):
    kept, given_up = two
    row = merging.merge(kept.id, given_up.id, WHY, by)
    examinations.create(kept.id, SMEAR, by)
    merging.undo(row.id, "two sisters", by)
    assert owned(kept.id)["examination"] == 3
    assert owned(given_up.id)["examination"] == 1


def test_merges_that_follow_each_other_are_taken_back_from_the_last(two, register, by: Actor):
    kept, given_up = two
    third = register("C-3")
    first = merging.merge(kept.id, given_up.id, WHY, by)
    second = merging.merge(third.id, kept.id, WHY, by)
    assert patients.survivor_of(patients.by_number("B-2")) == third
    with pytest.raises(Conflict, match="merged into another"):
        merging.undo(first.id, "wrong", by)
    merging.undo(second.id, "wrong", by)
    merging.undo(first.id, "wrong", by)
    assert owned(given_up.id) == {"examination": 1, "clinical_details": 2}
    assert merging.of_patient(kept.id) == [merging.get(second.id), merging.get(first.id)]


def test_a_merge_needs_a_reason_two_people_and_what_was_seen(two, register, by: Actor):
    kept, given_up = two
    with pytest.raises(InvalidInput):
        merging.merge(kept.id, given_up.id, " ", by)
    with pytest.raises(InvalidInput):
        merging.merge(kept.id, kept.id, WHY, by)
    with pytest.raises(NotFound):
        merging.merge(kept.id, uuid4(), WHY, by)
    with pytest.raises(Conflict):
        merging.merge(kept.id, given_up.id, WHY, by, revisions=(1, 2))
    drawn = Patient(
        medical_record_number="S", family_name="S", sex="other", simulated=True, search_text=""
    )
    revisions.insert(drawn, "patient:register", by=by)
    with pytest.raises(Conflict, match="simulated"):
        merging.merge(kept.id, drawn.id, WHY, by)
    assert PatientMerge.select().count() == 0


STEPS = st.lists(
    st.tuples(st.sampled_from(["merge", "undo", "smear"]), st.integers(0, 2), st.integers(0, 2)),
    max_size=12,
)


@pytest.mark.no_cover
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_no_sequence_of_merges_loses_anything(database: Database, by: Actor, steps):
    with database.atomic() as undone:
        people = [
            patients.register({"medical_record_number": n, "family_name": n, "sex": "other"}, by).id
            for n in "ABC"
        ]
        for person in people:
            examinations.create(person, SMEAR, by)
            clinical.add(person, {"observed_on": date(2026, 3, 1)}, by)
        smears, owners = 3, {}
        for what, one, other in steps:
            before = _owners()
            try:
                if what == "smear":
                    examinations.create(people[one], SMEAR, by)
                    smears += 1
                elif what == "merge":
                    made = merging.merge(people[one], people[other], WHY, by)
                    owners[made.id] = before
                else:
                    made = list(PatientMerge.select().order_by(PatientMerge.id))[one]
                    merging.undo(made.id, "wrong", by)
                    _assert_put_back(made, owners[made.id])
            except (Conflict, InvalidInput, IndexError):
                assert _owners() == before
        _assert_whole(smears)
        undone.rollback()


def _owners() -> dict[UUID, UUID]:
    rows = [*Examination.select(), *ClinicalDetails.select()]
    return {row.id: row.__data__["patient"] for row in rows}


def _assert_put_back(made: PatientMerge, before: dict[UUID, UUID]) -> None:
    for moved in (*made.moved["examination"], *made.moved["clinical_details"]):
        assert _owners()[UUID(moved)] == before[UUID(moved)]


def _assert_whole(smears: int) -> None:
    assert (Examination.select().count(), ClinicalDetails.select().count()) == (smears, 3)
    assert Patient.select().count() == 3
    for table in (Examination, ClinicalDetails, Patient, PatientMerge):
        for row in table.select():
            kept = revisions.history(table._meta.table_name, row.id)
            assert [r.number for r in kept] == list(range(1, row.revision + 1))
            assert kept[-1].content == revisions.snapshot(row)
    for row in Examination.select():
        assert row.patient.merged_into is None
    kept = [sorted(t.terms for t in table.select()) for table in (PatientIndex, ExaminationIndex)]
    index.rebuild()
    assert kept == [
        sorted(t.terms for t in table.select()) for table in (PatientIndex, ExaminationIndex)
    ]

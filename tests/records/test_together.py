"""Row, revision, audit event and outbox entry are written together, whatever goes wrong."""

import contextlib
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from appliance.records import (
    audit,
    clinical,
    examinations,
    fields,
    index,
    patients,
    revisions,
    users,
)
from appliance.records.database import transaction
from appliance.records.tables import (
    AuditEvent,
    Cell,
    ClinicalDetails,
    Examination,
    FieldImage,
    OutboxEntry,
    Patient,
    Revision,
    User,
)
from appliance.vocabulary import FieldState, Quality, QualityCheck, SourceImage
from tests.records.conftest import BLURRED, SHARP
from tests.records.own_records import OwnRecords

RECORDED = (User, Patient, ClinicalDetails, Examination, FieldImage)
BLANK = np.zeros((4, 4, 3), np.uint8)


class BrokenOff(Exception):
    """Raised by a test in the middle of what is written."""


faults = st.sampled_from([None, None, None, "after", "revision", "audit_event", "outbox_entry"])
numbers = st.integers(0, 3)


class Laboratory(OwnRecords):
    """People who register, change and analyse, with writes that break off in between."""

    refusals = (*OwnRecords.refusals, BrokenOff)

    def __init__(self, template: Path, make_analysis: Callable[..., Any]) -> None:
        super().__init__(template, make_analysis)
        self.by = users.actor_of(users.add("olga", "Olga Tamm", "technician", "hash", None))
        self.claims: list[FieldImage] = []
        values = {"medical_record_number": "0", "family_name": "Núñez", "sex": "female"}
        patient = patients.register(values, self.by)
        clinical.add(patient.id, {"observed_on": date(2026, 1, 1)}, self.by)
        self.request_for(patient)
        for number, check in enumerate((SHARP, SHARP, BLURRED)):
            self.upload_to(self.one(Examination, 0), number, check)

    def request_for(self, patient: Patient, stain: str = "wright") -> None:
        examinations.create(patient.id, {"specimen": "bone-marrow", "stain": stain}, self.by)

    def upload_to(self, examination: Examination, sha: int, check: QualityCheck) -> None:
        image = SourceImage(BLANK, str(sha), "image/png")
        fields.add(examination.id, image, "a.png", 1, Quality((check,)), self.by)

    def attempt_with(self, fault: str | None, write: Callable[[], object]) -> None:
        """Do one write, perhaps broken off."""

        def breaking_off() -> None:
            with self.breaking(fault):
                write()

        self.attempt(breaking_off)

    @contextlib.contextmanager
    def breaking(self, fault: str | None) -> Iterator[None]:
        if fault is None:
            yield
        elif fault == "after":
            with transaction():
                yield
                raise BrokenOff
        else:
            self.database.execute_sql(
                f"CREATE TEMP TRIGGER fault BEFORE INSERT ON main.{fault} "
                "BEGIN SELECT RAISE(ABORT, 'fault'); END"
            )
            try:
                yield
            finally:
                self.database.execute_sql("DROP TRIGGER temp.fault")

    def one(self, table: Any, number: int) -> Any:
        rows = list(table.select().order_by(table.created_at, table.id))
        return rows[number % len(rows)] if rows else None

    def field_in(self, state: FieldState, which: int) -> FieldImage | None:
        rows = list(FieldImage.select().where(FieldImage.state == state))
        return rows[which % len(rows)] if rows else None

    @rule(fault=faults, number=numbers, name=st.sampled_from(["Okafor", "Sato", ""]))
    def register(self, fault: str | None, number: int, name: str) -> None:
        values = {"medical_record_number": str(number), "family_name": name, "sex": "other"}
        self.attempt_with(fault, lambda: patients.register(values, self.by))

    @rule(fault=faults, which=numbers, name=st.sampled_from(["Kim", "Lee", ""]), seen=numbers)
    def rename(self, fault: str | None, which: int, name: str, seen: int) -> None:
        row = self.one(Patient, which)
        values, revision = {"family_name": name}, row.revision if seen else seen
        self.attempt_with(fault, lambda: patients.change(row.id, values, revision, self.by))

    @rule(fault=faults, which=numbers, value=st.sampled_from([None, 90.0, 9.0]))
    def observe(self, fault: str | None, which: int, value: float | None) -> None:
        row = self.one(ClinicalDetails, which)
        values = {"haemoglobin_g_per_l": value}
        self.attempt_with(fault, lambda: clinical.change(row.id, values, row.revision, self.by))

    @rule(fault=faults, which=numbers, stain=st.sampled_from(["wright", "ink"]))
    def request(self, fault: str | None, which: int, stain: str) -> None:
        self.attempt_with(fault, lambda: self.request_for(self.one(Patient, which), stain))

    @rule(fault=faults, which=numbers, sha=numbers, check=st.sampled_from([SHARP, BLURRED]))
    def upload(self, fault: str | None, which: int, sha: int, check: QualityCheck) -> None:
        self.attempt_with(fault, lambda: self.upload_to(self.one(Examination, which), sha, check))

    @precondition(lambda self: FieldImage.select().where(FieldImage.state.in_(index.WAITING)))
    @rule(worker=st.sampled_from(["one", "two"]))
    def claim(self, worker: str) -> None:
        claimed = fields.claim_oldest(worker)
        self.claims += [claimed] if claimed else []

    @precondition(lambda self: self.claims)
    @rule(fault=faults, which=numbers, own=st.booleans())
    def finish(self, fault: str | None, which: int, own: bool) -> None:
        row = self.claims[which % len(self.claims)]
        claimed = fields.get(row.id)
        ours = claimed.state == FieldState.ANALYSING and claimed.claimed_by == row.claimed_by
        by = row.claimed_by if own else "somebody else"

        def finish() -> None:
            done = fields.finish(row, self.make_analysis(1, 1), card={}, by=by)
            assert done == (ours and own)

        self.attempt_with(fault, finish)

    @precondition(lambda self: self.claims)
    @rule(fault=faults, which=numbers)
    def fail(self, fault: str | None, which: int) -> None:
        row = self.claims[which % len(self.claims)]
        self.attempt_with(fault, lambda: fields.fail(row, "It is damaged."))

    @precondition(lambda self: self.field_in(FieldState.ANALYSING, 0))
    @rule(fault=faults)
    def restart_the_worker(self, fault: str | None) -> None:
        self.attempt_with(fault, fields.release_all)

    @precondition(lambda self: self.field_in(FieldState.REFUSED, 0))
    @rule(fault=faults, which=numbers, reason=st.sampled_from(["the only slide", ""]))
    def override(self, fault: str | None, which: int, reason: str) -> None:
        row = self.field_in(FieldState.REFUSED, which)
        self.attempt_with(fault, lambda: fields.override(row.id, reason, self.by))

    @precondition(lambda self: self.field_in(FieldState.FAILED, 0))
    @rule(fault=faults, which=numbers)
    def retry(self, fault: str | None, which: int) -> None:
        row = self.field_in(FieldState.FAILED, which)
        self.attempt_with(fault, lambda: fields.retry(row.id, self.by))

    @invariant()
    def every_record_has_all_its_revisions_and_the_last_is_what_it_is_now(self) -> None:
        for row in (row for table in RECORDED for row in table.select()):
            kept = revisions.history(row._meta.table_name, row.id)
            assert [revision.number for revision in kept] == list(range(1, row.revision + 1))
            now = revisions.snapshot(row)
            if now.get("state") == FieldState.ANALYSING:  # a claim is no revision
                now["state"] = FieldState.ACCEPTED
            assert kept[-1].content == now

    @invariant()
    def every_revision_waits_for_the_central_server(self) -> None:
        told = {(e.subject_type, e.subject_id, e.subject_revision) for e in OutboxEntry.select()}
        kept = {(r.subject_type, r.subject_id, r.number) for r in Revision.select()}
        assert told == kept

    @invariant()
    def every_revision_stands_in_the_audit_log(self) -> None:
        noted = sorted(
            (event.subject_type, event.subject_id, event.details["revision"])
            for event in AuditEvent.select()
            if "revision" in event.details
        )
        kept = sorted((r.subject_type, str(r.subject_id), r.number) for r in Revision.select())
        assert noted == kept
        assert audit.first_break() is None

    @invariant()
    def only_analysed_fields_have_cells_and_they_have_all(self) -> None:
        for row in FieldImage.select():
            cells = Cell.select().where(Cell.field == row).count()
            assert cells == (2 if row.state == FieldState.ANALYSED else 0)


@pytest.mark.no_cover
@pytest.mark.slow
def test_they_stay_together_in_any_order_of_steps(migrated_file: Path, analysis):
    run_state_machine_as_test(
        lambda: Laboratory(migrated_file, analysis),
        settings=settings(
            max_examples=15,
            stateful_step_count=35,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )

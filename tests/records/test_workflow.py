"""Whatever people of all roles do in whatever order, a signed report rests on verified cells."""

import contextlib
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule, run_state_machine_as_test
from peewee import IntegrityError

from appliance.records import (
    audit,
    conclusions,
    fields,
    index,
    readings,
    report_versions,
    revisions,
)
from appliance.records.index_tables import ExaminationIndex
from appliance.records.review_tables import (
    Amendment,
    CellDecision,
    CellDisplay,
    Conclusion,
    Reading,
    ReportVersion,
)
from appliance.records.tables import Cell, Examination, FieldImage, OutboxEntry, Patient, Revision
from appliance.vocabulary import ExaminationStatus
from tests.records.ward import SIGNED, Ward

REVISIONED = (Patient, Examination, FieldImage, Reading, Conclusion, Amendment)
STEPS = {
    ("registered", "partial"), ("partial", "preliminary"), ("preliminary", "partial"),
    ("preliminary", "final"), ("final", "amended"), ("final", "corrected"),
    ("amended", "corrected"), ("corrected", "amended"),
    *((before, "cancelled") for before in ("registered", "partial", "preliminary")),
    *((before, "entered-in-error") for before in SIGNED),
}  # fmt: skip


class TakenBack(Exception):
    """Raised by a test to roll back what it tried."""


class WatchedWard(Ward):
    """A ward with somebody who writes SQL, too; and what must hold there after every step."""

    def __init__(self, template: Path, make_analysis: Callable[..., Any]) -> None:
        self.versions: dict[Any, tuple[Any, ...]] = {}
        super().__init__(template, make_analysis)

    def teardown(self) -> None:
        try:
            self.nothing_is_lost()
            self.lists_show_what_is()
        finally:
            super().teardown()

    @rule(status=st.sampled_from([*ExaminationStatus]))
    def set_the_status_by_sql(self, status: str) -> None:
        """Only steps that the workflow has, too, may succeed; they leave no revision: undo them."""
        before = self.row.status
        with contextlib.suppress(IntegrityError, TakenBack), self.database.atomic():
            self.database.execute_sql(
                "UPDATE examination SET status = ?, revision = revision + 1 WHERE id = ?",
                (status, self.id.hex),
            )
            self.signed_reports_rest_on_verified_cells()
            assert before == status or (before, status) in STEPS
            raise TakenBack
        assert self.row.status == before

    @invariant()
    def signed_reports_rest_on_verified_cells(self) -> None:
        for row in Examination.select():
            if row.status in SIGNED and not report_versions.open_amendment(row.id):
                assert self.unverified(row.id) == []
                assert conclusions.of(row.id)
                assert report_versions.latest(row.id).status == row.status
                assert not [w for w in readings.wanted() if w.examination == row]

    def unverified(self, examination_id: Any) -> list[Cell]:
        """Reckon it from the single decisions and displays, without the queries of the records."""
        wrong = []
        for cell in fields.cells_of_examination(examination_id):
            calls = CellDecision.select().where(CellDecision.cell == cell)
            label = ""
            for call in sorted(calls, key=lambda each: each.number):
                label = label if call.blind else call.label
            shown = CellDisplay.select().where(CellDisplay.cell == cell)
            seen = any(display.reading.kind != "second" for display in shown)
            if cell.counted and label != "replaced" and not (label and seen):
                wrong.append(cell)
        return wrong

    @invariant()
    def signed_versions_stay_as_they_were(self) -> None:
        now = {
            row.id: (row.number, row.status, row.content, row.sha256, row.reason)
            for row in ReportVersion.select()
        }
        assert self.versions.items() <= now.items()
        self.versions = now

    @invariant()
    def nobody_signs_alone_unless_it_is_allowed(self) -> None:
        for version in (report_versions.latest(row.id) for row in Examination.select()):
            for signature in version.signatures if version else ():
                firsts = Reading.select().where(
                    Reading.examination == version.examination,
                    Reading.kind == "first",
                    Reading.state == "submitted",
                )
                alone = signature.signer_id in {row.reader_id for row in firsts}
                assert signature.own_submission_allowed or not alone

    def nothing_is_lost(self) -> None:
        told = {(e.subject_type, e.subject_id, e.subject_revision) for e in OutboxEntry.select()}
        for row in (row for table in REVISIONED for row in table.select()):
            kept = revisions.history(row._meta.table_name, row.id)
            assert [each.number for each in kept] == list(range(1, row.revision + 1))
            assert kept[-1].content == revisions.snapshot(row)
            statuses = [each.content.get("status") for each in kept]
            if isinstance(row, Examination):
                moves = set(pairwise(statuses))
                assert {(one, two) for one, two in moves if one != two} <= STEPS
        assert {(r.subject_type, r.subject_id, r.number) for r in Revision.select()} <= told
        assert audit.first_break() is None
        for version in ReportVersion.select():
            assert report_versions.is_whole(report_versions.get(version.id))

    def lists_show_what_is(self) -> None:
        def listed() -> dict[Any, str]:
            return dict(
                ExaminationIndex.select(
                    ExaminationIndex.examination, ExaminationIndex.terms
                ).tuples()
            )

        kept = listed()
        index.rebuild()
        assert listed() == kept


def run(template: Path, make_analysis: Callable[..., Any], examples: int) -> None:
    run_state_machine_as_test(
        lambda: WatchedWard(template, make_analysis),
        settings=settings(
            max_examples=examples,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
            phases=[Phase.reuse, Phase.generate],  # to shrink a failure takes many minutes
            report_multiple_bugs=False,
        ),
    )


@pytest.mark.no_cover
@pytest.mark.slow
def test_a_signed_report_rests_on_verified_cells_whatever_people_do(migrated_file: Path, analysis):
    run(migrated_file, analysis, 10)


@pytest.mark.no_cover
@pytest.mark.slow
def test_the_database_alone_sees_to_it(migrated_file: Path, analysis, monkeypatch):
    monkeypatch.setattr(readings, "require_complete", lambda _: None)
    monkeypatch.setattr(report_versions, "require_complete", lambda _: None)
    monkeypatch.setattr(report_versions, "_require_signable", lambda *_: None)
    run(migrated_file, analysis, 6)

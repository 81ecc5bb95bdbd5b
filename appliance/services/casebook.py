"""Gathers what people made of an examination: calls, conclusion, second reading, versions."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from appliance.exchange.case import (
    CaseEntry,
    ConclusionEntry,
    SecondReadingEntry,
    SignatureEntry,
    VerifiedCounts,
    VersionEntry,
)
from appliance.exchange.report import Act
from appliance.exchange.template import Template
from appliance.records import cells, conclusions, readings, report_versions
from appliance.records.agreements import agreement, blind, unread
from appliance.records.review_tables import Reading, ReportVersion
from appliance.records.standing import Standing, progress, standing
from appliance.records.tables import Cell, Examination
from appliance.review_vocabulary import CellLabel, CellOrigin, ReadingKind, ReadingState
from appliance.services.verified import verified_tally
from appliance.vocabulary import ExaminationStatus

_ACTS = {
    ReadingKind.FIRST: "Submitted the reading of the cells",
    ReadingKind.REVIEW: "Reviewed the cells",
    ReadingKind.SECOND: "Submitted the second reading",
    ReadingKind.ADJUDICATION: "Settled what the readers called differently",
}


@dataclass(frozen=True)
class Casebook:
    """One examination for one printing: what several parts of a report rest on is read once."""

    examination: Examination

    @cached_property
    def calls(self) -> dict[UUID, CellLabel]:
        """What each verified cell is called, by its id."""
        return {key: CellLabel(one.label) for key, one in self._standing.items() if one.label}

    @cached_property
    def _standing(self) -> dict[UUID, Standing]:
        return standing(self.examination.id)

    @cached_property
    def _readings(self) -> list[Reading]:
        return readings.of_examination(self.examination.id)

    @cached_property
    def _versions(self) -> list[ReportVersion]:
        return report_versions.versions_of(self.examination.id)

    def case(self, template: Template) -> CaseEntry:
        """Return everything beyond the suggestions, as it stands now, without a version."""
        return CaseEntry(
            template=template,
            status=str(self.examination.status),
            counts=self._counts(),
            conclusion=_conclusion(self.examination.id, template),
            second=self._second(),
            earlier=tuple(_version(row) for row in self._versions),
        )

    def acts(self) -> list[Act]:
        """Say who submitted and signed, and when."""
        acts = [
            Act(row.submitted_at, _name(row), _ACTS[ReadingKind(row.kind)])
            for row in self._readings
            if row.submitted_at is not None
        ]
        for version in self._versions:
            acts += [
                Act(one.created_at, one.signer_name, f"Signed version {version.number}")
                for one in version.signatures
            ]
        return acts

    def _counts(self) -> VerifiedCounts | None:
        reached = progress(self.examination.id)
        if not reached.verified:
            return None
        rows = {
            cell.id: cell
            for cell in cells.places_in(self.examination.id)
            if cell.counted and not self._standing[cell.id].replaced
        }
        called = {cell_id: label for cell_id, label in self.calls.items() if cell_id in rows}
        readers = Counter(self._standing[cell_id].reader_name for cell_id in called)
        return VerifiedCounts(
            tally=verified_tally(reached),
            other=reached.by_label.get(CellLabel.OTHER, 0),
            not_a_cell=reached.by_label.get(CellLabel.NOT_A_CELL, 0),
            unverified=reached.counted - reached.verified,
            changed=_changed(rows, called),
            added=sum(
                rows[cell_id].origin != CellOrigin.FOUND and label is not CellLabel.NOT_A_CELL
                for cell_id, label in called.items()
            ),
            readers=tuple(name for name, _ in readers.most_common()),
        )

    def _second(self) -> SecondReadingEntry | None:
        second = _last(self._readings, ReadingKind.SECOND)
        if second is None:
            return None
        pairs = blind(agreement(self.examination.id))
        third = _last(self._readings, ReadingKind.ADJUDICATION)
        settled = third is not None and third.state == ReadingState.SUBMITTED
        return SecondReadingEntry(
            state=second.state,
            because=second.asked_because,
            reader=_name(second),
            cells=len(pairs),
            agreed=sum(pair.agreed for pair in pairs),
            unread=len(unread(self.examination.id)),
            adjudicated_by=_name(third) if third is not None and settled else "",
            note=second.note,
        )


def outdated(version: ReportVersion) -> str:
    """Say in a sentence why a signed version no longer counts; empty where it does."""
    examination: Examination = version.examination
    if examination.status == ExaminationStatus.ENTERED_IN_ERROR:
        return "Void: this examination was entered in error"
    newest = report_versions.latest(examination.id)
    if newest is None or newest.number == version.number:
        return ""
    day = newest.created_at.astimezone().date().isoformat()
    return f"Superseded by version {newest.number} of {day}"


def _changed(rows: Mapping[UUID, Cell], called: Mapping[UUID, CellLabel]) -> int:
    decided = {str(CellLabel.BLAST), str(CellLabel.NORMAL)}
    return sum(
        rows[cell_id].suggestion in decided and rows[cell_id].suggestion != label
        for cell_id, label in called.items()
    )


def _conclusion(examination_id: UUID, template: Template) -> ConclusionEntry | None:
    row = conclusions.of(examination_id)
    if row is None:
        return None
    return ConclusionEntry(
        finding=template.findings[row.finding],
        text=row.text,
        critical=row.critical,
        told_to=row.told_to,
        acknowledged_by=row.acknowledged_by.full_name if row.acknowledged_by else "",
        acknowledged_at=row.acknowledged_at,
    )


def _last(rows: list[Reading], kind: ReadingKind) -> Reading | None:
    return next((row for row in reversed(rows) if row.kind == kind), None)


def _version(row: ReportVersion) -> VersionEntry:
    return VersionEntry(
        number=row.number,
        status=row.status,
        sha256=row.sha256,
        reason=row.reason,
        signatures=tuple(
            SignatureEntry(
                name=one.signer_name,
                role=one.signer_role,
                at=one.created_at,
                meaning=one.meaning,
            )
            for one in row.signatures
        ),
    )


def _name(row: Reading) -> str:
    return row.reader.full_name if row.reader else ""

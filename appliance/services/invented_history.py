"""What happened to an invented examination: imaged, read, submitted, concluded, signed, amended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from uuid_utils.compat import uuid7

from appliance.records.bulk import Bulk
from appliance.records.review_tables import CellDecision, CellDisplay, Conclusion, Reading
from appliance.records.tables import Cell, Examination, FieldImage, Patient, Row
from appliance.review_vocabulary import (
    CellLabel,
    DecisionWay,
    Finding,
    ReadingKind,
    ReadingState,
)
from appliance.services.invented_cases import Case
from appliance.services.invented_reports import Signed, content_of, sign
from appliance.vocabulary import APPLIANCE, Actor, ExaminationStatus, FieldState, Suggestion

R = TypeVar("R", bound=Row)

_OTHERWISE = {CellLabel.BLAST: CellLabel.NORMAL, CellLabel.NORMAL: CellLabel.BLAST}
_IN_TURN = (ExaminationStatus.AMENDED, ExaminationStatus.CORRECTED)


@dataclass(frozen=True)
class Pattern:
    """An analysed image with its cells, as it stands in the records."""

    field: FieldImage
    cells: Sequence[Cell]


@dataclass(frozen=True)
class Staff:
    """Who does what in the invented past."""

    technician: Actor
    clinician: Actor


@dataclass
class Chronicle:
    """Writes down what happened to records, moment after moment."""

    into: Bulk
    at: datetime

    def begin(self, row: Row, action: str, by: Actor) -> None:
        """Keep the first version of a row; `end` writes the row itself."""
        row.created_at = self.at
        self.into.keep(row, action, by=by, at=self.at)

    def change(self, row: Row, action: str, by: Actor, values: Mapping[str, Any]) -> None:
        """Keep the next version of a row, with other values."""
        for name, value in {**values, "revision": row.__data__["revision"] + 1}.items():
            setattr(row, name, value)
        self.into.keep(row, action, by=by, at=self.at)

    def end(self, *rows: Row) -> None:
        """Write rows as they are now."""
        for row in rows:
            self.into.add(row)


class History:
    """Writes one examination from its registration to the last step of its case."""

    def __init__(
        self,
        chronicle: Chronicle,
        staff: Staff,
        case: Case,
        patient: Patient,
        examination: Examination,
        pattern: Pattern,
    ) -> None:
        self.chronicle = chronicle
        self.staff = staff
        self.case = case
        self.patient = patient
        self.examination = examination
        self.pattern = pattern
        self.pause = timedelta(minutes=case.minutes / 6)

    def write(self) -> None:
        """Write it as far as its case goes."""
        self.chronicle.begin(self.examination, "examination:create", self.staff.technician)
        if self.case.image is not None:
            self._image(self.case.image)
        if self.case.status == ExaminationStatus.CANCELLED:
            self._move(ExaminationStatus.CANCELLED, "examination:cancel", self.staff.technician)
        self.chronicle.end(self.examination)

    def _image(self, state: FieldState) -> None:
        field = _copy(self.pattern.field, examination=self.examination.id, number=1)
        refused = state == FieldState.REFUSED
        found = {name: field.__data__[name] for name in ("model", "stamp", "timings_ms")}
        for name in (*found, "analysed_at"):
            setattr(field, name, None)
        field.uploaded_by, field.quality_passed, field.revision = _id(self.staff), not refused, 1
        field.state = state if refused else FieldState.ACCEPTED
        field.reason = "The image is blurred: focus again." if refused else ""
        self._wait()
        self.chronicle.begin(field, "field:add", self.staff.technician)
        begun = {"status": ExaminationStatus.PARTIAL, "imaged_at": self.chronicle.at}
        self.chronicle.change(self.examination, "examination:begun", self.staff.technician, begun)
        if state == FieldState.FAILED:
            failed = {"state": state, "reason": "The file could not be read."}
            self.chronicle.change(field, "field:failed", APPLIANCE, failed)
        if state == FieldState.ANALYSED:
            found |= {"state": state, "analysed_at": self.chronicle.at}
            self.chronicle.change(field, "field:analysed", APPLIANCE, found)
        self.chronicle.end(field)
        if state == FieldState.ANALYSED:
            cells = [
                _copy(c, field=field.id, created_at=self.chronicle.at) for c in self.pattern.cells
            ]
            self.chronicle.end(*cells)
            self._read(field, [cell for cell in cells if cell.counted])

    def _read(self, field: FieldImage, cells: Sequence[Cell]) -> None:
        """Read it, the first half of it where it is still to be read, and go on from there."""
        if self.case.status == ExaminationStatus.CANCELLED:
            return
        done = self.case.status != ExaminationStatus.PARTIAL
        shown = cells if done else cells[: len(cells) // 2]
        reading, labels = self._reading(ReadingKind.FIRST, self.staff.technician, shown)
        if not done:
            self.chronicle.end(reading)
            return
        self._submit(reading, self.staff.technician)
        self._move(ExaminationStatus.PRELIMINARY, "examination:submit", self.staff.technician)
        if self.case.second_reading:
            second, _ = self._reading(ReadingKind.SECOND, self.staff.clinician, cells)
            self._submit(second, self.staff.clinician)
        if self.case.status != ExaminationStatus.PRELIMINARY:
            self._sign(field, list(zip(cells, labels, strict=True)))

    def _reading(
        self, kind: ReadingKind, by: Actor, cells: Sequence[Cell]
    ) -> tuple[Reading, list[CellLabel]]:
        reading = Reading(examination=self.examination.id, kind=kind, reader=by.user_id)
        blind = kind == ReadingKind.SECOND
        self._wait()
        self.chronicle.begin(reading, "reading:take", by)
        labels, batch = [self._label(cell) for cell in cells], uuid7()
        of = {"reading": reading.id, "reader": by.user_id, "created_at": self.chronicle.at}
        for cell, label in zip(cells, labels, strict=True):
            decision = CellDecision(
                cell=cell.id, number=2 if blind else 1, blind=blind, label=label, batch=batch,
                how=DecisionWay.SEVERAL, **of,
            )  # fmt: skip
            shown = CellDisplay(
                cell=cell.id, milliseconds=self.case.lot.randrange(1000, 9000), **of
            )
            self.chronicle.end(shown, decision)
        return reading, labels

    def _submit(self, reading: Reading, by: Actor) -> None:
        submitted = {"state": ReadingState.SUBMITTED, "submitted_at": self.chronicle.at}
        self.chronicle.change(reading, "reading:submit", by, submitted)
        self.chronicle.end(reading)

    def _label(self, cell: Cell) -> CellLabel:
        """Call a cell as the network does, or now and then otherwise."""
        if cell.suggestion is None or cell.suggestion == Suggestion.UNSURE:
            return self.case.lot.choice((CellLabel.BLAST, CellLabel.NORMAL, CellLabel.UNSURE))
        label = CellLabel(cell.suggestion)
        return label if self.case.lot.random() < self.case.agreement else _OTHERWISE[label]

    def _sign(self, field: FieldImage, called: Sequence[tuple[Cell, CellLabel]]) -> None:
        """Conclude, sign, and amend or void what was signed where the case says so."""
        by = self.staff.clinician
        self._wait()
        finding = _finding([label for _, label in called])
        conclusion = Conclusion(examination=self.examination.id, finding=finding, text="")
        self.chronicle.begin(conclusion, "conclusion:write", by)
        self.chronicle.end(conclusion)
        self._move(ExaminationStatus.FINAL, "examination:sign", by)
        content = content_of(self.patient, self.examination, field, called, conclusion)
        signed = Signed(self.chronicle.into, self.examination.id, by, content)
        sign(signed, 1, ExaminationStatus.FINAL, self.chronicle.at)
        if self.case.status in _IN_TURN:
            self._move(self.case.status, "examination:sign", by)
            sign(signed, 2, self.case.status, self.chronicle.at)
        elif self.case.status == ExaminationStatus.ENTERED_IN_ERROR:
            self._move(self.case.status, "examination:void", by)

    def _move(self, status: ExaminationStatus, action: str, by: Actor) -> None:
        self._wait()
        self.chronicle.change(self.examination, action, by, {"status": status})

    def _wait(self) -> None:
        self.chronicle.at += self.pause


def _id(staff: Staff) -> Any:
    return staff.technician.user_id


def _copy(row: R, **other: Any) -> R:
    return type(row)(**{**row.__data__, "id": uuid7(), **other})


def _finding(labels: Sequence[CellLabel]) -> Finding:
    blasts, normal = labels.count(CellLabel.BLAST), labels.count(CellLabel.NORMAL)
    if not blasts:
        return Finding.NO_BLASTS
    below = blasts < 0.2 * (blasts + normal)
    return Finding.BLASTS_BELOW_LIMIT if below else Finding.BLASTS_AT_LIMIT

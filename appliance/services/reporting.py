"""Gathers from the records what a report shows, prints it, and writes down who had it printed."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from typing import Any
from uuid import UUID

from appliance.clock import now
from appliance.errors import ApplianceError
from appliance.exchange.drawing import FIELD_EDGE_PX, SMALL_EDGE_PX, scaled_jpeg, thumbnail
from appliance.exchange.pdf import examination_report, field_report
from appliance.exchange.report import (
    GALLERY_OF_EXAMINATION,
    GALLERY_OF_FIELD,
    Act,
    CellEntry,
    ClinicalSummary,
    ExaminationReport,
    FieldEntry,
    FieldReport,
    Heading,
    Override,
    PatientDetails,
    Reading,
    SpecimenDetails,
    by_probability,
)
from appliance.pipeline import intake
from appliance.pipeline.tally import tally
from appliance.records import audit, clinical, examinations, fields, revisions
from appliance.records.pictures import PictureStore
from appliance.records.tables import (
    Cell,
    ClinicalDetails,
    Examination,
    FieldImage,
    Patient,
    User,
)
from appliance.vocabulary import (
    APPLIANCE,
    Actor,
    Box,
    FieldState,
    ModelStamp,
    Pixels,
    Quality,
    QualityCheck,
    SiteHeadStamp,
    Suggestion,
    Verdict,
)


@dataclass(frozen=True, kw_only=True)
class _Layout:
    """How much of the pictures one kind of report needs."""

    edge_px: int
    kind: str
    """Name under which the scaled picture is kept beside the original; empty for not at all."""


_WHOLE = _Layout(edge_px=FIELD_EDGE_PX, kind="")
_SMALL = _Layout(edge_px=SMALL_EDGE_PX, kind="report")


@dataclass(frozen=True)
class Reporting:
    """Prints reports of images and examinations; each printing is audited."""

    pictures: PictureStore
    laboratory: str
    place: str
    decision_limit: float
    limits: intake.Limits
    zone: tzinfo | None = None
    """In which times are printed; the machine's own where None."""

    def field_pdf(self, field_id: UUID, by: Actor) -> bytes:
        """Return the report of one image.

        Raises:
            NotFound: no such image.
        """
        row = fields.get(field_id)
        examination = row.examination
        cells = [_cell(cell) for cell in fields.cells_of(row.id) if cell.suggestion]
        shown = {cell.label for cell in by_probability(cells)[:GALLERY_OF_FIELD]}
        entry = self._entry(row, cells, shown, _WHOLE)
        latest = _latest(examination.patient)
        report = FieldReport(
            heading=self._heading(examination, str(row.id), by),
            field=entry,
            patient=_patient(examination.patient),
            specimen=_specimen(examination),
            clinical=_summary(latest),
            acts=(*_begun(examination, latest), *_acts_of_images([row]), _printed(by)),
        )
        data = field_report(report)
        details = {"examination": str(examination.id), "patient": str(examination.patient.id)}
        audit.note("report:print", by=by, subject=row, details=details)
        return data

    def examination_pdf(self, examination_id: UUID, by: Actor) -> bytes:
        """Return the report over all images of an examination.

        Raises:
            NotFound: no such examination.
        """
        examination = examinations.get(examination_id)
        rows = fields.of_examination(examination_id)
        by_field: dict[UUID, list[CellEntry]] = defaultdict(list)
        for cell in fields.cells_of_examination(examination_id):
            by_field[cell.field.id].append(_cell(cell, cell.field.number))
        every = [cell for cells in by_field.values() for cell in cells]
        shown = {cell.label for cell in by_probability(every)[:GALLERY_OF_EXAMINATION]}
        entries = tuple(self._entry(row, by_field[row.id], shown, _SMALL) for row in rows)
        pictured = [cell for entry in entries for cell in entry.cells if cell.label in shown]
        latest = _latest(examination.patient)
        report = ExaminationReport(
            heading=self._heading(examination, str(examination.id), by),
            fields=entries,
            tally=tally(_counted(every)),
            patient=_patient(examination.patient),
            specimen=_specimen(examination),
            clinical=_summary(latest),
            gallery=tuple(by_probability(pictured)),
            acts=(*_begun(examination, latest), *_acts_of_images(rows), _printed(by)),
        )
        data = examination_report(report)
        details = {"images": len(rows), "patient": str(examination.patient.id)}
        audit.note("report:print", by=by, subject=examination, details=details)
        return data

    def _heading(self, examination: Examination, record_id: str, by: Actor) -> Heading:
        return Heading(
            laboratory=self.laboratory,
            place=self.place,
            accession_number=examination.accession_number,
            record_id=record_id,
            printed_at=now(),
            printed_by=by.name,
            zone=self.zone,
            simulated=examination.simulated or examination.patient.simulated,
            decision_limit=self.decision_limit,
        )

    def _entry(
        self, row: FieldImage, cells: Sequence[CellEntry], shown: set[str], layout: _Layout
    ) -> FieldEntry:
        """Gather one image; cells whose label is among `shown` get a thumbnail."""
        wanted = any(cell.label in shown for cell in cells)
        kept = self._kept(row, layout)
        pixels = None if kept is not None and not wanted else self._pixels(row)
        return replace(
            _described(row, cells),
            picture=kept if pixels is None else self._scaled(row, pixels, layout),
            cells=tuple(
                replace(cell, thumbnail=thumbnail(pixels, cell.box))
                if pixels is not None and cell.label in shown
                else cell
                for cell in cells
            ),
        )

    def _kept(self, row: FieldImage, layout: _Layout) -> bytes | None:
        if not layout.kind:
            return None
        return self.pictures.derived(row.sha256, f"{layout.kind}-{row.page}")

    def _scaled(self, row: FieldImage, pixels: Pixels, layout: _Layout) -> bytes:
        data = scaled_jpeg(pixels, longest_px=layout.edge_px)
        if layout.kind:
            self.pictures.keep_derived(row.sha256, f"{layout.kind}-{row.page}", data)
        return data

    def _pixels(self, row: FieldImage) -> Pixels | None:
        """Read the original again; None where it cannot be had, which the report then says."""
        try:
            data = self.pictures.read(row.sha256)
            images = intake.read_images(data, name=row.original_name, limits=self.limits)
        except ApplianceError:
            return None
        return images[row.page].pixels if row.page < len(images) else None


def _described(row: FieldImage, cells: Sequence[CellEntry]) -> FieldEntry:
    stamp = row.stamp
    analysed = row.state == FieldState.ANALYSED
    return FieldEntry(
        number=row.number,
        name=row.original_name,
        sha256=row.sha256,
        page=row.page,
        pages=row.pages,
        width=row.width,
        height=row.height,
        um_per_px=row.um_per_px,
        notes=tuple(row.intake_notes),
        state=FieldState(row.state),
        # The sentences of a failed gate are printed from the passport.
        reason=row.reason if row.state == FieldState.FAILED else "",
        quality=Quality(tuple(QualityCheck(**check) for check in row.quality)),
        override=_override(row),
        analysed_at=row.analysed_at,
        tally=tally(_counted(cells)) if analysed else None,
        model=_stamp(stamp) if stamp else None,
    )


def _stamp(stored: Mapping[str, Any]) -> ModelStamp:
    """Read a stamp as it was stored; those of before site heads say nothing of one."""
    head = stored.get("site_head")
    return ModelStamp(
        **{
            **stored,
            "thresholds": tuple(stored["thresholds"]),
            "site_head": SiteHeadStamp(**head) if head else None,
        }
    )


def _cell(cell: Cell, field_number: int = 0) -> CellEntry:
    return CellEntry(
        field_number=field_number,
        number=cell.number,
        box=Box(cell.x, cell.y, cell.width, cell.height),
        suggestion=Suggestion(str(cell.suggestion)),
        blast_probability=float(cell.blast_probability or 0),
        outside_training_range=cell.outside_training_range,
        counted=cell.counted,
        nucleus_area_px=cell.nucleus_area_px,
        cell_area_px=cell.cell_area_px,
    )


def _counted(cells: Iterable[CellEntry]) -> list[Verdict]:
    return [
        Verdict(cell.suggestion, cell.blast_probability, cell.outside_training_range)
        for cell in cells
        if cell.counted
    ]


def _override(row: FieldImage) -> Override | None:
    if row.override_at is None:
        return None
    return Override(_name(row.override_by), row.override_at, row.override_reason)


def _patient(row: Patient) -> PatientDetails:
    return PatientDetails(
        name=", ".join(name for name in (row.family_name, row.given_name) if name),
        medical_record_number=row.medical_record_number,
        sex=row.sex,
        birth_date=row.birth_date,
    )


def _specimen(row: Examination) -> SpecimenDetails:
    return SpecimenDetails(
        specimen=row.specimen,
        stain=row.stain,
        objective=row.objective,
        status=row.status,
        collected_at=row.collected_at,
        received_at=row.received_at,
        imaged_at=row.imaged_at,
        indication=row.indication,
        notes=row.notes,
    )


def _latest(patient: Patient) -> ClinicalDetails | None:
    return next(iter(clinical.of_patient(patient.id)), None)


def _summary(row: ClinicalDetails | None) -> ClinicalSummary | None:
    if row is None:
        return None
    values = [(m, getattr(row, m.column)) for m in clinical.MEASUREMENTS]
    return ClinicalSummary(
        observed_on=row.observed_on,
        readings=tuple(Reading(m.label, v, m.unit) for m, v in values if v is not None),
        symptoms=tuple(clinical.SYMPTOMS.get(code, code) for code in row.symptoms),
        organ_enlargement=tuple(clinical.ORGANS.get(code, code) for code in row.organ_enlargement),
        immunophenotype=row.immunophenotype,
        treatment_phase=clinical.TREATMENT_PHASES.get(row.treatment_phase, row.treatment_phase),
        notes=row.notes,
    )


def _begun(examination: Examination, latest: ClinicalDetails | None) -> list[Act]:
    """Say who registered the examination and who last wrote the clinical details."""
    acts = []
    if registered := revisions.history("examination", examination.id):
        first = registered[0]
        acts.append(Act(first.created_at, first.author_name, "Registered the examination"))
    if latest is not None and (written := revisions.history("clinical_details", latest.id)):
        last = written[-1]
        day = latest.observed_on.isoformat()
        acts.append(Act(last.created_at, last.author_name, f"Wrote the findings of {day}"))
    return acts


def _acts_of_images(rows: Sequence[FieldImage]) -> list[Act]:
    """Say who added images, who overrode the gate, and when the last was analysed."""
    added: dict[str, list[FieldImage]] = defaultdict(list)
    for row in rows:
        added[_name(row.uploaded_by)].append(row)
    acts = [
        Act(max(row.created_at for row in theirs), who, f"Added {_images(theirs)}")
        for who, theirs in added.items()
    ]
    acts += [
        Act(row.override_at, _name(row.override_by), _overridden(row))
        for row in rows
        if row.override_at is not None
    ]
    analysed = [row for row in rows if row.analysed_at is not None]
    if analysed:
        last = max(row.analysed_at for row in analysed)
        acts.append(Act(last, APPLIANCE.name, f"Analysed {_images(analysed)}"))
    return acts


def _overridden(row: FieldImage) -> str:
    return f"Went on with image {row.number} after the quality gate: {row.override_reason}"


def _images(rows: Sequence[FieldImage]) -> str:
    return f"image {rows[0].number}" if len(rows) == 1 else f"{len(rows)} images"


def _printed(by: Actor) -> Act:
    return Act(now(), by.name, "Printed this report")


def _name(user: User | None) -> str:
    return user.full_name if user is not None else APPLIANCE.name

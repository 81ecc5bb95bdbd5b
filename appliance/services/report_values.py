"""Turns rows of the records into the plain values that a report shows."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from appliance.clock import now
from appliance.exchange.report import (
    Act,
    CellEntry,
    ClinicalSummary,
    FieldEntry,
    Override,
    PatientDetails,
    Reading,
    SpecimenDetails,
)
from appliance.pipeline.tally import tally
from appliance.records import clinical, revisions
from appliance.records.tables import (
    Cell,
    ClinicalDetails,
    Examination,
    FieldImage,
    Patient,
    User,
)
from appliance.review_vocabulary import CellLabel
from appliance.services.verified import labelled_tally
from appliance.vocabulary import (
    APPLIANCE,
    Actor,
    Box,
    FieldState,
    ModelStamp,
    Quality,
    QualityCheck,
    SiteHeadStamp,
    Suggestion,
    Tally,
    Verdict,
)


def described(row: FieldImage, cells: Sequence[CellEntry]) -> FieldEntry:
    """Describe one image, its picture left out."""
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
        tally=tally_of(cells) if analysed else None,
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


def cell_entry(cell: Cell, field_number: int = 0, called: CellLabel | None = None) -> CellEntry:
    """Describe one cell, and what it is called where somebody has called it."""
    return CellEntry(
        field_number=field_number,
        number=cell.number,
        box=Box(cell.x, cell.y, cell.width, cell.height),
        suggestion=None if cell.suggestion is None else Suggestion(cell.suggestion),
        blast_probability=cell.blast_probability,
        called=called,
        outside_training_range=cell.outside_training_range,
        counted=cell.counted,
        nucleus_area_px=cell.nucleus_area_px,
        cell_area_px=cell.cell_area_px,
    )


def tally_of(cells: Sequence[CellEntry]) -> Tally:
    """Count the cells by what they are called, or by suggestion as long as none is called."""
    if all(cell.called is None for cell in cells):
        return tally(counted(cells))
    called = (cell.called for cell in cells if cell.counted and cell.called is not None)
    return labelled_tally(Counter(called))


def counted(cells: Iterable[CellEntry]) -> list[Verdict]:
    """Return the suggestions for the counted cells."""
    return [
        Verdict(cell.suggestion, cell.blast_probability, cell.outside_training_range)
        for cell in cells
        if cell.counted and cell.suggestion is not None and cell.blast_probability is not None
    ]


def _override(row: FieldImage) -> Override | None:
    if row.override_at is None:
        return None
    return Override(_name(row.override_by), row.override_at, row.override_reason)


def patient_details(row: Patient) -> PatientDetails:
    """Describe the patient."""
    return PatientDetails(
        name=", ".join(name for name in (row.family_name, row.given_name) if name),
        medical_record_number=row.medical_record_number,
        sex=row.sex,
        birth_date=row.birth_date,
    )


def specimen_details(row: Examination) -> SpecimenDetails:
    """Describe the specimen."""
    return SpecimenDetails(
        specimen=row.specimen,
        stain=row.stain,
        objective=row.objective,
        microscope=row.microscope,
        stain_batch=row.stain_batch,
        status=row.status,
        collected_at=row.collected_at,
        received_at=row.received_at,
        imaged_at=row.imaged_at,
        indication=row.indication,
        notes=row.notes,
    )


def latest_findings(patient: Patient) -> ClinicalDetails | None:
    """Return the latest dated work-up, if there is one."""
    return next(iter(clinical.of_patient(patient.id)), None)


def clinical_summary(row: ClinicalDetails | None) -> ClinicalSummary | None:
    """Describe a work-up in words."""
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


def begun(examination: Examination, latest: ClinicalDetails | None) -> list[Act]:
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


def acts_of_images(rows: Sequence[FieldImage]) -> list[Act]:
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


def printed(by: Actor) -> Act:
    """Say who has it printed, now."""
    return Act(now(), by.name, "Printed this report")


def _name(user: User | None) -> str:
    return user.full_name if user is not None else APPLIANCE.name

"""Findings of an ALL work-up, dated; changed ones keep their history.

Limits refuse what no living patient has and what is typed in another unit (haemoglobin in g/dL,
white cells per microlitre); they are no reference ranges.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from appliance.records import audit
from appliance.records.database import transaction
from appliance.records.entries import Entries, reason_of
from appliance.records.patients import require_unmerged
from appliance.records.revisions import Version, fetch, insert, update, versions
from appliance.records.tables import ClinicalDetails, Patient
from appliance.vocabulary import Actor


@dataclass(frozen=True, slots=True)
class Measurement:
    """One number of the work-up: its column, its unit, and what can be true at all."""

    column: str
    label: str
    unit: str
    low: float
    high: float


MEASUREMENTS: tuple[Measurement, ...] = (
    Measurement("haemoglobin_g_per_l", "Haemoglobin", "g/L", 10, 300),
    Measurement("white_cells_10e9_per_l", "White cells", "10⁹/L", 0, 2000),
    Measurement("neutrophils_10e9_per_l", "Neutrophils", "10⁹/L", 0, 2000),
    Measurement("lymphocytes_10e9_per_l", "Lymphocytes", "10⁹/L", 0, 2000),
    Measurement("platelets_10e9_per_l", "Platelets", "10⁹/L", 0, 5000),
    Measurement("blood_blasts_percent", "Blasts in blood", "%", 0, 100),
    Measurement("marrow_blasts_percent", "Blasts in marrow", "%", 0, 100),
    Measurement("lactate_dehydrogenase_u_per_l", "Lactate dehydrogenase", "U/L", 0, 20_000),
)
"""In the order of a laboratory form."""

SYMPTOMS: dict[str, str] = {
    "fatigue": "Fatigue",
    "pallor": "Pallor",
    "fever": "Fever",
    "night-sweats": "Night sweats",
    "weight-loss": "Weight loss",
    "bleeding": "Bleeding or bruising",
    "petechiae": "Petechiae",
    "bone-pain": "Bone or joint pain",
    "infections": "Repeated infections",
    "dyspnoea": "Shortness of breath",
    "headache": "Headache",
    "vomiting": "Vomiting",
    "cranial-nerve-palsy": "Cranial nerve palsy",
    "abdominal-pain": "Abdominal pain",
}
"""Code and label."""

ORGANS: dict[str, str] = {
    "liver": "Liver",
    "spleen": "Spleen",
    "lymph-nodes": "Lymph nodes",
    "mediastinum": "Mediastinum",
    "testis": "Testis",
    "kidneys": "Kidneys",
    "central-nervous-system": "Central nervous system involved",
    "skin": "Skin involved",
}
"""Enlarged or involved organs: code and label."""

TREATMENT_PHASES: dict[str, str] = {
    "untreated": "At diagnosis, untreated",
    "pre-phase": "Steroid pre-phase",
    "induction": "Induction",
    "consolidation": "Consolidation",
    "reinduction": "Delayed intensification",
    "maintenance": "Maintenance",
    "remission": "Remission, off treatment",
    "relapse": "Relapse",
    "post-transplant": "After transplantation",
}
"""Code and label."""

ENTRIES = (
    "observed_on",
    *(measurement.column for measurement in MEASUREMENTS),
    "symptoms",
    "organ_enlargement",
    "immunophenotype",
    "treatment_phase",
    "notes",
)
"""What `add` and `change` take."""

_EARLIEST = date(1950, 1, 1)


def add(patient_id: UUID, values: Mapping[str, Any], by: Actor) -> ClinicalDetails:
    """Enter the findings of one date.

    Args:
        patient_id: whose.
        values: by name of `ENTRIES`; only observed_on is required. Numbers in the unit of their
            column, symptoms and organ_enlargement lists of codes.
        by: who.

    Raises:
        NotFound: no such patient.
        InvalidInput: with a sentence for each entry that cannot be taken.
    """
    with transaction():
        patient = fetch(Patient, patient_id)
        require_unmerged(patient)
        row = ClinicalDetails(patient=patient_id, **_checked(values, patient))
        insert(row, "clinical:add", by=by, details={"patient": str(patient_id)})
    return row


def change(
    details_id: UUID, values: Mapping[str, Any], revision: int, by: Actor, reason: str = ""
) -> ClinicalDetails:
    """Change some of the findings; the version before stays readable.

    Raises:
        NotFound, Conflict: no such findings; changed by somebody else since `revision`.
        InvalidInput: an entry cannot be taken.
    """
    reason = reason_of(reason, required=False)
    with transaction():
        row = fetch(ClinicalDetails, details_id, revision)
        merged = {name: row.__data__.get(name) for name in ENTRIES} | dict(values)
        update(row, _checked(merged, row.patient), "clinical:change", by=by, reason=reason)
    return row


def open_for(details_id: UUID, by: Actor) -> ClinicalDetails:
    """Read the findings of one date, which is noted in the audit log.

    Raises:
        NotFound: no such findings.
    """
    row = fetch(ClinicalDetails, details_id)
    audit.note("clinical:read", by=by, subject=row)
    return row


def of_patient(patient_id: UUID) -> list[ClinicalDetails]:
    """Return all findings of a patient, the latest date first; for after `patients.open_for`."""
    return list(
        ClinicalDetails.select()
        .where(ClinicalDetails.patient == patient_id)
        .order_by(ClinicalDetails.observed_on.desc(), ClinicalDetails.created_at.desc())
    )


def history(details_id: UUID) -> list[Version]:
    """Return all versions of the findings with what each changed, newest first."""
    return versions("clinical_details", details_id)


def _checked(values: Mapping[str, Any], patient: Patient) -> dict[str, Any]:
    entries = Entries(values, ENTRIES)
    observed = entries.day("observed_on", "Date of findings", earliest=_EARLIEST, required=True)
    if observed and patient.birth_date and observed < patient.birth_date:
        entries.problem("observed_on", "Date of findings lies before the patient's birth.")
    numbers = {
        m.column: entries.number(m.column, m.label, low=m.low, high=m.high, unit=m.unit)
        for m in MEASUREMENTS
    }
    _check_parts(entries, numbers)
    entries.codes("symptoms", "Symptoms", SYMPTOMS)
    entries.codes("organ_enlargement", "Organs", ORGANS)
    entries.text("immunophenotype", "Immunophenotype", longest=2000, lines=True)
    entries.code("treatment_phase", "Treatment phase", TREATMENT_PHASES)
    entries.text("notes", "Notes", longest=10_000, lines=True)
    return entries.done()


def _check_parts(entries: Entries, numbers: Mapping[str, float | None]) -> None:
    """Hold the parts of the white count against the whole; 1 % and 0.1 for rounding."""
    whole = numbers["white_cells_10e9_per_l"]
    if whole is None:
        return
    for column, label in (
        ("neutrophils_10e9_per_l", "Neutrophils"),
        ("lymphocytes_10e9_per_l", "Lymphocytes"),
    ):
        part = numbers[column]
        if part is not None and part > whole * 1.01 + 0.1:
            entries.problem(column, f"{label} cannot be more than all white cells.")

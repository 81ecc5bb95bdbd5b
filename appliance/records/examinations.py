"""Smears to be read: registering, changing, opening. Lists of them stand in `overview`."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from peewee import fn

from appliance.errors import Conflict
from appliance.records import audit
from appliance.records.database import transaction
from appliance.records.entries import Entries, reason_of, today
from appliance.records.overview import (
    Listed,
    Needs,
    Query,
    counts,
    find,
    needing,
    of_patient,
    summary,
    tallies_of_fields,
    tally_of,
    tally_of_field,
)
from appliance.records.patients import require_unmerged
from appliance.records.revisions import Version, fetch, insert, update, versions
from appliance.records.tables import Examination, Patient
from appliance.vocabulary import Actor, ExaminationStatus, Specimen, Stain

__all__ = [
    "ENTRIES",
    "OPEN",
    "Listed",
    "Needs",
    "Query",
    "by_accession_number",
    "change",
    "counts",
    "create",
    "find",
    "get",
    "history",
    "needing",
    "next_accession_number",
    "of_patient",
    "open_for",
    "summary",
    "tallies_of_fields",
    "tally_of",
    "tally_of_field",
]

ENTRIES = (
    "accession_number",
    "specimen",
    "stain",
    "collected_at",
    "received_at",
    "imaged_at",
    "objective",
    "um_per_px",
    "microscope",
    "stain_batch",
    "indication",
    "notes",
    "simulated",
)
"""What `create` and `change` take."""

OPEN = frozenset(
    {ExaminationStatus.REGISTERED, ExaminationStatus.PARTIAL, ExaminationStatus.PRELIMINARY}
)
"""Statuses in which an examination takes images and changes; later ones need an amendment."""

_NUMBERED = re.compile(r"(\d{2})-(\d{4,})")
_ACCESSION = re.compile(r"[\w./-]+")
_EARLIEST = datetime(1950, 1, 1, tzinfo=UTC)


def create(patient_id: UUID, values: Mapping[str, Any], by: Actor) -> Examination:
    """Register an examination.

    Args:
        patient_id: whose smear.
        values: by name of `ENTRIES`; specimen and stain are required. Without an accession number
            the next one is given. Times are aware; um_per_px is micrometres per pixel.
        by: who.

    Raises:
        NotFound: no such patient.
        InvalidInput: with a sentence for each entry that cannot be taken.
    """
    with transaction():
        patient = fetch(Patient, patient_id)
        require_unmerged(patient)
        given = {"simulated": patient.simulated, **values}
        if not given.get("accession_number"):
            given["accession_number"] = next_accession_number()
        row = Examination(patient=patient_id, **_checked(given, None))
        insert(row, "examination:create", by=by, details={"patient": str(patient_id)})
    return row


def change(
    examination_id: UUID, values: Mapping[str, Any], revision: int, by: Actor, reason: str = ""
) -> Examination:
    """Change some entries of an open examination; the version before stays readable.

    Raises:
        NotFound: no such examination.
        Conflict: changed by somebody else since `revision`, or no longer open.
        InvalidInput: an entry cannot be taken.
    """
    reason = reason_of(reason, required=False)
    with transaction():
        row = fetch(Examination, examination_id, revision)
        require_open(row)
        merged = {name: row.__data__.get(name) for name in ENTRIES} | dict(values)
        update(row, _checked(merged, row.id), "examination:change", by=by, reason=reason)
    return row


def require_open(row: Examination) -> None:
    """Refuse a step that an examination no longer allows.

    Raises:
        Conflict: it is final, cancelled or entered in error.
    """
    if row.status not in OPEN:
        raise Conflict(
            f"Examination {row.accession_number} is {ExaminationStatus(row.status).words} "
            "and takes no more changes.",
            advice="Register a new examination, or amend the report.",
        )


def open_for(examination_id: UUID, by: Actor) -> Examination:
    """Read an examination, which is noted in the audit log.

    Raises:
        NotFound: no such examination.
    """
    row = fetch(Examination, examination_id)
    audit.note(
        "examination:read", by=by, subject=row, details={"patient": str(row.__data__["patient"])}
    )
    return row


def get(examination_id: UUID) -> Examination:
    """Return an examination for a step of the appliance itself; people go through `open_for`.

    Raises:
        NotFound: no such examination.
    """
    return fetch(Examination, examination_id)


def by_accession_number(accession_number: str) -> Examination | None:
    """Find the examination that a scanned or typed number names exactly."""
    return Examination.get_or_none(Examination.accession_number == accession_number.strip())


def next_accession_number() -> str:
    """Return the number after the highest of this year: YY-NNNN.

    Only `create` can give it for sure: somebody else may be given the same until then.
    """
    year = f"{today():%y}"
    taken = (
        Examination.select(Examination.accession_number)
        .where(Examination.accession_number.between(f"{year}-", f"{year}-:"))
        .order_by(
            fn.LENGTH(Examination.accession_number).desc(), Examination.accession_number.desc()
        )
        .tuples()
        .iterator()
    )
    for (number,) in taken:
        if found := _NUMBERED.fullmatch(number):
            return f"{year}-{int(found[2]) + 1:04d}"
    return f"{year}-0001"


def history(examination_id: UUID) -> list[Version]:
    """Return all versions of an examination with what each changed, newest first."""
    return versions("examination", examination_id)


def _checked(values: Mapping[str, Any], examination_id: UUID | None) -> dict[str, Any]:
    entries = Entries(values, ENTRIES)
    number = entries.text("accession_number", "Accession number", longest=40, required=True)
    if number and not _ACCESSION.fullmatch(number):
        entries.problem(
            "accession_number", "An accession number has letters, digits, dots, slashes, hyphens."
        )
    known = by_accession_number(number)
    if known is not None and known.id != examination_id:
        entries.problem("accession_number", f"Accession number {number} is taken.")
    entries.choice("specimen", "Specimen", Specimen)
    entries.choice("stain", "Stain", Stain)
    _check_times(entries)
    entries.text("objective", "Objective", longest=40)
    entries.number("um_per_px", "Scale", low=0.01, high=10, unit="µm/px")
    entries.text("microscope", "Microscope", longest=60)
    entries.text("stain_batch", "Stain batch", longest=60)
    entries.text("indication", "Indication", longest=2000, lines=True)
    entries.text("notes", "Notes", longest=10_000, lines=True)
    entries.truth("simulated", "Simulated")
    return entries.done()


def _check_times(entries: Entries) -> None:
    """Collected, received and imaged follow each other; a missing one is left out."""
    before: tuple[str, datetime] | None = None
    for name, label in (
        ("collected_at", "Collected"),
        ("received_at", "Received"),
        ("imaged_at", "Imaged"),
    ):
        moment = entries.moment(name, label, earliest=_EARLIEST)
        if moment is None:
            continue
        if before is not None and moment < before[1]:
            entries.problem(name, f"{label} cannot be before {before[0].lower()}.")
        before = (label, moment)

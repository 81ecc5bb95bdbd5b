"""The people whose blood is read: registering, changing, finding. Reading one is audited."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from appliance.errors import Conflict, InvalidInput
from appliance.records import audit, fulltext
from appliance.records.database import transaction
from appliance.records.entries import Entries, reason_of
from appliance.records.fulltext import Sought
from appliance.records.index_tables import PatientIndex
from appliance.records.paging import Page, counted
from appliance.records.revisions import Version, fetch, insert, update, versions
from appliance.records.search import fold, search_text
from appliance.records.tables import Patient
from appliance.vocabulary import Actor, Sex

ENTRIES = ("medical_record_number", "family_name", "given_name", "sex", "birth_date", "simulated")
"""What `register` and `change` take."""

EARLIEST_BIRTH = date(1880, 1, 1)
_READ_THROUGH = 200


def register(values: Mapping[str, Any], by: Actor) -> Patient:
    """Register a patient.

    Args:
        values: by name of `ENTRIES`; number, family name and sex are required, birth_date is a
            date or None.
        by: who.

    Raises:
        InvalidInput: with a sentence for each entry that cannot be taken.
    """
    with transaction():
        row = Patient(**_checked(values, None))
        insert(row, "patient:register", by=by)
    return row


def change(
    patient_id: UUID, values: Mapping[str, Any], revision: int, by: Actor, reason: str = ""
) -> Patient:
    """Change some entries of a patient; the version before stays readable.

    Raises:
        NotFound, Conflict: no such patient; changed by somebody else since `revision`.
        InvalidInput: an entry cannot be taken.
    """
    reason = reason_of(reason, required=False)
    with transaction():
        row = fetch(Patient, patient_id, revision)
        require_unmerged(row)
        checked = _checked({name: row.__data__[name] for name in ENTRIES} | dict(values), row.id)
        update(row, checked, "patient:change", by=by, reason=reason)
    return row


def open_for(patient_id: UUID, by: Actor) -> Patient:
    """Read a patient's record, which is noted in the audit log.

    Raises:
        NotFound: no such patient.
    """
    row = fetch(Patient, patient_id)
    audit.note("patient:read", by=by, subject=row)
    return row


def find(text: str = "", limit: int = 25, offset: int = 0) -> Page[Patient]:
    """Find patients by the beginnings of their number and names, in any order.

    Case and accents do not matter. As many as a person reads through come in the order of their
    names; without text, or of more than these, those registered last come first. Merged
    registrations are not listed; the number of one leads to the patient that survives.
    """
    known = by_number(text) if text else None
    if known is not None and known.__data__["merged_into"] is not None:
        return Page([survivor_of(known)], 1, limit, 0)
    words = fold(text)
    sought = Sought(beginnings=words)
    total = fulltext.count(PatientIndex, sought, counted(limit, offset))
    by_name = bool(words) and total <= _READ_THROUGH
    shown = fulltext.places(PatientIndex, sought, *((total, 0) if by_name else (limit, offset)))
    rows = Patient.select().join(PatientIndex).where(PatientIndex.place.in_(shown))
    if by_name:
        rows = rows.order_by(Patient.family_name, Patient.given_name, Patient.id)
        rows = rows.limit(limit).offset(offset)
    else:
        rows = rows.order_by(PatientIndex.place.desc())
    return Page.of(list(rows), total, limit, offset)


def by_number(medical_record_number: str) -> Patient | None:
    """Find the patient with exactly this number, a merged one too."""
    return Patient.get_or_none(Patient.medical_record_number == medical_record_number.strip())


def survivor_of(row: Patient) -> Patient:
    """Return the patient that a merged registration leads to; any other is its own."""
    while row.merged_into is not None:
        row = row.merged_into
    return row


def require_unmerged(row: Patient) -> None:
    """Refuse to write to a registration that was given up.

    Raises:
        Conflict: it was merged into another one.
    """
    if row.__data__.get("merged_into") is not None:
        raise Conflict(
            "This registration was merged into another one and takes no more entries.",
            advice="Go on with the patient it was merged into, or take the merge back.",
        )


def protect(patient_id: UUID, protected: bool, reason: str, revision: int, by: Actor) -> Patient:
    """Keep a patient's records from any rule of retention, or lift that again.

    Raises:
        NotFound, Conflict: no such patient; changed by somebody else since `revision`, or merged.
        InvalidInput: no reason is given.
    """
    reason = reason_of(reason, required=True)
    with transaction():
        row = fetch(Patient, patient_id, revision)
        require_unmerged(row)
        values = {"protected": protected, "protected_reason": reason if protected else ""}
        action = "patient:protect" if protected else "patient:unprotect"
        update(row, values, action, by=by, reason=reason)
    return row


def history(patient_id: UUID) -> list[Version]:
    """Return all versions of a patient with what each changed, newest first."""
    return versions("patient", patient_id)


def _checked(values: Mapping[str, Any], patient_id: UUID | None) -> dict[str, Any]:
    entries = Entries(values, ENTRIES)
    number = entries.text("medical_record_number", "Patient number", longest=64, required=True)
    family = entries.text("family_name", "Family name", longest=200, required=True)
    given = entries.text("given_name", "Given name", longest=200)
    entries.choice("sex", "Sex", Sex)
    entries.day("birth_date", "Birth date", earliest=EARLIEST_BIRTH)
    entries.truth("simulated", "Simulated")
    known = by_number(number)
    if known is not None and known.id != patient_id:
        entries.problem("medical_record_number", "A patient with this number is registered.")
    checked = entries.done()
    if not fold(number):
        raise InvalidInput({"medical_record_number": "A patient number has letters or digits."})
    return checked | {"search_text": search_text(number, (family, given))}

"""Two registrations of one person made one, and taken apart again; nothing is removed or lost.

The examinations and findings of the duplicate are moved to the surviving patient, each with a
revision of its own; the duplicate stays readable and says into whom it was merged. Taking a merge
back moves what it moved, as far as it is still where the merge put it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from appliance.clock import now
from appliance.errors import Conflict, InvalidInput
from appliance.records.database import transaction
from appliance.records.entries import reason_of
from appliance.records.patients import require_unmerged
from appliance.records.review_tables import PatientMerge
from appliance.records.revisions import fetch, insert, update
from appliance.records.tables import ClinicalDetails, Examination, Patient, Row
from appliance.vocabulary import Actor

_MOVED: Mapping[str, type[Row]] = {
    "examination": Examination,
    "clinical_details": ClinicalDetails,
}


@dataclass(frozen=True, slots=True)
class Undone:
    """What taking a merge back did."""

    merge: PatientMerge
    put_back: int
    stayed: int
    """Records that were somewhere else by then, and stayed there."""


def merge(
    survivor_id: UUID,
    duplicate_id: UUID,
    reason: str,
    by: Actor,
    *,
    revisions: tuple[int, int] | None = None,
) -> PatientMerge:
    """Move everything of a duplicate registration to the patient that survives.

    Args:
        survivor_id: whose names and number stand from now on.
        duplicate_id: the registration that is given up.
        reason: why both are the same person.
        by: who.
        revisions: of survivor and duplicate, as the person who decides saw them.

    Raises:
        NotFound: no such patient.
        InvalidInput: no reason is given, or both are the same registration.
        Conflict: one was changed since, is merged already, or only one of them is simulated.
    """
    reason = reason_of(reason, required=True)
    if survivor_id == duplicate_id:
        raise InvalidInput({"other": "Choose another registration: this is the same one."})
    seen = revisions or (None, None)
    with transaction():
        survivor = fetch(Patient, survivor_id, seen[0])
        duplicate = fetch(Patient, duplicate_id, seen[1])
        _require_mergeable(survivor, duplicate)
        row = PatientMerge(survivor=survivor_id, duplicate=duplicate_id, reason=reason)
        about = {"merge": str(row.id)}
        row.moved = {
            kind: [str(m.id) for m in _move(table, duplicate_id, survivor_id, about, by, reason)]
            for kind, table in _MOVED.items()
        }
        into = {"merged_into": survivor_id}
        update(duplicate, into, "patient:merge", by=by, reason=reason, details=about)
        counts = {kind: len(ids) for kind, ids in row.moved.items()}
        insert(row, "merge:make", by=by, reason=reason, details=counts)
    return row


def undo(merge_id: UUID, reason: str, by: Actor, *, revision: int | None = None) -> Undone:
    """Take a merge back: what it moved goes back, what came to the survivor since stays.

    Raises:
        NotFound: no such merge.
        InvalidInput: no reason is given.
        Conflict: it was taken back already, or the survivor was merged into somebody since.
    """
    reason = reason_of(reason, required=True)
    with transaction():
        row = fetch(PatientMerge, merge_id, revision)
        if row.undone_at is not None:
            raise Conflict("This merge was taken back already.", advice="Nothing is left to do.")
        survivor_id, duplicate_id = row.__data__["survivor"], row.__data__["duplicate"]
        require_unmerged(fetch(Patient, survivor_id))
        about = {"merge": str(row.id)}
        back = {
            kind: _move(table, survivor_id, duplicate_id, about, by, reason, row.moved[kind])
            for kind, table in _MOVED.items()
        }
        apart = {"merged_into": None}
        duplicate = fetch(Patient, duplicate_id)
        update(duplicate, apart, "patient:unmerge", by=by, reason=reason, details=about)
        undone = {"undone_at": now(), "undone_by": by.user_id, "undone_reason": reason}
        update(row, undone, "merge:undo", by=by, reason=reason)
    put_back = sum(map(len, back.values()))
    return Undone(row, put_back, sum(map(len, row.moved.values())) - put_back)


def get(merge_id: UUID) -> PatientMerge:
    """Return one merge.

    Raises:
        NotFound: no such merge.
    """
    return fetch(PatientMerge, merge_id)


def of_patient(patient_id: UUID) -> list[PatientMerge]:
    """Return all merges that a patient had a part in, newest first, those taken back too."""
    took_part = (PatientMerge.survivor == patient_id) | (PatientMerge.duplicate == patient_id)
    return list(
        PatientMerge.select()
        .where(took_part)
        .order_by(PatientMerge.created_at.desc(), PatientMerge.id.desc())
    )


def belongings(patient_id: UUID) -> dict[str, int]:
    """Count what a merge would move: "examination" and "clinical_details"."""
    return {
        kind: table.select().where(_of(table, patient_id)).count() for kind, table in _MOVED.items()
    }


def _require_mergeable(survivor: Patient, duplicate: Patient) -> None:
    require_unmerged(survivor)
    require_unmerged(duplicate)
    if survivor.simulated != duplicate.simulated:
        raise Conflict(
            "A simulated patient is never merged with a real one.",
            advice="Choose two registrations of the same kind.",
        )


def _move(
    table: type[Row],
    source: UUID,
    target: UUID,
    about: Mapping[str, str],
    by: Actor,
    reason: str,
    only: Sequence[str] | None = None,
) -> list[Row]:
    """Move the records of one patient to another, and return them; `only` these, where given."""
    wanted = None if only is None else set(only)
    rows = [
        row
        for row in table.select().where(_of(table, source)).order_by(table.created_at)
        if wanted is None or str(row.id) in wanted
    ]
    for row in rows:
        action = f"{table._meta.table_name}:move".replace("_details", "")
        update(row, {"patient": target}, action, by=by, reason=reason, details=about)
    return rows


def _of(table: type[Row], patient_id: UUID) -> bool:
    condition: bool = table.patient == patient_id  # type: ignore[attr-defined]
    return condition

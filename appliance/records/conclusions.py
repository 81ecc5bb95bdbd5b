"""What a clinician concludes, and that somebody was told of a critical result."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from appliance.clock import now
from appliance.errors import Conflict
from appliance.records.database import transaction
from appliance.records.entries import Entries
from appliance.records.review_tables import Conclusion
from appliance.records.revisions import Version, fetch, insert, update, versions
from appliance.records.steps import person, require_workable
from appliance.records.tables import Examination
from appliance.review_vocabulary import Finding
from appliance.vocabulary import Actor, ExaminationStatus

ENTRIES = ("finding", "text", "critical")
"""What `write` takes."""

_UNTOLD: dict[str, Any] = {"told_to": "", "acknowledged_by": None, "acknowledged_at": None}


def of(examination_id: UUID) -> Conclusion | None:
    """Return the conclusion of an examination; None as long as there is none."""
    return Conclusion.get_or_none(Conclusion.examination == examination_id)


def write(examination_id: UUID, values: Mapping[str, Any], revision: int, by: Actor) -> Conclusion:
    """Write or change the conclusion of an examination that has images and is not closed.

    Where a critical result changes, somebody must be told of it anew.

    Args:
        examination_id: which.
        values: by name of `ENTRIES`; the finding is required.
        revision: of the conclusion that the person saw, 0 where there was none.
        by: who concludes.

    Raises:
        NotFound: no such examination.
        Conflict: somebody else changed it since `revision`, or the examination is closed.
        InvalidInput: with a sentence for each entry that cannot be taken.
    """
    with transaction():
        examination = fetch(Examination, examination_id)
        require_workable(examination)
        if examination.status == ExaminationStatus.REGISTERED:
            raise Conflict(
                f"Examination {examination.accession_number} has no image yet.",
                advice="Conclude when its images are read.",
            )
        row, checked = of(examination_id), _checked(values)
        if (row.__data__["revision"] if row else 0) != revision:
            raise Conflict
        details = {"examination": str(examination_id), "critical": checked["critical"]}
        if row is None:
            row = Conclusion(examination=examination_id, **checked)
            insert(row, "conclusion:write", by=by, details=details)
        else:
            changed = checked if _says_the_same(row, checked) else checked | _UNTOLD
            update(row, changed, "conclusion:write", by=by, details=details)
    return row


def acknowledge(conclusion_id: UUID, told_to: str, by: Actor) -> Conclusion:
    """Note that somebody was told of a critical result.

    Args:
        conclusion_id: which.
        told_to: who was told, as the person writes it.
        by: who told them.

    Raises:
        NotFound: no such conclusion.
        InvalidInput: nobody is named.
        Conflict: it is not critical, or somebody was told already.
    """
    entries = Entries({"told_to": told_to}, {"told_to"})
    entries.text("told_to", "Person who was told", longest=200, required=True)
    checked = entries.done()
    with transaction():
        row = fetch(Conclusion, conclusion_id)
        if not row.critical or row.acknowledged_at is not None:
            raise Conflict(
                "This result is not critical, or somebody was told of it already.",
                advice="Reload the page to see who was told.",
            )
        told = {**checked, "acknowledged_by": person(by), "acknowledged_at": now()}
        details = {"examination": str(row.__data__["examination"])}
        update(row, told, "critical:acknowledge", by=by, details=details)
    return row


def history(conclusion_id: UUID) -> list[Version]:
    """Return all versions of a conclusion with what each changed, newest first."""
    return versions("conclusion", conclusion_id)


def _checked(values: Mapping[str, Any]) -> dict[str, Any]:
    entries = Entries(values, ENTRIES)
    entries.choice("finding", "Finding", Finding)
    entries.text("text", "Conclusion", longest=10_000, lines=True)
    entries.truth("critical", "Critical result")
    return entries.done()


def _says_the_same(row: Conclusion, checked: Mapping[str, Any]) -> bool:
    """Say whether what somebody was told still holds; the wording may have changed."""
    return bool(row.finding == checked["finding"] and row.critical == checked["critical"])

"""Field images and how far their analysis is: the queue of the worker is a column here.

A field is accepted, then analysing, then analysed, by steps of one transaction each; whichever
process dies in between, the field is in one of these states and nothing is lost or done twice.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from uuid import UUID

from peewee import fn

from appliance.clock import now
from appliance.errors import Conflict
from appliance.records import audit, cells
from appliance.records.cells import cells_of, cells_of_examination
from appliance.records.database import transaction
from appliance.records.entries import reason_of
from appliance.records.examinations import require_open
from appliance.records.revisions import fetch, insert, update
from appliance.records.tables import Examination, FieldImage
from appliance.vocabulary import (
    APPLIANCE,
    Actor,
    ExaminationStatus,
    FieldAnalysis,
    FieldState,
    Quality,
    SourceImage,
)

__all__ = [
    "MAX_ATTEMPTS",
    "DuplicateImage",
    "add",
    "cells_of",
    "cells_of_examination",
    "claim_oldest",
    "fail",
    "finish",
    "get",
    "of_examination",
    "open_for",
    "override",
    "progress",
    "release_all",
    "retry",
]

MAX_ATTEMPTS = 10  # a flaky power supply breaks one off more than once; a bad picture always
"""After so many analyses that broke off with the worker, the field counts as failed."""


class DuplicateImage(Conflict):
    """The examination has this image already."""

    title = "This image is already in the examination"
    advice = "Nothing to do: the image is kept once."

    def __init__(self, field: FieldImage) -> None:
        super().__init__(f"This image is already in the examination, as image {field.number}.")
        self.field = field


def add(
    examination_id: UUID,
    image: SourceImage,
    original_name: str,
    byte_size: int,
    quality: Quality,
    by: Actor,
) -> FieldImage:
    """Put an image, whose file is kept already, into an examination.

    Accepted for analysis if it passed the quality gate, refused if not. With the first image the
    examination becomes partial.

    Raises:
        NotFound: no such examination.
        DuplicateImage: the examination has this page of this file; carries its row.
        Conflict: the examination takes no more images.
    """
    with transaction():
        examination = fetch(Examination, examination_id)
        known = FieldImage.get_or_none(
            FieldImage.examination == examination_id,
            FieldImage.sha256 == image.sha256,
            FieldImage.page == image.page,
        )
        if known is not None:
            raise DuplicateImage(known)
        require_open(examination)
        row = FieldImage(
            **_facts(image, examination),
            examination=examination_id,
            number=_last_number(examination_id) + 1,
            original_name=_printable(original_name),
            byte_size=byte_size,
            uploaded_by=by.user_id,
            **_judged(quality),
        )
        insert(row, "field:add", by=by, details=_belongs(row) | {"failures": quality.failures})
        _begun(examination, by)
    return row


def require_place(examination_id: UUID, sha256: str) -> None:
    """Refuse a file before anything of it is kept, where `add` would not take it.

    Raises:
        NotFound: no such examination.
        Conflict: the examination takes no more images, and has none of this file.
    """
    examination = fetch(Examination, examination_id)
    of_file = (FieldImage.examination == examination_id) & (FieldImage.sha256 == sha256)
    if not FieldImage.select().where(of_file).exists():
        _require_at_the_bench(examination)


def _require_at_the_bench(examination: Examination) -> None:
    """Refuse images that would come past the first reader, and past a second who is done."""
    require_open(examination)
    if examination.status == ExaminationStatus.PRELIMINARY:
        raise Conflict(
            f"Examination {examination.accession_number} is submitted and takes no more images.",
            advice="Have it sent back to the bench, then add them.",
        )


def claim_oldest(worker: str) -> FieldImage | None:
    """Take the oldest accepted field for analysis; None when none waits.

    Fields whose analysis broke off before come after all others: one that kills the worker must
    not hold up the line.

    Args:
        worker: name of this run of the worker.
    """
    if not FieldImage.select().where(FieldImage.state == FieldState.ACCEPTED).exists():
        return None  # without taking the write lock at each look
    oldest = (
        FieldImage.select(FieldImage.id)
        .where(FieldImage.state == FieldState.ACCEPTED)
        .order_by(FieldImage.attempts, FieldImage.created_at, FieldImage.id)
        .limit(1)
    )
    claim = FieldImage.update(
        state=FieldState.ANALYSING, claimed_by=worker, attempts=FieldImage.attempts + 1
    )
    with transaction():
        claimed = list(
            claim.where(FieldImage.id == oldest, FieldImage.state == FieldState.ACCEPTED)
            .returning(FieldImage)
            .execute()
        )
    return claimed[0] if len(claimed) == 1 else None


def finish(field: FieldImage, analysis: FieldAnalysis, *, card: Mapping[str, Any], by: str) -> bool:
    """Write what was found, if the field is still claimed by this run of the worker.

    Args:
        field: as `claim_oldest` gave it.
        analysis: cells, verdicts, model and timings.
        card: of the classifier, kept once for each of its hashes.
        by: name of this run of the worker.

    Returns:
        False, with nothing written, when the claim was lost in between.
    """
    with transaction():
        row = _claimed(field.id, by)
        if row is None:
            return False
        cells.write(row.id, analysis.cells, analysis.verdicts)
        found = {
            "state": FieldState.ANALYSED,
            "reason": "",
            "claimed_by": None,
            "analysed_at": now(),
            "model": cells.release_of(analysis.model, card).id,
            "stamp": _object(asdict(analysis.model)),
            "timings_ms": dict(analysis.timings_ms),
        }
        details = _belongs(row) | {"cells": len(analysis.cells), "model": analysis.model.sha256}
        update(row, found, "field:analysed", by=APPLIANCE, details=details)
    return True


def fail(field: FieldImage, reason: str) -> bool:
    """Give up on a field with a sentence that says why, if it is still claimed as given.

    Returns:
        False, with nothing written, when the claim was lost in between.
    """
    with transaction():
        row = _claimed(field.id, field.claimed_by or "")
        if row is None:
            return False
        _give_up(row, reason)
    return True


def release_all(max_attempts: int = MAX_ATTEMPTS) -> int:
    """Put back what an earlier run of the worker left unfinished; return how many.

    For the start of the only worker. Fields that broke off `max_attempts` times are given up
    instead, so that a picture which kills the worker does not do so for ever.
    """
    given_back = 0
    with transaction():
        for row in FieldImage.select().where(FieldImage.state == FieldState.ANALYSING):
            if row.attempts >= max_attempts:
                _give_up(row, f"The analysis broke off {row.attempts} times on this image.")
                continue
            _unclaim(row)
            details = _belongs(row) | {"attempts": row.attempts}
            audit.note("field:interrupted", by=APPLIANCE, subject=row, details=details)
            given_back += 1
    return given_back


def retry(field_id: UUID, by: Actor) -> FieldImage:
    """Let a failed field be analysed once more.

    Raises:
        NotFound: no such field.
        Conflict: its analysis did not fail, or the examination is submitted or closed.
    """
    with transaction():
        row = fetch(FieldImage, field_id)
        _require_at_the_bench(row.examination)
        _require(row, FieldState.FAILED, "Only an image whose analysis failed is tried again.")
        again = {"state": FieldState.ACCEPTED, "reason": "", "attempts": 0}
        update(row, again, "field:retry", by=by, details=_belongs(row))
    return row


def override(field_id: UUID, reason: str, by: Actor) -> FieldImage:
    """Go on with a field that failed the quality gate.

    Raises:
        NotFound: no such field.
        InvalidInput: no reason is given.
        Conflict: it was not refused, or the examination is submitted or closed.
    """
    reason = reason_of(reason, required=True)
    with transaction():
        row = fetch(FieldImage, field_id)
        _require_at_the_bench(row.examination)
        _require(row, FieldState.REFUSED, "Only an image that the quality gate refused needs this.")
        overridden = {
            "state": FieldState.ACCEPTED,
            "reason": "",
            "override_by": by.user_id,
            "override_at": now(),
            "override_reason": reason,
        }
        details = _belongs(row)
        update(row, overridden, "field:override", by=by, reason=reason, details=details)
    return row


def open_for(field_id: UUID, by: Actor) -> FieldImage:
    """Read a field image, which is noted in the audit log.

    Raises:
        NotFound: no such field.
    """
    row = fetch(FieldImage, field_id)
    audit.note("field:read", by=by, subject=row, details=_belongs(row))
    return row


def get(field_id: UUID) -> FieldImage:
    """Return a field image for a step of the appliance itself; people go through `open_for`.

    Raises:
        NotFound: no such field.
    """
    return fetch(FieldImage, field_id)


def of_examination(examination_id: UUID) -> list[FieldImage]:
    """Return the images of an examination in their order."""
    return list(
        FieldImage.select()
        .where(FieldImage.examination == examination_id)
        .order_by(FieldImage.number)
    )


def progress(examination_id: UUID) -> dict[FieldState, int]:
    """Count the images of an examination in each state, the empty ones too."""
    rows: Any = (
        FieldImage.select(FieldImage.state, fn.COUNT(FieldImage.id))
        .where(FieldImage.examination == examination_id)
        .group_by(FieldImage.state)
        .tuples()
    )
    found: dict[str, int] = dict(rows)
    return {state: found.get(state, 0) for state in FieldState}


def _facts(image: SourceImage, examination: Examination) -> dict[str, Any]:
    return {
        "sha256": image.sha256,
        "page": image.page,
        "pages": image.pages,
        "media_type": image.media_type,
        "width": image.width,
        "height": image.height,
        "greyscale": image.greyscale,
        "um_per_px": image.um_per_px or examination.um_per_px,
        "intake_notes": list(image.notes),
    }


def _judged(quality: Quality) -> dict[str, Any]:
    failed = [check.sentence for check in quality.checks if not check.passed]
    return {
        "quality": [asdict(check) for check in quality.checks],
        "quality_passed": quality.passed,
        "state": FieldState.ACCEPTED if quality.passed else FieldState.REFUSED,
        "reason": " ".join(failed),
    }


def _begun(examination: Examination, by: Actor) -> None:
    if examination.status == ExaminationStatus.REGISTERED:
        begun = {
            "status": ExaminationStatus.PARTIAL,
            "imaged_at": examination.imaged_at or now(),
        }
        update(examination, begun, "examination:begun", by=by)


def _last_number(examination_id: UUID) -> int:
    last = FieldImage.select(fn.MAX(FieldImage.number)).where(
        FieldImage.examination == examination_id
    )
    return last.scalar() or 0


def _claimed(field_id: UUID, worker: str) -> FieldImage | None:
    return FieldImage.get_or_none(
        FieldImage.id == field_id,
        FieldImage.state == FieldState.ANALYSING,
        FieldImage.claimed_by == worker,
    )


def _unclaim(row: FieldImage) -> None:
    row.state, row.claimed_by = FieldState.ACCEPTED, None
    row.save(only=["state", "claimed_by"])


def _give_up(row: FieldImage, reason: str) -> None:
    given_up = {"state": FieldState.FAILED, "reason": reason, "claimed_by": None}
    details = _belongs(row) | {"attempts": row.attempts}
    update(row, given_up, "field:failed", by=APPLIANCE, details=details)


def _require(row: FieldImage, state: FieldState, sentence: str) -> None:
    if row.state != state:
        raise Conflict(sentence, advice="Reload the page to see the state it has now.")


def _object(stamp: dict[str, Any]) -> dict[str, Any]:
    return {**stamp, "thresholds": list(stamp["thresholds"])}


def _belongs(row: FieldImage) -> dict[str, Any]:
    return {"examination": str(row.__data__["examination"])}


def _printable(name: str) -> str:
    """Keep a file's name as it came, as far as it can be stored and printed."""
    shown = "".join(character if character.isprintable() else "\ufffd" for character in name)
    return shown[-255:] or "unnamed"

"""What an examination allows at this moment, and what is left to do before its next step."""

from uuid import UUID

from appliance.errors import Conflict, Forbidden
from appliance.records.index import WAITING
from appliance.records.review_tables import Amendment
from appliance.records.standing import Progress, progress
from appliance.records.tables import Examination, FieldImage
from appliance.review_vocabulary import BEFORE_SUBMISSION, ReadingKind, ReadingState
from appliance.vocabulary import Actor, ExaminationStatus, how_many

SIGNED = (ExaminationStatus.FINAL, ExaminationStatus.AMENDED, ExaminationStatus.CORRECTED)
"""Statuses of an examination whose last report is signed."""


def require_stage(examination: Examination, kind: ReadingKind) -> None:
    """Refuse what does not fit the state of the examination.

    Raises:
        Conflict: a first reading after the submission, any other before it, any at all of an
            examination that is closed.
    """
    status, number = ExaminationStatus(examination.status), examination.accession_number
    if kind == ReadingKind.FIRST:
        if status not in BEFORE_SUBMISSION:
            raise Conflict(
                f"Examination {number} is {status.words}: its first reading is over.",
                advice="Review it instead, or have it sent back to the bench.",
            )
    elif status in BEFORE_SUBMISSION:
        raise Conflict(
            f"Examination {number} is not submitted yet.",
            advice="Wait until its first reader has submitted it.",
        )
    else:
        require_workable(examination)


def require_workable(examination: Examination) -> None:
    """Refuse to change what is signed, cancelled or void.

    Raises:
        Conflict: the examination is signed and not being amended, or is cancelled or void.
    """
    status, number = ExaminationStatus(examination.status), examination.accession_number
    if status in SIGNED and not is_amended(examination.id):
        raise Conflict(
            f"Examination {number} is signed ({status}) and takes no more changes.",
            advice="Begin an amendment of the report, with a reason.",
        )
    if status in (ExaminationStatus.CANCELLED, ExaminationStatus.ENTERED_IN_ERROR):
        raise Conflict(
            f"Examination {number} is {status.words} and takes no more changes.",
            advice="Register a new examination.",
        )


def require_complete(examination_id: UUID) -> Progress:
    """Refuse to go on before every image is read and every counted cell was shown and called.

    Raises:
        Conflict: something is left; the sentence says how much of what.
    """
    waiting = (
        FieldImage.select()
        .where(FieldImage.examination == examination_id, FieldImage.state.in_(WAITING))
        .count()
    )
    if waiting:
        raise Conflict(
            f"{how_many(waiting, 'image is', 'images are')} still being analysed.",
            advice="Wait for the analysis to end, then try again.",
        )
    reached = progress(examination_id)
    uncalled, unseen = reached.counted - reached.verified, reached.counted - reached.displayed
    if uncalled:
        raise Conflict(
            f"{how_many(uncalled, 'cell is', 'cells are')} not verified yet.",
            advice="Call every counted cell, then try again.",
        )
    if unseen:
        raise Conflict(
            f"{how_many(unseen, 'cell was', 'cells were')} never on a reader's screen.",
            advice="Look at every counted cell in the gallery, then try again.",
        )
    return reached


def is_amended(examination_id: UUID) -> bool:
    """Say whether a signed report is being amended at this moment."""
    its_own = (Amendment.examination == examination_id) & (Amendment.state == ReadingState.OPEN)
    return bool(Amendment.select().where(its_own).exists())


def person(by: Actor) -> UUID:
    """Return who decides.

    Raises:
        Forbidden: nobody is signed in, or the appliance itself tries.
    """
    if by.user_id is None:
        raise Forbidden("Only a person can read cells.", advice="Sign in first.")
    return by.user_id

"""The words of reading, concluding and signing, each defined once; as `vocabulary`, values only."""

from enum import StrEnum

from appliance.vocabulary import ExaminationStatus

BEFORE_SUBMISSION = (ExaminationStatus.REGISTERED, ExaminationStatus.PARTIAL)
"""Statuses in which the first reading goes on and images are taken."""


class CellLabel(StrEnum):
    """What a person calls a cell: the result, where the suggestion was only that."""

    BLAST = "blast"
    NORMAL = "normal"
    UNSURE = "unsure"
    """The reader cannot tell; printed as such, left out of the fraction."""
    OTHER = "other"
    """A nucleated cell that is no leukocyte: an erythroblast, a megakaryocyte, a smudge."""
    NOT_A_CELL = "not-a-cell"
    REPLACED = "replaced"
    """Merged with others or split: the cells made from it count instead."""


class CellOrigin(StrEnum):
    """Where a cell comes from."""

    FOUND = "found"
    ADDED = "added"
    MERGED = "merged"
    SPLIT = "split"


class DecisionWay(StrEnum):
    """How a reader decided about a cell."""

    ONE = "one"
    SEVERAL = "several"
    """With others that were selected together."""
    SCREEN = "screen"
    """With the rest of the screen, all on it long enough to be looked at."""
    UNDO = "undo"
    EDIT = "edit"
    """It was merged, split or added."""


class ReadingKind(StrEnum):
    """Which part a reading plays."""

    FIRST = "first"
    """The technician's, up to the submission."""
    REVIEW = "review"
    """The clinician's, after it: may correct the first."""
    SECOND = "second"
    """Blind: neither suggestions nor the first reader's decisions are shown."""
    ADJUDICATION = "adjudication"
    """By a third, of what first and second reader call differently."""


class ReadingState(StrEnum):
    """How far a reading is."""

    WANTED = "wanted"
    """Asked for; nobody has taken it on."""
    OPEN = "open"
    SUBMITTED = "submitted"
    WAIVED = "waived"
    """Given up with a reason."""


class Finding(StrEnum):
    """The structured part of a conclusion."""

    NO_BLASTS = "no-blasts"
    BLASTS_BELOW_LIMIT = "blasts-below-limit"
    BLASTS_AT_LIMIT = "blasts-at-or-above-limit"
    NOT_CONCLUSIVE = "not-conclusive"
    NOT_ASSESSABLE = "not-assessable"


class SignatureMeaning(StrEnum):
    """What a person states by signing (21 CFR 11.50)."""

    APPROVED = "approved"
    """Has reviewed every cell and is responsible for the conclusion."""
    AMENDED = "amended"
    CORRECTED = "corrected"


class VerificationState(StrEnum):
    """How far a site head is."""

    WANTED = "wanted"
    """The worker is to fit it."""
    REFUSED = "refused"
    """It could not be fitted; a sentence says why."""
    FITTED = "fitted"
    SHADOW = "shadow"
    """Computed beside the head in use on coming cases."""
    ACTIVE = "active"
    RETIRED = "retired"

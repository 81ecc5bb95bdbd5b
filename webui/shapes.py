"""What the API says of a record: plain objects, each shape declared once.

`openapi.py` makes the document's schemas from these declarations. Names, numbers and findings of a
patient are not among them: an examination names its patient by id.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict
from uuid import UUID

from appliance.clock import to_iso
from appliance.pipeline.tally import of_counts
from appliance.records import standing
from appliance.records.overview import Listed
from appliance.records.tables import Cell, Examination, FieldImage
from appliance.review_vocabulary import BEFORE_SUBMISSION, CellLabel
from appliance.services.verified import verified_tally
from appliance.vocabulary import FieldState, Suggestion, Tally, how_many


class Check(TypedDict):
    """One line of the quality passport."""

    name: str
    value: float
    low: float | None
    high: float | None
    unit: str
    passed: bool
    sentence: str


class Counts(TypedDict):
    """Counted cells by suggestion; the fraction is of blasts among blast and normal."""

    cells: int
    blast: int
    normal: int
    unsure: int
    blast_fraction: float | None
    interval95: list[float] | None


class Verified(TypedDict):
    """Counted cells as people call them; the fraction is of blasts among blast and normal."""

    counted: int
    verified: int
    blast: int
    normal: int
    unsure: int
    other: int
    not_a_cell: int
    blast_fraction: float | None
    interval95: list[float] | None


class SiteHead(TypedDict):
    """What a laboratory fitted to its own verified cells; date is ISO 8601."""

    sha256: str
    cells: int
    date: str


class Model(TypedDict):
    """What made the suggestions; site_head is null where the network's own head decided.

    computed_sha256 is of the file that really computed, empty where it was not kept.
    """

    id: str
    sha256: str
    runtime: str
    pipeline: str
    thresholds: list[float]
    verified_here: bool
    site_head: SiteHead | None
    computed_sha256: str


class Field(TypedDict):
    """One image of an examination."""

    id: str
    examination_id: str
    number: int
    state: str
    reason: str
    original_name: str
    media_type: str
    byte_size: int
    sha256: str
    page: int
    pages: int
    width: int
    height: int
    um_per_px: float | None
    greyscale: bool
    notes: list[str]
    quality_passed: bool
    quality: list[Check]
    override_reason: str
    created_at: str
    analysed_at: str | None
    counts: Counts | None
    model: Model | None


class CellShape(TypedDict):
    """One white cell; box is x, y, width, height in pixels of the image."""

    number: int
    box: list[int]
    nucleus: list[list[int]]
    outline: list[list[int]] | None
    nucleus_area_px: float
    cell_area_px: float | None
    counted: bool
    suggestion: str | None
    blast_probability: float | None
    outside_training_range: bool


class Taken(TypedDict):
    """One page of an uploaded file; duplicate: the examination had it already."""

    duplicate: bool
    field: Field


class Upload(TypedDict):
    """What became of an uploaded file, page by page."""

    name: str
    taken: list[Taken]


class ExaminationShape(TypedDict):
    """One examination; its patient by id only."""

    id: str
    accession_number: str
    patient_id: str
    specimen: str
    stain: str
    status: str
    collected_at: str | None
    received_at: str | None
    imaged_at: str | None
    objective: str
    um_per_px: float | None
    simulated: bool
    revision: int
    created_at: str
    fields: dict[str, int]
    counts: Counts
    verified: Verified


class ExaminationList(TypedDict):
    """One page of a list."""

    examinations: list[ExaminationShape]
    page: int
    pages: int
    total: int
    more: bool
    """Whether there are more than `total`, which is not counted further."""


class WholeExamination(TypedDict):
    """An examination with its images in order."""

    examination: ExaminationShape
    images: list[Field]


class CellList(TypedDict):
    """The cells of one image in reading order."""

    cells: list[CellShape]


class Session(TypedDict):
    """Who is signed in; a POST carries csrf_token as the header X-CSRFToken."""

    username: str
    full_name: str
    role: str
    permissions: list[str]
    csrf_token: str


class FieldProgress(TypedDict):
    """How far one image is; cells are the counted ones."""

    id: str
    number: int
    state: str
    cells: int


class Progress(TypedDict):
    """How far the images of an examination are."""

    total: int
    read: int
    waiting: int
    need_you: int
    words: str
    fields: list[FieldProgress]


BySuggestion = Mapping[Suggestion, int]


def tally(by_suggestion: BySuggestion) -> Tally:
    """Add the exact interval to counts."""
    return of_counts(*(by_suggestion.get(kind, 0) for kind in Suggestion))


def counts(by_suggestion: BySuggestion) -> Counts:
    """Write counts with fraction and exact 95 % interval."""
    counted = tally(by_suggestion)
    return {
        "cells": counted.cells,
        "blast": counted.blast,
        "normal": counted.normal,
        "unsure": counted.unsure,
        "blast_fraction": counted.blast_fraction,
        "interval95": None if counted.interval95 is None else list(counted.interval95),
    }


def verified(progress: standing.Progress) -> Verified:
    """Write what people call the cells, with fraction and exact 95 % interval."""
    counted = verified_tally(progress)
    return {
        "counted": progress.counted,
        "verified": progress.verified,
        "blast": counted.blast,
        "normal": counted.normal,
        "unsure": counted.unsure,
        "other": progress.by_label.get(CellLabel.OTHER, 0),
        "not_a_cell": progress.by_label.get(CellLabel.NOT_A_CELL, 0),
        "blast_fraction": counted.blast_fraction,
        "interval95": None if counted.interval95 is None else list(counted.interval95),
    }


def field(row: FieldImage, by_suggestion: BySuggestion) -> Field:
    """Write an image with its passport."""
    analysed = row.state == FieldState.ANALYSED
    return {
        "id": str(row.id),
        "examination_id": str(row.__data__["examination"]),
        "number": row.number,
        "state": str(row.state),
        "reason": row.reason,
        "original_name": row.original_name,
        "media_type": row.media_type,
        "byte_size": row.byte_size,
        "sha256": row.sha256,
        "page": row.page,
        "pages": row.pages,
        "width": row.width,
        "height": row.height,
        "um_per_px": row.um_per_px,
        "greyscale": row.greyscale,
        "notes": list(row.intake_notes),
        "quality_passed": row.quality_passed,
        "quality": list(row.quality),
        "override_reason": row.override_reason,
        "created_at": to_iso(row.created_at),
        "analysed_at": _moment(row.analysed_at),
        "counts": counts(by_suggestion) if analysed else None,
        "model": _model(row.stamp),
    }


def cell(row: Cell) -> CellShape:
    """Write a cell with its outlines."""
    return {
        "number": row.number,
        "box": [row.x, row.y, row.width, row.height],
        "nucleus": row.nucleus,
        "outline": row.outline,
        "nucleus_area_px": row.nucleus_area_px,
        "cell_area_px": row.cell_area_px,
        "counted": row.counted,
        "suggestion": row.suggestion,
        "blast_probability": row.blast_probability,
        "outside_training_range": row.outside_training_range,
    }


def examination(listed: Listed, progress: standing.Progress) -> ExaminationShape:
    """Write an examination with the states of its images, what is suggested and what verified."""
    row: Examination = listed.examination
    return {
        "id": str(row.id),
        "accession_number": row.accession_number,
        "patient_id": str(row.__data__["patient"]),
        "specimen": str(row.specimen),
        "stain": str(row.stain),
        "status": str(row.status),
        "collected_at": _moment(row.collected_at),
        "received_at": _moment(row.received_at),
        "imaged_at": _moment(row.imaged_at),
        "objective": row.objective,
        "um_per_px": row.um_per_px,
        "simulated": row.simulated,
        "revision": row.revision,
        "created_at": to_iso(row.created_at),
        "fields": {str(state): listed.by_state.get(state, 0) for state in FieldState},
        "counts": counts(listed.by_suggestion),
        "verified": verified(progress),
    }


def progress(
    rows: Sequence[FieldImage], tallies: Mapping[UUID, BySuggestion], status: str
) -> Progress:
    """Say how far the images of an examination are, in numbers and in words.

    Once it is submitted (by its status), an image that was stopped waits for nobody any more.
    """
    states = [FieldState(row.state) for row in rows]
    read = states.count(FieldState.ANALYSED)
    stopped = states.count(FieldState.REFUSED) + states.count(FieldState.FAILED)
    need_you = stopped if status in BEFORE_SUBMISSION else 0
    return {
        "total": len(rows),
        "read": read,
        "waiting": len(rows) - read - stopped,
        "need_you": need_you,
        "words": words(read, len(rows), need_you, stopped - need_you),
        "fields": [
            {
                "id": str(row.id),
                "number": row.number,
                "state": str(row.state),
                "cells": sum(tallies.get(row.id, {}).values()),
            }
            for row in rows
        ],
    }


def words(read: int, total: int, need_you: int, left_out: int) -> str:
    """Say "12 of 14 read; 2 need you", or that they are left out."""
    if not total:
        return "No image yet"
    sentence = f"{read} of {total} read"
    if left_out:
        return f"{sentence}; {left_out} left out"
    return f"{sentence}; {how_many(need_you, 'needs you', 'need you')}" if need_you else sentence


def _model(stamp: Any) -> Any:
    """Write a stamp; those of before some entry was kept have it empty."""
    return {"computed_sha256": "", **stamp} if stamp else None


def _moment(value: Any) -> str | None:
    return None if value is None else to_iso(value)

"""The record that a signature binds to: everything a report rests on, as one JSON object.

`report_versions.digest` hashes it in its canonical form: keys sorted, UTF-8, no white space. Here
no NaN and no infinity gets into it, so that a JSON library of any language can check the hash.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from math import isfinite
from typing import Any
from uuid import UUID

from appliance.clock import to_iso
from appliance.exchange.template import Template
from appliance.records import (
    cells,
    clinical,
    conclusions,
    examinations,
    fields,
    readings,
    report_versions,
)
from appliance.records.agreements import agreement
from appliance.records.report_versions import NextVersion
from appliance.records.standing import Standing, progress, standing
from appliance.records.tables import Cell, FieldImage, Patient
from appliance.review_vocabulary import CellLabel, ReadingKind, ReadingState
from appliance.services.report_values import latest_findings
from appliance.services.verified import verified_tally

FORMAT = "scopeside-signed-record-2"
"""Raised whenever what stands in a record changes its meaning.

Records are kept whole as they were signed, so those of an older form stay valid: the first form
lacked `printed`.
"""

_PATIENT = ("medical_record_number", "family_name", "given_name", "sex", "birth_date")
_SPECIMEN = (
    *("accession_number", "specimen", "stain", "stain_batch", "microscope", "objective"),
    *("um_per_px", "collected_at", "received_at", "imaged_at", "indication", "notes", "simulated"),
)
_IMAGE = (
    *("number", "sha256", "page", "original_name", "width", "height", "um_per_px", "state"),
    *("reason", "quality", "quality_passed", "override_reason", "override_at", "analysed_at"),
)
_CELL = ("number", "origin", "counted", "suggestion", "blast_probability", "outside_training_range")
_TALLIED = (*(label for label in CellLabel if label != CellLabel.REPLACED),)


@dataclass(frozen=True, slots=True)
class Draft:
    """What a signature given now would bind to, with its hash and the version it makes."""

    content: Mapping[str, Any]
    sha256: str
    next: NextVersion

    @property
    def reason(self) -> str:
        """Why there is a version after the first; empty for the first."""
        return self.next.amendment.reason if self.next.amendment else ""


def draft(examination_id: UUID, *, decision_limit: float, template: Template) -> Draft:
    """Gather what would be signed of an examination now.

    Args:
        examination_id: which.
        decision_limit: blast fraction that the report names as deciding.
        template: of the report: its parts and wording.

    Raises:
        NotFound: no such examination.
        Conflict: it is not submitted, or signed and not being amended, or closed.
    """
    coming = report_versions.next_version(examination_id)
    content = content_of(examination_id, coming, decision_limit=decision_limit, template=template)
    return Draft(content, report_versions.digest(content), coming)


def content_of(
    examination_id: UUID, coming: NextVersion, *, decision_limit: float, template: Template
) -> dict[str, Any]:
    """Return the record: JSON values only, the same for as long as nothing of it changes."""
    examination = examinations.get(examination_id)
    patient: Patient = examination.patient
    return {
        "format": FORMAT,
        "version": _version(examination_id, coming),
        "patient": {"id": str(patient.id)} | _columns(patient, _PATIENT),
        "examination": {"id": str(examination.id)} | _columns(examination, _SPECIMEN),
        "clinical": _clinical(patient),
        "images": _images(examination_id),
        "counts": _counts(examination_id),
        "conclusion": _conclusion(examination_id),
        "readings": _readings(examination_id),
        "agreement": _agreement(examination_id),
        "printed": _printed(decision_limit, template),
    }


def _printed(decision_limit: float, template: Template) -> dict[str, Any]:
    """Return what the report says beside the record: the limit, and the laboratory's words."""
    return {
        "decision_limit": decision_limit,
        "parts": list(template.parts),
        "wording": dict(template.wording),
        "findings": dict(template.findings),
    }


def _version(examination_id: UUID, coming: NextVersion) -> dict[str, Any]:
    latest = report_versions.latest(examination_id)
    return {
        "number": coming.number,
        "status": str(coming.status),
        "meaning": str(coming.meaning),
        "reason": coming.amendment.reason if coming.amendment else "",
        "replaces": latest.sha256 if latest else None,
    }


def _clinical(patient: Patient) -> dict[str, Any] | None:
    """Return the latest dated work-up, which the report prints; None where there is none."""
    row = latest_findings(patient)
    return {"id": str(row.id)} | _columns(row, (*clinical.ENTRIES, "revision")) if row else None


def _images(examination_id: UUID) -> list[dict[str, Any]]:
    called = standing(examination_id)
    of_image: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    for cell in cells.places_in(examination_id):
        of_image[cell.__data__["field"]].append(_cell(cell, called[cell.id]))
    return [_image(row, of_image[row.id]) for row in fields.of_examination(examination_id)]


def _image(row: FieldImage, its_cells: list[dict[str, Any]]) -> dict[str, Any]:
    override_by = row.override_by.full_name if row.override_by else None
    return {
        "id": str(row.id),
        **_columns(row, _IMAGE),
        "override_by": override_by,
        "model": _plain(row.stamp),
        "cells": its_cells,
    }


def _cell(cell: Cell, called: Standing) -> dict[str, Any]:
    return {
        "id": str(cell.id),
        **_columns(cell, _CELL),
        "box": [cell.x, cell.y, cell.width, cell.height],
        "label": str(called.label),
        "called_by": called.reader_name,
        "called_at": _plain(called.at),
    }


def _counts(examination_id: UUID) -> dict[str, Any]:
    reached = progress(examination_id)
    tally = verified_tally(reached)
    return {
        "counted": reached.counted,
        "verified": reached.verified,
        **{str(label): reached.by_label.get(label, 0) for label in _TALLIED},
        "blast_fraction": tally.blast_fraction,
        "interval95": _plain(tally.interval95),
    }


def _conclusion(examination_id: UUID) -> dict[str, Any] | None:
    row = conclusions.of(examination_id)
    if row is None:
        return None
    told_by = row.acknowledged_by.full_name if row.acknowledged_by else None
    told = {"told_to": row.told_to, "told_by": told_by, "told_at": _plain(row.acknowledged_at)}
    return _columns(row, ("finding", "text", "critical", "revision")) | told


def _readings(examination_id: UUID) -> list[dict[str, Any]]:
    """Say who submitted, and what became of each second reading; a review ends by signing."""
    return [
        {
            "kind": row.kind,
            "state": row.state,
            "reader": row.reader.full_name if row.reader else None,
            "because": row.asked_because,
            "note": row.note,
            "submitted_at": _plain(row.submitted_at),
        }
        for row in readings.of_examination(examination_id)
        if row.kind in (ReadingKind.SECOND, ReadingKind.ADJUDICATION)
        or (row.kind == ReadingKind.FIRST and row.state == ReadingState.SUBMITTED)
    ]


def _agreement(examination_id: UUID) -> list[dict[str, Any]]:
    return [
        {
            "cell": str(pair.cell_id),
            "first": str(pair.first),
            "second": str(pair.second),
            "adjudicated": None if pair.adjudicated is None else str(pair.adjudicated),
        }
        for pair in agreement(examination_id)
    ]


def _columns(row: Any, names: Iterable[str]) -> dict[str, Any]:
    return {name: _plain(row.__data__[name]) for name in names}


def _plain(value: Any) -> Any:
    """Turn a value into one that JSON has; a number that is none, into null."""
    if isinstance(value, datetime):
        return to_iso(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    return str(value) if isinstance(value, UUID | str) else value

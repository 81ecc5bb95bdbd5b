"""Signed versions of invented reports, in the form of `services.signed_record`, cells in short."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any
from uuid import UUID

from appliance.clock import to_iso
from appliance.pipeline.tally import clopper_pearson
from appliance.records.bulk import Bulk
from appliance.records.report_versions import digest
from appliance.records.review_tables import Amendment, Conclusion, ReportVersion, Signature
from appliance.records.tables import Cell, Examination, FieldImage, Patient, Row
from appliance.review_vocabulary import CellLabel, ReadingState, SignatureMeaning
from appliance.services.signed_record import FORMAT
from appliance.vocabulary import Actor, ExaminationStatus

_MEANING = {
    ExaminationStatus.FINAL: SignatureMeaning.APPROVED,
    ExaminationStatus.AMENDED: SignatureMeaning.AMENDED,
    ExaminationStatus.CORRECTED: SignatureMeaning.CORRECTED,
}
_TALLIED = [label for label in CellLabel if label != CellLabel.REPLACED]
_PATIENT = ("medical_record_number", "family_name", "given_name", "sex", "birth_date")
_SPECIMEN = ("accession_number", "specimen", "stain", "stain_batch", "microscope", "indication")

# No paper is made of them, so no wording is signed.
_PRINTED = {"decision_limit": 0.2, "parts": [], "wording": {}, "findings": {}}


@dataclass(frozen=True)
class Signed:
    """What is signed, by whom, and where it is written."""

    into: Bulk
    examination_id: UUID
    by: Actor
    content: Mapping[str, Any]


def content_of(
    patient: Patient,
    examination: Examination,
    field: FieldImage,
    called: Sequence[tuple[Cell, CellLabel]],
    conclusion: Conclusion,
) -> dict[str, Any]:
    """Return what is signed of an examination with one image, its version left out."""
    labels = [label for _, label in called]
    blast, normal = labels.count(CellLabel.BLAST), labels.count(CellLabel.NORMAL)
    cells = [
        {"id": str(cell.id), "number": cell.number, "counted": cell.counted, "label": str(label)}
        for cell, label in called
    ]
    return {
        "format": FORMAT,
        "patient": _columns(patient, _PATIENT),
        "clinical": None,
        "examination": _columns(examination, _SPECIMEN),
        "images": [_columns(field, ("number", "sha256")) | {"cells": cells}],
        "counts": {
            "counted": len(called),
            "verified": len(called),
            **{str(label): labels.count(label) for label in _TALLIED},
            "blast_fraction": blast / (blast + normal) if blast + normal else None,
            "interval95": _interval(blast, blast + normal) if blast + normal else None,
        },
        "conclusion": _columns(conclusion, ("finding", "text", "critical", "revision")),
        "readings": [],
        "agreement": [],
        "printed": _PRINTED,
    }


@cache
def _interval(blast: int, decided: int) -> list[float]:
    return list(clopper_pearson(blast, decided))


def _columns(row: Row, names: Sequence[str]) -> dict[str, Any]:
    return {"id": str(row.id)} | {name: _plain(row.__data__.get(name)) for name in names}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return to_iso(value)
    return value.isoformat() if isinstance(value, date) else value


def sign(signed: Signed, number: int, status: ExaminationStatus, at: datetime) -> None:
    """Write a version of a report with its signature, and the amendment that led to it."""
    of = {"examination": signed.examination_id, "created_at": at}
    amendment = None
    if number > 1:
        amendment = Amendment(
            status=status, reason="Invented for trial.", begun_by=signed.by.user_id,
            state=ReadingState.SUBMITTED, **of,
        )  # fmt: skip
        signed.into.keep(amendment, "report:amend", by=signed.by, at=at)
        signed.into.add(amendment)
    made = {"number": number, "status": str(status), "meaning": str(_MEANING[status])}
    content = {**signed.content, "version": made}
    sha256 = digest(content)
    version = ReportVersion(
        number=number, status=status, content=content, sha256=sha256,
        amendment=amendment.id if amendment else None,
        reason="Invented for trial." if amendment else "", **of,
    )  # fmt: skip
    signature = Signature(
        report=version.id, signer=signed.by.user_id, signer_name=signed.by.name,
        signer_role=signed.by.role, meaning=_MEANING[status], record_sha256=sha256, created_at=at,
    )  # fmt: skip
    signed.into.add(version)
    signed.into.add(signature)

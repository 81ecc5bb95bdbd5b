"""Signed versions of invented reports."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from appliance.records.bulk import Bulk
from appliance.records.review_tables import Amendment, ReportVersion, Signature
from appliance.review_vocabulary import ReadingState, SignatureMeaning
from appliance.vocabulary import Actor, ExaminationStatus

_MEANING = {
    ExaminationStatus.FINAL: SignatureMeaning.APPROVED,
    ExaminationStatus.AMENDED: SignatureMeaning.AMENDED,
    ExaminationStatus.CORRECTED: SignatureMeaning.CORRECTED,
}


@dataclass(frozen=True)
class Signed:
    """What is signed, by whom, and where it is written."""

    into: Bulk
    examination_id: UUID
    by: Actor
    content: Mapping[str, Any]


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
    content = {**signed.content, "version": number, "status": str(status)}
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    sha256 = hashlib.sha256(canonical.encode("utf-8")).hexdigest()
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

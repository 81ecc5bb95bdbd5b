"""Reports as they were signed: each version whole, with its signature, none ever changed."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple
from uuid import UUID

from peewee import fn, prefetch

from appliance.clock import now
from appliance.errors import Conflict, Forbidden, InvalidInput
from appliance.records import audit, fulltext, index
from appliance.records.amendments import begin_amendment, give_up_amendment, open_amendment
from appliance.records.database import transaction
from appliance.records.fulltext import Sought
from appliance.records.index import fact
from appliance.records.index_tables import ExaminationIndex
from appliance.records.readings import INDEPENDENT, PENDING, close_pending
from appliance.records.review_tables import (
    Amendment,
    Conclusion,
    Reading,
    ReportOpening,
    ReportVersion,
    Signature,
)
from appliance.records.revisions import append, fetch, renew, update
from appliance.records.steps import SIGNED, person, require_complete
from appliance.records.tables import Examination
from appliance.review_vocabulary import ReadingKind, ReadingState, SignatureMeaning
from appliance.vocabulary import Actor, ExaminationStatus

__all__ = [
    "Superseded",
    "begin_amendment",
    "by_sha256",
    "digest",
    "get",
    "give_up_amendment",
    "is_whole",
    "latest",
    "next_version",
    "open_amendment",
    "opened",
    "sign",
    "superseded_for",
    "versions_of",
]

MOST_TOLD = 100
"""Amended reports that a bell tells one person of."""
MEANINGS = {
    ExaminationStatus.FINAL: SignatureMeaning.APPROVED,
    ExaminationStatus.AMENDED: SignatureMeaning.AMENDED,
    ExaminationStatus.CORRECTED: SignatureMeaning.CORRECTED,
}
"""What a signature means, by the status that it gives."""


class NextVersion(NamedTuple):
    """What signing an examination now would make."""

    number: int
    status: ExaminationStatus
    meaning: SignatureMeaning
    amendment: Amendment | None


class Superseded(NamedTuple):
    """A report that a person opened and that was amended since."""

    opened: ReportVersion
    newest: ReportVersion


def digest(content: Mapping[str, Any]) -> str:
    """Return the SHA-256 of the canonical JSON of a record: keys sorted, no blanks, UTF-8."""
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode("utf-8")).hexdigest()


def is_whole(version: ReportVersion) -> bool:
    """Say whether the content of a version still has the hash that was signed."""
    signed = {signature.record_sha256 for signature in version.signatures}
    return bool(signed) and signed == {version.sha256} == {digest(version.content)}


def next_version(examination_id: UUID) -> NextVersion:
    """Return which version a signature would make now.

    Raises:
        NotFound: no such examination.
        Conflict: it is not submitted, or signed and not being amended, or closed.
    """
    examination = fetch(Examination, examination_id)
    amendment = open_amendment(examination_id)
    if examination.status == ExaminationStatus.PRELIMINARY:
        status = ExaminationStatus.FINAL
    elif examination.status in SIGNED and amendment is not None:
        status = ExaminationStatus(amendment.status)
    else:
        raise Conflict(
            f"Examination {examination.accession_number} is "
            f"{ExaminationStatus(examination.status).words}: "
            "there is nothing to sign.",
            advice="Only a submitted examination, or one that is being amended, is signed.",
        )
    return NextVersion(_last_number(examination_id) + 1, status, MEANINGS[status], amendment)


def sign(
    examination_id: UUID,
    revision: int,
    content: Mapping[str, Any],
    sha256: str,
    pdf_sha256: str,
    meaning: SignatureMeaning,
    by: Actor,
    *,
    own_submission_allowed: bool,
    at: datetime | None = None,
) -> ReportVersion:
    """Sign an examination: version, signature and status in one transaction.

    The database refuses it, too, while a cell is unverified or was never shown.

    Args:
        examination_id: submitted, or being amended.
        revision: of the examination that was on the screen.
        content: JSON values; what the signature binds to.
        sha256: its `digest`, as it was on the screen.
        pdf_sha256: of the printed report, kept by `records.pictures`.
        meaning: what is stated; must be that of `next_version`.
        by: who signs, after giving the password again.
        own_submission_allowed: whether a person may sign what they submitted themselves.
        at: when it was signed, if the printed report says so already; now where None.

    Returns:
        The version, with its signatures.

    Raises:
        NotFound: no such examination.
        Forbidden: the person submitted it themselves.
        Conflict: something changed since, or is left to do; the sentence says what.
        InvalidInput: the meaning is not that of this version.
    """
    with transaction():
        examination = fetch(Examination, examination_id, revision)
        coming = next_version(examination_id)
        if meaning != coming.meaning:
            raise InvalidInput({"meaning": f"This signature makes the report {coming.status}."})
        _require_signable(examination, by, own_submission_allowed)
        _require_content(content, sha256)
        done = [ReadingKind.REVIEW]
        close_pending(examination_id, done, ReadingState.SUBMITTED, by)
        version = ReportVersion(
            examination=examination_id,
            number=coming.number,
            status=coming.status,
            content=dict(content),
            sha256=sha256,
            amendment=coming.amendment,
            reason=coming.amendment.reason if coming.amendment else "",
            pdf_sha256=pdf_sha256,
            created_at=at or now(),
        )
        _write(version, coming, by, own_submission_allowed)
        _close(examination, coming, by)
    return _attached(ReportVersion.select().where(ReportVersion.id == version.id))[0]


def get(report_id: UUID) -> ReportVersion:
    """Return one version with its signatures.

    Raises:
        NotFound: no such version.
    """
    fetch(ReportVersion, report_id)
    return _attached(ReportVersion.select().where(ReportVersion.id == report_id))[0]


def versions_of(examination_id: UUID) -> list[ReportVersion]:
    """Return the signed versions of an examination with their signatures, newest first."""
    rows = ReportVersion.select().where(ReportVersion.examination == examination_id)
    return _attached(rows.order_by(ReportVersion.number.desc()))


def latest(examination_id: UUID) -> ReportVersion | None:
    """Return the last signed version with its signatures; None where nothing is signed."""
    rows = ReportVersion.select().where(ReportVersion.examination == examination_id)
    found = _attached(rows.order_by(ReportVersion.number.desc()).limit(1))
    return found[0] if found else None


def by_sha256(sha256: str) -> ReportVersion | None:
    """Find the version that a printed hash names; None where there is none."""
    found = _attached(ReportVersion.select().where(ReportVersion.sha256 == sha256.lower()))
    return found[0] if found else None


def opened(report_id: UUID, by: Actor) -> None:
    """Note that a person opened a version, so that they are told when it is amended.

    Raises:
        NotFound: no such version.
    """
    with transaction():
        row = fetch(ReportVersion, report_id)
        details = {"examination": str(row.__data__["examination"]), "number": row.number}
        audit.note("report:open", by=by, subject=row, details=details)
        is_it = (ReportOpening.report == report_id) & (ReportOpening.user == person(by))
        if not ReportOpening.select().where(is_it).exists():
            append(ReportOpening(report=report_id, user=by.user_id), by=by)
            index.refresh(row.__data__["examination"])


def superseded_for(user_id: UUID) -> list[Superseded]:
    """Return the reports a person opened that were amended since, until they open the newest.

    Every page asks this for its bell, so the index of lists has it ready, however many reports
    were signed and opened; the newest `MOST_TOLD` are enough for a bell.
    """
    told = Sought(facts=[[fact("newer", user_id)]])
    places = fulltext.places(ExaminationIndex, told, MOST_TOLD)
    if not places:
        return []
    found = ExaminationIndex.select(ExaminationIndex.examination).where(
        ExaminationIndex.place.in_(places)
    )
    rows = _attached(
        ReportVersion.select()
        .where(ReportVersion.examination.in_(found))
        .order_by(ReportVersion.examination, ReportVersion.number)
    )
    opened_by: Any = ReportOpening.select(ReportOpening.report).where(ReportOpening.user == user_id)
    seen = {key for (key,) in opened_by.where(ReportOpening.report.in_(rows)).tuples()}
    pairs = []
    for _, versions in groupby(rows, lambda row: row.__data__["examination"]):
        every = list(versions)
        old = [row for row in every if row.id in seen]
        if old and old[-1] != every[-1]:
            pairs.append(Superseded(old[-1], every[-1]))
    return sorted(pairs, key=lambda pair: pair.newest.created_at, reverse=True)


def _require_signable(examination: Examination, by: Actor, own_submission_allowed: bool) -> None:
    require_complete(examination.id)
    if not Conclusion.select().where(Conclusion.examination == examination.id).exists():
        raise Conflict(
            f"Examination {examination.accession_number} has no conclusion yet.",
            advice="Write the conclusion, then sign.",
        )
    its_own = Reading.examination == examination.id
    pending = Reading.kind.in_(INDEPENDENT) & Reading.state.in_(PENDING)
    if Reading.select().where(its_own, pending).exists():
        raise Conflict(
            "A second reading or an adjudication is not done yet.",
            advice="Wait for it, or waive it with a reason.",
        )
    submitted = (Reading.kind == ReadingKind.FIRST) & (Reading.state == ReadingState.SUBMITTED)
    own = submitted & (Reading.reader == person(by))
    if not own_submission_allowed and Reading.select().where(its_own, own).exists():
        raise Forbidden(
            "You submitted this examination yourself, so somebody else must sign it.",
            advice="Ask another clinician to review and sign it.",
        )


def _require_content(content: Mapping[str, Any], sha256: str) -> None:
    if digest(content) != sha256 or by_sha256(sha256) is not None:
        raise Conflict(
            "The record is not the one that was shown for signing.",
            advice="Reload the page, look at the record again, then sign it.",
        )


def _write(version: ReportVersion, coming: NextVersion, by: Actor, own_allowed: bool) -> None:
    details = {
        "examination": str(version.__data__["examination"]),
        "number": coming.number,
        "status": coming.status,
        "meaning": coming.meaning,
        "sha256": version.sha256,
    }
    append(version, "report:sign", by=by, details=details)
    signature = Signature(
        report=version.id,
        signer=by.user_id,
        signer_name=by.name,
        signer_role=by.role,
        meaning=coming.meaning,
        record_sha256=version.sha256,
        own_submission_allowed=own_allowed,
        created_at=version.created_at,
    )
    append(signature, by=by)


def _close(examination: Examination, coming: NextVersion, by: Actor) -> None:
    details = {"report": coming.number}
    if not update(
        examination, {"status": coming.status}, "examination:sign", by=by, details=details
    ):
        renew(examination, "examination:sign", by=by, details=details)
    if coming.amendment is not None:
        signed = {"state": ReadingState.SUBMITTED}
        update(coming.amendment, signed, "report:amended", by=by, details=details)


def _last_number(examination_id: UUID) -> int:
    last = ReportVersion.select(fn.MAX(ReportVersion.number)).where(
        ReportVersion.examination == examination_id
    )
    return last.scalar() or 0


def _attached(rows: Any) -> list[ReportVersion]:
    return list(prefetch(rows, Signature.select().order_by(Signature.created_at)))

"""Every version of every record with its difference, who, when, why: a page a kind, from one table.

A new kind of record needs one entry in `KINDS`, and its columns in words.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Blueprint, render_template, url_for

from appliance.permissions import Permission
from appliance.records import clinical, patients, revisions, standing, users
from appliance.records.review_tables import (
    Amendment,
    Conclusion,
    PatientMerge,
    Reading,
    Replay,
    SiteVerification,
)
from appliance.records.revisions import fetch
from appliance.records.tables import ClinicalDetails, Examination, FieldImage, Patient, Row, User
from webui import display, histories, labels, opened
from webui import history_columns as columns
from webui.access import actor, may, needs
from webui.histories import Shown

pages = Blueprint("history", __name__)

Read = Callable[[UUID], Any]
Words = Callable[[Any], str]


@dataclass(frozen=True)
class Kind:
    """How the versions of one kind of record are shown, at history.<name of its table>."""

    record: type[Row]
    rule: str
    need: Permission
    shown: Mapping[str, Shown]
    read: Read
    """Opens the record, which is noted where it is a patient's."""
    title: Words
    back: Words
    """Address of the page where the record itself is shown."""
    parts: tuple[type[Row], ...] = ()
    """What belongs to it and has versions of its own."""

    @property
    def name(self) -> str:
        """Name of its table."""
        return str(self.record._meta.table_name)

    @property
    def argument(self) -> str:
        """How its address calls the id."""
        return self.rule.split("uuid:")[1].split(">")[0]


@dataclass(frozen=True)
class Part:
    """What belongs to a record, with the page of its versions."""

    title: str
    address: str


def _within_examination(record: type[Any]) -> Read:
    """Open what belongs to an examination; who reads that one blind is refused."""

    def read(row_id: UUID) -> Any:
        row = fetch(record, row_id)
        examination = opened.examination(row.__data__["examination"])
        standing.require_sighted(examination.id, actor())
        return row

    return read


def _read_merge(row_id: UUID) -> PatientMerge:
    row = fetch(PatientMerge, row_id)
    patients.open_for(row.__data__["survivor"], actor())
    return row


def _read_replay(row_id: UUID) -> Replay:
    row = fetch(Replay, row_id)
    opened.field(row.__data__["field"])
    return row


def _to_patient(row: Any) -> str:
    return url_for("patients.show", patient_id=row.__data__.get("patient") or row.id)


def _to_examination(row: Any) -> str:
    return url_for("examinations.show", examination_id=row.__data__.get("examination") or row.id)


KINDS = (
    Kind(
        record=Patient,
        rule="/patients/<uuid:patient_id>/history",
        need=Permission.PATIENT_READ,
        shown={**labels.PATIENT, **columns.MERGED},
        read=lambda row_id: patients.open_for(row_id, actor()),
        title=lambda row: f"Patient {row.medical_record_number}",
        back=_to_patient,
        parts=(ClinicalDetails, PatientMerge),
    ),
    Kind(
        record=ClinicalDetails,
        rule="/findings/<uuid:details_id>/history",
        need=Permission.PATIENT_READ,
        shown={**labels.CLINICAL, **columns.OF_A_PATIENT},
        read=lambda row_id: clinical.open_for(row_id, actor()),
        title=lambda row: f"Clinical details of {display.day(row.observed_on)}",
        back=_to_patient,
    ),
    Kind(
        record=PatientMerge,
        rule="/merges/<uuid:merge_id>/history",
        need=Permission.PATIENT_READ,
        shown=columns.MERGE,
        read=_read_merge,
        title=lambda row: f"Merge of {display.day(row.created_at.astimezone().date())}",
        back=lambda row: url_for("patients.show", patient_id=row.__data__["survivor"]),
    ),
    Kind(
        record=Examination,
        rule="/examinations/<uuid:examination_id>/history",
        need=Permission.EXAMINATION_READ,
        shown={**labels.EXAMINATION, **columns.OF_A_PATIENT},
        read=opened.examination,
        title=lambda row: f"Examination {row.accession_number}",
        back=_to_examination,
        parts=(FieldImage, Reading, Conclusion, Amendment),
    ),
    Kind(
        record=FieldImage,
        rule="/fields/<uuid:field_id>/history",
        need=Permission.EXAMINATION_READ,
        shown=columns.FIELD,
        read=opened.field,
        title=lambda row: f"Image {row.number}",
        back=lambda row: url_for("fields.show", field_id=row.id),
        parts=(Replay,),
    ),
    Kind(
        record=Reading,
        rule="/readings/<uuid:reading_id>/history",
        need=Permission.EXAMINATION_READ,
        shown=columns.READING,
        read=_within_examination(Reading),
        title=lambda row: columns.READING["kind"].words(row.kind),
        back=_to_examination,
    ),
    Kind(
        record=Conclusion,
        rule="/conclusions/<uuid:conclusion_id>/history",
        need=Permission.EXAMINATION_READ,
        shown={**labels.CONCLUSION, **columns.TOLD},
        read=_within_examination(Conclusion),
        title=lambda _: "Conclusion",
        back=_to_examination,
    ),
    Kind(
        record=Amendment,
        rule="/amendments/<uuid:amendment_id>/history",
        need=Permission.EXAMINATION_READ,
        shown=columns.AMENDMENT,
        read=_within_examination(Amendment),
        title=lambda row: f"Amendment of {display.day(row.created_at.astimezone().date())}",
        back=_to_examination,
    ),
    Kind(
        record=Replay,
        rule="/replays/<uuid:replay_id>/history",
        need=Permission.EXAMINATION_READ,
        shown=columns.REPLAY,
        read=_read_replay,
        title=lambda row: f"Computed again, {display.day(row.created_at.astimezone().date())}",
        back=lambda row: url_for("fields.show", field_id=row.__data__["field"]),
    ),
    Kind(
        record=SiteVerification,
        rule="/model/heads/<uuid:head_id>/history",
        need=Permission.SYSTEM_READ,
        shown=columns.SITE_HEAD,
        read=lambda row_id: fetch(SiteVerification, row_id),
        title=lambda row: f"Site head of {display.day(row.created_at.astimezone().date())}",
        back=lambda row: url_for("verification.show_head", head_id=row.id),
    ),
    Kind(
        record=User,
        rule="/people/<uuid:user_id>/history",
        need=Permission.USER_MANAGE,
        shown=columns.USER,
        read=users.get,
        title=lambda row: str(row.full_name),
        back=lambda row: url_for("people.show", user_id=row.id),
    ),
)


def _page(kind: Kind) -> Callable[..., str]:
    @needs(kind.need)
    def show(**arguments: UUID) -> str:
        (row_id,) = arguments.values()
        row = kind.read(row_id)
        return render_template(
            "history/show.html",
            title=kind.title(row),
            back=kind.back(row),
            steps=histories.steps(revisions.versions(kind.name, row.id), kind.shown),
            parts=list(_parts(kind, row)),
            subject=row.id if may(Permission.AUDIT_READ) else None,
        )

    return show


def _parts(kind: Kind, row: Row) -> Iterator[Part]:
    for part in KINDS:
        if part.record in kind.parts:
            for belonging in revisions.belonging(part.record, row):
                named: dict[str, Any] = {part.argument: belonging.id}
                yield Part(part.title(belonging), url_for(f"history.{part.name}", **named))


for _kind in KINDS:
    pages.add_url_rule(_kind.rule, endpoint=_kind.name, view_func=_page(_kind))

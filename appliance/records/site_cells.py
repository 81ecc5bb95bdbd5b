"""The laboratory's own verified cells: what a site head is fitted to and what it is judged by.

Counted cells that the appliance found and a reader called blast or normal, in examinations that
were submitted. Of the last examinations only, since stain and lamp drift.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from peewee import Select, fn

from appliance.records.review_tables import CellDecision, CellShadow
from appliance.records.tables import Cell, Examination, FieldImage, ModelRelease, Patient
from appliance.review_vocabulary import CellLabel, CellOrigin
from appliance.vocabulary import ExaminationStatus

LAST = 200
"""Examinations looked at, newest first."""
SUBMITTED = (
    ExaminationStatus.PRELIMINARY,
    ExaminationStatus.FINAL,
    ExaminationStatus.AMENDED,
    ExaminationStatus.CORRECTED,
)


@dataclass(frozen=True, slots=True)
class Verified:
    """How many cells there are to learn from."""

    blast: int
    normal: int
    examinations: int
    """They come from so many."""
    patients: int


@dataclass(frozen=True, slots=True)
class SiteCell:
    """One verified cell."""

    number: int
    """Within its field."""
    field_id: UUID
    patient_id: UUID
    blast: bool


@dataclass(frozen=True, slots=True)
class Compared:
    """A verified cell that a head on trial was asked about, too."""

    blast: bool
    """What the reader called it."""
    in_use: float
    """Blast probability that was shown."""
    in_use_suggestion: str
    shadow: float
    shadow_suggestion: str
    examination_id: UUID


def verified(model_sha256: str, *, simulated: bool) -> list[SiteCell]:
    """Return the verified cells of one network, newest examination first.

    Args:
        model_sha256: of the network that gave the suggestions.
        simulated: whether drawn cells count: only in a demo laboratory.
    """
    columns = (Cell.number, Cell.field, Examination.patient)
    found = _standing(model_sha256, simulated, columns).order_by(
        Examination.created_at.desc(), FieldImage.number, Cell.number
    )
    return [
        SiteCell(number, field, patient, label == CellLabel.BLAST)
        for number, field, patient, label in found.tuples()
        if label in (CellLabel.BLAST, CellLabel.NORMAL)
    ]


def count(model_sha256: str, *, simulated: bool, without: Collection[UUID] = ()) -> Verified:
    """Count the verified cells of one network, and what they come from.

    Args:
        model_sha256: of the network that gave the suggestions.
        simulated: whether drawn cells count: only in a demo laboratory.
        without: examinations to leave out, whose calls are kept from whoever asks.
    """
    columns = (FieldImage.examination, Examination.patient)
    inner = _standing(model_sha256, simulated, columns)
    if without:
        inner = inner.where(Examination.id.not_in(list(without)))
    grouped = (
        Select([inner], [inner.c.label, inner.c.examination_id, inner.c.patient_id, fn.COUNT("*")])
        .where(inner.c.label.in_((CellLabel.BLAST, CellLabel.NORMAL)))
        .group_by(inner.c.label, inner.c.examination_id, inner.c.patient_id)
        .bind(Cell._meta.database)
    )
    rows: list[tuple[str, UUID, UUID, int]] = list(grouped.tuples())
    return Verified(
        blast=sum(so_many for label, _, _, so_many in rows if label == CellLabel.BLAST),
        normal=sum(so_many for label, _, _, so_many in rows if label == CellLabel.NORMAL),
        examinations=len({examination for _, examination, _, _ in rows}),
        patients=len({patient for _, _, patient, _ in rows}),
    )


def compared(verification_id: UUID, *, without: Collection[UUID] = ()) -> list[Compared]:
    """Return the verified cells that a head on trial was asked about, oldest first.

    Args:
        verification_id: of the head.
        without: examinations to leave out, whose calls are kept from whoever asks.
    """
    found: Any = (
        CellShadow.select(
            Cell.blast_probability,
            Cell.suggestion,
            CellShadow.blast_probability,
            CellShadow.suggestion,
            Examination.id,
            _label(),
        )
        .join(Cell)
        .join(FieldImage)
        .join(Examination)
        .where(
            CellShadow.verification == verification_id,
            Cell.counted,
            Examination.status.in_(SUBMITTED),
        )
        .order_by(CellShadow.id)
    )
    return [
        Compared(label == CellLabel.BLAST, in_use, said, shadow, other, examination_id)
        for in_use, said, shadow, other, examination_id, label in found.tuples()
        if label in (CellLabel.BLAST, CellLabel.NORMAL) and examination_id not in without
    ]


def _standing(model_sha256: str, simulated: bool, columns: Iterable[Any]) -> Any:
    """Select counted cells as they were found, with the label that stands for each."""
    last = (
        Examination.select(Examination.id)
        .join(Patient)
        .where(Examination.status.in_(SUBMITTED))
        .order_by(Examination.created_at.desc())
        .limit(LAST)
    )
    if not simulated:
        last = last.where(~Examination.simulated, ~Patient.simulated)
    return (
        Cell.select(*columns, _label())
        .join(FieldImage)
        .join(Examination)
        .switch(FieldImage)
        .join(ModelRelease)
        .where(
            FieldImage.examination.in_(last),
            ModelRelease.sha256 == model_sha256,
            Cell.counted,
            Cell.origin == CellOrigin.FOUND,
        )
    )


def _label() -> Any:
    """Select the label of the last decision that is not blind."""
    return (
        CellDecision.select(CellDecision.label)
        .where(CellDecision.cell == Cell.id, ~CellDecision.blind)
        .order_by(CellDecision.number.desc())
        .limit(1)
        .alias("label")
    )

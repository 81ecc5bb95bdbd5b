"""Gathers what people made of an examination: calls, conclusion, second reading, versions."""

from uuid import UUID

from appliance.exchange.case import CaseEntry
from appliance.exchange.report import Act
from appliance.exchange.template import Template
from appliance.records.tables import Examination
from appliance.review_vocabulary import CellLabel


def calls(examination_id: UUID) -> dict[UUID, CellLabel]:
    """Return what each verified cell is called, by its id."""
    return {}


def case_of(examination: Examination, template: Template) -> CaseEntry:
    """Return everything beyond the suggestions, as it stands now, without a version."""
    return CaseEntry(template=template, status=str(examination.status))


def acts_of(examination_id: UUID) -> list[Act]:
    """Say who submitted and signed, and when."""
    return []

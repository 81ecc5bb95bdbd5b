"""Shows reports as they will print, and hands them out as PDF."""

from uuid import UUID

from flask import Blueprint, Response, render_template

from appliance.permissions import Permission
from appliance.records import fields
from webui import offers, opened, papers, shapes
from webui.access import actor, appliance, needs

pages = Blueprint("reports", __name__)


@pages.get("/examinations/<uuid:examination_id>/report")
@needs(Permission.REPORT_READ)
def show(examination_id: UUID) -> str:
    """Show the report of an examination, with the ways to print it."""
    examination = opened.examination(examination_id)
    offers.require_shown(examination_id)
    rows = fields.of_examination(examination_id)
    return render_template(
        "reports/show.html",
        examination=examination,
        rows=rows,
        progress=shapes.progress(rows, {}, examination.status),
    )


@pages.get("/examinations/<uuid:examination_id>/report.pdf")
@needs(Permission.REPORT_READ)
def examination_pdf(examination_id: UUID) -> Response:
    """Hand out the report of the examination."""
    examination = opened.examination_again(examination_id)
    offers.require_shown(examination_id)
    data = appliance().reporting.examination_pdf(examination_id, by=actor())
    return papers.inline(data, f"{examination.accession_number}-report")


@pages.get("/fields/<uuid:field_id>/report.pdf")
@needs(Permission.REPORT_READ)
def field_pdf(field_id: UUID) -> Response:
    """Hand out the report of one image."""
    field = opened.field_again(field_id)
    offers.require_shown(field.examination.id)
    data = appliance().reporting.field_pdf(field_id, by=actor())
    return papers.inline(data, f"{field.examination.accession_number}-field-{field.number}")

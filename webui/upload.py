"""Takes the images of an examination from files a person chooses or drops.

With script each file is one request to the API; without, one form carries them all and is answered
with what became of each. Either way one bad file never stops the others.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from flask import Blueprint, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage

from appliance.errors import ApplianceError, TooLarge
from appliance.permissions import Permission
from appliance.records import examinations, fields
from appliance.records.tables import Examination
from appliance.review_vocabulary import BEFORE_SUBMISSION
from appliance.services.capture import Taken
from webui import opened, shapes
from webui.access import actor, appliance, needs
from webui.forms import Form
from webui.overrides import REASONS

pages = Blueprint("upload", __name__, url_prefix="/examinations/<uuid:examination_id>")


@dataclass(frozen=True)
class Outcome:
    """What became of one file of the form."""

    name: str
    taken: tuple[Taken, ...] = ()
    error: ApplianceError | None = None


@pages.get("/upload")
@needs(Permission.FIELD_ADD)
def show(examination_id: UUID) -> str:
    """Show the drop zone and the images there are already."""
    return _page(opened.examination(examination_id))


@pages.post("/upload")
@needs(Permission.FIELD_ADD)
def take(examination_id: UUID) -> ResponseReturnValue:
    """Take all files of a form that was sent without script."""
    examination = opened.examination(examination_id)
    chosen = [file for file in request.files.getlist("files") if file.filename]
    if not chosen:
        return _page(examination, error="Choose one file at least."), 422
    outcomes = list(_outcomes(examination_id, chosen))
    page = _page(examination, outcomes=outcomes)
    return page, 200 if any(outcome.taken for outcome in outcomes) else 422


@pages.get("/progress")
@needs(Permission.EXAMINATION_READ)
def progress(examination_id: UUID) -> ResponseReturnValue:
    """Say how far the analysis is; asked again and again while a page is open."""
    status = opened.examination_again(examination_id).status
    rows = fields.of_examination(examination_id)
    tallies = examinations.tallies_of_fields(examination_id)
    return jsonify(shapes.progress(rows, tallies, status))


def _outcomes(examination_id: UUID, chosen: list[FileStorage]) -> Iterable[Outcome]:
    at_most = appliance().settings.max_files
    for position, file in enumerate(chosen):
        name = file.filename or "unnamed"
        try:
            if position >= at_most:
                raise TooLarge(
                    f"At most {at_most} files are taken in one upload.",
                    advice="Send this one in a second upload.",
                )
            taken = appliance().capture.add_file(examination_id, name, file.read(), by=actor())
        except ApplianceError as error:
            yield Outcome(name, error=error)
        else:
            yield Outcome(name, tuple(taken))


def _page(
    examination: Examination, *, error: str = "", outcomes: list[Outcome] | None = None
) -> str:
    rows = fields.of_examination(examination.id)
    tallies = examinations.tallies_of_fields(examination.id)
    return render_template(
        "upload/show.html",
        examination=examination,
        rows=rows,
        tallies=tallies,
        progress=shapes.progress(rows, tallies, examination.status),
        takes_more=examination.status in BEFORE_SUBMISSION,
        outcomes=outcomes or [],
        error=error,
        reasons=REASONS,
        form=Form(),
    )

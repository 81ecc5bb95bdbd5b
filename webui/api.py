"""The JSON interface: what the pages do, for programs, with the same session and permissions.

`openapi.py` describes every address; errors are problem objects made by `errors.py`.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import TypeVar
from uuid import UUID

from flask import Blueprint, jsonify, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf

from appliance.errors import InvalidInput, NotFound
from appliance.permissions import ROLES, Permission
from appliance.records import examinations, fields, standing
from appliance.records.paging import Page
from appliance.records.tables import FieldImage
from appliance.vocabulary import ExaminationStatus, Specimen
from webui import offers, openapi, opened, shapes
from webui.access import SIGNED_IN, actor, appliance, needs, signed_in

pages = Blueprint("api", __name__, url_prefix="/api/v1")

LONGEST_PAGE = 200

T = TypeVar("T")


@pages.get("/openapi.json")
@needs(SIGNED_IN)
def document() -> ResponseReturnValue:
    """Describe this interface."""
    return jsonify(openapi.document())


@pages.get("/session")
@needs(SIGNED_IN)
def show_session() -> ResponseReturnValue:
    """Say who is signed in, and give the token that a POST carries as X-CSRFToken."""
    person = signed_in()
    session: shapes.Session = {
        "username": person.username,
        "full_name": person.full_name,
        "role": person.role.value,
        "permissions": sorted(ROLES[person.role]),
        "csrf_token": generate_csrf(),
    }
    return jsonify(session)


@pages.get("/examinations")
@needs(Permission.EXAMINATION_READ)
def list_examinations() -> ResponseReturnValue:
    """List examinations, newest first, narrowed by the query."""
    found = _found()
    opened.listing("examination:list", found.total)
    hidden = offers.hidden()  # to be read blind by this person
    rows = [
        replace(listed, by_suggestion={}) if listed.examination.id in hidden else listed
        for listed in found
    ]
    reached = standing.progress_of([listed.examination.id for listed in rows])
    reached |= dict.fromkeys(hidden & reached.keys(), standing.Progress())
    listing: shapes.ExaminationList = {
        "examinations": [
            shapes.examination(listed, reached[listed.examination.id]) for listed in rows
        ],
        "page": found.number,
        "pages": found.pages,
        "total": found.total,
        "more": found.more,
    }
    return jsonify(listing)


@pages.get("/examinations/<uuid:examination_id>")
@needs(Permission.EXAMINATION_READ)
def show_examination(examination_id: UUID) -> ResponseReturnValue:
    """Show one examination with its images."""
    opened.examination(examination_id)
    offers.require_shown(examination_id)
    listed = examinations.summary(examination_id)
    if listed is None:
        raise NotFound("There is no such examination.")
    tallies = examinations.tallies_of_fields(examination_id)
    whole: shapes.WholeExamination = {
        "examination": shapes.examination(listed, standing.progress(examination_id)),
        "images": [
            shapes.field(row, tallies.get(row.id, {}))
            for row in fields.of_examination(examination_id)
        ],
    }
    return jsonify(whole)


@pages.get("/examinations/<uuid:examination_id>/progress")
@needs(Permission.EXAMINATION_READ)
def show_progress(examination_id: UUID) -> ResponseReturnValue:
    """Say how far the images are."""
    status = opened.examination_again(examination_id).status
    rows = fields.of_examination(examination_id)
    tallies = examinations.tallies_of_fields(examination_id)
    return jsonify(shapes.progress(rows, tallies, status))


@pages.post("/examinations/<uuid:examination_id>/fields")
@needs(Permission.FIELD_ADD)
def add_field(examination_id: UUID) -> ResponseReturnValue:
    """Take one file; every page of it becomes an image. Sent again, it is recognised."""
    name, data = _one_file()
    taken = appliance().capture.add_file(examination_id, name, data, by=actor())
    # Sent once more by whoever is to read it blind, an image must not tell what was found in it.
    shown = examination_id not in offers.hidden()
    tallies = [_tally(page.field.id) if shown else {} for page in taken]
    pages_taken: list[shapes.Taken] = [
        {"duplicate": page.duplicate, "field": shapes.field(page.field, tally)}
        for page, tally in zip(taken, tallies, strict=True)
    ]
    upload: shapes.Upload = {"name": name, "taken": pages_taken}
    status = 200 if all(page.duplicate for page in taken) else 201
    location = url_for("api.show_field", field_id=taken[0].field.id)
    return jsonify(upload), status, {"Location": location}


@pages.get("/fields/<uuid:field_id>")
@needs(Permission.EXAMINATION_READ)
def show_field(field_id: UUID) -> ResponseReturnValue:
    """Show one image with its passport and counts."""
    return jsonify(shapes.field(_shown(field_id), _tally(field_id)))


@pages.get("/fields/<uuid:field_id>/cells")
@needs(Permission.EXAMINATION_READ)
def list_cells(field_id: UUID) -> ResponseReturnValue:
    """List the cells of one image with their outlines."""
    _shown(field_id)
    listing: shapes.CellList = {"cells": [shapes.cell(row) for row in fields.cells_of(field_id)]}
    return jsonify(listing)


def _shown(field_id: UUID) -> FieldImage:
    """Open an image for somebody who may see what is suggested for its cells."""
    row = opened.field(field_id)
    offers.require_shown(row.__data__["examination"])
    return row


def _one_file() -> tuple[str, bytes]:
    given = [file for file in request.files.getlist("file") if file.filename]
    if len(given) != 1:
        raise InvalidInput({"file": "Send one file in each request, in the part named file."})
    return given[0].filename or "unnamed", given[0].read()


def _found() -> Page[examinations.Listed]:
    errors: dict[str, str] = {}
    query = _query(errors)
    limit = _whole("limit", 25, LONGEST_PAGE, errors)
    page = _whole("page", 1, 1_000_000, errors)
    if errors:
        raise InvalidInput(errors)
    return examinations.find(query, limit=limit, offset=(page - 1) * limit)


def _tally(field_id: UUID) -> shapes.BySuggestion:
    return examinations.tally_of_field(field_id)


def _query(errors: dict[str, str]) -> examinations.Query:
    return examinations.Query(
        text=request.args.get("text", "")[:200],
        status=_read("status", ExaminationStatus, errors),
        specimen=_read("specimen", Specimen, errors),
        date_from=_read("date_from", date.fromisoformat, errors),
        date_to=_read("date_to", date.fromisoformat, errors),
        patient_id=_read("patient_id", UUID, errors),
        needs=_read("needs", examinations.Needs, errors),
        hidden=frozenset(offers.hidden()),
    )


def _read(name: str, convert: Callable[[str], T], errors: dict[str, str]) -> T | None:
    """Read a value of the query; what it cannot be is said at its name."""
    given = request.args.get(name, "")
    if not given:
        return None
    try:
        return convert(given)
    except ValueError:
        errors[name] = (
            f"{name} cannot be {given[:60]!r}; the OpenAPI document lists what it can be."
        )
        return None


def _whole(name: str, default: int, highest: int, errors: dict[str, str]) -> int:
    given = request.args.get(name, str(default))
    if given.isascii() and given.isdigit() and len(given) < 10 and 1 <= int(given) <= highest:
        return int(given)
    errors[name] = f"{name} is a whole number from 1 to {highest}."
    return default

"""Shows a field image with its cells, its passport and its pictures, and the gallery of cells."""

from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from uuid import UUID

from flask import (
    Blueprint,
    Response,
    jsonify,
    redirect,
    render_template,
    request,
    send_file,
    url_for,
)
from flask.typing import ResponseReturnValue

from appliance.errors import InvalidInput, NotFound
from appliance.permissions import Permission
from appliance.records import audit, cells, decisions, examinations, fields
from appliance.records.tables import FieldImage
from appliance.review_vocabulary import BEFORE_SUBMISSION
from appliance.vocabulary import FieldState
from webui import cellviews, galleries, offers, opened, readers, shapes
from webui.access import actor, appliance, needs
from webui.forms import Entries, Form
from webui.notices import notice
from webui.overrides import REASONS, reason_from
from webui.sessions import safe_path, wants_json

pages = Blueprint("fields", __name__)

KEEP_S = 30 * 24 * 3600  # a picture's address carries the revision it was made from


@pages.get("/fields/<uuid:field_id>")
@needs(Permission.EXAMINATION_READ)
def show(field_id: UUID) -> str:
    """Show the field with its boxes; `cell` names the one to mark."""
    return _page(opened.field(field_id), Form())


@pages.get("/fields/<uuid:field_id>/cells/<int:number>")
@needs(Permission.EXAMINATION_READ)
def show_cell(field_id: UUID, number: int) -> str:
    """Show one cell: the part of the viewer that changes when a box is tapped."""
    row = opened.field_again(field_id)
    views = _views(row)
    cell = _measured(row, _chosen(views, number))
    return render_template("fields/_cell.html", field=row, cell=cell, views=views)


@pages.get("/fields/<uuid:field_id>/row")
@needs(Permission.EXAMINATION_READ)
def show_row(field_id: UUID) -> str:
    """Show the field as a row of a list: the part of the upload page that changes."""
    row = opened.field_again(field_id)
    tallies = {row.id: examinations.tally_of_field(row.id)}
    return render_template(
        "fields/_row.html",
        row=row,
        takes_more=row.examination.status in BEFORE_SUBMISSION,
        tallies=tallies,
        reasons=REASONS,
        form=Form(),
    )


@pages.get("/fields/<uuid:field_id>/gallery")
@needs(Permission.EXAMINATION_READ)
def show_field_gallery(field_id: UUID) -> str:
    """Show the cells of one field, sorted by probability."""
    row = opened.field(field_id)
    views = _views(row)
    return galleries.page(row.examination, views, [row], of_field=row)


@pages.get("/examinations/<uuid:examination_id>/cells")
@needs(Permission.EXAMINATION_READ)
def show_gallery(examination_id: UUID) -> str:
    """Show the cells of all fields, sorted by probability."""
    examination = opened.examination(examination_id)
    rows = fields.of_examination(examination_id)
    offers.require_shown(examination_id)
    called = decisions.standing(examination_id)
    views = cellviews.views_in(rows, cells.places_in(examination_id), called)
    return galleries.page(examination, views, rows)


@pages.post("/fields/<uuid:field_id>/override")
@needs(Permission.FIELD_OVERRIDE)
def override(field_id: UUID) -> ResponseReturnValue:
    """Go on with a field that failed the quality gate."""
    entries = Entries(request.form)
    try:
        row = appliance().capture.override(field_id, reason_from(entries), by=actor())
    except InvalidInput as error:
        if wants_json():
            raise
        return _page(opened.field(field_id), entries.refused(error)), 422
    return _done(row, f"Image {row.number} goes on to analysis; the reason is kept and printed.")


@pages.post("/fields/<uuid:field_id>/retry")
@needs(Permission.FIELD_ADD)
def retry(field_id: UUID) -> ResponseReturnValue:
    """Let a field whose analysis failed be analysed once more."""
    row = fields.retry(field_id, actor())
    return _done(row, f"Image {row.number} is analysed again.")


@pages.get("/fields/<uuid:field_id>/display.jpg")
@needs(Permission.EXAMINATION_READ)
def display(field_id: UUID) -> Response:
    """Hand out the field as a browser can show it."""
    row = opened.field_again(field_id)
    return _picture(row, "display", appliance().views.field)


@pages.get("/fields/<uuid:field_id>/thumbnail.jpg")
@needs(Permission.EXAMINATION_READ)
def thumbnail(field_id: UUID) -> Response:
    """Hand out a small copy of the field."""
    row = opened.field_again(field_id)
    return _picture(row, "thumbnail", appliance().views.thumbnail)


@pages.get("/fields/<uuid:field_id>/cells.jpg")
@needs(Permission.EXAMINATION_READ)
def atlas(field_id: UUID) -> Response:
    """Hand out the tiles of the field's cells in one picture."""
    row = opened.field_again(field_id)
    if row.state != FieldState.ANALYSED:
        raise NotFound("The cells of this image have not been looked for yet.")
    return _picture(row, f"cells-{cells.count_of(row.id)}", appliance().views.cells)


@pages.get("/fields/<uuid:field_id>/original")
@needs(Permission.EXAMINATION_READ)
def original(field_id: UUID) -> Response:
    """Hand out the file as it came, to be saved; noted in the audit log."""
    row = opened.field(field_id)
    data = appliance().pictures.read(row.sha256)
    audit.note("field:download", by=actor(), subject=row)
    # Never shown in place: the bytes are somebody else's.
    return send_file(
        BytesIO(data),
        mimetype="application/octet-stream",
        as_attachment=True,
        download_name=row.original_name.replace("\\", "/").rsplit("/", 1)[-1] or "image",
        etag=False,
    )


def _picture(row: FieldImage, kind: str, make: Callable[[FieldImage], bytes]) -> Response:
    """Answer with a JPEG; the browser keeps it once nothing about the field changes any more."""
    tag = f"{row.sha256[:32]}-{row.page}-{kind}-{row.revision}"
    response = Response(mimetype="image/jpeg")
    response.set_etag(tag)
    if row.state == FieldState.ANALYSED:
        response.headers["Cache-Control"] = f"private, max-age={KEEP_S}, immutable"
    else:
        response.headers["Cache-Control"] = "private, no-cache"
    if tag not in request.if_none_match:
        response.data = make(row)
    response.make_conditional(request)
    return response


def _page(row: FieldImage, form: Form) -> str:
    rows = fields.of_examination(row.__data__["examination"])
    place = next(index for index, other in enumerate(rows) if other.id == row.id)
    views = _views(row)
    asked_for = _asked_for(views)
    return render_template(
        "fields/show.html",
        field=row,
        examination=row.examination,
        views=views,
        cell=asked_for and _measured(row, asked_for),
        tally=shapes.tally(cellviews.current(views)),
        how_far=cellviews.how_far(views),
        groups=cellviews.group_counts(views),
        previous=rows[place - 1] if place else None,
        following=rows[place + 1] if place + 1 < len(rows) else None,
        total=len(rows),
        takes_more=row.examination.status in BEFORE_SUBMISSION,
        may_add=row.state == FieldState.ANALYSED and readers.kind_now(row.examination) is not None,
        missed_labels={code: cellviews.LABELS[code] for code in cellviews.CALLS[:-1]},
        reasons=REASONS,
        form=form,
    )


def _views(row: FieldImage) -> list[cellviews.CellView]:
    """Make the views of a field's cells, as they are called; not for who reads them blind."""
    offers.require_shown(row.__data__["examination"])
    called = decisions.standing(row.__data__["examination"])
    return cellviews.views_of(row, fields.cells_of(row.id), called)


def _asked_for(views: list[cellviews.CellView]) -> cellviews.CellView | None:
    number = request.args.get("cell", 0, int)
    return next((view for view in views if view.number == number), None)


def _measured(row: FieldImage, view: cellviews.CellView) -> cellviews.CellView:
    """Put the numbers of its form and texture to the one cell that is shown large."""
    return replace(view, morphology=appliance().views.morphology(row)[view.number - 1])


def _chosen(views: list[cellviews.CellView], number: int) -> cellviews.CellView:
    for view in views:
        if view.number == number:
            return view
    raise NotFound("There is no such cell in this image.")


def _done(row: FieldImage, sentence: str) -> ResponseReturnValue:
    if wants_json():
        return jsonify(shapes.field(row, {}))
    notice(sentence)
    target = request.form.get("next") or url_for("fields.show", field_id=row.id)
    return redirect(safe_path(target), 303)

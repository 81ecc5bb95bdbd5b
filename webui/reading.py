"""Reading cells: looked at, called one by one or several at once, and taken back.

Whoever sends JSON gets how far the reading is; a form is led back to its page.
"""

from dataclasses import replace
from itertools import groupby
from operator import attrgetter
from typing import Any
from uuid import UUID

from flask import (
    Blueprint,
    Response,
    jsonify,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue

from appliance.errors import InvalidInput, NotFound
from appliance.permissions import Permission
from appliance.records import decisions, examinations, fields, readings
from appliance.records.decisions import Decided
from appliance.records.review_tables import Reading
from appliance.review_vocabulary import CellLabel, DecisionWay
from appliance.vocabulary import how_many
from webui import boards, cellviews, displays, offers, opened, readers, shapes
from webui.access import actor, appliance, needs
from webui.boards import Board
from webui.cellviews import CellView
from webui.notices import notice
from webui.sessions import safe_path, wants_json

pages = Blueprint("reading", __name__)


@pages.get("/examinations/<uuid:examination_id>/read")
@needs(Permission.CELL_DECIDE)
def show(examination_id: UUID) -> ResponseReturnValue:
    """Show the cells to whoever is reading them; to others, the gallery that only shows."""
    examination = opened.examination(examination_id)
    row = readers.own_open(examination)
    return _elsewhere(examination_id) if row is None else _page(row)


@pages.post("/examinations/<uuid:examination_id>/read")
@needs(Permission.CELL_DECIDE)
def begin(examination_id: UUID) -> ResponseReturnValue:
    """Begin the reading that this person may do now, or go on with it."""
    kind = readers.kind_now(examinations.get(examination_id))
    if kind is None:
        return _elsewhere(examination_id)
    readings.take(examination_id, kind, actor())
    return redirect(url_for("reading.show", examination_id=examination_id), 303)


@pages.get("/readings/<uuid:reading_id>/read")
@needs(Permission.CELL_DECIDE)
def show_reading(reading_id: UUID) -> ResponseReturnValue:
    """Show the cells of a reading that was taken on: blind, or what two readers differ about."""
    row = readers.mine(reading_id)
    opened.examination(row.__data__["examination"])
    return _page(row)


@pages.get("/readings/<uuid:reading_id>/next")
@needs(Permission.CELL_DECIDE)
def next_cell(reading_id: UUID) -> ResponseReturnValue:
    """Go to the page of the next cell that is left."""
    board = boards.board_of(readers.mine(reading_id), actor())
    view = board.after(request.args.get("after", None, UUID))
    if view is None:
        return redirect(board.address(), 303)
    place = f"{board.address(page=board.page_of(view))}#c-{view.row.id}"
    return redirect(place, 303)


@pages.get("/readings/<uuid:reading_id>/cells/<uuid:cell_id>")
@needs(Permission.CELL_DECIDE)
def show_cell(reading_id: UUID, cell_id: UUID) -> str:
    """Show one cell large: in its field, with its numbers and who called it what."""
    row = readers.mine(reading_id)
    opened.examination_again(row.__data__["examination"])
    board = boards.board_of(row, actor())
    view = board.view(cell_id)
    if view is None:
        raise NotFound("This cell is not among those of this reading any more.")
    part = request.headers.get("X-Part") == "cell"
    return render_template(
        "reading/_cell.html" if part else "reading/cell.html", **_cell(row, board, view)
    )


@pages.get("/fields/<uuid:field_id>/cells/<int:number>/attention.png")
@needs(Permission.EXAMINATION_READ)
def attention(field_id: UUID, number: int) -> Response:
    """Hand out where the network looked in one cell."""
    row = opened.field_again(field_id)
    offers.require_shown(row.__data__["examination"])
    data = appliance().views.attention(row, number)
    if data is None:
        raise NotFound("Where the network looked was not kept for this image.")
    return Response(data, mimetype="image/png")


@pages.post("/readings/<uuid:reading_id>/decide")
@needs(Permission.CELL_DECIDE)
def decide(reading_id: UUID) -> ResponseReturnValue:
    """Call the cells that are selected."""
    row, body = readers.mine(reading_id), readers.body()
    ids, label = readers.uuids(body, "cell"), readers.label(body)
    if not ids:
        raise InvalidInput({"cell": "Select the cells first."})
    how = DecisionWay.ONE if len(ids) == 1 else DecisionWay.SEVERAL
    done = decisions.decide(row.id, ids, label, actor(), how, shown=readers.shown(row.id, body))
    return _answer(row, done, f"{how_many(len(ids), 'cell')} to {cellviews.LABELS[label]}.")


@pages.post("/readings/<uuid:reading_id>/verify-screen")
@needs(Permission.CELL_DECIDE)
def verify_screen(reading_id: UUID) -> ResponseReturnValue:
    """Take over what is suggested for the rest of a screen that was looked at long enough."""
    row, body = readers.mine(reading_id), readers.body()
    board, wanted = boards.board_of(row, actor()), set(readers.uuids(body, "cell"))
    chosen = {
        view.row.id: CellLabel(str(view.row.suggestion))
        for view in board.views
        if view.row.id in wanted and board.is_verifiable(view)
    }
    if not chosen:
        raise InvalidInput({"cell": "None of these cells can be verified with the others."})
    done = decisions.decide_each(
        *(row.id, chosen, actor(), DecisionWay.SCREEN),
        shown=readers.shown(row.id, body),
        display_ms=displays.least_ms(),
    )
    return _answer(row, done, f"{how_many(len(chosen), 'cell')} verified.")


@pages.post("/readings/<uuid:reading_id>/showed")
@needs(Permission.CELL_DECIDE)
def showed(reading_id: UUID) -> ResponseReturnValue:
    """Keep which cells were on the screen, as the page measured it."""
    row = readers.mine(reading_id)
    readers.keep_shown(row.id, readers.body())
    return Response(status=204)


@pages.post("/readings/<uuid:reading_id>/undo")
@needs(Permission.CELL_DECIDE)
def undo(reading_id: UUID) -> ResponseReturnValue:
    """Take back what was decided last."""
    row = readers.mine(reading_id)
    readers.keep_shown(row.id, readers.body())
    done = decisions.undo(row.id, actor())
    if done is None:
        return _answer(row, None, "Nothing is left to take back.")
    return _answer(row, done, "Taken back.")


def _elsewhere(examination_id: UUID) -> ResponseReturnValue:
    """Lead to the blind reading that was begun, or else to where cells are only looked at."""
    blind = readers.own_blind(examination_id)
    if blind is not None:
        return redirect(url_for("reading.show_reading", reading_id=blind.id), 303)
    return redirect(url_for("fields.show_gallery", examination_id=examination_id), 303)


def _page(row: Reading) -> str:
    board = boards.board_of(row, actor())
    group = request.args.get("group", "")
    found = board.in_group(group)
    count = max(1, -(-len(found) // boards.PAGE))
    number = min(max(request.args.get("page", 1, int), 1), count)
    shown = found[(number - 1) * boards.PAGE : number * boards.PAGE]
    return render_template(
        "reading/board.html",
        board=board,
        examination=board.examination,
        state=board.state(),
        group=group if group in {boards.TODO, *boards.ORDER} else "",
        shown=shown,
        sections=_sections(shown),
        number=number,
        count=count,
        labels=cellviews.LABELS,
        choices=cellviews.CALLS,
        opened_note=displays.note(row.id, actor()),
        least_ms=displays.least_ms(),
        progress=shapes.progress(board.rows, {}, board.examination.status),
    )


def _sections(shown: list[CellView]) -> list[dict[str, Any]]:
    return [
        {"code": code, "views": list(views)}
        for code, views in groupby(shown, key=attrgetter("group"))
    ]


def _cell(row: Reading, board: Board, view: CellView) -> dict[str, Any]:
    order = [each.row.id for each in board.views]
    at = order.index(view.row.id)
    whole = fields.cells_of(view.field.id)[view.number - 1]
    measured = appliance().views.morphology(view.field)[view.number - 1]
    return {
        "board": board,
        "examination": board.examination,
        "cell": replace(view, morphology=measured),
        "outline": whole.outline,
        "pair": board.pairs.get(view.row.id),
        "history": decisions.history(view.row.id, by=actor()) if board.sighted else [],
        "attention": board.sighted and appliance().views.attention(view.field, view.number),
        "choices": cellviews.CALLS,
        "labels": cellviews.LABELS,
        "previous": order[at - 1] if at else None,
        "following": order[at + 1] if at + 1 < len(order) else None,
        "opened_note": displays.note(row.id, actor()),
    }


def _answer(row: Reading, done: Decided | None, sentence: str) -> ResponseReturnValue:
    if not wants_json():
        notice(sentence)
        target = request.form.get("back") or url_for("reading.next_cell", reading_id=row.id)
        return redirect(safe_path(target), 303)
    board = boards.board_of(row, actor())
    changed = {} if done is None else done.after
    edited = CellLabel.REPLACED in {*changed.values()} | {*(done.before.values() if done else ())}
    return jsonify(
        said=sentence,
        reload=edited,
        state=board.state(),
        cells=[_told(board, view) for view in board.views if view.row.id in changed],
    )


def _told(board: Board, view: CellView) -> dict[str, Any]:
    return {
        "id": str(view.row.id),
        "group": view.group,
        "label": view.label,
        "verified": view.verified,
        "todo": board.is_todo(view),
        "verifiable": board.is_verifiable(view),
        "spoken": board.spoken(view),
    }

"""Has past results computed again from what is stored, and shows whether they are the same."""

from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from appliance.permissions import Permission
from appliance.records import fields, replays, standing
from appliance.records.review_tables import Replay
from appliance.records.tables import Examination, FieldImage
from appliance.vocabulary import FieldState, how_many
from webui import opened
from webui.access import actor, needs
from webui.notices import notice

pages = Blueprint("replays", __name__)


@pages.get("/examinations/<uuid:examination_id>/replays")
@needs(Permission.EXAMINATION_READ)
def show(examination_id: UUID) -> str:
    """Show for each image of an examination whether its result could be had again."""
    examination = opened.examination(examination_id)
    standing.require_sighted(examination_id, actor())
    return render_template("replays/show.html", **_listed(examination))


@pages.get("/examinations/<uuid:examination_id>/replays/live")
@needs(Permission.EXAMINATION_READ)
def show_live(examination_id: UUID) -> str:
    """Show the part of the page that changes while results are computed."""
    examination = opened.examination_again(examination_id)
    standing.require_sighted(examination_id, actor())
    return render_template("replays/_live.html", **_listed(examination))


@pages.post("/examinations/<uuid:examination_id>/replays")
@needs(Permission.REPLAY_RUN)
def ask(examination_id: UUID) -> ResponseReturnValue:
    """Have all results of an examination computed again."""
    examination = opened.examination_again(examination_id)
    count = replays.ask_all(examination.id, actor())
    images = how_many(count, "image is", "images are")
    notice(f"{images} computed again from what is stored." if count else "None is to be computed.")
    return redirect(url_for("replays.show", examination_id=examination_id), 303)


@pages.post("/fields/<uuid:field_id>/replay")
@needs(Permission.REPLAY_RUN)
def ask_one(field_id: UUID) -> ResponseReturnValue:
    """Have the result of one image computed again."""
    row = opened.field_again(field_id)
    replays.ask(row.id, actor())
    notice(f"Image {row.number} is computed again from what is stored.")
    examination_id = row.__data__["examination"]
    return redirect(url_for("replays.show", examination_id=examination_id), 303)


def _listed(examination: Examination) -> dict[str, Any]:
    last = replays.last_of_examination(examination.id)
    rows = [
        (row, last.get(row.id))
        for row in fields.of_examination(examination.id)
        if row.state == FieldState.ANALYSED
    ]
    return {
        "examination": examination,
        "rows": rows,
        "waiting": any(replay and not replay.finished_at for _, replay in rows),
        "sentence": _sentence(rows),
        "word": _word,
    }


def _sentence(rows: list[tuple[FieldImage, Replay | None]]) -> str:
    done = [replay for _, replay in rows if replay and replay.finished_at]
    if not done:
        return "No result of this examination was computed again so far."
    same = sum(bool(replay.matched) for replay in done)
    differ = sum(replay.matched is False for replay in done)
    failed = len(done) - same - differ
    said = [
        f"{same} of {len(rows)} results are the same",
        f"{differ} differ" if differ else "",
        f"{failed} could not be computed" if failed else "",
    ]
    return f"{', '.join(words for words in said if words)}."


def _word(replay: Replay | None) -> tuple[str, str]:
    """Say in a word how a replay ended, with the state of its tag."""
    if replay is None:
        return "Not computed again", "quiet"
    if replay.finished_at is None:
        return "Waiting", "busy"
    if replay.matched is None:
        return "Not possible", "attention"
    return ("The same", "ok") if replay.matched else ("Differs", "fault")

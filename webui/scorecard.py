"""The laboratory's own scorecard: what suggestions are worth here, the work, and drift."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, render_template, request, url_for
from markupsafe import Markup

from appliance.clock import now
from appliance.exchange.spreadsheet import as_csv
from appliance.permissions import Permission
from appliance.records import audit
from appliance.records.scorecard import Asked
from appliance.services import drift_watch
from appliance.services.scorecards import Counted
from appliance.services.statistics import sentences
from appliance.services.statistics.drawn import LABEL_WORDS
from appliance.services.statistics.listed import COLUMNS
from webui import asked, offers
from webui.access import actor, appliance, needs

pages = Blueprint("scorecard", __name__, url_prefix="/scorecard")

PERIODS = (("30", "30 days"), ("90", "90 days"), ("365", "1 year"), ("all", "All"))
_USUAL = "90"
_FIRST_DAY = date(2000, 1, 1)
_LONGEST = 80  # letters of a name in an address
_SUGGESTED = [f"Suggested {word.lower()}" for word in LABEL_WORDS[:3]]
PARTS = (
    ("scorecard.show", "Model and readers"),
    ("scorecard.show_work", "Work"),
    ("scorecard.show_drift", "Drift"),
)


@pages.get("")
@needs(Permission.STATISTICS_READ)
def show() -> str:
    """Compare model and readers."""
    counted = appliance().scorecards.accuracy(_asked(), again=_again())
    return _page("scorecard/accuracy.html", counted, labels=LABEL_WORDS, suggested=_SUGGESTED)


@pages.get("/work")
@needs(Permission.STATISTICS_READ)
def show_work() -> str:
    """Show volume, turn-around time and what the quality gate held back."""
    counted = appliance().scorecards.work(_asked(), again=_again())
    return _page("scorecard/work.html", counted)


@pages.get("/drift")
@needs(Permission.STATISTICS_READ)
def show_drift() -> str:
    """Show scores, focus and colour by week against what the model was verified on."""
    counted = appliance().scorecards.drift(_asked(), again=_again())
    if not request.args:  # the days the bell speaks of, of everything
        drift_watch.see(actor())
    return _page("scorecard/drift.html", counted)


@pages.get("/scorecard.csv")
@needs(Permission.STATISTICS_READ)
def download() -> Response:
    """Hand out all of it for a spreadsheet; nothing in it names a patient."""
    wanted = _asked()
    rows = appliance().scorecards.rows(wanted)
    days = {"since": str(wanted.since), "until": str(wanted.until)}
    audit.note("statistics:export", by=actor(), details=days)
    response = Response(
        as_csv(COLUMNS, (row.cells() for row in rows)), mimetype="text/csv; charset=utf-8"
    )
    name = f"scorecard-{wanted.since}-to-{wanted.until}.csv"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _page(template: str, counted: Counted[Any], **more: Any) -> str:
    given = _given()
    endpoint = str(request.endpoint)
    return render_template(
        template,
        counted=counted,
        result=counted.result,
        # Our own drawing; what people typed is escaped where it is written into it.
        charts={name: Markup(drawing) for name, drawing in counted.charts.items()},  # noqa: S704
        say=sentences,
        given=given,
        asked=_asked(),
        hidden=len(offers.hidden()),
        groups=_groups(counted, given),
        narrowed=[name for name in ("model", "microscope", "operator", "batch") if given[name]],
        address=lambda **changed: url_for(endpoint, **_filled(given | changed)),
        part=lambda name: url_for(name, **_filled(given)),
        parts=PARTS,
        **more,
    )


def _groups(counted: Counted[Any], given: dict[str, str]) -> list[tuple[str, str, list[Any]]]:
    """List the filters: title, name in the address, and pairs of value and label."""
    offered = counted.offered
    groups: list[tuple[str, str, list[Any]]] = [("Registered", "days", list(PERIODS))]
    for title, name, values in (
        ("Microscope", "microscope", [(text, text) for text in offered.microscopes]),
        ("Stain batch", "batch", [(text, text) for text in offered.stain_batches]),
        ("Operator", "operator", [(str(key), name) for key, name in offered.operators]),
        ("Model", "model", [(text, text) for text in offered.models]),
    ):
        if given[name] and given[name] not in dict(values):
            values = [
                *values,
                (given[name], "Somebody else" if name == "operator" else given[name]),
            ]
        if values:
            groups.append((title, name, [("", "Any"), *values]))
    return groups


def _given() -> dict[str, str]:
    """Read the filters of the address; what is malformed counts as not given."""
    text = {
        name: request.args.get(name, "")[:_LONGEST] for name in ("model", "microscope", "batch")
    }
    return text | {
        "days": asked.word("days", dict(PERIODS)) or _USUAL,
        "from": str(asked.day("from") or ""),
        "to": str(asked.day("to") or ""),
        "operator": str(_operator() or ""),
    }


def _asked() -> Asked:
    given = _given()
    today = now().astimezone().date()
    until = asked.day("to") or today
    since = asked.day("from") or (
        _FIRST_DAY if given["days"] == "all" else until - timedelta(days=int(given["days"]) - 1)
    )
    return Asked(
        since=min(since, until),
        until=until,
        model=given["model"],
        microscope=given["microscope"],
        operator=_operator(),
        stain_batch=given["batch"],
        without=frozenset(offers.hidden()),
    )


def _operator() -> UUID | None:
    try:
        return UUID(request.args.get("operator", ""))
    except ValueError:
        return None


def _again() -> bool:
    return request.args.get("again") == "1"


def _filled(given: dict[str, Any]) -> dict[str, Any]:
    usual = {name: value for name, value in given.items() if value}
    if usual.get("days") == _USUAL:
        del usual["days"]
    return usual

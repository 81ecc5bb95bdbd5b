"""The home page: all examinations of the laboratory, what each waits for, found and filtered.

Everybody lands on the tab of their own work; whoever searches or filters looks through all.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from appliance.clock import now
from appliance.permissions import Permission, Role
from appliance.records import examinations, overview, patients
from appliance.records.entries import today
from appliance.records.overview import Listed, Needs, Query
from appliance.records.paging import Page
from appliance.review_vocabulary import Finding
from appliance.vocabulary import ExaminationStatus, Specimen
from webui import asked, labels, offers, opened, searches, summaries
from webui.access import needs, signed_in

pages = Blueprint("worklist", __name__)

PAGE_SIZE = 25
_BLASTS = {"yes": True, "no": False}
_NARROWING = ("needs", "status", "specimen", "blasts", "finding", "from", "to", "search")
_ALL = "all"
_TODAY = "today"
_OWN = {Role.TECHNICIAN: "reading", Role.CLINICIAN: "signing"}
"""On which tab a role lands; others see all."""


@dataclass(frozen=True)
class Tab:
    """One tab of the list: what it asks for, and how many wait there."""

    code: str
    label: str
    query: Query
    counted: bool = True


def _tabs() -> tuple[Tab, ...]:
    return (
        Tab("capture", "To capture", Query(needs=Needs.CAPTURE)),
        Tab("reading", "To read", Query(needs=Needs.READING)),
        Tab("signing", "To sign", Query(needs=Needs.SIGNING)),
        Tab(_TODAY, "Signed today", Query(signed_on=today())),
        Tab(_ALL, "All", Query(), counted=False),
    )


@pages.get("/")
@needs(Permission.EXAMINATION_READ)
def show() -> str:
    """Show the work list, or the part of it that is asked for."""
    return render_template("worklist/show.html", **_list())


@pages.get("/rows")
@needs(Permission.EXAMINATION_READ)
def show_rows() -> str:
    """Show the rows only: the part that renews itself while something is being read."""
    return render_template("worklist/_rows.html", **_list())


@pages.post("/search")
@needs(Permission.EXAMINATION_READ)
def search() -> ResponseReturnValue:
    """Go to what was scanned, or to the rows that what was typed finds."""
    text = searches.typed()
    if code := searches.hash_in(text):
        return redirect(url_for("checking.show", sha256=code), 303)
    examination = examinations.by_accession_number(text) if text else None
    if examination:
        return redirect(url_for("examinations.show", examination_id=examination.id), 303)
    patient = patients.by_number(text) if text else None
    if patient:
        survivor = patients.survivor_of(patient)
        return redirect(url_for("patients.show", patient_id=survivor.id), 303)
    # What is searched for may be anywhere: a tab does not narrow it, a filter does.
    return redirect(_address(**_asked() | {"tab": "", "search": searches.keep(text)}), 303)


def _list() -> dict[str, Any]:
    given = _asked()
    found = _find(_query(given), asked.page())
    opened.listing("examination:list", found.total)
    return {
        "found": found,
        "lines": summaries.lines(found, hidden=offers.hidden()),
        "given": given,
        "text": searches.asked(),
        "address": lambda **changed: _address(**given | changed),
        "rows_address": _address("worklist.show_rows", **given | {"page": found.number}),
        "attention": overview.needing_attention(),
        "tabs": [(tab, overview.count(tab.query) if tab.counted else None) for tab in _tabs()],
        "offered": len(offers.mine()),
        "narrowed": any(value for name, value in given.items() if name != "tab"),
        "words": labels,
        "findings": {code: label.capitalize() for code, label in labels.FINDINGS_SHORT.items()},
        "days": _days(),
    }


def _asked() -> dict[str, str]:
    """Read the filters of the address; what is malformed counts as not given."""
    return {
        "tab": asked.word("tab", {tab.code: tab for tab in _tabs()}) or _landing(),
        "needs": str(asked.one_of("needs", Needs) or ""),
        "status": str(asked.one_of("status", ExaminationStatus) or ""),
        "specimen": str(asked.one_of("specimen", Specimen) or ""),
        "blasts": asked.word("blasts", _BLASTS),
        "finding": str(asked.one_of("finding", Finding) or ""),
        "from": str(asked.day("from") or ""),
        "to": str(asked.day("to") or ""),
        "search": searches.key(),
    }


def _landing() -> str:
    """Return the tab of one's own work, unless something is searched for among all."""
    elsewhere = any(request.args.get(name) for name in _NARROWING)
    return _ALL if elsewhere else _OWN.get(signed_in().role, _ALL)


def _query(given: dict[str, str]) -> Query:
    tab = next(tab for tab in _tabs() if tab.code == given["tab"])
    return replace(
        tab.query,
        text=searches.asked(),
        status=ExaminationStatus(given["status"]) if given["status"] else None,
        specimen=Specimen(given["specimen"]) if given["specimen"] else None,
        date_from=date.fromisoformat(given["from"]) if given["from"] else None,
        date_to=date.fromisoformat(given["to"]) if given["to"] else None,
        needs=Needs(given["needs"]) if given["needs"] else tab.query.needs,
        has_blasts=_BLASTS.get(given["blasts"]),
        finding=Finding(given["finding"]) if given["finding"] else None,
        hidden=frozenset(offers.hidden()),
    )


def _find(query: Query, number: int) -> Page[Listed]:
    """Return the page asked for, or the last one where there are fewer."""
    found = examinations.find(query, PAGE_SIZE, (number - 1) * PAGE_SIZE)
    if number <= found.pages:
        return found
    return examinations.find(query, PAGE_SIZE, (found.pages - 1) * PAGE_SIZE)


def _address(endpoint: str = "worklist.show", **given: Any) -> str:
    """Return the address of the list with these filters; the first page goes without saying."""
    if given.get("page") == 1:
        given = given | {"page": ""}
    if given.get("tab") == _ALL and any(given.get(name) for name in _NARROWING):
        given = given | {"tab": ""}  # goes without saying
    return url_for(endpoint, **{name: value for name, value in given.items() if value})


def _days() -> list[tuple[str, str]]:
    """Offer the beginnings of the usual spans: pairs of label and date."""
    today = now().astimezone().date()
    spans = (("Today", 0), ("7 days", 6), ("30 days", 29))
    return [(label, str(today - timedelta(days=days))) for label, days in spans]

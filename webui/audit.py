"""The audit log, for administrators: who did or read what, newest first."""

from typing import Any
from uuid import UUID

from flask import Blueprint, render_template, request, url_for

from appliance.permissions import Permission
from appliance.records import audit
from webui.access import needs

pages = Blueprint("audit", __name__, url_prefix="/audit")

PAGE_SIZE = 50

KINDS = (
    ("", "All"),
    ("login", "Log-ins"),
    ("patient:", "Patients"),
    ("examination:", "Examinations"),
    ("field:", "Images"),
    ("user:", "People"),
    ("site:", "Model"),
)
"""Beginnings of actions, with what the chip says."""

WORDS = {
    "clinical:add": "Entered clinical details",
    "clinical:change": "Changed clinical details",
    "clinical:read": "Read clinical details",
    "examination:begun": "Added the first image",
    "examination:change": "Changed an examination",
    "examination:create": "Registered an examination",
    "examination:list": "Listed examinations",
    "examination:read": "Read an examination",
    "field:add": "Added an image",
    "field:analysed": "Analysed an image",
    "field:download": "Saved an original image",
    "field:failed": "Gave up on an image",
    "field:interrupted": "Broke off an analysis",
    "field:override": "Went on despite the quality gate",
    "field:read": "Read an image",
    "field:retry": "Had an image analysed again",
    "login:failed": "Failed to sign in",
    "login:locked": "Locked an account",
    "login:ok": "Signed in",
    "logout": "Signed out",
    "patient:change": "Changed a patient",
    "patient:list": "Listed patients",
    "patient:read": "Read a patient",
    "patient:register": "Registered a patient",
    "replay:begun": "Began to compute a result again",
    "replay:done": "Computed a result again",
    "replay:run": "Asked for a result to be computed again",
    "report:print": "Made a report",
    "site:begun": "Began to fit a site head",
    "site:fit": "Asked for a site head",
    "site:fitted": "Fitted a site head",
    "site:refused": "Could not fit a site head",
    "site:shadow": "Began or ended a trial in the shadow",
    "site:switch": "Switched the model",
    "statistics:export": "Saved the scorecard",
    "user:add": "Added a person",
    "user:change": "Changed a person",
    "user:disable": "Disabled a person",
    "user:enable": "Enabled a person",
    "user:own-password": "Changed the own password",
    "user:reset-password": "Made a password for one log-in",
    "user:unlock": "Unlocked an account",
}
"""Actions as a reader says them; what is not here shows its code only."""

_TAIL = 6
"""Digits that name a record in a list."""


@pages.get("")
@needs(Permission.AUDIT_READ)
def show() -> str:
    """List the entries, of one kind, person or record where asked for."""
    kind = request.args.get("kind", "")
    person, subject = _uuid("person"), _uuid("subject")
    number = max(1, request.args.get("page", 1, type=int))
    found = audit.recent(
        PAGE_SIZE, (number - 1) * PAGE_SIZE, action=kind, actor_id=person, subject_id=subject
    )
    asked = {"kind": kind, "person": person, "subject": subject}
    return render_template(
        "audit/list.html",
        found=found,
        kinds=KINDS,
        words=WORDS,
        shown=_shown,
        asked=asked,
        address=lambda **changed: url_for("audit.show", **_given(asked | changed)),
    )


@pages.get("/chain")
@needs(Permission.AUDIT_READ)
def check_chain() -> str:
    """Follow the hash chain through the whole log and say whether it is whole."""
    return render_template("audit/_chain.html", broken=audit.verify(), head=audit.head())


def _shown(value: object) -> str:
    """Write a detail of an entry; of an id its last digits, as the list names records."""
    if isinstance(value, list):
        return ", ".join(map(str, value))
    try:
        return f"…\N{WORD JOINER}{UUID(str(value)).hex[-_TAIL:]}"
    except ValueError:
        return str(value)


def _uuid(name: str) -> UUID | None:
    """Return an id of the query; what is none is as good as not given."""
    try:
        return UUID(request.args.get(name, ""))
    except ValueError:
        return None


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value}

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
)
"""Beginnings of actions, with what the chip says."""


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
        asked=asked,
        address=lambda **changed: url_for("audit.show", **_given(asked | changed)),
    )


@pages.get("/chain")
@needs(Permission.AUDIT_READ)
def check_chain() -> str:
    """Follow the hash chain through the whole log and say whether it is whole."""
    return render_template("audit/_chain.html", broken=audit.verify(), head=audit.head())


def _uuid(name: str) -> UUID | None:
    """Return an id of the query; what is none is as good as not given."""
    try:
        return UUID(request.args.get(name, ""))
    except ValueError:
        return None


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value}

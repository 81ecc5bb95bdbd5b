"""The audit log, for administrators: who did or read what, whether it is whole, to take along."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from flask import (
    Blueprint,
    Response,
    redirect,
    render_template,
    request,
    stream_with_context,
    url_for,
)
from flask.typing import ResponseReturnValue

from appliance.clock import now
from appliance.exchange.spreadsheet import csv_lines
from appliance.permissions import Permission
from appliance.records import audit, users
from appliance.records.audit import Wanted
from appliance.services import audit_trail
from webui import asked
from webui.access import actor, needs

pages = Blueprint("audit", __name__, url_prefix="/audit")

PAGE_SIZE = 50

KINDS = (
    ("", "All"),
    ("login", "Log-ins"),
    ("patient:", "Patients"),
    ("examination:", "Examinations"),
    ("field:", "Images"),
    ("reading:", "Readings"),
    ("report:", "Reports"),
    ("user:", "People"),
    ("site:", "Model"),
    ("settings:", "Settings"),
)
"""Beginnings of actions, with what the chip says."""

WORDS = {
    "audit:export": "Saved the audit log",
    "cell:add": "Added a missed cell",
    "cell:decide": "Called cells",
    "cell:merge": "Merged cells",
    "cell:split": "Split a cell",
    "cell:undo": "Took back calls of cells",
    "clinical:add": "Entered clinical details",
    "clinical:change": "Changed clinical details",
    "clinical:read": "Read clinical details",
    "conclusion:restore": "Put the signed conclusion back",
    "conclusion:write": "Wrote the conclusion",
    "critical:acknowledge": "Told somebody of a critical result",
    "drift:noted": "Noted what has shifted",
    "drift:seen": "Looked at what has shifted",
    "examination:begun": "Added the first image",
    "examination:cancel": "Cancelled an examination",
    "examination:change": "Changed an examination",
    "examination:create": "Registered an examination",
    "examination:list": "Listed examinations",
    "examination:read": "Read an examination",
    "examination:send-back": "Sent an examination back",
    "examination:sign": "Signed an examination",
    "examination:submit": "Submitted an examination",
    "examination:void": "Marked an examination as entered in error",
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
    "merge:make": "Merged two registrations",
    "merge:undo": "Took a merge back",
    "patient:change": "Changed a patient",
    "patient:list": "Listed patients",
    "patient:merge": "Merged a patient into another",
    "patient:protect": "Protected a patient from deletion",
    "patient:read": "Read a patient",
    "patient:register": "Registered a patient",
    "patient:unmerge": "Took a patient out of a merge",
    "patient:unprotect": "Lifted a protection",
    "reading:ask": "Asked for another reading",
    "reading:list": "Listed the readings wanted",
    "reading:reopen": "Opened a reading again",
    "reading:submit": "Submitted a reading",
    "reading:take": "Took on a reading",
    "reading:waive": "Waived a reading",
    "replay:begun": "Began to compute a result again",
    "replay:done": "Computed a result again",
    "replay:run": "Asked for a result to be computed again",
    "report:amend": "Began to amend a report",
    "report:amend-given-up": "Gave up an amendment",
    "report:amended": "Amended a report",
    "report:open": "Opened a signed report",
    "report:print": "Made a report",
    "report:sign": "Signed a report",
    "settings:changed": "Started with other settings",
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


@dataclass(frozen=True)
class Asked:
    """What the address asks for, as the page shows it again."""

    kind: str
    person: UUID | None
    subject: UUID | None
    since: date | None
    until: date | None

    @classmethod
    def of_address(cls) -> "Asked":
        """Read it; what is malformed counts as not given."""
        return cls(
            request.args.get("kind", ""),
            _uuid("person"),
            _uuid("subject"),
            asked.day("since"),
            asked.day("until"),
        )

    def wanted(self) -> Wanted:
        """Return it as the records take it; days are those of the wall, both included."""
        return Wanted(
            action=self.kind,
            actor_id=self.person,
            subject_id=self.subject,
            since=_midnight(self.since) if self.since else None,
            until=_midnight(self.until + timedelta(days=1)) if self.until else None,
        )

    def given(self) -> dict[str, str]:
        """Return what was asked for, as it stands in an address."""
        return {name: str(value) for name, value in vars(self).items() if value}


@pages.get("")
@needs(Permission.AUDIT_READ)
def show() -> ResponseReturnValue:
    """List the entries, of one kind, person, record or period where asked for."""
    given = Asked.of_address()
    try:
        found = audit.recent(PAGE_SIZE, (asked.page() - 1) * PAGE_SIZE, given.wanted())
    except ValueError:
        # An entry that cannot even be decoded was changed past the software: say which.
        return redirect(url_for("audit.check_chain"))
    return render_template(
        "audit/list.html",
        found=found,
        kinds=KINDS,
        actions=[(action, WORDS.get(action, action)) for action in audit.actions()],
        people=users.everyone(),
        words=WORDS,
        shown=_shown,
        asked=given,
        address=_addresses(given),
    )


@pages.get("/chain")
@needs(Permission.AUDIT_READ)
def check_chain() -> str:
    """Follow the hash chain through the whole log; say whether it is whole, or where it breaks."""
    broken, head = audit.first_break(), audit.head()
    return render_template(
        "audit/chain.html",
        explained=broken and audit_trail.explain(broken),
        head=head,
        page=broken and max(0, head.sequence - broken.sequence) // PAGE_SIZE + 1,
    )


@pages.get("/export.csv")
@needs(Permission.AUDIT_READ)
def export_csv() -> Response:
    """Hand out the entries asked for, oldest first, for a spreadsheet."""
    entries = _exported("csv")
    rows = ([entry[column] for column in audit.EXPORTED] for entry in entries)
    return _download(csv_lines(audit.EXPORTED, rows), "text/csv", "csv")


@pages.get("/export.jsonl")
@needs(Permission.AUDIT_READ)
def export_json() -> Response:
    """Hand out the entries asked for, oldest first, a JSON object a line."""
    lines = (json.dumps(entry, sort_keys=True, default=repr) + "\n" for entry in _exported("jsonl"))
    return _download(lines, "application/jsonl", "jsonl")


def _exported(form: str) -> Iterator[dict[str, Any]]:
    """Give out the entries asked for with their hashes; noted in the log itself."""
    given = Asked.of_address()
    audit.note("audit:export", by=actor(), details={"form": form, **given.given()})
    return audit.stored(given.wanted())


def _download(lines: Iterator[str], kind: str, form: str) -> Response:
    response = Response(stream_with_context(lines), mimetype=f"{kind}; charset=utf-8")
    name = f"audit-{now().astimezone().date()}.{form}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _addresses(given: Asked) -> Callable[..., str]:
    """Return what makes the address of this list with something of it changed."""

    def address(endpoint: str = "audit.show", **changed: Any) -> str:
        wanted = given.given() | changed
        return url_for(endpoint, **{name: value for name, value in wanted.items() if value})

    return address


def _midnight(day: date) -> datetime:
    """Return the beginning of a day on the wall, where the appliance stands."""
    return datetime.combine(day, time()).astimezone()


def _shown(value: object, between: str = ", ") -> str:
    """Write a detail of an entry; of an id its last digits, as the list names records."""
    if isinstance(value, list):
        return between.join(str(part) for part in value if part is not None)
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

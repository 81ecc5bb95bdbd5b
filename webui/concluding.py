"""The conclusion of an examination, and that somebody was told of a critical result."""

from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from appliance.errors import Conflict, InvalidInput
from appliance.permissions import Permission
from appliance.records import conclusions, examinations, fields, handling, readings, standing
from appliance.records.overview import Listed
from appliance.records.review_tables import Conclusion
from appliance.records.tables import Examination
from appliance.review_vocabulary import Finding
from appliance.services.verified import suggested_finding
from appliance.vocabulary import ExaminationStatus
from webui import cases, histories, labels, offers, opened
from webui.access import actor, appliance, may, needs
from webui.forms import Entries, Form
from webui.histories import Step
from webui.notices import notice

pages = Blueprint("concluding", __name__, url_prefix="/examinations/<uuid:examination_id>")

LONGEST = 10_000


@pages.get("/conclude")
@needs(Permission.CONCLUSION_WRITE)
def show(examination_id: UUID) -> str:
    """Show what the conclusion rests on, the sentence first, and the form."""
    examination, row = _open(examination_id), conclusions.of(examination_id)
    return _page(examination, _form(row))


@pages.post("/conclude")
@needs(Permission.CONCLUSION_WRITE)
def write(examination_id: UUID) -> ResponseReturnValue:
    """Keep the conclusion; without script, a phrase's button adds it to the text instead."""
    examination, entries = _open(examination_id), Entries(request.form)
    phrase = _phrase()
    if phrase:
        text = entries.text("text", longest=LONGEST)
        return _page(examination, entries.as_typed(text=f"{text}\n{phrase}".strip()))
    revision = entries.whole("revision")
    try:
        row = conclusions.write(examination_id, _read(entries), revision, actor())
    except InvalidInput as error:
        return _page(examination, entries.refused(error)), 422
    except Conflict:
        known = conclusions.of(examination_id)
        if known is None or known.revision == revision:
            raise  # nobody changed it: the examination takes no conclusion, and says so itself
        others = histories.since(conclusions.history(known.id), labels.CONCLUSION, revision)
        return _page(examination, entries.as_typed(revision=known.revision), others), 409
    notice("The conclusion is saved.")
    return redirect(_next(examination, row), 303)


@pages.get("/critical")
@needs(Permission.CONCLUSION_WRITE)
def show_critical(examination_id: UUID) -> str:
    """Ask who was told of the critical result, or show who was."""
    return _critical_page(_open(examination_id), Form())


@pages.post("/critical")
@needs(Permission.CONCLUSION_WRITE)
def acknowledge(examination_id: UUID) -> ResponseReturnValue:
    """Keep that somebody was told, by whom and when."""
    examination, entries = _open(examination_id), Entries(request.form)
    row = conclusions.of(examination_id)
    if row is None:
        raise Conflict("There is no conclusion yet.", advice="Write the conclusion first.")
    try:
        told_to = entries.text("told_to", required=True)
        entries.check()
        conclusions.acknowledge(row.id, told_to, actor())
    except InvalidInput as error:
        return _critical_page(examination, entries.refused(error)), 422
    notice(f"It is noted that {told_to} was told.")
    return redirect(_after_telling(examination), 303)


def _open(examination_id: UUID) -> Examination:
    """Open it for a page that shows what others called the cells."""
    examination = opened.examination(examination_id)
    standing.require_sighted(examination_id, actor())
    return examination


def _form(row: Conclusion | None) -> Form:
    if row is None:
        return Form.of(revision=0)
    critical = ["yes"] if row.critical else []
    return Form.of(revision=row.revision, finding=row.finding, text=row.text, critical=critical)


def _read(entries: Entries) -> dict[str, Any]:
    values = {
        "finding": entries.choice("finding", Finding),
        "text": entries.text("text", longest=LONGEST),
        "critical": entries.flag("critical"),
    }
    entries.check()
    return values


def _phrase() -> str:
    """Return the phrase whose button was pressed; empty where none was."""
    phrases = appliance().reporting.template.phrases
    number = request.form.get("phrase", "")
    return phrases[int(number)] if number.isdecimal() and int(number) < len(phrases) else ""


def _next(examination: Examination, row: Conclusion) -> str:
    """Lead on: to the telephone where the result is critical, to the signature otherwise."""
    if row.critical and row.acknowledged_at is None:
        return url_for("concluding.show_critical", examination_id=examination.id)
    return _after_telling(examination)


def _after_telling(examination: Examination) -> str:
    is_open = examination.status == ExaminationStatus.PRELIMINARY
    amended = handling.of_one(examination.id).amendment is not None
    if may(Permission.REPORT_SIGN) and (is_open or amended):
        return url_for("signing.show", examination_id=examination.id)
    return url_for("examinations.show", examination_id=examination.id)


def _page(examination: Examination, form: Form, others: list[Step] | None = None) -> str:
    limit = appliance().settings.decision_limit
    listed = examinations.summary(examination.id) or Listed(examination, examination.patient)
    handled = handling.of_one(examination.id)
    counted = cases.counted(listed, handled, limit)
    template = appliance().reporting.template
    suggested = suggested_finding(counted.tally, limit) if counted.verified else ""
    row = conclusions.of(examination.id)
    return render_template(
        "concluding/conclude.html",
        examination=examination,
        patient=examination.patient,
        counted=counted,
        limit=limit,
        progress=handled.progress,
        possible=examination.status in examinations.OPEN or handled.amendment is not None,
        row=row,
        finding=template.findings[row.finding] if row else "",
        form=form,
        others=others or [],
        findings=[(code, template.findings[code]) for code in Finding],
        suggested=template.findings[suggested] if suggested else "",
        phrases=template.phrases,
        overridden=cases.overridden(fields.of_examination(examination.id)),
        parts=cases.parts(readings.of_examination(examination.id)),
        before=cases.before(examination, hidden=offers.hidden()),
        words=labels,
    )


def _critical_page(examination: Examination, form: Form) -> str:
    row = conclusions.of(examination.id)
    return render_template(
        "concluding/critical.html",
        examination=examination,
        patient=examination.patient,
        row=row,
        finding=appliance().reporting.template.findings[row.finding] if row else "",
        form=form,
        words=labels,
    )

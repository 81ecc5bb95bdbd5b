"""Signing a report, and what was signed: versions, what each changed, amendments."""

from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from appliance.errors import Conflict, InvalidInput
from appliance.permissions import Permission
from appliance.records import (
    agreements,
    conclusions,
    examinations,
    fields,
    handling,
    readings,
    report_versions,
    standing,
    steps,
)
from appliance.records.overview import Listed
from appliance.records.tables import Examination
from appliance.services.signed_record import Draft
from webui import cases, labels, opened, papers, reasons, versions
from webui.access import actor, appliance, needs, signed_in
from webui.forms import Entries, Form
from webui.notices import notice

pages = Blueprint("signing", __name__)

AMENDING = (
    "Further cells were read",
    "A second opinion was obtained",
    "A clinical detail came in later",
    "A cell was called wrongly",
    "Patient or specimen was entered wrongly",
)
"""Ready-made reasons for a new version."""
KINDS = (
    ("amended", "Amended: something was added or is seen differently"),
    ("corrected", "Corrected: what was signed was wrong"),
)
GIVING_UP = ("Begun by mistake", "The signed report stands as it is")


@pages.get("/examinations/<uuid:examination_id>/sign")
@needs(Permission.REPORT_SIGN)
def show(examination_id: UUID) -> str:
    """Show what is signed, what keeps it from being signed, and ask for the password."""
    return _sign_page(_open(examination_id), Form())


@pages.post("/examinations/<uuid:examination_id>/sign")
@needs(Permission.REPORT_SIGN)
def sign(examination_id: UUID) -> ResponseReturnValue:
    """Sign what was shown; where it is no longer that, show it anew."""
    examination, entries = _open(examination_id), Entries(request.form)
    password = entries.secret("password")
    revision, seen = entries.whole("revision"), entries.text("sha256", longest=64)
    try:
        entries.check()
        version = appliance().review.sign(examination_id, revision, seen, password, actor())
    except InvalidInput as error:
        return _sign_page(examination, entries.refused(error)), 422
    except Conflict as error:
        done = report_versions.by_sha256(seen)
        if done is not None and done.signatures[0].__data__["signer"] == actor().user_id:
            # The answer to this very form was lost, or its button pressed twice.
            return redirect(url_for("signing.show_version", report_id=done.id), 303)
        form = entries.refused(InvalidInput({"": f"{error.sentence} {error.advice}"}))
        return _sign_page(_open(examination_id), form), 409
    number = examination.accession_number
    notice(f"Examination {number} is signed: version {version.number}, {version.status}.")
    return redirect(url_for("signing.show_version", report_id=version.id), 303)


@pages.get("/examinations/<uuid:examination_id>/reports")
@needs(Permission.REPORT_READ)
def show_newest(examination_id: UUID) -> ResponseReturnValue:
    """Lead to the newest signed report, or to the preview where none is signed."""
    version = report_versions.latest(examination_id)
    if version is None:
        return redirect(url_for("reports.show", examination_id=examination_id), 303)
    return redirect(url_for("signing.show_version", report_id=version.id), 303)


@pages.get("/reports/<uuid:report_id>")
@needs(Permission.REPORT_READ)
def show_version(report_id: UUID) -> str:
    """Show one signed version as it was printed, with all others; that it was opened is kept."""
    version = report_versions.get(report_id)
    examination = _open(version.__data__["examination"])
    report_versions.opened(report_id, actor())
    every = report_versions.versions_of(examination.id)
    handled = handling.of_one(examination.id)
    return render_template(
        "signing/version.html",
        examination=examination,
        patient=examination.patient,
        version=version,
        newest=every[0],
        versions=versions.compared(every),
        state=cases.state_of(examination, handled.amendment is not None),
        handled=handled,
        whole=report_versions.is_whole(version),
        wording=appliance().reporting.template.wording,
        words=labels,
    )


@pages.get("/reports/<uuid:report_id>/report.pdf")
@needs(Permission.REPORT_READ)
def version_pdf(report_id: UUID) -> Response:
    """Hand out a signed version; one that is outdated carries that on each page."""
    version = report_versions.get(report_id)
    examination = opened.examination_again(version.__data__["examination"])
    standing.require_sighted(examination.id, actor())
    data = appliance().reporting.kept_pdf(version, by=actor())
    return papers.inline(data, f"{examination.accession_number}-report-v{version.number}")


@pages.get("/examinations/<uuid:examination_id>/amend")
@needs(Permission.REPORT_SIGN)
def show_amend(examination_id: UUID) -> str:
    """Ask what kind of change it is, and why."""
    return _amend_page(_open(examination_id), Form())


@pages.post("/examinations/<uuid:examination_id>/amend")
@needs(Permission.REPORT_SIGN)
def amend(examination_id: UUID) -> ResponseReturnValue:
    """Open a signed examination for changes."""
    examination, entries = _open(examination_id), Entries(request.form)
    try:
        kind = entries.choice("status", [code for code, _ in KINDS])
        reason = reasons.reason_from(entries, AMENDING)
        report_versions.begin_amendment(examination_id, kind, reason, actor())
    except InvalidInput as error:
        return _amend_page(examination, entries.refused(error)), 422
    notice("The report is open for changes. The signed version stands until you sign the next.")
    return redirect(url_for("examinations.show", examination_id=examination_id), 303)


@pages.get("/examinations/<uuid:examination_id>/amend/give-up")
@needs(Permission.REPORT_SIGN)
def show_give_up(examination_id: UUID) -> str:
    """Ask why an amendment is given up."""
    return _give_up_page(_open(examination_id), Form())


@pages.post("/examinations/<uuid:examination_id>/amend/give-up")
@needs(Permission.REPORT_SIGN)
def give_up(examination_id: UUID) -> ResponseReturnValue:
    """Put everything back as it was signed."""
    examination, entries = _open(examination_id), Entries(request.form)
    amendment = report_versions.open_amendment(examination_id)
    if amendment is None:
        raise Conflict("This report is not being amended.", advice="Open it to see how it stands.")
    try:
        reason = reasons.reason_from(entries, GIVING_UP)
        report_versions.give_up_amendment(amendment.id, reason, actor())
    except InvalidInput as error:
        return _give_up_page(examination, entries.refused(error)), 422
    notice("The amendment is given up; everything is as it was signed.")
    return redirect(url_for("examinations.show", examination_id=examination_id), 303)


def _open(examination_id: UUID) -> Examination:
    """Open it for a page that shows what others called the cells."""
    examination = opened.examination(examination_id)
    standing.require_sighted(examination_id, actor())
    return examination


def _sign_page(examination: Examination, form: Form) -> str:
    limit = appliance().settings.decision_limit
    listed = examinations.summary(examination.id) or Listed(examination, examination.patient)
    handled = handling.of_one(examination.id)
    template = appliance().reporting.template
    conclusion = conclusions.of(examination.id)
    draft, closed = _draft(examination.id)
    return render_template(
        "signing/sign.html",
        examination=examination,
        patient=examination.patient,
        person=signed_in(),
        draft=draft,
        meaning=template.wording[str(draft.next.meaning)] if draft else "",
        obstacles=[closed] if closed else appliance().review.obstacles(examination.id, actor()),
        counted=cases.counted(listed, handled, limit),
        limit=limit,
        handled=handled,
        conclusion=conclusion,
        finding=template.findings[conclusion.finding] if conclusion else "",
        overridden=cases.overridden(fields.of_examination(examination.id)),
        parts=cases.parts(readings.of_examination(examination.id)),
        unread=len(agreements.unread(examination.id)),
        form=form,
        words=labels,
    )


def _draft(examination_id: UUID) -> tuple[Draft | None, str]:
    """Return what would be signed, or why there is nothing to sign."""
    try:
        return appliance().review.draft(examination_id), ""
    except Conflict as error:
        return None, f"{error.sentence} {error.advice}"


def _amend_page(examination: Examination, form: Form) -> str:
    handled = handling.of_one(examination.id)
    return render_template(
        "signing/amend.html",
        examination=examination,
        patient=examination.patient,
        latest=report_versions.latest(examination.id),
        possible=examination.status in steps.SIGNED and handled.amendment is None,
        kinds=KINDS,
        ready=AMENDING,
        form=form,
    )


def _give_up_page(examination: Examination, form: Form) -> str:
    return render_template(
        "signing/give_up.html",
        examination=examination,
        patient=examination.patient,
        amendment=report_versions.open_amendment(examination.id),
        ready=GIVING_UP,
        form=form,
    )

"""Checks the code of a printed report: whether its record is known, unchanged and current."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from appliance.permissions import Permission
from appliance.records import report_versions
from appliance.services import casebook
from webui import opened, searches
from webui.access import needs
from webui.forms import Entries, Form

pages = Blueprint("checking", __name__)


@pages.get("/check")
@needs(Permission.REPORT_READ)
def ask() -> str:
    """Ask for the code."""
    return render_template("checking/check.html", form=Form(), version=None)


@pages.post("/check")
@needs(Permission.REPORT_READ)
def find() -> ResponseReturnValue:
    """Go to what a scanned or typed code names."""
    code = searches.hash_in(Entries(request.form).text("code", longest=400))
    if not code:
        form = Form.of(code=request.form.get("code", ""))
        sentence = "This is no code of a report: it has 64 digits and letters from a to f."
        page = render_template("checking/check.html", form=form, version=None, wrong=sentence)
        return page, 422
    return redirect(url_for("checking.show", sha256=code), 303)


@pages.get("/check/<string:sha256>")
@needs(Permission.REPORT_READ)
def show(sha256: str) -> ResponseReturnValue:
    """Say what is known of the record with this hash."""
    version = report_versions.by_sha256(sha256)
    if version is None:
        page = render_template("checking/check.html", form=Form(), version=None, unknown=sha256)
        return page, 404
    examination = opened.examination(version.examination.id)
    return render_template(
        "checking/check.html",
        form=Form(),
        version=version,
        examination=examination,
        whole=report_versions.is_whole(version),
        outdated=casebook.outdated(version),
    )

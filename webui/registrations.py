"""Registrations of one person: found, compared, merged, taken apart again; and kept for good."""

from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from appliance.errors import Conflict, InvalidInput
from appliance.permissions import Permission
from appliance.records import duplicates, merging, patients
from appliance.records.duplicates import Alike
from appliance.records.tables import Patient
from appliance.vocabulary import how_many
from webui import labels, opened, searches
from webui.access import actor, needs
from webui.comparisons import registrations as compared
from webui.forms import Entries, Form
from webui.notices import notice

pages = Blueprint("registrations", __name__)

_FOUND = 10


@pages.get("/patients/<uuid:patient_id>/merge")
@needs(Permission.PATIENT_MERGE)
def show_choice(patient_id: UUID) -> str:
    """Offer who may be the same person, or is found by a search."""
    patient = patients.open_for(patient_id, actor())
    text = searches.asked()
    offered = _found(patient, text) if text else _alike(patient)
    opened.listing("patient:list", len(offered))
    return render_template(
        "registrations/choose.html",
        patient=patient,
        offered=offered,
        text=text,
        words=labels,
    )


@pages.post("/patients/<uuid:patient_id>/merge/search")
@needs(Permission.PATIENT_MERGE)
def search(patient_id: UUID) -> ResponseReturnValue:
    """Look for the other registration."""
    key = searches.keep(searches.typed())
    address = url_for("registrations.show_choice", patient_id=patient_id, search=key or None)
    return redirect(address, 303)


@pages.get("/patients/<uuid:patient_id>/merge/<uuid:other_id>")
@needs(Permission.PATIENT_MERGE)
def show_both(patient_id: UUID, other_id: UUID) -> str:
    """Compare two registrations side by side before they are merged."""
    return _both_page(patient_id, other_id, Form.of(survivor=str(patient_id)))


@pages.post("/patients/<uuid:patient_id>/merge/<uuid:other_id>")
@needs(Permission.PATIENT_MERGE)
def merge(patient_id: UUID, other_id: UUID) -> ResponseReturnValue:
    """Merge two registrations into the one chosen, with a reason."""
    entries = Entries(request.form)
    seen = {patient_id: entries.whole("revision"), other_id: entries.whole("other_revision")}
    try:
        chosen = entries.choice("survivor", [str(patient_id), str(other_id)])
        reason = entries.text("reason", required=True, longest=1000)
        entries.check()
        kept, given_up = (
            (patient_id, other_id) if chosen == str(patient_id) else (other_id, patient_id)
        )
        row = merging.merge(kept, given_up, reason, actor(), revisions=(seen[kept], seen[given_up]))
    except InvalidInput as error:
        return _both_page(patient_id, other_id, entries.refused(error)), 422
    except Conflict as error:
        said = "Look again: something has changed since you opened this page. " + error.sentence
        return _both_page(patient_id, other_id, entries.as_typed(), said), 409
    moved = how_many(sum(len(ids) for ids in row.moved.values()), "record")
    notice(f"The registrations are merged: {moved} moved. It can be taken back below.")
    return redirect(url_for("patients.show", patient_id=kept), 303)


@pages.get("/merges/<uuid:merge_id>/undo")
@needs(Permission.PATIENT_MERGE)
def show_undo(merge_id: UUID) -> str:
    """Show what taking a merge back would do, and ask why."""
    return _undo_page(merge_id, Form())


@pages.post("/merges/<uuid:merge_id>/undo")
@needs(Permission.PATIENT_MERGE)
def undo(merge_id: UUID) -> ResponseReturnValue:
    """Take a merge back."""
    entries = Entries(request.form)
    try:
        reason = entries.text("reason", required=True, longest=1000)
        entries.check()
        undone = merging.undo(merge_id, reason, actor())
    except InvalidInput as error:
        return _undo_page(merge_id, entries.refused(error)), 422
    moved, stayed = how_many(undone.put_back, "record"), how_many(undone.stayed, "record")
    rest = f"; {stayed} stayed where they are now" if undone.stayed else ""
    notice(f"The merge is taken back: {moved} moved back{rest}.")
    duplicate_id = undone.merge.__data__["duplicate"]
    return redirect(url_for("patients.show", patient_id=duplicate_id), 303)


@pages.get("/patients/<uuid:patient_id>/protection")
@needs(Permission.PATIENT_PROTECT)
def show_protection(patient_id: UUID) -> str:
    """Ask why a patient's records are to be kept for good, or no longer."""
    return _protection_page(patients.open_for(patient_id, actor()), Form())


@pages.post("/patients/<uuid:patient_id>/protection")
@needs(Permission.PATIENT_PROTECT)
def protect(patient_id: UUID) -> ResponseReturnValue:
    """Protect a patient's records from retention, or lift that again."""
    patient, entries = patients.open_for(patient_id, actor()), Entries(request.form)
    protected = not entries.flag("lift")
    try:
        reason = entries.text("reason", required=True, longest=1000)
        entries.check()
        patients.protect(patient_id, protected, reason, entries.whole("revision"), actor())
    except InvalidInput as error:
        return _protection_page(patient, entries.refused(error)), 422
    notice("The records are protected." if protected else "The records are no longer protected.")
    return redirect(url_for("patients.show", patient_id=patient_id), 303)


def _alike(patient: Patient) -> list[Alike]:
    return duplicates.possible(patient.__data__, limit=_FOUND, but=patient.id)


def _found(patient: Patient, text: str) -> list[Alike]:
    found = patients.find(text, _FOUND + 1)
    return [Alike(row, "", 0) for row in found if row.id != patient.id][:_FOUND]


def _both_page(patient_id: UUID, other_id: UUID, form: Form, said: str = "") -> str:
    one, other = (patients.open_for(each, actor()) for each in (patient_id, other_id))
    return render_template(
        "registrations/both.html",
        both=(one, other),
        lines=compared(one, other),
        form=form,
        said=said,
        words=labels,
    )


def _undo_page(merge_id: UUID, form: Form) -> str:
    row = merging.get(merge_id)
    for each in (row.__data__["survivor"], row.__data__["duplicate"]):
        patients.open_for(each, actor())
    return render_template("registrations/undo.html", merge=row, form=form, words=labels)


def _protection_page(patient: Patient, form: Form) -> str:
    return render_template("registrations/protection.html", patient=patient, form=form)

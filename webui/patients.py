"""Patients: found, registered, shown with findings and examinations, changed with their history."""

from typing import Any
from uuid import UUID

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from appliance.errors import InvalidInput
from appliance.permissions import Permission
from appliance.records import clinical, duplicates, examinations, merging, patients, standing
from appliance.records.duplicates import Alike
from appliance.records.paging import Page
from appliance.records.tables import Patient
from appliance.vocabulary import Sex
from webui import asked, findings, labels, offers, opened, searches, summaries, trends
from webui.access import actor, appliance, needs
from webui.changing import Changing
from webui.forms import Entries, Form
from webui.histories import Step
from webui.notices import notice

pages = Blueprint("patients", __name__, url_prefix="/patients")

PAGE_SIZE = 25
THEN = ("examination",)
"""What choosing or registering a patient may lead on to."""


@pages.get("")
@needs(Permission.PATIENT_READ)
def show_list() -> str:
    """List patients: those found, or those registered last."""
    return render_template("patients/list.html", **_list(searches.key(), searches.asked()))


@pages.post("/search")
@needs(Permission.PATIENT_READ)
def search() -> ResponseReturnValue:
    """Find patients; as a part of the page where it asks while somebody types."""
    text = searches.typed()
    key = searches.keep(text)
    address = _address(search=key)
    if "HX-Request" in request.headers:
        response = make_response(render_template("patients/_rows.html", **_list(key, text)))
        response.headers["HX-Replace-Url"] = address
        return response
    known = patients.by_number(text) if text else None
    return redirect(_chosen(patients.survivor_of(known)) if known else address, 303)


@pages.get("/new")
@needs(Permission.PATIENT_WRITE)
def show_new() -> str:
    """Show the form for a new patient."""
    return _new_page(Form())


@pages.post("/new")
@needs(Permission.PATIENT_WRITE)
def register() -> ResponseReturnValue:
    """Register a patient, unless somebody registered looks like the same person."""
    entries = Entries(request.form)
    try:
        values = _read(entries)
        alike = [] if entries.flag("anyway") else _alike(values)
        if alike:
            return _new_page(Form.of(**values), alike), 409
        row = patients.register(values | _simulated(), actor())
    except InvalidInput as error:
        return _new_page(entries.refused(error), _known(entries)), 422
    notice("The patient is registered.")
    return redirect(_chosen(row), 303)


@pages.get("/<uuid:patient_id>")
@needs(Permission.PATIENT_READ)
def show(patient_id: UUID) -> str:
    """Show a patient with findings and examinations."""
    patient = patients.open_for(patient_id, actor())
    details, listed = clinical.of_patient(patient_id), examinations.of_patient(patient_id)
    hidden = offers.hidden()
    shown = [each for each in listed if each.examination.id not in hidden]
    reached = standing.progress_of([each.examination.id for each in shown])
    return render_template(
        "patients/show.html",
        patient=patient,
        latest=details[0] if details else None,
        table=findings.table(details),
        lines=summaries.lines(listed, hidden=hidden),
        series=trends.of_reports(shown, reached) + trends.of_findings(patient, details),
        chart=(trends.WIDTH, trends.HEIGHT),
        merges=merging.of_patient(patient_id),
        words=labels,
    )


@pages.get("/<uuid:patient_id>/change")
@needs(Permission.PATIENT_WRITE)
def show_change(patient_id: UUID) -> str:
    """Show what may be changed of a patient."""
    patient = patients.open_for(patient_id, actor())
    return _change_page(patient, Form.of(**patient.__data__))


@pages.post("/<uuid:patient_id>/change")
@needs(Permission.PATIENT_WRITE)
def change(patient_id: UUID) -> ResponseReturnValue:
    """Change a patient; what somebody else did in between is shown, and what was typed kept."""
    return _CHANGING.take(patients.open_for(patient_id, actor()))


@pages.post("/<uuid:patient_id>/take-back")
@needs(Permission.PATIENT_WRITE)
def take_back(patient_id: UUID) -> ResponseReturnValue:
    """Undo the last change."""
    return _CHANGING.undo(patient_id)


def _read(entries: Entries) -> dict[str, Any]:
    values = {
        "medical_record_number": entries.text("medical_record_number", required=True, longest=64),
        "family_name": entries.text("family_name", required=True),
        "given_name": entries.text("given_name"),
        "sex": entries.choice("sex", Sex),
        "birth_date": entries.day("birth_date"),
    }
    entries.check()
    return values


def _simulated() -> dict[str, bool]:
    return {"simulated": appliance().settings.simulated}


def _alike(values: dict[str, Any]) -> list[Alike]:
    """Find who may be the same person; with a number that is taken, the form itself says so."""
    if patients.by_number(values["medical_record_number"]):
        return []
    return duplicates.possible(values)


def _known(entries: Entries) -> list[Alike]:
    """Find who has the number already, to go there instead."""
    known = patients.by_number(entries.text("medical_record_number"))
    return [Alike(patients.survivor_of(known), "Has this number", 9)] if known else []


def _list(key: str, text: str) -> dict[str, Any]:
    found = _find(text, asked.page())
    opened.listing("patient:list", found.total)
    return {
        "found": found,
        "text": text,
        "then": _then(),
        "address": lambda number: _address(search=key, page=number if number > 1 else ""),
        "link": _chosen,
        "words": labels,
    }


def _find(text: str, number: int) -> Page[Patient]:
    """Return the page asked for, or the last one where there are fewer."""
    found = patients.find(text, PAGE_SIZE, (number - 1) * PAGE_SIZE)
    if number <= found.pages:
        return found
    return patients.find(text, PAGE_SIZE, (found.pages - 1) * PAGE_SIZE)


def _then() -> str:
    return asked.word("then", THEN)


def _address(**given: Any) -> str:
    wanted = given | {"then": _then()}
    return url_for("patients.show_list", **{k: v for k, v in wanted.items() if v})


def _chosen(patient: Patient) -> str:
    """Return where choosing a patient leads: to the page, or on to a new examination."""
    if _then():
        return url_for("examinations.show_new", patient_id=patient.id)
    return url_for("patients.show", patient_id=patient.id)


def _new_page(form: Form, alike: list[Alike] | None = None) -> str:
    return render_template(
        "patients/new.html", form=form, alike=alike or [], then=_then(), link=_chosen, words=labels
    )


def _change_page(patient: Patient, form: Form, others: list[Step] | None = None) -> str:
    return render_template(
        "patients/change.html", patient=patient, form=form, others=others or [], words=labels
    )


_CHANGING = Changing(
    called="The patient",
    read=lambda entries, _: _read(entries),
    change=patients.change,
    versions=patients.history,
    entries=patients.ENTRIES,
    shown=labels.PATIENT,
    page=_change_page,
    take_back=lambda row_id: url_for("patients.take_back", patient_id=row_id),
    done=lambda row: url_for("patients.show", patient_id=row.id),
)

"""Clinical details of an ALL work-up: entered for a date, changed with their history."""

from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from appliance.clock import now
from appliance.errors import InvalidInput
from appliance.permissions import Permission
from appliance.records import clinical, patients
from appliance.records.clinical import MEASUREMENTS, ORGANS, SYMPTOMS, TREATMENT_PHASES
from appliance.records.tables import ClinicalDetails, Patient
from webui import comparisons, display, labels
from webui.access import actor, needs
from webui.changing import Changing
from webui.forms import Entries, Form
from webui.histories import Step
from webui.notices import notice

pages = Blueprint("clinical", __name__)

MOST_COMPARED = 6
"""Dates side by side that a wide screen has room for."""


@pages.get("/patients/<uuid:patient_id>/findings/new")
@needs(Permission.CLINICAL_WRITE)
def show_new(patient_id: UUID) -> str:
    """Show the form for the findings of a date, today at first."""
    patient = patients.open_for(patient_id, actor())
    return _new_page(patient, Form.of(observed_on=now().astimezone().date(), treatment_phase=""))


@pages.post("/patients/<uuid:patient_id>/findings/new")
@needs(Permission.CLINICAL_WRITE)
def add(patient_id: UUID) -> ResponseReturnValue:
    """Enter the findings of a date."""
    patient, entries = patients.open_for(patient_id, actor()), Entries(request.form)
    try:
        clinical.add(patient_id, _read(entries), actor())
    except InvalidInput as error:
        return _new_page(patient, entries.refused(error)), 422
    notice("The clinical details are entered.")
    return redirect(url_for("patients.show", patient_id=patient_id), 303)


@pages.get("/findings/<uuid:details_id>")
@needs(Permission.CLINICAL_WRITE)
def show_change(details_id: UUID) -> str:
    """Show the findings of a date, to be changed."""
    details = clinical.open_for(details_id, actor())
    return _change_page(details, Form.of(**details.__data__))


@pages.post("/findings/<uuid:details_id>")
@needs(Permission.CLINICAL_WRITE)
def change(details_id: UUID) -> ResponseReturnValue:
    """Change findings; what somebody else did in between is shown, and what was typed kept."""
    return _CHANGING.take(clinical.open_for(details_id, actor()))


@pages.post("/findings/<uuid:details_id>/take-back")
@needs(Permission.CLINICAL_WRITE)
def take_back(details_id: UUID) -> ResponseReturnValue:
    """Undo the last change."""
    return _CHANGING.undo(details_id)


@pages.get("/patients/<uuid:patient_id>/findings/compare")
@needs(Permission.PATIENT_READ)
def compare(patient_id: UUID) -> str:
    """Put the findings of some dates side by side, the last two at first."""
    patient = patients.open_for(patient_id, actor())
    every = clinical.of_patient(patient_id)
    wanted = set(request.args.getlist("of"))
    ticked = [row for row in every if str(row.id) in wanted] if wanted else every[:2]
    chosen = ticked[:MOST_COMPARED][::-1]
    return render_template(
        "clinical/compare.html",
        patient=patient,
        every=every,
        chosen=chosen,
        days=[display.day(row.observed_on) for row in chosen],
        lines=comparisons.findings(patient, chosen),
        most=MOST_COMPARED,
        words=labels,
    )


def _read(entries: Entries) -> dict[str, Any]:
    numbers = {m.column: entries.number(m.column) for m in MEASUREMENTS}
    values = {
        "observed_on": entries.day("observed_on", required=True),
        **numbers,
        "symptoms": entries.choices("symptoms", SYMPTOMS),
        "organ_enlargement": entries.choices("organ_enlargement", ORGANS),
        "immunophenotype": entries.text("immunophenotype", longest=2000),
        "treatment_phase": entries.choice("treatment_phase", TREATMENT_PHASES, required=False),
        "notes": entries.text("notes", longest=10_000),
    }
    _check_plausible(entries, numbers)
    entries.check()
    return values


def _check_plausible(entries: Entries, numbers: dict[str, float | None]) -> None:
    """Say with the unit what cannot be; the records refuse it too, but only after all is read."""
    for m in MEASUREMENTS:
        value = numbers[m.column]
        if value is not None and not m.low <= value <= m.high:
            entries.errors[m.column] = (
                f"{m.label} must be between {m.low:g} and {m.high:g} {m.unit}: check the unit."
            )


def _new_page(patient: Patient, form: Form) -> str:
    return render_template("clinical/new.html", **_form(patient, form, None))


def _change_page(details: ClinicalDetails, form: Form, others: list[Step] | None = None) -> str:
    shown = _form(details.patient, form, details)
    return render_template("clinical/change.html", details=details, others=others or [], **shown)


def _form(patient: Patient, form: Form, shown: ClinicalDetails | None) -> dict[str, Any]:
    """Return what both forms show; the last earlier values stand as hints at their fields."""
    earlier = [
        row for row in clinical.of_patient(patient.id) if shown is None or row.id != shown.id
    ]
    return {"patient": patient, "form": form, "earlier": earlier[:1], "words": labels}


_CHANGING = Changing(
    called="The clinical details",
    read=lambda entries, _: _read(entries),
    change=clinical.change,
    versions=clinical.history,
    entries=clinical.ENTRIES,
    shown=labels.CLINICAL,
    page=_change_page,
    take_back=lambda row_id: url_for("clinical.take_back", details_id=row_id),
    done=lambda row: url_for("patients.show", patient_id=row.__data__["patient"]),
)

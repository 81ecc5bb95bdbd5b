"""Examinations: registered for a patient, shown with images and counts, changed with history."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from appliance.errors import InvalidInput
from appliance.permissions import Permission
from appliance.records import (
    clinical,
    examinations,
    fields,
    handling,
    patients,
    readings,
    standing,
)
from appliance.records.handling import Handling
from appliance.records.overview import Listed
from appliance.records.tables import Examination, FieldImage, Patient
from appliance.review_vocabulary import BEFORE_SUBMISSION
from appliance.vocabulary import FieldState, Specimen, Stain
from webui import (
    actions,
    cases,
    findings,
    labels,
    offers,
    opened,
    shapes,
    stages,
    summaries,
)
from webui.access import actor, appliance, needs
from webui.changing import Changing
from webui.forms import Entries, Form
from webui.histories import Step
from webui.notices import notice

pages = Blueprint("examinations", __name__)

_TIMES = ("collected_at", "received_at")

STRIP = 24
"""Images shown in small; the upload page has them all."""


@pages.get("/patients/<uuid:patient_id>/examinations/new")
@needs(Permission.EXAMINATION_CREATE)
def show_new(patient_id: UUID) -> str:
    """Show the form for a new examination."""
    patient = patients.open_for(patient_id, actor())
    return _new_page(patient, Form.of(**_usual()))


@pages.post("/patients/<uuid:patient_id>/examinations/new")
@needs(Permission.EXAMINATION_CREATE)
def create(patient_id: UUID) -> ResponseReturnValue:
    """Register an examination; its images are what comes next."""
    patient, entries = patients.open_for(patient_id, actor()), Entries(request.form)
    try:
        row = examinations.create(patient_id, _read(entries), actor())
    except InvalidInput as error:
        return _new_page(patient, entries.refused(error)), 422
    notice(f"Examination {row.accession_number} is registered.")
    return redirect(url_for("examinations.show", examination_id=row.id), 303)


@pages.get("/examinations/<uuid:examination_id>")
@needs(Permission.EXAMINATION_READ)
def show(examination_id: UUID) -> str:
    """Show an examination: how far it is, what was found, and the patient beside it."""
    examination = opened.examination(examination_id)
    patient_id = examination.__data__["patient"]
    details = clinical.of_patient(patient_id)
    others = [row for row in examinations.of_patient(patient_id) if row.examination != examination]
    return render_template(
        "examinations/show.html",
        latest=details[0] if details else None,
        table=findings.table(details),
        past=summaries.lines(others, hidden=offers.hidden()),
        **_live(examination),
    )


@pages.get("/examinations/<uuid:examination_id>/live")
@needs(Permission.EXAMINATION_READ)
def show_live(examination_id: UUID) -> str:
    """Show the parts of the page that change while images are read."""
    return render_template(
        "examinations/_live.html", **_live(opened.examination_again(examination_id))
    )


@pages.get("/examinations/<uuid:examination_id>/change")
@needs(Permission.EXAMINATION_CREATE)
def show_change(examination_id: UUID) -> str:
    """Show what may be changed of an examination."""
    examination = opened.examination(examination_id)
    return _change_page(examination, Form.of(**examination.__data__))


@pages.post("/examinations/<uuid:examination_id>/change")
@needs(Permission.EXAMINATION_CREATE)
def change(examination_id: UUID) -> ResponseReturnValue:
    """Change an examination; what happened to it in between is shown, and what was typed kept."""
    return _CHANGING.take(opened.examination(examination_id))


@pages.post("/examinations/<uuid:examination_id>/take-back")
@needs(Permission.EXAMINATION_CREATE)
def take_back(examination_id: UUID) -> ResponseReturnValue:
    """Undo the last change."""
    return _CHANGING.undo(examination_id)


def _read(entries: Entries) -> dict[str, Any]:
    values = {
        "accession_number": entries.text("accession_number", required=True, longest=40),
        "specimen": entries.choice("specimen", Specimen),
        "stain": entries.choice("stain", Stain),
        "collected_at": entries.moment("collected_at"),
        "received_at": entries.moment("received_at"),
        "objective": entries.text("objective_other", longest=40)
        or entries.text("objective", longest=40),
        "um_per_px": entries.number("um_per_px", low=0.01, high=10),
        "microscope": entries.text("microscope", longest=60),
        "stain_batch": entries.text("stain_batch", longest=60),
        "indication": entries.text("indication", longest=2000),
        "notes": entries.text("notes", longest=10_000),
    }
    entries.check()
    return values


def _touched(values: dict[str, Any], row: Examination) -> dict[str, Any]:
    """Leave out times that stand as they were shown: a page has no seconds, a record may."""

    def as_shown(moment: datetime | None) -> datetime | None:
        return moment and moment.replace(second=0, microsecond=0)

    same = {name for name in _TIMES if values[name] == as_shown(row.__data__[name])}
    return {name: value for name, value in values.items() if name not in same}


def _at_its_field(error: InvalidInput) -> InvalidInput:
    """Say what concerns the time of the first image at a field that the form has."""
    fields_wrong = dict(error.fields)
    if fields_wrong.pop("imaged_at", ""):
        fields_wrong.setdefault("received_at", "This cannot be after the first image was taken.")
    return InvalidInput(fields_wrong)


def _usual() -> dict[str, object]:
    """Fill in what a laboratory rarely changes, out of the last examination."""
    number = {
        "accession_number": examinations.next_accession_number(),
        "objective": "",
        "microscope": appliance().settings.place,
    }
    last = next(iter(examinations.find(limit=1)), None)
    if last is None:
        return dict(number)
    row = last.examination
    kept = ("stain", "stain_batch", "objective", "um_per_px")
    return number | {name: row.__data__[name] for name in kept}


def _live(examination: Examination) -> dict[str, Any]:
    rows = fields.of_examination(examination.id)
    tallies = examinations.tallies_of_fields(examination.id)
    listed = examinations.summary(examination.id) or Listed(examination, examination.patient)
    handled = handling.of_one(examination.id)
    blind = examination.id in offers.hidden()
    if blind:
        handled = replace(handled, conclusion=None)
    limit = appliance().settings.decision_limit
    return {
        "examination": examination,
        "patient": listed.patient,
        "listed": listed,
        "steps": stages.of(listed, handled),
        "state": cases.state_of(examination, handled.amendment is not None),
        "handled": handled,
        "blind": blind,
        "counted": cases.counted(listed, handled, limit, model_verified=cases.model_verified(rows)),
        "finding": _finding(handled),
        "parts": cases.parts(readings.of_examination(examination.id)),
        "actions": actions.of(
            listed, handled, blind=standing.is_blind(examination.id, actor()), offered=blind
        ),
        "limit": limit,
        "images": _pressing_first(rows)[:STRIP],
        "rows": rows,
        "tallies": tallies,
        "progress": shapes.progress(rows, tallies, examination.status),
        "words": labels,
        "is_open": examination.status in examinations.OPEN,
        "takes_more": examination.status in BEFORE_SUBMISSION,
    }


def _finding(handled: Handling) -> str:
    row = handled.conclusion
    return appliance().reporting.template.findings[row.finding] if row else ""


def _pressing_first(rows: Sequence[FieldImage]) -> list[FieldImage]:
    stopped = (FieldState.REFUSED, FieldState.FAILED)
    return sorted(rows, key=lambda row: (row.state not in stopped, row.number))


def _new_page(patient: Patient, form: Form) -> str:
    return render_template("examinations/new.html", patient=patient, form=form, words=labels)


def _change_page(examination: Examination, form: Form, others: list[Step] | None = None) -> str:
    return render_template(
        "examinations/change.html",
        examination=examination,
        form=form,
        others=others or [],
        words=labels,
    )


_CHANGING = Changing(
    called="The examination",
    read=lambda entries, row: _touched(_read(entries), row),
    change=examinations.change,
    versions=examinations.history,
    entries=examinations.ENTRIES,
    shown=labels.EXAMINATION,
    page=_change_page,
    take_back=lambda row_id: url_for("examinations.take_back", examination_id=row_id),
    done=lambda row: url_for("examinations.show", examination_id=row.id),
    at_field=_at_its_field,
)

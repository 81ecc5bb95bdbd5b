"""The steps of an examination, from the patient to the report, and how far each is."""

from dataclasses import dataclass

from flask import url_for

from appliance.permissions import Permission
from appliance.records import examinations
from appliance.records.overview import Listed
from webui.access import may


@dataclass(frozen=True)
class Stage:
    """One step: where it leads, how far it is, and that in words."""

    label: str
    address: str
    """Empty where there is nothing to open."""
    state: str
    """done, attention, busy or open."""
    words: str
    now: bool = False
    """The one to be done next."""


def of(listed: Listed) -> list[Stage]:
    """Return the five steps of an examination, with the one that comes next marked.

    What is missing of patient and specimen can be filled in at any time and holds nobody up.
    """
    made = (_patient(listed), _specimen(listed), _images(listed), _cells(listed), _report(listed))
    first = next((stage for stage in made[2:] if stage.state != "done"), made[-1])
    return [
        Stage(stage.label, stage.address, stage.state, stage.words, now=stage is first)
        for stage in made
    ]


def _patient(listed: Listed) -> Stage:
    address = url_for("patients.show", patient_id=listed.patient.id)
    if listed.patient.birth_date is None:
        return Stage("Patient", address, "attention", "birth date missing")
    return Stage("Patient", address, "done", "registered")


def _specimen(listed: Listed) -> Stage:
    row = listed.examination
    changeable = may(Permission.EXAMINATION_CREATE) and row.status in examinations.OPEN
    endpoint = "examinations.show_change" if changeable else "examinations.show_history"
    address = url_for(endpoint, examination_id=row.id)
    for moment, words in (
        (row.collected_at, "collected when?"),
        (row.received_at, "received when?"),
    ):
        if moment is None:
            return Stage("Specimen", address, "attention", words)
    return Stage("Specimen", address, "done", "complete")


def _images(listed: Listed) -> Stage:
    address = "#images"
    if may(Permission.FIELD_ADD):
        address = url_for("upload.show", examination_id=listed.examination.id)
    need_you = listed.refused + listed.failed
    if not listed.fields:
        return Stage("Images", address, "open", "none yet")
    if need_you:
        words = "1 needs you" if need_you == 1 else f"{need_you} need you"
        return Stage("Images", address, "attention", words)
    if listed.waiting:
        return Stage("Images", address, "busy", f"{listed.analysed} of {listed.fields} read")
    return Stage("Images", address, "done", f"{listed.fields} read")


def _cells(listed: Listed) -> Stage:
    if not listed.analysed:
        return Stage("Cells", "", "open", "after the images")
    address = url_for("fields.show_gallery", examination_id=listed.examination.id)
    if not listed.cells:
        return Stage("Cells", address, "attention", "none found")
    return Stage("Cells", address, "attention", f"{listed.cells} to verify")


def _report(listed: Listed) -> Stage:
    if not listed.fields:
        return Stage("Report", "", "open", "after the cells")
    address = url_for("reports.show", examination_id=listed.examination.id)
    return Stage("Report", address, "open", "preview")

"""The steps of an examination, from the patient to the report, and how far each is."""

from dataclasses import dataclass, replace

from flask import url_for

from appliance.permissions import Permission
from appliance.records import examinations
from appliance.records.handling import Handling
from appliance.records.overview import Listed
from appliance.records.steps import SIGNED
from appliance.review_vocabulary import BEFORE_SUBMISSION
from appliance.vocabulary import ExaminationStatus, how_many
from webui.access import may
from webui.cases import CLOSED
from webui.labels import FINDINGS_SHORT, STATUSES


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
    begins: bool = False
    """Whether it is a button of the page's form `begin`, which begins to read."""


def of(listed: Listed, handled: Handling) -> list[Stage]:
    """Return the six steps of an examination, with the one that comes next marked.

    What is missing of patient and specimen can be filled in at any time and holds nobody up.
    """
    made = (
        *(_patient(listed), _specimen(listed), _images(listed)),
        *(_cells(listed, handled), _conclusion(listed, handled), _signature(listed, handled)),
    )
    first = next((stage for stage in made[2:] if stage.state != "done"), made[-1])
    return [replace(stage, now=stage is first) for stage in made]


def _patient(listed: Listed) -> Stage:
    address = url_for("patients.show", patient_id=listed.patient.id)
    if listed.patient.birth_date is None:
        return Stage("Patient", address, "attention", "birth date missing")
    return Stage("Patient", address, "done", "registered")


def _specimen(listed: Listed) -> Stage:
    row = listed.examination
    changeable = may(Permission.EXAMINATION_CREATE) and row.status in examinations.OPEN
    endpoint = "examinations.show_change" if changeable else "history.examination"
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
    if not listed.fields:
        return Stage("Images", address, "open", "none yet")
    if listed.need_you:
        words = how_many(listed.need_you, "needs you", "need you")
        return Stage("Images", address, "attention", words)
    if listed.waiting or listed.stopped:
        state = "busy" if listed.waiting else "done"
        return Stage("Images", address, state, f"{listed.analysed} of {listed.fields} read")
    return Stage("Images", address, "done", f"{listed.fields} read")


def _cells(listed: Listed, handled: Handling) -> Stage:
    row = listed.examination
    if not listed.analysed:
        return Stage("Read cells", "", "open", "after the images")
    reads = may(Permission.CELL_DECIDE) and _is_workable(listed, handled)
    address = url_for("reading.begin" if reads else "fields.show_gallery", examination_id=row.id)
    return Stage("Read cells", address, *_of_cells(row.status, handled), begins=reads)


def _of_cells(status: str, handled: Handling) -> tuple[str, str]:
    """Say how far the cells are: state and words."""
    reached = handled.progress
    some = f"{reached.verified} of {reached.counted}"
    if status in CLOSED:
        return "open", f"{some} verified"
    if not reached.counted:
        return "attention", "none found"
    if handled.pending:
        return "attention", "second reading"
    if not reached.complete:
        return "attention", some if reached.verified else f"{reached.counted} to verify"
    if status in BEFORE_SUBMISSION:
        return "attention", "to submit"
    return "done", f"{reached.verified} verified"


def _conclusion(listed: Listed, handled: Handling) -> Stage:
    row, conclusion = listed.examination, handled.conclusion
    address = ""
    if may(Permission.CONCLUSION_WRITE) and listed.fields and _is_workable(listed, handled):
        address = url_for("concluding.show", examination_id=row.id)
    if conclusion is None:
        words = "to be written" if _is_at_the_clinician(listed, handled) else "after the cells"
        return Stage("Conclude", address, "open", words)
    if handled.untold:
        told = may(Permission.CONCLUSION_WRITE)
        place = url_for("concluding.show_critical", examination_id=row.id) if told else address
        return Stage("Conclude", place, "attention", "critical: tell them")
    return Stage("Conclude", address, "done", FINDINGS_SHORT[conclusion.finding])


def _signature(listed: Listed, handled: Handling) -> Stage:
    row = listed.examination
    if handled.amendment is None and row.status in SIGNED:
        address = url_for("signing.show_newest", examination_id=row.id)
        return Stage("Sign", address, "done", STATUSES[row.status].lower())
    if not _is_at_the_clinician(listed, handled):
        address = url_for("reports.show", examination_id=row.id) if listed.fields else ""
        words = "withdrawn" if row.status in CLOSED else "preview"
        return Stage("Sign", address, "open", words if address else "at the end")
    signs = may(Permission.REPORT_SIGN)
    endpoint = "signing.show" if signs else "reports.show"
    words = "amendment" if handled.amendment is not None else "to be signed"
    return Stage("Sign", url_for(endpoint, examination_id=row.id), "open", words)


def _is_at_the_clinician(listed: Listed, handled: Handling) -> bool:
    submitted = listed.examination.status == ExaminationStatus.PRELIMINARY
    return submitted or handled.amendment is not None


def _is_workable(listed: Listed, handled: Handling) -> bool:
    """Say whether cells and conclusion may still change."""
    return listed.examination.status in examinations.OPEN or handled.amendment is not None

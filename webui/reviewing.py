"""Steps of an examination outside reading and signing: submitted, sent back, cancelled, voided."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from appliance.errors import InvalidInput, NotFound
from appliance.permissions import Permission
from appliance.records import readings, states, steps
from appliance.records.tables import Examination
from appliance.review_vocabulary import ReadingKind
from appliance.vocabulary import Actor, ExaminationStatus
from webui import opened, readers, reasons
from webui.access import actor, appliance, needs
from webui.forms import Entries, Form
from webui.notices import notice

pages = Blueprint("reviewing", __name__)


@dataclass(frozen=True)
class Step:
    """A step that needs a reason: a page that asks for it, and what its form does."""

    name: str
    """Of its endpoint; that of the page begins with show_."""
    need: Permission
    title: str
    note: str
    """What follows from it."""
    button: str
    done: str
    ready: tuple[str, ...]
    """Ready-made reasons."""
    allowed: frozenset[ExaminationStatus]
    take: Callable[[UUID, int, str, Actor], Examination]
    symbol: str = "undo"


SEND_BACK = Step(
    name="send_back",
    need=Permission.CONCLUSION_WRITE,
    title="Send back",
    note="The first reading opens again at the bench, with your reason on top. No call is lost.",
    button="Send back to the bench",
    done="is sent back to the bench",
    ready=(
        "More cells are needed",
        "Images are not good enough: take others",
        "Cells are called wrongly",
        "Patient or specimen does not fit",
    ),
    allowed=frozenset({ExaminationStatus.PRELIMINARY}),
    take=states.send_back,
)
CANCEL = Step(
    name="cancel",
    need=Permission.EXAMINATION_CANCEL,
    title="Cancel the examination",
    note="It takes no more images and no reading. All of it stays readable, marked as cancelled.",
    button="Cancel the examination",
    done="is cancelled",
    ready=(
        "Smear cannot be assessed",
        "Requested by mistake",
        "Registered twice",
        "Requested by the ward",
    ),
    allowed=frozenset(
        {
            ExaminationStatus.REGISTERED,
            ExaminationStatus.PARTIAL,
            ExaminationStatus.PRELIMINARY,
        }
    ),
    take=states.cancel,
    symbol="cross",
)
VOID = Step(
    name="void",
    need=Permission.EXAMINATION_VOID,
    title="Mark as entered in error",
    note="The report is withdrawn: it stays readable, marked as entered in error wherever it is "
    "shown. This cannot be taken back.",
    button="Mark as entered in error",
    done="is marked as entered in error",
    ready=("Wrong patient", "Wrong specimen", "Signed by mistake"),
    allowed=frozenset(steps.SIGNED),
    take=states.void,
    symbol="warning",
)


@pages.post("/readings/submit")
@needs(Permission.CELL_DECIDE)
def submit() -> ResponseReturnValue:
    """End a reading; what comes next is said on the page it leads to."""
    reading = readers.mine(_posted_id())
    examination = appliance().review.submit(reading.id, actor())
    if reading.kind == ReadingKind.FIRST:
        asked = any(
            row.kind == ReadingKind.SECOND and row.state in readings.PENDING
            for row in readings.of_examination(examination.id)
        )
        more = " A second person reads it, too, without seeing your calls." if asked else ""
        notice(f"Examination {examination.accession_number} is submitted for signing.{more}")
        return redirect(url_for("examinations.show", examination_id=examination.id), 303)
    what = "second reading" if reading.kind == ReadingKind.SECOND else "adjudication"
    notice(f"Your {what} of {examination.accession_number} is submitted.")
    return redirect(url_for("second.show_agreement", examination_id=examination.id), 303)


def _add_step(step: Step) -> None:
    @needs(step.need)
    def show(examination_id: UUID) -> str:
        return _page(examination_id, step, Form())

    @needs(step.need)
    def take(examination_id: UUID) -> ResponseReturnValue:
        entries = Entries(request.form)
        revision = entries.whole("revision")
        try:
            reason = reasons.reason_from(entries, step.ready)
            row = step.take(examination_id, revision, reason, actor())
        except InvalidInput as error:
            return _page(examination_id, step, entries.refused(error)), 422
        notice(f"Examination {row.accession_number} {step.done}.")
        return redirect(url_for("examinations.show", examination_id=examination_id), 303)

    rule = f"/examinations/<uuid:examination_id>/{step.name.replace('_', '-')}"
    pages.add_url_rule(rule, endpoint=f"show_{step.name}", view_func=show)
    pages.add_url_rule(rule, endpoint=step.name, view_func=take, methods=["POST"])


for _step in (SEND_BACK, CANCEL, VOID):
    _add_step(_step)


def _page(examination_id: UUID, step: Step, form: Form) -> str:
    examination = opened.examination(examination_id)
    status = ExaminationStatus(examination.status)
    return render_template(
        "reviewing/step.html",
        examination=examination,
        patient=examination.patient,
        step=step,
        form=form,
        possible=status in step.allowed,
        status=status,
    )


def _posted_id() -> UUID:
    try:
        return UUID(request.form.get("reading_id", ""))
    except ValueError as error:
        raise NotFound("There is no such reading.") from error

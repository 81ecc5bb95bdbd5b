"""Who may read an examination now, in which part, and what their page sent."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import request

from appliance.errors import Forbidden, InvalidInput
from appliance.permissions import Permission
from appliance.records import decisions, examinations, readings, standing, steps
from appliance.records.review_tables import Reading
from appliance.records.tables import Examination
from appliance.review_vocabulary import BEFORE_SUBMISSION, CellLabel, ReadingKind, ReadingState
from webui import cellviews, displays
from webui.access import actor, may

_NEEDED = {
    ReadingKind.SECOND: Permission.READING_SECOND,
    ReadingKind.ADJUDICATION: Permission.READING_ADJUDICATE,
    ReadingKind.REVIEW: Permission.CONCLUSION_WRITE,
}


def kind_now(examination: Examination) -> ReadingKind | None:
    """Return which reading this person may do now, of those that need not be asked for."""
    if not may(Permission.CELL_DECIDE) or standing.is_blind(examination.id, actor()):
        return None
    if examination.status in BEFORE_SUBMISSION:
        return ReadingKind.FIRST
    workable = examination.status in examinations.OPEN or steps.is_amended(examination.id)
    return ReadingKind.REVIEW if may(Permission.CONCLUSION_WRITE) and workable else None


def own_open(examination: Examination) -> Reading | None:
    """Return the reading that this person has begun, of the kind they may do now."""
    kind = kind_now(examination)
    return None if kind is None else _own_open(examination.id, kind)


def own_blind(examination_id: UUID) -> Reading | None:
    """Return the blind reading that this person has begun and not submitted."""
    return _own_open(examination_id, ReadingKind.SECOND)


def _own_open(examination_id: UUID, kind: ReadingKind) -> Reading | None:
    for row in readings.of_examination(examination_id):
        mine = row.__data__["reader"] == actor().user_id
        if mine and row.kind == kind and row.state == ReadingState.OPEN:
            return row
    return None


def mine(reading_id: UUID) -> Reading:
    """Return a reading in which this person may decide now.

    Raises:
        NotFound: no such reading.
        Forbidden: it is somebody else's, or not for this role.
        Conflict: it is at its end.
    """
    row = readings.require_mine(reading_id, actor())
    needed = _NEEDED.get(ReadingKind(row.kind))
    if needed is not None and not may(needed):
        raise Forbidden("Your role does not include this kind of reading.")
    return row


def body() -> Mapping[str, Any]:
    """Return what was sent, as JSON or as a form; each entry of a form is a list."""
    if request.is_json:
        sent = request.get_json()
        return sent if isinstance(sent, dict) else {}
    return request.form.to_dict(flat=False)


def one(sent: Mapping[str, Any], name: str) -> str:
    """Return a single entry; an empty text where it is missing."""
    value = sent.get(name, "")
    if isinstance(value, list):
        value = value[0] if value else ""
    return str(value)


def uuids(sent: Mapping[str, Any], name: str) -> list[UUID]:
    """Return ids, each once.

    Raises:
        InvalidInput: one is none.
    """
    value = sent.get(name, [])
    try:
        every = [UUID(str(each)) for each in (value if isinstance(value, list) else [value])]
    except ValueError as error:
        raise InvalidInput({name: "This is no cell of the page: reload it."}) from error
    return list(dict.fromkeys(every))


def label(sent: Mapping[str, Any]) -> CellLabel:
    """Return what the cells are to be called.

    Raises:
        InvalidInput: nothing of the list.
    """
    given = one(sent, "label")
    if given not in cellviews.CALLS:
        raise InvalidInput({"label": "Choose what the cells are called."})
    return CellLabel(given)


def shown(reading_id: UUID, sent: Mapping[str, Any]) -> dict[UUID, int]:
    """Return which cells count as displayed: as measured, or as long as a plain page was open."""
    longest = displays.open_for_ms(one(sent, displays.FIELD), reading_id, actor())
    if request.is_json:
        return displays.shown(sent.get("shown"), longest)
    return displays.all_of(uuids(sent, "on_page"), longest)


def keep_shown(reading_id: UUID, sent: Mapping[str, Any]) -> None:
    """Keep which cells were on the screen: a page tells it once, with whatever it asks for next."""
    decisions.showed(reading_id, shown(reading_id, sent), actor())

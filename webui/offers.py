"""Which second readings and adjudications a person may take on, and what that hides from them."""

from uuid import UUID

from flask import g

from appliance.errors import Forbidden
from appliance.permissions import Permission
from appliance.records import handling, standing
from appliance.records.readings import Wanted
from appliance.review_vocabulary import ReadingKind, ReadingState
from webui.access import actor, may

_NEEDED = {
    ReadingKind.SECOND: Permission.READING_SECOND,
    ReadingKind.ADJUDICATION: Permission.READING_ADJUDICATE,
}


def mine() -> list[Wanted]:
    """Return those that this person may take on or has begun; asked for once a request."""
    if "offers" not in g:
        kinds = {kind for kind, need in _NEEDED.items() if may(need)}
        rows = handling.offered(actor()) if kinds else []
        g.offers = [row for row in rows if ReadingKind(row.reading.kind) in kinds]
    found: list[Wanted] = g.offers
    return found


def hidden() -> set[UUID]:
    """Return the examinations whose results this person is not shown, so that they can read blind.

    Whoever concludes must see them as long as they have not begun to read blind themselves.
    """
    concludes = may(Permission.CONCLUSION_WRITE)
    return {
        row.examination.id
        for row in mine()
        if row.reading.kind == ReadingKind.SECOND
        and (row.reading.state == ReadingState.OPEN or not concludes)
    }


def require_shown(examination_id: UUID) -> None:
    """Refuse suggestions and calls to whoever reads the examination blind, or may be asked to.

    Raises:
        Forbidden: this person does, or may.
    """
    standing.require_sighted(examination_id, actor())
    if examination_id in hidden():
        raise Forbidden(
            "A second person is to read this examination blind, and that may be you, "
            "so what is suggested and what others called its cells is hidden.",
            advice="Open Second readings to read it.",
        )

"""Opens patient-linked records so that each reading is audited once, not once a picture.

A page is always audited. Its pictures, parts and polls belong to the same reading, as long as the
session opened that examination; asked for without it, they are audited like a page.
"""

import logging
from uuid import UUID

from flask import session

from appliance.errors import DiskFull, RecordsUnavailable
from appliance.records import audit, examinations, fields
from appliance.records.tables import Examination, FieldImage
from webui import sessions
from webui.access import actor

log = logging.getLogger(__name__)

_KEY = "opened"
_LISTED = "listed"
_AT_MOST = 12  # the session is a cookie; who looks at more at once is audited once more


def examination(examination_id: UUID) -> Examination:
    """Open an examination for a page.

    Raises:
        NotFound: no such examination.
    """
    row = examinations.open_for(examination_id, actor())
    _remember(row.id)
    return row


def field(field_id: UUID) -> FieldImage:
    """Open a field image for a page.

    Raises:
        NotFound: no such field.
    """
    row = fields.open_for(field_id, actor())
    _remember(row.__data__["examination"])
    return row


def examination_again(examination_id: UUID) -> Examination:
    """Open an examination for a part of a page or a poll."""
    if _is_open(examination_id):
        return examinations.get(examination_id)
    return examination(examination_id)


def field_again(field_id: UUID) -> FieldImage:
    """Open a field image for its picture or a part of a page."""
    row = fields.get(field_id)
    return row if _is_open(row.__data__["examination"]) else field(field_id)


def listing(action: str, total: int) -> None:
    """Note that a list with names was shown; one that renews itself is the same reading.

    Args:
        action: "examination:list" or "patient:list".
        total: how many records it has, on all its pages.
    """
    if sessions.is_poll() and action in session.get(_LISTED, ()):
        return
    try:
        audit.note(action, by=actor(), details={"total": total})
    except (DiskFull, RecordsUnavailable) as error:
        # The way to everything else leads through these lists: they open on a full disk, too.
        log.error("%s is not in the audit log: %s", action, type(error).__name__)
        return
    session[_LISTED] = sorted({*session.get(_LISTED, ()), action})


def _is_open(examination_id: UUID) -> bool:
    return examination_id.hex in session.get(_KEY, ())


def _remember(examination_id: UUID) -> None:
    if not _is_open(examination_id):
        session[_KEY] = [*session.get(_KEY, []), examination_id.hex][-_AT_MOST:]
